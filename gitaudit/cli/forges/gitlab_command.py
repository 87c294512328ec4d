"""`gitaudit protect gitlab`: protect the log on GitLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.forges.options import forge_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@forge_options("role:maintainer, user:ID, group:ID, deploy-key:ID")
def command(session: Session, output: Output, **options: object) -> int:
    """Protect the log on GitLab, or check that it is protected.

    That is a protected branch: no force-push, no merge, and pushes by the writers alone. Without another option, what
    would be asked of the API is printed.

    The token comes from GITLAB_TOKEN. Exit code 2 of --check: a rule is missing.

    \b
    Examples:
      gitaudit protect gitlab --terraform
      gitaudit protect gitlab --apply --writer role:maintainer
      gitaudit protect gitlab --check
    """
    from gitaudit.cli.forges.running import run_protection

    return run_protection("gitlab", session, output, options)
