"""When a command pushes, where many write to one log at once: few pushes are lost, and nobody waits for ever.

Whoever has lost a race waits a random time, and then until the log rests: a push into the middle of another writer's
series would be lost, or make that one lose. So one writer finishes what it has while the others ask now and then.

A push over a slow link takes so long that faster writers would always come first. Where a log is crowded, the last
seconds of each minute are therefore left to those who lost a race with a push that took long. Nobody has to agree on
that beforehand, and clocks may differ by some seconds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.usecases.chain import parent_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from gitaudit.ports import Clock, ObjectReader

REST_SECONDS = (0.4, 0.8)
"""For so long the log has to stay as it is; one writer's series has shorter gaps."""
MAX_DEFERRED = 40
"""So often a command lets others go on before it pushes all the same."""
CROWD, CROWD_SECONDS = 20, 60
"""A log is crowded where its newest so many records are younger than so many seconds."""
SLOW_SECONDS, SLOW_LOOK_SECONDS = 1.0, 0.5
"""Where asking the remote and pushing, or asking alone, takes longer, the link is slow."""
LANE_SECONDS = 8
"""So many seconds at the end of each minute are for slow links."""
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
            self._keep_lane(head)
            return False
        while True:
            self._clock.pause(attempt + self._deferred)
            self._keep_lane(head)
            if self._deferred >= MAX_DEFERRED:
                return False
            before = self._timed(look)
            self._clock.wait(*REST_SECONDS)
            head = self._timed(look)
            if head == before:
                return True
            self._deferred += 1

    def lost(self, took: timedelta) -> None:
        """Note that a push came too late, and how long it and asking the remote before it took."""
        self._slow = took.total_seconds() > SLOW_SECONDS

    def _timed(self, look: Callable[[], str | None]) -> str | None:
        """Ask the remote, and note whether the link is slow: one that always finds the log moved never loses a push."""
        began = self._clock.now()
        head = look()
        self._slow = self._slow or (self._clock.now() - began).total_seconds() > SLOW_LOOK_SECONDS
        return head

    def _keep_lane(self, head: str | None) -> None:
        """Where the log is crowded, let slow links have the end of the minute: wait for it, or until it is over."""
        now = self._clock.now()
        second = now.second + now.microsecond / 1_000_000
        begins = _MINUTE - LANE_SECONDS
        if (second >= begins) == self._slow or not self._is_crowded(head):
            return
        until = (begins if self._slow else _MINUTE) - second
        self._clock.wait(until, until + SPREAD_SECONDS)

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
