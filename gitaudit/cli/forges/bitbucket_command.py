"""`gitaudit protect bitbucket`: protect the log on Bitbucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.forges.options import forge_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@forge_options("user:ID, group:NAME")
def command(session: Session, output: Output, **options: object) -> int:
    """Protect the log on Bitbucket, or check that it is protected.

    That is a branch restriction of each kind that is needed. An --api that ends in /2.0 is Bitbucket Cloud, one that
    ends in /rest is Bitbucket Data Center. Without another option, what would be asked of the API is printed.

    The token comes from BITBUCKET_TOKEN; with BITBUCKET_USERNAME, it goes as the password of that user. Exit code 2 of
    --check: a rule is missing.

    \b
    Examples:
      gitaudit protect bitbucket --terraform
      gitaudit protect bitbucket --apply --writer 'user:{UUID}'
      gitaudit protect bitbucket --check
    """
    from gitaudit.cli.forges.running import run_protection

    return run_protection("bitbucket", session, output, options)
