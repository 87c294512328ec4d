"""Any byte of a written value changed: it is refused, or it is another value that would be written just so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.canonical import decode, encode
from gitaudit.log.commit import format_commit, parse_commit
from gitaudit.log.merkle import format_frontier, parse_frontier
from gitaudit.log.note import format_notes_message, notes_origin, parse_notes_message
from gitaudit.log.openpgp import parse_armored
from gitaudit.log.times import format_time, parse_time
from gitaudit.log.tree import format_tree, parse_tree
from gitaudit.log.uuid7 import is_uuid7
from tests.vectors.reading import SINGLES, parse_single

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def vector(name: str) -> bytes:
    """Return the value of a good vector."""
    single = parse_single((SINGLES / f"{name}.vec").read_bytes())
    assert single.header["expect"] == "good"
    return single.body


def commit_again(data: bytes) -> bytes:
    """Return a commit read and written, and its signature too."""
    parsed = parse_commit(data)
    return format_commit(parsed.text, parse_armored(parsed.armored).armored)


def notes_message_again(data: bytes) -> bytes:
    """Return the message of a notes commit read and written."""
    return format_notes_message(notes_origin(data), *parse_notes_message(data))


def time_again(data: bytes) -> bytes:
    """Return a time read and written."""
    return format_time(parse_time(data.decode("latin-1"))).encode("latin-1")


def id_again(data: bytes) -> bytes:
    """Return an id, which is only looked at."""
    if not is_uuid7(data.decode("latin-1")):
        raise MalformedError("no id")
    return data.lower()


FORMS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "json": (vector("json/nested"), lambda data: encode(decode(data))),
    "record": (vector("record/plain"), lambda data: encode(decode(data))),
    "frontier": (vector("frontier/007"), lambda data: format_frontier(parse_frontier(data, 7))),
    "signature": (vector("signature/plain"), lambda data: parse_armored(data).armored),
    "commit": (vector("commit/plain"), commit_again),
    "tree": (vector("tree/folder-after-dot"), lambda data: format_tree(parse_tree(data))),
    "notes message": (vector("notes-message/2"), notes_message_again),
    "time": (b"2026-11-22T20:39:00Z", time_again),
    "id": (b"019b7c54-2e00-7000-8000-000000000000", id_again),
}


def mutants(data: bytes) -> Iterator[bytes]:
    """Yield the bytes with one changed, dropped, repeated or put in."""
    for at in range(len(data)):
        before, byte, after = data[:at], data[at : at + 1], data[at + 1 :]
        for mask in (1, 2, 4, 8, 16, 32, 64, 128):
            yield before + bytes([byte[0] ^ mask]) + after
        yield before + after
        yield before + byte * 2 + after
        yield before + b"\n" + byte + after
        yield before + b" " + byte + after
    yield from (data + more for more in (b"\n", b" ", b"\0", data))


@pytest.mark.parametrize("form", FORMS)
def test_changed_values(form: str) -> None:
    """Nothing that differs in a single byte is taken for the value that was written."""
    data, again = FORMS[form]
    assert again(data) == data
    taken = 0
    for mutant in mutants(data):
        try:
            written = again(mutant)
        except (MalformedError, UnicodeDecodeError):
            continue
        assert written == mutant
        taken += mutant != data
    assert taken < len(data) * 12
