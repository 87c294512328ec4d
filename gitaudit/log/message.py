"""The commit message: a pure function of the record, the tree size and the root (docs/format.md, "The message").

The root stands in the signed text, so the signature covers the SHA-256 tree hash with no SHA-1 in between.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.errors import MalformedError
from gitaudit.log.merkle import format_hash, parse_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.log.record import Record

_SIZE_AND_ROOT = re.compile(rb"\nAudit-Size: ([1-9][0-9]{0,7})\nAudit-Root: ([A-Za-z0-9+/=]{44})\n\Z")
"""Eight digits, as many as `paths.MAX_INDEX` and the number of records have."""

SHORT = 8


def format_message(record: Record, size: int, root: bytes) -> bytes:
    """Return the message of the commit that adds `record` as number `size` to the log, with a final LF.

    Args:
        record: one that its schema accepts; the fields used here hold no control characters then.
        size: number of records with this one.
        root: Merkle tree hash over all of them, 32 bytes.
    """
    lines = [
        subject_line(record),
        "",
        f"Audit-Origin: {record.text('origin')}",
        f"Audit-Index: {record.index}",
        f"Audit-Id: {record.id}",
        f"Audit-Type: {record.type}",
    ]
    optional = (
        ("Audit-Commit", record.subject.get("commit")),
        ("Audit-Environment", record.environment),
        ("Audit-Outcome", record.outcome),
    )
    lines.extend(f"{name}: {value}" for name, value in optional if isinstance(value, str))
    lines.append(f"Audit-Size: {size}")
    lines.append(f"Audit-Root: {format_hash(root)}")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def parse_size_and_root(message: bytes) -> tuple[int, bytes]:
    """Return the tree size and the root that a message ends with, without checking the rest of it.

    Raises:
        MalformedError: it does not end with them.
    """
    match = _SIZE_AND_ROOT.search(message)
    if match is None:
        raise MalformedError("expected a message that ends with Audit-Size and Audit-Root")
    return int(match[1]), parse_hash(match[2].decode("ascii"))


def subject_line(record: Record) -> str:
    """Return the first line of the message, such as `deploy prod: succeeded, 3 added 1 changed 0 destroyed (3f2a…)`."""
    kind, body = record.type, record.body
    place = f" {record.environment}" if record.environment else ""
    commit = record.subject.get("commit")
    tail = f" ({commit[:SHORT]})" if isinstance(commit, str) else ""
    if kind == "genesis":
        return f"genesis of {record.text('origin')}"
    if kind == "change":
        return f"change: {_files(body)}{tail}"
    if kind == "deploy.started":
        return f"deploy{place}: started{tail}"
    if kind == "deploy.finished":
        return f"deploy{place}: {record.outcome}{_counts(body)}{tail}"
    word = _word(kind, body)
    return f"{kind}{place}{': ' + word if word else ''}{tail}"


def _word(kind: str, body: Mapping[str, object]) -> str:
    """Return the one enumerated field that tells most about a record of the less common types."""
    if kind == "policy":
        key = body.get("key")
        return f"{body.get('change')}" + (f" {key[:16]}" if isinstance(key, str) else "")
    if kind == "drift":
        return "detected" if body.get("detected") is True else "none"
    if kind == "correction":
        return f"{body.get('corrects')}"
    value = body.get({"approval": "decision", "override": "control", "freeze": "state"}.get(kind, ""))
    return value if isinstance(value, str) else ""


def _files(body: Mapping[str, object]) -> str:
    event = body.get("event")
    if event in ("forced-update", "deletion"):  # a tuple: what stands there may not be hashable
        return str(event)
    files = body.get("files")
    total = files.get("total") if isinstance(files, dict) else 0
    return f"{total} file{'' if total == 1 else 's'}"


def _counts(body: Mapping[str, object]) -> str:
    """Return `, 3 added 1 changed 0 destroyed`; a replacement counts as added and as destroyed, as in Terraform."""
    counts = body.get("counts")
    if not isinstance(counts, dict):
        return ""
    create, update, delete, replace = (
        value if isinstance(value := counts.get(name), int) else 0 for name in ("create", "update", "delete", "replace")
    )
    return f", {create + replace} added {update} changed {delete + replace} destroyed"
