"""Change records: one for each commit that changes infrastructure as code and has none yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.iac.patterns import PathMatcher
from gitaudit.log.source_commit import SourceCommit, parse_source_commit
from gitaudit.usecases.chain import parent_of
from gitaudit.usecases.check_subject import commit_actors, source_time
from gitaudit.usecases.drafts import Author, subject_of
from gitaudit.usecases.notes import record_of
from gitaudit.usecases.source_files import Matcher, changed_files, file_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitaudit.model import Draft
    from gitaudit.ports import ObjectReader, Verifier
    from gitaudit.usecases.position import Position

_MARK = b"\nAudit-Type: change\nAudit-Commit: "


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecorder:
    """Makes drafts of change records.

    Attributes:
        store: the repository.
        verifier: proves who signed an audited commit.
        author: of the records.
        position: of the log; its policy says which files are infrastructure as code.
    """

    store: ObjectReader
    verifier: Verifier
    author: Author
    position: Position
    progress: Callable[[int, int], None] = lambda _done, _total: None

    def drafts(self, commits: Iterable[str], ref: str | None) -> list[Draft]:
        """Return a draft for each of `commits` that changes IaC files and has no change record, in their order."""
        known = recorded_commits(self.store, None if self.position.head is None else self.position.head.commit)
        wanted = [commit for commit in commits if commit not in known]
        matcher = PathMatcher(() if self.position.policy is None else self.position.policy.iac)
        drafts = []
        for number, oid in enumerate(wanted):
            self.progress(number + 1, len(wanted))
            draft = self.draft(oid, ref, matcher)
            if draft is not None:
                drafts.append(draft)
        return drafts

    def draft(self, oid: str, ref: str | None, matcher: Matcher) -> Draft | None:
        """Return the draft for one commit, None where it changes no IaC file or a shallow clone hides what it does."""
        commit = parse_source_commit(self.store.read(oid)[1])
        if commit.parents and self.store.is_cut(oid):
            return None  # what it changed cannot be known in a shallow clone
        changes = changed_files(self.store, commit, matcher)
        if not changes:
            return None
        body: dict[str, object] = {
            "event": "commit",
            "parents": list(commit.parents),
            **commit_actors(commit, self.verifier, self.position.certificates),
            **_times(commit),
            "files": file_list(self.store, changes),
        }
        return self.author.draft("change", body, subject=subject_of(self.author.origin, oid, commit.tree, ref))


def _times(commit: SourceCommit) -> dict[str, object]:
    times = {"authored_at": source_time(commit.authored), "committed_at": source_time(commit.committed)}
    return {name: value for name, value in times.items() if value is not None}


def recorded_commits(store: ObjectReader, head: str | None) -> set[str]:
    """Return the commits that have a change record, from the messages of the log alone. Raises `LogError`."""
    found = set()
    while head is not None:
        _, raw = store.read(head)
        at = raw.find(_MARK)
        if at >= 0:
            found.add(raw[at + len(_MARK) : at + len(_MARK) + 40].decode("ascii", "replace"))
        head = parent_of(raw)
    return found


def uncovered_commits(store: ObjectReader, commits: Iterable[str], position: Position) -> list[str]:
    """Return those of `commits` that change IaC files and that neither a change record nor a waiver accounts for."""
    head = None if position.head is None else position.head.commit
    known = recorded_commits(store, head) | waived_commits(store, head)
    matcher = PathMatcher(() if position.policy is None else position.policy.iac)
    missing = []
    for oid in commits:
        if oid in known:
            continue
        commit = parse_source_commit(store.read(oid)[1])
        if not (commit.parents and store.is_cut(oid)) and changed_files(store, commit, matcher):
            missing.append(oid)
    return missing


def waived_commits(store: ObjectReader, head: str | None) -> set[str]:
    """Return the commits that waivers list by id."""
    found: set[str] = set()
    while head is not None:
        _, raw = store.read(head)
        if b"\nAudit-Type: waiver\n" in raw:
            record = record_of(store, head)
            listed = record.body.get("commits")
            found |= {str(one) for one in listed} if isinstance(listed, list) else set()
            if isinstance(commit := record.subject.get("commit"), str):
                found.add(commit)
        head = parent_of(raw)
    return found
