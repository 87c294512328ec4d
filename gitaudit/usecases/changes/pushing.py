"""What a push is recorded as: a change record for each IaC commit that it publishes, and for what it takes away.

A record made before a push says what is intended. Whether the commit arrived, `arrival.py` tells afterwards.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import InputError, SetupError
from gitaudit.iac.patterns import PathMatcher
from gitaudit.iac.source.commit import parse_source_commit
from gitaudit.log.times import parse_time
from gitaudit.usecases.chain import walk_back
from gitaudit.usecases.changes.record_change import MAX_REPLACED, ChangeRecorder
from gitaudit.usecases.changes.source_files import file_list, files_between
from gitaudit.usecases.writing.drafts import subject_of
from gitaudit.usecases.writing.notes import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitaudit.model import Draft

    Between = Callable[[Sequence[str], Sequence[str]], Iterable[str]]

_LINE = re.compile(r"(\S+) ([0-9a-f]{40}) (\S+) ([0-9a-f]{40})")
_NOTHING = "0" * 40
MAX_LINES = 100_000
MAX_BACK = 20_000
"""So many commits that say to be older than the log are looked at for one that is not."""
RECENT_RECORDS, RECENT = 100, timedelta(minutes=10)
"""So far back a record of the same forced update or deletion is looked for: a hook may run twice for one push."""


class PushedRef(NamedTuple):
    """One ref of a push.

    Attributes:
        ref: its full name on the remote.
        new: the object that it shall point at, None where it is deleted.
        old: the object that it points at, None where it does not exist.
    """

    ref: str
    new: str | None
    old: str | None


def parse_pushed(data: bytes) -> tuple[PushedRef, ...]:
    """Return the refs of a push, as `pre-push` is given them: `<local ref> <new> <remote ref> <old>` a line.

    Raises:
        InputError: a line of another form, or more than 100,000.
    """
    lines = [line for line in data.decode("utf-8", "surrogateescape").split("\n") if line]
    found = [_LINE.fullmatch(line) for line in lines[: MAX_LINES + 1]]
    if len(found) > MAX_LINES or None in found:
        raise InputError(
            "expected the lines that git gives a pre-push hook, found something else",
            hint="git runs this hook by itself; nobody else needs to",
        )
    return tuple(_pushed(match[3], match[2], match[4]) for match in found if match)


def _pushed(ref: str, new: str, old: str) -> PushedRef:
    return PushedRef(ref=ref, new=None if new == _NOTHING else new, old=None if old == _NOTHING else old)


class PushRecorder(NamedTuple):
    """Makes the drafts of a push.

    Attributes:
        changes: makes change records; its policy says which refs are protected.
        between: yields what is reachable from some commits and not from others, parents first.
        peel: returns the commit that an object id names; raises `LookupError` for none.
        began: when the log began, seconds since 1970: commits from before it need no record.
    """

    changes: ChangeRecorder
    between: Between
    peel: Callable[[str], str]
    began: int

    def drafts(self, pushed: Sequence[PushedRef], commits: Sequence[str], there: Sequence[str]) -> list[Draft]:
        """Return the drafts that a push gives.

        Args:
            pushed: its refs, without those of the log itself.
            commits: those that it publishes and that change IaC files, parents first.
            there: commits that the remote is known to have.

        Raises:
            SetupError: a protected branch loses commits that are not in this clone.
        """
        made = self.changes.drafts_by_ref(self._refs(pushed, self._since(commits), there))
        return made + [draft for one in pushed if (draft := self._overwritten(one)) is not None]

    def _since(self, commits: Sequence[str]) -> list[str]:
        """Return those of `commits` that are not from before the log, as completeness has it."""
        after: dict[str, None] = {}
        before: set[str] = set()
        for oid in commits:
            commit = parse_source_commit(self.changes.store.read(oid)[1])
            if (commit.committed or 0) >= self.began or self._has_after(commit.parents, after, before):
                after[oid] = None
        return list(after)

    def _has_after(self, parents: Sequence[str], after: dict[str, None], before: set[str]) -> bool:
        """Return whether a commit with these parents comes after one that is dated since the log began.

        Only a commit that claims to be older than the log comes here: history from before it, or a forged date.
        """
        waiting, seen = list(parents), set[str]()
        while waiting and len(before) + len(seen) < MAX_BACK:
            oid = waiting.pop()
            if oid in after:
                return True
            if oid in seen or oid in before:
                continue
            seen.add(oid)
            commit = parse_source_commit(self.changes.store.read(oid)[1])
            if (commit.committed or 0) >= self.began:
                return True
            waiting += () if self.changes.store.is_cut(oid) else commit.parents
        before |= seen
        return False

    def _refs(self, pushed: Sequence[PushedRef], commits: Sequence[str], there: Sequence[str]) -> dict[str, str | None]:
        """Return the ref that each commit is for: the first that brings it, protected ones before others."""
        left, hidden = set(commits), list(there)
        policy = self.changes.position.policy
        brought: dict[str, str | None] = {}
        lines = [one for one in pushed if one.new is not None]
        for one in sorted(lines, key=lambda line: policy is None or not policy.protects(line.ref)):
            if not left:
                break
            if len(lines) == 1:
                return dict.fromkeys(commits, one.ref)
            try:
                tip = self.peel(one.new or "")
            except LookupError:
                continue  # a tag of something else than a commit
            brought |= dict.fromkeys(left.intersection(self.between([tip], hidden)), one.ref)
            left -= brought.keys()
            hidden.append(tip)
        return {oid: brought.get(oid) for oid in commits}

    def _overwritten(self, one: PushedRef) -> Draft | None:
        """Return the draft for a protected branch that is deleted or that loses commits, None where it does neither."""
        policy = self.changes.position.policy
        if one.old is None or policy is None or not policy.protects(one.ref):
            return None
        try:
            old = self.peel(one.old)
        except LookupError as error:
            if one.new is not None:
                return self._draft(one, self.peel(one.new), None, ())
            raise SetupError(
                f"expected the commit {one.old} of the protected branch {one.ref} to be here, found none",
                hint="fetch it first, so that its deletion can be recorded: git fetch",
            ) from error
        if one.new is None:
            return self._draft(one, old, None, ())
        new = self.peel(one.new)
        lost = list(self.between([old], [new]))
        return self._draft(one, new, old, lost[-MAX_REPLACED:]) if lost else None

    def _draft(self, one: PushedRef, about: str, old: str | None, lost: Sequence[str]) -> Draft | None:
        """Return the draft of one event, None where a record says it already."""
        changes, store = self.changes, self.changes.store
        commit = parse_source_commit(store.read(about)[1])
        policy = changes.position.policy
        matcher = PathMatcher(() if policy is None else policy.iac)
        before = None if old is None else parse_source_commit(store.read(old)[1]).tree
        files = [] if old is None else files_between(store, before, commit.tree, matcher)
        body: dict[str, object] = {
            "event": "deletion" if one.new is None else "forced-update",
            **changes.about(commit),
            "files": file_list(store, files),
            "pushed_from": one.old,
        }
        body |= {"replaces": list(lost)} if lost else {}
        body |= {} if one.new is None else {"pushed_to": about}
        subject = subject_of(changes.author.origin, about, commit.tree, one.ref)
        return None if self._is_recorded(subject, body) else changes.author.draft("change", body, subject=subject)

    def _is_recorded(self, subject: dict[str, object], body: dict[str, object]) -> bool:
        """Return whether a record of the last minutes says the same: the hook has run before for the same push."""
        head, now = self.changes.position.head, self.changes.author.clock.now()
        links = islice(walk_back(self.changes.store, None if head is None else head.commit), RECENT_RECORDS)
        for link in links:
            if link.changed != subject["commit"]:
                continue
            record = record_of(self.changes.store, link.commit)
            same = all(record.body.get(name) == body.get(name) for name in ("event", "pushed_from", "pushed_to"))
            if same and record.subject.get("ref") == subject.get("ref"):
                return now - parse_time(record.text("recorded_at")) < RECENT
        return False
