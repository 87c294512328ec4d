"""The envelope of a new record: everything that does not depend on its type or its place in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from gitaudit import __version__
from gitaudit.log.times import format_time
from gitaudit.model import Draft
from gitaudit.usecases.writing.build import file_digests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from gitaudit.ports import Clock

SCHEMA = "gitaudit/{}/1"


class Author(NamedTuple):
    """Who makes records here: the log's name, the signing key, the clock, and what holds the key."""

    origin: str
    fingerprint: str
    clock: Clock
    kind: Literal["human", "workload", "system"] = "human"

    def draft(
        self,
        record_type: str,
        body: Mapping[str, object],
        *,
        occurred_at: datetime | None = None,
        subject: Mapping[str, object] | None = None,
        links: Sequence[Mapping[str, object]] = (),
        files: Mapping[str, bytes] | None = None,
        dropped: int = 0,
    ) -> Draft:
        """Return a draft of the type.

        Args:
            record_type: such as `deploy.finished`.
            body: the fields of that type.
            occurred_at: when it happened; now where not given.
            subject: the audited object, where there is one.
            links: references to tickets, runs and the like.
            files: other files that the commit adds or changes, by path.
            dropped: number of values that were left out of a tool's output, for `redaction`.
        """
        now = self.clock.now()
        signer = f"openpgp:{self.fingerprint}"
        document: dict[str, object] = {
            "schema": SCHEMA.format(record_type),
            "id": self.clock.new_id(),
            "origin": self.origin,
            "type": record_type,
            "occurred_at": format_time(occurred_at or now),
            "recorded_at": format_time(now),
            "recorded_by": signer,
            "actor": {"kind": self.kind, "id": signer, "auth": "gpg"},
            "body": dict(body),
            "redaction": {"dropped": dropped, "scrubbed": 0},
            "tool": {"name": "gitaudit", "version": __version__},
        }
        if subject:
            document["subject"] = dict(subject)
        if links:
            document["links"] = [dict(link) for link in links]
        if files:
            document["files"] = file_digests(files)
        return Draft(document=document, files=files or {})


def subject_of(origin: str, commit: str, tree: str, ref: str | None) -> dict[str, object]:
    """Return the `subject` of a record about a commit of this repository."""
    subject: dict[str, object] = {"repository": origin, "commit": commit, "tree": tree, "object_format": "sha1"}
    if ref is not None:
        subject["ref"] = ref
    return subject
