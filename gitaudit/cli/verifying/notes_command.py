"""`gitaudit notes`: the view of the log from the audited commits; each of its commands is a file of its own."""

from __future__ import annotations

import click

from gitaudit.cli.commands import LazyGroup

COMMANDS = {"check": "verifying.notes_check", "rebuild": "verifying.notes_rebuild"}


@click.group(cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Rebuild or check the notes that `git log --notes=audit` shows.

    \b
    Examples:
      gitaudit notes check
      gitaudit notes rebuild
    """
