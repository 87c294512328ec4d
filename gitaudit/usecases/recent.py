"""A reader that remembers the last objects: neighbours in a history share parents, trees and blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitaudit.model import Kind
    from gitaudit.ports import ObjectReader

MAX_OBJECTS = 128
MAX_OBJECT_BYTES = 65_536


class Recent:
    """Fits `ObjectReader`; holds at most `MAX_OBJECTS` objects of at most `MAX_OBJECT_BYTES` each."""

    def __init__(self, store: ObjectReader) -> None:
        self._store = store
        self._kept: dict[str, tuple[Kind, bytes]] = {}

    def read(self, oid: str) -> tuple[Kind, bytes]:
        """Return the kind and content of an object. Raises `ObjectError`."""
        found = self._kept.get(oid)
        if found is None:
            found = self._store.read(oid)
            if len(found[1]) <= MAX_OBJECT_BYTES:
                if len(self._kept) >= MAX_OBJECTS:
                    del self._kept[next(iter(self._kept))]
                self._kept[oid] = found
        return found

    def ref(self, name: str) -> str | None:
        """Return what a ref points at."""
        return self._store.ref(name)

    def is_cut(self, oid: str) -> bool:
        """Return whether a shallow clone left out a commit's parents."""
        return self._store.is_cut(oid)

    def is_partial(self) -> bool:
        """Return whether objects may rightly be missing."""
        return self._store.is_partial()
