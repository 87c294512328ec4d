"""Which recorded commits arrived at the remote, for what lists records."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitaudit.log.times import parse_time
from gitaudit.usecases.changes.arrival import exists

if TYPE_CHECKING:
    from gitaudit.cli.wiring import Session
    from gitaudit.log.record import Record
    from gitaudit.usecases.changes.arrival import Arrived

UNDER_WAY = timedelta(minutes=5)
"""So long after its record a push may still be under way."""


class Arrivals:
    """Says of records whether their commit arrived, as far as this clone has seen its remotes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: Arrived | None = None

    def of(self, record: Record) -> bool | None:
        """Return whether a remote's branch has the commit of a change record, or has lost what the record tells.

        None where the record is about something else, where no branch of a remote is known, and where this clone lacks
        the commit and cannot tell why: it is shallow or partial, or has not been fetched to since the record was made.
        """
        commit = record.subject.get("commit")
        if record.type != "change" or not isinstance(commit, str):
            return None
        if record.body.get("event", "commit") != "commit":
            return self._took_effect(record)
        seen = self.seen()
        if seen is None:
            return None
        if commit in seen:
            return True
        if self._session.store.is_partial():
            return None
        return False if exists(self._session.store, commit) or self._was_fetched_since(record) else None

    def _took_effect(self, record: Record) -> bool | None:
        """Return whether a branch was deleted or overwritten as recorded: no remote's has what it had before."""
        store, old = self._session.store, record.body.get("pushed_from")
        ref = str(record.subject.get("ref")).removeprefix("refs/heads/")
        if not isinstance(old, str) or not exists(store, old):
            return None
        remotes = store.remotes()
        tips = [tip for name in remotes if (tip := store.ref(f"refs/remotes/{name}/{ref}")) is not None]
        if not remotes or (not tips and record.body.get("event") != "deletion"):
            return None
        return all(any(True for _ in store.commits_between([old], [tip])) for tip in tips)

    def _was_fetched_since(self, record: Record) -> bool:
        fetched = self._session.store.fetched_at
        return fetched is not None and fetched >= parse_time(record.text("recorded_at")) + UNDER_WAY

    def seen(self) -> Arrived | None:
        """Return the commits that the branches of the remotes have, None where none of them is known."""
        if self._seen is None:
            from gitaudit.cli.hooks.hooking import remote_branches
            from gitaudit.usecases.changes.arrival import Arrived

            tips = remote_branches(self._session)
            if not tips:
                return None
            self._seen = Arrived(self._session.store.newest_first(tips))
        return self._seen
