"""`gitaudit server-hook reference-transaction`: let a server's log only move forward, whichever program moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import session_options

if TYPE_CHECKING:
    from gitaudit.cli.wiring import Session


@click.command(hidden=True)
@session_options()
def command(session: Session) -> int:
    """Judge moves of refs that are prepared, which stand on standard input; exit code 0 lets them pass."""
    from gitaudit.cli.server.guarding import protected_log, say_refused
    from gitaudit.usecases.server.backstop import move_refusals
    from gitaudit.usecases.server.pushes import parse_updates

    session.reads_anew = True
    log, notes = protected_log(session)
    updates = parse_updates(session.read("-", "reference-transaction"))
    return say_refused(move_refusals(session.store, updates, log, notes, session.store.is_packed))
