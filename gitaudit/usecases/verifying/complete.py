"""Completeness: every commit that changes infrastructure as code on a protected branch has a record or a waiver.

Commits from before the log began are not asked for: the log speaks from its genesis on. A commit is from before if it
and all commits that it comes after are dated so; one that only claims it, on top of a later one, is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import SetupError
from gitaudit.iac.source.commit import parse_source_commit
from gitaudit.model import Finding
from gitaudit.usecases.chain import walk_back
from gitaudit.usecases.changes.record_change import uncovered_commits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitaudit.ports import ObjectReader
    from gitaudit.usecases.position import Position


def incomplete_findings(
    store: ObjectReader,
    position: Position,
    tips: Mapping[str, str],
    commits_between: Callable[[Sequence[str], Sequence[str]], Iterable[str]],
) -> list[Finding]:
    """Return a finding for each IaC commit that nothing in the log accounts for, oldest first.

    Args:
        store: the repository.
        position: at the head of the log.
        tips: commit by name of the branches to look at.
        commits_between: yields what is reachable from some commits and not from others, parents first.

    Raises:
        SetupError: a shallow clone has cut off commits that would have to be looked at.
    """
    began = _began(store, position)
    commits = list(_since(store, commits_between(list(tips.values()), []), began))
    if any(store.is_cut(oid) for oid in commits):
        raise SetupError(
            "cannot tell whether every commit has a record: this clone is shallow and cut after the log began",
            hint="bring the rest with: git fetch --unshallow",
        )
    return [
        Finding(
            rule="incomplete",
            severity="error",
            message=f"commit {oid} changes infrastructure as code and has no change record",
            commit=oid,
            expected="a change record, or a waiver that lists it",
            found="neither",
        )
        for oid in uncovered_commits(store, commits, position)
    ]


def _began(store: ObjectReader, position: Position) -> int:
    """Return when the log began, seconds since 1970, by the genesis commit."""
    head = None if position.head is None else position.head.commit
    genesis = None
    for link in walk_back(store, head):
        genesis = link.commit
    return 0 if genesis is None else _committed(store, genesis)


def _since(store: ObjectReader, commits: Iterable[str], began: int) -> Iterator[str]:
    """Yield those of `commits`, parents first, that are not from before `began`."""
    after: set[str] = set()
    for oid in commits:
        commit = parse_source_commit(store.read(oid)[1])
        if (commit.committed or 0) >= began or any(parent in after for parent in commit.parents):
            after.add(oid)
            yield oid


def _committed(store: ObjectReader, oid: str) -> int:
    return parse_source_commit(store.read(oid)[1]).committed or 0
