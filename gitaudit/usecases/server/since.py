"""Which of the commits that are new to the protected branches the log has to account for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.iac.source.commit import parse_source_commit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitaudit.policy.config import Config
    from gitaudit.ports import ObjectReader


def since_the_log(store: ObjectReader, config: Config, commits: Iterable[str]) -> Iterator[str]:
    """Yield commits without those from before the log: dated before its genesis, and on top of nothing else.

    What comes on top of a protected branch is yielded whatever its date, and so is what comes on top of that: a date
    alone proves nothing.

    Args:
        store: the repository.
        config: names the genesis.
        commits: parents first, without those that the protected branches have already.
    """
    genesis = store.read(config.genesis_commit)[1]
    began = parse_source_commit(genesis).committed or 0
    before: set[str] = set()
    for oid in commits:
        commit = parse_source_commit(store.read(oid)[1])
        if (commit.committed or 0) < began and before.issuperset(commit.parents):
            before.add(oid)
        else:
            yield oid
