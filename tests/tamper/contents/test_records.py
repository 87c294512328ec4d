"""A record in its commit: its place, its fields, the files that it lists, and genuine records taken from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.log import paths
from gitaudit.log.canonical import encode
from gitaudit.log.commit import sha256_hex
from tests.tamper.forging import FILE, MISSING, Forgery, again, drift, forge, with_files
from tests.tamper.judging import BAD, accepted, found, judge_log
from tests.tamper.sample import Writer, attachment, sample_log

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_record_at_the_place_of_another_type(log: Writer) -> None:
    """A record's path names its type."""
    path = "records/00/00/00/00000030-change.json"
    found(log, forge(log, "ci", drift(log), Forgery(path=path)), "record-path")


@pytest.mark.parametrize("path", ["records/00/00/00/00000031-drift.json", "records/00000030-drift.json", "drift.json"])
def test_record_at_another_place(log: Writer, path: str) -> None:
    """A record that stands elsewhere counts as missing, and as a file too many."""
    verdict = judge_log(log, forge(log, "ci", drift(log), Forgery(path=path)).commit)
    assert (verdict.code, verdict.named("record-missing")) == (BAD, [(30, None)])


def test_changed_record(log: Writer) -> None:
    """No record is edited, not even beside a new one."""
    planted = log.store.write("blob", log.records[5].raw.replace(b"prod", b"prud"))
    path = paths.record_path(5, log.records[5].type)
    found(log, forge(log, "ci", drift(log), Forgery(entries={path: (FILE, planted)})), "record-path")


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        pytest.param({"index": 29}, ["index"], id="index-before"),
        pytest.param({"index": 31}, ["index"], id="index-after"),
        pytest.param({"prev": None}, ["prev"], id="no-prev"),
        pytest.param({"prev": {"commit": "0" * 40, "sha256": "0" * 64}}, ["prev"], id="prev-of-nothing"),
        pytest.param({"origin": "example.com/other"}, ["origin"], id="origin"),
        pytest.param({"type": "freeze"}, ["record-schema"], id="type"),
        pytest.param({"schema": "gitaudit/freeze/1"}, ["record-schema"], id="schema"),
        pytest.param({"schema": "gitaudit/drift/2"}, ["record-schema"], id="schema-number"),
        pytest.param({"schema": "gitaudit/anchor/1"}, ["record-schema"], id="reserved-type"),
        pytest.param({"tool": MISSING}, ["record-schema"], id="field-missing"),
        pytest.param({"id": "00000000-0000-4000-8000-000000000000"}, ["record-id", "record-schema"], id="uuid4"),
    ],
)
def test_field_of_the_record(log: Writer, fields: Mapping[str, object], rules: list[str]) -> None:
    """The fields that bind a record to its log, its place and its schema are held to them."""
    forged = forge(log, "ci", drift(log), Forgery(fields=fields))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, {finding.index for finding in verdict.errors}) == (BAD, {30})
    assert set(rules) <= set(verdict.rules)


def test_prev_names_a_commit_with_other_bytes(log: Writer) -> None:
    """`prev` holds the SHA-256 of the whole predecessor, its signature included."""
    prev = {"commit": log.head.commit, "sha256": sha256_hex(b"another")}
    found(log, forge(log, "ci", drift(log), Forgery(fields={"prev": prev})), "prev")


def test_id_of_an_earlier_record(log: Writer) -> None:
    """An id stands in the log once: a replayed record is found even where it is linked and signed properly."""
    forged = forge(log, "ci", drift(log), Forgery(fields={"id": log.records[5].id}))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, verdict.named("record-id")) == (BAD, [(30, None)])


def test_genuine_record_again(log: Writer) -> None:
    """A genuine record, byte for byte, at the next index is found."""
    genuine = log.records[12]
    assert genuine.type == "drift"
    verdict = judge_log(log, forge(log, "ci", drift(log), Forgery(record=genuine.raw)).commit)
    assert verdict.code == BAD
    assert {"index", "prev", "message", "record-id"} <= set(verdict.rules)


def test_record_of_another_log(log: Writer) -> None:
    """A genuine commit of another log of the same people is found: its origin is in it, and its predecessor."""
    other = sample_log(Writer(origin="example.com/other"))
    for oid, item in other.store.objects.items():  # type: ignore[attr-defined]  # both are in memory
        log.store.objects.setdefault(oid, item)  # type: ignore[attr-defined]
    verdict = judge_log(log, other.head.commit)
    assert (verdict.code, verdict.named("genesis-pin")) == (BAD, [(0, None)])
    assert {index for index, _ in verdict.named("origin")} == set(range(30))


def test_files_field(log: Writer) -> None:
    """What a record lists is what the commit brings: digests, names, order."""
    content = attachment(b"evidence\n")
    ((path, data),) = content.items()
    good = {"path": path, "sha256": sha256_hex(data)}
    draft = with_files(drift(log), content)
    accepted(log, forge(log, "ci", draft))
    other = attachment(b"other\n")
    wrong = [
        [],
        [{**good, "sha256": "0" * 64}],
        [good, {"path": next(iter(other)), "sha256": "0" * 64}],
        [good, {"path": paths.FRONTIER, "sha256": "0" * 64}],
        [{**good, "sha256": "0" * 64}, good],
        [good, {"path": "README.md", "sha256": sha256_hex(b"An audit log.\n")}],
    ]
    for files in wrong:
        found(log, forge(log, "ci", draft, Forgery(fields={"files": files})), "files")


def test_attachment_by_another_name(log: Writer) -> None:
    """An attachment is named by its SHA-256."""
    found(log, forge(log, "ci", with_files(drift(log), {"attachments/" + "0" * 64: b"evidence\n"})), "files")


def test_attachment_that_was_there_before(log: Writer) -> None:
    """The same evidence twice is listed twice and stored once."""
    content = attachment(b"applied\n")
    assert content.keys() <= set(log.records[6].listed_files())
    accepted(log, forge(log, "ci", with_files(drift(log), content)))


def test_record_of_65_536_bytes(log: Writer) -> None:
    """A record has at most 65,535 bytes."""
    document = {**drift(log).document, "index": 30, "prev": {"commit": log.head.commit, "sha256": log.head.sha256}}
    filler = 65_535 - len(encode({**document, "note": ""}))
    good = encode({**document, "note": "x" * filler})
    assert len(good) == 65_535
    accepted(log, forge(log, "ci", again(log), Forgery(record=good)))
    verdict = judge_log(
        log, forge(log, "ci", again(log), Forgery(record=encode({**document, "note": "x" * (filler + 1)}))).commit
    )
    assert (verdict.code, verdict.named("record-form")) == (BAD, [(30, None)])
