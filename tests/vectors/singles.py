"""What the package makes of a single vector."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from gitaudit.errors import ConfigError, InputError, MalformedError
from gitaudit.iac.patterns import PathMatcher
from gitaudit.log.canonical import decode
from gitaudit.log.commit import parse_commit
from gitaudit.log.merkle import format_hash, parse_frontier
from gitaudit.log.note import notes_origin, parse_notes_message
from gitaudit.log.openpgp import parse_armored
from gitaudit.log.record import parse_record
from gitaudit.log.tree import parse_tree
from gitaudit.policy import yaml_text
from gitaudit.policy.policy import parse_policy
from gitaudit.usecases.verifying.consistency import contradictions

if TYPE_CHECKING:
    from gitaudit.adapters.schemas import SchemaSet
    from tests.vectors.reading import Single

Facts = dict[str, str]


def judge(single: Single, schemas: SchemaSet) -> tuple[str, Facts]:
    """Return what a reader says of a value, and what it got out of a good one."""
    kind = single.header["kind"]
    try:
        if kind in {"policy", "config", "record"}:
            return _documents(kind, single.body, schemas), {}
        return "good", _facts(kind, single)
    except (MalformedError, ConfigError, InputError):
        return "malformed", {}


def _documents(kind: str, body: bytes, schemas: SchemaSet) -> str:
    if kind == "record":
        record = parse_record(body)
        wrong = schemas.check_record(record.document) or contradictions(record) or not record.files_in_order
        return "invalid" if wrong else "good"
    document = yaml_text.load(body, kind)
    if kind == "config":
        return "malformed" if schemas.check_config(document) else "good"
    if schemas.check_policy(document):
        return "malformed"
    policy = parse_policy(document)
    PathMatcher(policy.iac)
    return "undecided" if policy.unknown_features() else "good"


def _facts(kind: str, single: Single) -> Facts:
    body = single.body
    if kind == "frontier":
        size = int(single.header["size"])
        return {"size": f"{size}", "root": format_hash(parse_frontier(body, size).root())}
    if kind == "signature":
        found = parse_armored(body)
        return {"created": f"{found.created}", "issuer": f"{found.issuer}", "hash": found.hash_name}
    if kind == "commit":
        commit = parse_commit(body)
        names = ("tree", "email", "authored", "committed")
        facts = {name: f"{getattr(commit.text, name)}" for name in names}
        return facts | {"parent": commit.text.parent or "none", "payload-sha256": sha256(commit.payload).hexdigest()}
    if kind == "notes-message":
        head, covered = parse_notes_message(body)
        return {"head": head, "size": f"{covered}", "origin": notes_origin(body)}
    if kind == "tree":
        parse_tree(body)
        return {}
    assert kind == "json"
    decode(body)
    return {}
