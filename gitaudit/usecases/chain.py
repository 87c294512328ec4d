"""Walking the chain of audit commits backwards, cheaply: ids of commits and records without checking anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import LogError, MalformedError, SetupError
from gitaudit.log.message import parse_size_and_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.ports import ObjectReader

_TREE = re.compile(rb"tree ([0-9a-f]{40})\n")
_PARENT = re.compile(rb"[^\n]*\nparent ([0-9a-f]{40})\n")
"""Of any first line: a commit whose tree line is damaged still says where the log goes on."""
_ID = re.compile(rb"\nAudit-Id: ([0-9a-f-]{36})\nAudit-Type: (?:change\nAudit-Commit: ([0-9a-f]{40})\n|[a-z.]+\n)")


class Link(NamedTuple):
    """One audit commit, seen from outside.

    Attributes:
        commit: object id.
        parent: object id of the parent, None for genesis.
        record_id: UUIDv7 of the record.
        size: number of records so far.
        changed: the commit that a change record is about, None for records of other types.
    """

    commit: str
    parent: str | None
    record_id: str
    size: int
    changed: str | None = None


def read_link(store: ObjectReader, commit: str) -> Link:
    """Return what an audit commit says of its place.

    Raises:
        LogError: missing, damaged, or not an audit commit.
    """
    kind, raw = store.read(commit)
    found = _ID.search(raw)
    if kind != "commit" or found is None:
        raise LogError(
            f"expected {commit} to be an audit commit, found something else",
            hint="run `gitaudit verify --full` to see what is wrong with the log",
        )
    size, _ = parse_size_and_root(raw)
    return Link(
        commit=commit,
        parent=parent_of(raw),
        record_id=found[1].decode("ascii"),
        size=size,
        changed=None if found[2] is None else found[2].decode("ascii"),
    )


def parent_of(raw: bytes) -> str | None:
    """Return the first parent of a raw commit object, None where it has none."""
    match = _PARENT.match(raw)
    return None if match is None else match[1].decode("ascii")


def tree_of(raw: bytes) -> str:
    """Return the tree of a raw commit object. Raises `MalformedError` where it names none."""
    match = _TREE.match(raw)
    if match is None:
        raise MalformedError("expected a commit that begins with its tree, found another one")
    return match[1].decode("ascii")


def walk_back(store: ObjectReader, commit: str | None) -> Iterator[Link]:
    """Yield the links from a commit back to genesis, newest first. Raises `LogError`, `SetupError` if it is cut."""
    while commit is not None:
        link = read_link(store, commit)
        yield link
        if link.parent is not None and store.is_cut(commit):
            raise cut_error(commit)
        commit = link.parent


def last_record(store: ObjectReader, commit: str | None) -> str | None:
    """Return the newest audit commit along first parents, where other commits were put on top; None for none."""
    while commit is not None:
        kind, raw = store.read(commit)
        if kind == "commit" and _ID.search(raw) is not None:
            return commit
        commit = parent_of(raw)
    return None


def cut_error(commit: str) -> SetupError:
    """Return the error for a log whose older part a shallow clone has left out."""
    return SetupError(
        f"the history of the log ends at {commit}: this clone is shallow",
        hint="bring the rest with: git fetch --unshallow",
    )


def contains(store: ObjectReader, head: str, commit: str, size: int) -> bool:
    """Return whether `commit`, which has `size` records, is in the chain that ends at `head`."""
    for link in walk_back(store, head):
        if link.size <= size:
            return link.commit == commit
    return False


def split(store: ObjectReader, mine: str | None, theirs: str | None) -> tuple[list[Link], list[Link]]:
    """Return the links that only `mine` has and that only `theirs` has, newest first, by walking both in step."""
    left, right = walk_back(store, mine), walk_back(store, theirs)
    one, other = next(left, None), next(right, None)
    only_mine: list[Link] = []
    only_theirs: list[Link] = []
    while (one and one.commit) != (other and other.commit):
        if other is None or (one is not None and one.size >= other.size):
            only_mine.append(one)  # type: ignore[arg-type]  # both None would have ended the loop
            one = next(left, None)
        else:
            only_theirs.append(other)
            other = next(right, None)
    return only_mine, only_theirs
