"""Fixtures of the tamper tests: one log for all of them, and the counts of mutants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tamper.counting import Tally, pytest_terminal_summary
from tests.tamper.sample import copy_of, sample_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.tamper.sample import Writer

__all__ = ["pytest_terminal_summary"]


@pytest.fixture(scope="session")
def good_log() -> Writer:
    """Give the log of `sample_log`; no test changes it."""
    return sample_log()


@pytest.fixture
def log(good_log: Writer) -> Writer:
    """Give a copy of the log to tamper with."""
    return copy_of(good_log)


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Iterator[Callable[[str], Tally]]:
    """Give what begins a count of mutants of one kind."""
    made: list[Tally] = []

    def begin(kind: str) -> Tally:
        made.append(Tally(kind))
        return made[-1]

    yield begin
    for tally in made:
        tally.record(record_property)
