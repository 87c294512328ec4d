"""The tables: functions of the format with small inputs, one case a line of JSON."""

from __future__ import annotations

import base64
from itertools import count
from typing import TYPE_CHECKING, Any

from gitaudit.iac.patterns import PathMatcher
from gitaudit.log import paths
from gitaudit.log.merkle import Frontier, format_hash, leaf_hash
from gitaudit.log.message import format_message
from gitaudit.log.note import format_note_line, note_path
from gitaudit.log.record import Record
from gitaudit.usecases.changes.source_files import path_fields
from tests.vectors.making import base_log as base
from tests.vectors.making.forge import FPR, Forge

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]

RFC_6962_LEAVES = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
"""Leaves that implementations of Certificate Transparency publish their tree hashes of, in hex."""

TIMES = {
    "2026-11-22T20:39:00Z": True,
    "0001-01-01T00:00:00Z": True,
    "9999-12-31T23:59:59Z": True,
    "2024-02-29T00:00:00Z": True,
    "2026-02-29T00:00:00Z": False,
    "0000-01-01T00:00:00Z": False,
    "2026-13-01T00:00:00Z": False,
    "2026-01-01T24:00:00Z": False,
    "2026-12-31T23:59:60Z": False,
    "2026-11-22t20:39:00z": False,
    "2026-11-22 20:39:00Z": False,
    "2026-11-22T20:39:00+00:00": False,
    "2026-11-22T20:39:00.0Z": False,
    "2026-11-22T20:39Z": False,
    "2026-11-22T20:39:00": False,
    "2026-11-22T20:39:00Z\n": False,
    "\u0662026-11-22T20:39:00Z": False,
    "": False,
}
IDS = {
    "019b7c54-2e00-7000-8000-000000000000": True,
    "ffffffff-ffff-7fff-bfff-ffffffffffff": True,
    "019b7c54-2e00-4000-8000-000000000000": False,
    "019b7c54-2e00-7000-0000-000000000000": False,
    "019b7c54-2e00-7000-c000-000000000000": False,
    "019B7C54-2E00-7000-8000-000000000000": False,
    "019b7c542e0070008000000000000000": False,
    "{019b7c54-2e00-7000-8000-000000000000}": False,
    "019b7c54-2e00-7000-8000-000000000000\n": False,
    "": False,
}
PATTERNS: tuple[tuple[list[str], dict[str, bool]], ...] = (
    (["*.tf"], {"a.tf": True, "x/y/a.tf": True, ".tf": True, "a.tf/b": False, "a.TF": False, "a.tf.json": False}),
    (["a?c"], {"abc": True, "a/c": False, "ac": False, "a\u00e9c": False, "x/a.c": True}),
    (["/a.tf"], {"a.tf": True, "x/a.tf": False}),
    (["live/*.tf"], {"live/a.tf": True, "live/x/a.tf": False, "x/live/a.tf": False}),
    (["a/**/b"], {"a/b": True, "a/x/b": True, "a/x/y/b": True, "ab": False, "a/xb": False}),
    (["a/**"], {"a/b": True, "a/b/c": True, "a": False}),
    (["**/a"], {"a": True, "x/a": True, "a/x": False}),
    (["**"], {"a": True, "a/b": True}),
    (["infra/"], {"infra/a": True, "x/infra/y/a": True, "infra": False, "xinfra/a": False}),
    (["live/prod/"], {"live/prod/a": True, "x/live/prod/a": False, "live/prod": False}),
    (["/infra/"], {"infra/a": True, "x/infra/a": False}),
    (["a**b"], {"ab": True, "axxb": True, "a/b": False}),
    (["*.tf", "!x.tf"], {"a.tf": True, "x.tf": False, "y/x.tf": False}),
    (["!x.tf", "*.tf"], {"x.tf": True}),
    (["*.tf", "!vendor/", "vendor/keep.tf"], {"vendor/a.tf": False, "vendor/keep.tf": True, "a/vendor/b.tf": False}),
    (["*a*b*c*"], {"abc": True, "xaxbxcx": True, "acb": False, "cba": False}),
    (["*.*"], {"a": False, ".": True, "a.b": True}),
    ([], {"a.tf": False}),
)
BAD_PATTERNS = ("", "!", "/", "//", "[a]", "a\\b", "a//b", "./a", "a/../b", "..", "a\tb", "a\0", "x" * 1025)
AUDITED_PATHS = (
    b"main.tf",
    "caf\u00e9.tf".encode(),
    b"caf\xe9.tf",
    b"a\nb",
    b"a\x7fb",
    b"a\xc2\x85b",
    b"a\xe2\x80\xa8b",
    b"a\xe2\x80\xaeb",
    b"a\xd8\x9cb",
    b'a"\\b',
    b"x" * 1024,
    b"x" * 1025,
    "\U0001f600".encode() * 1024,
)


def merkle_rows() -> Iterator[Row]:
    """Tree hashes over the first leaves, and the hash of each leaf."""
    frontier = Frontier()
    yield {"leaves": [], "root": format_hash(frontier.root())}
    for size, leaf in enumerate(RFC_6962_LEAVES, 1):
        frontier = frontier.append(bytes.fromhex(leaf))
        yield {
            "leaves": list(RFC_6962_LEAVES[:size]),
            "last-leaf-hash": leaf_hash(bytes.fromhex(leaf)).hex(),
            "root": format_hash(frontier.root()),
            "root-hex": frontier.root().hex(),
        }


def message_rows() -> Iterator[Row]:
    """Commit messages and note lines of records of every type; only what they are made of stands in the records."""
    log = Forge(size=41, head="x", objects={"x": ("commit", b"")})
    about = {"commit": "3f2a9c14" + "ab" * 16, "tree": "cd" * 20, "object_format": "sha1"}
    for number, (kind, body, subject) in zip(count(), message_bodies(about), strict=False):
        document = log.document("ci", kind, body) | ({} if subject is None else {"subject": subject})
        document |= {"prev": None, "index": number, "origin": "example.com/\u00e9"}
        record = Record(raw=b"", document=document)
        row: Row = {"record": document, "size": number + 1, "root": format_hash(bytes([number]) * 32)}
        row["message"] = format_message(record, number + 1, bytes([number]) * 32).decode()
        if subject is not None:
            row |= {"note": format_note_line(record).decode(), "note-path": note_path(str(subject["commit"]))}
        yield row


def message_bodies(about: Row) -> Iterator[tuple[str, Row, Row | None]]:
    """Type, body and subject of records whose first lines differ."""
    prod = {"environment": {"id": "prod"}}
    counts = {"create": 2, "replace": 1, "update": 4, "delete": 8, "read": 16, "no-op": 32}
    yield "genesis", {"policy_sha256": "ab" * 32}, None
    yield "policy", {"change": "set"}, None
    yield "policy", {"change": "add-key", "key": FPR["dev"]}, None
    yield "change", {"files": {"total": 1, "items": []}}, about
    yield "change", {"files": {"total": 0, "items": []}}, about
    yield "change", {"files": {"total": 120, "items": []}}, about
    yield "change", {"event": "forced-update", "files": {"total": 0, "items": []}}, about
    yield "change", {"event": "deletion", "files": {"total": 0, "items": []}}, about
    yield "deploy.started", dict(prod), about
    yield "deploy.finished", {**prod, "outcome": "succeeded", "counts": counts}, about
    yield "deploy.finished", {**prod, "outcome": "failed", "counts": {}}, about
    yield "deploy.finished", {**prod, "outcome": "unknown"}, about
    yield "approval", {**prod, "decision": "rejected"}, about
    yield "approval", {"decision": "approved"}, None
    yield "override", {**prod, "control": "two approvals"}, None
    yield "drift", {**prod, "detected": True}, None
    yield "drift", {"detected": False}, None
    yield "freeze", {"state": "end"}, None
    yield "waiver", {"reason": "x"}, about
    yield "correction", {"corrects": "019b7c54-2e00-7000-8000-000000000000"}, None


def path_rows() -> Iterator[Row]:
    """Where records stand."""
    for index, kind in ((0, "genesis"), (42, "deploy.finished"), (1_234_567, "change"), (paths.MAX_INDEX, "freeze")):
        yield {"index": index, "type": kind, "path": paths.record_path(index, kind)}


def pattern_rows() -> Iterator[Row]:
    """Path patterns."""
    for patterns, wanted in PATTERNS:
        matcher = PathMatcher(patterns)
        for path, matches in wanted.items():
            assert matcher.matches(path.encode()) == matches, (patterns, path)
            yield {"patterns": patterns, "path": path, "matches": matches}
    yield from ({"patterns": [pattern], "expect": "malformed"} for pattern in BAD_PATTERNS)


def audited_path_rows() -> Iterator[Row]:
    """How paths of audited files stand in a record."""
    for path in AUDITED_PATHS:
        yield {"bytes-base64": base64.b64encode(path).decode("ascii"), "fields": path_fields(path)}


def grant_rows() -> Iterator[Row]:
    """Who may sign what, after the policy of the base log."""
    from gitaudit.policy import yaml_text
    from gitaudit.policy.policy import parse_policy

    policy = parse_policy(yaml_text.load(base.policy(base.FIRST), "policy.yml"))
    for name in ("owner", "dev", "ci", "ops", "mallory"):
        for kind in ("genesis", "policy", "change", "deploy.finished", "approval", "freeze"):
            for environment in (None, "prod", "prod2", "eu/west", "eu", "us"):
                granted = policy.may_sign(FPR[name], kind, environment)
                if granted or name in {"ci", "mallory"}:
                    yield {"key": name, "type": kind, "environment": environment, "granted": granted}


def text_rows(cases: dict[str, bool]) -> Iterator[Row]:
    """Texts that are good or malformed."""
    return ({"text": text, "expect": "good" if good else "malformed"} for text, good in cases.items())


def all_tables() -> dict[str, list[Row]]:
    """Return the rows of all tables by name."""
    return {
        "merkle": list(merkle_rows()),
        "message": list(message_rows()),
        "record-path": list(path_rows()),
        "pattern": list(pattern_rows()),
        "audited-path": list(audited_path_rows()),
        "grant": list(grant_rows()),
        "time": list(text_rows(TIMES)),
        "id": list(text_rows(IDS)),
    }
