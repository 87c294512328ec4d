"""`gitaudit log`: list the records, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitaudit.cli.options import Moment, option, output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session

OUTCOMES = ("succeeded", "failed", "partial", "canceled", "timed_out", "unknown")


@click.command()
@option("--type", "types", multiple=True, metavar="T", help="Only this type, such as deploy.finished, or deploy.")
@option("--env", "environment", metavar="E", help="Only this environment.")
@option("--actor", metavar="A", help="Only this actor: id, end of a fingerprint, or name of a key.")
@option("--outcome", type=click.Choice(OUTCOMES), metavar="O", help="Only deployments that ended so.")
@option("--commit", "revision", metavar="REV", help="Only records about this commit.")
@option("--path", metavar="GLOB", help="Only changes of files that match.")
@option("--resource", metavar="ADDRESS", help="Only records that name this resource; * matches any part.")
@option("--since", type=Moment(), metavar="T", help="Only what occurred at or after this time.")
@option("--until", type=Moment(), metavar="T", help="Only what occurred at or before this time.")
@option("-n", "--max-count", type=click.IntRange(min=1), metavar="N", help="At most so many records.")
@option("--oneline", is_flag=True, help="One line a record.")
@session_options()
@output_options("log", lines=True)
def command(session: Session, output: Output, **options: Any) -> None:  # noqa: ANN401 - click passes each option's own type
    """List the records of the audit log, newest first. Several conditions must all hold.

    \b
    Examples:
      gitaudit log --oneline -n 20
      gitaudit log --type deploy --env prod --since 2026-11-01
      gitaudit log --resource 'aws_iam_*' --jsonl
    """
    from gitaudit.cli.reading.listing import list_records

    list_records(session, output, options)
