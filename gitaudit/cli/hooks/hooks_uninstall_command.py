"""`gitaudit hooks uninstall`: take the hooks out and put back what was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@session_options()
@output_options("hooks")
def command(session: Session, output: Output) -> None:
    """Take the hooks of gitaudit out of this clone; what was there before is as it was.

    \b
    Examples:
      gitaudit hooks uninstall
    """
    from gitaudit.cli.hooks.installing import uninstall_hooks

    uninstall_hooks(session, output)
