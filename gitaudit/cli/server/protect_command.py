"""`gitaudit protect`: keep the log from being rewound, deleted or written by others; one command a kind of place."""

from __future__ import annotations

import click

from gitaudit.cli.commands import LazyGroup

COMMANDS = {
    "server": "server.protect_server",
    "github": "forges.github",
    "gitlab": "forges.gitlab",
    "gitea": "forges.gitea",
    "bitbucket": "forges.bitbucket",
}


@click.group(cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Protect the log where it is kept, or check that it is protected.

    \b
    Examples:
      gitaudit protect github                  what would be asked of GitHub
      gitaudit protect gitlab --terraform      the same as code
      gitaudit protect gitea --apply           do it
      gitaudit protect bitbucket --check       say what is missing
      gitaudit protect server /srv/git/infra.git
      gitaudit protect server /srv/git/infra.git --check
    """
