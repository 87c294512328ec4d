"""Taking names, numbers and times out of JSON whose every field may be of any type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitaudit.iac.names import ATTRIBUTE_LIMIT, ELLIPSIS, NAME_LIMIT, visible
from gitaudit.iac.text import Number

if TYPE_CHECKING:
    from collections.abc import Iterable

ATTRIBUTES = 64
"""Attribute names a resource item may have."""
MAX_SECONDS = 10**9


def mapping(fields: dict[str, object], *keys: str) -> dict[str, object]:
    """Return the object that `keys` lead to, an empty one where any of them leads to something else."""
    for key in keys:
        value = fields.get(key)
        if not isinstance(value, dict):
            return {}
        fields = value
    return fields


def objects(value: object) -> list[dict[str, object]]:
    """Return the objects of a list, in order; none of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(fields: dict[str, object], key: str) -> str:
    """Return the text of a field as it is, to be compared and not shown; empty where there is none."""
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def name(fields: dict[str, object], key: str, limit: int = NAME_LIMIT) -> str | None:
    """Return the name in a field, made safe to show; None where there is none."""
    value = text(fields, key)
    return visible(value, limit) if value else None


def flag(fields: dict[str, object], key: str) -> bool | None:
    """Return the truth value of a field, None where there is none."""
    value = fields.get(key)
    return value if isinstance(value, bool) else None


def count(fields: dict[str, object], key: str) -> int:
    """Return the number in a field, 0 where there is none above it; at most 15 digits, as `text.read` has them."""
    value = fields.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def seconds(value: object) -> int | None:
    """Return whole seconds from 0 to `MAX_SECONDS`, rounded down; None for anything else."""
    if isinstance(value, Number):
        try:
            value = int(float(value.text))
        except OverflowError:
            return None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_SECONDS else None


def moment(value: object) -> float | None:
    """Return an ISO 8601 time as seconds, to be compared with others of the same file; None for anything else.

    A time without an offset counts as UTC; tools do not mix the two in a file.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def between(start: float | None, end: float | None) -> int | None:
    """Return the whole seconds from one moment to another, None where either is missing or they are the wrong way."""
    return None if start is None or end is None else seconds(int(end - start)) if end >= start else None


def attribute_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return at most `ATTRIBUTES` names in order, made safe to show; the last one says how many more there are."""
    shown = sorted({visible(each, ATTRIBUTE_LIMIT) for each in names})
    if len(shown) > ATTRIBUTES:
        shown[ATTRIBUTES - 1 :] = [f"{ELLIPSIS} and {len(shown) - ATTRIBUTES + 1} more"]
    return tuple(shown)
