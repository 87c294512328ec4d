"""`gitaudit init`: start the log, or join the one that the remote has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import dry_run_option, option, output_options, push_option, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@option("--origin", metavar="NAME", help="Name of the log, such as example.com/infra (default: from the remote's URL).")
@option("--branch", default="audit", show_default=True, metavar="NAME", help="Branch that the log is kept on.")
@option("--iac", multiple=True, metavar="GLOB", help="What counts as infrastructure as code (default: built in).")
@option("--env", "environments", multiple=True, metavar="NAME", help="An environment of deployments.")
@option("--protect", multiple=True, metavar="REF", help="A branch whose IaC commits need records (default: this one).")
@option("--name", "key_name", metavar="NAME", help="What the policy calls your key (default: owner).")
@option("--email", metavar="MAIL", help="E-mail of the audit commits of your key (default: none of yours).")
@option("--trust", metavar="GENESIS", help="Join the log that begins with this commit id or SHA-256.")
@option("--no-hooks", is_flag=True, help="Install no git hooks; see `gitaudit hooks`.")
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@output_options("init")
def command(session: Session, output: Output, **options: object) -> None:
    """Start the audit log of this repository, or join the one that its remote already has.

    Starting writes the first record, which admits your key and names what is audited, and a file .gitaudit.yml that
    pins it; commit that file. Joining checks the whole log against .gitaudit.yml and remembers its head. It can be
    run again at any time, also after it was interrupted. Both install the git hooks that record changes at `git push`.

    \b
    Examples:
      gitaudit init --env staging --env prod
      gitaudit init --origin example.com/infra --iac '*.tf' --iac 'deploy/**/*.yml'
      gitaudit init --dry-run
    """
    from gitaudit.cli.governing.starting import start_or_join

    start_or_join(session, output, options)
