"""Where things stand: what runs where, what began and did not end, and what has to be done by when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from gitaudit.errors import MalformedError
from gitaudit.log.times import parse_time
from gitaudit.usecases.deploys.deployments import (
    CORRECTION,
    FINISHED,
    READING_ACTIONS,
    STARTED,
    Open,
    Stack,
    records_about,
    stack_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitaudit.ports import ObjectReader
    from gitaudit.usecases.entry import Entry

OVERRIDE = "override"
RUNNING_OUTCOMES = frozenset({"succeeded", "partial"})
"""After one of these, what was deployed runs, or a part of it."""


@dataclass(slots=True, kw_only=True)
class Standing:
    """What is known of one stack.

    Attributes:
        stack: environment, name and folder.
        last: the deployment that ended last.
        running: the last one after which what it brought runs; the same as `last` where that went well.
    """

    stack: Stack
    last: Entry
    running: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An override that has to be looked at.

    Attributes:
        entry: the override.
        what: `expiry` while it is in force, `review` where its review is not done.
        at: when it ends, or when the review falls due.
        overdue: that time has passed; never for an expiry.
    """

    entry: Entry
    what: Literal["expiry", "review"]
    at: datetime
    overdue: bool


@dataclass(slots=True, kw_only=True)
class Overview:
    """Where things stand, each list with the newest first."""

    standings: list[Standing] = field(default_factory=list)
    unfinished: list[Entry] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)


def overview(store: ObjectReader, head: str, *, environment: str | None, now: datetime) -> Overview:
    """Return where things stand; reads every record about a deployment, about 0.2 ms each. Raises `LogError`."""
    found = Overview()
    known: dict[Stack, Standing] = {}
    starts = Open()
    corrected: set[str] = set()
    reviewed: set[str] = set()
    types = (STARTED, FINISHED, CORRECTION, OVERRIDE)
    for entry in records_about(store, head, types, environment=environment):
        record = entry.record
        if starts.is_open(record):
            found.unfinished.append(entry)
        elif record.type == CORRECTION:
            corrected.add(str(record.body.get("corrects")))
        elif record.type == OVERRIDE and record.id not in corrected:
            found.due += _due(entry, reviewed, now)
        elif record.type == FINISHED and record.id not in corrected:
            _take_in(entry, known)
    found.standings = [known[stack] for stack in sorted(known)]
    return found


def _take_in(entry: Entry, known: dict[Stack, Standing]) -> None:
    record = entry.record
    if record.body.get("action") in READING_ACTIONS:
        return
    standing = known.setdefault(stack_of(record.body), Standing(stack=stack_of(record.body), last=entry))
    if standing.running is None and record.outcome in RUNNING_OUTCOMES:
        standing.running = entry


def _due(entry: Entry, reviewed: set[str], now: datetime) -> list[Due]:
    """Return what an override asks for; a record that reviews another one asks for nothing itself."""
    review = entry.record.body.get("review")
    fields = review if isinstance(review, dict) else {}
    if fields.get("reviewed_at") is not None:
        reviewed.add(str(fields.get("record", entry.record.id)))
        return []
    due: list[Due] = []
    ends, falls = _time(entry.record.body, "expires_at"), _time(fields, "due_at")
    if ends is not None and ends > now:
        due.append(Due(entry=entry, what="expiry", at=ends, overdue=False))
    if falls is not None and entry.record.id not in reviewed:
        due.append(Due(entry=entry, what="review", at=falls, overdue=falls <= now))
    return due


def _time(fields: Mapping[str, object], name: str) -> datetime | None:
    try:
        return parse_time(str(fields[name]))
    except (KeyError, MalformedError):
        return None
