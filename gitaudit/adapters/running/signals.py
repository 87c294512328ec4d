"""Signals while a command runs: each reaches it exactly once, whoever sent it and to whom.

A key such as Ctrl-C, and a runner that ends a whole process group, reach the command by themselves, as it stays in the
group of this process: to be one program with it on the terminal, in a pipeline and for job control. A signal sent to
this process alone must be passed on. Nothing tells the two apart, and a second interrupt makes some tools drop
everything, so a guard process in the same group reports what it is sent: what it gets was sent to the group.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from types import FrameType

STOPPING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""Signals that ask a command to end."""
PASSED_ON = (*STOPPING, signal.SIGUSR1, signal.SIGUSR2)
GRACE_SECONDS = 0.1
"""How long a signal waits for the guard to say that the command has it already."""
_PIPE_BYTES = 4096


class SignalWatch:
    """Notes the signals in `PASSED_ON` instead of dying of them; those that were ignored before stay ignored."""

    def __init__(self) -> None:
        self.stops: list[int] = []
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Begin to note signals."""
        for number in PASSED_ON:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what `signal.signal` returned

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a process, pass on what is meant for it, and return how it ended (negative: by that signal)."""
        with _woken() as woken, _guard() as reports:
            waiter, guard = _Waiter(process, list(self._before)), reports
            while True:
                code = process.poll()
                if code is not None:
                    return code
                ready, _, _ = select.select([woken, *([guard] if guard else [])], [], [], waiter.patience())
                if woken in ready:
                    waiter.got(os.read(woken, _PIPE_BYTES))
                if guard in ready and not waiter.group_got(os.read(guard, _PIPE_BYTES)):
                    guard = None
                waiter.pass_on()

    def is_readable(self, descriptor: int) -> bool:
        """Wait until something can be read; return False where a signal to stop came first."""
        with _woken() as woken:
            while not self.stops:
                ready, _, _ = select.select([woken, descriptor], [], [])
                if descriptor in ready:
                    return True
                os.read(woken, _PIPE_BYTES)
        return False

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number in STOPPING:
            self.stops.append(number)


class _Waiter:
    """Decides which signals are passed on to a process."""

    def __init__(self, process: subprocess.Popen[bytes], numbers: list[int]) -> None:
        self._process = process
        self._numbers = numbers
        self._due: dict[int, float] = {}
        self._seen: dict[int, float] = {}

    def got(self, numbers: bytes) -> None:
        """Take in signals that this process was sent."""
        now = time.monotonic()
        for number in numbers:
            if number in self._numbers and now - self._seen.get(number, -GRACE_SECONDS) >= GRACE_SECONDS:
                self._due.setdefault(number, now + GRACE_SECONDS)

    def group_got(self, numbers: bytes) -> bool:
        """Take in signals that the whole group was sent; return whether the guard is still there."""
        for number in numbers:
            self._seen[number] = time.monotonic()
            self._due.pop(number, None)
        return bool(numbers)

    def patience(self) -> float | None:
        """Return how many seconds may be waited before a signal has to be passed on; None for any time."""
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def pass_on(self) -> None:
        """Send what has waited long enough."""
        now = time.monotonic()
        for number in [one for one, due in self._due.items() if due <= now]:
            del self._due[number]
            self._process.send_signal(number)


@contextmanager
def _woken() -> Iterator[int]:
    """Give a descriptor from which the numbers of signals can be read; the end of a child is among them."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGCHLD, before)
        os.close(reading)
        os.close(writing)


@contextmanager
def _guard() -> Iterator[int | None]:
    """Give a descriptor from which the numbers of signals to the process group can be read, None without a guard."""
    reports, reporting = os.pipe()
    watching, living = os.pipe()
    try:
        child = os.fork()
    except OSError:
        child = None  # no more processes: then every signal is passed on
    if child == 0:
        os.close(living)
        _stand_guard(reporting, watching)
    os.close(reporting)
    os.close(watching)
    try:
        yield reports if child else None
    finally:
        os.close(living)
        os.close(reports)
        if child:
            with suppress(ChildProcessError):
                os.waitpid(child, 0)


def _stand_guard(reporting: int, watching: int) -> None:
    """Report signals until the parent is gone, and end; nothing of this program is to happen in the copy of it."""
    try:
        os.set_blocking(reporting, False)
        signal.set_wakeup_fd(reporting, warn_on_full_buffer=False)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        while os.read(watching, 1):
            pass
    finally:
        os._exit(0)


def end_like(number: int) -> None:
    """End this process by a signal, as the command ended: whoever started it must see the same."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the core dump, if any, is the command's
    with suppress(OSError):  # SIGKILL has no handler to take away
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
