"""The environment of the process; with `cli/wiring.py` the only reader of it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NO_PAGER = frozenset({"", "cat"})


def variable(name: str) -> str | None:
    """Return an environment variable, None where it is not set or empty."""
    return os.environ.get(name) or None


def variables() -> dict[str, str]:
    """Return the whole environment: commands get it, a pipeline tells of itself in it, secrets stand in it."""
    return dict(os.environ)


@contextmanager
def variable_as(name: str, value: str) -> Iterator[None]:
    """Set an environment variable for a while, for a library of this process that reads it."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def is_terminal() -> bool:
    """Return whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def wants_color() -> bool:
    """Return whether stdout is a terminal that wants colours (no-color.org)."""
    return is_terminal() and variable("NO_COLOR") is None and variable("TERM") not in {None, "dumb"}


def pager(trusted_config: Callable[[str], str | None]) -> str | None:
    """Return the user's pager as git chooses it, None where stdout is no terminal or no pager is wanted.

    The repository's own configuration is not asked: it could name a program. Where nobody chose one, it is `less`, or
    none where that is not installed.
    """
    if not is_terminal() or variable("TERM") in {None, "dumb"}:
        return None
    chosen = os.environ.get("GIT_PAGER")
    if chosen is None:
        chosen = trusted_config("core.pager") or os.environ.get("PAGER")
    if chosen is None:
        from shutil import which

        chosen = "less" if which("less") else ""
    return None if chosen in NO_PAGER else chosen


def lend_terminal() -> None:
    """Tell gpg the terminal of whoever runs a hook: git takes standard input, by which gpg would find it."""
    if os.environ.get("GPG_TTY"):
        return
    for descriptor in (2, 1):
        try:
            os.environ["GPG_TTY"] = os.ttyname(descriptor)
        except OSError:
            continue  # no terminal
        return


def of_pre_commit(commit_of: Callable[[str], str]) -> tuple[tuple[str, ...], bytes]:
    """Return arguments and input of a pre-push hook as far as pre-commit tells them: of the first pushed ref only.

    Args:
        commit_of: returns the commit that a revision names; raises `LookupError` for none.
    """
    names = [f"PRE_COMMIT_{name}" for name in ("REMOTE_NAME", "REMOTE_URL", "LOCAL_BRANCH", "REMOTE_BRANCH")]
    name, address, local, remote = (variable(one) or "" for one in names)
    if not (name and address and local and remote):
        return (), b""
    try:
        tip = commit_of(variable("PRE_COMMIT_TO_REF") or local)
    except LookupError:
        return (), b""
    return (name, address), os.fsencode(f"{local} {tip} {remote} {'0' * 40}\n")
