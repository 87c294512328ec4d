"""Which commits an amend or a rebase has made of which, remembered until the next record of the new ones.

A line `<old> <new>` each, at the end of one small file: git runs the hook after every amend, so it must cost nothing.
What is lost here is lost to convenience alone; `gitaudit log` still shows that the old commit never arrived.
"""

from __future__ import annotations

import os

from gitaudit.adapters.hooks import places, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "rewritten"
MAX_BYTES = 1_000_000
KEPT_BYTES = 500_000
_PAIR_BYTES = 82
_HEX = frozenset(b"0123456789abcdef")


def add(common: str, given: bytes) -> None:
    """Remember pairs of commits, as git gives them to `post-rewrite`; what is no pair is passed over.

    Raises:
        OSError: the file cannot be written.
    """
    lines = b"".join(b"%s %s\n" % pair for pair in pairs(given)[-KEPT_BYTES // _PAIR_BYTES :])
    if not lines:
        return
    path = f"{common}/{places.FOLDER}/{NAME}"
    _shorten(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, lines)
    finally:
        os.close(descriptor)


def read(common: str) -> dict[str, list[str]]:
    """Return the commits that each new commit was made of, oldest first."""
    found: dict[str, list[str]] = {}
    for old, new in pairs(_content(f"{common}/{places.FOLDER}/{NAME}")):
        if old != new:
            found.setdefault(new.decode("ascii"), []).append(old.decode("ascii"))
    return found


def pairs(given: bytes) -> list[tuple[bytes, bytes]]:
    """Return the pairs that lines of two object ids are; further words are left out."""
    words = (line.split(b" ")[:2] for line in given.split(b"\n"))
    return [(pair[0], pair[1]) for pair in words if len(pair) == 2 and all(map(_is_id, pair))]  # noqa: PLR2004 - old, new


def of_git(arguments: Sequence[str]) -> bytes:
    """Return the same from git's own files, where whoever runs the hook does not pass on what git gave it.

    Args:
        arguments: `amend` or `rebase`; or nothing, and then pre-commit has said it.
    """
    command = arguments[0] if arguments else os.environ.get("PRE_COMMIT_REWRITE_COMMAND", "")
    if command == "amend":
        return scan.end(scan.begin(["rev-parse", "HEAD@{1}", "HEAD"])).replace(b"\n", b" ")
    place = scan.end(scan.begin(["rev-parse", "--git-path", "rebase-merge/rewritten-list"]))
    return _content(os.fsdecode(place)) if command == "rebase" and place else b""


def _is_id(word: bytes) -> bool:
    return len(word) == 40 and _HEX.issuperset(word)  # noqa: PLR2004 - hex digits of an object id


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - pathlib is slow
            return stream.read(MAX_BYTES + _PAIR_BYTES)
    except OSError:
        return b""


def _shorten(path: str) -> None:
    """Leave out the older half of a file that has grown too large."""
    content = _content(path)
    if len(content) < MAX_BYTES:
        return
    kept = content[-KEPT_BYTES:].partition(b"\n")[2]
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as stream:  # noqa: PTH123 - pathlib is slow
        stream.write(kept)
    os.replace(temporary, path)  # noqa: PTH105 - pathlib is slow
