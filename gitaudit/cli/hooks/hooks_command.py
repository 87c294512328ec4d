"""`gitaudit hooks`: the git hooks of this clone; each of its commands is a file of its own."""

from __future__ import annotations

import click

from gitaudit.cli.commands import LazyGroup

COMMANDS = {"install": "hooks.hooks_install", "uninstall": "hooks.hooks_uninstall", "status": "hooks.hooks_status"}


@click.group(cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Install the git hooks that record changes at `git push`, beside the hooks that are there.

    \b
    Examples:
      gitaudit hooks install
      gitaudit hooks status
      gitaudit hooks uninstall
    """
