"""Which IaC files a commit of the audited repository changes, as the `files` of a change record.

A merge changes what differs from every parent, as `git diff-tree --cc` has it; what only one side brought has its own
commits. A rename is a deletion and an addition. Submodules are left out: their content is not in this repository.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import LogError
from gitaudit.iac.source.commit import SourceCommit, parse_source_commit
from gitaudit.log.canonical import encode
from gitaudit.log.commit import sha256_hex
from gitaudit.log.tree import Entries, Entry, parse_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.iac.patterns import PathMatcher
    from gitaudit.ports import ObjectReader

MAX_ITEMS = 100
MAX_LIST_BYTES = 32_768
SURELY_FITS = 4
"""So many items fit whatever their paths are: 1,024 characters of at most six bytes, and below 1 KiB of the rest."""
MAX_DEPTH = 256
SUBMODULE = b"160000"
_HIDDEN = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


class FileChange(NamedTuple):
    """One changed file: its raw path and its entries before and after, None where it did not exist."""

    path: bytes
    before: Entry | None
    after: Entry | None

    @property
    def status(self) -> str:
        """`added`, `deleted`, `modified` or `type-changed`."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "deleted"
        return "modified" if self.before.mode[:2] == self.after.mode[:2] else "type-changed"


def changed_files(store: ObjectReader, commit: SourceCommit, matcher: PathMatcher) -> list[FileChange]:
    """Return the IaC files that a commit changes, sorted by raw path. Raises `LogError`: an object is missing."""
    parents: list[str | None] = [_tree_of(store, parent) for parent in commit.parents] or [None]
    changes = _compare(store, parents[0], commit.tree, matcher)
    for parent in parents[1:]:
        if changes:
            others = _compare(store, parent, commit.tree, matcher)
            changes = {path: change for path, change in changes.items() if path in others}
    return [changes[path] for path in sorted(changes)]


def files_between(store: ObjectReader, old: str | None, new: str | None, matcher: PathMatcher) -> list[FileChange]:
    """Return the IaC files that differ between two trees, None being an empty one, sorted. Raises `LogError`."""
    changes = _compare(store, old, new, matcher)
    return [changes[path] for path in sorted(changes)]


def file_list(store: ObjectReader, changes: Sequence[FileChange]) -> dict[str, object]:
    """Return the `files` LIST of a change record.

    It holds as many items from the start as fit `MAX_ITEMS` and, as canonical JSON, `MAX_LIST_BYTES`; where that is
    not all of them, `sha256` is of the canonical JSON of all.
    """
    items = [_item(store, change) for change in changes]
    kept = items[:MAX_ITEMS]
    while len(kept) > SURELY_FITS and len(encode(kept)) > MAX_LIST_BYTES:
        kept.pop()
    listed: dict[str, object] = {"total": len(items), "items": kept}
    if len(kept) < len(items):
        listed["sha256"] = sha256_hex(encode(items))
    return listed


def path_fields(path: bytes) -> dict[str, str]:
    """Return `path`, or `path_base64` where it is not UTF-8 or holds characters that must not reach a terminal."""
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and len(text) <= 1024 and not any(_is_hidden(char) for char in text):  # noqa: PLR2004 - schemas/change.v1.json
        return {"path": text}
    return {"path_base64": base64.b64encode(path).decode("ascii")}


def _is_hidden(char: str) -> bool:
    return char < " " or "\x7f" <= char <= "\x9f" or char in _HIDDEN


def _item(store: ObjectReader, change: FileChange) -> dict[str, object]:
    item: dict[str, object] = {**path_fields(change.path), "status": change.status}
    for name, entry in (("before", change.before), ("after", change.after)):
        if entry is not None:
            _, content = store.read(entry.oid.hex())
            item[name] = {"blob": entry.oid.hex(), "sha256": sha256_hex(content)}
    return item


def _tree_of(store: ObjectReader, commit: str) -> str:
    """Return the tree of a parent."""
    _, raw = store.read(commit)
    return parse_source_commit(raw).tree


def _compare(store: ObjectReader, old: str | None, new: str | None, matcher: PathMatcher) -> Mapping[bytes, FileChange]:
    changes: dict[bytes, FileChange] = {}
    stack: list[tuple[bytes, str | None, str | None]] = [(b"", old, new)]
    while stack:
        prefix, left, right = stack.pop()
        if prefix.count(b"/") > MAX_DEPTH:
            raise LogError(f"expected folders at most {MAX_DEPTH} deep, found deeper ones")
        before, after = _entries(store, left), _entries(store, right)
        names = {name for name, _ in before.items() ^ after.items()}
        for name in names:
            _step(prefix + name, before.get(name), after.get(name), stack, changes, matcher)
    return changes


def _step(
    path: bytes,
    before: Entry | None,
    after: Entry | None,
    stack: list[tuple[bytes, str | None, str | None]],
    changes: dict[bytes, FileChange],
    matcher: PathMatcher,
) -> None:
    """Put the folders of one differing name on the stack, and its files among the changes."""
    left = before.oid.hex() if before is not None and before.is_folder else None
    right = after.oid.hex() if after is not None and after.is_folder else None
    if left is not None or right is not None:
        stack.append((path + b"/", left, right))
    old = None if before is None or before.is_folder or before.mode == SUBMODULE else before
    new = None if after is None or after.is_folder or after.mode == SUBMODULE else after
    if (old is not None or new is not None) and matcher.matches(path):
        changes[path] = FileChange(path, old, new)


def _entries(store: ObjectReader, oid: str | None) -> Entries:
    if oid is None:
        return {}
    kind, content = store.read(oid)
    if kind != "tree":
        raise LogError(f"expected object {oid} to be a tree, found a {kind}")
    return parse_tree(content)
