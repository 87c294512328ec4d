"""Change records: one for each commit that changes infrastructure as code and has none yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.iac.patterns import PathMatcher
from gitaudit.iac.source.commit import SourceCommit, parse_source_commit
from gitaudit.usecases.chain import cut_error, parent_of
from gitaudit.usecases.changes.change_hints import Hinter
from gitaudit.usecases.changes.source_files import changed_files, file_list
from gitaudit.usecases.verifying.check_subject import commit_actors, source_time
from gitaudit.usecases.writing.drafts import Author, subject_of
from gitaudit.usecases.writing.notes import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitaudit.model import Draft
    from gitaudit.ports import ObjectReader, Verifier
    from gitaudit.usecases.position import Position

MAX_REPLACED = 1024
"""Bound of `replaces` in `schemas/change.v1.json`."""
SLACK_SECONDS = 86_400
"""How far the clocks of who commits and of who records may be apart before a record is looked for in vain."""

_EVENT = re.compile(rb"\n\nchange: (?:forced-update|deletion) \(")
"""The subject line of a change record that is about a ref, and does not account for the commit that it names."""
_MARK = b"\nAudit-Type: change\nAudit-Commit: "
_SIGNED_AT = re.compile(rb"\ncommitter [^\n]* ([0-9]{1,12}) \+0000\n")


class ChangeRecorder:
    """Makes drafts of change records."""

    def __init__(
        self,
        *,
        store: ObjectReader,
        verifier: Verifier,
        author: Author,
        position: Position,
        rewritten: Mapping[str, Sequence[str]] | None = None,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        """Take what the drafts are made of.

        Args:
            store: the repository.
            verifier: proves who signed an audited commit.
            author: of the records.
            position: of the log; its policy says which files are infrastructure as code.
            rewritten: the commits that a commit was made of by amending or rebasing, as this clone remembers them.
            progress: told how many of how many commits were looked at.
        """
        self.store = store
        self.verifier = verifier
        self.author = author
        self.position = position
        self.rewritten = rewritten or {}
        self.progress = progress
        self.hinter = Hinter(store=store, clock=author.clock)

    def drafts(self, commits: Iterable[str], ref: str | None) -> list[Draft]:
        """Return a draft for each of `commits` that changes IaC files and has no change record, in their order."""
        return self.drafts_by_ref(dict.fromkeys(commits, ref))

    def drafts_by_ref(self, refs: Mapping[str, str | None]) -> list[Draft]:
        """Return the same for commits with the ref that each is for, in the order of the mapping.

        The log is read backwards to shortly before the oldest of the commits was made, not further.
        """
        earlier = {oid: self.earlier(oid) for oid in refs if oid in self.rewritten}
        head = None if self.position.head is None else self.position.head.commit
        since = self._made({*refs, *(old for olds in earlier.values() for old in olds)}) - SLACK_SECONDS
        known = recorded_commits(self.store, head, since=since)
        wanted = [commit for commit in refs if commit not in known]
        matcher = PathMatcher(() if self.position.policy is None else self.position.policy.iac)
        drafts = []
        for number, oid in enumerate(wanted):
            self.progress(number + 1, len(wanted))
            replaced = [old for old in earlier.get(oid, ()) if old in known]
            draft = self.draft(oid, refs[oid], matcher, replaced[:MAX_REPLACED])
            if draft is not None:
                drafts.append(draft)
        return drafts

    def draft(self, oid: str, ref: str | None, matcher: PathMatcher, replaced: Sequence[str] = ()) -> Draft | None:
        """Return the draft for one commit, None where it changes no IaC file or a shallow clone hides what it does."""
        commit = parse_source_commit(self.store.read(oid)[1])
        if commit.parents and self.store.is_cut(oid):
            return None  # what it changed cannot be known in a shallow clone
        changes = changed_files(self.store, commit, matcher)
        if not changes:
            return None
        body = {"event": "commit", **self.about(commit), "files": file_list(self.store, changes)}
        hints = self.hinter.hints(changes)
        if hints is not None:
            body["hints"] = hints
        if replaced:
            body["replaces"] = list(replaced)
        return self.author.draft("change", body, subject=subject_of(self.author.origin, oid, commit.tree, ref))

    def about(self, commit: SourceCommit) -> dict[str, object]:
        """Return what the body of a change record says of a commit besides its files."""
        actors = commit_actors(commit, self.verifier, self.position.certificates)
        return {"parents": list(commit.parents), **actors, **_times(commit)}

    def earlier(self, oid: str) -> list[str]:
        """Return the commits that a commit was made of, and those that they were made of, and so on."""
        found: dict[str, None] = {}
        waiting = [oid]
        while waiting:
            for old in self.rewritten.get(waiting.pop(), ()):
                if old not in found and old != oid:
                    found[old] = None
                    waiting.append(old)
        return list(found)

    def _made(self, commits: Iterable[str]) -> int:
        """Return when the oldest of some commits was made, by what they say themselves; now at the latest."""
        made = int(self.author.clock.now().timestamp())
        for oid in commits:
            try:
                commit = parse_source_commit(self.store.read(oid)[1])
            except LogError:
                continue  # an earlier commit that is no longer here
            made = min(made, commit.authored or 0, commit.committed or 0)
        return made


def _times(commit: SourceCommit) -> dict[str, object]:
    times = {"authored_at": source_time(commit.authored), "committed_at": source_time(commit.committed)}
    return {name: value for name, value in times.items() if value is not None}


def recorded_commits(store: ObjectReader, head: str | None, *, since: int | None = None) -> set[str]:
    """Return the commits that have a change record of their own, from the messages of the log alone.

    Args:
        store: the repository.
        head: of the log, None where there is none.
        since: leave out records that were signed before this time, seconds since 1970.

    Raises:
        LogError: the log cannot be read.
        SetupError: a shallow clone has cut it off.
    """
    found = set()
    while head is not None:
        _, raw = store.read(head)
        signed = None if since is None else _SIGNED_AT.search(raw)
        if since is not None and signed is not None and int(signed[1]) < since:
            break
        at = raw.find(_MARK)
        if at >= 0 and _EVENT.search(raw) is None:
            found.add(raw[at + len(_MARK) : at + len(_MARK) + 40].decode("ascii", "replace"))
        head = _before(store, head, raw)
    return found


def _before(store: ObjectReader, commit: str, raw: bytes) -> str | None:
    """Return the commit before an audit commit. Raises `SetupError` where a shallow clone has cut it off."""
    parent = parent_of(raw)
    if parent is not None and store.is_cut(commit):
        raise cut_error(commit)
    return parent


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
        head = _before(store, head, raw)
    return found
