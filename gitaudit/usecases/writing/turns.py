"""When a command pushes, where many write to one log at once: few pushes are lost, and nobody waits for ever.

Whoever has lost a race waits a random time, and then until the log rests: a push into the middle of another writer's
series would be lost, or make that one lose. So one writer finishes what it has while the others ask now and then.

A push over a slow link takes so long that faster writers would always come first. Where a log is crowded, the last
seconds of each minute are therefore left to those who have lost a race and whom the remote answers slowly. Nobody has
to agree on that beforehand, and clocks may differ by some seconds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.usecases.chain import parent_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.ports import Clock, ObjectReader

REST_SECONDS = (0.4, 0.8)
"""For so long the log has to stay as it is; one writer's series has shorter gaps."""
MAX_DEFERRED = 40
"""So often a command lets others go on before it pushes all the same."""
CROWD, CROWD_SECONDS = 20, 60
"""A log is crowded where its newest so many records are younger than so many seconds."""
SLOW_SECONDS = 0.5
"""Where asking the remote takes longer, the link is slow."""
LANE_SECONDS, NEAR_SECONDS = 8, 10
"""So many seconds at the end of each minute are for slow links, who wait for them where they are so near."""
SPREAD_SECONDS = 1.0
_MINUTE = 60
_SIGNED_AT = re.compile(rb"\ncommitter [^\n]* ([0-9]{1,12}) \+0000\n")


class Turns:
    """Says when one command makes its next attempt."""

    def __init__(self, store: ObjectReader, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._deferred = 0
        self._slow = False

    def wait(self, attempt: int, head: str | None, look: Callable[[], str | None]) -> bool:
        """Wait until it is time for an attempt.

        Args:
            attempt: its number, from 0; the first one waits only where a slow link has its turn.
            head: the published head, as far as known.
            look: asks the remote and returns its head.

        Returns:
            Whether the remote was asked just now.
        """
        if not attempt:
            self._leave_lane(head)
            return False
        while True:
            self._pause(attempt + self._deferred, head)
            if self._deferred >= MAX_DEFERRED:
                return False
            before = self._timed(look)
            self._clock.wait(*REST_SECONDS)
            head = self._timed(look)
            if head == before:
                return True
            self._deferred += 1

    def _timed(self, look: Callable[[], str | None]) -> str | None:
        """Ask the remote, and note whether the link is slow."""
        began = self._clock.now()
        head = look()
        self._slow = (self._clock.now() - began).total_seconds() > SLOW_SECONDS
        return head

    def _pause(self, number: int, head: str | None) -> None:
        """Pause, on a slow link so that the end of the minute is not missed where the log is crowded."""
        until = _MINUTE - LANE_SECONDS - self._second()
        if self._slow and until <= NEAR_SECONDS and self._is_crowded(head):
            self._clock.wait(max(until, 0), max(until, 0) + SPREAD_SECONDS)
            return
        self._clock.pause(number)
        self._leave_lane(head)

    def _leave_lane(self, head: str | None) -> None:
        """Where the log is crowded, let slow links have the end of the minute."""
        left = _MINUTE - self._second()
        if not self._slow and left <= LANE_SECONDS and self._is_crowded(head):
            self._clock.wait(left, left + SPREAD_SECONDS)

    def _second(self) -> float:
        now = self._clock.now()
        return now.second + now.microsecond / 1_000_000

    def _is_crowded(self, head: str | None) -> bool:
        """Return whether the newest records are so young that their writers must be many; a few reads."""
        raw = b""
        for _ in range(CROWD):
            if head is None:
                return False
            try:
                raw = self._store.read(head)[1]
            except LogError:
                return False  # a clone that has not fetched it yet
            head = parent_of(raw)
        signed = _SIGNED_AT.search(raw)
        return signed is not None and self._clock.now().timestamp() - int(signed[1]) < CROWD_SECONDS
