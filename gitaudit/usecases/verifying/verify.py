"""Verifying the log: every rule of the format, from a trusted point to the head (docs/format.md, "Verifying").

The commits are streamed: what is kept of each is its id and the id of its record, 36 bytes. Findings are values, and
verification goes on after the first. A long log is checked in stretches that may run side by side.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from gitaudit.errors import LogError, MalformedError, SetupError
from gitaudit.log.commit import parse_commit, sha256_hex
from gitaudit.log.merkle import format_hash
from gitaudit.log.message import parse_size_and_root
from gitaudit.log.paths import record_folder
from gitaudit.log.record import parse_record
from gitaudit.model import Finding, Head
from gitaudit.usecases.chain import cut_error, parent_of
from gitaudit.usecases.position import Position, find_entry, position_at, read_blob, read_tree
from gitaudit.usecases.verifying.check_notes import NotesChecker
from gitaudit.usecases.verifying.check_subject import unexplained
from gitaudit.usecases.verifying.stretch import (
    ID_BYTES,
    MAX_KEPT_FINDINGS,
    OID_BYTES,
    Stretch,
    StretchChecker,
    StretchResult,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gitaudit.model import Remembered
    from gitaudit.ports import ObjectReader, Schemas

STRETCH_COMMITS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What verification found.

    Attributes:
        start: the head that verification went on from, None where it began at genesis.
        head: the last commit, None for an empty log.
        position: after the last commit; what a later verification can go on from.
        checked: number of records checked.
        types: number of checked records by type.
        findings: the first `MAX_KEPT_FINDINGS` in order of the log, those about no record last.
        errors: number of findings of severity error, kept or not.
        warnings: number of findings of severity warning.
        unchecked_subjects: records whose commit this clone may rightly lack, as it is shallow or partial.
    """

    start: Head | None
    head: Head | None
    position: Position
    checked: int = 0
    types: dict[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    errors: int = 0
    warnings: int = 0
    unchecked_subjects: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing of severity error was found."""
        return self.errors == 0

    @property
    def settled(self) -> bool:
        """Whether the same will be found later on: no commit of a record is missing that may still be pushed."""
        return all(finding.rule != "subject-missing" for finding in self.findings)


class _Findings:
    """Keeps the first findings and counts all."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.counts[finding.severity] += 1
            if len(self.kept) < MAX_KEPT_FINDINGS:
                self.kept.append(finding)

    def add_counted(self, result: StretchResult) -> None:
        self.kept += result.findings[: MAX_KEPT_FINDINGS - len(self.kept)]
        self.counts["error"] += result.errors
        self.counts["warning"] += result.warnings


def _no_progress(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerifier:
    """Verifies one clone's log.

    Attributes:
        checker: checks stretches of it here.
        side_by_side: checks many stretches in other processes, in order; None where there are none. A result None
            means that the stretch has to be checked here.
        progress: called with the number of records done and of all.
    """

    checker: StretchChecker
    side_by_side: Callable[[Sequence[Stretch]], Iterator[StretchResult | None]] | None = None
    progress: Callable[[int, int], None] = _no_progress

    def verify(self, head: str, start: Position) -> Report:
        """Verify every commit after `start` up to `head`.

        Args:
            head: object id of the last commit.
            start: `Position()` for genesis, else a position that something outside the log vouches for.

        Raises:
            LogError: `start` is not in the log.
            SetupError: the clone is shallow, or the policy needs a newer version of this program.
        """
        lost: list[Finding] = []
        results = self._side_by_side(head, start)
        if results is None:
            commits, start = self._walk(head, start, lost)
            total = len(commits) // OID_BYTES
            try:
                results = [self.checker.check(commits, start, lambda done: self.progress(done, total))]
            except SetupError:
                other = [] if start.size else self._check_genesis(self._first_head(commits))
                if not other:
                    raise
                return Report(start=None, head=None, position=start, findings=tuple(other), errors=len(other))
        return self._report(results, start, lost)

    def _report(self, results: Sequence[StretchResult], start: Position, lost: list[Finding]) -> Report:
        found = _Findings()
        found.add(lost)
        position, ids, types = start, bytearray(), Counter[str]()
        note_findings = list[Finding]()
        for result in results:
            position = result.after
            found.add_counted(result)
            ids += result.ids
            types.update(result.types)
            note_findings += result.note_findings
            found.add(self._check_genesis(result.genesis))
        found.add(_repeated(ids, start.size))
        found.add(unexplained(result.subjects for result in results))
        found.add(note_findings)
        notes = NotesChecker(self.checker.store, self.checker.verifier, self.checker.config)
        noted = sum(result.noted for result in results)
        found.add(notes.finish(position, noted if start.size == 0 and not lost else None))
        return Report(
            start=start.head if start.head is not None and start.head.sha256 else None,
            head=position.head,
            position=position,
            checked=len(ids) // ID_BYTES,
            types=dict(sorted(types.items())),
            findings=tuple(found.kept),
            errors=found.counts["error"],
            warnings=found.counts["warning"],
            unchecked_subjects=sum(result.subjects.unchecked for result in results),
        )

    def _side_by_side(self, head: str, start: Position) -> list[StretchResult] | None:
        """Check a long log in other processes; None where it is short, or where any part does not fit the next.

        Each result counts only because the position it was judged from is the one that the result before it ended at,
        so that all of them together say what one walk from `start` would have said.
        """
        if self.side_by_side is None:
            return None
        try:
            stretches = cut_into_stretches(self.checker.store, head, start)
        except LogError:
            return None
        results: list[StretchResult] = []
        position, total = start, sum(stretch.commits for stretch in stretches)
        for result in self.side_by_side(stretches) if len(stretches) > 1 else ():
            if result is None or result.before != position:
                return None
            results.append(result)
            position = result.after
            self.progress(position.size - start.size, total)
        return results if results and len(results) == len(stretches) else None

    def _walk(self, head: str, start: Position, lost: list[Finding]) -> tuple[bytes, Position]:
        """Return the ids of the commits after `start`, oldest first, 20 bytes each, and where to start.

        Beyond a commit whose parent cannot be told nothing is reached; it is put into `lost` where nothing even tells
        its index, and else left to the rules.
        """
        store = self.checker.store
        commits = bytearray()
        stop = None if start.head is None else start.head.commit
        commit: str | None = head
        child = raw = b""
        while commit is not None and commit != stop:
            commits += bytes.fromhex(commit)
            child, raw = raw, b""
            try:
                _, raw = store.read(commit)
                parent = parent_of(raw)
                if parent is None:
                    parse_commit(raw)
            except LogError as error:
                before = _before_unreadable(commit, raw, child)
                if before is None:
                    rule = "commit-form" if isinstance(error, MalformedError) else "object"
                    lost.append(Finding(rule=rule, severity="error", message=error.message, commit=commit))
                    return b"", Position()
                return _reversed(commits), before
            if parent is not None and store.is_cut(commit):
                raise cut_error(commit)
            commit = parent
        if commit is None and start.head is not None:
            raise LogError(f"expected the log to contain {start.head.commit}, found it missing")
        return _reversed(commits), start

    def _first_head(self, commits: bytes) -> Head | None:
        try:
            commit = commits[:OID_BYTES].hex()
            return Head(commit=commit, sha256=sha256_hex(self.checker.store.read(commit)[1]), size=1)
        except LogError:
            return None

    def _check_genesis(self, genesis: Head | None) -> list[Finding]:
        config = self.checker.config
        if genesis is None or (genesis.commit, genesis.sha256) == (config.genesis_commit, config.genesis_sha256):
            return []
        return [
            Finding(
                rule="genesis-pin",
                severity="error",
                message="the log begins with another commit than the pinned one",
                commit=genesis.commit,
                index=0,
                expected=f"{config.genesis_commit} {config.genesis_sha256}",
                found=f"{genesis.commit} {genesis.sha256}",
            )
        ]


def cut_into_stretches(store: ObjectReader, head: str, start: Position) -> list[Stretch]:
    """Return the log after `start` in stretches, by what its records say of their predecessors; about 12 reads each.

    What they say is not checked here: a stretch that links otherwise has no result, or one that fits no other.

    Raises:
        LogError: a commit or record that is needed for it cannot be read.
    """
    text = parse_commit(store.read(head)[1]).text
    size, _ = parse_size_and_root(text.message)
    before, first = (None if start.head is None else start.head.commit), start.size
    stretches = []
    for end in range(first + STRETCH_COMMITS, size, STRETCH_COMMITS):
        last = _commit_before(store, text.tree, end)
        stretches.append(Stretch(before=before, last=last, commits=end - first))
        before, first = last, end
    return [*stretches, Stretch(before=before, last=head, commits=size - first)]


def _commit_before(store: ObjectReader, tree: str, index: int) -> str:
    """Return the commit that the record at an index names as its predecessor."""
    folder = find_entry(store, tree, "/".join(record_folder(index)))
    names = {} if folder is None else read_tree(store, folder)
    found = next((entry for name, entry in names.items() if name.startswith(b"%08d-" % index)), None)
    if found is None:
        raise LogError(f"expected a record {index}, found none")
    prev = parse_record(read_blob(store, found.oid.hex())).mapping("prev")
    return str(prev.get("commit"))


def _reversed(commits: bytearray) -> bytes:
    """Return ids in the opposite order."""
    return b"".join(commits[at - OID_BYTES : at] for at in range(len(commits), 0, -OID_BYTES))


def _before_unreadable(commit: str, raw: bytes, child: bytes) -> Position | None:
    """Return a position for a commit whose parent cannot be told, from the size that its child or itself claims.

    None where neither claims one, which only a head can be without: there is no child then.
    """
    for text, back in ((child, 2), (raw, 1)):
        try:
            size = parse_size_and_root(text)[0] - back
        except MalformedError:
            continue
        if size <= 0:
            return Position()
        return Position(size=size, head=Head(commit=commit, sha256="", size=size), frontier=None)
    return None


def trusted_position(store: ObjectReader, schemas: Schemas, remembered: Remembered) -> Position | None:
    """Return the position at the head that was last found good, None where there is none.

    Raises:
        LogError: what the repository now says of that head is not what was verified.
    """
    verified = remembered.verified
    if verified is None:
        return None
    position = position_at(store, schemas, verified.commit)
    if position.head != verified or root_of(position) != remembered.root or governed(position) != remembered.governed:
        raise LogError(
            f"commit {verified.commit} is no longer what this clone has verified",
            hint="verify everything with: gitaudit verify --full",
        )
    return position


def remember(remembered: Remembered, position: Position, published: Head) -> Remembered:
    """Return what to remember after `position` was found good; unpublished records may still be linked anew."""
    return remembered._replace(
        seen=published if published.size > remembered.seen.size else remembered.seen,
        verified=position.head,
        root=root_of(position),
        governed=governed(position),
    )


def root_of(position: Position) -> str:
    """Return the Merkle root at a position, base64."""
    return "" if position.frontier is None else format_hash(position.frontier.root())


def governed(position: Position) -> str:
    """Return a SHA-256, hex, over the policy and the admitted keys at a position."""
    digest = hashlib.sha256(repr(position.policy).encode("utf-8", "surrogatepass"))
    for fingerprint in sorted(position.certificates):
        digest.update(f"{fingerprint} {sha256_hex(position.certificates[fingerprint])}\n".encode("ascii"))
    return digest.hexdigest()


def _repeated(ids: bytearray, first: int) -> list[Finding]:
    """Return a finding for each record whose id another one before it has."""
    ordered = sorted(ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES))
    twice = {bytes(one) for one, other in pairwise(ordered) if one == other and any(one)}
    seen: set[bytes] = set()
    findings = []
    for number in range(len(ids) // ID_BYTES if twice else 0):
        value = bytes(ids[number * ID_BYTES : (number + 1) * ID_BYTES])
        if value in seen:
            findings.append(
                Finding(rule="record-id", severity="error", message="the id of an earlier record", index=first + number)
            )
        if value in twice:
            seen.add(value)
    return findings
