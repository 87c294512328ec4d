"""Hints of a change record: what its files are to a reviewer (docs/format.md, "change").

Nobody recomputes them, as they depend on a parser and on tables that grow: they are the writer's word, like a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitaudit.iac.source import hcl
from gitaudit.iac.source.hints import hints_of
from gitaudit.log.canonical import encode
from gitaudit.log.commit import sha256_hex
from gitaudit.usecases.source_files import SUBMODULE, FileChange, path_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.log.tree import Entry
    from gitaudit.ports import ObjectReader

MAX_ITEMS = 100
MAX_LIST_BYTES = 8 * 1024
MAX_PARSED_BYTES = 128 * 1024
"""Bytes of a commit's files that are parsed: about a second of work; files beyond that have a tool and no blocks."""
MAX_LOOKED_AT = 256 * 1024
"""Size of a file that is looked at."""
MAX_REMEMBERED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Hinter:
    """Makes the hints of one commit after the other; what a file was after one, it is before the next."""

    store: ObjectReader
    parsed: dict[tuple[bytes, bool], hcl.Blocks | None] = field(default_factory=dict)

    def hints(self, changes: Sequence[FileChange]) -> dict[str, object] | None:
        """Return the `hints` of a change record, None where nothing is to be said of any file. Raises `LogError`."""
        budget = _Budget(self.parsed)
        items: list[dict[str, object]] = []
        flags: set[str] = set()
        for change in changes[:MAX_ITEMS]:
            found = hints_of(change.path, self._content(change.before), self._content(change.after), budget.parse)
            said = {"tool": found.tool, "blocks": list(found.blocks) or None, "flags": list(found.flags) or None}
            present = {name: value for name, value in said.items() if value is not None}
            flags.update(found.flags)
            if present:
                items.append({**path_fields(change.path), **present})
        if not items:
            return None
        return {"files": _bounded(items)} | ({"flags": sorted(flags)} if flags else {})

    def _content(self, entry: Entry | None) -> bytes | None:
        """Return what is looked at: nothing of a symbolic link, a submodule or a large file."""
        if entry is None or entry.mode == SUBMODULE or not entry.mode.startswith(b"100"):
            return None
        _, content = self.store.read(entry.oid.hex())
        return content if len(content) <= MAX_LOOKED_AT else None


class _Budget:
    """Parses files of one commit, up to a number of bytes, and remembers what it found."""

    def __init__(self, parsed: dict[tuple[bytes, bool], hcl.Blocks | None]) -> None:
        self._parsed = parsed
        self._left = MAX_PARSED_BYTES

    def parse(self, data: bytes, is_json: bool) -> hcl.Blocks | None:  # noqa: FBT001 - as `hints_of` calls it
        known = (data, is_json)
        if known in self._parsed:
            return self._parsed[known]
        if len(data) > self._left:
            return None
        self._left -= len(data)
        if len(self._parsed) >= MAX_REMEMBERED:
            del self._parsed[next(iter(self._parsed))]
        return self._parsed.setdefault(known, hcl.parse(data, is_json=is_json))


def _bounded(items: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the LIST of as many items from the start as fit `MAX_LIST_BYTES` as canonical JSON."""
    kept = list(items)
    while len(encode(kept)) > MAX_LIST_BYTES:
        kept.pop()
    listed: dict[str, object] = {"total": len(items), "items": kept}
    return listed if len(kept) == len(items) else listed | {"sha256": sha256_hex(encode(items))}
