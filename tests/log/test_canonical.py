"""Canonical JSON: one byte form for each value; everything else is refused."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.canonical import MAX_BYTES, MAX_DEPTH, MAX_INTEGER, decode, encode


def nested(levels: int) -> dict[str, Any]:
    """Return that many objects and lists within each other, an object outside."""
    value: Any = 1
    for level in reversed(range(levels)):
        value = [value] if level % 2 else {"a": value}
    assert isinstance(value, dict)
    return value


def test_layout() -> None:
    """Two spaces a level, keys sorted, a space after the colon, LF, one final LF, empty containers on one line."""
    value = {"b": [1, {"d": None, "c": True}], "a": {}, "e": [], "": False}
    inner = '    {\n      "c": true,\n      "d": null\n    }\n'
    text = '{\n  "": false,\n  "a": {},\n  "b": [\n    1,\n' + inner + '  ],\n  "e": []\n}\n'
    assert encode(value) == text.encode()


def test_keys_sort_by_code_point() -> None:
    """U+FFFF stands before U+1F600, other than in the order of UTF-16."""
    assert list(decode(encode({"\U0001f600": 1, "\uffff": 2, "z": 3}))) == ["z", "\uffff", "\U0001f600"]


def test_escapes() -> None:
    """Quotation mark, backslash and the control characters below U+0020 are escaped, nothing else is."""
    everything = "".join(map(chr, range(0x21))) + '"\\/\x7f\x80\u2028\ufeff\U0001f600'
    text = encode({"a": everything}).decode()
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    escaped = "".join(short.get(chr(code), f"\\u{code:04x}") for code in range(0x20))
    assert text == '{\n  "a": "' + escaped + ' \\"\\\\/\x7f\x80\u2028\ufeff\U0001f600"\n}\n'
    assert decode(text.encode()) == {"a": everything}


def test_tuples_are_lists() -> None:
    """A tuple is written as a list."""
    assert encode({"a": (1, ())}) == encode({"a": [1, []]})


@pytest.mark.parametrize("value", [0, 1, -1, MAX_INTEGER, -MAX_INTEGER])
def test_integers_within_bounds(value: int) -> None:
    """Integers of absolute value below 2^53 are written in digits."""
    assert decode(encode({"a": value})) == {"a": value}
    assert encode({"a": value}) == b'{\n  "a": %d\n}\n' % value


class Colour(IntEnum):
    """An integer of a class of its own."""

    RED = 1


class Text(str):
    """Text of a class of its own."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), MAX_INTEGER + 1, -MAX_INTEGER - 1, b"x", {1: 2}, {None: 2}, {1, 2}, "\ud800", {"\udfff": 1},
     Colour.RED, Text("x"), object()],
)  # fmt: skip
def test_what_has_no_canonical_form(value: object) -> None:
    """Floats, large integers, half characters, keys that are no strings and foreign types are refused."""
    with pytest.raises(MalformedError):
        encode({"a": value})


def test_depth() -> None:
    """32 levels are written and read, 33 are not."""
    assert decode(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(MalformedError, match="32 deep"):
        encode(nested(MAX_DEPTH + 1))
    deepest = nested(MAX_DEPTH)
    with pytest.raises(MalformedError, match="32 deep"):
        decode(encode(deepest).replace(b"1\n", b"{}\n"))


def test_bottomless_nesting() -> None:
    """Bytes that nest until Python gives up are refused like any others."""
    with pytest.raises(MalformedError, match="32 deep"):
        decode(b'{\n  "a": ' + b"[" * 30_000 + b"]" * 30_000 + b"\n}\n")


def test_size() -> None:
    """65,535 bytes are read, one more is not."""
    room = MAX_BYTES - len(encode({"a": ""}))
    assert decode(encode({"a": "x" * room}))["a"] == "x" * room
    with pytest.raises(MalformedError, match="65535 bytes"):
        decode(encode({"a": "x" * (room + 1)}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "offset 0"),
        (b'{\n  "a": 1,\n  "a": 1\n}\n', "canonical JSON, found other bytes from offset 10"),
        (b"{}", "canonical JSON, found other bytes from offset 2"),
        (b"[]\n", "a JSON object, found a list"),
        (b"null\n", "a JSON object, found null"),
        (b'"a"\n', "a JSON object, found a string"),
        (b"1\n", "a JSON object, found an integer"),
        (b"true\n", "a JSON object, found a boolean"),
        (b'{"a": 1.5}', "a number that is no integer"),
        (b'{"a": Infinity}', "a number that is no integer"),
        (b'{"a": ' + b"1" * 5000 + b"}", "a number that is no integer"),
        (b'{"a": 9007199254740992}', "an integer below 2"),
        (b'{"a": "\xff"}', "UTF-8, found another byte at offset 7"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b"\xef\xbb\xbf{}\n", "offset 0"),
    ],
)
def test_refusals(data: bytes, message: str) -> None:
    """Every fault is told with its place, and never with what stands there."""
    with pytest.raises(MalformedError) as caught:
        decode(data)
    assert message in caught.value.message
    assert caught.value.exit_code == 1
