"""From the bytes of a file to JSON objects: encodings, wrappers, bounds.

Files come from many hands: PowerShell writes UTF-16, the setup-terraform action wraps what terraform printed, a killed
run leaves half a line. What is read here is either one JSON document, or lines that are a JSON object each.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 200 * 2**20
MAX_INTEGER_DIGITS = 15
"""Integers of JSON up to this length are `int`; longer ones are `Number`."""

_ZIP = b"PK\x03\x04"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WRAPPED_OUTPUT = ("::set-output name=stdout::", "::debug::stdout: ")
"""How the setup-terraform action repeats what the tool printed, in one line with `%0A` for line feeds."""
_WRAPPER = "::"
"""How the lines begin that the action adds."""


class Number(NamedTuple):
    """A JSON number with a fraction, an exponent or many digits, as it is written: compared, not calculated with."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file holds, as far as it is JSON objects.

    Attributes:
        sha256: of the bytes as they were given, lower-case hex.
        size: of the bytes as they were given.
        objects: in the order of the file; strings may hold lone surrogates.
        other: number of lines, or of elements of an array, that are no JSON object; blank lines do not count.
        cut: whether a line begins like a JSON object and is none, as when the writer was killed.
    """

    sha256: str
    size: int
    objects: tuple[dict[str, object], ...]
    other: int = 0
    cut: bool = False


_Content = tuple[tuple[dict[str, object], ...], int, bool]
"""The fields `objects`, `other` and `cut` of a document."""


def read(data: bytes, *, hint: str | None = None) -> Document:
    """Return the JSON objects of a file.

    Args:
        data: at most `MAX_BYTES` bytes of UTF-8, or of UTF-16 with a byte order mark; one JSON object, an array of
            objects, or lines of which at least one is a JSON object. What the wrapper of the setup-terraform action
            adds around them is passed over, and so are other lines around objects that take one line each.
        hint: what an error says to do where the bytes are no JSON.

    Raises:
        InputError: too long, empty, a zip archive, another encoding, no JSON, duplicate keys, NaN or infinity, nested
            too deeply. No message quotes the content.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"expected at most {MAX_BYTES} bytes, found {len(data)}", hint="give one plan or result")
    if data.startswith(_ZIP):
        raise InputError(
            "this looks like a binary plan file (a zip archive), expected JSON",
            hint="run: terraform show -json PLAN > plan.json",
        )
    text = decode(data)
    if not text.strip():
        raise InputError(f"expected JSON, found an empty file of {len(data)} bytes", hint=hint)
    objects, other, cut = _content(text, hint)
    return Document(sha256=hashlib.sha256(data).hexdigest(), size=len(data), objects=objects, other=other, cut=cut)


def decode(data: bytes) -> str:
    """Return the text of UTF-8, or of UTF-16 with a byte order mark, without that mark.

    Raises:
        InputError: bytes that are not of that encoding; the message names the offset.
    """
    mark, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", "utf-8"))
    if not mark and 0 in data[:2]:
        raise InputError("expected UTF-8, found zero bytes", hint="save UTF-16 with a byte order mark, or as UTF-8")
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        offset = len(mark) + error.start
        raise InputError(f"expected {encoding.upper()}, found another byte at offset {offset}") from error


def _content(text: str, hint: str | None) -> _Content:
    """Return the one document in `text`, else its lines, else what a wrapper repeats of them."""
    try:
        value = _loads(text)
    except json.JSONDecodeError as error:
        content = _lines(text.split("\n"))
        if not content[0]:
            content = _lines(_repeated(text))
        if not content[0]:
            where = f"a fault at line {error.lineno}, column {error.colno}"
            found = where if text.lstrip().startswith(("{", "[")) else "other text, such as a log for people"
            raise InputError(f"expected JSON, found {found}", hint=hint) from error
        return content
    if isinstance(value, dict):
        return (value,), 0, False
    if isinstance(value, list):
        objects = tuple(item for item in value if isinstance(item, dict))
        return objects, len(value) - len(objects), False
    raise InputError("expected a JSON object or lines of them, found a single JSON value")


def _lines(lines: Iterable[str]) -> _Content:
    """Return the objects among `lines`; the lines of an indented document are none."""
    objects: list[dict[str, object]] = []
    other = 0
    cut = False
    for line in lines:
        value = _line(line) if line.startswith("{") else None
        if value is not None:
            objects.append(value)
        elif line.strip():
            other += 1
            cut = cut or line.startswith("{")
    return tuple(objects), other, cut


def _line(line: str) -> dict[str, object] | None:
    """Return the object that the line is, also where the wrapper wrote on in the same line; None if it is none."""
    try:
        value = _loads(line)
    except json.JSONDecodeError as error:
        return _line(line[: error.pos]) if line.startswith(_WRAPPER, error.pos) else None
    return value if isinstance(value, dict) else None


def _repeated(text: str) -> list[str]:
    """Return the lines of what the tool printed, from the one line in which the wrapper repeats it."""
    for line in text.split("\n"):
        for prefix in _WRAPPED_OUTPUT:
            if line.startswith(prefix):
                return _unescape(line.removeprefix(prefix)).split("\n")
    return []


def _unescape(text: str) -> str:
    """Return the text that the action escaped: `%` itself is undone last, as it was done first."""
    return text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def _loads(text: str) -> object:
    """Return the JSON value of `text`.

    Raises:
        InputError: duplicate keys, NaN or infinity, nested too deeply.
        json.JSONDecodeError: not JSON, or more after it.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=Number,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except RecursionError as error:
        raise InputError("expected JSON of a usual depth, found it nested too deeply") from error


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise InputError("expected different keys in a JSON object, found one twice")
    return value


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= MAX_INTEGER_DIGITS else Number(text)


def _refuse_constant(_name: str) -> NoReturn:
    raise InputError("expected JSON numbers, found NaN or infinity")
