"""The contract of `Outbox`, held by the fake and by the files of a clone; then what only files can do wrong."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.files import STALE_SECONDS, FileOutbox
from gitaudit.errors import SetupError
from gitaudit.model import Draft
from gitaudit.testing import MemoryOutbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitaudit.ports import Outbox

BASE = "12" * 20


@pytest.fixture(params=["memory", "files"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Outbox]:
    """Give what opens the outbox anew, as the next command does; the fake remembers by itself."""
    if request.param == "memory":
        outbox = MemoryOutbox()
        return lambda: outbox
    return lambda: FileOutbox(tmp_path)


def draft(number: int, text: str = "content", files: dict[str, bytes] | None = None) -> Draft:
    """Return a draft whose id sorts by number."""
    return Draft(
        document={"id": f"{number:08d}-0000-7000-8000-000000000000", "body": {"text": text}}, files=files or {}
    )


def test_an_outbox_begins_empty(opened: Callable[[], Outbox]) -> None:
    """Nothing waits in a clone where nothing was recorded."""
    assert list(opened().entries()) == []


def test_a_draft_comes_back_as_it_was_put(opened: Callable[[], Outbox]) -> None:
    """Document, files and base are the same for the next command, byte for byte."""
    kept = draft(1, "ä\u2028\0\U0001f600", {"keys/A.asc": b"\0\xff\r\n", "policy.yml": b""})

    opened().put(kept, BASE)

    assert list(opened().entries()) == [(kept, BASE)]


def test_a_draft_may_have_no_base(opened: Callable[[], Outbox]) -> None:
    """None is a base: the log was not known when the draft was made."""
    opened().put(draft(1), None)

    assert [base for _, base in opened().entries()] == [None]


def test_drafts_are_in_the_order_of_their_ids(opened: Callable[[], Outbox]) -> None:
    """Ids count time, so the oldest comes first, whenever it was put."""
    for number in (2, 10, 1):
        opened().put(draft(number), BASE)

    assert [one.id[:8] for one, _ in opened().entries()] == ["00000001", "00000002", "00000010"]


def test_putting_an_id_again_replaces_the_draft(opened: Callable[[], Outbox]) -> None:
    """A draft stands once, whatever was put before under its id."""
    opened().put(draft(1, "old"), None)

    opened().put(draft(1, "new"), BASE)

    assert list(opened().entries()) == [(draft(1, "new"), BASE)]


def test_only_the_ids_named_are_forgotten(opened: Callable[[], Outbox]) -> None:
    """Others stay, and an id that is not there is no error."""
    for number in (1, 2, 3):
        opened().put(draft(number), BASE)

    opened().remove([draft(1).id, draft(3).id, draft(9).id])

    assert [one.id for one, _ in opened().entries()] == [draft(2).id]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of an outbox with one draft in it."""
    FileOutbox(tmp_path).put(draft(1), BASE)
    return tmp_path / "gitaudit" / "outbox"


def the_file(folder: Path) -> Path:
    """Return the only file of an outbox."""
    (path,) = folder.iterdir()
    return path


def test_only_the_owner_may_read_drafts(folder: Path) -> None:
    """A draft may hold what its writer would not show others before it is scanned."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_file(folder).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "harm",
    [lambda data: data[:-20], lambda data: data.replace(b"content", b"Content"), lambda _: b"", lambda _: b"\xff\0"],
    ids=["cut short", "edited", "empty", "no text"],
)
def test_a_damaged_draft_is_named_and_not_removed(folder: Path, tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    """The message has the path and says what becomes of the record; the file stays for whoever can mend it."""
    path = the_file(folder)
    path.write_bytes(harm(path.read_bytes()))

    with pytest.raises(SetupError, match=str(path)) as raised:
        FileOutbox(tmp_path).entries()

    assert "damaged" in raised.value.message
    assert "move the file away" in (raised.value.hint or "")
    assert path.exists()


@pytest.mark.parametrize("content", [{"format": "gitaudit.outbox/2"}, {"format": "gitaudit.outbox/0"}, {}, ["list"], 7])
def test_a_draft_of_another_version_is_told(folder: Path, tmp_path: Path, content: object) -> None:
    """A whole file of another format number is neither damaged nor guessed at: the message names both formats."""
    body = json.dumps(content).encode("ascii")
    the_file(folder).write_bytes(hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body + b"\n")

    with pytest.raises(SetupError, match=r"expected format gitaudit\.outbox/1") as raised:
        FileOutbox(tmp_path).entries()

    assert "version" in (raised.value.hint or "")


@pytest.mark.parametrize(
    "document", [{}, {"document": 1, "files": {}, "base": None}, {"document": {}, "files": {"a": 1}}]
)
def test_a_draft_of_this_version_with_other_fields_is_told(
    folder: Path, tmp_path: Path, document: dict[str, object]
) -> None:
    """A file that no version of this program wrote ends in a message, not in a traceback."""
    body = json.dumps({"format": "gitaudit.outbox/1", **document}).encode("ascii")
    the_file(folder).write_bytes(hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body + b"\n")

    with pytest.raises(SetupError, match=str(the_file(folder))):
        FileOutbox(tmp_path).entries()


def test_half_written_files_are_no_drafts(folder: Path, tmp_path: Path) -> None:
    """What a killed command left is not read."""
    (folder / "00000002.json.4711.tmp").write_bytes(b"half")

    assert [one.id for one, _ in FileOutbox(tmp_path).entries()] == [draft(1).id]


def test_half_written_files_are_removed_when_they_are_old(folder: Path, tmp_path: Path) -> None:
    """The next draft cleans up, but leaves alone what another command may be writing at this moment."""
    old, young, memory = folder / "old.json.1.tmp", folder / "young.json.2.tmp", folder.parent / "memory.json.3.tmp"
    for path in (old, young, memory):
        path.write_bytes(b"half")
    for path in (old, memory):
        os.utime(path, (0, time.time() - STALE_SECONDS - 10))

    FileOutbox(tmp_path).put(draft(2), BASE)

    assert (old.exists(), memory.exists(), young.exists()) == (False, False, True)
    assert len(FileOutbox(tmp_path).entries()) == 2


def test_a_draft_that_cannot_be_kept_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """The folder cannot be made: the message has the path, and there is no draft."""
    (tmp_path / "gitaudit").write_bytes(b"a file in the way")

    with pytest.raises(SetupError, match="outbox") as raised:
        FileOutbox(tmp_path).put(draft(1), BASE)

    assert raised.value.hint is not None
    assert (tmp_path / "gitaudit").read_bytes() == b"a file in the way"
