"""The contract of `Memory`, held by the fake and by the file of a clone; then what only a file can do wrong."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.files import FileMemory
from gitaudit.errors import SetupError
from gitaudit.model import Head, Remembered
from gitaudit.testing import ForgetfulMemory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitaudit.ports import Memory

GENESIS = Head(commit="12" * 20, sha256="34" * 32, size=1)
SEEN = Head(commit="56" * 20, sha256="78" * 32, size=42)
REMEMBERED = Remembered(origin="example.com/infra", log="refs/heads/audit", genesis=GENESIS, seen=SEEN)
VERIFIED = REMEMBERED._replace(verified=SEEN, root="AAAA", governed="9a" * 32)


@pytest.fixture(params=["memory", "file"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Memory]:
    """Give what opens the memory anew, as the next command does; the fake remembers by itself."""
    if request.param == "memory":
        memory = ForgetfulMemory()
        return lambda: memory
    return lambda: FileMemory(tmp_path)


def test_a_memory_begins_empty(opened: Callable[[], Memory]) -> None:
    """A clone that has met no log remembers none."""
    assert opened().load() is None


@pytest.mark.parametrize("remembered", [REMEMBERED, VERIFIED])
def test_what_is_saved_is_loaded(opened: Callable[[], Memory], remembered: Remembered) -> None:
    """Every field comes back for the next command."""
    opened().save(remembered)

    assert opened().load() == remembered


def test_saving_replaces_all(opened: Callable[[], Memory]) -> None:
    """Nothing of what was remembered before shines through."""
    opened().save(VERIFIED)

    opened().save(REMEMBERED)

    assert opened().load() == REMEMBERED


def sealed(content: object) -> bytes:
    """Return the bytes of a whole file with any content."""
    body = json.dumps(content).encode("ascii")
    return hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body + b"\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\0",
        b"0" * 64 + b"\n{}\n",
        sealed([]),
        sealed({"format": "gitaudit.memory/2"}),
        sealed({"format": "gitaudit.memory/1"}),
        sealed({"format": "gitaudit.memory/1", "genesis": 1, "seen": 2, "verified": 3}),
    ],
    ids=["empty", "no text", "wrong digest", "no object", "newer", "no fields", "other fields"],
)
def test_a_memory_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    """A clone never forgets silently what it has seen: the message has the path and says what to do."""
    memory = FileMemory(tmp_path)
    memory.save(VERIFIED)
    memory.path.write_bytes(content)

    with pytest.raises(SetupError, match=str(memory.path)) as raised:
        memory.load()

    assert raised.value.hint is not None


def test_every_byte_counts(tmp_path: Path) -> None:
    """No byte of the file can be changed unnoticed."""
    memory = FileMemory(tmp_path)
    memory.save(VERIFIED)
    data = memory.path.read_bytes()
    unnoticed = []

    for at in range(len(data) - 1):
        memory.path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            memory.load()
        except SetupError:
            continue
        unnoticed.append(at)

    assert unnoticed == []


def test_two_commands_that_save_at_once_never_show_half_a_file(tmp_path: Path) -> None:
    """Verifying and recording both remember: whoever reads meanwhile finds one of them, whole."""
    FileMemory(tmp_path).save(REMEMBERED)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_save_often, args=(tmp_path, one)) for one in (REMEMBERED, VERIFIED)]
    for writer in writers:
        writer.start()

    found = []
    while any(writer.is_alive() for writer in writers):
        found.append(FileMemory(tmp_path).load())
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert all(one in {REMEMBERED, VERIFIED} for one in found)
    assert [path.name for path in (tmp_path / "gitaudit").iterdir()] == ["memory.json"]


def _save_often(folder: Path, remembered: Remembered) -> None:
    for _ in range(200):
        FileMemory(folder).save(remembered)
