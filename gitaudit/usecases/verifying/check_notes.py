"""Rules about the notes ref. Notes are a view: a stale one is a warning, one that says something else is an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.log import paths
from gitaudit.log.commit import parse_commit
from gitaudit.log.note import format_note_line, note_path, notes_origin, parse_notes_message
from gitaudit.log.openpgp import parse_armored
from gitaudit.log.tree import FILE_MODE
from gitaudit.model import Finding
from gitaudit.usecases.position import find_entry, read_blob, read_tree
from gitaudit.usecases.recent import Recent
from gitaudit.usecases.writing.notes import records_since

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from gitaudit.log.record import Record
    from gitaudit.log.tree import Entries, Entry
    from gitaudit.policy.config import Config
    from gitaudit.ports import ObjectReader, Verifier
    from gitaudit.usecases.position import Position

MAX_FINDINGS = 100
KEPT_NOTES = 256
_OID = re.compile(r"[0-9a-f]{40,64}", re.ASCII)


def check_notes(store: ObjectReader, verifier: Verifier, config: Config, position: Position) -> list[Finding]:
    """Return the findings about the notes against all records up to `position`. Raises `LogError`."""
    checker = NotesChecker(store, verifier, config)
    if position.head is not None:
        for record in records_since(store, position.head.commit, 0):
            checker.expect(record)
    return checker.finish(position, checker.expected)


class NotesChecker:
    """Compares the notes with the records of the log, which pass by one after the other.

    Attributes:
        expected: bytes of the lines that the notes must hold for the records that passed by.
    """

    def __init__(self, store: ObjectReader, verifier: Verifier, config: Config) -> None:
        self._store = Recent(store)
        self._verifier = verifier
        self._ref, self._origin = config.notes, config.origin
        self.expected = 0
        self._findings: list[Finding] = []
        self._notes: dict[str, frozenset[bytes]] = {}
        self._entries: Entries | None = None
        self._tree, self._size = self._open()
        self._opening = len(self._findings)

    def _open(self) -> tuple[str | None, int]:
        """Return the notes' tree and the number of records they cover."""
        try:
            self._tip = self._store.ref(self._ref)
            if self._tip is None:
                return None, 0
            kind, raw = self._store.read(self._tip)
            if kind != "commit":
                raise LogError(f"expected a notes commit, found a {kind}")
            self._commit = parse_commit(raw)
            self._head, size = parse_notes_message(self._commit.text.message)
            origin = notes_origin(self._commit.text.message)
            if origin != self._origin:
                raise LogError(f"expected notes of the log {self._origin}, found those of {origin}")
        except LogError as error:
            self._add("notes", f"{self._ref}: {error.message}")
            return None, 0
        return self._commit.text.tree, size

    def expect(self, record: Record) -> None:
        """Check that the note of the record's commit has the record's line."""
        commit = record.subject.get("commit")
        if self._tree is None or not isinstance(commit, str) or record.index >= self._size:
            return
        if _OID.fullmatch(commit) is None:
            return  # not what any schema allows, and told as that
        line = format_note_line(record)
        self.expected += len(line)
        try:
            lines = self._note(commit)
        except LogError as error:
            self._add("notes", f"{self._ref}: {error.message}", index=record.index)
            return
        if line not in lines:
            self._add("notes", f"the note of {commit} lacks this record", index=record.index)

    @property
    def findings(self) -> list[Finding]:
        """What was found about the records that passed by, without what is wrong with the ref itself."""
        return self._findings[self._opening :]

    def finish(self, position: Position, expected: int | None) -> list[Finding]:
        """Return all findings, after the last record.

        Args:
            position: after the last commit.
            expected: bytes that all notes must have, None where not all records of the log were seen.
        """
        if self._tree is None:
            return self._findings
        self._check_signature(position)
        if self._size != position.size or (position.head is not None and self._head != position.head.commit):
            self._add(
                "notes-stale",
                "the notes are complete up to another commit; `gitaudit notes rebuild` brings them up to date",
                severity="warning",
                expected=f"{position.size} records",
                found=f"{self._size} records",
            )
        if expected is not None and self._size <= position.size:
            self._check_size(expected)
        return self._findings

    def _check_signature(self, position: Position) -> None:
        try:
            signature = parse_armored(self._commit.armored)
        except LogError as error:
            self._add("notes", f"{self._ref}: {error.message}")
            return
        if not signature.fits(self._commit.payload):
            self._add("notes", f"the signature of {self._ref} is not over these bytes", found=signature.issuer)
            return
        verdict = self._verifier.verify(self._commit.payload, signature, position.certificates)
        if verdict.fingerprint is not None:
            return
        verdict = self._verifier.verify(self._commit.payload, signature, self._former_keys(position))
        if verdict.fingerprint is None:
            self._add("notes", f"{self._ref} is not signed by a key that the policy admits", found=signature.issuer)
            return
        self._add(
            "notes-stale",
            "the notes are signed by a key that the policy no longer admits; `gitaudit notes rebuild` signs them anew",
            severity="warning",
            found=verdict.fingerprint,
        )

    def _former_keys(self, position: Position) -> dict[str, bytes]:
        """Return the keys that the policy admitted once, by fingerprint: they stay in the tree of the log."""
        try:
            folder = None if position.tree is None else find_entry(self._store, position.tree, paths.KEYS)
            entries = {} if folder is None else read_tree(self._store, folder)
            return {
                name[:-4].decode("ascii", "replace"): read_blob(self._store, entry.oid.hex())
                for name, entry in entries.items()
            }
        except LogError:
            return {}

    def _check_size(self, expected: int) -> None:
        """Check that the notes hold nothing but the lines that were found in them before: no byte more."""
        found = 0
        try:
            for entry in self._files():
                content = read_blob(self._store, entry.oid.hex())
                found += len(content)
                if entry.mode != FILE_MODE or not content:
                    raise LogError("expected only files with text, found another entry")
                if found > expected:
                    break  # what a forger adds is not read to its end
        except LogError as error:
            self._add("notes", f"{self._ref}: {error.message}")
            return
        if found != expected:
            text = "the notes hold other lines than the log gives"
            more = "more" if found > expected else f"{found} bytes"
            self._add("notes", text, expected=f"{expected} bytes", found=more)

    def _files(self) -> Iterator[Entry]:
        stack = [(self._tree or "", 0)]
        while stack:
            tree, depth = stack.pop()
            entries = read_tree(self._store, tree)
            if depth and not entries:
                raise LogError("expected no empty folder, found one")
            for entry in entries.values():
                if entry.is_folder and depth < 2:  # noqa: PLR2004 - two levels of folders, as log/note.py writes them
                    stack.append((entry.oid.hex(), depth + 1))
                else:
                    yield entry

    def _note(self, commit: str) -> frozenset[bytes]:
        """Return the lines of a commit's note; the last few are kept, as a commit is often deployed repeatedly."""
        lines = self._notes.get(commit)
        if lines is None:
            path = note_path(commit)
            oid = self._below(path)
            content = b"" if oid is None else read_blob(self._store, oid)
            lines = frozenset(line + b"\n" for line in content.split(b"\n"))
            if len(self._notes) >= KEPT_NOTES:
                del self._notes[next(iter(self._notes))]
            self._notes[commit] = lines
        return lines

    def _below(self, path: str) -> str | None:
        """Return the object id at a path of the notes tree, whose root is kept parsed."""
        first, _, rest = path.partition("/")
        if self._entries is None:
            self._entries = read_tree(self._store, self._tree or "")
        entry = self._entries.get(first.encode("ascii"))
        return None if entry is None else find_entry(self._store, entry.oid.hex(), rest)

    def _add(
        self,
        rule: str,
        message: str,
        *,
        severity: Literal["error", "warning"] = "error",
        index: int | None = None,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        if len(self._findings) < MAX_FINDINGS:
            self._findings.append(
                Finding(rule=rule, severity=severity, message=message, index=index, expected=expected, found=found)
            )
