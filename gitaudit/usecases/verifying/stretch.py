"""Checking a stretch of the log on its own, so that stretches can be checked side by side.

A stretch is checked from the position before it as the repository tells it. Its result counts only where that is the
position that the stretch before it ended at, so in the end every part was judged by verified ones.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.usecases.chain import parent_of
from gitaudit.usecases.position import Position, position_at
from gitaudit.usecases.verifying.ahead import BLOCK_COMMITS
from gitaudit.usecases.verifying.check import CommitChecker
from gitaudit.usecases.verifying.check_notes import NotesChecker
from gitaudit.usecases.verifying.check_subject import SubjectChecker, Subjects

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gitaudit.log.record import Record
    from gitaudit.model import Finding, Head
    from gitaudit.policy.config import Config
    from gitaudit.ports import ObjectReader, Schemas, Verifier

OID_BYTES = 20
ID_BYTES = 16
MAX_KEPT_FINDINGS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch to check: the commit before it, None for genesis, its last commit, and its number of commits."""

    before: str | None
    last: str
    commits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchResult:
    """What came of checking a stretch.

    Attributes:
        before: the position it was judged from.
        genesis: the first head of the log, None where the stretch does not begin there.
        after: the position it ends at.
        findings: the first `MAX_KEPT_FINDINGS`.
        errors: number of findings of severity error, kept or not.
        warnings: number of findings of severity warning.
        ids: ids of its records, 16 bytes each, zeros where a record has none.
        types: number of its records by type.
        subjects: what it says of commits that do not exist.
        noted: bytes of the lines that the notes must hold for its records.
        note_findings: about those that they do not.
    """

    before: Position
    genesis: Head | None
    after: Position
    findings: tuple[Finding, ...]
    errors: int
    warnings: int
    ids: bytes
    types: dict[str, int]
    subjects: Subjects
    noted: int
    note_findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchChecker:
    """Checks stretches of one clone's log.

    Attributes:
        store: the repository.
        verifier: judges signatures.
        schemas: of the records.
        config: names the log.
        now: time of verification.
    """

    store: ObjectReader
    verifier: Verifier
    schemas: Schemas
    config: Config
    now: datetime

    def check_alone(self, stretch: Stretch) -> StretchResult | None:
        """Check a stretch from the position that the repository tells; None where it tells none, or other commits."""
        try:
            before = Position() if stretch.before is None else position_at(self.store, self.schemas, stretch.before)
            commits = self._walk(stretch)
        except LogError:
            return None
        return None if commits is None else self.check(commits, before, _no_progress)

    def _walk(self, stretch: Stretch) -> bytes | None:
        """Return the ids of the commits of a stretch, oldest first; None where they do not link as it says."""
        commits: list[bytes] = []
        commit: str | None = stretch.last
        while commit is not None and commit != stretch.before and len(commits) < stretch.commits:
            commits.append(bytes.fromhex(commit))
            if self.store.is_cut(commit):
                return None
            commit = parent_of(self.store.read(commit)[1])
        if commit != stretch.before or len(commits) != stretch.commits:
            return None
        return b"".join(reversed(commits))

    def check(self, commits: bytes, before: Position, progress: Callable[[int], None]) -> StretchResult:
        """Check commits that follow each other.

        Args:
            commits: their ids, oldest first, 20 bytes each.
            before: the position before them.
            progress: told how many of them are done.
        """
        checker = CommitChecker(self.store, self.verifier, self.schemas, self.now)
        subjects = SubjectChecker(self.store, self.verifier, self.now)
        notes = NotesChecker(self.store, self.verifier, self.config)
        position, ids, types = before, bytearray(), Counter[str]()
        kept, counts = list["Finding"](), Counter[str]()
        total = len(commits) // OID_BYTES
        genesis = None
        for at in range(0, total, BLOCK_COMMITS):
            ends = range(at + 1, min(at + BLOCK_COMMITS, total) + 1)
            oids = [commits[(end - 1) * OID_BYTES : end * OID_BYTES].hex() for end in ends]
            judged_by = [position]
            block = checker.check_all(position, oids, self.config.origin)
            judged_by += [checked.position for checked in block]
            position = judged_by[-1]
            if judged_by[0].size == 0:
                genesis = judged_by[1].head
            found = [
                [] if one.record is None else subjects.check(one.record, one.position.head, judged)
                for one, judged in zip(block, judged_by, strict=False)
            ]
            for checked, about_subject in zip(block, found, strict=True):
                if checked.record is not None:
                    types[checked.record.type] += 1
                    notes.expect(checked.record)
                ids += _id_bytes(checked.record)
                findings = [*checked.findings, *about_subject]
                counts.update(finding.severity for finding in findings)
                kept += findings[: MAX_KEPT_FINDINGS - len(kept)]
            progress(at + len(block))
        return StretchResult(
            before=before,
            genesis=genesis,
            after=position,
            findings=tuple(kept),
            errors=counts["error"],
            warnings=counts["warning"],
            ids=bytes(ids),
            types=dict(types),
            subjects=subjects.told(),
            noted=notes.expected,
            note_findings=tuple(notes.findings),
        )


def _no_progress(_: int) -> None:
    """Tell nobody."""


def _id_bytes(record: Record | None) -> bytes:
    """Return the 16 bytes of a record's id, zeros where it has none."""
    try:
        value = bytes.fromhex(record.id.replace("-", "")) if record is not None else b""
    except ValueError:
        value = b""
    return value if len(value) == ID_BYTES else bytes(ID_BYTES)
