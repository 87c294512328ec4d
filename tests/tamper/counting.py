"""Counts of mutants: each test adds to them, and the end of the run shows them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PREFIX = "tamper: "
_SHOWN = pytest.StashKey[bool]()


@dataclass
class Tally:
    """Mutants of one kind.

    Attributes:
        kind: what was changed, for people.
        tried: how many there were.
        detected: how many ended verification as bad, exit code 1.
        undecided: how many ended it as impossible, exit code 3.
        void: how many changed nothing that git or gitaudit reads, so that the log is what it was.
        missed: where the others were; a test that has any fails.
    """

    kind: str
    tried: int = 0
    detected: int = 0
    undecided: int = 0
    void: int = 0

    def __post_init__(self) -> None:
        """Begin with nothing missed."""
        self.missed: list[object] = []

    def add(self, code: int, place: object) -> None:
        """Count a mutant by the exit code that it led to."""
        self.tried += 1
        if code == 1:
            self.detected += 1
        elif code == 3:
            self.undecided += 1
        else:
            self.missed.append(place)

    def add_void(self) -> None:
        """Count a mutant that changed nothing."""
        self.tried += 1
        self.void += 1

    def record(self, record_property: Callable[[str, object], None]) -> None:
        """Keep the counts for the summary."""
        record_property(PREFIX + self.kind, f"{self.tried} {self.detected} {self.undecided} {self.void}")


def totals(reports: Iterable[pytest.TestReport]) -> dict[str, list[int]]:
    """Return the counts of all tests by kind: tried, detected, undecided, void."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for report in reports:
        for name, value in report.user_properties:
            if name.startswith(PREFIX):
                counts = [int(number) for number in str(value).split()]
                found[name.removeprefix(PREFIX)] = [
                    a + b for a, b in zip(found[name.removeprefix(PREFIX)], counts, strict=True)
                ]
    return dict(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the counts, once a run."""
    # Counts are kept at teardown, whose reports stand under the empty category.
    reports = [report for report in terminalreporter.getreports("") if isinstance(report, pytest.TestReport)]
    found = totals(report for report in reports if report.when == "teardown")
    if not found or terminalreporter.config.stash.get(_SHOWN, False):
        return
    terminalreporter.config.stash[_SHOWN] = True
    terminalreporter.section("tampering")
    width = max(len(kind) for kind in found)
    terminalreporter.line(f"{'':{width}} {'tried':>9} {'bad (1)':>9} {'cannot (3)':>10} {'void':>9}")
    rows = [*sorted(found.items()), ("all", [sum(column) for column in zip(*found.values(), strict=True)])]
    for kind, (tried, detected, undecided, void) in rows:
        terminalreporter.line(f"{kind:{width}} {tried:>9,} {detected:>9,} {undecided:>10,} {void:>9,}")
