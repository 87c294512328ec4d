"""A terminal to run programs on: a session of its own on a pseudo-terminal, with somebody who reads and types."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SECONDS = 60.0
ROWS, COLUMNS = 30, 100


class Terminal:
    """A program that runs as the foreground job of a terminal."""

    def __init__(self, words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        self.seen = b""
        self._at = 0
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(words[0], list(words), {**env, "TERM": "xterm-256color"})  # noqa: S606 - words of the test
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def expect(self, pattern: str) -> re.Match[bytes]:
        """Read on until what was printed since the last match fits a pattern."""
        deadline = time.monotonic() + SECONDS
        while True:
            found = re.search(pattern.encode(), self.seen[self._at :])
            if found is not None:
                self._at += found.end()
                return found
            if not self._read(deadline):
                message = f"expected {pattern!r}, the terminal shows {self.seen!r}"
                raise AssertionError(message)

    def type(self, text: str) -> None:
        r"""Press keys; \x03 is Ctrl-C."""
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Read to the end and return how the program ended, as `os.waitstatus_to_exitcode` has it."""
        deadline = time.monotonic() + SECONDS
        while self._read(deadline):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self._master)
        return os.waitstatus_to_exitcode(status)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            message = f"nothing more came; the terminal shows {self.seen!r}"
            raise AssertionError(message)
        try:
            found = os.read(self._master, 65_536)
        except OSError:  # Linux ends a terminal without writers with EIO
            found = b""
        self.seen += found
        return bool(found)
