"""`gitaudit verify`: check the log against every rule of the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import option, output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@option("--full", is_flag=True, help="Check from genesis, not from the head this clone last found good.")
@option("--since", type=click.IntRange(min=0), metavar="INDEX", help="Check from this record on.")
@option(
    "--complete",
    is_flag=False,
    flag_value="",
    metavar="[REF]",
    help="Also find IaC commits without a record, on REF or on the branches the policy protects.",
)
@option(
    "--engine",
    type=click.Choice(["sequoia", "gpg"]),
    default="sequoia",
    show_default=True,
    help="Judge signatures in process, or each with a gpg process as a second opinion.",
)
@option("--trust", metavar="GENESIS", help="Commit id or SHA-256 of the genesis commit, where no file pins it.")
@option("--ref", metavar="REF", help="Full name of the ref that holds the log (with --trust).")
@session_options(remote=True)
@output_options("verify")
def command(session: Session, output: Output, **options: object) -> int:
    """Check the audit log: every record, signature, hash, grant and note.

    Exit code 0: good. 1: bad; the findings name record and rule. 3: cannot tell, for example in a shallow clone.
    Nothing that the repository's own configuration names is run, and no network is used unless --remote is given.

    \b
    Examples:
      gitaudit verify                       from the head last found good
      gitaudit verify --full                everything, from genesis
      gitaudit verify --full --engine gpg   a second opinion, slowly
      gitaudit verify --complete            and no IaC commit lacks a record
    """
    from gitaudit.cli.verifying.steps import run_verification

    return run_verification(session, output, options)
