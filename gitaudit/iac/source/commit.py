"""Commits of the audited repository, as far as records speak of them. Anything that git accepts is read."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitaudit.errors import MalformedError

MAX_SECONDS = 253_402_300_799
"""The last second of the year 9999; RFC 3339 ends there."""

_PLAIN = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)"
    rb"author ([^\n]*) ([0-9]{1,12}) [+-][0-9]{4}\ncommitter ([^\n]*) ([0-9]{1,12}) [+-][0-9]{4}\n\n"
)
"""A commit without further headers, as most are: read in one step."""
_WHEN = re.compile(rb" (-?[0-9]{1,19}) [+-][0-9]{4,}\Z")


class SourceCommit(NamedTuple):
    """A commit of the audited repository.

    Attributes:
        tree: object id of its tree.
        parents: object ids of its parents, in order.
        author: bytes of name and e-mail; never recorded.
        committer: the same of the committer.
        authored: seconds since 1970, None where the commit has no usable time.
        committed: the same of the committer.
        armored: the OpenPGP signature's armor, None where there is none.
        payload: the bytes that the signature covers.
    """

    tree: str
    parents: tuple[str, ...]
    author: bytes
    committer: bytes
    authored: int | None
    committed: int | None
    armored: bytes | None
    payload: bytes


def parse_source_commit(raw: bytes) -> SourceCommit:
    """Return what a raw commit object says.

    Raises:
        MalformedError: no tree, or an id that is none.
    """
    plain = _PLAIN.match(raw)
    if plain is not None:
        tree, parents, author, authored, committer, committed = plain.groups()
        return SourceCommit(
            tree=tree.decode("ascii"),
            parents=tuple(parents.decode("ascii").split("\n")[index][7:] for index in range(len(parents) // 48)),
            author=author,
            committer=committer,
            authored=_seconds(authored),
            committed=_seconds(committed),
            armored=None,
            payload=raw,
        )
    return _parse_any(raw)


def _parse_any(raw: bytes) -> SourceCommit:
    """Parse a commit with signatures, further headers or oddities."""
    head, _, _ = raw.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    name = b""
    for line in head.split(b"\n"):
        if line.startswith(b" ") and name:
            fields[name][-1] += b"\n" + line[1:]
            continue
        name, _, value = line.partition(b" ")
        fields.setdefault(name, []).append(value)
    author, authored = _person(fields.get(b"author", [b""])[0])
    committer, committed = _person(fields.get(b"committer", [b""])[0])
    armored = fields.get(b"gpgsig", [None])[0]
    return SourceCommit(
        tree=_oid(fields.get(b"tree", [b""])[0]),
        parents=tuple(_oid(value) for value in fields.get(b"parent", [])),
        author=author,
        committer=committer,
        authored=authored,
        committed=committed,
        armored=None if armored is None else armored.rstrip(b"\n") + b"\n",
        payload=_without_signature(raw),
    )


def _oid(value: bytes) -> str:
    if re.fullmatch(rb"[0-9a-f]{40}", value) is None:
        raise MalformedError("expected a commit with object ids of 40 hex digits, found another form")
    return value.decode("ascii")


def _person(value: bytes) -> tuple[bytes, int | None]:
    match = _WHEN.search(value)
    if match is None:
        return value, None
    return value[: match.start()], _seconds(match[1])


def _seconds(digits: bytes) -> int | None:
    seconds = int(digits)
    return seconds if 0 <= seconds <= MAX_SECONDS else None


def _without_signature(raw: bytes) -> bytes:
    """Return the commit without its `gpgsig` header, as git does to verify it."""
    head, mark, message = raw.partition(b"\n\n")
    kept: list[bytes] = []
    inside = False
    for line in head.split(b"\n"):
        inside = line.startswith(b"gpgsig ") or (inside and line.startswith(b" "))
        if not inside:
            kept.append(line)
    return b"\n".join(kept) + mark + message
