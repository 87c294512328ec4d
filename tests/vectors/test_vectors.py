"""The vectors are what they are made to be, and the package does with each what stands in it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gitaudit.adapters.gnupg.verifier import GpgVerifier
from gitaudit.adapters.schemas import SchemaSet
from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.errors import GitauditError, InputError, SetupError
from gitaudit.iac.patterns import PathMatcher
from gitaudit.log.merkle import Frontier, format_hash, leaf_hash
from gitaudit.log.message import format_message
from gitaudit.log.note import format_note_line, note_path
from gitaudit.log.paths import record_path
from gitaudit.log.record import Record
from gitaudit.log.times import parse_time
from gitaudit.log.uuid7 import is_uuid7
from gitaudit.policy import yaml_text
from gitaudit.policy.config import Config
from gitaudit.policy.policy import parse_policy
from gitaudit.testing import MemoryStore
from gitaudit.usecases.changes.source_files import path_fields
from gitaudit.usecases.position import Position
from gitaudit.usecases.verifying.stretch import StretchChecker
from gitaudit.usecases.verifying.verify import LogVerifier
from tests.support.tools import require_tool
from tests.vectors import generate
from tests.vectors.making.forge import FPR
from tests.vectors.reading import SINGLES, TABLES, StoredLog, log_names, parse_single, read_log, single_names
from tests.vectors.singles import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.ports import Verifier
    from tests.support.isolation import Sandbox

SCHEMAS = SchemaSet()
SEQUOIA = SequoiaVerifier()


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    return [json.loads(line) for line in (TABLES / f"{name}.jsonl").read_text("ascii").splitlines()]


def test_the_files_are_what_the_generator_makes() -> None:
    """No vector was changed by hand, is missing, or is no longer made."""
    assert generate.differences(generate.wanted_files()) == []


def test_the_generator_finds_a_changed_a_missing_and_a_foreign_file() -> None:
    """The check above can fail."""
    wanted = generate.wanted_files()
    one, other, *_ = wanted
    changed = {path: data + b"x" if path == one else data for path, data in wanted.items() if path != other}
    assert generate.differences(changed | {SINGLES / "new": b""}) == sorted(
        [*(path.relative_to(SINGLES.parent).as_posix() for path in (one, other)), "single/new"]
    )


@pytest.mark.parametrize("name", single_names())
def test_single(name: str) -> None:
    """The package takes what is good, with the facts beside it, and refuses what is not."""
    single = parse_single((SINGLES / f"{name}.vec").read_bytes())

    verdict, facts = judge(single, SCHEMAS)

    expected = {key: value for key, value in single.header.items() if key not in {"kind", "expect", "reason"}}
    assert verdict == single.header["expect"], single.header["reason"]
    assert facts == (expected if verdict == "good" else {})


def test_merkle_table() -> None:
    """Roots and leaf hashes are those of the table."""
    for row in rows("merkle"):
        leaves = [bytes.fromhex(leaf) for leaf in row["leaves"]]
        frontier = Frontier()
        for leaf in leaves:
            frontier = frontier.append(leaf)
        assert format_hash(frontier.root()) == row["root"]
        assert not leaves or leaf_hash(leaves[-1]).hex() == row["last-leaf-hash"]


def test_message_table() -> None:
    """Commit messages and note lines are those of the table."""
    for row in rows("message"):
        record = Record(raw=b"", document=row["record"])
        root = base64.b64decode(row["root"])
        assert format_message(record, row["size"], root).decode() == row["message"]
        if "note" in row:
            assert format_note_line(record).decode() == row["note"]
            assert note_path(str(record.subject["commit"])) == row["note-path"]


def test_path_tables() -> None:
    """Records stand where the table says, and audited paths stand in records as it says."""
    assert [record_path(row["index"], row["type"]) for row in rows("record-path")] == [
        row["path"] for row in rows("record-path")
    ]
    for row in rows("audited-path"):
        assert path_fields(base64.b64decode(row["bytes-base64"])) == row["fields"]


def test_pattern_table() -> None:
    """Patterns match what the table says, and those that no reader may use are refused."""
    for row in rows("pattern"):
        if "expect" in row:
            with pytest.raises(InputError):
                PathMatcher(row["patterns"])
        else:
            assert PathMatcher(row["patterns"]).matches(row["path"].encode()) == row["matches"], row


def test_grant_table() -> None:
    """The policy grants what the table says."""
    text = parse_single((SINGLES / "policy/plain.vec").read_bytes()).body
    policy = parse_policy(yaml_text.load(text, "policy.yml"))
    for row in rows("grant"):
        assert policy.may_sign(FPR[row["key"]], row["type"], row["environment"]) == row["granted"], row


def test_text_tables() -> None:
    """Times and ids are good or malformed as the tables say."""
    for row in rows("id"):
        assert is_uuid7(row["text"]) == (row["expect"] == "good"), row
    for row in rows("time"):
        assert is_time(row["text"]) == (row["expect"] == "good"), row


def is_time(text: str) -> bool:
    """Return whether `parse_time` takes a text."""
    try:
        parse_time(text)
    except GitauditError:
        return False
    return True


def found_in(log: StoredLog, verifier: Verifier) -> list[str]:
    """Return the findings of a log, or `undecided`."""
    store = MemoryStore()
    store.objects = dict(log.objects)  # type: ignore[arg-type]  # the kinds are those of Git
    store.refs = {name: value for name, value in log.header.items() if name.startswith("refs/")}
    commit, digest = log.header["genesis"].split(" ")
    ref = "refs/heads/audit"
    config = Config(log=ref, origin=log.header["origin"], genesis_commit=commit, genesis_sha256=digest)
    now = parse_time(log.header["now"])
    checker = StretchChecker(store=store, verifier=verifier, schemas=SCHEMAS, config=config, now=now)
    try:
        report = LogVerifier(checker=checker).verify(store.refs[ref], Position())
    except SetupError:
        return ["undecided"]
    return sorted({f"{one.rule} {one.severity} {'-' if one.index is None else one.index}" for one in report.findings})


def check_log(name: str, verifier: Verifier) -> None:
    """Compare what is found in a log with what stands in its file."""
    log = read_log(name)
    found = found_in(log, verifier)
    if log.header["expect"] == "undecided":
        assert found == ["undecided"]
        return
    assert [one for one in found if one not in log.maybe] == sorted(set(log.findings)), log.header["about"]
    assert log.header["expect"] == ("bad" if any(" error " in one for one in found) else "good")


@pytest.mark.parametrize("name", log_names())
def test_log(name: str) -> None:
    """Verification finds what is wrong with a log, and nothing else."""
    check_log(name, SEQUOIA)


@pytest.fixture(scope="module")
def gpg(_isolated_session: Sandbox) -> Iterator[GpgVerifier]:
    """Give gpg as the judge of signatures."""
    from tests.support import isolation

    require_tool("gpg")
    with isolation.sandbox() as made:
        yield GpgVerifier(made.gnupg)


SIGNATURES = [
    name
    for name in log_names()
    if read_log(name).header["expect"] == "good" or any("sign" in one for one in read_log(name).findings)
]


@pytest.mark.parametrize("name", SIGNATURES)
def test_log_judged_by_gpg(name: str, gpg: GpgVerifier) -> None:
    """The second engine agrees on every good log and on everything that is wrong with a signature."""
    check_log(name, gpg)


def test_a_good_log_turns_bad_when_its_clock_does() -> None:
    """A log whose last signature lies in the future of the reader is not good."""
    log = read_log("good")
    early = parse_time("2026-01-01T00:05:00Z") - timedelta(seconds=601)
    log.header["now"] = early.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "time error 5" in found_in(log, SEQUOIA)
