"""Whether the commits that a push brings to a protected branch have change records that say what is so.

Only what is new to the protected branches is looked at, and of it only commits that change infrastructure as code are
looked for in the log: from its newest record back until all are found, which are the first ones where record and
commit are pushed together. A commit that has no record costs a walk through the log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.iac.patterns import PathMatcher
from gitaudit.iac.source.commit import parse_source_commit
from gitaudit.usecases.chain import parent_of
from gitaudit.usecases.changes.source_files import changed_files
from gitaudit.usecases.position import Position, position_at
from gitaudit.usecases.server.pushes import RefUpdate, Refusal
from gitaudit.usecases.server.since import since_the_log
from gitaudit.usecases.verifying.check_subject import SubjectChecker
from gitaudit.usecases.writing.notes import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from gitaudit.log.record import Record
    from gitaudit.policy.config import Config
    from gitaudit.ports import ObjectReader, Schemas, Verifier

SHOWN = 5
_CHANGE = re.compile(rb"\nAudit-Type: change\nAudit-Commit: ([0-9a-f]{40})\n")
_WAIVER = b"\nAudit-Type: waiver\n"
RECORD = "record it and push again: gitaudit record-change; `gitaudit hooks install` does that with every push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Looks for the records of what a push does to protected branches.

    Attributes:
        store: the repository as it would be after the push.
        verifier: proves who signed an audited commit.
        schemas: of policies.
        config: names the log.
        position: of the log after the push.
        now: time of the push.
        commits_between: yields what is reachable from some commits and not from others, parents first.
        refs: returns name and target of the refs that begin with a prefix, as they are before the push.
    """

    store: ObjectReader
    verifier: Verifier
    schemas: Schemas
    config: Config
    position: Position
    now: datetime
    commits_between: Callable[[Sequence[str], Sequence[str]], Iterable[str]]
    refs: Callable[[str], list[tuple[str, str]]]

    def refusals(self, updates: Iterable[RefUpdate]) -> list[Refusal]:
        """Return why moves of protected refs lack a record, empty where none does. Raises `LogError`, `SetupError`."""
        protected = [update for update in updates if self._is_protected(update.ref)]
        if not protected:
            return []
        wanted = {update.ref: self._asked_for(update) for update in protected}
        events = [update for update in protected if self._is_forced(update)]
        commits = {oid for oids in wanted.values() for oid in oids}
        found, told = self._search(commits, events)
        refusals = [_unrecorded_event(update) for update in events if update.ref not in told]
        for ref, oids in wanted.items():
            refusals += self._judge(ref, oids, found)
        return refusals

    def _asked_for(self, update: RefUpdate) -> list[str]:
        """Return the commits that are new to the protected refs and change infrastructure as code, parents first."""
        if update.new is None:
            return []
        matcher = PathMatcher(() if self.position.policy is None else self.position.policy.iac)
        asked = []
        new = self.commits_between([update.new], self._accepted(update))
        for oid in since_the_log(self.store, self.config, new):
            commit = parse_source_commit(self.store.read(oid)[1])
            if changed_files(self.store, commit, matcher):
                asked.append(oid)
        return asked

    def _accepted(self, update: RefUpdate) -> list[str]:
        """Return the heads of the protected refs as they are: what they have was asked for before."""
        patterns = () if self.position.policy is None else self.position.policy.protected_refs
        found = {oid for one in patterns for name, oid in self.refs(one.removesuffix("*")) if self._is_protected(name)}
        return sorted(found | ({update.old} if update.old else set()))

    def _is_protected(self, ref: str) -> bool:
        return self.position.policy is not None and self.position.policy.protects(ref)

    def _is_forced(self, update: RefUpdate) -> bool:
        """Return whether a move takes commits away from a branch."""
        if update.old is None:
            return False
        if update.new is None:
            return True
        return next(iter(self.commits_between([update.old], [update.new])), None) is not None

    def _search(self, commits: set[str], events: Sequence[RefUpdate]) -> tuple[dict[str, str | None], set[str]]:
        """Walk the log back until everything wanted is found.

        Returns:
            The audit commit that accounts for each commit, None for a waiver, and the refs whose event is recorded.
        """
        found: dict[str, str | None] = {}
        told: set[str] = set()
        ends = {oid for update in events for oid in (update.old, update.new)}
        head = None if self.position.head is None else self.position.head.commit
        while head is not None and (len(found) < len(commits) or len(told) < len(events)):
            raw = self.store.read(head)[1]
            match = _CHANGE.search(raw)
            changed = None if match is None else match[1].decode("ascii")
            if changed in commits or changed in ends:
                record = record_of(self.store, head)
                if record.body.get("event", "commit") != "commit":
                    told |= {update.ref for update in events if _tells(record, update)}
                elif changed in commits:
                    found.setdefault(str(changed), head)
            elif _WAIVER in raw:
                found |= dict.fromkeys(commits & _waived(record_of(self.store, head)) - found.keys())
            head = parent_of(raw)
        return found, told

    def _judge(self, ref: str, commits: Sequence[str], found: dict[str, str | None]) -> list[Refusal]:
        """Return the refusals of one ref: commits without a record, and with a record that is not true of them."""
        missing = [oid for oid in commits if oid not in found]
        refusals = [
            Refusal(ref=ref, message=f"commit {oid} changes infrastructure as code and has no record", hint=RECORD)
            for oid in missing[:SHOWN]
        ]
        if len(missing) > SHOWN:
            refusals.append(Refusal(ref=ref, message=f"and {len(missing) - SHOWN} more commits", hint=RECORD))
        checker = SubjectChecker(self.store, self.verifier, self.now)
        for oid in commits:
            audit = found.get(oid)
            wrong = None if audit is None else self._untrue(checker, audit)
            if wrong is not None:
                hint = "no record can be edited: make the commit anew (git commit --amend), and record that"
                refusals.append(Refusal(ref=ref, message=f"the record of commit {oid} is not true: {wrong}", hint=hint))
        return refusals[: 2 * SHOWN]

    def _untrue(self, checker: SubjectChecker, audit: str) -> str | None:
        """Return what a record says of its commit that is not so, None where all is: it may have come before it."""
        record = record_of(self.store, audit)
        findings = checker.check(record, None, self.position)
        parent = parent_of(self.store.read(audit)[1])
        if findings and parent is not None:  # the policy and keys may have been others when it was written
            findings = checker.check(record, None, position_at(self.store, self.schemas, parent))
        return findings[0].message if findings else None


def _waived(record: Record) -> set[str]:
    """Return the commits that a waiver is about."""
    listed = record.body.get("commits")
    found = {str(one) for one in listed} if isinstance(listed, list) else set()
    return found | {str(record.subject["commit"])} if "commit" in record.subject else found


def _tells(record: Record, update: RefUpdate) -> bool:
    """Return whether a record tells exactly this forced update or deletion."""
    event = "deletion" if update.new is None else "forced-update"
    body = record.body
    same = (body.get("event"), record.subject.get("ref"), body.get("pushed_from")) == (event, update.ref, update.old)
    return same and (update.new is None or body.get("pushed_to") == update.new)


def _unrecorded_event(update: RefUpdate) -> Refusal:
    what = "deleting" if update.new is None else "taking commits away from"
    return Refusal(
        ref=update.ref,
        message=f"{what} a protected branch needs a record of it, found none",
        hint="push with the hook of gitaudit, which records it: gitaudit hooks install",
    )
