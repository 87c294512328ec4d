"""`gitaudit protect server`: a bare repository that refuses what would harm the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitaudit.cli.options import dry_run_option, option, output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@option("--branch", metavar="NAME", help="Branch of the log (default: the one protected so far, else audit).")
@option(
    "--layout",
    type=click.Choice(["auto", "plain", "gitolite", "gitlab"]),
    default="auto",
    show_default=True,
    help="Who runs the hooks of the repository.",
)
@option("--trust", metavar="GENESIS", help="Keep the log that begins with this commit id or SHA-256, and no other.")
@option(
    "--key",
    "server_key",
    metavar="FPR",
    help="The server's own key, where the policy has the server write change records.",
)
@option("--gnupg-home", metavar="DIR", help="GNUPGHOME of that key.")
@option("--all-branches", is_flag=True, help="Refuse forced pushes and deletions of every branch.")
@option("--check", is_flag=True, help="Change nothing; try attacks on the repository and tell what it answers.")
@dry_run_option
@session_options()
@output_options("protect-server")
def command(session: Session, output: Output, **options: Any) -> int:  # noqa: ANN401 - passed on as they are
    """Set up the bare repository PATH so that it refuses what would harm the log; or --check that it does.

    Writes settings and hooks, and changes nothing else; a hook that is there is kept and called. Run it again after
    moving gitaudit or the repository. The hooks judge every push before any ref moves: the log only grows, by good
    records, and where the policy requires it, no commit of infrastructure as code goes without one.

    \b
    Examples:
      gitaudit protect server /srv/git/infra.git
      gitaudit protect server /srv/git/infra.git --check
      gitaudit protect server /srv/git/infra.git --key 3AA5C34371567BD2 --gnupg-home /srv/git/.gnupg
    """
    from gitaudit.cli.server.protecting_server import check_server, protect_server

    return check_server(session, output, options) if options["check"] else protect_server(session, output, options)
