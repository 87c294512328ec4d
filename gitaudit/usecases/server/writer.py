"""The server as the one writer of change records, after a push has been accepted (policy: `writer: server`).

What was recorded up to is kept in refs of the server, one for each protected ref. So each call records everything that
is new since the last one that ended, whoever pushed it: pushes that come while records are written share the next
batch, and what a crash left out is made up for by the next push.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import RefMovedError
from gitaudit.model import RefMove
from gitaudit.policy.change_records import SERVER
from gitaudit.usecases.server.names import RECORDED
from gitaudit.usecases.server.since import since_the_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitaudit.model import Draft
    from gitaudit.policy.config import Config
    from gitaudit.ports import Lock, ObjectStore
    from gitaudit.usecases.changes.record_change import ChangeRecorder
    from gitaudit.usecases.position import Position
    from gitaudit.usecases.writing.publish import Log, Published


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWriter:
    """Records what is new on the protected refs of one server.

    Attributes:
        store: the repository.
        log: returns what to append to; it has no remote.
        config: names the log.
        lock: one call at a time; another one than that of the log.
        position: returns the position at the head of the log.
        recorder: makes drafts from a position.
        commits_between: yields what is reachable from some commits and not from others, parents first.
        refs: returns name and target of the refs that begin with a prefix.
    """

    store: ObjectStore
    log: Callable[[], Log]
    config: Config
    lock: Lock
    position: Callable[[], Position]
    recorder: Callable[[Position], ChangeRecorder]
    commits_between: Callable[[Sequence[str], Sequence[str]], Iterable[str]]
    refs: Callable[[str], list[tuple[str, str]]]

    def record(self) -> Published | None:
        """Record what is new on the protected refs; None where the policy lets others write, or nothing is new.

        Where a ref was never recorded before, that is everything since the log began.

        Raises:
            ConflictError: the lock could not be had; whoever holds it, or the next push, records what is new.
            GitauditError: as of `Log.append`; the drafts wait in the outbox of the server.
        """
        policy = self.position().policy
        if policy is None or policy.change_writer != SERVER:
            return None
        with self.lock.held():
            position = self.position()
            tips = self._tips(position)
            drafts, moves = self._drafts(position, tips)
            published = self.log().append(drafts) if drafts else None
            try:
                if moves:
                    self.store.move_refs(moves, "recorded")
            except RefMovedError:
                pass  # cannot be by this program; a record that is there already is not made again
        return published

    def _tips(self, position: Position) -> dict[str, str]:
        """Return the heads of the protected refs."""
        patterns = () if position.policy is None else position.policy.protected_refs
        return {
            name: oid
            for one in patterns
            for name, oid in self.refs(one.removesuffix("*"))
            if position.policy is not None and position.policy.protects(name)
        }

    def _drafts(self, position: Position, tips: dict[str, str]) -> tuple[list[Draft], list[RefMove]]:
        """Return drafts of all that is new, oldest first, and how far each ref is recorded with them."""
        marks = {name: RECORDED + name.removeprefix("refs/") for name in tips}
        done = {name: self.store.ref(mark) for name, mark in marks.items()}
        recorder: ChangeRecorder | None = None
        drafts: list[Draft] = []
        moves: list[RefMove] = []
        for name, tip in tips.items():
            if done[name] == tip:
                continue
            recorder = recorder or self.recorder(position)
            known = [oid for oid in done.values() if oid is not None]
            new = since_the_log(self.store, self.config, self.commits_between([tip], known))
            drafts += recorder.drafts(new, name)
            moves.append(RefMove(name=marks[name], old=done[name], new=tip))
            done[name] = tip
        return drafts, moves
