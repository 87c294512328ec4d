"""What one tree changes against another, by walking down only what differs.

The cost is the depth of the changed paths, not the size of the log. The folders of records only ever grow at their
end, so a folder that begins with all the bytes of the one before it is read from there on alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import LogError, MalformedError
from gitaudit.log.tree import Entries, Entry, is_plain_name, parse_tree, sort_key

if TYPE_CHECKING:
    from gitaudit.ports import ObjectReader

MAX_CHANGES = 1_000
MAX_DEPTH = 8
KEPT_TREES = 32
OID_BYTES = 20


class Change(NamedTuple):
    """One path in which two trees differ; None where it does not exist."""

    old: Entry | None
    new: Entry | None


class _Tree(NamedTuple):
    """A parsed tree with its bytes and the name that sorts last, empty where there is none."""

    raw: bytes
    entries: Entries
    last: bytes


_EMPTY = _Tree(b"", {}, b"")


class TreeChanges:
    """Compares trees of one repository."""

    def __init__(self, store: ObjectReader) -> None:
        self._store = store
        self._kept: dict[str, _Tree] = {}
        self._left = 0

    def between(self, old: str | None, new: str) -> dict[str, Change]:
        """Return the changed files by path, where names that are not UTF-8 hold escapes.

        Args:
            old: id of a tree, None for the empty one.
            new: id of a tree.

        Raises:
            LogError: an object is missing, damaged or malformed, a name that no checkout could have, an empty folder,
                more than `MAX_CHANGES` changed files and folders, or folders deeper than `MAX_DEPTH`.
        """
        changes: dict[str, Change] = {}
        self._left = MAX_CHANGES
        if old != new:
            self._compare("", old, new, changes)
        return changes

    def _tree(self, oid: str | None) -> _Tree:
        if oid is None:
            return _EMPTY
        kept = self._kept.get(oid)
        if kept is not None:
            return kept
        raw = self._raw(oid)
        return self._keep(oid, _whole(raw))

    def _raw(self, oid: str) -> bytes:
        kind, raw = self._store.read(oid)
        if kind != "tree":
            raise MalformedError(f"expected object {oid} to be a tree, found a {kind}")
        return raw

    def _keep(self, oid: str, tree: _Tree) -> _Tree:
        if len(self._kept) >= KEPT_TREES:
            del self._kept[next(iter(self._kept))]
        self._kept[oid] = tree
        return tree

    def _compare(self, prefix: str, old: str | None, new: str | None, changes: dict[str, Change]) -> None:
        if prefix.count("/") > MAX_DEPTH:
            raise LogError(f"expected folders at most {MAX_DEPTH} deep, found deeper ones")
        before = self._tree(old)
        if new is None or new in self._kept:
            differing = _differences(before.entries, self._tree(new).entries)
        else:
            differing, after = _follow(before, self._raw(new))
            if after.entries is before.entries and old is not None:
                self._kept.pop(old, None)  # its entries have become those of the new tree
            self._keep(new, after)
        if new is not None and not self._tree(new).entries:
            raise LogError("expected no empty folder, found one")
        for name, was, now in differing:
            if now is not None and not is_plain_name(name):
                raise LogError("expected plain file names, found one that no checkout may have")
            self._add(prefix + name.decode("utf-8", "backslashreplace"), was, now, changes)

    def _add(self, path: str, old: Entry | None, new: Entry | None, changes: dict[str, Change]) -> None:
        self._left -= 1  # counted and not taken from `changes`: trees of folders alone could go on for ever
        if self._left < 0:
            raise LogError(f"expected at most {MAX_CHANGES} changed files and folders in a commit, found more")
        old_folder = old is not None and old.is_folder
        new_folder = new is not None and new.is_folder
        if old_folder or new_folder:
            below = old.oid.hex() if old is not None and old_folder else None
            self._compare(path + "/", below, new.oid.hex() if new is not None and new_folder else None, changes)
        if (old is not None and not old_folder) or (new is not None and not new_folder):
            changes[path] = Change(None if old_folder else old, None if new_folder else new)


Differences = list[tuple[bytes, "Entry | None", "Entry | None"]]


def _whole(raw: bytes) -> _Tree:
    entries = parse_tree(raw)
    return _Tree(raw, entries, next(reversed(entries), b""))


def _follow(before: _Tree, raw: bytes) -> tuple[Differences, _Tree]:
    """Return how the tree `raw` differs from the one before it, and the parsed tree.

    Where `raw` only adds at the end, or changes the object id of its last entry, which is how the folders of records
    grow, the entries of the tree before are changed in place, not copied.
    """
    entries, last = before.entries, before.last
    if before.raw and len(raw) > len(before.raw) and raw.startswith(before.raw):
        added = parse_tree(raw[len(before.raw) :])
        first = next(iter(added))
        in_order = sort_key(first, added[first]) > sort_key(last, entries[last])
        if in_order and not added.keys() & entries.keys():
            entries.update(added)
            return [(name, None, entry) for name, entry in added.items()], _Tree(raw, entries, next(reversed(added)))
    elif before.raw and raw[:-OID_BYTES] == before.raw[:-OID_BYTES]:
        old, new = entries[last], Entry(entries[last].mode, raw[-OID_BYTES:])
        entries[last] = new
        return [(last, old, new)], _Tree(raw, entries, last)
    after = _whole(raw)
    return _differences(before.entries, after.entries), after


def _differences(old: Entries, new: Entries) -> Differences:
    changed = [(name, old.get(name), entry) for name, entry in new.items() if old.get(name) != entry]
    return changed + [(name, entry, None) for name, entry in old.items() if name not in new]
