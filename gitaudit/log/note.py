"""Notes: the view from the audited commit (docs/format.md, "Notes"). An index, never evidence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.errors import MalformedError
from gitaudit.log.message import subject_line

if TYPE_CHECKING:
    from gitaudit.log.record import Record

_COVERS = re.compile(
    rb"notes of ([0-9]{1,9}) records?\n\n"
    rb"Audit-Origin: ([^\n]{1,255})\nAudit-Head: ([0-9a-f]{40})\nAudit-Size: ([0-9]{1,9})\n\Z"
)


def format_note_line(record: Record) -> bytes:
    """Return the line that a record adds to the note of its subject commit, with a final LF."""
    line = (
        f"{record.index} {record.text('recorded_at')} {subject_line(record)} {record.text('recorded_by')} {record.id}"
    )
    return line.encode("utf-8", "backslashreplace") + b"\n"


def note_path(commit: str) -> str:
    """Return the path of a commit's note in the notes tree: two levels of two digits, as git itself fans out."""
    return f"{commit[:2]}/{commit[2:4]}/{commit[4:]}"


def format_notes_message(origin: str, head: str, size: int) -> bytes:
    """Return the message of a notes commit: it names the audit commit up to which the notes are complete."""
    records = "record" if size == 1 else "records"
    return f"notes of {size} {records}\n\nAudit-Origin: {origin}\nAudit-Head: {head}\nAudit-Size: {size}\n".encode()


def parse_notes_message(message: bytes) -> tuple[str, int]:
    """Return the audit commit and the number of records that a notes commit covers; errors as of `notes_origin`."""
    _, head, size = _covers(message)
    return head, size


def notes_origin(message: bytes) -> str:
    """Return the name of the log that a notes commit is about.

    Raises:
        MalformedError: not a message that `format_notes_message` writes.
    """
    return _covers(message)[0]


def _covers(message: bytes) -> tuple[str, str, int]:
    match = _COVERS.match(message)
    if match is None:
        raise MalformedError("expected a notes commit of gitaudit, found another message")
    origin, head, size = match[2].decode("utf-8", "replace"), match[3].decode("ascii"), int(match[4])
    if format_notes_message(origin, head, size) != message:
        raise MalformedError("expected a notes commit of gitaudit, found another message")
    return origin, head, size
