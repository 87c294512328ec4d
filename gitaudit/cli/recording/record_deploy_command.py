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
from gitaudit.cli.recording.deploy_options import FILE, identity_options, metadata_options
from gitaudit.iac import AUTO, format_names

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session

OUTCOMES = ("succeeded", "failed", "partial", "canceled", "unknown")


@click.command()
@option("--env", "environment", required=True, metavar="E", help="Environment that was deployed to.")
@option("--commit", "revision", default="HEAD", show_default=True, metavar="REV", help="What was deployed.")
@option("--outcome", type=click.Choice(OUTCOMES), help="How it ended (default: from --result or --exit-code).")
@option("--plan", type=FILE, metavar="FILE", help="What the tool said it would do; - for standard input.")
@option("--result", type=FILE, metavar="FILE", help="What the tool said it has done; - for standard input.")
@option("--state", type=FILE, metavar="FILE", help="What `terraform show -json` said after it; - for standard input.")
@option("--format", "tool_format", type=click.Choice(format_names()), default=AUTO, help="Tool that wrote the files.")
@option("--started", type=Moment(), metavar="T", help="When it started.")
@option("--finished", type=Moment(), metavar="T", help="When it ended; the record's time of occurrence.")
@option("--exit-code", type=click.IntRange(0, 4_294_967_295), metavar="N", help="Exit code of the tool.")
@option("--finishes", metavar="ID", help="Id or index of the record of its start, as `exec` makes one.")
@metadata_options
@identity_options
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
    from gitaudit.cli.reading import render
    from gitaudit.cli.recording.deploying import deploy_draft

    render.write(session, output, deploy_draft(session, options), push=push, dry_run=dry_run)
