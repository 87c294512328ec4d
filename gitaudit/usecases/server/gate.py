"""What a server says to a push, before any ref moves: all of it, or why not (docs/threat-model.md).

The whole push is judged, as the log may grow in the same push as the commits that its new records are about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.policy.change_records import enforces_records
from gitaudit.policy.config import BRANCH_PREFIX, Config
from gitaudit.usecases.position import Position, position_at
from gitaudit.usecases.server.coverage import Coverage
from gitaudit.usecases.server.growth import LogGrowth, pushed_config
from gitaudit.usecases.server.names import RECORDED, name_refusal
from gitaudit.usecases.server.pushes import AfterPush, RefUpdate, Refusal
from gitaudit.usecases.verifying.stretch import StretchChecker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from gitaudit.ports import ObjectReader, Schemas, Verifier

BEGIN = "start a log with: gitaudit init"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Judges the pushes to one repository.

    Attributes:
        store: the repository, with what the push brings.
        verifier: judges signatures; asked for only where the log grows or a record is held against its commit.
        schemas: of records and policies.
        log: full name of the log's ref.
        config: the log that this server keeps, None as long as it has none: the first one pushed is taken.
        now: time of the push.
        commits_between: yields what is reachable from some commits and not from others, parents first.
        refs: returns name and target of the refs that begin with a prefix.
        resolved: returns the ref that a symbolic ref leads to.
    """

    store: ObjectReader
    verifier: Callable[[], Verifier]
    schemas: Schemas
    log: str
    config: Config | None
    now: datetime
    commits_between: Callable[[Sequence[str], Sequence[str]], Iterable[str]]
    refs: Callable[[str], list[tuple[str, str]]]
    resolved: Callable[[str], str]

    @property
    def notes(self) -> str:
        """Full name of the notes' ref."""
        return "refs/notes/" + self.log.removeprefix(BRANCH_PREFIX)

    def refusals(self, updates: Sequence[RefUpdate]) -> list[Refusal]:
        """Return why a push is refused, empty where it is not.

        Raises:
            LogError: the log that is there cannot be read.
            SetupError: the push cannot be judged; whoever calls refuses it.
        """
        named = [refusal for update in updates if (refusal := self._name_refusal(update)) is not None]
        if named:
            return named
        own = {update.ref: update for update in updates if update.ref in {self.log, self.notes}}
        after = AfterPush(self.store, updates)
        config = self.config
        if config is None:
            head = after.ref(self.log)
            if head is None:
                return [_no_log(update, self.log) for update in own.values()]
            try:
                config = pushed_config(after, self.log, head)
            except LogError as error:
                return [Refusal(ref=self.log, message=error.message, hint=BEGIN)]
        refusals = self._own_refusals(own, after, config)
        return refusals or self._coverage(after, config, updates)

    def _name_refusal(self, update: RefUpdate) -> Refusal | None:
        leads_to = self.resolved(update.ref)
        if leads_to in {self.log, self.notes} and leads_to != update.ref:
            hint = f"push to {leads_to} itself; an admin of the server removes the alias: git symbolic-ref --delete"
            return Refusal(ref=update.ref, message=f"this name is an alias of {leads_to}", hint=f"{hint} {update.ref}")
        if update.new is None and not update.ref.startswith(RECORDED):
            return None
        return name_refusal(update.ref, self.log, self.notes)

    def _own_refusals(self, own: dict[str, RefUpdate], after: AfterPush, config: Config) -> list[Refusal]:
        """Return why the log or its notes may not move."""
        if not own:
            return []
        checker = StretchChecker(
            store=after, verifier=self.verifier(), schemas=self.schemas, config=config, now=self.now
        )
        growth = LogGrowth(checker)
        refusals = growth.log_refusals(own[self.log]) if self.log in own else []
        if self.notes in own and not refusals:
            refusals += growth.notes_refusals(own[self.notes], self._position(after))
        return refusals

    def _position(self, after: AfterPush) -> Position:
        head = after.ref(self.log)
        return Position() if head is None else position_at(after, self.schemas, head)

    def _coverage(self, after: AfterPush, config: Config, updates: Sequence[RefUpdate]) -> list[Refusal]:
        """Return why commits lack a record, where the policy requires them and does not let the server write them."""
        others = [
            replace(update, ref=self.resolved(update.ref))
            for update in updates
            if update.ref not in {self.log, self.notes}
        ]
        if not others or after.ref(self.log) is None:
            return []
        position = self._position(after)
        if not enforces_records(position.policy):
            return []
        coverage = Coverage(
            store=after,
            verifier=self.verifier(),
            schemas=self.schemas,
            config=config,
            position=position,
            now=self.now,
            commits_between=self.commits_between,
            refs=self.refs,
        )
        return coverage.refusals(others)


def _no_log(update: RefUpdate, log: str) -> Refusal:
    return Refusal(
        ref=update.ref,
        message=f"there is no log at {log} yet that this could belong to",
        hint=BEGIN,
    )
