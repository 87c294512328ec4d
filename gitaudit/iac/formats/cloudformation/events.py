"""Results of CloudFormation: the output of `describe-stack-events`, `describe-events` and `describe-stacks`.

Events are of every operation that a stack ever had, newest first; here the last operation counts, from the event with
which the stack itself begins something to its last one. That event, not those of resources, says how it ended: a
rollback that is complete is a failure. What a rollback does to a resource is listed apart from what the operation did.

CDK deploys through CloudFormation; a stack that has its metadata resource is told as its own.

What stands in these files and never in a summary: properties, physical ids, account numbers, values of parameters and
outputs, reasons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import between, moment, objects, text
from gitaudit.iac.model import Action, Kind, Outcome, Output, ResourceChange, Result, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitaudit.iac.text import Document

NAME = "cloudformation"
KIND: Kind = "result"
EXPECTED = "the events of a CloudFormation stack"
HINT = "run: aws cloudformation describe-stack-events --stack-name STACK > events.json"

STACK = "AWS::CloudFormation::Stack"
CDK_METADATA = "AWS::CDK::Metadata"

_LISTS = ("StackEvents", "OperationEvents")
_BEGINS = frozenset(
    {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "REVIEW_IN_PROGRESS"}
)
_STEP = re.compile(r"(CREATE|UPDATE|DELETE|IMPORT)_(IN_PROGRESS|COMPLETE|FAILED|SKIPPED)")
_ACTIONS: dict[str, Action] = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete", "IMPORT": "import"}
_RESULTS: dict[str, Result] = {
    "IN_PROGRESS": "started",
    "COMPLETE": "succeeded",
    "FAILED": "failed",
    "SKIPPED": "succeeded",
}
_ERRORS = frozenset({"VALIDATION_ERROR", "PROVISIONING_ERROR", "HOOK_INVOCATION_ERROR"})
_ROLLBACK = "rollback"
_ARN = re.compile(r"arn:[^/]*:stack/([^/]+)/")

Event = dict[str, object]


def detect(document: Document) -> bool:
    """Return whether the first object has events or stacks, or is an event itself."""
    if not document.head:
        return False
    first = document.head[0]
    stacks = objects(first.get("Stacks"))
    return (
        any(isinstance(first.get(key), list) for key in _LISTS)
        or bool(stacks and "StackStatus" in stacks[0])
        or _is_event(first)
    )


def parse(document: Document) -> Summary:
    """Return the summary of the last operation of each stack that the file has events of.

    Its `outcome` is `succeeded` where every stack came to its new state, `failed` where it was taken back, `partial`
    where it stays with a part of the changes, and `unknown` where the last event is no end.

    Raises:
        InputError: no event, or a page without the beginning of the last operation.
    """
    if not detect(document):
        raise InputError(f"expected {EXPECTED}, found none", hint=HINT)
    if any("Stacks" in item for item in document.head):
        return _of_stacks(document)
    events, more = _events(document)
    stacks = _by_stack(events)
    if not stacks:
        raise InputError("expected at least one event of a stack, found none", hint=HINT)
    operations = [_last_operation(own, more=more) for own in stacks.values()]
    resources = [resource for operation in operations for resource in operation.resources()]
    return Summary(
        kind=KIND,
        tool="cdk" if any(text(event, "ResourceType") == CDK_METADATA for event in events) else NAME,
        sha256=document.sha256,
        size=document.size,
        counts=tally(item.action for item in resources if item.result == "succeeded"),
        resources=tuple(sorted(resources, key=ResourceChange.order)),
        outcome=_overall([operation.outcome() for operation in operations]),
        errors=sum(item.result == "failed" for item in resources) + sum(one.errors() for one in operations),
        unknown_messages=len(events) - sum(map(len, stacks.values())) + document.other,
    )


def stack_name(fields: dict[str, object]) -> str:
    """Return the name of a stack, from its ARN where it is not given; `unknown` where neither is."""
    match = _ARN.match(text(fields, "StackId"))
    return text(fields, "StackName") or (match[1] if match else "unknown")


def _is_event(item: Event) -> bool:
    return "StackId" in item and ("ResourceStatus" in item or "EventType" in item)


def _events(document: Document) -> tuple[list[Event], bool]:
    """Return the events of all objects, and whether there are older ones in another page."""
    events: list[Event] = []
    more = False
    for item in document.objects:
        listed = next((item[key] for key in _LISTS if key in item), None)
        events += [item] if listed is None else objects(listed)
        more = more or bool(text(item, "NextToken"))
    return events, more


def _by_stack(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return the events of each stack, by its id; what is no event is left out."""
    stacks: dict[str, list[Event]] = {}
    for event in events:
        if _is_event(event) and text(event, "StackId"):
            stacks.setdefault(text(event, "StackId"), []).append(event)
    return stacks


def _is_own(event: Event) -> bool:
    """Return whether an event is about the stack itself, and not about one nested in it."""
    return text(event, "ResourceType") == STACK and text(event, "PhysicalResourceId") == text(event, "StackId")


def _begins(event: Event) -> bool:
    return _is_own(event) and text(event, "ResourceStatus") in _BEGINS


def _last_operation(events: list[Event], *, more: bool) -> _Operation:
    """Return the last operation of a stack; all of the events where its beginning is not among them."""
    ordered = events if _is_oldest_first(events) else events[::-1]
    start = max((number for number, event in enumerate(ordered) if _begins(event)), default=-1)
    if start < 0 and more:
        raise InputError(
            "expected the events of a whole operation, found a page without its beginning",
            hint="leave out --max-items and --no-paginate",
        )
    named = next((stack_name(event) for event in ordered if stack_name(event) != "unknown"), "unknown")
    operation = next((text(event, "OperationId") for event in ordered[::-1] if text(event, "OperationId")), "")
    if start < 0 and operation:
        ordered = [event for event in ordered if text(event, "OperationId") == operation]
    return _Operation(name=named, events=tuple(ordered[max(start, 0) :]))


def _is_oldest_first(events: Sequence[Event]) -> bool:
    """Return whether the events are in the order in which they happened, which the tool never gives them in."""
    first, last = (moment(event.get("Timestamp")) for event in (events[0], events[-1]))
    if first is not None and last is not None and first != last:
        return first < last
    return _begins(events[0]) and not _begins(events[-1])


@dataclass(slots=True, kw_only=True)
class _Step:
    """What an operation does to a resource in one way."""

    type: str
    action: Action
    physical: str
    started: float | None
    ended: float | None = None
    result: Result = "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    """An operation of a stack: its name and its events, oldest first."""

    name: str
    events: tuple[Event, ...]

    def outcome(self) -> Outcome:
        """Return how it ended, by the last event of the stack itself."""
        status = next((text(event, "ResourceStatus") for event in self.events[::-1] if _is_own(event)), "")
        told = next((text(event, "OperationStatus") for event in self.events[::-1] if "OperationStatus" in event), "")
        if not status and told:
            status = {"SUCCEEDED": "UPDATE_COMPLETE", "FAILED": "UPDATE_FAILED"}.get(told, "")
        return outcome_of(status, changed=any(item.result == "succeeded" for item in self.resources()))

    def errors(self) -> int:
        """Return the number of errors that are not of a resource."""
        return sum(
            text(event, "EventType") in _ERRORS or text(event, "HookStatus") == "HOOK_COMPLETE_FAILED"
            for event in self.events
        )

    def resources(self) -> list[ResourceChange]:
        """Return what was done to each resource; a new one in the place of an old one is a replacement."""
        found = []
        for (logical, taken_back), steps in self._steps().items():
            pair = [steps.get(action) for action in ("update", "delete", "create")]
            done = [step for step in pair if step is not None and step.result == "succeeded"]
            if steps.get("delete") in done and len(done) > 1 and len({step.physical for step in done}) > 1:
                found.append(self._resource(logical, "replace", done, taken_back=taken_back))
            else:
                done = []
            found += [
                self._resource(logical, step.action, [step], taken_back=taken_back)
                for step in steps.values()
                if step not in done
            ]
        return found

    def _steps(self) -> dict[tuple[str, bool], dict[str, _Step]]:
        """Return the steps of each resource, those of a rollback apart."""
        steps: dict[tuple[str, bool], dict[str, _Step]] = {}
        taken_back = False
        for event in self.events:
            status = text(event, "ResourceStatus")
            if _is_own(event):
                taken_back = taken_back or "ROLLBACK" in status
                continue
            match = _STEP.fullmatch(status)
            if match is None or "HookType" in event:
                continue
            time = moment(event.get("Timestamp"))
            logical = text(event, "LogicalResourceId") or "unknown"
            step = steps.setdefault((logical, taken_back), {}).setdefault(
                _ACTIONS[match[1]],
                _Step(type=text(event, "ResourceType"), action=_ACTIONS[match[1]], physical="", started=time),
            )
            step.physical = text(event, "PhysicalResourceId") or step.physical
            step.ended = time
            if match[2] == "SKIPPED":
                step.action = "forget"
            step.result = _RESULTS[match[2]]
        return steps

    def _resource(self, logical: str, action: Action, steps: list[_Step], *, taken_back: bool) -> ResourceChange:
        seconds = [between(step.started, step.ended) for step in steps]
        known = [second for second in seconds if second is not None]
        return ResourceChange(
            address=visible(f"{self.name}/{logical}", ADDRESS_LIMIT),
            type=visible(steps[0].type) if steps[0].type else "unknown",
            action=action,
            reason=_ROLLBACK if taken_back else None,
            result=steps[0].result,
            elapsed_s=sum(known) if known else None,
        )


def outcome_of(status: str, *, changed: bool) -> Outcome:
    """Return how an operation ended that leaves its stack in a status."""
    if status.endswith("ROLLBACK_COMPLETE"):
        return "failed"
    if status.endswith("_COMPLETE"):
        return "succeeded"
    if status.endswith("_FAILED"):
        return "partial" if changed else "failed"
    return "unknown"


def _overall(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of several stacks together."""
    found = set(outcomes)
    if len(found) == 1:
        return found.pop()
    if "unknown" in found:
        return "unknown"
    return "partial" if "succeeded" in found or "partial" in found else "failed"


def _of_stacks(document: Document) -> Summary:
    """Return the summary of what `describe-stacks` says: how each stack stands, and the names of its outputs."""
    stacks = [stack for item in document.objects for stack in objects(item.get("Stacks"))]
    resources, outcomes, outputs = [], [], []
    for stack in stacks:
        status = text(stack, "StackStatus")
        outcome = outcome_of(status, changed=True)
        outcomes.append(outcome)
        result: Result = "started" if outcome == "unknown" else "succeeded" if outcome == "succeeded" else "failed"
        action = _ACTIONS.get(status.partition("_")[0], "update")
        name = visible(stack_name(stack), ADDRESS_LIMIT)
        resources.append(ResourceChange(address=name, type=STACK, action=action, result=result))
        outputs += [
            Output(name=visible(text(output, "OutputKey")))
            for output in objects(stack.get("Outputs"))
            if text(output, "OutputKey")
        ]
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        counts=tally(item.action for item in resources if item.result == "succeeded"),
        resources=tuple(sorted(resources, key=ResourceChange.order)),
        outputs=tuple(sorted(outputs, key=Output.order)),
        outcome=_overall(outcomes),
        errors=sum(item.result == "failed" for item in resources),
        unknown_messages=document.other,
    )
