"""`gitaudit protect gitea`: protect the log on Gitea or Forgejo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.forges.options import forge_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@forge_options("user:NAME, team:NAME, deploy-keys:all")
def command(session: Session, output: Output, **options: object) -> int:
    """Protect the log on Gitea or Forgejo, or check that it is protected.

    That is a branch protection: no force-push, no merge, no exception for admins, and pushes by the writers alone.
    Without another option, what would be asked of the API is printed.

    The token comes from GITEA_TOKEN. Exit code 2 of --check: a rule is missing.

    \b
    Examples:
      gitaudit protect gitea --terraform
      gitaudit protect gitea --apply --writer user:ci
      gitaudit protect gitea --check
    """
    from gitaudit.cli.forges.running import run_protection

    return run_protection("gitea", session, output, options)
