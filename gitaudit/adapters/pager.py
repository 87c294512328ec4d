"""Showing long listings through the user's pager."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable

NOT_FOUND = 127
NOT_EXECUTABLE = 126


def run_pager(lines: Iterable[str], command: str) -> None:
    """Feed lines to a pager command of the user (never of the repository), and wait until the reader leaves it.

    Raises:
        SetupError: there is no such program.
    """
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    process = subprocess.Popen(  # noqa: S602 - a pager is a shell command, as git has it; it is the user's own
        command,
        shell=True,
        stdin=subprocess.PIPE,
        env=environment,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
    )
    try:
        if process.stdin is not None:
            with process.stdin as stream:
                stream.writelines(lines)
    except BrokenPipeError:
        pass  # the reader has left the pager
    finally:
        code = _wait(process)
    if code in {NOT_FOUND, NOT_EXECUTABLE}:
        raise SetupError(
            f"expected a pager, found that the shell cannot run {command!r}",
            hint="correct GIT_PAGER, core.pager or PAGER, or set GIT_PAGER=cat",
        )


def _wait(process: subprocess.Popen[str]) -> int:
    """Wait for the pager, which handles Ctrl-C itself: the terminal is not ours before it has ended."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
