"""Canonical JSON: the one byte form of a record (docs/format.md, "Canonical JSON").

UTF-8 without a byte order mark, two spaces of indent, keys sorted by Unicode code point, no floats, integers of
absolute value below 2^53, LF line ends, one final LF. The bytes are what is hashed; `decode` refuses bytes that
`encode` would not have written, which also rules out duplicate keys, escapes of printable characters and `-0`.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import NoReturn

from gitaudit.errors import MalformedError

MAX_BYTES = 65_535
MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1

_WORDS = {None: "null", True: "true", False: "false"}
TYPE_NAMES = {list: "a list", dict: "an object", str: "a string", int: "an integer", bool: "a boolean"}


def encode(value: object) -> bytes:
    """Return the canonical bytes of a JSON value.

    Args:
        value: None, bool, int, str, list, tuple or dict with str keys, nested at most `MAX_DEPTH` deep.

    Returns:
        The bytes, with a final LF. Their number is not bounded here.

    Raises:
        MalformedError: a float, an integer of 2^53 or more, a lone surrogate, a key that is no string, another type,
            or too deep a nesting.
    """
    pieces: list[str] = []
    try:
        _write(value, "\n", pieces, MAX_DEPTH)
        pieces.append("\n")
        return "".join(pieces).encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedError("expected Unicode text, found a lone surrogate") from error
    except TypeError as error:
        raise MalformedError("expected only strings as keys of an object") from error


def decode(data: bytes) -> dict[str, object]:
    """Return the JSON object whose canonical bytes are `data`.

    Args:
        data: at most `MAX_BYTES` bytes.

    Raises:
        MalformedError: too long, not JSON, not an object, or not the bytes that `encode` writes for it.
    """
    if len(data) > MAX_BYTES:
        raise MalformedError(f"expected at most {MAX_BYTES} bytes of JSON, found {len(data)}")
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MalformedError(f"expected UTF-8, found another byte at offset {error.start}") from error
    except RecursionError as error:
        raise MalformedError(f"expected JSON nested at most {MAX_DEPTH} deep, found more") from error
    except ValueError as error:
        raise MalformedError(f"expected JSON, found a fault: {_place(error)}") from error
    if not isinstance(value, dict):
        raise MalformedError(f"expected a JSON object, found {TYPE_NAMES.get(type(value), 'null')}")
    expected = encode(value)
    if expected != data:
        raise MalformedError(
            f"expected canonical JSON, found other bytes from offset {_first_difference(expected, data)}"
        )
    return value


def _write(value: object, newline: str, pieces: list[str], depth: int) -> None:
    """Append the pieces of `value`; `newline` is a line feed and the indent of the line that `value` stands in."""
    kind = type(value)
    if kind is str:
        pieces.append(encode_basestring(value))  # type: ignore[arg-type]  # mypy does not narrow by `type(…) is`
    elif kind is int:
        pieces.append(_integer(value))  # type: ignore[arg-type]  # mypy does not narrow by `type(…) is`
    elif value is None or kind is bool:
        pieces.append(_WORDS[value])  # type: ignore[index]  # the same
    elif depth == 0:
        raise MalformedError(f"expected JSON nested at most {MAX_DEPTH} deep, found more")
    elif kind is dict:
        _write_object(value, newline, pieces, depth)  # type: ignore[arg-type]  # the same
    elif kind is list or kind is tuple:
        _write_array(value, newline, pieces, depth)  # type: ignore[arg-type]  # the same
    else:
        raise MalformedError(f"expected a JSON value without floats, found {kind.__name__}")


def _integer(value: int) -> str:
    if -MAX_INTEGER <= value <= MAX_INTEGER:
        return str(value)
    raise MalformedError("expected an integer below 2^53, found a larger one")


def _write_object(value: dict[str, object], newline: str, pieces: list[str], depth: int) -> None:
    if not value:
        pieces.append("{}")
        return
    inner = newline + "  "
    opening, following = "{" + inner, "," + inner
    for key in sorted(value):
        item = value[key]
        if type(item) is str:  # by far the most common, so spared the call
            pieces += (opening, encode_basestring(key), ": ", encode_basestring(item))
        else:
            pieces += (opening, encode_basestring(key), ": ")
            _write(item, inner, pieces, depth - 1)
        opening = following
    pieces.append(newline + "}")


def _write_array(value: list[object] | tuple[object, ...], newline: str, pieces: list[str], depth: int) -> None:
    if not value:
        pieces.append("[]")
        return
    inner = newline + "  "
    opening = "[" + inner
    for item in value:
        pieces.append(opening)
        _write(item, inner, pieces, depth - 1)
        opening = "," + inner
    pieces.append(newline + "]")


def _refuse_number(_: str) -> NoReturn:
    raise ValueError("a number that is no integer")


_DECODER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)


def _place(error: ValueError) -> str:
    """Return where a JSON fault is, without quoting what stands there."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at offset {error.pos}"
    return "a number that is no integer below 2^53"


def _first_difference(left: bytes, right: bytes) -> int:
    """Return the first offset where two different byte strings differ."""
    for offset, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return offset
    return min(len(left), len(right))
