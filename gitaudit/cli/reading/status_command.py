"""`gitaudit status`: what runs where, what is open, what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import option, output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@option("--env", "environment", metavar="E", help="Only this environment.")
@session_options()
@output_options("status")
def command(session: Session, output: Output, *, environment: str | None) -> None:
    """Show where things stand: what runs where, what did not end or arrive, what waits here, what is due.

    What runs is told by the last deployment of each environment and stack that ended. A deployment that began and has
    no end may still run, or its machine was lost. Nothing is verified; `gitaudit verify` does that.

    \b
    Examples:
      gitaudit status
      gitaudit status --env prod
    """
    from gitaudit.cli.reading.arrivals import Arrivals
    from gitaudit.cli.reading.status_text import Here, status_fields, status_lines
    from gitaudit.usecases.changes.arrival import not_arrived
    from gitaudit.usecases.status import overview

    now, head = session.clock.now(), session.head()
    found = overview(session.store, head, environment=environment, now=now)
    here = Here(
        unpublished=len(session.unpublished_commits()),
        waiting=len(session.outbox.entries()),
        not_arrived=tuple(not_arrived(session.store, head, Arrivals(session).of)),
    )
    if output.json:
        output.document(status_fields(found, here))
        return
    for line in status_lines(found, output, here):
        output.text(line)
