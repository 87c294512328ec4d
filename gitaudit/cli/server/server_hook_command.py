"""`gitaudit server-hook`: what the hooks of a server call; each is a file of its own. Hidden, as nobody types it."""

from __future__ import annotations

import click

from gitaudit.cli.commands import LazyGroup

COMMANDS = {
    "pre-receive": "server.hook_pre_receive",
    "post-receive": "server.hook_post_receive",
    "reference-transaction": "server.hook_reference_transaction_server",
}


@click.group(cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Do what a hook of a server has to do; Git gives the input."""
