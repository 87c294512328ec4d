"""Log vectors about commits and their signatures."""

from __future__ import annotations

from tests.vectors.making import base_log as base
from tests.vectors.making.base_log import policy, set_policy
from tests.vectors.making.forge import FPR, KEYS, START, Forge
from tests.vectors.making.log_vectors import (
    MOVED,
    NEXT,
    WHY,
    deploy,
    simple,
    vector,
    with_key_listed,
)


def second_signature(packet: bytes) -> bytes:
    """Return an armor's packets with another signature behind the first."""
    return packet + KEYS["owner"].signature(b"something else", START)


simple("unsigned", "a commit without a signature", "commit-form", commit=lambda raw: cut(raw, b"gpgsig ", b"\n\n"))
simple(
    "another-header", "a header that audit commits do not have", "commit-form",
    commit=lambda raw: raw.replace(b"\ngpgsig ", b"\nencoding UTF-8\ngpgsig ", 1),
)  # fmt: skip
simple(
    "merge", "a commit with two parents", "commit-form",
    commit=lambda raw: raw.replace(b"\nauthor ", b"\nparent " + b"1" * 40 + b"\nauthor ", 1),
)  # fmt: skip
simple(
    "time-zone", "an author date with another time zone", "commit-form",
    commit=lambda raw: raw.replace(b" +0000\n", b" +0100\n", 1),
)  # fmt: skip
simple("two-signatures", "two signature packets in one armor", "signature", packet=second_signature)
simple(
    "armor-no-checksum",
    "an armor without its checksum line",
    "signature",
    armored=lambda one: one[:-34] + one[-28:],
)
simple(
    "signature-bad", "a signature with one wrong bit", "signature", packet=lambda one: one[:-1] + bytes([one[-1] ^ 1])
)
simple("unknown-key", "signed by a key that the policy does not have", "signature", key="mallory")
simple("weak-hash", "signed with SHA-1", "signature-hash", hash="SHA1", maybe=(f"signature error {NEXT}",))
simple("another-signer", "signed by an admitted key that is not recorded_by", "signer", "actor", "grant", key="dev")
simple("identity", "an e-mail address that is not the signer's in the policy", "identity", email="ops@example.invalid")
simple("message", "a word changed in the commit message", "message", text=lambda one: one.replace(b"begin", b"end", 1))
simple(
    "message-root", "another root in the commit message", "message", text=lambda one: one[:-47] + b"AAAA" + one[-43:]
)
simple("committer-date", "a committer date that is not the time of the signature", "time", signed=START + 400)
simple("author-date", "an author date that is not recorded_at", "time", authored=START + 400)
simple("before-parent", "signed more than the tolerance before its parent", "time", committed=START + 300 - 601)
simple(
    "in-the-future",
    "signed more than the tolerance after the time of verification",
    "time",
    committed=START + 86_400 + 601,
)


def cut(raw: bytes, start: bytes, end: bytes) -> bytes:
    """Return bytes without what lies between two marks."""
    head, _, rest = raw.partition(start)
    return head.removesuffix(b"\n") + end + rest.partition(end)[2]


@vector("signature error 6", *MOVED)
def removed_key(log: Forge) -> None:
    """Signed by a removed key."""
    log.add("temp", "waiver", {"commits": ["1" * 40], **WHY})


@vector("signature error 7", *MOVED)
def expired_key(log: Forge) -> None:
    """Signed by an admitted key after it expired."""
    set_policy(log, policy(base.WITH_TEMP), "add-key", fields={"key": FPR["temp"]}, listed=with_key_listed)
    log.add("temp", "waiver", {"commits": ["1" * 40], **WHY}, committed=START + 600)


@vector("grant error 6", *MOVED)
def grant_type(log: Forge) -> None:
    """A record type that the signer's roles do not have."""
    log.add("dev", "freeze", {"state": "begin", **WHY})


@vector("grant error 6", *MOVED)
def grant_environment(log: Forge) -> None:
    """An environment that the signer's role does not cover."""
    deploy(log, environment="us/east")


@vector("grant error 6", *MOVED)
def grant_any_environment(log: Forge) -> None:
    """An approval for all environments by a key that is trusted in some."""
    log.add("ci", "approval", {"decision": "approved", "target": {"commit": "1" * 40}})


@vector("grant error 6", *MOVED)
def grant_policy(log: Forge) -> None:
    """A policy record by a key that is no admin."""
    fields = {"key": FPR["dev"], "roles": ["ops"]}
    set_policy(log, policy({**base.FIRST, "dev": ("dev", "ops")}), "add-key", fields=fields, who="dev")
