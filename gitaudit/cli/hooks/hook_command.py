"""`gitaudit hook`: what the stubs in `hooks/` call. Most runs end before this, in `gitaudit.adapters.hooks.quick`."""

from __future__ import annotations

import click

from gitaudit.adapters.hooks.quick import HOOKS


@click.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="NAME", type=click.Choice(HOOKS))
@click.argument("arguments", metavar="[ARG]...", nargs=-1, type=click.UNPROCESSED)
def command(name: str, arguments: tuple[str, ...]) -> int:
    """Do the work of the git hook NAME; git gives the rest of the arguments, and standard input.

    \b
    Examples:
      gitaudit hook pre-push origin git@example.com:infra.git
    """
    from gitaudit.cli.hooks.hooking import run_hook

    return run_hook(name, arguments)
