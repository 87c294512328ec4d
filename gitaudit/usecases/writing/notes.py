"""The notes ref: what the log says of each commit, for `git log --notes=audit` (docs/format.md, "Notes").

An index that can be rebuilt from the log at will. A notes commit names the audit commit up to which it is complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.log import paths
from gitaudit.log.commit import parse_commit
from gitaudit.log.note import format_note_line, format_notes_message, note_path, parse_notes_message
from gitaudit.log.record import Record, parse_record
from gitaudit.usecases.chain import parent_of, walk_back
from gitaudit.usecases.position import Position, find_entry, read_blob
from gitaudit.usecases.writing.build import Tools, sign_commit, write_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitaudit.ports import ObjectReader

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def extend_notes(tools: Tools, notes: str | None, position: Position, *, rebuild: bool = False) -> str | None:
    """Return a notes commit that is complete up to `position`; None where there is nothing to note.

    Args:
        tools: to read, write and sign with.
        notes: the notes commit to go on from, None to start anew.
        position: of the log; its last commit is signed by the policy that also names the e-mail here.
        rebuild: write all notes again, whatever `notes` has, on top of it.
    """
    if position.head is None or position.policy is None:
        return notes
    covered = None if rebuild or notes is None else _covered(tools.store, notes, position.head.commit)
    if covered == position.size:
        return notes
    tree = None if covered is None or notes is None else parse_commit(tools.store.read(notes)[1]).text.tree
    if tree == EMPTY_TREE:
        tree = None  # every Git program knows this object without storing it, not every Git library does
    records = records_since(tools.store, position.head.commit, covered or 0)
    tree = _add_lines(tools, tree, records)
    if tree is None:
        return notes  # no record is about a commit yet, and git has no use for an empty tree of notes
    signed = sign_commit(
        tools,
        tree=tree,
        parent=notes,
        email=position.policy.email_of(tools.signer.fingerprint),
        message=format_notes_message(position.policy.origin, position.head.commit, position.size),
        authored=None,
        certificates=position.certificates,
        meanwhile=tools.store.flush,
    )
    return tools.store.write("commit", signed.content)


def records_since(store: ObjectReader, head: str, size: int) -> Iterator[Record]:
    """Yield the records after the first `size` ones, oldest first. Raises `LogError`."""
    commits = []
    for link in walk_back(store, head):
        if link.size <= size:
            break
        commits.append(link.commit)
    for commit in reversed(commits):
        yield record_of(store, commit)


def record_of(store: ObjectReader, commit: str) -> Record:
    """Return the record that an audit commit added. Raises `LogError` where it cannot be found or read."""
    _, raw = store.read(commit)
    text = parse_commit(raw).text
    fields = dict(line.split(b": ", 1) for line in text.message.splitlines() if b": " in line)
    try:
        path = paths.record_path(int(fields[b"Audit-Index"]), fields[b"Audit-Type"].decode("ascii"))
    except (KeyError, ValueError) as error:
        raise LogError(f"expected {commit} to be an audit commit, found another message") from error
    entry = find_entry(store, text.tree, path)
    if entry is None:
        raise LogError(f"commit {commit}: expected a record {path}, found none")
    return parse_record(read_blob(store, entry))


def covered_size(store: ObjectReader, notes: str) -> tuple[str, int]:
    """Return the audit commit and number of records that a notes commit says it covers. Raises `LogError`."""
    _, raw = store.read(notes)
    return parse_notes_message(parse_commit(raw).text.message)


def descends(store: ObjectReader, notes: str | None, ancestor: str | None) -> bool:
    """Return whether one notes commit is another or comes after it; at most 1,000 steps are taken."""
    for _ in range(1000):
        if ancestor is None or notes == ancestor:
            return True
        if notes is None:
            return False
        notes = parent_of(store.read(notes)[1])
    return False


def are_notes_of(store: ObjectReader, notes: str, head: str) -> bool:
    """Return whether a commit has notes of the log that ends at `head`, or of its beginning.

    What `git notes` made on top has not, nor have notes of records that were since linked anew.
    """
    return _covered(store, notes, head) is not None


def _covered(store: ObjectReader, notes: str, head: str) -> int | None:
    """Return how many records the notes cover, None where they are not of the log that ends at `head`."""
    try:
        commit, size = covered_size(store, notes)
        for link in walk_back(store, head):
            if link.size <= size:
                return size if link.commit == commit else None
    except LogError:
        return None  # not notes that this program wrote: they are written anew
    return None


def _add_lines(tools: Tools, tree: str | None, records: Iterable[Record]) -> str | None:
    """Return the notes tree with a line for each record that has a subject commit."""
    lines: dict[str, bytes] = {}
    for record in records:
        commit = record.subject.get("commit")
        if not isinstance(commit, str):
            continue
        path = note_path(commit)
        if path not in lines:
            old = None if tree is None else find_entry(tools.store, tree, path)
            lines[path] = b"" if old is None else read_blob(tools.store, old)
        lines[path] += format_note_line(record)
    return write_files(tools.store, tree, lines) if lines else tree
