"""`gitaudit policy`: who may sign what; each of its commands is a file of its own."""

from __future__ import annotations

import click

from gitaudit.cli.commands import LazyGroup

COMMANDS = {
    "show": "governing.policy_show",
    "add-key": "governing.policy_add_key",
    "remove-key": "governing.policy_remove_key",
    "set": "governing.policy_set",
}


@click.group(cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Show and change who may sign what.

    \b
    Examples:
      gitaudit policy show
      gitaudit policy add-key 3AA5C34371567BD2 --role ci --name pipeline
      gitaudit policy remove-key pipeline
    """
