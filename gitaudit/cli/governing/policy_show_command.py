"""`gitaudit policy show`: the policy in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@session_options()
@output_options("policy")
def command(session: Session, output: Output) -> None:
    """Show the policy in force.

    \b
    Examples:
      gitaudit policy show
      gitaudit policy show --json
    """
    from gitaudit.cli.governing.policy_text import policy_lines
    from gitaudit.usecases.governing.change_policy import current_policy

    policy, _ = current_policy(session.store, session.position())
    if output.json:
        output.document({"action": "show", "policy": dict(policy.document)})
        return
    for line in policy_lines(policy, output):
        output.text(line)
