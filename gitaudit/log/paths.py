"""Where a record and the other files of the branch stand (docs/format.md, "The tree").

A record's path is a pure function of its index and type, with at most 100 entries in a folder, so that the cost of an
append does not grow with the log.
"""

from __future__ import annotations

import re

MAX_INDEX = 99_999_998
"""Eight digits, and so has the number of records, which is one more."""

README = "README.md"
POLICY = "policy.yml"
FRONTIER = "merkle/frontier"
KEYS = "keys"
SCHEMAS = "schemas"
RECORDS = "records"
ATTACHMENTS = "attachments"

_ATTACHMENT = re.compile(r"attachments/[0-9a-f]{64}", re.ASCII)
_GOVERNED = re.compile(
    r"README\.md|policy\.yml|keys/(?:[0-9A-F]{40}|[0-9A-F]{64})\.asc|schemas/[a-z.]{1,40}\.v[1-9]\.json", re.ASCII
)


def record_folder(index: int) -> tuple[str, str, str, str]:
    """Return the folders of the record, such as `("records", "00", "00", "00")` for 42.

    Raises:
        ValueError: `index` is not within 0 to `MAX_INDEX`.
    """
    if not 0 <= index <= MAX_INDEX:
        raise ValueError(index)
    digits = f"{index:08d}"
    return (RECORDS, digits[:2], digits[2:4], digits[4:6])


def record_name(index: int, record_type: str) -> str:
    """Return the file name of the record, such as `00000042-deploy.finished.json`."""
    return f"{index:08d}-{record_type}.json"


def record_path(index: int, record_type: str) -> str:
    """Return the path of the record in the tree, such as `records/00/00/00/00000042-deploy.finished.json`."""
    return "/".join((*record_folder(index), record_name(index, record_type)))


def key_path(fingerprint: str) -> str:
    """Return the path of a public key in the tree."""
    return f"{KEYS}/{fingerprint}.asc"


def schema_path(name: str) -> str:
    """Return the path of a schema in the tree."""
    return f"{SCHEMAS}/{name}"


def is_attachment(path: str) -> bool:
    """Return whether any record may add a file at `path`: `attachments/` and the SHA-256 of its bytes."""
    return _ATTACHMENT.fullmatch(path) is not None


def is_governed(path: str) -> bool:
    """Return whether `path` is a file that only a genesis or policy record may add or change."""
    return _GOVERNED.fullmatch(path) is not None
