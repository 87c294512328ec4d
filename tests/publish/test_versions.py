"""The outbox across versions: what another version has left there goes out, or waits, and is never lost."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.files import FileOutbox
from gitaudit.errors import SetupError
from tests.publish.worlds import World, raised

if TYPE_CHECKING:
    from pathlib import Path

    from gitaudit.model import Draft


def left(folder: Path, draft: Draft, **fields: object) -> Path:
    """Write an entry as gitaudit 0.1 does, byte by byte: a digest, then JSON with sorted keys, indented by one."""
    entry = {"base": None, "document": dict(draft.document), "files": {}, "format": "gitaudit.outbox/1", **fields}
    body = json.dumps(entry, sort_keys=True, indent=1).encode("ascii")
    place = folder / "gitaudit/outbox" / f"{draft.id}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body + b"\n")
    return place


@pytest.mark.parametrize("fields", [{}, {"later": "a field that this version does not know"}], ids=["first", "later"])
def test_what_another_version_left_goes_out(tmp_path: Path, fields: dict[str, object]) -> None:
    """An entry of the same format, also with more fields, is written to the log with its id, once."""
    world = World()
    clone = world.clone()
    draft = clone.freeze()
    place = left(tmp_path, draft, **fields)
    clone.outbox = FileOutbox(tmp_path)  # type: ignore[assignment]  # the real one instead of that in memory

    clone.log.sync()

    assert world.ids() == [draft.id]
    assert world.findings() == []
    assert not place.exists()


def test_what_a_newer_format_left_waits_for_it(tmp_path: Path) -> None:
    """An entry of another format is not guessed at: the message says which version it needs, and it stays."""
    world = World()
    clone = world.clone()
    place = left(tmp_path, clone.freeze(), format="gitaudit.outbox/2")
    before = place.read_bytes()
    clone.outbox = FileOutbox(tmp_path)  # type: ignore[assignment]  # the real one instead of that in memory

    error = raised(clone.log.sync)

    assert isinstance(error, SetupError)
    assert "newer" in (error.hint or "")
    assert place.read_bytes() == before
    assert world.ids() == []


def test_the_format_of_the_outbox_is_as_it_was(tmp_path: Path) -> None:
    """What this version writes is what `left` says that version 0.1 wrote, so that an older one can read it."""
    draft = World().clone().freeze()
    FileOutbox(tmp_path / "now").put(draft, None)

    written = (tmp_path / f"now/gitaudit/outbox/{draft.id}.json").read_bytes()

    assert written == left(tmp_path / "then", draft).read_bytes()
