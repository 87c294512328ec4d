"""`gitaudit sync`: fetch, bring waiting records into the log, push."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import dry_run_option, output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@dry_run_option
@session_options(key=True, remote=True)
@output_options("sync")
def command(session: Session, output: Output, *, dry_run: bool) -> None:
    """Fetch the log, write the records that wait in this clone, and publish them.

    Records of commits that this clone was about to push and has given up since are corrected.

    \b
    Examples:
      gitaudit sync
      gitaudit sync --dry-run
      gitaudit sync --remote backup
    """
    from gitaudit.cli.hooks.hooking import corrections, remember_drafts
    from gitaudit.cli.reading import render

    if dry_run:
        drafts = [draft for draft, _ in session.outbox.entries()]
        unpublished = sorted(session.unpublished_commits())
        if output.json:
            documents = [dict(draft.document) for draft in drafts]
            output.document({"dry_run": True, "records": documents, "unpublished": len(unpublished)})
            return
        for draft in drafts:
            output.text(f"waits {draft.id} {draft.document['type']}")
        output.note(f"dry run: {render.counted(len(unpublished), 'record')} unpublished; the remote was not asked")
        return
    drafts, still = corrections(session, output)
    log = session.log(output.progress("sign"))
    result = log.append(drafts) if drafts else log.sync()
    remember_drafts(session, drafts, result.known, still)
    if result.head is not None:
        output.note(f"{render.counted(result.head.size, 'record')}, {result.unpublished} unpublished")
    render.report_published(output, result, push=True)
