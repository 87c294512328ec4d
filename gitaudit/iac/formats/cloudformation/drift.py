"""Looks at drift of CloudFormation: the output of `describe-stack-resource-drifts` and `detect-stack-resource-drift`.

A look at drift is a plan that plans nothing: all that it has is `drift`. Expected and actual properties stand in the
file and never in a summary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import attribute_names, objects, text
from gitaudit.iac.formats.cloudformation.events import stack_name
from gitaudit.iac.model import Action, Kind, ResourceChange, Summary
from gitaudit.iac.names import ADDRESS_LIMIT, visible, word

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

NAME = "cloudformation"
KIND: Kind = "plan"
EXPECTED = "the output of aws cloudformation describe-stack-resource-drifts"
HINT = "run: aws cloudformation describe-stack-resource-drifts --stack-name STACK > drift.json"

_ACTIONS: dict[str, Action] = {"MODIFIED": "update", "DELETED": "delete"}
_SAME = frozenset({"IN_SYNC"})


def detect(document: Document) -> bool:
    """Return whether the first object has drifts of resources, or the drift of one."""
    if not document.head:
        return False
    first = document.head[0]
    return isinstance(first.get("StackResourceDrifts"), list) or isinstance(first.get("StackResourceDrift"), dict)


def parse(document: Document) -> Summary:
    """Return the summary of a look at drift; `complete` where every resource could be compared.

    Raises:
        InputError: no drifts, or a page of them.
    """
    if not detect(document):
        raise InputError(f"expected {EXPECTED}, found none", hint=HINT)
    drifts: list[dict[str, object]] = []
    for item in document.objects:
        drifts += objects(item.get("StackResourceDrifts")) + objects([item.get("StackResourceDrift")])
        if text(item, "NextToken"):
            raise InputError(
                "expected all drifts, found a page of them", hint="leave out --max-items and --no-paginate"
            )
    statuses = [text(drift, "StackResourceDriftStatus") for drift in drifts]
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        drift=tuple(
            sorted(
                (_resource(drift) for drift, status in zip(drifts, statuses, strict=True) if status in _ACTIONS),
                key=ResourceChange.order,
            )
        ),
        complete=all(status in _SAME or status in _ACTIONS for status in statuses),
    )


def _resource(drift: dict[str, object]) -> ResourceChange:
    paths = [text(difference, "PropertyPath") for difference in objects(drift.get("PropertyDifferences"))]
    return ResourceChange(
        address=visible(f"{stack_name(drift)}/{text(drift, 'LogicalResourceId') or 'unknown'}", ADDRESS_LIMIT),
        type=visible(text(drift, "ResourceType")) if text(drift, "ResourceType") else "unknown",
        action=_ACTIONS[text(drift, "StackResourceDriftStatus")],
        reason=word(drift.get("StackResourceDriftStatus")),
        changed=attribute_names(top for path in paths if (top := path.strip("/").partition("/")[0])),
    )
