"""`gitaudit doctor`: say what keeps records from being made, shared or kept, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import option, output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@option("--offline", is_flag=True, help="Do not ask the remote.")
@option("--no-sign", is_flag=True, help="Make no trial signature, for which gpg may ask for your passphrase.")
@session_options(key=True, remote=True)
@output_options("doctor")
def command(session: Session, output: Output, *, offline: bool, no_sign: bool) -> int:
    """Look for what keeps records from being made, shared or kept, and say which command mends it.

    It looks at git, gpg, its agent, your key and whether the log admits it, the hooks, the log, refs that hide it, the
    clock, the remote and its protection, and records that wait. It changes nothing, but fetches the log.

    Exit code 0: all is well, though there may be warnings. 3: something is not. 1: the log is bad. For a full check of
    the log, and in a repository that you do not trust, run `gitaudit verify`: the doctor runs git and gpg as they are
    configured.

    \b
    Examples:
      gitaudit doctor
      gitaudit doctor --offline --no-sign
      gitaudit doctor --json
    """
    from gitaudit.cli.doctor.examining import Examination
    from gitaudit.cli.doctor.telling import tell

    return tell(output, Examination(session, offline=offline, sign=not no_sign).checks())
