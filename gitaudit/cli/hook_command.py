"""`gitaudit hook`: what the stubs in `hooks/` call. Most runs end before this, in `gitaudit.adapters.hooks.quick`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import session_options
from gitaudit.cli.output import Output

if TYPE_CHECKING:
    from gitaudit.cli.wiring import Session

NAMES = ("pre-push", "post-rewrite", "post-receive", "reference-transaction")


@click.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="NAME", type=click.Choice(NAMES))
@click.argument("arguments", metavar="[ARG]...", nargs=-1, type=click.UNPROCESSED)
@session_options(key=True, remote=True)
def command(session: Session, name: str, arguments: tuple[str, ...]) -> int:
    """Do the work of the git hook NAME; git gives the rest of the arguments, and standard input.

    \b
    Examples:
      gitaudit hook pre-push origin git@example.com:infra.git
    """
    from gitaudit.adapters.hooks import quick
    from gitaudit.cli import hooking

    output = Output(command="hook")
    given = quick.standard_input()
    if name == "pre-push":
        return hooking.pre_push(session, output, arguments, given)
    if name == "post-receive":
        return hooking.post_receive(session, output, given)
    return quick.settle([name, *arguments]) or 0
