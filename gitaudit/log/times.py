"""Times as text: RFC 3339, UTC, whole seconds, `2026-11-22T20:39:00Z`, from year 1 to year 9999."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from gitaudit.errors import MalformedError

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


def format_time(moment: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC; fractions of a second are cut off."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_time(text: str) -> datetime:
    """Return the aware UTC time that `format_time` wrote as `text`.

    Raises:
        MalformedError: another form, or no such time (a leap second is none here).
    """
    if _TIME.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
            if format_time(moment) == text:  # Python 3.14 takes 24:00:00 for the next day
                return moment
        except ValueError:
            pass  # a month 13 or an hour 25: told below like any other form
    raise MalformedError("expected a time such as 2026-11-22T20:39:00Z, found another form")


def epoch(moment: datetime) -> int:
    """Return whole seconds since 1970-01-01T00:00:00Z."""
    return int(moment.timestamp())


def from_epoch(seconds: int) -> datetime:
    """Return the aware UTC time of whole seconds since 1970-01-01T00:00:00Z.

    Raises:
        MalformedError: before year 1 or after year 9999.
    """
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedError(f"expected a time before the year 10000, found {seconds} seconds since 1970") from error
