"""`gitaudit exec`: run a command as a deployment, with a record before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitaudit.cli.options import dry_run_option, option, output_options, push_option, redact_option, session_options
from gitaudit.cli.recording.deploy_options import identity_options, metadata_options
from gitaudit.iac.commands import MODULES

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("words", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@option("--env", "environment", required=True, metavar="E", help="Environment that is deployed to.")
@option("--commit", "revision", default="HEAD", show_default=True, metavar="REV", help="What is deployed.")
@option("--tool", type=click.Choice(list(MODULES)), help="What the command is, where its name does not say.")
@option("--as-is", is_flag=True, help="Let terraform plan and apply in one step; the plan is not recorded.")
@metadata_options
@identity_options
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@redact_option
@output_options("exec")
def command(session: Session, output: Output, words: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401 - click passes each option's own type
    """Run COMMAND as a deployment: a record is published before it starts, another one says how it ended.

    The command keeps the terminal, its input, output and signals, and its exit code becomes that of gitaudit: 3 only
    where the command ended with 0 and its end could not be recorded. Of its words, the tool, the subcommand and names
    of options are recorded, never a value. `terraform apply` and `tofu apply` are run in two steps, so that what is
    applied is the very plan that was recorded. Put `--` before a command whose options could be taken for these.

    With --json, the document goes to stderr: stdout is the command's.

    \b
    Examples:
      gitaudit exec --env prod -- terraform -chdir=live apply
      gitaudit exec --env prod --ticket OPS-7 -- terraform apply plan.bin
      gitaudit exec --env staging -- ansible-playbook -i hosts site.yml
      gitaudit exec --env prod --stack web -- ./deploy.sh
    """
    from gitaudit.cli.recording.executing import execute

    return execute(session, output, words, options)
