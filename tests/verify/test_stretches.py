"""A long log is checked in stretches side by side, and the verdict is the one of a single walk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.store import find_repository
from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.cli.verifying.workers import side_by_side
from gitaudit.log.commit import parse_commit
from gitaudit.model import RefMove
from gitaudit.policy.policy import Key
from gitaudit.usecases.governing.change_policy import add_key_draft, current_policy
from gitaudit.usecases.position import Position
from gitaudit.usecases.verifying import verify as verifying
from gitaudit.usecases.verifying.stretch import Stretch, StretchChecker
from gitaudit.usecases.verifying.verify import LogVerifier, cut_into_stretches
from tests.support.git import GitRepo
from tests.support.logs import LOG, SCHEMAS, LogMaker, make_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gitaudit.adapters.git.store import GitStore
    from gitaudit.usecases.verifying.stretch import StretchResult
    from gitaudit.usecases.verifying.verify import Report

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RECORDS = 130


@pytest.fixture
def store(tmp_path: Path) -> GitStore:
    """Return an empty bare repository."""
    return find_repository(GitRepo.bare(tmp_path / "log.git").path)


@pytest.fixture
def maker(store: GitStore) -> LogMaker:
    """Return a log of 130 records in which a key is admitted half way."""
    made = LogMaker(store=store)
    while len(made.records) < RECORDS // 2:
        made.add_example("freeze")
    other = make_key("bob")
    policy, base = current_policy(store, made.position)
    key = Key(fingerprint=other.fingerprint, name="bob")
    made.add(add_key_draft(made.author, policy, base, key, other.certificate(), ("owner",), admin=False))
    while len(made.records) < RECORDS:
        made.add_example("freeze")
    made.finish()
    return made


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut logs into stretches of 40, so that short ones have several."""
    monkeypatch.setattr(verifying, "STRETCH_COMMITS", 40)


def checker_of(maker: LogMaker) -> StretchChecker:
    """Return a checker of the log."""
    return StretchChecker(store=maker.store, verifier=SequoiaVerifier(), schemas=SCHEMAS, config=maker.config, now=NOW)


def both_ways(maker: LogMaker, head: str) -> tuple[Report, Report]:
    """Return the reports of one walk and of stretches checked alone."""
    checker = checker_of(maker)

    def alone(stretches: Sequence[Stretch]) -> Iterator[StretchResult | None]:
        return map(checker.check_alone, stretches)

    one_walk = LogVerifier(checker=checker).verify(head, Position())
    return one_walk, LogVerifier(checker=checker, side_by_side=alone).verify(head, Position())


def test_stretches_say_what_one_walk_says(maker: LogMaker) -> None:
    """A good log is good either way, with the same numbers and the same position at its end."""
    one_walk, stretches = both_ways(maker, maker.head.commit)

    assert one_walk.good
    assert one_walk.checked == RECORDS
    assert stretches == one_walk


def test_worker_processes_say_what_one_walk_says(maker: LogMaker, store: GitStore) -> None:
    """The same in processes of their own, as the command runs it."""
    workers = side_by_side(store.git_dir, maker.config, NOW)
    if workers is None:
        pytest.skip("this machine has one processor")

    in_workers = LogVerifier(checker=checker_of(maker), side_by_side=workers).verify(maker.head.commit, Position())

    assert in_workers == LogVerifier(checker=checker_of(maker)).verify(maker.head.commit, Position())


@pytest.mark.parametrize("index", [0, 1, 39, 40, 41, 79, 80, RECORDS - 1])
def test_a_forged_commit_is_found_wherever_the_log_is_cut(maker: LogMaker, store: GitStore, index: int) -> None:
    """A message changed without the key gives the same findings either way, also at the edges of stretches."""
    head = forge_message(maker, store, index)

    one_walk, stretches = both_ways(maker, head)

    assert not one_walk.good
    assert {finding.index for finding in one_walk.findings if finding.rule == "message"} == {index}
    assert stretches == one_walk


def forge_message(maker: LogMaker, store: GitStore, index: int) -> str:
    """Change the message of one commit, link all later ones to it without the key, and return the new head."""
    commits = [maker.head.commit]
    while (parent := parse_commit(store.read(commits[-1])[1]).text.parent) is not None:
        commits.append(parent)
    parent = None
    for number, commit in enumerate(reversed(commits)):
        _, raw = store.read(commit)
        if number == index:
            raw = raw.replace(b"\n\n", b"\n\nforged: ", 1)
        if parent is not None:
            raw = raw[:46] + b"parent " + parent.encode() + raw[93:]
        parent = store.write("commit", raw) if number >= index else commit
    assert parent is not None
    store.move_refs([RefMove(name=LOG, old=maker.head.commit, new=parent)], "forged")
    return parent


def test_stretches_that_do_not_fit_each_other_do_not_count(maker: LogMaker) -> None:
    """Where one part has no result, everything is checked in one walk."""
    checker = checker_of(maker)

    def failing(stretches: Sequence[Stretch]) -> Iterator[StretchResult | None]:
        yield checker.check_alone(stretches[0])
        yield None

    report = LogVerifier(checker=checker, side_by_side=failing).verify(maker.head.commit, Position())

    assert report == LogVerifier(checker=checker).verify(maker.head.commit, Position())


def test_a_log_is_cut_at_the_commits_that_its_records_name(maker: LogMaker) -> None:
    """Each stretch ends where the next one begins, and together they hold all commits."""
    stretches = cut_into_stretches(maker.store, maker.head.commit, Position())

    assert [one.commits for one in stretches] == [40, 40, 40, 10]
    assert [one.before for one in stretches[1:]] == [one.last for one in stretches[:-1]]
    assert stretches[0].before is None
    assert stretches[-1].last == maker.head.commit


def test_a_stretch_that_links_otherwise_has_no_result(maker: LogMaker) -> None:
    """A stretch of another number of commits than it says is not checked."""
    first, second = cut_into_stretches(maker.store, maker.head.commit, Position())[:2]

    assert checker_of(maker).check_alone(Stretch(before=first.before, last=second.last, commits=40)) is None
    assert checker_of(maker).check_alone(Stretch(before=first.last, last=second.last, commits=39)) is None


def test_verification_goes_on_from_a_position(maker: LogMaker) -> None:
    """From the position after the first stretch, only the rest is checked."""
    checker = checker_of(maker)
    first = cut_into_stretches(maker.store, maker.head.commit, Position())[0]
    result = checker.check_alone(first)
    assert result is not None

    report = LogVerifier(checker=checker).verify(maker.head.commit, result.after)

    assert report.good
    assert report.checked == RECORDS - 40
    assert report.position.size == RECORDS
