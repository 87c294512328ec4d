"""Judging a push costs what the push brings, however long the log is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.testing import MemoryStore
from gitaudit.usecases.governing.change_policy import current_policy, set_draft
from gitaudit.usecases.server.gate import Gate
from gitaudit.usecases.server.pushes import RefUpdate
from tests.support.logs import LOG, SCHEMAS
from tests.tamper.sample import ENVIRONMENT, Repository, Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitaudit.model import Kind

MAIN = "refs/heads/main"
SHORT, LONG = 10, 110


class CountingStore(MemoryStore):
    """A store that counts what is read of it."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__()
        self.objects, self.refs = store.objects, store.refs
        self.reads = 0

    def read(self, oid: str) -> tuple[Kind, bytes]:
        """Return an object, and count it."""
        self.reads += 1
        return super().read(oid)


def reads(records: int) -> list[int]:
    """Return how many objects are read to judge a record, and a commit with its record, on top of so many records."""
    log = Writer()
    log.begin()
    log.admit("alice", "ci", "ci")
    log.admit("alice", "dev", "dev")
    log.add("alice", set_draft(log.author("alice"), *current_policy(log.store, log.position), {}, {"required": True}))
    for _ in range(records):
        log.write("ci", "drift", {"environment": ENVIRONMENT, "detected": False, "source": "terraform plan"})
    old = log.head.commit
    log.memory.refs[LOG] = old
    commit = Repository(log.store).commit({"main.tf": b"a\n"})
    log.change("dev", commit)
    record = RefUpdate(ref=LOG, old=old, new=log.head.commit)
    counts = []
    for updates in ([record], [record, RefUpdate(ref=MAIN, old=None, new=commit)]):
        store = CountingStore(log.memory)
        assert gate(log, store, [commit]).refusals(updates) == []
        counts.append(store.reads)
    return counts


def gate(log: Writer, store: CountingStore, commits: list[str]) -> Gate:
    """Return what judges pushes to a log; every push brings `commits`."""

    def between(_include: Sequence[str], _exclude: Sequence[str]) -> Iterable[str]:
        return commits

    return Gate(
        store=store,
        verifier=SequoiaVerifier,
        schemas=SCHEMAS,
        log=LOG,
        config=log.config,
        now=log.clock.now() + timedelta(hours=1),
        commits_between=between,
        refs=lambda _: [],
        resolved=lambda name: name,
    )


def test_a_long_log_costs_no_more() -> None:
    """The objects that are read are as many at 110 records as at 10, but for folders that are deeper."""
    short, long = reads(SHORT), reads(LONG)

    assert all(more <= few + 4 for few, more in zip(short, long, strict=True)), (short, long)
