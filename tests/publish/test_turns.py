"""When a command pushes again: after a pause, when the log rests, and where a slow link has its own turn."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters import clock
from gitaudit.testing import MemoryStore, SteppingClock
from gitaudit.usecases.writing.turns import CROWD, LANE_SECONDS, MAX_DEFERRED, REST_SECONDS, SLOW_SECONDS, Turns

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
LANE_BEGINS = 60 - LANE_SECONDS
SLOW = timedelta(seconds=SLOW_SECONDS * 2)


def log(store: MemoryStore, records: int, *, age: int) -> str:
    """Return the head of a chain of commits, all signed so many seconds before noon."""
    at = int(NOON.timestamp()) - age
    head = ""
    for _ in range(records):
        parent = f"parent {head}\n" if head else ""
        who = f"a <a@example.invalid> {at} +0000"
        text = f"tree {'0' * 40}\n{parent}author {who}\ncommitter {who}\n\nrecord\n"
        head = store.write("commit", text.encode())
    return head


def heads(*values: str) -> Callable[[], str | None]:
    """Return what answers with these heads, one after the other, the last one again and again."""
    rest = list(values)
    return lambda: rest.pop(0) if len(rest) > 1 else rest[0]


@pytest.fixture
def store() -> MemoryStore:
    """Give an empty repository."""
    return MemoryStore()


def at_second(second: float) -> SteppingClock:
    """Return a clock that stands at a second of the minute after noon."""
    return SteppingClock(NOON + timedelta(seconds=second))


def test_the_first_attempt_waits_for_nobody(store: MemoryStore) -> None:
    """Where the log is not crowded, nothing is asked and nothing waited for, at whatever second."""
    for second in (0, LANE_BEGINS + 1):
        stands = at_second(second)
        assert not Turns(store, stands).wait(0, log(store, CROWD - 1, age=5), heads("unused"))
        assert (stands.pauses, stands.waits) == ([], [])


def test_a_lost_race_waits_until_the_log_rests(store: MemoryStore) -> None:
    """As long as the head moves between two looks, others are let go on; pauses grow meanwhile."""
    stands = at_second(0)

    asked = Turns(store, stands).wait(1, "a", heads("b", "c", "d", "e", "e"))

    assert asked
    assert stands.pauses == [1, 2, 3]
    assert stands.waits == [REST_SECONDS] * 3


def test_a_log_that_never_rests_is_waited_for_so_often(store: MemoryStore) -> None:
    """In the end it pushes all the same; the bound is for all attempts of a command together."""
    stands = at_second(0)
    turns = Turns(store, stands)
    numbers = iter(range(1_000_000))

    first = turns.wait(1, None, lambda: str(next(numbers)))
    second = turns.wait(2, None, lambda: str(next(numbers)))

    assert (first, second) == (False, False)
    assert len(stands.waits) == MAX_DEFERRED
    assert len(stands.pauses) == MAX_DEFERRED + 2


@pytest.mark.parametrize(
    ("second", "expected"),
    [(LANE_BEGINS + 3, [60 - LANE_BEGINS - 3]), (LANE_BEGINS - 1, [])],
    ids=["until-it-is-over", "before-it-begins-nobody-waits"],
)
@pytest.mark.parametrize("attempt", [0, 1])
def test_the_end_of_the_minute_is_not_for_fast_links(
    store: MemoryStore, second: int, expected: list[int], attempt: int
) -> None:
    """In a crowded log, a fresh record and one that lost a race wait until it is over."""
    stands, head = at_second(second), log(store, CROWD, age=-20)

    Turns(store, stands).wait(attempt, head, heads(head))

    assert [round(shortest) for shortest, _ in stands.waits if (shortest, _) != REST_SECONDS] == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [(LANE_BEGINS - 20, None), (LANE_BEGINS - 6, 6), (LANE_BEGINS + 3, 0)],
    ids=["too-far", "near", "now"],
)
def test_it_is_for_slow_links(store: MemoryStore, second: int, expected: int | None) -> None:
    """Whom the remote answers slowly, and who found the log moved, waits for it where it is near, else as others do."""
    stands, head = at_second(second), log(store, CROWD, age=-20)
    turns = Turns(store, stands)
    turns._timed(lambda: setattr(stands, "time", stands.time + SLOW))
    stands.time -= SLOW

    turns.wait(1, head, heads(head))

    lane = [round(shortest) for shortest, longest in stands.waits if (shortest, longest) != REST_SECONDS]
    assert lane == ([] if expected is None else [expected])
    assert stands.pauses == ([1] if expected is None else [])


@pytest.mark.parametrize(("records", "age"), [(CROWD - 1, 5), (CROWD, 61)])
def test_only_a_crowded_log_has_such_turns(store: MemoryStore, records: int, age: int) -> None:
    """Few records, or old ones: nobody waits for the minute to end."""
    stands = at_second(LANE_BEGINS + 3)

    Turns(store, stands).wait(0, log(store, records, age=age), heads("unused"))

    assert stands.waits == []


def test_waits_are_random_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait of the real clock lies between its bounds, and two are hardly the same."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)

    for _ in range(50):
        clock.SystemClock().wait(*REST_SECONDS)

    shortest, longest = REST_SECONDS
    assert all(shortest <= one <= longest for one in slept)
    assert len(set(slept)) > 25
