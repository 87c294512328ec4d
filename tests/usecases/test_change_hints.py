"""How much work the hints of one commit may be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitaudit.log.tree import Entry
from gitaudit.testing import MemoryStore, SteppingClock
from gitaudit.usecases.changes import change_hints
from gitaudit.usecases.changes.change_hints import Hinter
from gitaudit.usecases.changes.source_files import FileChange

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

GOOD = b'variable "a" {}\n'
SLOW = b"a = " + b'"\n' * 60_000
"""What the parser would try to mend for half a minute."""


class RunningClock(SteppingClock):
    """A clock that moves on each time that it is looked at."""

    def now(self) -> datetime:
        """Return the time, and move on."""
        self.time += timedelta(seconds=0.01)
        return self.time


def named(*contents: bytes) -> list[bool]:
    """Return of new files, all of one commit, whether the hints name their blocks."""
    store = MemoryStore()
    changes = [
        FileChange(f"{number}.tf".encode(), None, Entry(b"100644", bytes.fromhex(store.write("blob", content))))
        for number, content in enumerate(contents)
    ]
    hints = Hinter(store=store, clock=RunningClock()).hints(changes)
    assert hints is not None
    files = hints["files"]
    assert isinstance(files, dict)
    return ["blocks" in item for item in files["items"]]


def test_a_commit_has_a_second_for_its_parses() -> None:
    """What comes before has blocks, the file that takes too long has none, and nothing is left for those after it."""
    assert named(GOOD, SLOW, GOOD) == [True, False, False]


def test_each_commit_has_a_second_of_its_own() -> None:
    """Many small files do not use it up."""
    assert named(*[GOOD] * 20) == [True] * 20


def test_a_commit_has_so_many_bytes_for_its_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A smaller file that fits what is left is still parsed."""
    monkeypatch.setattr(change_hints, "MAX_PARSED_BYTES", 3 * len(GOOD))
    assert named(GOOD, GOOD * 4, GOOD, GOOD, GOOD) == [True, False, True, True, False]
