"""`gitaudit server-hook post-receive`: pin the log pushed first, write what the policy has the server write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import session_options

if TYPE_CHECKING:
    from gitaudit.cli.wiring import Session


@click.command(hidden=True)
@session_options()
def command(session: Session) -> None:
    """Record what a push has brought, whose moves of refs stand on standard input."""
    from gitaudit.cli.server.guarding import pin_first_log, say_recorded, server_writer
    from gitaudit.usecases.server.pushes import parse_updates

    updates = parse_updates(session.read("-", "post-receive"))
    config = pin_first_log(session, updates)
    if config is not None:
        say_recorded(server_writer(session, config).record())
