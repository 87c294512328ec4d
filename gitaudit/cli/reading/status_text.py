"""Where things stand, as text and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.cli.output import escape
from gitaudit.cli.reading.render import COLORS, counted
from gitaudit.log.times import format_time
from gitaudit.usecases.deploys.deployments import named, stack_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.cli.output import Output
    from gitaudit.usecases.chain import Link
    from gitaudit.usecases.entry import Entry
    from gitaudit.usecases.status import Due, Overview, Standing

SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What this clone knows beside the log.

    Attributes:
        unpublished: number of records that only this clone has.
        waiting: number of drafts in its outbox.
        not_arrived: change records of which a remote has not what they tell, newest first.
    """

    unpublished: int
    waiting: int
    not_arrived: tuple[Link, ...]


def status_fields(found: Overview, here: Here) -> dict[str, object]:
    """Return the fields of the JSON document."""
    return {
        "deployments": [
            {
                **_stack_fields(one.last),
                "last": _entry_fields(one.last),
                "running": None if one.running is None else _entry_fields(one.running),
            }
            for one in found.standings
        ],
        "unfinished": [{**_stack_fields(one), **_entry_fields(one)} for one in found.unfinished],
        "due": [_due_fields(one) for one in found.due],
        "unpublished": here.unpublished,
        "waiting": here.waiting,
        "not_arrived": [
            {"index": link.size - 1, "id": link.record_id, "commit": link.changed} for link in here.not_arrived
        ],
    }


def status_lines(found: Overview, output: Output, here: Here) -> Iterator[str]:
    """Yield what stands where, then what somebody should do something about."""
    if not found.standings:
        yield "no deployment has ended yet"
    for one in found.standings:
        yield from _standing_lines(one, output)
    for entry in found.unfinished:
        record = entry.record
        place, began = escape(named(stack_of(record.body))), escape(record.text("occurred_at"))
        word = output.style("unfinished", "yellow")
        yield f"{word}: {place} began at {began} and has no end, record #{record.index} {escape(record.id)}"
    for due in found.due:
        yield _due_line(due, output)
    for link in here.not_arrived:
        word = output.style("not arrived", "yellow")
        yield f"{word}: commit {escape(link.changed)}, record #{link.size - 1} {escape(link.record_id)}"
    if here.unpublished or here.waiting:
        word = output.style("unpublished", "magenta")
        told = f"{counted(here.unpublished, 'record')} only here, {here.waiting} waiting"
        yield f"{word}: {told}; `gitaudit sync` publishes them"


def _standing_lines(one: Standing, output: Output) -> Iterator[str]:
    place = output.style(escape(named(one.stack)), "bold")
    yield f"{place}: {_told(one.last, output)}"
    if one.running is None:
        yield "    nothing is known to run: no deployment to it has succeeded"
    elif one.running is not one.last:
        yield f"    runs: {_told(one.running, output)}"


def _told(entry: Entry, output: Output) -> str:
    record = entry.record
    outcome = escape(record.outcome or "unknown")
    commit = escape(str(record.subject.get("commit", ""))[:SHORT])
    when = output.style(escape(record.text("occurred_at")), "dim")
    return f"{output.style(outcome, COLORS.get(outcome, 'yellow'))} {commit} {when} record #{record.index}"


def _due_line(due: Due, output: Output) -> str:
    record = due.entry.record
    where = f" of {escape(record.environment)}" if record.environment else ""
    control = escape(str(record.body.get("control")))
    when = format_time(due.at)
    if due.what == "expiry":
        return (
            f"{output.style('override', 'yellow')}: {control}{where} is bypassed until {when}, record #{record.index}"
        )
    word = output.style("overdue", "red") if due.overdue else output.style("due", "yellow")
    verb = "fell due" if due.overdue else "falls due"
    return f"{word}: the review of the override of {control}{where} {verb} at {when}, record #{record.index}"


def _stack_fields(entry: Entry) -> dict[str, object]:
    environment, name, path = stack_of(entry.record.body)
    return {"environment": environment, "stack": name or None, "path": path or None}


def _entry_fields(entry: Entry) -> dict[str, object]:
    record = entry.record
    return {
        "index": record.index,
        "id": record.id,
        "outcome": record.outcome,
        "commit": record.subject.get("commit"),
        "occurred_at": record.text("occurred_at"),
    }


def _due_fields(due: Due) -> dict[str, object]:
    record = due.entry.record
    return {
        "index": record.index,
        "id": record.id,
        "environment": record.environment,
        "control": record.body.get("control"),
        "what": due.what,
        "at": format_time(due.at),
        "overdue": due.overdue,
    }
