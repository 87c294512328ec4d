"""Deployments in the log: what ran last where, what began and did not end, and states that moved by themselves.

Records of other kinds are passed over by the message of their commit, which costs a tenth of reading the record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitaudit.model import Finding
from gitaudit.usecases.chain import walk_back
from gitaudit.usecases.entry import Entry
from gitaudit.usecases.recent import Recent
from gitaudit.usecases.writing.notes import record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitaudit.log.record import Record
    from gitaudit.ports import ObjectReader

STARTED, FINISHED, DRIFT, CORRECTION = "deploy.started", "deploy.finished", "drift", "correction"
READING_ACTIONS = frozenset(
    {"plan", "preview", "check", "diff", "show", "validate", "output", "template", "synth", "list", "get", "status"}
)
"""What changes nothing, so that what runs somewhere is not told by it."""
LOOKED_AT = 1000
"""Records that a deployment looks back on: a look of 20 ms, however long the log is."""

_FIELDS = re.compile(rb"\nAudit-(Type|Environment): ([^\n]+)")
Stack = tuple[str, str, str]
"""Environment, name and folder of what is deployed; the latter two may be empty."""


def stack_of(body: Mapping[str, object]) -> Stack:
    """Return what a record's body says is deployed."""
    environment, stack = body.get("environment"), body.get("stack")
    where = environment if isinstance(environment, dict) else {}
    what = stack if isinstance(stack, dict) else {}
    return str(where.get("id", "")), str(what.get("name", "")), str(what.get("path", ""))


def records_about(
    store: ObjectReader, head: str, types: Iterable[str], *, environment: str | None = None, limit: int | None = None
) -> Iterator[Entry]:
    """Yield the records of some types, newest first; corrections, which name no environment, of all environments.

    Args:
        store: the repository.
        head: of the log.
        types: record types.
        environment: only of this one.
        limit: number of records of any type to look at, None for all.
    """
    wanted = {one.encode("ascii") for one in types}
    reader = Recent(store)
    for number, link in enumerate(walk_back(reader, head)):
        if limit is not None and number >= limit:
            return
        told = dict(_FIELDS.findall(reader.read(link.commit)[1]))
        if told.get(b"Type") not in wanted:
            continue
        where = told.get(b"Environment")
        if environment is None or where is None or where == environment.encode():
            yield Entry(commit=link.commit, record=record_of(reader, link.commit))


@dataclass(slots=True)
class Open:
    """Which starts have an end, told by the records that come after them; records are taken in newest first."""

    ended: set[str] = field(default_factory=set)

    def is_open(self, record: Record) -> bool:
        """Take in a record; return whether it is a start that nothing so far has ended."""
        if record.type == STARTED:
            return record.id not in self.ended
        name = {FINISHED: "started", CORRECTION: "corrects"}.get(record.type)
        if name is not None:
            self.ended.add(str(record.body.get(name)))
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the last records say of one stack.

    Attributes:
        unfinished: starts without an end, newest first.
        state: after the last run that ended, as a STATE object; None where it is not known.
    """

    unfinished: tuple[Entry, ...]
    state: Mapping[str, object] | None


def history_of(store: ObjectReader, head: str, stack: Stack) -> History:
    """Return what the last `LOOKED_AT` records say of a stack."""
    starts, unfinished = Open(), []
    state: Mapping[str, object] | None = None
    known = False
    types = (STARTED, FINISHED, DRIFT, CORRECTION)
    for entry in records_about(store, head, types, environment=stack[0], limit=LOOKED_AT):
        record = entry.record
        is_open = starts.is_open(record)
        if record.type == CORRECTION or stack_of(record.body) != stack:
            continue
        if is_open:
            unfinished.append(entry)
            known = True  # what it did to the state is not known
        elif record.type in {FINISHED, DRIFT} and not known:
            state = state_in(record, "after")
            known = state is not None
    return History(unfinished=tuple(unfinished), state=state)


def state_in(record: Record, when: str) -> Mapping[str, object] | None:
    """Return the STATE object of a record, None where it has none."""
    states = record.body.get("state")
    found = states.get(when) if isinstance(states, dict) else None
    return found if isinstance(found, dict) else None


def gap_findings(store: ObjectReader, head: str) -> list[Finding]:
    """Return what is missing between deployments: ends of what began, and reasons for states that moved.

    A start without an end is a warning: it may still run. A state that moved between two records, without a drift
    record that says so, is an error: something was changed that the log does not have.
    """
    starts, findings = Open(), []
    later: dict[Stack, tuple[Record, Mapping[str, object]] | None] = {}
    for entry in records_about(store, head, (STARTED, FINISHED, DRIFT, CORRECTION)):
        record = entry.record
        if starts.is_open(record):
            findings.append(_unfinished(entry))
            before = state_in(record, "before")
            later[stack_of(record.body)] = None if before is None else (record, before)
        elif record.type in {FINISHED, DRIFT}:
            findings += _moved(entry, later)
    return findings[::-1]


def _moved(entry: Entry, later: dict[Stack, tuple[Record, Mapping[str, object]] | None]) -> Iterator[Finding]:
    """Compare the state that a record left with the one that the next run met."""
    record, stack = entry.record, stack_of(entry.record.body)
    before, after = state_in(record, "before"), state_in(record, "after")
    next_one = later.get(stack)
    if after is not None and next_one is not None and place_of(after) != place_of(next_one[1]):
        met = next_one[0]
        yield Finding(
            rule="state-moved",
            severity="error",
            message=f"the state of {named(stack)} moved between record {record.index} and record {met.index}",
            index=met.index,
            id=met.id,
            commit=None,
            expected=_told(after),
            found=_told(next_one[1]),
        )
    if before is not None:
        later[stack] = (record, before)
    elif after is not None or record.type == FINISHED:
        later.pop(stack, None)


def place_of(state: Mapping[str, object]) -> tuple[object, object]:
    """Return what tells one write of a state from another."""
    return state.get("lineage"), state.get("serial")


def _told(state: Mapping[str, object]) -> str:
    return f"serial {state.get('serial')} of lineage {state.get('lineage', 'none')}"


def named(stack: Stack) -> str:
    """Return a stack for people, such as `prod` or `prod, stack net`."""
    environment, name, _ = stack
    return f"{environment}, stack {name}" if name else environment


def _unfinished(entry: Entry) -> Finding:
    record = entry.record
    where = named(stack_of(record.body))
    return Finding(
        rule="unfinished",
        severity="warning",
        message=f"a deployment to {where} began at {record.text('occurred_at')} and no record says how it ended",
        index=record.index,
        id=record.id,
        commit=entry.commit,
        expected="a deploy.finished record that names it, or a correction",
        found="neither",
    )
