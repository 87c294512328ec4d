"""The rules for one commit of the log: what it may contain, given the position before it (docs/format.md, "Rules").

Every deviation is a finding with the slug of its rule; nothing here stops at the first. Where a commit is so broken
that a part of the next position cannot be computed, the position takes it from the repository, so that one fault is
reported once and not again for every later record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import LogError, SetupError
from gitaudit.log import paths
from gitaudit.log.commit import SignedCommit, sha256_hex
from gitaudit.log.merkle import Frontier, format_frontier, format_hash, parse_frontier
from gitaudit.log.message import format_message
from gitaudit.log.uuid7 import is_uuid7
from gitaudit.model import GOVERNING_TYPES, Finding, Head
from gitaudit.usecases.chain import tree_of
from gitaudit.usecases.changes.tree_changes import Change, TreeChanges
from gitaudit.usecases.position import Position, find_entry, read_blob
from gitaudit.usecases.verifying.ahead import Ahead
from gitaudit.usecases.verifying.check_policy import check_governing, check_policy_origin, take_policy
from gitaudit.usecases.verifying.check_signature import check_signature
from gitaudit.usecases.verifying.consistency import contradictions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gitaudit.log.record import Record
    from gitaudit.log.tree import Entry
    from gitaudit.ports import ObjectReader, Schemas, Verifier


class Report:
    """Collects the findings about one commit."""

    def __init__(self, commit: str, index: int) -> None:
        self.commit = commit
        self.index = index
        self.id: str | None = None
        self.findings: list[Finding] = []

    def error(self, rule: str, message: str, *, expected: str | None = None, found: str | None = None) -> None:
        """Add a finding that makes the log bad."""
        self.findings.append(
            Finding(
                rule=rule,
                severity="error",
                message=message,
                index=self.index,
                id=self.id,
                commit=self.commit,
                expected=expected,
                found=found,
            )
        )

    def named(self) -> tuple[Finding, ...]:
        """Return the findings, those too that came before the record was read with its id."""
        return tuple(one if one.id == self.id else one._replace(id=self.id) for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of checking one commit: the position after it, its record where it could be read, the findings."""

    position: Position
    record: Record | None
    findings: tuple[Finding, ...]


class CommitChecker:
    """Checks commits one after the other against the rules of the format."""

    def __init__(self, store: ObjectReader, verifier: Verifier, schemas: Schemas, now: datetime) -> None:
        self._ahead = Ahead(store, verifier, schemas)
        self._now = now
        self._changes = TreeChanges(self._ahead)
        self._faulty = False

    def check_all(self, before: Position, oids: Sequence[str], origin: str | None) -> list[Checked]:
        """Check commits that follow each other; cheaper than one by one. Raises as `check`."""
        self._ahead.prepare(oids, before.certificates)
        results: list[Checked] = []
        for oid in oids:
            results.append(self.check(results[-1].position if results else before, oid, origin))
        return results

    def check(self, before: Position, oid: str, origin: str | None) -> Checked:
        """Check the commit `oid`, which the repository links directly after `before`.

        Args:
            before: the position to judge by.
            oid: the commit.
            origin: the log's name; None takes the record's word for it.

        Raises:
            SetupError: the log is good so far, and the policy needs a newer version of this program.
        """
        report = Report(oid, before.size)
        if before.size > paths.MAX_INDEX:
            report.error("index", f"expected at most {paths.MAX_INDEX + 1} records, found more")
            return self._given_up(before, Head(commit=oid, sha256="", size=before.size + 1), report)
        try:
            kind, raw = self._ahead.read(oid)
            if kind != "commit":
                raise LogError(f"expected a commit, found a {kind}")
        except LogError as error:
            report.error("object", error.message)
            return self._given_up(before, Head(commit=oid, sha256="", size=before.size + 1), report)
        head = Head(commit=oid, sha256=sha256_hex(raw), size=before.size + 1)
        try:
            commit = self._ahead.commit(raw)
        except LogError as error:
            report.error("commit-form", error.message)
            return self._given_up(before, head, report)
        _check_parent(before, commit, report)
        return self._check_content(before, commit, head, origin, report)

    def _check_content(
        self, before: Position, commit: SignedCommit, head: Head, origin: str | None, report: Report
    ) -> Checked:
        changes = self._tree_changes(before, commit, report)
        record = self._record(changes, before, report)
        files = self._files(changes, record, commit.text.tree, report)
        policy_before, certificates = before.policy, before.certificates
        after = Position(
            size=head.size,
            head=head,
            tree=commit.text.tree,
            frontier=self._frontier(before, commit, record, changes, report),
            signed_at=commit.text.committed,
            policy=before.policy,
            certificates=before.certificates,
        )
        if record is not None:
            _check_links(before, record, origin, report)
            self._check_schema(record, report)
            check_governing(self._ahead, record, before.tree, commit.text.tree, changes, report)
        too_new = None
        if policy_before is None or paths.POLICY in files or any(path.startswith("keys/") for path in files):
            try:
                after = take_policy(self._ahead, after, commit.text.tree, report)
                check_policy_origin(after, record, report)
            except SetupError as error:
                too_new = error
        if policy_before is None:
            self._raise_if_good(too_new, report)
            policy_before, certificates = after.policy, after.certificates
        check_signature(
            commit,
            record,
            policy=policy_before,
            certificates=certificates,
            signed_before=before.signed_at,
            verifier=self._ahead,
            now=self._now,
            report=report,
        )
        if before.policy is not None:
            self._raise_if_good(too_new, report)
        self._faulty = self._faulty or bool(report.findings)
        return Checked(position=after, record=record, findings=report.named())

    def _given_up(self, before: Position, head: Head, report: Report) -> Checked:
        self._faulty = True
        position = before._replace(size=head.size, head=head, tree=None, frontier=None)
        return Checked(position=position, record=None, findings=tuple(report.findings))

    def _raise_if_good(self, too_new: SetupError | None, report: Report) -> None:
        """Raise that a policy needs a newer version, unless the log is bad so far: then that is the answer."""
        if too_new is None:
            return
        if not (self._faulty or report.findings):
            raise too_new
        report.error("policy", too_new.message)

    def _tree_changes(self, before: Position, commit: SignedCommit, report: Report) -> dict[str, Change]:
        if before.tree is None and before.size:
            before = before._replace(tree=self._parent_tree(commit))
        try:
            changes = self._changes.between(before.tree, commit.text.tree)
        except LogError as error:
            report.error("tree", error.message)
            return {}
        for path, change in changes.items():
            if change.new is None:
                report.error("tree", f"expected every file to stay, found {path} removed")
            elif change.new.mode != b"100644":
                mode = change.new.mode.decode()
                report.error("tree", f"unexpected mode of {path}", expected="100644", found=mode)
        return changes

    def _parent_tree(self, commit: SignedCommit) -> str | None:
        """Return the tree of a parent that was itself found bad, to see what this commit changes."""
        try:
            return tree_of(self._ahead.read(commit.text.parent or "")[1])
        except LogError:
            return None

    def _record(self, changes: dict[str, Change], before: Position, report: Report) -> Record | None:
        """Return the one record that the commit adds at the next index."""
        prefix = "/".join(paths.record_folder(before.size)) + f"/{before.size:08d}-"
        candidates = [path for path in changes if path.startswith("records/")]
        right = [path for path in candidates if path.startswith(prefix)]
        for path in candidates:
            if path not in right[:1]:
                report.error("record-path", "a record at another place", expected=f"{prefix}*.json", found=path)
        if not right:
            report.error("record-missing", f"expected a record {prefix}*.json, found none")
            return None
        change = changes[right[0]]
        if change.old is not None:
            report.error("record-path", f"expected a new record, found {right[0]} changed")
        record = self._parse_record(change.new, report)
        if record is not None:
            report.id = record.id if is_uuid7(record.id) else None
            if right[0] != paths.record_path(before.size, record.type):
                expected = paths.record_path(before.size, record.type)
                report.error("record-path", "a record at another place", expected=expected, found=right[0])
        return record

    def _parse_record(self, entry: Entry | None, report: Report) -> Record | None:
        if entry is None:
            return None
        try:
            return self._ahead.record(read_blob(self._ahead, entry.oid.hex()))
        except LogError as error:
            report.error("record-form", error.message)
            return None

    def _files(self, changes: dict[str, Change], record: Record | None, tree: str, report: Report) -> dict[str, bytes]:
        """Return the contents of the other files that the commit changes, after checking that it may."""
        listed = {} if record is None else record.listed_files()
        if record is not None and not record.files_in_order:
            report.error("files", "expected the files of the record sorted by path and each once, found another order")
        governing = record is not None and record.type in GOVERNING_TYPES
        contents: dict[str, bytes] = {}
        for path, change in changes.items():
            if change.new is None or path == paths.FRONTIER or path.startswith("records/"):
                continue
            if not (paths.is_attachment(path) or (governing and paths.is_governed(path))):
                report.error("tree", f"expected no change to {path} with a record of this type")
                continue
            self._check_file(path, change.new, listed.get(path), contents, report)
        for path, digest in listed.items():
            if path not in contents and self._digest_at(tree, path) != digest:
                report.error("files", f"expected the commit to bring {path} as its record lists it, found it otherwise")
        return contents

    def _digest_at(self, tree: str, path: str) -> str | None:
        """Return the SHA-256 of a file that was there before: an attachment used again, a key admitted again."""
        try:
            entry = find_entry(self._ahead, tree, path)
            return None if entry is None else sha256_hex(read_blob(self._ahead, entry))
        except LogError:
            return None

    def _check_file(
        self, path: str, entry: Entry, digest: str | None, contents: dict[str, bytes], report: Report
    ) -> None:
        try:
            content = read_blob(self._ahead, entry.oid.hex())
        except LogError as error:
            report.error("object", error.message)
            return
        found = sha256_hex(content)
        if digest is None:
            report.error("files", f"expected the record to list {path}, found it missing")
        elif digest != found:
            report.error("files", f"the record lists another SHA-256 of {path}", expected=digest, found=found)
        elif paths.is_attachment(path) and path != f"{paths.ATTACHMENTS}/{found}":
            report.error("files", f"expected an attachment to be named by its SHA-256, found {path}")
        contents[path] = content

    def _frontier(
        self,
        before: Position,
        commit: SignedCommit,
        record: Record | None,
        changes: dict[str, Change],
        report: Report,
    ) -> Frontier | None:
        """Return the frontier after the commit: computed where possible, else the stored one, else None."""
        computed = None if before.frontier is None or record is None else before.frontier.append(record.raw)
        stored = None
        change = changes.get(paths.FRONTIER)
        try:
            if change is None or change.new is None:
                raise LogError(f"expected the commit to replace {paths.FRONTIER}")
            data = read_blob(self._ahead, change.new.oid.hex())
            if computed is None or data != format_frontier(computed):
                stored = parse_frontier(data, before.size + 1)
        except LogError as error:
            report.error("frontier", error.message)
        if stored is not None and computed is not None:
            expected, found = format_hash(computed.root()), format_hash(stored.root())
            report.error("frontier", f"{paths.FRONTIER} is of other records", expected=expected, found=found)
        frontier = stored or computed
        if computed is not None and record is not None:
            _check_message(commit, format_message(record, before.size + 1, computed.root()), report)
        return frontier

    def _check_schema(self, record: Record, report: Report) -> None:
        for problem in self._ahead.check_record(record.document):
            report.error(
                "record-schema",
                f"at {problem.pointer or 'the top'}",
                expected=problem.expected,
                found=problem.found,
            )
        for contradiction in contradictions(record):
            report.error("record-schema", contradiction)


def _check_parent(before: Position, commit: SignedCommit, report: Report) -> None:
    expected = None if before.head is None else before.head.commit
    if commit.text.parent != expected:
        report.error(
            "parent", "the commit has another parent", expected=expected or "none", found=commit.text.parent or "none"
        )


def _check_links(before: Position, record: Record, origin: str | None, report: Report) -> None:
    """Check the fields that bind a record to its log and place."""
    if not is_uuid7(record.id):
        report.error("record-id", "expected the id of the record to be a UUIDv7")
    if record.document.get("index") != before.size:
        report.error("index", "the record names another index", expected=str(before.size), found=str(record.index))
    if origin is not None and record.text("origin") != origin:
        report.error("origin", "the record is of another log", expected=origin, found=record.text("origin"))
    if (before.size == 0) != (record.type == "genesis"):
        report.error("genesis", "expected a genesis record first and nowhere else", found=record.type)
    head = before.head
    expected = None if head is None else {"commit": head.commit, "sha256": head.sha256}
    if record.document.get("prev") != expected and (head is None or head.sha256):
        report.error(
            "prev",
            "the record names another predecessor",
            expected="none" if head is None else f"{head.commit} {head.sha256}",
            found=_prev_text(record),
        )


def _prev_text(record: Record) -> str:
    prev = record.document.get("prev")
    return f"{prev.get('commit')} {prev.get('sha256')}" if isinstance(prev, dict) else "none"


def _check_message(commit: SignedCommit, expected: bytes, report: Report) -> None:
    if commit.text.message == expected:
        return
    pairs = zip(expected.split(b"\n"), commit.text.message.split(b"\n"), strict=False)
    line, other = next(((one, two) for one, two in pairs if one != two), (b"", b"more or fewer lines"))
    report.error(
        "message",
        "the commit message is not the one that the record gives",
        expected=line.decode("utf-8", "replace"),
        found=other.decode("utf-8", "replace")[:200],
    )
