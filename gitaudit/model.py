"""Frozen values that every room shares. Nothing here does anything but hold data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD_TYPES = (
    "genesis",
    "policy",
    "change",
    "deploy.started",
    "deploy.finished",
    "approval",
    "override",
    "drift",
    "freeze",
    "waiver",
    "correction",
)
"""The record types of format 1; `anchor` and `erasure` are reserved."""

GOVERNING_TYPES = frozenset({"genesis", "policy"})
"""Only these may change `policy.yml`, `keys/`, `schemas/` and `README.md`, and only an admin may sign them."""


Kind = Literal["blob", "tree", "commit", "tag"]
"""Of a Git object."""
Problem = Literal["unknown-key", "bad", "expired", "unusable"]
"""What is wrong with a signature."""


class Draft(NamedTuple):
    """A record before it has a place in the log: all that stays the same when it is linked anew.

    Attributes:
        document: every field of the record but `index` and `prev`.
        files: contents by path of the other files that its commit adds or changes.
    """

    document: Mapping[str, object]
    files: Mapping[str, bytes] = {}

    @property
    def id(self) -> str:
        """UUIDv7 of the record."""
        return str(self.document["id"])


class Head(NamedTuple):
    """A point of the log that can be named outside it.

    Attributes:
        commit: object id of the audit commit.
        sha256: SHA-256 of the raw commit object, lower-case hex.
        size: number of records up to and with this commit.
    """

    commit: str
    sha256: str
    size: int


class Finding(NamedTuple):
    """One thing that verification found.

    Attributes:
        rule: stable slug of the rule (docs/format.md, "Rules").
        severity: `error` makes the log bad; `warning` does not.
        message: what is wrong, in one line.
        index: of the record, None where the finding is about no single record.
        id: of the record, None where it could not be read.
        commit: object id of the audit commit, None where there is none.
        expected: what the rule asks for, None where the message says it all.
        found: what stands there instead.
    """

    rule: str
    severity: Literal["error", "warning"]
    message: str
    index: int | None = None  # type: ignore[assignment]  # it hides a method of tuples that nobody calls
    id: str | None = None
    commit: str | None = None
    expected: str | None = None
    found: str | None = None


class Remembered(NamedTuple):
    """What a clone remembers of its log, outside the repository's history.

    Attributes:
        origin: name of the log.
        log: full name of its ref.
        genesis: the commit that the log is trusted by.
        seen: the furthest published head met so far; a log that lacks it has been rewound or forked.
        verified: the furthest head that was found good, None before the first verification.
        root: Merkle root at `verified`, base64.
        governed: SHA-256 over the policy and keys in force at `verified`, hex.
    """

    origin: str
    log: str
    genesis: Head
    seen: Head
    verified: Head | None = None
    root: str = ""
    governed: str = ""


class RefMove(NamedTuple):
    """A compare-and-swap of one ref: from `old` (None: it must not exist) to `new`."""

    name: str
    old: str | None
    new: str


class PushResult(NamedTuple):
    """What became of an atomic push.

    Attributes:
        accepted: the remote has moved all refs.
        race: it refused because somebody else was faster; fetching and linking anew will help.
        reason: what it said, one line, control characters escaped; empty where it was accepted.
    """

    accepted: bool
    race: bool = False
    reason: str = ""


class Verdict(NamedTuple):
    """What a verifier says of one signature.

    Attributes:
        fingerprint: primary fingerprint of the key that made it, upper-case hex; None where it is not good.
        problem: why not, None where it is good: `unknown-key` (none of the keys given made it), `bad` (a known key,
            and the signature is wrong), `expired` (the key had expired when it signed), `unusable` (the key may not
            sign, or is revoked or too weak).
    """

    fingerprint: str | None
    problem: Problem | None = None


class Ended(NamedTuple):
    """How a command ended.

    Attributes:
        code: its exit code; 128 and the signal's number where a signal ended it, as a shell has it.
        signal: that ended it, None for none.
        interrupts: signals that this program was sent meanwhile to stop it, such as 2 for Ctrl-C, in order.
    """

    code: int
    signal: int | None = None
    interrupts: tuple[int, ...] = ()


class Answer(NamedTuple):
    """What a command that only reads printed: exit code, and the first bytes of standard output."""

    code: int
    output: bytes
