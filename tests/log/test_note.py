"""Lines of notes, where they stand, and the message of a notes commit."""

from __future__ import annotations

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.note import format_note_line, format_notes_message, note_path, notes_origin, parse_notes_message
from gitaudit.log.record import Record

HEAD = "ab" * 20


def test_line() -> None:
    """A line has index, time, first line of the message, signer and id of the record."""
    record = Record(
        raw=b"",
        document={
            "index": 7, "recorded_at": "2026-01-01T00:00:00Z", "type": "freeze", "body": {"state": "end"},
            "recorded_by": "openpgp:AB", "id": "019b",
        },
    )  # fmt: skip
    assert format_note_line(record) == b"7 2026-01-01T00:00:00Z freeze: end openpgp:AB 019b\n"


def test_path() -> None:
    """The note of a commit stands two folders deep, which git finds by itself."""
    assert note_path("3f2a9c14" + "ab" * 16) == "3f/2a/9c14" + "ab" * 16


@pytest.mark.parametrize("size", [1, 2, 100_000_000])
@pytest.mark.parametrize("origin", ["example.com/infra", "x" * 255])
def test_message_round_trip(origin: str, size: int) -> None:
    """A message is read back as log, head and size."""
    message = format_notes_message(origin, HEAD, size)
    assert (parse_notes_message(message), notes_origin(message)) == ((HEAD, size), origin)


def test_message_text() -> None:
    """The noun agrees with the number."""
    assert format_notes_message("o", HEAD, 1).decode() == (
        f"notes of 1 record\n\nAudit-Origin: o\nAudit-Head: {HEAD}\nAudit-Size: 1\n"
    )
    assert format_notes_message("o", HEAD, 2).startswith(b"notes of 2 records\n")


GOOD = format_notes_message("example.com/infra", HEAD, 2)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"Notes added by 'git notes add'\n",
        GOOD[:-1],
        GOOD + b"x",
        GOOD.replace(b"records", b"record"),
        GOOD.replace(b"of 2", b"of 3"),
        GOOD.replace(b"of 2", b"of 02").replace(b"Size: 2", b"Size: 02"),
        GOOD.replace(b"Head: ab", b"Head: AB"),
        GOOD.replace(b"example", b"\xff"),
        GOOD.replace(b"example.com/infra", b""),
        GOOD.replace(b"example.com/infra", b"x" * 256),
    ],
)
def test_other_messages(message: bytes) -> None:
    """What gitaudit would not have written is refused."""
    for parse in (parse_notes_message, notes_origin):
        with pytest.raises(MalformedError):
            parse(message)
