"""Plans of CloudFormation: the output of `describe-change-set`; CDK makes change sets too.

What stands in it and never in a summary: values of parameters (one that stops being NoEcho is printed in the clear),
contexts before and after, physical ids, tags, reasons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import attribute_names, mapping, objects, text
from gitaudit.iac.formats.cloudformation.events import CDK_METADATA, stack_name
from gitaudit.iac.model import Action, Kind, ResourceChange, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, visible
from gitaudit.iac.operations import UNRECOGNISED, UNRECOGNISED_REASON

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

NAME = "cloudformation"
KIND: Kind = "plan"
EXPECTED = "the output of aws cloudformation describe-change-set"
HINT = "run: aws cloudformation describe-change-set --change-set-name NAME --stack-name STACK > plan.json"

_ACTIONS: dict[str, Action] = {
    "Add": "create",
    "Modify": "update",
    "Remove": "delete",
    "Import": "import",
    # What the change will be is only known when it is made; that live values are taken over changes no resource.
    "Dynamic": "update",
    "SyncWithActual": "no-op",
}
_REASONS = {"Conditional": "conditional-replacement", "Dynamic": "dynamic"}
_NO_CHANGES = (
    "The submitted information didn't contain changes",
    "No updates are to be performed",
)


def detect(document: Document) -> bool:
    """Return whether the first object has changes of a change set."""
    return bool(document.head) and isinstance(document.head[0].get("Changes"), list) and "StackId" in document.head[0]


def parse(document: Document) -> Summary:
    """Return the summary of a change set.

    A change that replaces a resource under a condition counts as a replacement. `errored` is whether the change set
    could not be made; one without changes is no error.

    Raises:
        InputError: no change set, more than one, or a page of one.
    """
    if not detect(document) or len(document.head) != 1 or document.cut:
        raise InputError(f"expected one change set, found {len(document.head)} JSON objects or half of one", hint=HINT)
    change_set = document.head[0]
    if text(change_set, "NextToken"):
        raise InputError(
            "expected the whole change set, found a page of it", hint="leave out --max-items and --no-paginate"
        )
    stack = stack_name(change_set)
    listed = [mapping(change, "ResourceChange") for change in objects(change_set.get("Changes"))]
    resources = [_resource(stack, change) for change in listed if change]
    failed = text(change_set, "Status") == "FAILED"
    return Summary(
        kind=KIND,
        tool="cdk" if any(item.type == CDK_METADATA for item in resources) else NAME,
        sha256=document.sha256,
        size=document.size,
        counts=tally(item.action for item in resources),
        resources=tuple(sorted((item for item in resources if item.action != "no-op"), key=ResourceChange.order)),
        errored=failed and not text(change_set, "StatusReason").startswith(_NO_CHANGES),
    )


def _resource(stack: str, change: dict[str, object]) -> ResourceChange:
    word, replacement = text(change, "Action"), text(change, "Replacement")
    action = _ACTIONS.get(word, UNRECOGNISED)
    reason = _REASONS.get(word) if word in _ACTIONS else UNRECOGNISED_REASON
    if word == "Modify" and replacement in ("True", "Conditional"):
        action, reason = "replace", _REASONS.get(replacement)
    if action == "delete" and text(change, "PolicyAction") == "Retain":
        action = "forget"
    targets = [mapping(detail, "Target") for detail in objects(change.get("Details"))]
    return ResourceChange(
        address=visible(f"{stack}/{text(change, 'LogicalResourceId') or 'unknown'}", ADDRESS_LIMIT),
        type=visible(text(change, "ResourceType")) if text(change, "ResourceType") else "unknown",
        action=action,
        reason=reason,
        changed=attribute_names(filter(None, map(_attribute, targets))) if action in ("update", "replace") else (),
        replace=attribute_names(
            _attribute(target)
            for target in targets
            if text(target, "RequiresRecreation") in ("Always", "Conditionally") and _attribute(target)
        )
        if action == "replace"
        else (),
    )


def _attribute(target: dict[str, object]) -> str:
    """Return the property that changes, or the attribute of the resource that is none, such as `Tags`."""
    return text(target, "Name") or text(target, "Attribute")
