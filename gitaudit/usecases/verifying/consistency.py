"""What a record's schema cannot say of it: fields that must fit each other (docs/format.md, "Consistency").

Nothing here needs more than the record itself. Any JSON object is taken, so that a record can be told all its faults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitaudit.errors import MalformedError
from gitaudit.log.paths import ATTACHMENTS
from gitaudit.log.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitaudit.log.record import Record

LISTS = {
    "": ("files", "resources"),
    "plan": ("resources", "outputs", "drift"),
    "result": ("resources", "outputs"),
    "state.before": ("resources", "outputs"),
    "state.after": ("resources", "outputs"),
    "hints": ("files",),
}
"""Fields that hold a LIST, by the object of the body that they stand in, with dots; empty for the body itself."""
TIMES = {
    "": ("authored_at", "committed_at", "started_at", "finished_at", "expires_at", "from", "until"),
    "review": ("due_at", "reviewed_at"),
}
"""Fields that hold a time, likewise."""
OTHER_ACTORS = ("executor", "triggered_by")
"""Actors of a body that nothing but the record's own signature can prove."""


def contradictions(record: Record) -> list[str]:
    """Return what in a record does not fit, one message each, lower case, without values of the record."""
    return [*_lists(record.body), *_times(record.body), *_actors(record), *_evidence(record)]


def _lists(body: Mapping[str, Any]) -> Iterator[str]:
    for name, value in _fields(body, LISTS):
        total, items = (value.get("total"), value.get("items")) if type(value) is dict else (None, None)
        if type(total) is not int or type(items) is not list:
            continue
        if len(items) > total:
            yield f"expected at most as many items in {name} as its total, found {len(items)}"
        elif ("sha256" in value) != (len(items) < total):
            yield f"expected sha256 in {name} exactly where items holds fewer than total"


def _times(body: Mapping[str, Any]) -> Iterator[str]:
    for name, value in _fields(body, TIMES):
        if type(value) is str:
            try:
                parse_time(value)
            except MalformedError as error:
                yield f"{name}: {error.message}"


def _actors(record: Record) -> Iterator[str]:
    for name in OTHER_ACTORS:
        value: Any = record.body.get(name)
        if type(value) is dict and value.get("auth") == "gpg" and value.get("id") != record.text("recorded_by"):
            yield f"expected auth gpg of {name} only where it is the signer"


def _evidence(record: Record) -> Iterator[str]:
    evidence = record.body.get("evidence")
    for entry in evidence if type(evidence) is list else []:
        if type(entry) is dict and entry.get("stored") == "attachment":
            digest = f"{entry.get('sha256')}"
            if record.listed_files().get(f"{ATTACHMENTS}/{digest}") != digest:
                yield "expected stored evidence among files as an attachment, found it missing"


def _fields(body: Mapping[str, Any], places: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a body that stand at some places, with their names."""
    for inner, names in places.items():
        holder: Any = body
        for step in inner.split(".") if inner else ():
            holder = holder.get(step) if type(holder) is dict else None
        if type(holder) is dict:
            for name in names:
                if name in holder:
                    yield f"{inner}.{name}" if inner else name, holder[name]
