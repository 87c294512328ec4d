"""One run: the record of its start is published, the command runs untouched, and the record of its end follows.

What has happened is never lost to a fault of recording: before the command, a fault that keeps the start out of the
outbox stops the run; after it, the exit code of the command stands, and the fault is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitaudit.errors import ConflictError, GitauditError, KeyProblemError, RefusedError, RemoteError, SetupError
from gitaudit.model import Ended
from gitaudit.usecases.deploys.deployments import history_of, named, place_of, stack_of
from gitaudit.usecases.executing.approvals import check_plan
from gitaudit.usecases.executing.bodies import drift_body, finished_body, least_body, started_body
from gitaudit.usecases.executing.model import After, Before

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gitaudit.iac.state import State
    from gitaudit.model import Draft
    from gitaudit.policy.policy import Policy
    from gitaudit.ports import Machine
    from gitaudit.usecases.deploys.record_deploy import Evidence
    from gitaudit.usecases.executing.bodies import Facts
    from gitaudit.usecases.executing.model import Tell, ToolRun
    from gitaudit.usecases.writing.drafts import Author
    from gitaudit.usecases.writing.publish import Log, Published

DECLINED = 1
"""Exit code where the user was asked and did not agree, as of terraform."""
UNRECORDED = 3
_SIGNALLED = 128
_SURE = (RemoteError, ConflictError, KeyProblemError, SetupError)
"""Faults in whose face a draft waits in the outbox; any other says that something is wrong with log or record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a run.

    Attributes:
        ended: how the command ended; None where it was not run.
        code: exit code of this program.
        outcome: as recorded, None where nothing was.
        drafts: of the records, in order.
        published: what came of the last append, None where there was none or it failed.
        unrecorded: the end has not even reached the outbox.
    """

    ended: Ended | None
    code: int
    outcome: str | None = None
    drafts: tuple[Draft, ...] = ()
    published: Published | None = None
    unrecorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Everything that a run needs."""

    log: Log
    author: Author
    policy: Policy
    machine: Machine
    tool: ToolRun
    facts_of: Callable[[Before], Facts]
    subject: Mapping[str, object]
    links: Sequence[Mapping[str, object]]
    tell: Tell
    push: bool
    evidence: Callable[[], tuple[Evidence, ...]] = tuple

    def run(self) -> Done:
        """Run the command between its two records.

        Raises:
            GitauditError: the start could not be recorded; the command was not run.
        """
        began = self.author.clock.now()
        before = self.tool.before()
        if before.declined and not self.machine.interrupted():
            self.tell("nothing was applied, and nothing is recorded", None)
            return Done(ended=None, code=DECLINED)
        facts = self.facts_of(before)
        if before.ended is not None or before.declined:
            # Planning failed, or was interrupted: nothing has begun, and one record says so.
            return self._finish(facts, before, before.ended or self._stopped(), After(), began=began)
        start = self._start(facts, before)
        stop = self._why_not(facts)
        if stop is not None or self.machine.interrupted():
            ended = self._stopped() if stop is None else Ended(code=UNRECORDED)
            return self._finish(facts, before, ended, After(), start=start, began=began, not_run=stop or "")
        began = self.author.clock.now()
        ended = self.machine.run(before.words, variables=before.variables)
        after = self.tool.after(ended)
        return self._finish(facts, before, ended, after, start=start, began=began)

    def preview(self) -> Draft:
        """Return the record of the start as far as it is known without running anything."""
        before = Before(words=self.tool.invocation.command.words)
        return self._draft("deploy.started", started_body(self.facts_of(before), before))

    def _start(self, facts: Facts, before: Before) -> Draft:
        """Publish the record of the start, with that of a drift before it where the state has moved."""
        head = self.log.tools.store.ref(self.log.config.log)
        body = started_body(facts, before)
        if head is not None and before.plan is not None:
            check_plan(
                self.log.tools.store,
                head,
                environment=facts.deployment.environment,
                commit=str(self.subject["commit"]),
                sha256=before.plan.sha256,
            )
        if head is not None:
            history = history_of(self.log.tools.store, head, stack_of(body))
            for entry in history.unfinished:
                self._tell_unfinished(entry.record.index, entry.record.text("occurred_at"), named(stack_of(body)))
            found = before.state
            if history.state is not None and found is not None and place_of(history.state) != place_of(found.to_body()):
                self.tell(
                    f"the state of {named(stack_of(body))} moved since the last deployment: "
                    f"expected serial {history.state.get('serial')}, found {found.serial}",
                    "somebody changed it outside; that is recorded as drift",
                )
                self._drifted(facts, history.state, found)
        start = self._draft("deploy.started", body)
        self._append([start], must=True)
        return start

    def _drifted(self, facts: Facts, last: Mapping[str, object], found: State) -> None:
        """Record a state that moved; where that fails, the deployment goes on, and `verify --complete` will tell."""
        try:
            self._append([self._draft("drift", drift_body(facts, last, found))])
        except GitauditError as error:
            self.tell(f"the drift is not recorded: {error.message}", error.hint)

    def _tell_unfinished(self, index: int, began: str, where: str) -> None:
        self.tell(
            f"a deployment to {where} began at {began} and has no end: record {index}",
            f"if it does not run any more: gitaudit record-deploy --finishes {index} --outcome unknown",
        )

    def _finish(
        self,
        facts: Facts,
        before: Before,
        ended: Ended,
        after: After,
        *,
        began: datetime,
        start: Draft | None = None,
        not_run: str | None = None,
    ) -> Done:
        """Record how it ended; nothing that goes wrong here changes how the command ended."""
        now = self.author.clock.now()
        facts = replace(facts, deployment=facts.deployment._replace(evidence=self.evidence()))
        started = None if start is None else start.id
        body = finished_body(facts, before, ended, after, started=started, times=(began, now))
        if not_run is not None:
            body |= {"outcome": "canceled", "outcome_source": "signal" if ended.signal else "stated"}
            body["reason"] = not_run or "stopped before the command ran"
            del body["exit_code"]
        draft = self._draft("deploy.finished", body, occurred_at=now)
        made = (start,) if start else ()
        try:
            published = self._append([draft])
        except RefusedError as error:
            self.tell(f"the record is refused: {error.message}", "the least of it is recorded instead")
            draft = self._draft("deploy.finished", least_body(body), occurred_at=now)
            try:
                published = self._append([draft])
            except GitauditError as again:
                return self._lost(ended, made, again)
        except GitauditError as error:
            return self._lost(ended, made, error)
        return Done(
            ended=None if not_run is not None or before.ended else ended,
            code=ended.code,
            outcome=str(draft.document["body"]["outcome"]),  # type: ignore[index]  # made above
            drafts=(*made, draft),
            published=published,
        )

    def _lost(self, ended: Ended, made: tuple[Draft, ...], error: GitauditError) -> Done:
        self.tell(f"how the command ended is not recorded: {error.message}", error.hint)
        return Done(ended=ended, code=ended.code or UNRECORDED, drafts=made, unrecorded=True)

    def _append(self, drafts: list[Draft], *, must: bool = False) -> Published | None:
        """Append drafts; a fault that leaves them in the outbox is told and no more.

        Raises:
            GitauditError: they are not in the outbox, or, where they `must` be in order, the log is bad.
        """
        try:
            published = self.log.append(drafts, push=self.push)
        except GitauditError as error:
            if not self._is_kept(drafts):
                raise
            if must and not isinstance(error, _SURE):
                self.log.outbox.remove([draft.id for draft in drafts])  # what has not begun is not to be recorded later
                raise
            self.tell(error.message, error.hint)
            return None
        if published.problem is not None:
            self.tell(f"the record waits here, unpublished: {published.problem.message}", published.problem.hint)
        return published

    def _is_kept(self, drafts: Sequence[Draft]) -> bool:
        try:
            kept = {draft.id for draft, _ in self.log.outbox.entries()}
        except GitauditError:
            return False
        return all(draft.id in kept for draft in drafts)

    def _why_not(self, facts: Facts) -> str | None:
        """Return why the command must not run now, None where it may."""
        environment = facts.deployment.environment
        if not self.policy.blocks_unpublished(environment) or not self._is_waiting():
            return None
        self.tell(
            f"expected the start to be published before {environment} is changed, as the policy asks; it is not",
            "mend what keeps the remote from having it, then run the command again",
        )
        return "the start could not be published"

    def _is_waiting(self) -> bool:
        """Return whether a record, the start among them, is not known to be where others see it."""
        return bool(self.log.outbox.entries()) or bool(self.log.unpublished())

    def _stopped(self) -> Ended:
        stops = self.machine.interrupted()
        number = stops[0] if stops else 0
        return Ended(code=_SIGNALLED + number, signal=number or None, interrupts=stops)

    def _draft(self, record_type: str, body: Mapping[str, object], *, occurred_at: datetime | None = None) -> Draft:
        return self.author.draft(
            record_type,
            body,
            occurred_at=occurred_at,
            subject=self.subject if record_type != "drift" else None,
            links=self.links if record_type != "drift" else (),
            dropped=self.tool.invocation.dropped if record_type != "drift" else 0,
        )
