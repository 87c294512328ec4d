"""Taking known values out of text, in every form that tools write them in."""

from __future__ import annotations

import base64
import json
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from gitaudit.redaction.known import MIN_LENGTH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

REDACTED = "[redacted]"
"""What stands where a value was."""

_GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What Go writes for these characters in JSON; Terraform, Helm and kubectl do."""


def forms(value: str) -> set[str]:
    """Return the forms of a value: as it is, in Base64 at each of the three offsets, in URLs, and escaped for JSON.

    Base64 forms leave out the digits at either end that depend on what stands around the value.
    """
    data = value.encode("utf-8", "surrogatepass")
    escaped = json.dumps(value)[1:-1]
    plain = json.dumps(value, ensure_ascii=False)[1:-1]
    go = plain
    for char, code in _GO_ESCAPES.items():
        go = go.replace(char, code)
    percent = quote(data, safe="")
    found = {value, escaped, plain, go, json.dumps(escaped)[1:-1], json.dumps(go)[1:-1]}
    found |= {percent, percent.lower(), quote(data), quote_plus(data), *_base64_forms(data)}
    return {form for form in found if len(form) >= MIN_LENGTH}


class Scrubber:
    """Finds values, in all their forms, in text.

    Args:
        values: to look for; any number.

    A text costs the number of values, with a small constant: a value whose form does not begin like any place of the
    text is not compared with it.
    """

    def __init__(self, values: Collection[str]) -> None:
        self._values = values

    @cached_property
    def _forms(self) -> list[str]:
        """All forms, the longest first, so that a value in another is not what is left of it."""
        every = {form for value in self._values for form in forms(value)}
        return sorted(every, key=lambda form: (-len(form), form))

    def found_in(self, text: str) -> list[str]:
        """Return the forms that stand in a text, the longest first."""
        if not self._values:
            return []
        starts = {text[at : at + MIN_LENGTH] for at in range(len(text) - MIN_LENGTH + 1)}
        return [form for form in self._forms if form[:MIN_LENGTH] in starts and form in text]

    def scrub(self, text: str) -> tuple[str, int]:
        """Return a text without the values, and how many pieces of it were replaced."""
        return replace_all(text, self.found_in(text))


def replace_all(text: str, pieces: Iterable[str]) -> tuple[str, int]:
    """Return a text with `[redacted]` for each of `pieces`, in their order, and the number of replacements."""
    count = 0
    for piece in pieces:
        count += text.count(piece)
        text = text.replace(piece, REDACTED)
    return text, count


def _base64_forms(data: bytes) -> set[str]:
    found: set[str] = set()
    for full in (base64.b64encode(data).decode("ascii"), base64.urlsafe_b64encode(data).decode("ascii")):
        found |= {full, full.rstrip("=")}
    for offset in range(3):
        digits = base64.b64encode(b"\0" * offset + data)
        whole = digits[(0, 2, 3)[offset] : (offset + len(data)) * 8 // 6].decode("ascii")
        found |= {whole, whole.replace("+", "-").replace("/", "_")}
    return found
