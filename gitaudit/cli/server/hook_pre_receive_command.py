"""`gitaudit server-hook pre-receive`: refuse what must not reach a server's refs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import session_options

if TYPE_CHECKING:
    from gitaudit.cli.wiring import Session


@click.command(hidden=True)
@session_options()
def command(session: Session) -> int:
    """Judge a push, whose moves of refs stand on standard input; exit code 0 lets it pass."""
    from gitaudit.cli.server.guarding import judged
    from gitaudit.usecases.server.pushes import parse_updates

    session.reads_anew = True
    updates = parse_updates(session.read("-", "pre-receive"))
    return judged(session, updates)
