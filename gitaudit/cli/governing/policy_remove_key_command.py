"""`gitaudit policy remove-key`: take a key out of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import dry_run_option, option, output_options, push_option, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@click.argument("name", metavar="KEY")
@option("--reason", metavar="TEXT", help="Why, in a sentence.")
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@output_options("policy")
def command(session: Session, output: Output, name: str, reason: str | None, *, push: bool, dry_run: bool) -> None:
    """Remove KEY, named by its fingerprint, the end of it, or its name; what it signed before stays good.

    \b
    Examples:
      gitaudit policy remove-key pipeline
      gitaudit policy remove-key 71567BD2 --reason 'the old build server is gone'
    """
    from gitaudit.cli.reading import render
    from gitaudit.usecases.governing.change_policy import current_policy, find_key, remove_key_draft

    policy, base = current_policy(session.store, session.position())
    fingerprint = find_key(policy, name)
    draft = remove_key_draft(session.author(), policy, base, fingerprint, reason)
    render.write(session, output, draft, push=push, dry_run=dry_run, action="remove-key")
