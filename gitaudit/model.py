"""Frozen values that every room shares. Nothing here does anything but hold data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record before it has a place in the log: all that stays the same when it is linked anew.

    Attributes:
        document: every field of the record but `index` and `prev`.
        files: contents by path of the other files that its commit adds or changes.
    """

    document: Mapping[str, object]
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """UUIDv7 of the record."""
        return str(self.document["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A point of the log that can be named outside it.

    Attributes:
        commit: object id of the audit commit.
        sha256: SHA-256 of the raw commit object, lower-case hex.
        size: number of records up to and with this commit.
    """

    commit: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
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
    index: int | None = None
    id: str | None = None
    commit: str | None = None
    expected: str | None = None
    found: str | None = None
