"""`gitaudit correct`: say that a record was wrong; nothing is ever edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import dry_run_option, option, output_options, push_option, redact_option, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@click.argument("what", metavar="INDEX|ID")
@option("--reason", required=True, metavar="TEXT", help="What was wrong, in a sentence without secrets.")
@option("--field", "fields", multiple=True, metavar="NAME", help="Field that was wrong, such as body.outcome.")
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@redact_option
@output_options("correct")
def command(
    session: Session, output: Output, what: str, reason: str, fields: tuple[str, ...], *, push: bool, dry_run: bool
) -> None:
    """Record that an earlier record was wrong, or that its commit never arrived. The earlier record stays.

    \b
    Examples:
      gitaudit correct 42 --reason 'the commit was amended before it was pushed'
      gitaudit correct 01939f3e-8c1a --field body.outcome --reason 'it had failed'
    """
    from gitaudit.cli.reading import render
    from gitaudit.usecases.query import find_record_id

    body: dict[str, object] = {
        "corrects": find_record_id(session.store, session.head(), "the argument", what),
        "reason": reason,
    }
    if fields:
        body["fields"] = list(fields)
    draft = session.author().draft("correction", body)
    render.write(session, output, draft, push=push, dry_run=dry_run)
