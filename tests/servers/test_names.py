"""Names that no push may create, and names that look dangerous and are not."""

from __future__ import annotations

import pytest

from gitaudit.usecases.server.names import name_refusal

LOG, NOTES = "refs/heads/audit", "refs/notes/audit"


@pytest.mark.parametrize(
    "ref",
    [
        *("refs/heads/Audit", "refs/heads/AUDIT", "refs/Heads/audit", "refs/notes/Audit", "refs/heads/\uff41udit"),
        *("refs/heads/audit/x", "refs/heads/Audit/x", "refs/notes/audit/x", "refs/heads/au\u200bdit"),
        *("refs/tags/audit", "refs/tags/Audit", "refs/audit", "refs/tags/heads/audit", "refs/tags/refs/heads/audit"),
        *("refs/heads/heads/audit", "refs/heads/refs/heads/audit", "refs/heads/refs/tags/v1"),
        *("refs/heads/HEAD", "refs/heads/head", "refs/tags/HEAD"),
        *("refs/replace/0123456789012345678901234567890123456789", "refs/Replace/x"),
        *("refs/remotes/origin/main", "refs/gitaudit/remotes/origin/heads/audit", "refs/gitaudit/recorded/heads/main"),
    ],
)
def test_refused(ref: str) -> None:
    """Each with a message and something to do about it."""
    refusal = name_refusal(ref, LOG, NOTES)

    assert refusal is not None
    assert refusal.ref == ref
    assert refusal.message
    assert refusal.hint


@pytest.mark.parametrize(
    "ref",
    [
        *(LOG, NOTES, "refs/heads/main", "refs/heads/auditor", "refs/heads/my/audit", "refs/tags/audit-1"),
        *("refs/tags/v1", "refs/notes/commits", "refs/heads/header", "refs/heads/\udcff", "refs/changes/01/1/1"),
    ],
)
def test_allowed(ref: str) -> None:
    """What only looks like it is let through."""
    assert name_refusal(ref, LOG, NOTES) is None


def test_a_log_of_another_name_has_other_neighbours() -> None:
    """The rules follow the name of the log; a folder above it may not be taken by a branch either."""
    log, notes = "refs/heads/logs/infra", "refs/notes/logs/infra"

    assert name_refusal("refs/heads/audit", log, notes) is None
    assert name_refusal("refs/heads/logs", log, notes) is not None
    assert name_refusal("refs/tags/logs/infra", log, notes) is not None
