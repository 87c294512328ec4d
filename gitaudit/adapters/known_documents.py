"""Policy and pin as they were read before: parsing and checking them takes as long as signing, and they rarely change.

Kept in `gitaudit/known/` of the common Git directory, with the digest of the bytes that they were read from and the
version that read them. Only commands that write use it; verification always reads the bytes themselves.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from gitaudit import __version__
from gitaudit.adapters.files import FOLDER, seal, unseal, write_durably
from gitaudit.adapters.schemas import SchemaSet
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_FORMAT = "gitaudit.known/1"


class KnownDocuments(SchemaSet):
    """Schemas that remember the last policy and the last pin that satisfied them."""

    def __init__(self, common_dir: Path) -> None:
        super().__init__()
        self._new: dict[str, bytes] = {}
        self._folder = common_dir / FOLDER / "known"

    def read_policy(self, data: bytes) -> Mapping[str, object]:
        """Return the content of `policy.yml`. Raises `ConfigError`."""
        return self._known("policy", data, super().read_policy)

    def read_config(self, data: bytes) -> Mapping[str, object]:
        """Return the content of `.gitaudit.yml`. Raises `ConfigError`."""
        return self._known("config", data, super().read_config)

    def _known(self, name: str, data: bytes, read: Callable[[bytes], Mapping[str, object]]) -> Mapping[str, object]:
        path = self._folder / f"{name}.json"
        digest = hashlib.sha256(b"%b\n%b" % (__version__.encode("ascii"), data)).hexdigest()
        with suppress(SetupError, ValueError):
            kept = unseal(path, _FORMAT, "") if path.exists() else {}
            if kept.get("digest") == digest:
                return cast("Mapping[str, object]", kept["document"])
        document = read(data)
        self._new[name] = seal({"format": _FORMAT, "digest": digest, "document": dict(document)})
        return document

    def keep(self) -> None:
        """Let the next command know what this one has read; where it cannot be written, that one reads again."""
        while self._new:
            name, content = self._new.popitem()
            with suppress(SetupError):
                write_durably(self._folder / f"{name}.json", content)
