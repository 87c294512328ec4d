"""The texts of a record with their places, and what kind of field each place is.

A place that is not named here counts as a name that somebody chose: a new field of a record is looked at until somebody
says that it need not be.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.redaction.shapes import Strictness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FREE = frozenset({"reason", "ticket", "note", "error", "message", "argv", "href", "url"})
"""Fields in which people, or tools, write text; known values are taken out of them."""
LINKS = frozenset({"href", "url"})
FILES = frozenset({"path", "path_base64", "ref"})
FILE_LISTS = frozenset({"evidence", "artifacts"})

_SHA256 = r"[0-9a-f]{64}"
_OIDS = r"[0-9a-f]{40}|[0-9a-f]{64}"
_KEY = r"(?:openpgp:)?(?:[0-9A-F]{40}|[0-9A-F]{64})"
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"
_ARMORED = r"[A-Za-z0-9+/]+={0,2}"
MADE_HERE: dict[str, str] = {
    "blob": _OIDS,
    "commit": _OIDS,
    "commits": _OIDS,
    "corrects": _ID,
    "from": _OIDS,
    "id": rf"{_ID}|{_KEY}",
    "key": _KEY,
    "occurred_at": _TIME,
    "parents": _OIDS,
    "path": r"keys/(?:[0-9A-F]{40}|[0-9A-F]{64})\.asc|attachments/[0-9a-f]{64}",
    "plan_sha256": _SHA256,
    "policy_sha256": _SHA256,
    "previous_sha256": _SHA256,
    "pushed_from": _OIDS,
    "pushed_to": _OIDS,
    "record": _ID,
    "recorded_at": _TIME,
    "recorded_by": _KEY,
    "replaces": _OIDS,
    "retries": _ID,
    "rolls_back": _ID,
    "sha256": _SHA256,
    "signature": _ARMORED,
    "started": _ID,
    "supersedes": _ID,
    "to": _OIDS,
    "tree": _OIDS,
}
"""Fields that this program fills with ids, digests and times; a text of that form there is nobody's secret."""


class Text(NamedTuple):
    """A text of a record.

    Attributes:
        pointer: its place, a JSON pointer (RFC 6901).
        value: the text; of a path in Base64, what that stands for.
        free: whether people or tools write sentences there.
        strictness: how it is judged.
    """

    pointer: str
    value: str
    free: bool
    strictness: Strictness


def texts(document: object) -> Iterator[Text]:
    """Yield every text of a record that is not made by this program, keys of objects included."""
    yield from _walk(document, "", "", inside=frozenset())


def _walk(value: object, pointer: str, key: str, inside: frozenset[str]) -> Iterator[Text]:
    if isinstance(value, str):
        made = MADE_HERE.get(key)
        if made is None or re.fullmatch(made, value) is None:
            yield _text(value, pointer, key, inside)
    elif isinstance(value, dict):
        for name, item in value.items():
            if not name.isidentifier() or len(name) >= MAX_FIELD_NAME:
                yield Text(pointer, name, free=False, strictness=Strictness.NAME)
            below = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _walk(item, below, name, inside | {key})
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{number}", key, inside)


MAX_FIELD_NAME = 16
"""From this length on the name of a field is looked at like a text; those of the schemas that are longer are words."""


def _text(value: str, pointer: str, key: str, inside: frozenset[str]) -> Text:
    if key in LINKS:
        strictness = Strictness.LINK
    elif key in FILES or (key == "name" and inside & FILE_LISTS):
        strictness = Strictness.PATH
    else:
        strictness = Strictness.TEXT if key in FREE else Strictness.NAME
    if key == "path_base64":
        try:
            value = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            strictness = Strictness.NAME
    return Text(pointer, value, key in FREE, strictness)


def replace_free(value: object, change: Callable[[str, bool], str], key: str = "") -> object:
    """Return a record, or a part of one, with every free text changed; the function is told whether one is a URL."""
    if isinstance(value, str):
        return change(value, key in LINKS) if key in FREE else value
    if isinstance(value, dict):
        return {name: replace_free(item, change, name) for name, item in value.items()}
    if isinstance(value, list):
        return [replace_free(item, change, key) for item in value]
    return value
