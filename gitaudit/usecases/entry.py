"""A record with its place in the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitaudit.log.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record with the audit commit that added it."""

    commit: str
    record: Record
