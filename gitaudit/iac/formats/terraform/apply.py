"""Results of Terraform and OpenTofu: the messages of `apply -json` and `destroy -json`, UI versions 0.x and 1.x.

Source: developer.hashicorp.com/terraform/internals/machine-readable-ui. What really happened is counted from the
`apply_complete` and `apply_errored` messages of each address: a failed run has no final `change_summary`, and the last
one it has is that of its plan. A message of an unknown type is counted, so that newer versions can be read.

What stands in these messages and never in a summary: texts, ids, diagnostics, output of provisioners, output values.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Literal

from gitaudit.errors import InputError
from gitaudit.iac.fields import count, mapping, seconds
from gitaudit.iac.model import Action, Kind, Outcome, Output, ResourceChange, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, visible, word
from gitaudit.iac.operations import UNRECOGNISED, Operation, Planned, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.iac.text import Document

NAME = "terraform"
KIND: Kind = "result"
EXPECTED = "the messages of terraform apply -json"
HINT = "run: terraform apply -json > result.jsonl"

_MAJORS = {"0", "1"}
_UI_VERSION = re.compile(r"([0-9]{1,4})(\.[0-9]{1,4}){1,2}")
_ACTIONS: dict[str, Action] = {
    "noop": "no-op",
    "create": "create",
    "read": "read",
    "update": "update",
    "replace": "replace",
    "delete": "delete",
    "move": "move",
    "import": "import",
    # In planned changes `remove` is what a removed block does; in change summaries it counts what was destroyed.
    "remove": "forget",
    "forget": "forget",
}
_OUTPUT_ACTIONS: dict[str, Literal["create", "update", "delete", "no-op"]] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "noop": "no-op",
}
_INTERRUPTIONS = (
    "Interrupt received",
    "Two interrupts received",
    "Stopping operation",
    "Apply cancelled",
    "Destroy cancelled",
)
_HALTED = "execution halted"
_PASSED_OVER = frozenset(
    {
        "resource_drift",
        "deferred_change",
        "planned_action_invocation",
        "apply_progress",
        "provision_start",
        "provision_progress",
        "provision_complete",
        "provision_errored",
        "refresh_start",
        "refresh_complete",
        "ephemeral_op_start",
        "ephemeral_op_progress",
        "ephemeral_op_complete",
        "ephemeral_op_errored",
        "ephemeral_action_started",
        "ephemeral_action_progress",
        "ephemeral_action_complete",
        "ephemeral_action_errored",
        "action_start",
        "action_progress",
        "action_complete",
        "action_errored",
        "policy_info",
        "policy_diagnostic",
        "policy_result",
    }
)
"""Types that are known and add nothing: what they report ends in a diagnostic or in a message that is read."""


def detect(document: Document) -> bool:
    """Return whether any object is a message of the machine-readable UI that is known here."""
    return any(_message_type(item) in _KNOWN for item in document.head)


def parse(document: Document) -> Summary:
    """Return the summary of a run.

    Its `outcome` is `succeeded` with a final summary of the apply and no error, `canceled` after an interruption,
    `partial` or `failed` after errors (whether or not anything was changed before), and `unknown` where the stream
    ends without any of that: it was cut, or only planned.

    Raises:
        InputError: no message among the objects, or an unknown major version of the UI.
    """
    if not detect(document):
        raise InputError(f"expected {EXPECTED}, found none", hint=HINT)
    run = _Run()
    for item in document.objects:
        run.take(item)
    resources, actions = settle(run.planned, run.operations, finished=run.finished)
    counts = dict(tally(actions))
    if run.finished:
        # A saved plan is applied without a word on pure imports; only the final summary counts them.
        counts["import"] = max(counts.get("import", 0), run.imports)
        counts["forget"] = max(counts.get("forget", 0), run.forgets)
    return Summary(
        kind=KIND,
        tool=run.tool,
        tool_version=run.tool_version,
        format_version=run.ui_version,
        sha256=document.sha256,
        size=document.size,
        counts=tuple((action, number) for action, number in counts.items() if number),
        resources=tuple(sorted(resources, key=ResourceChange.order)),
        outputs=tuple(sorted(run.outputs.values(), key=Output.order)) if run.finished else (),
        outcome=_outcome(run, resources),
        errors=run.errors,
        warnings=run.warnings,
        unknown_messages=run.unknown + document.other,
    )


def _outcome(run: _Run, resources: list[ResourceChange]) -> Outcome:
    """Return how the run ended, errors before interruptions before success."""
    failed = run.errors > 0 or any(item.result == "failed" for item in resources)
    if run.interrupted and (failed or not run.finished):
        return "canceled"
    if failed:
        return "partial" if run.changed else "failed"
    return "succeeded" if run.finished else "unknown"


class _Run:
    """What the messages so far say."""

    def __init__(self) -> None:
        self.tool = "terraform"
        self.tool_version: str | None = None
        self.ui_version: str | None = None
        self.planned: dict[str, dict[Action, Planned]] = {}
        self.operations: dict[str, list[Operation]] = {}
        self.begun: dict[tuple[str, Action], deque[Operation]] = {}
        self.outputs: dict[str, Output] = {}
        self.finished = False
        self.interrupted = False
        self.changed = False
        self.imports = 0
        self.forgets = 0
        self.errors = 0
        self.warnings = 0
        self.unknown = 0

    def take(self, message: dict[str, object]) -> None:
        """Take one message in; one that is not understood is counted."""
        kind = _message_type(message)
        handler = _HANDLERS.get(kind)
        understood = handler(self, message) if handler else kind in _PASSED_OVER
        if not understood:
            self.unknown += 1
        if message.get("@module") == "tofu.ui":
            self.tool = "opentofu"

    def version(self, message: dict[str, object]) -> bool:
        """Take in which tool wrote the stream; the first of several counts."""
        ui = message.get("ui")
        match = _UI_VERSION.fullmatch(ui) if isinstance(ui, str) else None
        if match is None:
            return False
        if match[1] not in _MAJORS:
            raise InputError(
                f"expected messages of UI version 0.x or 1.x, found {match[0]}", hint="use a newer gitaudit"
            )
        if self.ui_version is None:
            self.tool = "opentofu" if "tofu" in message else "terraform"
            self.tool_version = word(message.get("tofu", message.get("terraform")))
            self.ui_version = match[0]
        return True

    def log(self, message: dict[str, object]) -> bool:
        """Take in whether the run was interrupted."""
        text = message.get("@message")
        self.interrupted = self.interrupted or (isinstance(text, str) and text.strip().startswith(_INTERRUPTIONS))
        return True

    def diagnostic(self, message: dict[str, object]) -> bool:
        """Count an error or a warning; its text is looked at for an interruption, and dropped."""
        details = mapping(message, "diagnostic")
        severity = details.get("severity") or message.get("@level")
        if severity == "error":
            self.errors += 1
        elif severity in ("warning", "warn"):
            self.warnings += 1
        self.interrupted = self.interrupted or details.get("summary") == _HALTED
        return severity in ("error", "warning", "warn")

    def planned_change(self, message: dict[str, object]) -> bool:
        """Take in what is to happen to a resource; said twice, it counts once."""
        change = mapping(message, "change")
        address, kind = _resource(change)
        action = _action(change)
        if address is None or action is None:
            return False
        planned = Planned(
            type=kind,
            reason=word(change.get("reason")),
            previous_address=_resource(change, "previous_resource")[0],
            imported=change.get("importing") is not None,
        )
        self.planned.setdefault(address, {})[action] = planned
        return True

    def change_summary(self, message: dict[str, object]) -> bool:
        """Take in the end of an apply; the summary of a plan says nothing of what happened."""
        changes = mapping(message, "changes")
        if changes.get("operation") in ("apply", "destroy"):
            self.finished = True
            self.imports = count(changes, "import")
            self.forgets = count(changes, "forget")
        return "operation" in changes

    def outputs_message(self, message: dict[str, object]) -> bool:
        """Take in the names of outputs: first those that are to change, after the apply all of them."""
        outputs = message.get("outputs")
        if not isinstance(outputs, dict):
            return False
        for name, details in outputs.items():
            if isinstance(details, dict):
                sensitive, action = details.get("sensitive"), details.get("action")
                known = self.outputs.get(name)
                self.outputs[name] = Output(
                    name=visible(name),
                    sensitive=sensitive if isinstance(sensitive, bool) else None,
                    action=_OUTPUT_ACTIONS.get(action) if isinstance(action, str) else known.action if known else None,
                )
        return True

    def apply_start(self, message: dict[str, object]) -> bool:
        """Take in that work on a resource began; that is never after the end of a run."""
        operation = self._operation(message)
        self.finished = False
        return operation is not None

    def apply_complete(self, message: dict[str, object]) -> bool:
        """Take in that work on a resource succeeded."""
        operation = self._operation(message)
        if operation is None:
            return False
        operation.result = "succeeded"
        self.changed = self.changed or operation.action not in ("read", "no-op")
        return True

    def apply_errored(self, message: dict[str, object]) -> bool:
        """Take in that work on a resource failed."""
        operation = self._operation(message)
        if operation is None:
            return False
        operation.result = "failed"
        return True

    def _operation(self, message: dict[str, object]) -> Operation | None:
        """Return the operation that a message is about: the one of this address and action that has no end yet."""
        hook = mapping(message, "hook")
        address, kind = _resource(hook)
        action = _action(hook)
        if address is None or action is None:
            return None
        begun = self.begun.setdefault((address, action), deque())
        ended = message["type"] != "apply_start"
        if ended and begun:
            operation = begun.popleft()
        else:
            operation = Operation(type=kind, action=action, unrecognised=hook.get("action") not in _ACTIONS)
            self.operations.setdefault(address, []).append(operation)
        if ended:
            operation.elapsed_s = seconds(hook.get("elapsed_seconds"))
        else:
            begun.append(operation)
        return operation


_HANDLERS: dict[str, Callable[[_Run, dict[str, object]], bool]] = {
    "version": _Run.version,
    "log": _Run.log,
    "diagnostic": _Run.diagnostic,
    "planned_change": _Run.planned_change,
    "change_summary": _Run.change_summary,
    "outputs": _Run.outputs_message,
    "apply_start": _Run.apply_start,
    "apply_complete": _Run.apply_complete,
    "apply_errored": _Run.apply_errored,
}
"""What takes in a message of each type; it returns whether the message was understood."""
_KNOWN = _HANDLERS.keys() | _PASSED_OVER


def _message_type(item: dict[str, object]) -> str:
    """Return the type of a message, and nothing for an object that is none."""
    kind = item.get("type")
    return kind if isinstance(kind, str) and ("@message" in item or "@level" in item) else ""


def _resource(fields: dict[str, object], key: str = "resource") -> tuple[str | None, str]:
    """Return address and type of a resource; None for an address that is missing."""
    resource = mapping(fields, key)
    address, kind = resource.get("addr"), resource.get("resource_type")
    shown = visible(kind) if isinstance(kind, str) and kind else "unknown"
    return visible(address, ADDRESS_LIMIT) if isinstance(address, str) and address else None, shown


def _action(fields: dict[str, object]) -> Action | None:
    """Return the action; a word that is not known is a change, None is no word."""
    action = fields.get("action")
    return _ACTIONS.get(action, UNRECOGNISED) if isinstance(action, str) else None
