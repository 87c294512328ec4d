"""UUID version 7, the identity of a record (RFC 9562, section 5.7)."""

from __future__ import annotations

import re

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)


def make_uuid7(milliseconds: int, random: bytes) -> str:
    """Return a UUIDv7 as 36 lower-case characters.

    Args:
        milliseconds: since 1970-01-01T00:00:00Z, below 2^48.
        random: 10 bytes from a cryptographic source, of which 74 bits are used.
    """
    value = milliseconds << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_uuid7(text: str) -> bool:
    """Return whether `text` is a UUIDv7 in the form that `make_uuid7` writes."""
    return _UUID7.fullmatch(text) is not None
