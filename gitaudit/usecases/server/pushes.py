"""A push as a server sees it: the moves that are asked for, the repository as it would be after them, and refusals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitaudit.model import Kind
    from gitaudit.ports import ObjectReader

NOTHING = "0" * 40
"""How Git writes that a ref does not exist."""
_LINE = re.compile(rb"([0-9a-f]{40}|ref:[^ \n]+) ([0-9a-f]{40}|ref:[^ \n]+) ([^ \n]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefUpdate:
    """One ref that somebody wants to move: from `old` to `new`, None where it does not exist or shall not.

    Attributes:
        ref: full name; bytes that are not UTF-8 stand as lone surrogates.
        old: object id, as whoever moves it believes.
        new: object id, or `ref:NAME` for a symbolic ref.
    """

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a ref may not move: what was expected and found, and what to do about it."""

    ref: str
    message: str
    hint: str


def parse_updates(data: bytes) -> list[RefUpdate]:
    """Return the moves that Git writes to a hook, one a line: OLD, NEW, NAME (githooks(5), pre-receive).

    Raises:
        InputError: a line of another form, as with SHA-256 ids.
    """
    updates = []
    for line in data.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            raise InputError(
                "expected lines of two object ids and a ref on standard input, found another form",
                hint="Git itself runs this command as a hook; SHA-256 repositories are not supported",
            )
        old, new = (
            None if one == NOTHING.encode() else one.decode("utf-8", "surrogateescape") for one in found.groups()[:2]
        )
        updates.append(RefUpdate(ref=found[3].decode("utf-8", "surrogateescape"), old=old, new=new))
    return updates


class AfterPush:
    """A repository whose refs are where a push would move them; fits the port `ObjectReader`."""

    def __init__(self, store: ObjectReader, updates: Iterable[RefUpdate]) -> None:
        self._store = store
        self._refs: Mapping[str, str | None] = {update.ref: update.new for update in updates}

    def read(self, oid: str) -> tuple[Kind, bytes]:
        """Return an object; what the push brings is among them."""
        return self._store.read(oid)

    def ref(self, name: str) -> str | None:
        """Return where a ref would be."""
        return self._refs[name] if name in self._refs else self._store.ref(name)

    def is_cut(self, oid: str) -> bool:
        """Return whether a commit's parents are left out because the repository is shallow."""
        return self._store.is_cut(oid)

    def is_partial(self) -> bool:
        """Return True: a record may come before the commit that it is about, which is no fault yet."""
        return True
