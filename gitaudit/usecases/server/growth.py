"""Whether a push lets the log grow as it may: by good records on top of what is there, and by nothing else.

The new records are judged from the position of the old head, so the cost depends on their number, not on the log's.
That the old head is the ref's true value is compared by Git itself when it moves the ref.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import LogError, ObjectError, SetupError
from gitaudit.log.commit import sha256_hex
from gitaudit.policy.config import Config
from gitaudit.usecases.chain import contains, read_link, walk_back
from gitaudit.usecases.position import Position, position_at
from gitaudit.usecases.server.pushes import Refusal
from gitaudit.usecases.verifying.check_notes import NotesChecker
from gitaudit.usecases.writing.notes import descends, record_of

if TYPE_CHECKING:
    from gitaudit.model import Finding
    from gitaudit.ports import ObjectReader, Schemas
    from gitaudit.usecases.server.pushes import RefUpdate
    from gitaudit.usecases.verifying.stretch import StretchChecker

SHOWN = 5
"""A forged log may break a rule with every record; a few findings say what is wrong."""
SYNC = "fetch it and put your records on top of it with: gitaudit sync"
ONLY_RECORDS = "only gitaudit writes to this branch; take back what was committed, merged or pushed there by hand"
ADMINS = "see what is wrong with `gitaudit verify --full` in the clone that pushes; an admin of the log grants rights"


class LogGrowth:
    """Judges the moves of one log's ref and of its notes."""

    def __init__(self, checker: StretchChecker) -> None:
        """Judge with `checker`, whose store is the repository as it would be after the push."""
        self._checker = checker
        self._store: ObjectReader = checker.store
        self._schemas: Schemas = checker.schemas

    def log_refusals(self, update: RefUpdate) -> list[Refusal]:
        """Return why the log may not move as asked, empty where it may."""
        if update.new is None:
            return [_refusal(update, "the log cannot be deleted", "if it has to end, an admin of the server ends it")]
        try:
            commits = self._new_commits(update.old, update.new)
            if commits is None:
                return [_not_forward(self._store, update)]
            before = Position() if update.old is None else position_at(self._store, self._schemas, update.old)
            result = self._checker.check(commits, before, _nobody)
        except (ObjectError, SetupError) as error:
            return [_refusal(update, error.message, error.hint or ADMINS)]
        except LogError as error:
            return [_refusal(update, error.message, ONLY_RECORDS)]
        findings = [one for one in (*result.findings, *result.note_findings) if one.severity == "error"]
        refusals = [_refusal(update, told(finding), ADMINS) for finding in findings[:SHOWN]]
        if result.errors > SHOWN:
            refusals.append(_refusal(update, f"and {result.errors - SHOWN} more findings", ADMINS))
        config = self._checker.config
        pinned = (config.genesis_commit, config.genesis_sha256)
        if result.genesis is not None and (result.genesis.commit, result.genesis.sha256) != pinned:
            message = f"this server keeps the log that begins with {pinned[0]}, found {result.genesis.commit}"
            refusals.append(_refusal(update, message, "push to the repository that this log belongs to"))
        return refusals

    def notes_refusals(self, update: RefUpdate, position: Position) -> list[Refusal]:
        """Return why the notes may not move as asked; `position` is the one of the log after the push."""
        if update.new is None:
            return [_refusal(update, "the notes of the log cannot be deleted", "bring them up to date instead")]
        rebuild = "write them anew with: gitaudit notes rebuild"
        try:
            if not descends(self._store, update.new, update.old):
                return [_refusal(update, "the notes of the log only grow, too", rebuild)]
        except LogError as error:
            return [_refusal(update, error.message, rebuild)]
        checker = NotesChecker(self._store, self._checker.verifier, self._checker.config)
        findings = [one for one in checker.finish(position, None) if one.severity == "error"]
        return [_refusal(update, told(finding), rebuild) for finding in findings[:SHOWN]]

    def _new_commits(self, old: str | None, new: str) -> bytes | None:
        """Return the ids of the commits after `old` up to `new`, oldest first; None where `new` is not on top of it.

        Raises:
            LogError: a commit on the way is missing or no record.
        """
        size = 0 if old is None else read_link(self._store, old).size
        commits: list[bytes] = []
        for link in walk_back(self._store, new):
            if link.commit == old:
                break
            if link.size <= size and link.parent != old:
                return None
            commits.append(bytes.fromhex(link.commit))
        else:
            if old is not None:
                return None
        return b"".join(reversed(commits))


def pushed_config(store: ObjectReader, log: str, head: str) -> Config:
    """Return the configuration of a log that a push brings to a server that has none. Raises `LogError`."""
    genesis = head
    for link in walk_back(store, head):
        genesis = link.commit
    raw = store.read(genesis)[1]
    origin = record_of(store, genesis).text("origin")
    return Config(log=log, origin=origin, genesis_commit=genesis, genesis_sha256=sha256_hex(raw))


def told(finding: Finding) -> str:
    """Return a finding in one line, with what was expected and found."""
    place = "" if finding.index is None else f"record {finding.index}: "
    sides = [f"{name} {text}" for name, text in (("expected", finding.expected), ("found", finding.found)) if text]
    return f"{place}{finding.rule}: {finding.message}{': ' if sides else ''}{', '.join(sides)}"


def _not_forward(store: ObjectReader, update: RefUpdate) -> Refusal:
    """Return the refusal of a head that does not come after the old one."""
    old, new = (read_link(store, oid or "").size for oid in (update.old, update.new))
    if update.new is not None and contains(store, update.old or "", update.new, new):
        message = f"the log only grows: this push would take it back from {old} records to {new}"
    else:
        message = f"the log only grows: this push lacks records that are there ({old}), and has {new} of its own line"
    return _refusal(update, message, SYNC)


def _refusal(update: RefUpdate, message: str, hint: str) -> Refusal:
    return Refusal(ref=update.ref, message=message, hint=hint)


def _nobody(_: int) -> None:
    """Tell nobody."""
