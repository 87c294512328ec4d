"""The root command; the modules of its commands are imported when one of them is run."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitaudit import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS = {
    "init": "governing.init",
    "record-change": "recording.record_change",
    "record-deploy": "recording.record_deploy",
    "exec": "recording.exec",
    "log": "reading.log",
    "show": "reading.show",
    "status": "reading.status",
    "verify": "verifying.verify",
    "sync": "recording.sync",
    "policy": "governing.policy",
    "notes": "verifying.notes",
    "correct": "recording.correct",
    "hooks": "hooks.hooks",
    "protect": "server.protect",
    "doctor": "doctor.doctor",
    "completion": "completion",
}
"""Command names and their modules, in the order of a first day."""
HIDDEN = {"hook": "hooks.hook", "server-hook": "server.server_hook"}
"""Commands that no help lists: what programs call."""


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own, imported only when needed."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - as click's own
        modules: Mapping[str, str],
        hidden: Mapping[str, str] | None = None,
        **kwargs: Any,  # noqa: ANN401 - as click's own
    ) -> None:
        super().__init__(*args, **kwargs)
        self._modules = modules
        self._hidden = hidden or {}

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(self._modules)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by name, None where there is none."""
        module = self._modules.get(name) or self._hidden.get(name)
        if module is None:
            return None
        command = import_module(f"gitaudit.cli.{module}_command").command
        if not isinstance(command, click.Command):
            raise TypeError(name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; for one that does not exist, suggest what was meant."""
        name = args[0] if args else ""
        known = {*self._modules, *self._hidden}
        if args and not ctx.resilient_parsing and not name.startswith("-") and name not in known:
            from gitaudit.cli.options import close_to
            from gitaudit.cli.usage import UnknownCommand

            raise UnknownCommand(name, close_to(name, list(self._modules)), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    hidden=HIDDEN,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "GITAUDIT",
        "max_content_width": 100,
    },
)
@click.version_option(__version__, prog_name="gitaudit", message="%(prog)s %(version)s", allow_from_autoenv=False)
@click.option(
    "-C",
    "directory",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    allow_from_autoenv=False,
    help="Run as if started in DIR.",
)
@click.pass_context
def cli(ctx: click.Context, directory: Path) -> None:
    """Keep a signed audit log of infrastructure as code in the Git repository it audits.

    \b
    First steps:
      gitaudit init                              start the log, or join it
      gitaudit record-change                     record the commits that change IaC
      gitaudit record-deploy --env prod --result apply.jsonl
      gitaudit log                               read it
      gitaudit verify                            check it

    \b
    Exit codes: 0 done, 1 the log is bad, 2 wrong usage or input, 3 could not do it or cannot tell,
    4 a bug, 130 interrupted.

    Every option has a variable: GITAUDIT_RECORD_DEPLOY_ENV=prod is --env prod of record-deploy.
    """
    ctx.obj = directory
