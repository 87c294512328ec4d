"""`gitaudit notes rebuild`: write all notes anew from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import dry_run_option, output_options, push_option, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@output_options("notes")
def command(session: Session, output: Output, *, push: bool, dry_run: bool) -> None:
    """Write all notes anew from the log, on top of what is there.

    \b
    Examples:
      gitaudit notes rebuild
      gitaudit notes rebuild --dry-run
    """
    from gitaudit.cli.reading.render import counted

    if dry_run:
        size = session.position().size
        fields: dict[str, object] = {"action": "rebuild", "dry_run": True, "size": size}
    else:
        result = session.log().rebuild_notes(push=push)
        size = 0 if result.head is None else result.head.size
        fields = {"action": "rebuild", "dry_run": False, "size": size, "shared": result.shared}
        if result.problem is not None:
            output.unfinished(result.problem, fields)
    if output.json:
        output.document(fields)
        return
    output.text(f"{'would rebuild' if dry_run else 'rebuilt'} the notes of {counted(size, 'record')}")
