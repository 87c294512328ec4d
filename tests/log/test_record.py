"""Records: their bytes, their fields however odd they are, and linking."""

from __future__ import annotations

from typing import Any

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.canonical import MAX_BYTES, encode
from gitaudit.log.record import Record, link, parse_record, unlink
from gitaudit.model import Draft, Head

HEAD = Head(commit="ab" * 20, sha256="cd" * 32, size=7)
ID = "019b7c54-2e00-7000-8000-000000000000"


def record(**document: Any) -> Record:  # noqa: ANN401 - JSON values
    """Return a record of a document."""
    return parse_record(encode(document))


def test_bytes_are_kept() -> None:
    """A parsed record holds the bytes that it was read from."""
    data = encode({"id": ID})
    assert parse_record(data).raw is data


def test_other_bytes_are_refused() -> None:
    """What is no canonical JSON object is no record."""
    for data in (b'{"id": 1}', b"[]\n", b""):
        with pytest.raises(MalformedError):
            parse_record(data)


def test_fields() -> None:
    """The fields that rules need can be asked for by name."""
    found = record(
        id=ID, type="deploy.finished", index=3, subject={"commit": "ab"},
        body={"environment": {"id": "prod"}, "outcome": "failed"},
    )  # fmt: skip
    assert (found.id, found.type, found.index) == (ID, "deploy.finished", 3)
    assert (found.environment, found.outcome, found.subject) == ("prod", "failed", {"commit": "ab"})


@pytest.mark.parametrize("odd", [None, True, 1, "x", [], {}, {"id": 1}, [{"path": 1}]])
def test_odd_fields(odd: object) -> None:
    """A field of another type than the schema asks for reads as missing, never as an exception."""
    found = record(id=odd, type=odd, index=odd, subject=odd, body=odd, files=odd)
    assert found.index == (1 if odd == 1 and odd is not True else -1)
    assert found.id == found.type == (odd if isinstance(odd, str) else "")
    assert found.body == found.subject == (odd if isinstance(odd, dict) else {})
    assert (found.environment, found.outcome, found.listed_files()) == (None, None, {})
    assert record(body={"environment": odd, "outcome": odd}).outcome == (odd if isinstance(odd, str) else None)
    assert record(body={"environment": odd}).environment is None


@pytest.mark.parametrize(
    ("paths", "in_order"),
    [(["a", "b", "c"], True), ([], True), (["b", "a"], False), (["a", "a"], False), (["\uffff", "\U0001f600"], True)],
)
def test_files(paths: list[str], in_order: bool) -> None:  # noqa: FBT001 - the case
    """Listed files are found by path; whether they are sorted and each once is told."""
    found = record(files=[{"path": path, "sha256": "ab" * 32} for path in paths])
    assert found.listed_files() == dict.fromkeys(paths, "ab" * 32)
    assert found.files_in_order == in_order


def test_linking() -> None:
    """A draft gets its index and predecessor; taken away again, the draft is left."""
    draft = Draft(document={"id": ID, "body": {"a": 1}})
    first, later = link(draft, None), link(draft, HEAD)
    assert (first.document["index"], first.document["prev"]) == (0, None)
    assert (later.document["index"], later.document["prev"]) == (7, {"commit": HEAD.commit, "sha256": HEAD.sha256})
    assert unlink(first) == unlink(later) == draft.document
    assert parse_record(later.raw).document == later.document
    assert draft.id == ID


def test_linking_what_is_too_long() -> None:
    """A record of more than 65,535 bytes is not made."""
    with pytest.raises(MalformedError, match="65535"):
        link(Draft(document={"id": ID, "body": "x" * MAX_BYTES}), None)


def test_linking_what_cannot_be_written() -> None:
    """A document with a float is not made into a record."""
    with pytest.raises(MalformedError):
        link(Draft(document={"id": ID, "body": 1.5}), None)
