"""The time of day, fresh identities and waiting; the only reader of clocks and of randomness."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from gitaudit.log.uuid7 import make_uuid7

FIRST_PAUSE_SECONDS = 1.0
"""A few times what fetching, signing and pushing take: a shorter pause would only meet the same writer again."""
LONGEST_PAUSE_SECONDS = 10.0
"""Thirty who wait look some six times a second; the last of them finds the log free within this time."""
GROWTH = 3.0
"""Many who begin at once spread out with few pushes lost."""
PAUSE_SCALE = 1.0
"""Tests in which nobody races set it to nothing."""


class SystemClock:
    """Fits the port `Clock`."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> datetime:
        """Return the current time, aware, UTC."""
        return datetime.now(tz=UTC)

    def new_id(self) -> str:
        """Return a fresh UUIDv7; ids made in one process sort in the order they were made (RFC 9562, section 6.2)."""
        self._last = max(self._last + 1, time.time_ns() // 1_000_000)
        return make_uuid7(self._last, os.urandom(10))

    def pause(self, attempt: int) -> None:
        """Wait a random time up to `longest_pause`."""
        self.wait(0, longest_pause(attempt))

    def wait(self, shortest: float, longest: float) -> None:
        """Wait a random time between two bounds, in seconds."""
        import random

        time.sleep(PAUSE_SCALE * random.uniform(shortest, longest))  # noqa: S311 - spreads writers out, guards nothing


def wait(seconds: float) -> None:
    """Wait so long."""
    time.sleep(seconds)


def longest_pause(attempt: int) -> float:
    """Return the bound of the pause before an attempt (1, 2, 3, …), in seconds; it triples up to ten seconds."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * GROWTH ** (attempt - 1))
