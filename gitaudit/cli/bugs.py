"""What is kept of an exception that nobody expected: where it happened, and nothing of what was read."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback

from gitaudit import __version__
from gitaudit.errors import GitauditError

BUG = 4


class BugError(GitauditError):
    """A fault of this program."""

    kind = "bug"
    exit_code = BUG


def bug_error(error: BaseException) -> BugError:
    """Write the trace to a file that only its owner may read, and return the error that names it."""
    name = type(error).__name__
    try:
        descriptor, path = tempfile.mkstemp(prefix="gitaudit-bug-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(trace(error))
    except OSError:
        place = traceback.extract_tb(error.__traceback__)[-1:]
        where = "".join(f" at {frame.filename}:{frame.lineno}" for frame in place)
        return BugError(f"a bug in gitaudit: {name}{where}", hint="please report this line")
    return BugError(f"a bug in gitaudit: {name}", hint=f"please report it with the file {path}")


def trace(error: BaseException) -> str:
    """Return versions and the stack of an exception and those before it.

    The message of an exception may quote what was read, a secret for example, so only its type is told.
    """
    head = f"gitaudit {__version__}, Python {sys.version.split()[0]}, {platform.platform()}\n"
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 10:  # noqa: PLR2004 - a chain may be a circle
        frames = traceback.StackSummary.from_list(traceback.extract_tb(current.__traceback__))
        kind = f"{type(current).__module__}.{type(current).__qualname__}"
        parts.append("".join(frames.format()) + f"{kind} (its message is left out: it may quote what was read)\n")
        current = current.__cause__ or current.__context__
    return head + "\nafter\n".join(parts)
