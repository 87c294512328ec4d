"""Raw Git trees: parsing, formatting and the entries in which two of them differ (git's `tree` object format)."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitaudit.errors import MalformedError

FILE_MODE = b"100644"
FOLDER_MODE = b"40000"

_ENTRY = re.compile(rb"([1-7][0-7]{4,5}) ([^/\x00]+)\x00(.{20})", re.DOTALL)


class Entry(NamedTuple):
    """One entry of a tree: its mode in octal digits and its object id, 20 bytes."""

    mode: bytes
    oid: bytes

    @property
    def is_folder(self) -> bool:
        """Whether the entry is another tree."""
        return self.mode == FOLDER_MODE


Entries = dict[bytes, Entry]


def parse_tree(raw: bytes) -> Entries:
    """Return the entries of a tree by name, in the order of `raw`.

    Raises:
        MalformedError: not the bytes that git writes: out of order, a name twice, a mode with a leading zero.
    """
    entries: Entries = {}
    size, last = 0, b""
    for mode, name, oid in _ENTRY.findall(raw):
        entry = Entry(mode, oid)
        key = sort_key(name, entry)
        if key <= last or name in entries:
            break
        entries[name] = entry
        size += len(mode) + len(name) + 22
        last = key
    if size != len(raw):
        raise MalformedError("expected a tree object with sorted, unique names, found another form")
    return entries


def format_tree(entries: Entries) -> bytes:
    """Return the bytes of a tree; names sort as if those of folders ended with a slash."""
    names = sorted(entries, key=lambda name: sort_key(name, entries[name]))
    return b"".join([b"%b %b\x00%b" % (entries[name].mode, name, entries[name].oid) for name in names])


def sort_key(name: bytes, entry: Entry) -> bytes:
    """Return what an entry sorts by: its name, with a slash after that of a folder."""
    return name + b"/" if entry.mode == FOLDER_MODE else name


def is_plain_name(name: bytes) -> bool:
    """Return whether a tree entry may have this name at all: no dot, dot-dot or .git in any letter case."""
    return name[:1] not in {b".", b""} or (name.lower() not in {b".", b"..", b".git"} and name != b"")
