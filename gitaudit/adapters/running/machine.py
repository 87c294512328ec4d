"""Runs a user's commands with the user's own terminal; fits the port `Machine`.

No pseudo-terminal stands between: the command inherits the very descriptors of this process, those beyond the third
included, so prompts, colours, progress bars and job control are its own business.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gitaudit.adapters.environment import variables as all_variables
from gitaudit.adapters.running.signals import SignalWatch
from gitaudit.errors import SetupError
from gitaudit.model import Answer, Ended

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_ANSWER = 200 * 1024 * 1024
_SIGNALLED = 128


class LocalMachine:
    """This machine; to be used as a context, in which signals are noted instead of ending the process."""

    def __init__(self, directory: Path) -> None:
        """Name the folder that commands run in."""
        self._directory = directory
        self._watch = SignalWatch()
        self._folder: Path | None = None
        self.variables: Mapping[str, str] = all_variables()

    def __enter__(self) -> Self:
        """Begin to note signals."""
        self._watch.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        """Remove the private folder, and let signals do what they did before."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._watch.__exit__(*details)

    def is_on_terminal(self) -> bool:
        """Return whether standard input is a terminal."""
        return os.isatty(0)

    def real_name(self, program: str) -> str | None:
        """Return the name of the file that a program leads to."""
        found = self._find(program)
        return None if found is None else Path(os.path.realpath(found)).name

    def run(self, words: Sequence[str], *, variables: Mapping[str, str], silent_input: bool = False) -> Ended:
        """Run a command with everything that is this process's own."""
        before = len(self._watch.stops)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        try:
            process = subprocess.Popen(
                list(words),
                executable=self._find(words[0]),
                cwd=self._directory,
                env={**self.variables, **variables},
                stdin=subprocess.DEVNULL if silent_input else None,
                close_fds=False,
            )
        except OSError as error:
            raise SetupError(
                f"cannot run {Path(words[0]).name}: {error.strerror}", hint="check that it is a program"
            ) from error
        code = self._watch.wait(process)
        interrupts = tuple(self._watch.stops[before:])
        if code < 0:
            return Ended(code=_SIGNALLED - code, signal=-code, interrupts=interrupts)
        return Ended(code=code, interrupts=interrupts)

    def ask(self, words: Sequence[str], *, variables: Mapping[str, str]) -> Answer:
        """Run a command that only reads; one that cannot be started answers with exit code 127."""
        try:
            process = subprocess.Popen(
                list(words),
                executable=self._find(words[0]),
                cwd=self._directory,
                env={**self.variables, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return Answer(code=127, output=b"")
        with process:
            output = b"" if process.stdout is None else process.stdout.read(MAX_ANSWER + 1)
            if len(output) > MAX_ANSWER:
                process.kill()
        return Answer(code=process.returncode if len(output) <= MAX_ANSWER else 1, output=output)

    def confirm(self, question: str) -> str | None:
        """Ask on standard output, and read one line without taking a byte of the next."""
        print_to_stdout(question)
        line = bytearray()
        while self._watch.is_readable(0):
            try:
                byte = os.read(0, 1)
            except OSError:
                return None
            if not byte:
                return line.decode("utf-8", "replace") if line else None
            if byte == b"\n":
                return line.decode("utf-8", "replace")
            line += byte
        return None

    def interrupted(self) -> tuple[int, ...]:
        """Return the signals to stop that came."""
        return tuple(self._watch.stops)

    def new_file(self, name: str) -> str:
        """Return a path in the private folder."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="gitaudit-"))
        return str(self._folder / name)

    def keep(self, path: str, name: str) -> str | None:
        """Copy a file into the private folder."""
        target = Path(self.new_file(name))
        try:
            with (self._directory / path).open("rb") as source, target.open("xb") as copy:
                target.chmod(0o600)
                shutil.copyfileobj(source, copy)
        except OSError:
            return None
        return str(target)

    def digest(self, path: str) -> tuple[str, int] | None:
        """Return SHA-256 and size of a file."""
        with suppress(OSError), (self._directory / path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()
        return None

    def content(self, path: str) -> bytes | None:
        """Return the content of a file."""
        with suppress(OSError), (self._directory / path).open("rb") as stream:
            data = stream.read(MAX_ANSWER + 1)
            return data if len(data) <= MAX_ANSWER else None
        return None

    def _find(self, program: str) -> str | None:
        """Return the path of a program, as a shell finds it: one with a slash counts from the command's folder."""
        if "/" in program:
            path = self._directory / program
            return str(path) if path.is_file() and os.access(path, os.X_OK) else None
        return shutil.which(program, path=self.variables.get("PATH"))


def print_to_stdout(text: str) -> None:
    """Write a text to standard output at once."""
    if sys.stdout is not None:
        sys.stdout.write(text)
        sys.stdout.flush()
