"""Values as they stand in JSON documents; `schemas/output/` describes the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitaudit.model import Finding, Head
    from gitaudit.policy.config import Config
    from gitaudit.usecases.entry import Entry
    from gitaudit.usecases.writing.publish import Published


def entry_fields(entry: Entry, *, published: bool) -> dict[str, object]:
    """Return a record with its audit commit, and whether the remote is known to have it."""
    return {"commit": entry.commit, "published": published, "record": dict(entry.record.document)}


def listed_fields(entry: Entry, *, published: bool, arrived: bool | None) -> dict[str, object]:
    """Return the same for a listing, with whether the commit that the record is about arrived at the remote."""
    return {**entry_fields(entry, published=published), "arrived": arrived}


def finding_fields(finding: Finding) -> dict[str, object]:
    """Return a finding."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "index": finding.index,
        "id": finding.id,
        "commit": finding.commit,
        "expected": finding.expected,
        "found": finding.found,
    }


def head_fields(head: Head | None) -> dict[str, object] | None:
    """Return a head, null where there is none."""
    return None if head is None else {"commit": head.commit, "sha256": head.sha256, "size": head.size}


def published_fields(result: Published) -> dict[str, object]:
    """Return the outcome of an append or sync."""
    return {
        "dry_run": False,
        "head": head_fields(result.head),
        "recorded": [{"index": record.index, "id": record.id, "type": record.type} for record in result.records],
        "shared": result.shared,
        "unpublished": result.unpublished,
    }


def pinned_fields(config: Config) -> dict[str, object]:
    """Return what a configuration pins."""
    return {
        "origin": config.origin,
        "log": config.log,
        "genesis": {"commit": config.genesis_commit, "sha256": config.genesis_sha256},
    }
