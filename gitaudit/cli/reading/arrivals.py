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
        """Return whether the commit of a change record is on a branch of a remote.

        None where the record is about something else, where no branch of a remote is known, and where this clone lacks
        the commit and cannot tell why: it is shallow or partial, or has not been fetched to since the record was made.
        """
        commit = record.subject.get("commit")
        if record.type != "change" or record.body.get("event", "commit") != "commit" or not isinstance(commit, str):
            return None
        seen = self.seen()
        if seen is None:
            return None
        if commit in seen:
            return True
        if self._session.store.is_partial():
            return None
        return False if exists(self._session.store, commit) or self._was_fetched_since(record) else None

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
