"""Hints of a change record: what its files are to a reviewer (docs/format.md, "change").

Nobody recomputes them, as they depend on a parser and on tables that grow: they are the writer's word, like a reason.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.iac.source import hcl
from gitaudit.iac.source.hints import MAX_TEXT_BYTES, hints_of
from gitaudit.log.canonical import encode
from gitaudit.log.commit import sha256_hex
from gitaudit.usecases.changes.source_files import FileChange, path_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.log.tree import Entry
    from gitaudit.ports import Clock, ObjectReader

MAX_ITEMS = 100
MAX_LIST_BYTES = 8 * 1024
MAX_PARSED_BYTES = 512 * 1024
"""Bytes of a commit's files that are parsed: 0.1 s of work; files beyond that have a tool and no blocks."""
MAX_PARSE_TIME = timedelta(seconds=1)
"""How long a commit's files are parsed: only files that were broken on purpose take so long."""
MAX_LOOKED_AT = 4 * 1024 * 1024
"""Bytes of a commit's files that are looked at: about another second; files beyond that are told by their names."""


class Hinter(NamedTuple):
    """Makes the hints of commits."""

    store: ObjectReader
    clock: Clock

    def hints(self, changes: Sequence[FileChange]) -> dict[str, object] | None:
        """Return the `hints` of a change record, None where nothing is to be said of any file. Raises `LogError`."""
        budget = _Budget(self.store, self.clock)
        items: list[dict[str, object]] = []
        flags: set[str] = set()
        for change in changes[:MAX_ITEMS]:
            found = hints_of(change.path, *budget.contents(change), budget.parse)
            said = {"tool": found.tool, "blocks": list(found.blocks) or None, "flags": list(found.flags) or None}
            present = {name: value for name, value in said.items() if value is not None}
            flags.update(found.flags)
            if present:
                items.append({**path_fields(change.path), **present})
        if not items:
            return None
        return {"files": _bounded(items)} | ({"flags": sorted(flags)} if flags else {})


class _Budget:
    """Reads and parses files of one commit, up to a number of bytes and for some time."""

    def __init__(self, store: ObjectReader, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._left = MAX_PARSED_BYTES
        self._time = MAX_PARSE_TIME
        self._unseen = MAX_LOOKED_AT

    def contents(self, change: FileChange) -> tuple[bytes | None, bytes | None]:
        """Return a file before and after; neither where one of them is not looked at, lest the other seem all new."""
        before, after = self._content(change.before), self._content(change.after)
        unseen = (change.before is not None and before is None) or (change.after is not None and after is None)
        return (None, None) if unseen else (before, after)

    def _content(self, entry: Entry | None) -> bytes | None:
        """Return what is looked at: nothing of a symbolic link, a submodule or a file that is too large."""
        if entry is None or not entry.mode.startswith(b"100"):
            return None
        _, content = self._store.read(entry.oid.hex())
        if len(content) > min(self._unseen, MAX_TEXT_BYTES):
            return None
        self._unseen -= len(content)
        return content

    def parse(self, data: bytes, is_json: bool) -> hcl.Blocks | None:  # noqa: FBT001 - as `hints_of` calls it
        if len(data) > self._left:
            return None
        self._left -= len(data)
        began = self._clock.now()
        blocks = hcl.parse(data, is_json=is_json, late=lambda: self._clock.now() - began >= self._time)
        self._time -= self._clock.now() - began
        return blocks


def _bounded(items: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the LIST of as many items from the start as fit `MAX_LIST_BYTES` as canonical JSON."""
    kept = list(items)
    while len(encode(kept)) > MAX_LIST_BYTES:
        kept.pop()
    listed: dict[str, object] = {"total": len(items), "items": kept}
    return listed if len(kept) == len(items) else listed | {"sha256": sha256_hex(encode(items))}
