"""The lock of a clone: one writer at a time, however it ends."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.files import FileLock
from gitaudit.errors import ConflictError, SetupError
from gitaudit.testing import NoLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gitaudit.ports import Lock

HOLDER = """
import sys
from pathlib import Path
from gitaudit.adapters.files import FileLock
with FileLock(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the lock until its standard input ends or it is killed."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


@pytest.mark.parametrize("make", [lambda _: NoLock(), FileLock], ids=["fake", "file"])
def test_a_lock_can_be_held_again_after_it_was_left(make: Callable[[Path], Lock], tmp_path: Path) -> None:
    """Leaving the context lets it go, also where what was done in it failed."""
    lock = make(tmp_path)
    with pytest.raises(ZeroDivisionError), lock.held():
        raise ZeroDivisionError

    with lock.held(), pytest.raises(ValueError, match="inside"):
        raise ValueError("inside")


def test_another_process_is_kept_out(tmp_path: Path) -> None:
    """Who waits in vain is told for how long it waited, and how to find the one who holds it."""
    with another_process(tmp_path):
        lock = FileLock(tmp_path, seconds=0.1)

        with pytest.raises(ConflictError, match="0 seconds") as raised, lock.held():
            pytest.fail("both hold it")

    assert str(tmp_path / "gitaudit" / "lock") in (raised.value.hint or "")


def test_another_holder_in_the_same_process_is_kept_out(tmp_path: Path) -> None:
    """The lock belongs to who took it, not to the process."""
    with FileLock(tmp_path).held(), pytest.raises(ConflictError), FileLock(tmp_path, seconds=0.0).held():
        pytest.fail("both hold it")


def test_a_kill_lets_go_of_the_lock(tmp_path: Path) -> None:
    """The kernel drops the lock with its holder: nothing is left that could block the next command."""
    with another_process(tmp_path) as process:
        process.kill()
        process.wait()

        with FileLock(tmp_path, seconds=0.0).held():
            pass


def test_who_waits_gets_the_lock_when_it_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting looks again and again: the holder ends while somebody waits."""
    with another_process(tmp_path) as process:
        waits: list[float] = []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            process.communicate()

        monkeypatch.setattr("gitaudit.adapters.files.time.sleep", wait)

        with FileLock(tmp_path).held():
            pass

    assert len(waits) == 1


def test_programs_that_are_started_do_not_keep_the_lock(tmp_path: Path) -> None:
    """A git that outlives the command which started it, after a kill, holds nobody up."""
    with FileLock(tmp_path).held():
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)

    with FileLock(tmp_path, seconds=0.0).held():
        assert child.poll() is None

    child.communicate()


def test_a_lock_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The message has the path."""
    (tmp_path / "gitaudit").write_bytes(b"a file in the way")

    with pytest.raises(SetupError, match="lock"), FileLock(tmp_path).held():
        pytest.fail("there is no such file")
