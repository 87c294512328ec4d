"""What a plan, a result or a state says, names only: no field here can hold the value of anything.

`Summary.to_body` gives the PLAN, RESULT and STATE objects of the record schemas (docs/format.md, "Plans and results").
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gitaudit.log.canonical import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["plan", "result", "state"]
Action = Literal["delete", "replace", "forget", "update", "create", "import", "move", "read", "no-op"]
Result = Literal["succeeded", "failed", "started"]
Outcome = Literal["succeeded", "failed", "partial", "canceled", "unknown"]

ACTIONS: tuple[Action, ...] = ("delete", "replace", "forget", "update", "create", "import", "move", "read", "no-op")
"""In the order that lists have: what cannot be undone first, so that it is never what a bound cuts off."""

RESOURCES_LIMIT = 16 * 1024
OUTPUTS_LIMIT = 4 * 1024
DRIFT_LIMIT = 4 * 1024
STATE_LIMIT = 6 * 1024
STATE_OUTPUTS_LIMIT = 2 * 1024
"""Bytes of canonical JSON that a list may take in a record, with the indent it has there.

Together they leave 13 KiB of the 64 KiB of a record that has a plan, a result and a state.
"""

_LIST_INDENT = 6
"""A list stands three objects deep in a record (record, body, plan), two spaces each; that of a state four."""
_ITEM_INDENT = 4
"""What an item is indented beyond its list."""
_LIST_FRAME = 160
"""Bytes of a list around its items: braces, `items`, `total` and a SHA-256, indented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """What was planned for, or happened to, one resource instance.

    Attributes:
        address: escaped by `names.visible`, at most 1024 characters.
        type: of the resource, such as `aws_instance`.
        provider: full name, such as `registry.terraform.io/hashicorp/aws`; None where the tool does not say.
        action: one of `ACTIONS`.
        reason: the tool's word for why, such as `replace_because_tainted`.
        changed: names of the top-level attributes that differ, where the resource is there before and after.
        replace: names of the top-level attributes that force a replacement.
        previous_address: where the resource was moved from.
        deposed: key of the deposed object that this is about; None for the current object.
        result: what became of it; None in a plan.
        elapsed_s: whole seconds it took.
        imported: whether it is imported, whatever else happens to it; counted, not written.
    """

    address: str
    type: str
    action: Action
    provider: str | None = None
    reason: str | None = None
    changed: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    previous_address: str | None = None
    deposed: str | None = None
    result: Result | None = None
    elapsed_s: int | None = None
    imported: bool = False

    def to_item(self) -> dict[str, object]:
        """Return the resource item of the record schemas; absent fields are left out."""
        item: dict[str, object] = {"address": self.address, "type": self.type, "action": self.action}
        optional: dict[str, object] = {
            "provider": self.provider,
            "reason": self.reason,
            "changed": list(self.changed) or None,
            "replace": list(self.replace) or None,
            "previous_address": self.previous_address,
            "deposed": self.deposed,
            "result": self.result,
            "elapsed_s": self.elapsed_s,
        }
        return item | _present(optional)

    def counted(self) -> tuple[Action, ...]:
        """Return the actions it counts under: its own, and an import or a move that came with it."""
        besides: list[Action] = []
        if self.imported and self.action != "import":
            besides.append("import")
        if self.previous_address is not None and self.action != "move":
            besides.append("move")
        return (self.action, *besides)

    def order(self) -> tuple[int, str, str]:
        """Return the sort key of lists: action, then address, then deposed key."""
        return ACTIONS.index(self.action), self.address, self.deposed or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output by name.

    Attributes:
        name: escaped by `names.visible`.
        sensitive: None where the tool does not say.
        action: what becomes of it; None where the tool does not say.
    """

    name: str
    sensitive: bool | None = None
    action: Literal["create", "update", "delete", "no-op"] | None = None

    def to_item(self) -> dict[str, object]:
        """Return the output item of the record schemas; absent fields are left out."""
        return {"name": self.name} | _present({"sensitive": self.sensitive, "action": self.action})

    def order(self) -> tuple[bool, str]:
        """Return the sort key of lists: changed ones first, then by name."""
        return self.action == "no-op", self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A plan, a result or a state, names only.

    Attributes:
        kind: which of them.
        tool: `terraform`, `opentofu`, …
        tool_version: None where the file does not say.
        format_version: of the file, None where it does not say.
        sha256: of the file as it was given, lower-case hex.
        size: of the file as it was given, in bytes.
        counts: action and number, only where above zero. Every resource counts once under its action, and once more
            under `import` and `move` where it was imported or moved besides being changed.
        resources: in the order of `ResourceChange.order`; no-op resources are counted and not listed,
            but for those of a state, which is nothing else.
        outputs: in the order of `Output.order`.
        drift: what had changed outside the tool, like `resources`; of a plan.
        errored: whether planning failed; None where the plan does not say.
        complete: whether the plan would reach the configured state; None where it does not say.
        outcome: of a result; None for a plan.
        errors: number of error diagnostics in a result.
        warnings: number of warning diagnostics in a result.
        unknown_messages: number of messages of an unknown type, and of lines that are no messages.
        lineage: id that a state keeps for life, at most 128 characters; None where the file does not say.
        serial: number of the state's last write.
    """

    kind: Kind
    tool: str
    sha256: str
    size: int
    tool_version: str | None = None
    format_version: str | None = None
    counts: tuple[tuple[Action, int], ...] = ()
    resources: tuple[ResourceChange, ...] = ()
    outputs: tuple[Output, ...] = ()
    drift: tuple[ResourceChange, ...] = ()
    errored: bool | None = None
    complete: bool | None = None
    outcome: Outcome | None = None
    errors: int = 0
    warnings: int = 0
    unknown_messages: int = 0
    lineage: str | None = None
    serial: int | None = None

    def count(self, action: Action) -> int:
        """Return the number of resources counted under `action`."""
        return dict(self.counts).get(action, 0)

    def to_body(self) -> dict[str, object]:
        """Return the PLAN, RESULT or STATE object of the record schemas, a new one of JSON values.

        Lists take at most 16 KiB (resources) or 4 KiB (outputs, drift) of the record, those of a state 6 and 2 KiB.
        Where items had to be left out
        there are fewer than `total`, and `sha256` is that of the canonical JSON of the full list.
        """
        is_state = self.kind == "state"
        room = (STATE_LIMIT, STATE_OUTPUTS_LIMIT) if is_state else (RESOURCES_LIMIT, OUTPUTS_LIMIT)
        indent = _LIST_INDENT + 2 * is_state
        body: dict[str, object] = {
            "tool": self.tool,
            "sha256": self.sha256,
            "size": self.size,
            "counts": dict(self.counts),
            "resources": _bounded([resource.to_item() for resource in self.resources], room[0], indent),
        }
        optional: dict[str, object] = {"tool_version": self.tool_version, "format_version": self.format_version}
        if self.outputs:
            optional["outputs"] = _bounded([output.to_item() for output in self.outputs], room[1], indent)
        if self.kind == "plan":
            if self.drift:
                optional["drift"] = _bounded([resource.to_item() for resource in self.drift], DRIFT_LIMIT, indent)
            optional |= {"errored": self.errored, "complete": self.complete}
        elif is_state:
            optional |= {"lineage": self.lineage, "serial": self.serial}
        else:
            optional |= {"errors": self.errors, "warnings": self.warnings, "unknown_messages": self.unknown_messages}
        return body | _present(optional)


def tally(actions: Iterable[Action]) -> tuple[tuple[Action, int], ...]:
    """Return the `counts` of a summary: how often each action occurs, in the order of `ACTIONS`."""
    counts = dict.fromkeys(ACTIONS, 0)
    for action in actions:
        counts[action] += 1
    return tuple((action, number) for action, number in counts.items() if number)


def _present(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _bounded(items: Sequence[dict[str, object]], limit: int, indent: int) -> dict[str, object]:
    """Return the LIST object of `items`: as many of the first as fit into `limit` bytes at an indent."""
    room = limit - _LIST_FRAME
    kept: list[dict[str, object]] = []
    for item in items:
        data = encode(item)
        room -= len(data) + (indent + _ITEM_INDENT) * data.count(b"\n") + len(",")
        if room < 0:
            break
        kept.append(item)
    listed: dict[str, object] = {"total": len(items), "items": kept}
    if len(kept) < len(items):
        listed["sha256"] = hashlib.sha256(encode(items)).hexdigest()
    return listed
