"""`gitaudit hooks status`: whether git runs the hooks."""

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
def command(session: Session, output: Output) -> int:
    """Show whether git runs the hooks in this clone, and through what; exit code 3 where it does not.

    \b
    Examples:
      gitaudit hooks status
      gitaudit hooks status --json
    """
    from gitaudit.cli.hooks.installing import show_hooks

    return show_hooks(session, output)
