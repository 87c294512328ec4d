"""Rules that hold a record against the audited repository: what it claims of its commit must be so.

A record whose commit does not exist is explained by a correction of it, or by a change record that says it replaces the
commit (after an amend or a rebase). Only what no record explains is a finding. A change is recorded before it is
pushed, so for a day that finding is a warning: the push may be under way, or refused and about to be tried again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from gitaudit.errors import LogError, ObjectError
from gitaudit.iac.patterns import PathMatcher
from gitaudit.iac.source.commit import SourceCommit, parse_source_commit
from gitaudit.log.openpgp import parse_armored
from gitaudit.log.times import format_time, from_epoch, parse_time
from gitaudit.log.uuid7 import is_uuid7
from gitaudit.model import Finding
from gitaudit.usecases.changes.source_files import changed_files, file_list
from gitaudit.usecases.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from gitaudit.log.record import Record
    from gitaudit.model import Head
    from gitaudit.ports import ObjectReader, Verifier
    from gitaudit.usecases.position import Position

MAX_MISSING = 10_000
UNDER_WAY = timedelta(days=1)
"""So long after its change record a commit may be missing without making the log bad."""
AUTHOR_ID, COMMITTER_ID = "git:author", "git:committer"
"""Actors that the commit itself names; records hold no name and no e-mail of a person."""


class Subjects(NamedTuple):
    """What a stretch of the log says of commits that do not exist.

    Attributes:
        missing: id of the record, the commit it claims, and the finding if nothing explains it.
        corrected: ids of records that a correction corrects.
        replaced: commits that a change record replaces.
        unchecked: number of records whose commit this clone may rightly lack.
    """

    missing: tuple[tuple[str, str, Finding], ...] = ()
    corrected: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    unchecked: int = 0


def unexplained(stretches: Iterable[Subjects]) -> list[Finding]:
    """Return the findings about commits that do not exist and that no record of any stretch explains."""
    told = list(stretches)
    corrected = frozenset[str]().union(*(one.corrected for one in told))
    replaced = frozenset[str]().union(*(one.replaced for one in told))
    return [
        finding
        for one in told
        for record_id, commit, finding in one.missing
        if record_id not in corrected and commit not in replaced
    ]


class SubjectChecker:
    """Checks the subjects of records, one record after the other."""

    def __init__(self, store: ObjectReader, verifier: Verifier, now: datetime) -> None:
        self._store = Recent(store)
        self._now = now
        self._verifier = verifier
        self._missing: list[tuple[str, str, Finding]] = []
        self._corrected: set[str] = set()
        self._replaced: set[str] = set()
        self._unchecked = 0
        self._last: tuple[str, SourceCommit | None] = ("", None)
        self._partial: bool | None = None
        self._matchers: dict[tuple[str, ...], PathMatcher] = {}

    def check(self, record: Record, head: Head | None, before: Position) -> list[Finding]:
        """Return the findings about what a record says of its commit; `before` is the position it is judged by."""
        self._explain(record)
        oid = record.subject.get("commit")
        if not isinstance(oid, str):
            return []
        wrong = _Wrong(record, head)
        try:
            commit = self._commit(oid)
            if commit is None:
                self._note_missing(record, oid, wrong)
                return []
            if "repository" in record.subject:
                wrong.compare("origin", "repository", record.subject["repository"], record.text("origin"))
            wrong.compare("subject-tree", "tree", record.subject.get("tree"), commit.tree)
            if record.type == "change":
                self._check_change(record, commit, before, wrong)
        except ObjectError as error:
            if error.problem == "missing" and self._may_lack_objects():
                self._unchecked += 1
            else:
                wrong.add("subject-object", error.message)
        except LogError as error:
            wrong.add("subject-object", error.message)
        return wrong.findings

    def told(self) -> Subjects:
        """Return what the records said of commits that do not exist."""
        return Subjects(
            missing=tuple(self._missing),
            corrected=frozenset(self._corrected),
            replaced=frozenset(self._replaced),
            unchecked=self._unchecked,
        )

    def _commit(self, oid: str) -> SourceCommit | None:
        if oid == self._last[0]:
            return self._last[1]
        try:
            kind, raw = self._store.read(oid)
        except ObjectError as error:
            if error.problem == "missing":
                return None
            raise
        if kind != "commit":
            raise LogError(f"expected the subject {oid} to be a commit, found a {kind}")
        commit = parse_source_commit(raw)
        self._last = oid, commit
        return commit

    def _note_missing(self, record: Record, oid: str, wrong: _Wrong) -> None:
        if self._may_lack_objects():
            self._unchecked += 1
        elif len(self._missing) < MAX_MISSING:
            finding = wrong.finding("subject-missing", f"no commit {oid} in this repository")
            if self._is_under_way(record):
                finding = finding._replace(severity="warning", message=f"{finding.message} so far")
            self._missing.append((record.id, oid, finding))

    def _is_under_way(self, record: Record) -> bool:
        """Return whether a record is of a commit that may still be pushed."""
        is_commit = record.type == "change" and record.body.get("event", "commit") == "commit"
        try:
            return is_commit and self._now - parse_time(record.text("recorded_at")) < UNDER_WAY
        except LogError:
            return False  # a time that is none is told by another rule

    def _may_lack_objects(self) -> bool:
        if self._partial is None:
            self._partial = self._store.is_partial()
        return self._partial

    def _explain(self, record: Record) -> None:
        if record.type == "correction":
            self._corrected.add(str(record.body.get("corrects")))
        replaced = record.body.get("replaces")
        if record.type == "change" and isinstance(replaced, list):
            self._replaced.update(str(one) for one in replaced)

    def _check_change(self, record: Record, commit: SourceCommit, before: Position, wrong: _Wrong) -> None:
        body = record.body
        wrong.compare("subject-parents", "parents", body.get("parents"), list(commit.parents))
        for name, seconds in (("authored_at", commit.authored), ("committed_at", commit.committed)):
            if name in body:
                wrong.compare("subject-time", name, body[name], source_time(seconds))
        certificates = before.certificates
        for name, actual in commit_actors(commit, self._verifier, certificates).items():
            claimed = body.get(name)
            claim = [claimed.get("id"), claimed.get("auth")] if isinstance(claimed, dict) else []
            # A key that was admitted since proves more than the record says, which is no fault of the record.
            if claim != [f"git:{name}", "unverified"]:
                wrong.compare(f"subject-{name}", name, claim, [actual["id"], actual["auth"]])
        if before.policy is not None and body.get("event", "commit") == "commit":
            matcher = self._matchers.setdefault(before.policy.iac, PathMatcher(before.policy.iac))
            self._check_files(body.get("files"), commit, matcher, wrong)

    def _check_files(self, claimed: object, commit: SourceCommit, matcher: PathMatcher, wrong: _Wrong) -> None:
        actual = file_list(self._store, changed_files(self._store, commit, matcher))
        if claimed == actual:
            return
        items = claimed.get("items") if isinstance(claimed, dict) else None
        items = items if isinstance(items, list) else []
        touched = cast("list[Any]", actual["items"])
        other = next((item for item in items if item not in touched), None)
        name = other.get("path") or other.get("path_base64") if isinstance(other, dict) else None
        wrong.add(
            "subject-files",
            "the commit changes other files than the record says",
            expected=f"{actual['total']} files",
            found=f"{name}" if name else "another number of files",
        )


class _Wrong:
    """Collects the findings about one record."""

    def __init__(self, record: Record, head: Head | None) -> None:
        self._record = record
        self._head = head
        self.findings: list[Finding] = []

    def finding(self, rule: str, message: str, expected: str | None = None, found: str | None = None) -> Finding:
        return Finding(
            rule=rule,
            severity="error",
            message=message,
            index=self._record.index if self._head is None else self._head.size - 1,
            id=self._record.id if is_uuid7(self._record.id) else None,
            commit=None if self._head is None else self._head.commit,
            expected=expected,
            found=found,
        )

    def add(self, rule: str, message: str, expected: str | None = None, found: str | None = None) -> None:
        self.findings.append(self.finding(rule, message, expected, found))

    def compare(self, rule: str, what: str, claimed: object, actual: object) -> None:
        if claimed != actual:
            self.add(rule, f"the record claims another {what} of its commit", expected=f"{actual}", found=f"{claimed}")


def source_time(seconds: int | None) -> str | None:
    """Return the RFC 3339 time of a commit, None where it has none that can be written so."""
    return None if seconds is None else format_time(from_epoch(seconds))


def commit_actors(
    commit: SourceCommit, verifier: Verifier, certificates: Mapping[str, bytes]
) -> dict[str, dict[str, str]]:
    """Return the actors `author` and `committer` of a commit.

    The committer is known by key where the commit is signed by one that the log admits, and the author with it where
    both are the same person; else both are only named by the commit.
    """
    author = {"kind": "human", "id": AUTHOR_ID, "auth": "unverified"}
    committer = {"kind": "human", "id": COMMITTER_ID, "auth": "unverified"}
    fingerprint = _signer(commit, verifier, certificates)
    if fingerprint is not None:
        committer = {"kind": "human", "id": f"openpgp:{fingerprint}", "auth": "gpg"}
        if commit.author == commit.committer:
            author = committer
    return {"author": author, "committer": committer}


def _signer(commit: SourceCommit, verifier: Verifier, certificates: Mapping[str, bytes]) -> str | None:
    if commit.armored is None:
        return None
    try:
        signature = parse_armored(commit.armored, canonical=False)
    except LogError:
        return None  # an SSH or X.509 signature, or a broken one: proves nothing here
    return verifier.verify(commit.payload, signature, certificates).fingerprint
