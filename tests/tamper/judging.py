"""What the verifier says of a log that was tampered with, and how often it was asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gitaudit.adapters.schemas import SchemaProblem, SchemaSet
from gitaudit.errors import GitauditError
from gitaudit.usecases import position
from gitaudit.usecases.position import Position
from gitaudit.usecases.verifying import check_policy
from gitaudit.usecases.verifying.stretch import StretchChecker
from gitaudit.usecases.verifying.verify import LogVerifier, Report
from tests.tamper.sample import SCHEMAS, VERIFIER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import pytest

    from gitaudit.model import Finding
    from gitaudit.policy.config import Config
    from gitaudit.policy.policy import Policy
    from gitaudit.ports import ObjectReader, Schemas, Verifier
    from tests.tamper.forging import Forged
    from tests.tamper.sample import Writer

DONE, BAD, UNDECIDED = 0, 1, 3
"""Exit codes. A bug in gitaudit, which would be 4, is an exception here and fails the test that meets it."""


class TerseSchemas(SchemaSet):
    """Refuses what the real one refuses and does not say why: that takes longer than all else of a verification."""

    def _explain(self, _name: str, _document: object) -> list[SchemaProblem]:
        return []


TERSE = TerseSchemas()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How `gitaudit verify` would end: its exit code, and the errors it names."""

    code: int
    errors: tuple[Finding, ...] = ()
    report: Report | None = None

    @property
    def rules(self) -> list[str]:
        """Slugs of the errors in order, each once."""
        return list(dict.fromkeys(finding.rule for finding in self.errors))

    def named(self, rule: str) -> list[tuple[int | None, str | None]]:
        """Return index and record id of the errors of a rule."""
        return [(finding.index, finding.id) for finding in self.errors if finding.rule == rule]


def judge(
    store: ObjectReader,
    config: Config,
    now: datetime,
    head: str,
    start: Position | None = None,
    *,
    schemas: Schemas = SCHEMAS,
    verifier: Verifier = VERIFIER,
) -> Verdict:
    """Verify a log as the command does, from genesis unless a position to start from is given."""
    checker = StretchChecker(store=store, verifier=verifier, schemas=schemas, config=config, now=now)
    try:
        report = LogVerifier(checker=checker).verify(head, Position() if start is None else start)
    except GitauditError as error:
        return Verdict(code=error.exit_code)
    errors = tuple(finding for finding in report.findings if finding.severity == "error")
    return Verdict(code=DONE if report.good else BAD, errors=errors, report=report)


def judge_log(log: Writer, head: str | None = None, *, now: datetime | None = None) -> Verdict:
    """Verify a log from genesis."""
    return judge(log.store, log.config, log.now if now is None else now, head or log.head.commit)


def found(log: Writer, forged: Forged, *rules: str) -> Verdict:
    """Verify the log with a forged commit on top; exactly these rules name its record."""
    verdict = judge_log(log, forged.commit)
    assert verdict.code == BAD, verdict.errors
    assert sorted(verdict.rules) == sorted(rules), verdict.errors
    assert all(forged.place in verdict.named(rule) for rule in rules), verdict.errors
    return verdict


def accepted(log: Writer, forged: Forged) -> None:
    """Verify the log with a commit on top that breaks no rule."""
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, verdict.errors) == (DONE, ()), verdict.errors


def remember_policies(patch: pytest.MonkeyPatch) -> None:
    """Let policies be parsed once: a pure function of bytes that takes most of the time of a policy record."""
    real = position.load_policy

    @lru_cache(maxsize=64)
    def parsed(data: bytes) -> Policy:
        return real(data, TERSE)

    for module in (check_policy, position):
        patch.setattr(module, "load_policy", lambda data, _: parsed(data))


def flips(content: bytes, masks: tuple[int, ...] = (0x01,)) -> Iterator[tuple[int, bytes]]:
    """Yield offset and content for every byte of `content` changed by each mask."""
    for at, octet in enumerate(content):
        for mask in masks:
            yield at, b"%b%c%b" % (content[:at], octet ^ mask, content[at + 1 :])
