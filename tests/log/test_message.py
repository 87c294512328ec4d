"""The commit message: what stands in it for each type of record, and reading size and root back."""

from __future__ import annotations

from typing import Any

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.message import format_message, parse_size_and_root, subject_line
from gitaudit.log.record import Record

COMMIT = "3f2a9c14" + "ab" * 16
ROOT = bytes(range(32))


def record(kind: str, *, commit: Any = None, **body: Any) -> Record:  # noqa: ANN401 - JSON values
    """Return a record with the fields that a message is made of."""
    document: dict[str, object] = {"type": kind, "origin": "example.com/infra", "id": "019b", "index": 42, "body": body}
    return Record(raw=b"", document=document if commit is None else {**document, "subject": {"commit": commit}})


def test_whole_message() -> None:
    """Subject line, empty line, one line a fact, size and root last."""
    counts = {"create": 3, "update": 1}
    found = record("deploy.finished", commit=COMMIT, environment={"id": "prod"}, outcome="succeeded", counts=counts)
    assert format_message(found, 43, ROOT).decode() == (
        "deploy prod: succeeded, 3 added 1 changed 0 destroyed (3f2a9c14)\n\n"
        "Audit-Origin: example.com/infra\nAudit-Index: 42\nAudit-Id: 019b\nAudit-Type: deploy.finished\n"
        f"Audit-Commit: {COMMIT}\nAudit-Environment: prod\nAudit-Outcome: succeeded\nAudit-Size: 43\n"
        "Audit-Root: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )


def test_facts_that_a_record_does_not_have() -> None:
    """A record without subject, environment and outcome has no lines for them."""
    lines = format_message(record("freeze", state="begin"), 1, ROOT).decode().splitlines()
    assert [line.partition(":")[0] for line in lines[2:]] == [
        "Audit-Origin", "Audit-Index", "Audit-Id", "Audit-Type", "Audit-Size", "Audit-Root"
    ]  # fmt: skip


PROD = {"environment": {"id": "prod"}}


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (record("genesis"), "genesis of example.com/infra"),
        (record("policy", change="set"), "policy: set"),
        (record("policy", change="add-key", key="0123456789ABCDEF0"), "policy: add-key 0123456789ABCDEF"),
        (record("change", commit=COMMIT, files={"total": 1}), "change: 1 file (3f2a9c14)"),
        (record("change", commit=COMMIT, files={"total": 0}), "change: 0 files (3f2a9c14)"),
        (record("change", commit=COMMIT, files={"total": 12}), "change: 12 files (3f2a9c14)"),
        (record("change", commit=COMMIT, event="commit", files={"total": 2}), "change: 2 files (3f2a9c14)"),
        (record("change", commit=COMMIT, event="forced-update"), "change: forced-update (3f2a9c14)"),
        (record("change", commit=COMMIT, event="deletion"), "change: deletion (3f2a9c14)"),
        (record("deploy.started", commit=COMMIT, **PROD), "deploy prod: started (3f2a9c14)"),
        (record("deploy.finished", commit=COMMIT, outcome="failed", **PROD), "deploy prod: failed (3f2a9c14)"),
        (
            record("deploy.finished", outcome="partial", counts={"replace": 2, "delete": 1}, **PROD),
            "deploy prod: partial, 2 added 0 changed 3 destroyed",
        ),
        (record("approval", commit=COMMIT, decision="approved", **PROD), "approval prod: approved (3f2a9c14)"),
        (record("override", control="two approvals"), "override: two approvals"),
        (record("drift", detected=True, **PROD), "drift prod: detected"),
        (record("drift", detected=False), "drift: none"),
        (record("freeze", state="end"), "freeze: end"),
        (record("waiver", commit=COMMIT, reason="x"), "waiver (3f2a9c14)"),
        (record("waiver"), "waiver"),
        (record("correction", corrects="019c"), "correction: 019c"),
    ],
)
def test_subject_lines(found: Record, line: str) -> None:
    """Each type has its own first line."""
    assert subject_line(found) == line


@pytest.mark.parametrize("odd", [None, True, 1, "x", [], {}, {"total": []}])
@pytest.mark.parametrize("kind", ["genesis", "policy", "change", "deploy.finished", "approval", "drift", "x", ""])
def test_records_that_no_schema_accepts(kind: str, odd: object) -> None:
    """A message can be made of any record, so that a bad one has only its own faults."""
    names = ("change", "key", "files", "event", "counts", "environment", "outcome", "decision", "detected")
    message = format_message(record(kind, **dict.fromkeys(names, odd)), 1, ROOT)
    assert parse_size_and_root(message) == (1, ROOT)


def test_size_and_root_are_read_back() -> None:
    """What stands at the end of a message is found, also within a whole commit object."""
    message = format_message(record("freeze"), 99_999_999, ROOT)
    assert parse_size_and_root(b"tree x\n\n" + message) == (99_999_999, ROOT)


GOOD = format_message(record("freeze", state="begin"), 1, ROOT)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\n",
        GOOD.replace(b"Size: 1", b"Size: 0"),
        GOOD.replace(b"Size: 1", b"Size: 01"),
        GOOD.replace(b"Size: 1", b"Size: 111111111"),
        GOOD.replace(b"Size: 1", b"Size: -1"),
        GOOD.replace(b"Root: AA", b"Root: A"),
        GOOD.replace(b"Hh8=", b"Hh9="),
        GOOD.replace(b"Hh8=", b"===="),
    ],
)
def test_messages_that_end_otherwise(message: bytes) -> None:
    """Another end than a size and a canonical root is refused."""
    with pytest.raises(MalformedError):
        parse_size_and_root(message)
