"""Fakes of the ports that ship with the package: deterministic, in memory, under the contract of the real ones."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gitaudit.errors import ObjectError, RefMovedError
from gitaudit.log.commit import object_id
from gitaudit.log.uuid7 import make_uuid7

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitaudit.model import Draft, Kind, RefMove, Remembered


class MemoryStore:
    """Objects and refs in two dictionaries; fits `ObjectReader` and `ObjectStore`."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[Kind, bytes]] = {}
        self.refs: dict[str, str] = {}
        self.cut: set[str] = set()

    def read(self, oid: str) -> tuple[Kind, bytes]:
        """Return an object, its content compared with its id."""
        if oid not in self.objects:
            raise ObjectError(oid, "missing")
        kind, content = self.objects[oid]
        if object_id(kind, content) != oid:
            raise ObjectError(oid, "damaged")
        return kind, content

    def ref(self, name: str) -> str | None:
        """Return what a ref points at."""
        return self.refs.get(name)

    def is_cut(self, oid: str) -> bool:
        """Return whether `oid` was put into `cut`."""
        return oid in self.cut

    def is_partial(self) -> bool:
        """Return whether anything is cut."""
        return bool(self.cut)

    def write(self, kind: Kind, content: bytes) -> str:
        """Keep an object."""
        oid = object_id(kind, content)
        self.objects[oid] = (kind, content)
        return oid

    def flush(self) -> None:
        """Do nothing: what was written is kept."""

    def move_refs(self, moves: Sequence[RefMove], reason: str) -> None:
        """Move all refs or none."""
        for move in moves:
            if self.refs.get(move.name) != move.old:
                raise RefMovedError(f"{reason}: expected {move.name} to stay where it was, found it moved")
        self.refs.update({move.name: move.new for move in moves})


class SteppingClock:
    """A clock that only moves when told, and ids that count up; fits `Clock`."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self.time = start
        self.pauses: list[int] = []
        self.waits: list[tuple[float, float]] = []
        self._made = 0

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.time

    def step(self, seconds: int = 60) -> None:
        """Move on."""
        self.time += timedelta(seconds=seconds)

    def new_id(self) -> str:
        """Return the next id."""
        self._made += 1
        return make_uuid7(int(self.time.timestamp()) * 1000, self._made.to_bytes(10, "big"))

    def pause(self, attempt: int) -> None:
        """Note the attempt instead of waiting."""
        self.pauses.append(attempt)

    def wait(self, shortest: float, longest: float) -> None:
        """Note the wait instead of waiting."""
        self.waits.append((shortest, longest))


class MemoryOutbox:
    """Drafts in a dictionary; fits `Outbox`."""

    def __init__(self) -> None:
        self._drafts: dict[str, tuple[Draft, str | None]] = {}

    def put(self, draft: Draft, base: str | None) -> None:
        """Keep a draft."""
        self._drafts[draft.id] = (draft, base)

    def entries(self) -> Sequence[tuple[Draft, str | None]]:
        """Return the drafts by id."""
        return [self._drafts[draft_id] for draft_id in sorted(self._drafts)]

    def remove(self, ids: Iterable[str]) -> None:
        """Forget drafts."""
        for draft_id in ids:
            self._drafts.pop(draft_id, None)


class ForgetfulMemory:
    """A clone's memory in a field; fits `Memory`."""

    def __init__(self) -> None:
        self.remembered: Remembered | None = None

    def load(self) -> Remembered | None:
        """Return what was saved."""
        return self.remembered

    def save(self, remembered: Remembered) -> None:
        """Replace it."""
        self.remembered = remembered


class NoLock:
    """A lock that nobody else wants; fits `Lock`."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold nothing."""
        yield
