"""Single vectors of canonical JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitaudit.log.canonical import encode
from tests.vectors.making.singles import GOOD, MALFORMED, SingleVector

if TYPE_CHECKING:
    from collections.abc import Iterator


def json_vectors() -> Iterator[SingleVector]:
    """Canonical JSON, whatever it says."""
    good: dict[str, object] = {
        "empty": {},
        "empty-inside": {"a": [], "b": {}},
        "scalars": {"false": False, "null": None, "true": True, "zero": 0},
        "integers": {"most": 2**53 - 1, "least": 1 - 2**53},
        "escapes": {"a": '\x00\x01\x07\b\t\n\x0b\f\r\x1f "\\/\x7f\x85\u2028'},
        "unicode": {"é": "日本 \U0001f600 \uffff"},
        "key-order": {"": 1, "A": 1, "B": 1, "a": 1, "aa": 1, "b": 1, "é": 1, "\uffff": 1, "\U0001f600": 1},
        "nested": {"list": [1, [2, {"three": [True]}], "x"]},
        "depth-32": nested(32),
        "largest": {"a": "x" * (65_535 - len(encode({"a": ""})))},
    }
    for name, value in good.items():
        yield SingleVector(kind="json", name=name, expect=GOOD, reason="canonical", body=encode(value))
    for name, (body, reason) in bad_json().items():
        yield SingleVector(kind="json", name=f"bad-{name}", expect=MALFORMED, reason=reason, body=body)


def bad_json() -> dict[str, tuple[bytes, str]]:
    """Return what is no canonical JSON, and why."""
    return {
        "depth-33": (json.dumps(nested(33), indent=2).encode() + b"\n", "33 levels"),
        "too-long": (encode({"a": "x" * (65_536 - len(encode({"a": ""})))}), "65,536 bytes"),
        "empty-file": (b"", "no bytes"),
        "list": (b"[]\n", "a list at the top"),
        "string": (b'"a"\n', "a string at the top"),
        "no-final-lf": (b"{}", "no LF at the end"),
        "two-final-lf": (b"{}\n\n", "two LF at the end"),
        "cr-lf": (b'{\r\n  "a": 1\r\n}\r\n', "CR LF"),
        "compact": (b'{"a": 1}\n', "no line breaks"),
        "tab": (b'{\n\t"a": 1\n}\n', "a tab for indent"),
        "four-spaces": (b'{\n    "a": 1\n}\n', "four spaces of indent"),
        "no-space": (b'{\n  "a":1\n}\n', "no space after the colon"),
        "trailing-space": (b'{\n  "a": 1 \n}\n', "a space before the line end"),
        "key-order": (b'{\n  "b": 1,\n  "a": 1\n}\n', "keys out of order"),
        "utf-16-order": ('{\n  "\U0001f600": 1,\n  "\uffff": 1\n}\n'.encode(), "keys in the order of UTF-16"),
        "key-twice": (b'{\n  "a": 1,\n  "a": 1\n}\n', "a key twice"),
        "byte-order-mark": (b"\xef\xbb\xbf{}\n", "a byte order mark"),
        "not-utf-8": (b'{\n  "a": "\xff"\n}\n', "a byte that is not UTF-8"),
        "surrogate-in-utf-8": (b'{\n  "a": "\xed\xa0\x80"\n}\n', "a surrogate in UTF-8"),
        "overlong": (b'{\n  "a": "\xc0\xaf"\n}\n', "an overlong form"),
        "lone-surrogate": (b'{\n  "a": "\\ud800"\n}\n', "an escape that is half a character"),
        "escaped-letter": (b'{\n  "a": "\\u0061"\n}\n', "an escape of a printable character"),
        "escaped-slash": (b'{\n  "a": "\\/"\n}\n', "an escaped slash"),
        "escape-upper-case": (b'{\n  "a": "\\u001F"\n}\n', "upper-case hex digits"),
        "escape-long-form": (b'{\n  "a": "\\u000a"\n}\n', "a long form where a short one exists"),
        "escaped-emoji": (b'{\n  "a": "\\ud83d\\ude00"\n}\n', "an escape of a printable character"),
        "raw-control": (b'{\n  "a": "\x01"\n}\n', "a raw control character"),
        "float": (b'{\n  "a": 1.0\n}\n', "a float"),
        "exponent": (b'{\n  "a": 1e2\n}\n', "an exponent"),
        "minus-zero": (b'{\n  "a": -0\n}\n', "minus zero"),
        "plus": (b'{\n  "a": +1\n}\n', "a plus sign"),
        "leading-zero": (b'{\n  "a": 01\n}\n', "a leading zero"),
        "too-large": (b'{\n  "a": 9007199254740992\n}\n', "2^53"),
        "too-small": (b'{\n  "a": -9007199254740992\n}\n', "-2^53"),
        "huge-integer": (b'{\n  "a": ' + b"9" * 5000 + b"\n}\n", "5,000 digits"),
        "nan": (b'{\n  "a": NaN\n}\n', "no JSON"),
        "trailing-comma": (b'{\n  "a": 1,\n}\n', "no JSON"),
        "comment": (b'{\n  "a": 1 // one\n}\n', "no JSON"),
        "two-values": (b"{}\n{}\n", "two values"),
        "empty-with-space": (b'{\n  "a": { }\n}\n', "an empty object with a space in it"),
    }


def nested(levels: int) -> dict[str, object]:
    """Return objects within each other."""
    value: dict[str, object] = {"a": 1}
    for _ in range(levels - 1):
        value = {"a": value}
    return value
