"""The guard of the local log: what a transaction of refs may do to it (githooks(5), reference-transaction).

`git gc` and `git pack-refs` take a ref out of its own file after putting it among the packed ones, which looks like a
deletion; a real deletion of a packed ref comes without an old value first. Telling them apart took trying all cases.
"""

from __future__ import annotations

import os

from gitaudit.adapters.hooks import scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

HINT = (
    "hint: nothing was changed; records are never removed, see `gitaudit correct`; to do without this guard: "
    "gitaudit hooks uninstall"
)


def refusal(common: str, log: bytes, given: bytes, *, by_gitaudit: bool) -> Sequence[str] | None:
    """Return error and hint where a transaction would rewind, delete or redirect the log; None where it may go on.

    Args:
        common: the common Git directory.
        log: full name of the log's ref.
        given: lines of `<old> <new> <ref>`, as git gives them when the transaction is prepared.
        by_gitaudit: it is gitaudit that moves the ref: unpublished records may be linked anew, never published ones.
    """
    for line in given.split(b"\n"):
        old, _, rest = line.partition(b" ")
        new, _, ref = rest.partition(b" ")
        if ref != log:
            continue
        wrong = _wrong(common, log, old, new, by_gitaudit=by_gitaudit)
        if wrong:
            return f"error: expected {os.fsdecode(log)} only to grow, found a change that {wrong}", HINT
    return None


def _wrong(common: str, log: bytes, old: bytes, new: bytes, *, by_gitaudit: bool) -> str | None:
    if new == scan.NO_OBJECT:
        return None if old != scan.NO_OBJECT and _is_packed(common, log, old) else "deletes it"
    if new.startswith(b"ref:"):
        return "makes it another name for another branch"
    current = scan.value_of(log)
    if not current or current == new or not scan.is_overwritten(new, current):
        return None
    published = scan.values_below("refs/gitaudit/remotes/", b"/" + log.removeprefix(b"refs/"))
    if by_gitaudit and not any(scan.is_overwritten(new, one) for one in published):
        return None
    return f"takes it from {os.fsdecode(current)} to {os.fsdecode(new)}, which does not come after it"


def _is_packed(common: str, log: bytes, value: bytes) -> bool:
    try:
        with open(f"{common}/packed-refs", "rb") as stream:  # noqa: PTH123 - pathlib is slow
            return value + b" " + log in stream.read().split(b"\n")
    except OSError:
        return False
