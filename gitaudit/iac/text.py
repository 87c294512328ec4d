"""From the bytes of a file to JSON objects: encodings, wrappers, bounds.

Files come from many hands: PowerShell writes UTF-16, the setup-terraform action wraps what terraform printed, a killed
run leaves half a line. What is read here is either one JSON document, or lines that are a JSON object each.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 200 * 2**20
MAX_VALUES = 20_000_000
"""Commas and opening brackets that a file may have, and line feeds: they bound memory and time where bytes do not.

The largest real files have less than half of it; 200 MiB of `{},` would take gigabytes.
"""
HEAD = 1000
"""Number of objects that a file is recognised by."""
MAX_INTEGER_DIGITS = 15
"""Integers of JSON up to this length are `int`; longer ones are `Number`."""

_ZIP = b"PK\x03\x04"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WRAPPED_OUTPUT = ("::set-output name=stdout::", "::debug::stdout: ")
"""How the setup-terraform action repeats what the tool printed, in one line with `%0A` for line feeds."""
_WRAPPER = "::"
"""How the lines begin that the action adds."""
_OBJECT = re.compile(r"^\{", re.MULTILINE)
_SPACE = re.compile(r"[ \t\n\r]*")


class Number(NamedTuple):
    """A JSON number with a fraction, an exponent or many digits, as it is written: compared, not calculated with."""

    text: str


class Document(NamedTuple):
    """What a file holds, as far as it is JSON objects.

    Attributes:
        sha256: of the bytes as they were given, lower-case hex.
        size: of the bytes as they were given.
        objects: in the order of the file; strings may hold lone surrogates. Lines are parsed one at a time while they
            are gone through, each time anew, and may raise `InputError`.
        others: number of elements of an array, or of lines around one object, that are no JSON object.
    """

    sha256: str
    size: int
    objects: tuple[dict[str, object], ...] | Lines
    others: int = 0

    @property
    def head(self) -> tuple[dict[str, object], ...]:
        """The first `HEAD` objects, by which a file is recognised."""
        return self.objects.head if isinstance(self.objects, Lines) else self.objects[:HEAD]

    @property
    def other(self) -> int:
        """Number of lines, or of elements of an array, that are no JSON object; blank lines do not count."""
        return self.objects.other if isinstance(self.objects, Lines) else self.others

    @property
    def cut(self) -> bool:
        """Whether a line begins like a JSON object and is none, as when the writer was killed."""
        return isinstance(self.objects, Lines) and self.objects.cut


class Lines:
    """The objects among the lines of a text; the lines of an indented document are none."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._head: tuple[dict[str, object], ...] | None = None
        self._rest: tuple[int, bool] | None = None

    def __iter__(self) -> Iterator[dict[str, object]]:
        """Yield the objects. Raises `InputError`: duplicate keys, NaN or infinity, nested too deeply."""
        other = 0
        cut = False
        for line in _each_line(self._text):
            found = _objects_in(line) if line.startswith("{") else []
            if found:
                yield from found
            elif line.strip():
                other += 1
                cut = cut or line.startswith("{")
        self._rest = other, cut

    @property
    def head(self) -> tuple[dict[str, object], ...]:
        """The first `HEAD` objects."""
        if self._head is None:
            self._head = tuple(islice(self, HEAD))
        return self._head

    @property
    def other(self) -> int:
        """Number of lines that are no object and not blank."""
        return self._counted()[0]

    @property
    def cut(self) -> bool:
        """Whether a line begins like an object and is none."""
        return self._counted()[1]

    def _counted(self) -> tuple[int, bool]:
        if self._rest is None:
            deque(self, maxlen=0)
        return self._rest or (0, False)


def read(data: bytes, *, hint: str | None = None) -> Document:
    """Return the JSON objects of a file.

    Args:
        data: at most `MAX_BYTES` bytes of UTF-8, or of UTF-16 with a byte order mark, and at most `MAX_VALUES` values
            and lines; JSON objects one after the other, an array of them, or lines of which at least one is a JSON
            object. What the wrapper of the setup-terraform action adds around them is passed over, and so are other
            lines around objects that take one line each, or in front of one object of several lines.
        hint: what an error says to do where the bytes are no JSON.

    Raises:
        InputError: too long, too many values, empty, a zip archive, another encoding, no JSON, duplicate keys, NaN or
            infinity, nested too deeply. No message quotes the content.
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
    if max(sum(map(text.count, ",[{")), text.count("\n")) > MAX_VALUES:
        raise InputError(
            f"expected at most {MAX_VALUES} JSON values and lines, found more", hint="give one plan or result"
        )
    objects, others = _content(text, hint)
    return Document(sha256=hashlib.sha256(data).hexdigest(), size=len(data), objects=objects, others=others)


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


def _content(text: str, hint: str | None) -> tuple[tuple[dict[str, object], ...] | Lines, int]:
    """Return the one document in `text`, else its lines, else what a wrapper repeats of them; and what is no object."""
    try:
        value = _loads(text)
    except json.JSONDecodeError as error:
        for lines in (Lines(text), Lines(_repeated(text))):
            if any(True for _ in lines):
                return lines, 0
        content = _sequence(text) or _last_object(text)
        if content is None:
            where = f"a fault at line {error.lineno}, column {error.colno}"
            found = where if text.lstrip().startswith(("{", "[")) else "other text, such as a log for people"
            raise InputError(f"expected JSON, found {found}", hint=hint) from error
        return content
    if isinstance(value, dict):
        return (value,), 0
    if isinstance(value, list):
        objects = tuple(item for item in value if isinstance(item, dict))
        return objects, len(value) - len(objects)
    raise InputError("expected a JSON object or lines of them, found a single JSON value")


def _sequence(text: str) -> tuple[tuple[dict[str, object], ...], int] | None:
    """Return the objects that `text` is, one after the other, as of a command that was run several times."""
    found: list[dict[str, object]] = []
    at = _after_space(text, 0)
    while at < len(text):
        try:
            value, at = _decode(text, at)
        except json.JSONDecodeError:
            return None
        if not isinstance(value, dict):
            return None
        found.append(value)
        at = _after_space(text, at)
    return tuple(found), 0


def _last_object(text: str) -> tuple[tuple[dict[str, object], ...], int] | None:
    """Return the object of several lines that `text` ends with, and the number of lines in front, as of `ansible -v`.

    It begins with the first line that begins an object, so that no part of a broken one is taken for the whole.
    """
    start = _OBJECT.search(text)
    if start is None or start.start() == 0:
        return None
    try:
        value = _loads(text[start.start() :])
    except json.JSONDecodeError:
        return None
    front = sum(1 for line in _each_line(text[: start.start()]) if line.strip())
    return ((value,), front) if isinstance(value, dict) else None


def _each_line(text: str) -> Iterator[str]:
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _objects_in(line: str) -> list[dict[str, object]]:
    """Return the objects that the line is, one after the other; none where it is anything else.

    More than one where files without a final line feed were put together; the wrapper may write on in the same line.
    """
    found: list[dict[str, object]] = []
    at = 0
    while at < len(line):
        try:
            value, at = _decode(line, at)
        except json.JSONDecodeError:
            return []
        if not isinstance(value, dict):
            return []
        found.append(value)
        if line.startswith(_WRAPPER, at):
            break
        at = _after_space(line, at)
    return found


def _repeated(text: str) -> str:
    """Return what the tool printed, from the one line in which the wrapper repeats it; nothing where there is none."""
    for prefix in _WRAPPED_OUTPUT:
        start = 0 if text.startswith(prefix) else text.find(f"\n{prefix}") + 1
        if start or text.startswith(prefix):
            end = text.find("\n", start)
            return _unescape(text[start + len(prefix) : end if end >= 0 else len(text)])
    return ""


def _unescape(text: str) -> str:
    """Return the text that the action escaped: `%` itself is undone last, as it was done first."""
    return text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def _loads(text: str) -> object:
    """Return the JSON value of `text`. Raises like `_decode`, and where there is more after it."""
    value, end = _decode(text, _after_space(text, 0))
    end = _after_space(text, end)
    if end != len(text):
        raise json.JSONDecodeError("extra data", text, end)
    return value


def _decode(text: str, at: int) -> tuple[object, int]:
    """Return the JSON value at a place of `text`, and the place after it.

    Raises:
        InputError: duplicate keys, NaN or infinity, nested too deeply.
        json.JSONDecodeError: not JSON.
    """
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError as error:
        raise InputError("expected JSON of a usual depth, found it nested too deeply") from error


def _after_space(text: str, at: int) -> int:
    """Return the first place from `at` that is no white space of JSON."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise InputError("expected different keys in a JSON object, found one twice")
    return value


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= MAX_INTEGER_DIGITS else Number(text)


def _refuse_constant(_name: str) -> NoReturn:
    raise InputError("expected JSON numbers, found NaN or infinity")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=_integer, parse_constant=_refuse_constant
)
