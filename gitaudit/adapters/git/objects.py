"""The object files of a repository: packs are read through libgit2, loose objects are read and written without it.

The loose reader of libgit2 1.9 loops for ever on data that ends early (its issue 7342) and writes beyond its buffer
where a header tells too small a size (its issue 7177). A damaged or hostile file must be a finding, so none gets there.
Its loose writer syncs each folder as well, which git does not, and takes twice as long as gpg takes to sign.
"""

from __future__ import annotations

import os
import re
import stat
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gitaudit.adapters.git.core import core
from gitaudit.errors import ObjectError, SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.model import Kind

KINDS: tuple[Kind, ...] = ("commit", "tree", "blob", "tag")
"""By libgit2's numbers for them, from 1."""
COMPRESSION = 1
"""What git takes for loose objects (git-config(1), core.looseCompression)."""
MAX_HEADER_BYTES = 32
MAX_ALTERNATES = 16
MAX_UNLISTED = 500
"""Looking for this many objects that may be packed takes as long as listing the loose ones."""
HINT = "restore it from another clone: git fsck names the damage"

_OID = re.compile(r"[0-9a-f]{40}", re.ASCII)


class ObjectFiles:
    """The objects in folders such as `.git/objects` and in their alternates. Their hashes are not compared here."""

    def __init__(self, *folders: Path) -> None:
        self._folders = _with_alternates(folders)
        self._packs = core.Odb()
        for number, place in enumerate(self._folders):
            self._packs.add_backend(core.OdbBackendPack(place), len(self._folders) - number)
        self._loose: dict[str, str] | None = None
        self._looked = 0

    def read(self, oid: str) -> tuple[Kind, bytes]:
        """Return the kind and content of an object.

        Raises:
            KeyError: there is none.
            ObjectError: it is damaged.
            SetupError: the system does not let it be read, which says nothing about it.
        """
        if _OID.fullmatch(oid) is None:
            raise KeyError(oid)
        return self._read_loose(oid) or self._read_packed(oid) or self._read_new(oid)

    def has(self, oid: str) -> bool:
        """Return whether there is an object of this id, in whatever state."""
        return any(Path(place, oid[:2], oid[2:]).exists() for place in self._folders) or oid in self._packs

    def write(self, objects: Mapping[str, tuple[Kind, bytes]]) -> None:
        """Store loose objects by their ids, each as git does: synced to disk before it has its name. Raises `OSError`.

        Another program may write the same one at the same time; where it has its name already, it is left alone.
        """
        shared = _shared_mode(self._folders[0])
        for oid, (kind, content) in objects.items():
            folder = f"{self._folders[0]}/{oid[:2]}"
            if os.path.exists(f"{folder}/{oid[2:]}"):  # noqa: PTH110 - a path object costs more than the look
                continue
            with suppress(FileExistsError):
                os.mkdir(folder)  # noqa: PTH102 - as above
                if shared is not None:
                    os.chmod(folder, shared)  # noqa: PTH101 - as above
            data = zlib.compress(b"%b %d\0%b" % (kind.encode(), len(content), content), COMPRESSION)
            _write_synced(folder, oid[2:], data, shared)

    def _read_loose(self, oid: str) -> tuple[Kind, bytes] | None:
        for place in self._places(oid):
            try:
                with open(f"{place}/{oid[:2]}/{oid[2:]}", "rb") as stream:  # noqa: PTH123 - a path object costs more than the read
                    return _inflate(stream.read(), oid)
            except FileNotFoundError:
                continue  # it is elsewhere, or was packed meanwhile
            except (IsADirectoryError, NotADirectoryError) as error:
                raise ObjectError(oid, "damaged", hint=HINT) from error
            except OSError as error:
                hint = "check permissions and the disk; nothing is known of the log until it can be read"
                raise SetupError(f"cannot read object {oid}: {error.strerror}", hint=hint) from error
        return None

    def _places(self, oid: str) -> Sequence[str]:
        """Return the folders to look for a loose object in: all for the first few, then those that list it."""
        self._looked += 1
        if self._looked <= MAX_UNLISTED:
            return self._folders
        if self._loose is None:
            self._loose = {name: place for place in reversed(self._folders) for name in _loose_names(place)}
        place = self._loose.get(oid)
        return () if place is None else (place,)

    def _read_packed(self, oid: str) -> tuple[Kind, bytes] | None:
        try:
            number, content = self._packs.read(oid)
            return KINDS[number - 1], content
        except KeyError:
            return None
        except (core.GitError, OSError, ValueError, IndexError, MemoryError) as error:
            raise ObjectError(oid, "damaged", hint=HINT) from error

    def _read_new(self, oid: str) -> tuple[Kind, bytes]:
        """Look among loose objects that were written since they were listed."""
        self._loose = None
        found = self._read_loose(oid) if self._looked > MAX_UNLISTED else None
        if found is None:
            raise KeyError(oid)
        return found


def _shared_mode(folder: str) -> int | None:
    """Return the mode that git gave a folder which a group shares (core.sharedRepository), None where none does."""
    mode = stat.S_IMODE(os.stat(folder).st_mode)  # noqa: PTH116 - as above
    return mode if mode & (stat.S_IWGRP | stat.S_ISGID) else None


def _write_synced(folder: str, name: str, data: bytes, shared: int | None) -> None:
    """Write a file that is there whole or not at all; `git gc` removes what a killed process leaves of it."""
    temporary = f"{folder}/tmp_obj_{os.urandom(8).hex()}"  # noqa: S108 - in the repository, under git's own name for it
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o444)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        if shared is not None:
            os.chmod(temporary, shared & 0o444)  # noqa: PTH101 - as above
        os.replace(temporary, f"{folder}/{name}")  # noqa: PTH105 - as above
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise


def _loose_names(folder: str) -> list[str]:
    """Return the ids of the loose objects in a folder."""
    found = []
    for number in range(256):
        try:
            names = os.listdir(f"{folder}/{number:02x}")  # noqa: PTH208 - paths would cost more than the listing
            found += [f"{number:02x}{name}" for name in names]
        except OSError:
            continue
    return found


def _inflate(data: bytes, oid: str) -> tuple[Kind, bytes]:
    """Return what a loose object file holds: zlib data of kind, blank, size, NUL and content; no more than it tells."""
    stream = zlib.decompressobj()
    try:
        start = stream.decompress(data, MAX_HEADER_BYTES)
        header, mark, content = start.partition(b"\0")
        kind, _, size = header.partition(b" ")
        if not mark or not size.isdigit() or kind.decode("ascii", "replace") not in KINDS:
            raise ObjectError(oid, "damaged", hint=HINT)
        content += stream.decompress(stream.unconsumed_tail, max(int(size) - len(content), 0) + 1)
    except (zlib.error, MemoryError, OverflowError, ValueError) as error:
        raise ObjectError(oid, "damaged", hint=HINT) from error
    if not stream.eof or stream.unused_data or header != b"%b %d" % (kind, len(content)):
        raise ObjectError(oid, "damaged", hint=HINT)
    return cast("Kind", kind.decode("ascii")), content


def _with_alternates(folders: Sequence[Path]) -> list[str]:
    """Return folders and those they borrow objects from (gitrepository-layout(5), objects/info/alternates)."""
    found = list(dict.fromkeys(str(folder.absolute()) for folder in folders))
    for place in found:
        try:
            with open(f"{place}/info/alternates", encoding="utf-8", errors="surrogateescape") as stream:  # noqa: PTH123 - as above
                lines = stream.read().splitlines()
        except OSError:
            continue
        for line in lines:
            other = os.path.normpath(Path(place) / line)
            if line and not line.startswith("#") and other not in found and len(found) <= MAX_ALTERNATES:
                found.append(other)
    return found
