"""`gitaudit record-change`: records for the commits that change infrastructure as code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import dry_run_option, option, output_options, push_option, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@click.argument("revisions", metavar="[REV-RANGE]", required=False)
@option("--ref", metavar="REF", help="Branch that the commits are for (default: the one checked out).")
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@output_options("record-change")
def command(
    session: Session, output: Output, revisions: str | None, ref: str | None, *, push: bool, dry_run: bool
) -> None:
    """Record the commits of REV-RANGE that change infrastructure as code and have no record yet.

    REV-RANGE is a range such as main~3..main, or one revision for that commit alone. Without it: the commits of HEAD
    that no branch of the remote has. Commits that have a record are passed over, so it can be run again.

    \b
    Examples:
      gitaudit record-change
      gitaudit record-change origin/main..HEAD
      gitaudit record-change v1.2.0 --dry-run
    """
    from gitaudit.cli.hooks.hooking import change_recorder, remember_drafts
    from gitaudit.cli.reading import render

    position = session.position()
    branch = session.full_ref(ref) if ref else session.store.head_ref()
    commits = session.commits(revisions)
    drafts = change_recorder(session, output, position).drafts(commits, branch)
    if dry_run:
        render.show_drafts(session, output, drafts)
        return
    log = session.log(output.progress("sign"))
    result = log.append(drafts, push=push) if drafts else log.sync(push=push)
    remember_drafts(session, drafts, result.known)
    if not drafts:
        output.note(f"nothing to record: no {_looked_at(revisions)} changes infrastructure as code and lacks a record")
    render.report_published(output, result, push=push)


def _looked_at(revisions: str | None) -> str:
    return "commit of HEAD that the remote lacks" if revisions is None else f"commit of {revisions}"
