"""One check: how it went, and what mends it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.errors import GitauditError

Status = Literal["ok", "warning", "problem", "bad", "skipped"]
"""`bad` is said of the log alone; `problem` of everything else that keeps records from being made, shared or kept."""
BAD, UNWELL = 1, 3
"""Exit codes: the log is bad; something does not work, or could not be looked at."""

_QUOTED = re.compile(r"`((?:git|gitaudit|gpg|gpgconf|pip|rm) [^`]+)`")
_BEHIND = re.compile(r": ((?:git|gitaudit|gpg|gpgconf|rm) \S.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was looked at.

    Attributes:
        name: stable slug, part of the JSON contract.
        status: how it went; `skipped` where it does not apply here, or is to be looked at elsewhere.
        told: what was found, in one line.
        mend: commands for a shell, in the repository, to be run one after the other; empty where no command helps.
        hint: more to know, or where to look.
    """

    name: str
    status: Status
    told: str
    mend: tuple[str, ...] = ()
    hint: str | None = None


def exit_code(checks: Sequence[Check]) -> int:
    """Return 1 where the log is bad, 3 where something else does not work, else 0."""
    found = {check.status for check in checks}
    return BAD if "bad" in found else UNWELL if "problem" in found else 0


def from_error(name: str, error: GitauditError) -> Check:
    """Return the check that ended with an error; the commands are those that its hint names."""
    return Check(
        name=name,
        status="bad" if error.exit_code == BAD else "problem",
        told=error.message,
        mend=commands_in(error.hint or ""),
        hint=error.hint,
    )


def commands_in(hint: str) -> tuple[str, ...]:
    """Return the commands that a hint names: between backticks, or behind a colon up to the end.

    Those with a word in capitals, such as FPR, have to be completed first and are left out.
    """
    found = _QUOTED.findall(hint) or _BEHIND.findall(hint)
    return tuple(one for one in found if not re.search(r"(?<![\w/.-])[A-Z]{3,}(?![\w/.-])", one))


def command(*words: str) -> str:
    """Return a command line of words that a shell takes for exactly these."""
    return shlex.join(words)
