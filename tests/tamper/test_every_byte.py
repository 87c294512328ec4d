"""Every byte of every object of a log of 30 records, changed in three ways: not one is missed.

A mutant is verified from the position before the first commit that reaches the changed object, which is what a clone
does that has verified that far; `test_short_way_is_the_long_way` holds that to verification of the whole log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.log.commit import object_id
from tests.tamper.judging import BAD, DONE, TERSE, flips, judge, judge_log, remember_policies
from tests.tamper.relinking import Objects, Overlay, Step, reachable, relink, steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tamper.counting import Tally
    from tests.tamper.judging import Verdict
    from tests.tamper.sample import Writer


RECORDS = 30
ONE_BIT = (0x01,)
MORE = (0x20, 0x80, 0xFF)
"""Another letter case, no ASCII any more, all bits: for the objects of two records."""
MORE_RECORDS = (6, 15)
EVERY_INDEX = pytest.mark.parametrize("index", range(RECORDS))
SAMPLED = 199
"""Every so many mutants, the long way is taken as well."""


@pytest.fixture(autouse=True)
def _policies(monkeypatch: pytest.MonkeyPatch) -> None:
    remember_policies(monkeypatch)


@pytest.fixture(scope="module")
def all_steps(good_log: Writer) -> list[Step]:
    """Give what each commit of the log brings."""
    return steps(good_log.memory.objects, good_log.commits)


def masks(index: int) -> tuple[int, ...]:
    """Return how the bytes of a record's objects are changed."""
    return ONE_BIT + MORE if index in MORE_RECORDS else ONE_BIT


def test_log_is_good_and_has_everything(good_log: Writer) -> None:
    """The log that all mutants are made of is good, and has records of every type."""
    verdict = judge_log(good_log)
    assert (verdict.code, verdict.errors) == (DONE, ())
    assert verdict.report is not None
    assert (verdict.report.checked, len(verdict.report.types), verdict.report.warnings) == (RECORDS, 11, 0)


def test_steps_hold_every_object_of_the_log(good_log: Writer, all_steps: list[Step]) -> None:
    """Each object that the head reaches is brought by exactly one commit, so that every one is tampered with."""
    brought = [oid for step in all_steps for oid in step.new]
    assert len(brought) == len(set(brought))
    assert set(brought) == reachable(good_log.store, good_log.head.commit)


@pytest.mark.slow
@EVERY_INDEX
def test_every_byte_under_the_same_id(
    good_log: Writer, all_steps: list[Step], index: int, count: Callable[[str], Tally]
) -> None:
    """A changed object that keeps its id, as on a bad disk, is found at the record that brings it."""
    tally = count("bytes of objects, ids kept")
    objects, step = good_log.memory.objects, all_steps[index]
    for oid in step.new:
        kind, content = objects[oid]
        for at, changed in flips(content, masks(index)):
            verdict = short_way(good_log, Overlay(objects, {oid: (kind, changed)}, {}), step.commit, index)
            tally.add(verdict.code if found_at(verdict, index, step.commit) else DONE, (oid, kind, at, verdict.errors))
    assert tally.missed == []
    assert tally.tried == size_of(good_log, step) * len(masks(index))


@pytest.mark.slow
@EVERY_INDEX
def test_every_byte_linked_anew(
    good_log: Writer, all_steps: list[Step], index: int, count: Callable[[str], Tally]
) -> None:
    """A changed object is found where every id above it is computed anew: by the rules of the format, not by ids."""
    tally = count("bytes of objects, linked anew")
    objects, step = good_log.memory.objects, all_steps[index]
    for oid in step.new:
        kind, content = objects[oid]
        for at, changed in flips(content, masks(index)):
            above: Objects = {object_id(kind, changed): (kind, changed)}
            (commit,) = relink(objects, {oid: object_id(kind, changed)}, above, [step])
            verdict = short_way(good_log, Overlay(objects, above, {}), commit, index)
            tally.add(verdict.code if found_at(verdict, index, commit) else DONE, (oid, kind, at, verdict.errors))
    assert tally.missed == []
    assert tally.tried == size_of(good_log, step) * len(masks(index))


def short_way(log: Writer, store: Overlay, commit: str, index: int) -> Verdict:
    """Verify the one commit of record `index`, from the position before it."""
    return judge(store, log.config, log.now, commit, log.before[index], schemas=TERSE)


def found_at(verdict: Verdict, index: int, commit: str) -> bool:
    """Return whether a verdict names the record: by its index, or by its commit where nothing tells the index."""
    names = [finding.index if finding.index is not None else finding.commit for finding in verdict.errors]
    return verdict.code == BAD and (index in names or commit in names)


def size_of(log: Writer, step: Step) -> int:
    """Return how many bytes a commit brings."""
    return sum(len(log.memory.objects[oid][1]) for oid in step.new)
