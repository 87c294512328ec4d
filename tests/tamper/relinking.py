"""Changing an object and making git believe it: every id above it is computed anew, and nothing is signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.log.commit import object_id
from gitaudit.testing import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitaudit.model import Kind
    from gitaudit.ports import ObjectReader

Objects = dict[str, tuple["Kind", bytes]]


class Overlay(MemoryStore):
    """A store that shows some objects otherwise than another one has them, without copying that one."""

    def __init__(self, below: Mapping[str, tuple[Kind, bytes]], above: Objects, refs: dict[str, str]) -> None:
        super().__init__()
        self.objects = _Layers(below, above)
        self.refs = refs


class _Layers(dict[str, tuple["Kind", bytes]]):
    """Two dictionaries that read as one."""

    def __init__(self, below: Mapping[str, tuple[Kind, bytes]], above: Objects) -> None:
        super().__init__(above)
        self._below = below

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self._below

    def __missing__(self, key: str) -> tuple[Kind, bytes]:
        return self._below[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one commit of a log brings: the objects that no earlier commit reaches, and all trees, leaves first."""

    commit: str
    new: tuple[str, ...]
    trees: tuple[str, ...]


def steps(objects: Mapping[str, tuple[Kind, bytes]], commits: list[str]) -> list[Step]:
    """Return what each of `commits`, oldest first, brings."""
    known: set[str] = set()
    found = []
    for commit in commits:
        trees: list[str] = []
        new = [oid for oid in _below(objects, objects[commit][1][5:45].decode(), trees) if oid not in known]
        new = [*dict.fromkeys(new), commit]
        known.update(new)
        found.append(Step(commit=commit, new=tuple(new), trees=tuple(dict.fromkeys(trees))))
    return found


def reachable(store: ObjectReader, *heads: str) -> set[str]:
    """Return the ids of all objects that these name, and that those name, and so on."""
    found: set[str] = set()
    waiting = list(heads)
    while waiting:
        oid = waiting.pop()
        if oid not in found:
            found.add(oid)
            waiting += _named_by(*store.read(oid))
    return found


def _named_by(kind: Kind, content: bytes) -> list[str]:
    if kind == "commit":
        return [line[-40:].decode() for line in content.split(b"\nauthor ")[0].split(b"\n")]
    found, at = [], 0
    while kind == "tree" and at < len(content):
        at = content.index(b"\0", at) + 21
        found.append(content[at - 20 : at].hex())
    return found


def relink(
    objects: Mapping[str, tuple[Kind, bytes]],
    changed: Mapping[str, str],
    above: Objects,
    todo: list[Step],
    sign: Callable[[str, bytes], bytes] = lambda _, raw: raw,
) -> list[str]:
    """Give every tree and commit of `todo` the new ids of what it names, and return the commits' ids.

    Args:
        objects: that are there.
        changed: new ids by old ones.
        above: where what is made goes; it already holds the changed objects.
        todo: the first commit that reaches a changed object, and those after it.
        sign: what becomes of each linked commit, by its old id.
    """
    ids = dict(changed)
    commits = []
    for step in todo:
        for tree in step.trees:
            raw = objects[tree][1]
            linked = raw
            for old, new in ids.items():
                linked = linked.replace(bytes.fromhex(old), bytes.fromhex(new))
            if linked != raw and tree not in ids:
                ids[tree] = _put(above, "tree", linked)
        if step.commit not in ids:
            raw = _relinked_commit(objects[step.commit][1], ids)
            ids[step.commit] = _put(above, "commit", sign(step.commit, raw))
        commits.append(ids[step.commit])
    return commits


def _relinked_commit(raw: bytes, ids: Mapping[str, str]) -> bytes:
    head, mark, rest = raw.partition(b"\nauthor ")
    for line in head.split(b"\n"):
        old = line[-40:].decode()
        if old in ids:
            head = head.replace(old.encode(), ids[old].encode())
    return head + mark + rest


def _put(above: Objects, kind: Kind, content: bytes) -> str:
    oid = object_id(kind, content)
    above[oid] = (kind, content)
    return oid


def _below(objects: Mapping[str, tuple[Kind, bytes]], tree: str, trees: list[str]) -> Iterator[str]:
    """Yield the ids of a tree's blobs and trees, leaves first; `trees` takes those of trees."""
    raw = objects[tree][1]
    at = 0
    while at < len(raw):
        end = raw.index(b"\0", at)
        oid = raw[end + 1 : end + 21].hex()
        if raw[at : at + 6] == b"40000 ":
            yield from _below(objects, oid, trees)
        else:
            yield oid
        at = end + 21
    trees.append(tree)
    yield tree
