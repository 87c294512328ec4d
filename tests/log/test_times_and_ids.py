"""Times as text and as seconds, and ids of records."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.times import epoch, format_time, from_epoch, parse_time
from gitaudit.log.uuid7 import is_uuid7, make_uuid7


def test_format() -> None:
    """Times are written in UTC, with four digits of the year and without fractions of a second."""
    moment = datetime(2026, 11, 22, 20, 39, 0, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert format_time(moment) == "2026-11-22T15:09:00Z"
    assert format_time(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["2026-11-22T20:39:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_parse(text: str) -> None:
    """A time that was written is read back, aware and in UTC."""
    found = parse_time(text)
    assert format_time(found) == text
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-22", "2026-11-22T20:39:00", "2026-11-22T20:39:00+00:00", "2026-11-22T20:39:00.0Z", "20261122T203900Z",
     "2026-11-31T00:00:00Z", "2026-00-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T24:00:00Z",
     "2026-12-31T23:59:60Z", "2026-W48-7T00:00:00Z", "\u0662026-01-01T00:00:00Z", "2026-11-22T20:39:00Z\n"],
)  # fmt: skip
def test_parse_refuses(text: str) -> None:
    """Other forms, and times that do not exist, are refused."""
    with pytest.raises(MalformedError, match="expected a time such as"):
        parse_time(text)


def test_seconds() -> None:
    """Seconds since 1970 and times belong to each other one to one, before 1970 too."""
    for seconds in (0, -1, 1_700_000_000, 253_402_300_799):
        assert epoch(from_epoch(seconds)) == seconds
    assert format_time(from_epoch(253_402_300_799)) == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize("seconds", [253_402_300_800, 10**15, -(10**15), 10**30])
def test_seconds_out_of_bounds(seconds: int) -> None:
    """Seconds before the year 1 or after the year 9999 are no time."""
    with pytest.raises(MalformedError):
        from_epoch(seconds)


@pytest.mark.parametrize("random", [b"\0" * 10, b"\xff" * 10, bytes(range(10))])
@pytest.mark.parametrize("milliseconds", [0, 1_764_000_000_123, 2**48 - 1])
def test_ids(milliseconds: int, random: bytes) -> None:
    """An id is a UUID of version 7 and the variant of RFC 9562 that begins with its time."""
    text = make_uuid7(milliseconds, random)
    made = uuid.UUID(text)
    assert (str(made), made.version, made.variant) == (text, 7, uuid.RFC_4122)
    assert made.int >> 80 == milliseconds
    assert is_uuid7(text)


def test_ids_sort_by_time() -> None:
    """A later id is greater as text."""
    assert make_uuid7(1, b"\xff" * 10) < make_uuid7(2, b"\0" * 10)


def test_ids_use_all_the_randomness() -> None:
    """74 of the 80 random bits stand in an id."""
    ids = {make_uuid7(0, (1 << bit).to_bytes(10, "big")) for bit in range(80)}
    assert len(ids - {make_uuid7(0, bytes(10))}) == 74


@pytest.mark.parametrize("text", ["", str(uuid.UUID(int=0)), "019B7C54-2E00-7000-8000-000000000000", "x" * 36])
def test_other_ids(text: str) -> None:
    """Other versions and spellings are no ids."""
    assert not is_uuid7(text)
