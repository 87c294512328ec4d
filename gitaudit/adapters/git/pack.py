"""Writing many objects at once as one pack (git's pack-format): a loose object each would burden git for good."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

from gitaudit.adapters.git.program import run_git
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from gitaudit.model import Kind

_NUMBERS: dict[Kind, int] = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


def write_pack(git_dir: Path, objects: Collection[tuple[Kind, bytes]]) -> None:
    """Store objects as one pack through `git index-pack`, which checks it, indexes it and syncs it to disk.

    Raises:
        SetupError: no space, no permission.
    """
    result = run_git(["index-pack", "--stdin"], git_dir=git_dir, stdin=format_pack(objects))
    if result.returncode != 0:
        raise SetupError(f"cannot write to {git_dir}: {result.message}", hint="check free space and permissions")


def format_pack(objects: Collection[tuple[Kind, bytes]]) -> bytes:
    """Return the bytes of a version 2 pack with these objects, none of them as a delta."""
    parts = [b"PACK", (2).to_bytes(4, "big"), len(objects).to_bytes(4, "big")]
    for kind, content in objects:
        parts.append(_entry_header(_NUMBERS[kind], len(content)))
        parts.append(zlib.compress(content, 1))
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _entry_header(number: int, size: int) -> bytes:
    """Return type and size: four bits of size in the first octet, seven in each of the rest, lowest first."""
    octets = [number << 4 | size & 0x0F]
    size >>= 4
    while size:
        octets[-1] |= 0x80
        octets.append(size & 0x7F)
        size >>= 7
    return bytes(octets)
