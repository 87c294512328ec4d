"""Making the copy of the policy that `places.py` reads, and the quick test that goes before the exact one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.adapters.files import write_durably
from gitaudit.adapters.hooks import places
from gitaudit.iac.patterns import ANY, PathMatcher

if TYPE_CHECKING:
    from pathlib import Path

    from gitaudit.iac.patterns import Glob, Pattern
    from gitaudit.policy.policy import Policy


def write(common_dir: Path, log: str, policy_id: str, policy: Policy) -> None:
    """Keep a copy of a policy for the short way of the hooks. Raises `SetupError`."""
    write_durably(common_dir / places.FOLDER / places.CACHE, places.cache_bytes(fields_of(log, policy_id, policy)))


def fields_of(log: str, policy_id: str, policy: Policy) -> list[tuple[bytes, bytes]]:
    """Return names and values of a copy."""
    fields = [("log", log), ("policy", policy_id), ("writer", policy.change_writer)]
    fields += [("protect", pattern) for pattern in policy.protected_refs]
    fields += [("glob", pattern) for pattern in policy.iac]
    found = [(name.encode("ascii"), value.encode("utf-8", "surrogateescape")) for name, value in fields]
    return found + [_quick(pattern) for pattern in PathMatcher(policy.iac).patterns if not pattern.negated]


def _quick(pattern: Pattern) -> tuple[bytes, bytes]:
    """Return what every path that a pattern matches has: start and end of its last segment, or folders in it."""
    if pattern.segments[-1] != ANY:
        return b"name", _head(pattern.segments[-1]) + b"\t" + _tail(pattern.segments[-1])
    literal = [glob[0] for glob in pattern.segments if len(glob) == 1 and b"?" not in glob[0]]
    return b"within", b"\t".join(b"/" + name + b"/" for name in literal)


def _head(glob: Glob) -> bytes:
    return glob[0].partition(b"?")[0]


def _tail(glob: Glob) -> bytes:
    return glob[-1].rpartition(b"?")[2]
