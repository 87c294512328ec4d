"""From single operations to what became of each resource.

A tool that replaces a resource deletes it and creates it, in either order, and reports both halves under one address.
Here they become one replacement again; what is counted is what really happened, half a replacement as its half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.iac.model import Action, ResourceChange, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNRECOGNISED: Action = "update"
"""What an action counts as whose word is not known: something was changed."""
UNRECOGNISED_REASON = "unrecognised-action"

_IN_STATE_ONLY: tuple[Action, ...] = ("forget", "import", "move")
"""Actions that change the state and no resource: tools report no operation for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a stream says is to happen to a resource, before it does."""

    type: str
    reason: str | None = None
    previous_address: str | None = None
    imported: bool = False
    provider: str | None = None
    changed: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Operation:
    """Work on one resource, as far as the messages read up to now tell."""

    type: str
    action: Action
    unrecognised: bool = False
    result: Result = "started"
    elapsed_s: int | None = None


def settle(
    planned: Mapping[str, Mapping[Action, Planned]], operations: Mapping[str, Sequence[Operation]], *, finished: bool
) -> tuple[list[ResourceChange], list[Action]]:
    """Return what became of every resource, and the actions to count; linear in the operations.

    Args:
        planned: by address and action; what is planned and never begun is left out.
        operations: by address, in the order in which they began.
        finished: whether the run ended well, so that what needs no operation has happened too.

    Returns:
        The resources, and one action for each operation that succeeded; for the two halves of a replacement that both
        succeeded only `replace`. An import or a move that came with an operation counts besides.
    """
    resources: list[ResourceChange] = []
    counted: list[Action] = []
    for address, done in operations.items():
        plans = planned.get(address, {})
        for change in _changes(done, plans):
            resource = _settled(address, change, plans, finished=finished)
            resources.append(resource)
            if resource.result == "succeeded":
                counted += resource.counted()
            else:
                counted += [half.action for half in change.halves if half.result == "succeeded"]
    if finished:
        for resource in _in_state_only(planned, operations):
            resources.append(resource)
            counted += resource.counted()
    return resources, counted


class _Change(NamedTuple):
    """The operations that are one change of a resource: one, or the halves of a replacement as far as they began."""

    action: Action
    halves: tuple[Operation, ...]

    @property
    def lacks_half(self) -> bool:
        return self.action == "replace" and self.halves[0].action != "replace" and len(self.halves) == 1


def _changes(done: Iterable[Operation], plans: Mapping[Action, Planned]) -> list[_Change]:
    """Return the changes that the operations of one address are.

    A delete and a create are a replacement where there is no plan for the address; a plan that names both apart, as
    it does for a deposed object, is believed. One of them alone is half of the replacement that is planned.
    """
    others = [operation for operation in done if operation.action not in ("delete", "create")]
    deletes = [operation for operation in done if operation.action == "delete"]
    creates = [operation for operation in done if operation.action == "create"]
    number = min(len(deletes), len(creates)) if not plans or "replace" in plans else 0
    changes = [_Change("replace", pair) for pair in zip(deletes[:number], creates[:number], strict=True)]
    rest = [*deletes[number:], *creates[number:], *others]
    if "replace" in plans and not changes and rest and rest[0].action in ("delete", "create"):
        changes.append(_Change("replace", (rest.pop(0),)))
    return [*changes, *(_Change(operation.action, (operation,)) for operation in rest)]


def _settled(address: str, change: _Change, plans: Mapping[Action, Planned], *, finished: bool) -> ResourceChange:
    """Return what became of a resource by one change."""
    first = change.halves[0]
    plan = plans.get(change.action, Planned(type=first.type))
    seconds = [operation.elapsed_s for operation in change.halves if operation.elapsed_s is not None]
    return ResourceChange(
        address=address,
        type=first.type,
        action=change.action,
        reason=UNRECOGNISED_REASON if first.unrecognised else plan.reason,
        previous_address=plan.previous_address,
        imported=plan.imported,
        provider=plan.provider,
        changed=plan.changed,
        replace=plan.replace,
        # A replacement whose old object is forgotten has one half only; where the run failed, the other never came.
        result=_worst(change.halves, complete=finished or not change.lacks_half),
        elapsed_s=sum(seconds) if seconds else None,
    )


def _worst(halves: tuple[Operation, ...], *, complete: bool) -> Result:
    results = {operation.result for operation in halves}
    if "failed" in results:
        return "failed"
    return "succeeded" if complete and results == {"succeeded"} else "started"


def _in_state_only(
    planned: Mapping[str, Mapping[Action, Planned]], operations: Mapping[str, Sequence[Operation]]
) -> Iterable[ResourceChange]:
    for address, plans in planned.items():
        begun = {operation.action for operation in operations.get(address, ())}
        for action in _IN_STATE_ONLY:
            plan = plans.get(action)
            if plan is not None and action not in begun:
                yield ResourceChange(
                    address=address,
                    type=plan.type,
                    action=action,
                    reason=plan.reason,
                    previous_address=plan.previous_address,
                    imported=plan.imported,
                    result="succeeded",
                )
