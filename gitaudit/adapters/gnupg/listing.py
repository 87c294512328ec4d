"""Reading what gpg lists of keys with `--with-colons` (doc/DETAILS of GnuPG)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """When a key was revoked, seconds since 1970, and whether what it signed before still counts."""

    at: int
    soft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPart:
    """A primary key or a subkey as gpg lists it.

    Attributes:
        fingerprint: 40 upper-case hex digits; empty where gpg listed none.
        created: seconds since 1970.
        expires: likewise, None where it does not expire.
        validity: `e` expired, `r` revoked, `i` invalid; other letters tell of trust.
        usage: what it may do: `s` sign, `c` certify, `e` encrypt, `a` authenticate.
        held: where its secret half is: `+` here, the serial number of a card, or `#` not here as far as the agent
            tells: one that is forwarded from another machine does not. Empty if not asked.
        revocations: of this part; only of listings with signatures.
    """

    fingerprint: str
    created: int
    expires: int | None
    validity: str
    usage: str
    held: str
    revocations: tuple[Revocation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """A key with its subkeys; the primary key is the first part."""

    parts: tuple[KeyPart, ...]

    @property
    def fingerprint(self) -> str:
        """Primary fingerprint."""
        return self.parts[0].fingerprint


_FIELDS = 21
_SOFT_REASONS = frozenset({"01", "03"})
"""Superseded, and no longer used (RFC 9580, section 5.2.3.31); every other reason takes all signatures back."""


def parse_listing(output: bytes) -> tuple[ListedKey, ...]:
    """Return the keys of a colon listing (doc/DETAILS of GnuPG) that it tells the fingerprint of.

    A listing ends in the middle of a row where gpg failed.
    """
    keys: list[list[list[str]]] = []
    for line in output.decode("latin-1").split("\n"):
        row = line.rstrip("\r").split(":")
        if row[0] in {"sec", "pub"}:
            keys.append([])
        if keys:
            keys[-1].append(row + [""] * (_FIELDS - len(row)))
    found = (_listed(rows) for rows in keys)
    return tuple(key for key in found if key.fingerprint)


def _listed(rows: list[list[str]]) -> ListedKey:
    starts = [at for at, row in enumerate(rows) if row[0] in {"sec", "pub", "ssb", "sub"}]
    ends = [*starts[1:], len(rows)]
    parts = tuple(_part(rows[start:end]) for start, end in zip(starts, ends, strict=True))
    return ListedKey(parts=parts)


def _part(rows: list[list[str]]) -> KeyPart:
    first = rows[0]
    return KeyPart(
        fingerprint=next((row[9] for row in rows if row[0] == "fpr"), ""),
        created=_seconds(first[5]) or 0,
        expires=_seconds(first[6]),
        validity=first[1],
        usage="".join(letter for letter in first[11] if letter.islower()),
        held=first[14],
        revocations=tuple(
            Revocation(at=_seconds(row[5]) or 0, soft=row[10].partition(",")[2] in _SOFT_REASONS)
            for row in rows
            if row[0] == "rev" and row[10][:2] in {"20", "28"}
        ),
    )


def _seconds(field: str) -> int | None:
    return int(field) if field.isdecimal() else None
