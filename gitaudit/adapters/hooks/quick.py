"""The short way of the hooks: most runs have nothing to record and end here, after two short git processes.

Every push, amend and rebase pays for what is imported here, so this module takes nothing but `os` and `sys` and gives
no type at run time; even `typing` would cost a tenth of such a run. What it cannot settle for sure, it leaves to
`gitaudit.cli.hooks`: it never finds that nothing is to be recorded where the long way would find something.
"""

from __future__ import annotations

import os
import sys

from gitaudit.adapters.hooks import guard, places, rewritten, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

AT_WORK = "GITAUDIT_AT_WORK"
"""Set for every git process that gitaudit itself runs: hooks have nothing to add to what it does."""
HOOKS = ("pre-push", "post-rewrite", "reference-transaction")
"""Names of the hooks that `gitaudit hook` takes."""
NO_OBJECT = b"0" * 40

_input: list[bytes] = []
_found: list[list[str]] = []


def standard_input() -> bytes:
    """Return what git gives the hook on standard input; it can be asked again."""
    if not _input:
        try:
            _input.append(sys.stdin.buffer.read())
        except (AttributeError, OSError):  # closed: nothing is given
            _input.append(b"")
    return _input[0]


def found() -> list[str] | None:
    """Return the IaC commits of the push that was looked at, None where it was not, or by another policy than now."""
    return _found[0] if _found else None


def settle(arguments: Sequence[str]) -> int | None:
    """Return the exit code of a hook that is done with, None where the long way has to be gone.

    Args:
        arguments: name of the hook, then what git gives it.
    """
    if not arguments:
        return None
    name, rest = arguments[0], arguments[1:]
    if name == "pre-push":
        return _pre_push(rest)
    if name == "post-rewrite":
        return _post_rewrite(rest)
    if name == "reference-transaction":
        return _reference_transaction(rest)
    return None


def _pre_push(arguments: Sequence[str]) -> int | None:
    """Settle a push that publishes no commit which changes infrastructure as code."""
    given = standard_input()
    lines = [line.split(b" ") for line in given.split(b"\n") if line]
    if AT_WORK in os.environ or (arguments and not lines):
        return 0
    common = places.common_dir()
    known = None if common is None else places.read_cache(common)
    if common is None or known is None or len(arguments) != 2 or any(len(line) != 4 for line in lines):  # noqa: PLR2004
        return None  # the first push after a change of the policy, or no line of githooks(5)
    if known.writer == b"developer":
        settled = _publishes_nothing(known, lines, scan.Remote(common, arguments[0], arguments[1]))
    else:
        settled = scan.policy_id(known.log) == known.policy
    return 0 if settled else None


def _publishes_nothing(known: places.Known, lines: Sequence[Sequence[bytes]], remote: scan.Remote) -> bool:
    """Return whether a push surely is to add no record: no IaC commit, no protected branch that loses any."""
    if places.is_waiting(remote.common) or any(_needs_thought(line, known.protected) for line in lines):
        return False
    begun = scan.begin_policy_id(known.log)
    tips = [line[1] for line in lines if not places.is_own(line[2], known.log)]
    found = scan.commits(tips, [line[3] for line in lines], remote, known.log, known.matches)
    if scan.end(begun) != known.policy:
        return False
    _found.append(found)
    return not found


def _needs_thought(line: Sequence[bytes], protected: Sequence[bytes]) -> bool:
    """Return whether a line of a push is about a protected branch that is there already, or a deletion of one."""
    return line[3] != NO_OBJECT and places.is_protected(line[2], protected) and scan.is_overwritten(line[1], line[3])


def _post_rewrite(arguments: Sequence[str]) -> int:
    """Remember which commits an amend or a rebase has made of which."""
    common = places.common_dir()
    if common is not None and places.has_log(common):
        rewritten.add(common, standard_input() or rewritten.of_git(arguments[:1]))
    return 0


def _reference_transaction(arguments: Sequence[str]) -> int:
    """Refuse to move the local log backwards; `arguments` are the state of the transaction and the log's ref."""
    common = places.common_dir()
    if len(arguments) < 2 or arguments[0] != "prepared" or common is None:  # noqa: PLR2004
        return 0
    wrong = guard.refusal(common, os.fsencode(arguments[1]), standard_input(), by_gitaudit=AT_WORK in os.environ)
    if wrong is None:
        return 0
    for line in wrong:
        sys.stderr.write(f"gitaudit: {line}\n")
    return 3
