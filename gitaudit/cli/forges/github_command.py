"""`gitaudit protect github`: protect the log on GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.forges.options import forge_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@forge_options("app:ID, team:ID, role:ID, user:ID, deploy-keys:all")
def command(session: Session, output: Output, **options: object) -> int:
    """Protect the log on GitHub, or check that it is protected.

    That is two rulesets: one that nobody bypasses keeps the branch from being deleted, rewound or merged into; with
    --writer, a second one says who may push to it. Without another option, what would be asked of the API is printed.

    The token comes from GH_TOKEN or GITHUB_TOKEN. Exit code 2 of --check: a rule is missing.

    \b
    Examples:
      gitaudit protect github --terraform
      gitaudit protect github --apply --writer app:15368
      gitaudit protect github --check
    """
    from gitaudit.cli.forges.running import run_protection

    return run_protection("github", session, output, options)
