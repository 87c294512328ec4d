"""Results of Pulumi: the engine events of `pulumi up --event-log FILE`, one JSON object a line.

Source: `EngineEvent` of github.com/pulumi/pulumi. Every event has a sequence, a time in seconds, and one key that ends
with `Event`. `cancelEvent` is the last one of every log, also of a good one. What really happened is told by
`resOutputsEvent` and `resOpFailedEvent` of each step; an event of an unknown kind is counted.

What stands in these events and never in a summary: configuration, the states of resources, diagnostics, output.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import between, mapping, text
from gitaudit.iac.formats.pulumi.steps import Step, is_default_provider, step_of
from gitaudit.iac.model import Action, Kind, Outcome, Output, ResourceChange, Summary, tally
from gitaudit.iac.operations import Operation, Planned, settle

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

NAME = "pulumi"
KIND: Kind = "result"
EXPECTED = "the event log of pulumi up"
HINT = "run: pulumi up --event-log events.jsonl"

_PASSED_OVER = frozenset(
    {
        *("preludeEvent", "cancelEvent", "stdoutEvent", "policyLoadEvent", "policyRemediationEvent"),
        *("policyAnalyzeSummaryEvent", "policyRemediateSummaryEvent", "policyAnalyzeStackSummaryEvent"),
        *("startDebuggingEvent", "progressEvent"),
    }
)
_STEPS = frozenset({"resourcePreEvent", "resOutputsEvent", "resOpFailedEvent"})
_REFRESH = "refresh"
_KNOWN = _PASSED_OVER | _STEPS | {"diagnosticEvent", "policyEvent", "summaryEvent", "errorEvent"}


def is_log(document: Document) -> bool:
    """Return whether any of the first objects is an event that is known here."""
    return any(_kind(item) in _KNOWN for item in document.head)


def is_preview(document: Document) -> bool:
    """Return whether the events only plan: the steps say so, or the summary where there are none."""
    planned = False
    for item in document.objects:
        kind = _kind(item)
        if kind in _STEPS:
            if mapping(item, kind).get("planning") is not True:
                return False
            planned = True
        elif kind == "summaryEvent":
            planned = planned or mapping(item, kind).get("isPreview") is True
    return planned


def detect(document: Document) -> bool:
    """Return whether the events are those of an update; so is a log that ends before it says what it is."""
    return is_log(document) and not is_preview(document)


def parse(document: Document) -> Summary:
    """Return the summary of an update, a destroy, a refresh or an import.

    Its `outcome` is what the final summary says, or `succeeded` with one that says nothing and no error; `partial` or
    `failed` after errors, whether or not anything was changed before; `unknown` where there is no final summary: the
    log was cut.

    Raises:
        InputError: no event among the objects, or events of a preview.
    """
    if not detect(document):
        raise InputError(f"expected {EXPECTED}, found none", hint=HINT)
    run = _Run()
    for item in document.objects:
        run.take(item)
    run.join()
    resources, actions = settle(run.planned, run.operations, finished=run.finished)
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        counts=tally(actions),
        resources=tuple(sorted((item for item in resources if item.action != "no-op"), key=ResourceChange.order)),
        outputs=tuple(sorted(run.outputs.values(), key=Output.order)) if run.finished else (),
        outcome=_outcome(run, resources),
        errors=run.errors,
        warnings=run.warnings,
        unknown_messages=run.unknown + document.other,
    )


def _outcome(run: _Run, resources: list[ResourceChange]) -> Outcome:
    failed = run.errors > 0 or run.told == "failed" or any(item.result == "failed" for item in resources)
    if run.told == "canceled":
        return "canceled"
    if failed:
        return "partial" if run.changed() else "failed"
    return "succeeded" if run.finished else "unknown"


class _Run:
    """What the events so far say."""

    def __init__(self) -> None:
        self.planned: dict[str, dict[Action, Planned]] = {}
        self.operations: dict[str, list[Operation]] = {}
        self.begun: dict[tuple[str, str], deque[tuple[Operation, float | None]]] = {}
        self.replaced: dict[str, str] = {}
        self.halves: dict[str, list[Operation]] = {}
        self.last: dict[tuple[str, Action], Operation] = {}
        self.outputs: dict[str, Output] = {}
        self.previewing = False
        self.finished = False
        self.told = ""
        self.errors = 0
        self.warnings = 0
        self.unknown = 0

    def take(self, event: dict[str, object]) -> None:
        """Take one event in; one that is not understood is counted."""
        kind = _kind(event)
        fields = mapping(event, kind)
        if kind in _STEPS:
            self.previewing = fields.get("planning") is True
            step = step_of(mapping(fields, "metadata"))
            if self.previewing:
                return
            if step is None:
                self.unknown += not is_default_provider(text(mapping(fields, "metadata"), "urn"))
            else:
                self._step(kind, step, _time(event))
        elif kind == "diagnosticEvent":
            self._count("mandatory" if text(fields, "severity") == "error" else text(fields, "severity"))
        elif kind == "policyEvent":
            self._count(text(fields, "enforcementLevel"))
        elif kind == "errorEvent":
            self.errors += 1
        elif kind == "summaryEvent":
            if not self.previewing and fields.get("isPreview") is not True:
                self.finished = True
                self.told = text(fields, "result")
        elif kind not in _PASSED_OVER:
            self.unknown += 1

    def _count(self, level: str) -> None:
        """Count an error or a warning: of a diagnostic by its severity, of a policy by what it enforces."""
        if level == "mandatory":
            self.errors += 1
        elif level in ("warning", "advisory"):
            self.warnings += 1

    def _step(self, kind: str, step: Step, time: float | None) -> None:
        """Take in the beginning or the end of a step."""
        ended = kind != "resourcePreEvent"
        refreshed = self.begun.get((step.address, _REFRESH)) if ended else None
        key = _REFRESH if refreshed or step.refresh else step.action
        action, reason = found_by_refresh(step) if refreshed else (step.action, step.reason)
        if action == "no-op" and step.formerly is not None:
            action = "move"
        self._plan(step, "replace" if step.replaces else action, reason if refreshed else None)
        if step.action == "replace":
            return
        begun = self.begun.setdefault((step.address, key), deque())
        if ended and begun:
            operation, started = begun.popleft()
        else:
            operation, started = self._operation(step, action), time
        operation.action = action
        if not ended:
            begun.append((operation, started))
            if not step.component:
                return
        operation.result = "failed" if kind == "resOpFailedEvent" else "succeeded"
        if ended and operation.elapsed_s is None:
            operation.elapsed_s = between(started, time)

    def _operation(self, step: Step, action: Action) -> Operation:
        """Return a new operation, or the one that is said again: only what is deleted may have several objects."""
        last = self.last.get((step.address, action))
        if last is not None and last.result == "succeeded" and action != "delete":
            return last
        operation = Operation(type=step.type, action=action, unrecognised=bool(step.reason))
        self.operations.setdefault(step.address, []).append(operation)
        self.last[step.address, action] = operation
        if step.half and action == "delete":
            self.halves.setdefault(step.address, []).append(operation)
        return operation

    def _plan(self, step: Step, action: Action, reason: str | None) -> None:
        """Take in what is said of a step; of several events about it, what the one with most names says."""
        plans = self.planned.setdefault(step.address, {})
        known = plans.get(action)
        if known is None or len(step.changed) > len(known.changed) or (step.formerly and not known.previous_address):
            plans[action] = Planned(
                type=step.type,
                provider=step.provider,
                reason=reason,
                previous_address=step.formerly,
                changed=step.changed if action in ("update", "replace") else (),
                replace=step.replace if action == "replace" else (),
            )
        if step.replaces and step.formerly:
            self.replaced[step.formerly] = step.address
        self.outputs |= {output.name: output for output in step.outputs}

    def changed(self) -> bool:
        """Return whether any step that changes something has succeeded."""
        return any(
            one.result == "succeeded" and one.action not in ("read", "no-op")
            for steps in self.operations.values()
            for one in steps
        )

    def join(self) -> None:
        """Put the old half of a replacement, which has the old URN, to the new one."""
        for former, address in self.replaced.items():
            halves = self.halves.get(former, [])
            if halves and address in self.operations:
                moved = set(map(id, halves))
                self.operations[address] += halves
                self.operations[former] = [one for one in self.operations[former] if id(one) not in moved]


def found_by_refresh(step: Step) -> tuple[Action, str | None]:
    """Return what a refresh did: it changes the state alone, so what is gone is no longer managed, and not deleted."""
    if step.action == "no-op":
        return "read", None
    return ("forget" if step.action == "delete" else step.action), "refresh"


def _kind(event: dict[str, object]) -> str:
    """Return the key of an event that says what it is; nothing for an object that is no event."""
    if "sequence" not in event:
        return ""
    return next((key for key, value in event.items() if key.endswith("Event") and isinstance(value, dict)), "")


def _time(event: dict[str, object]) -> float | None:
    time = event.get("timestamp")
    return float(time) if isinstance(time, int) and not isinstance(time, bool) else None
