"""Records as bytes: `format_record` and `parse_record` (docs/format.md, "The record").

A parsed record keeps its original bytes; those are hashed and checked, never a re-serialisation. Whether the fields
fit the schema of the record's type is checked apart, by the schemas themselves.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import MalformedError
from gitaudit.log.canonical import MAX_BYTES, decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.model import Draft, Head

SCHEMA_NUMBER = 1


class Record(NamedTuple):
    """A record as it stands in the log.

    Attributes:
        raw: the bytes of the blob.
        document: the JSON object that they are.
    """

    raw: bytes
    document: Mapping[str, object]

    @property
    def id(self) -> str:
        """UUIDv7: the identity of the record."""
        return self.text("id")

    @property
    def type(self) -> str:
        """Record type, such as `deploy.finished`."""
        return self.text("type")

    @property
    def index(self) -> int:  # type: ignore[override]  # it hides a method of tuples that nobody calls
        """Position in the log, or -1 where the field is missing or no integer."""
        value = self.document.get("index")
        return value if type(value) is int else -1  # True is an int to Python

    @property
    def body(self) -> Mapping[str, object]:
        """The fields of the record's type; empty where missing."""
        return self.mapping("body")

    @property
    def subject(self) -> Mapping[str, object]:
        """The audited object; empty where the record has none."""
        return self.mapping("subject")

    @property
    def environment(self) -> str | None:
        """Id of the environment, where the record names one."""
        value = self.body.get("environment")
        name = value.get("id") if isinstance(value, dict) else None
        return name if isinstance(name, str) else None

    @property
    def outcome(self) -> str | None:
        """Outcome of a deployment, where the record has one."""
        value = self.body.get("outcome")
        return value if isinstance(value, str) else None

    def text(self, name: str) -> str:
        """Return a string field, or the empty string where it is missing or no string."""
        value = self.document.get(name)
        return value if isinstance(value, str) else ""

    def mapping(self, name: str) -> Mapping[str, object]:
        """Return an object field, or an empty object where it is missing or none."""
        value = self.document.get(name)
        return value if isinstance(value, dict) else {}

    def listed_files(self) -> dict[str, str]:
        """Return the SHA-256 in hex, by path, of the other files that the record's commit adds or changes."""
        files = self.document.get("files")
        entries = files if isinstance(files, list) else []
        pairs = [(entry.get("path"), entry.get("sha256")) for entry in entries if isinstance(entry, dict)]
        return {path: digest for path, digest in pairs if isinstance(path, str) and isinstance(digest, str)}

    @property
    def files_in_order(self) -> bool:
        """Whether the field `files` lists paths in the order of their bytes, and none twice."""
        files = self.document.get("files", [])
        paths = [entry.get("path") for entry in files if isinstance(entry, dict)] if isinstance(files, list) else []
        named = [path for path in paths if isinstance(path, str)]
        return all(one < other for one, other in pairwise(named))


def link(draft: Draft, parent: Head | None) -> Record:
    """Return the record that `draft` becomes after `parent`; None is for the genesis record.

    Raises:
        MalformedError: it cannot be written as canonical JSON, or is longer than 65,535 bytes.
    """
    document = dict(draft.document)
    document["index"] = 0 if parent is None else parent.size
    document["prev"] = None if parent is None else {"commit": parent.commit, "sha256": parent.sha256}
    raw = encode(document)
    if len(raw) > MAX_BYTES:
        raise MalformedError(f"expected a record of at most {MAX_BYTES} bytes, found {len(raw)}")
    return Record(raw=raw, document=document)


def unlink(record: Record) -> dict[str, object]:
    """Return the fields of a record that stay the same when it is linked anew."""
    return {name: value for name, value in record.document.items() if name not in {"index", "prev"}}


def parse_record(raw: bytes) -> Record:
    """Return the record whose bytes are `raw`.

    Raises:
        MalformedError: not canonical JSON, or not an object.
    """
    return Record(raw=raw, document=decode(raw))
