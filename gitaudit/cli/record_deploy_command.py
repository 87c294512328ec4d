"""`gitaudit record-deploy`: one record of a deployment and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitaudit.cli.options import (
    Moment,
    dry_run_option,
    option,
    output_options,
    push_option,
    redact_option,
    session_options,
)
from gitaudit.iac import AUTO, format_names

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session

FILE = click.Path(allow_dash=True)
OUTCOMES = ("succeeded", "failed", "partial", "canceled", "unknown")


@click.command()
@option("--env", "environment", required=True, metavar="E", help="Environment that was deployed to.")
@option("--commit", "revision", default="HEAD", show_default=True, metavar="REV", help="What was deployed.")
@option("--outcome", type=click.Choice(OUTCOMES), help="How it ended (default: from --result or --exit-code).")
@option("--plan", type=FILE, metavar="FILE", help="What the tool said it would do; - for standard input.")
@option("--result", type=FILE, metavar="FILE", help="What the tool said it has done; - for standard input.")
@option("--state", type=FILE, metavar="FILE", help="What `terraform show -json` said after it; - for standard input.")
@option("--format", "tool_format", type=click.Choice(format_names()), default=AUTO, help="Tool that wrote the files.")
@option("--stack", metavar="S", help="Stack or workspace, where an environment has several.")
@option("--started", type=Moment(), metavar="T", help="When it started.")
@option("--finished", type=Moment(), metavar="T", help="When it ended; the record's time of occurrence.")
@option("--reason", metavar="TEXT", help="Why, in a sentence without secrets.")
@option("--ticket", metavar="ID", help="Ticket or change request.")
@option("--link", "links", multiple=True, metavar="REL=URL", help="A link, such as run=https://ci.example.com/7.")
@option("--artifact", "artifacts", multiple=True, metavar="NAME@sha256:HEX", help="An artifact that was deployed.")
@option("--evidence", type=FILE, multiple=True, metavar="FILE", help="A file to record by name, size and SHA-256.")
@option("--supersedes", metavar="ID", help="Id or index of the deployment that this one replaces.")
@option("--rolls-back", metavar="ID", help="Id or index of the deployment that this one takes back.")
@option("--retries", metavar="ID", help="Id or index of the deployment that this one tries again.")
@option("--exit-code", type=click.IntRange(0, 4_294_967_295), metavar="N", help="Exit code of the tool.")
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@redact_option
@output_options("record-deploy")
def command(session: Session, output: Output, *, push: bool, dry_run: bool, **options: Any) -> None:  # noqa: ANN401 - click passes each option's own type
    """Record a deployment: where, what, by whom, with what result.

    Plan and result are read for names only: addresses, actions and names of attributes. No value of any variable,
    attribute, output or log line is ever stored. Of --evidence and --artifact, name and digest are.

    \b
    Examples:
      terraform apply -json plan.bin > apply.jsonl; code=$?
      gitaudit record-deploy --env prod --result apply.jsonl --exit-code $code
      gitaudit record-deploy --env prod --outcome succeeded --reason 'manual fix' --ticket OPS-7
      gitaudit record-deploy --env prod --exit-code 0 --link run=https://ci.example.com/7 --no-push
    """
    from gitaudit.cli import render
    from gitaudit.cli.deploying import deploy_draft

    render.write(session, output, deploy_draft(session, options), push=push, dry_run=dry_run)
