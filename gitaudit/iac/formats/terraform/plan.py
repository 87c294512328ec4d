"""Plans of Terraform and OpenTofu: the output of `show -json PLAN`, formats 0.1 to 1.x.

Source: developer.hashicorp.com/terraform/internals/json-format. A minor version may add fields, which are ignored; an
unknown major version is refused. HCP Terraform's redacted plans name their version `plan_format_version`.

What stands in a plan and never in a summary: variables, planned values, prior state, configuration, and everything but
the names of the top-level attributes in `before` and `after`. Markers of sensitive values are not relied on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from gitaudit.errors import InputError
from gitaudit.iac.compare import holds_true, same
from gitaudit.iac.fields import attribute_names, flag, name
from gitaudit.iac.model import Action, Kind, Output, ResourceChange, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, ATTRIBUTE_LIMIT, visible, word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitaudit.iac.text import Document

NAME = "terraform"
KIND: Kind = "plan"
EXPECTED = "the output of terraform show -json PLAN"
HINT = "run: terraform show -json PLAN > plan.json"

_VERSION = re.compile(r"([0-9]{1,4})\.[0-9]{1,4}(\.[0-9]{1,4})?")
_MAJORS = {"0", "1"}
_SINGLE: dict[str, Action] = {
    "no-op": "no-op",
    "create": "create",
    "read": "read",
    "update": "update",
    "delete": "delete",
    "forget": "forget",
}
_OPENTOFU = "registry.opentofu.org/"
_OUTPUT_ACTIONS: dict[Action, Literal["create", "update", "delete", "no-op"]] = {
    "create": "create",
    "update": "update",
    "replace": "update",
    "delete": "delete",
    "no-op": "no-op",
}


def detect(document: Document) -> bool:
    """Return whether the first object is a plan: it has resource changes, or a version and planned values."""
    if not document.head:
        return False
    plan = document.head[0]
    versioned = "format_version" in plan and isinstance(plan.get("planned_values"), dict)
    return isinstance(plan.get("resource_changes"), list) or versioned or "plan_format_version" in plan


def parse(document: Document) -> Summary:
    """Return the summary of a plan.

    Raises:
        InputError: not one plan, an unknown major version, or a field that is not what the format says.
    """
    if not detect(document) or len(document.head) != 1 or document.cut:
        raise InputError(f"expected one plan, found {len(document.head)} JSON objects or half of one", hint=HINT)
    plan = document.head[0]
    version = _format_version(plan)
    if "resource_changes" not in plan and _has_resources(plan):
        raise InputError("this looks like a part of a plan: it plans resources and has no resource_changes", hint=HINT)
    changes = _objects(plan, "resource_changes")
    resources = [_resource(change, f"resource_changes[{number}]") for number, change in enumerate(changes)]
    drift = [_resource(change, f"resource_drift[{n}]") for n, change in enumerate(_objects(plan, "resource_drift"))]
    return Summary(
        kind=KIND,
        tool="opentofu" if any((item.provider or "").startswith(_OPENTOFU) for item in resources) else "terraform",
        tool_version=word(plan.get("terraform_version")),
        format_version=version,
        sha256=document.sha256,
        size=document.size,
        counts=tally(action for resource in resources for action in resource.counted()),
        resources=_listed(resources),
        outputs=_outputs(plan),
        drift=_listed(drift),
        errored=flag(plan, "errored"),
        complete=flag(plan, "complete"),
    )


def action_of(actions: Iterable[str]) -> Action | None:
    """Return the one word for a list of actions; None where a word is not known.

    A create together with a delete or a forget, in either order, is a replacement.
    """
    words = set(actions)
    if len(words) == 1:
        return _SINGLE.get(words.pop())
    if words in ({"create", "delete"}, {"create", "forget"}):
        return "replace"
    return None


def _format_version(plan: dict[str, object]) -> str | None:
    """Return the version of the format; a few old plans name none."""
    found = plan.get("plan_format_version", plan.get("format_version"))
    if found is None:
        return None
    match = _VERSION.fullmatch(found) if isinstance(found, str) else None
    if match is None:
        raise InputError("expected a format version such as 1.2, found none", hint=HINT)
    if match[1] not in _MAJORS:
        raise InputError(
            f"expected a plan of format version 0.1 to 1.x, found {match[0]}",
            hint="use a newer gitaudit, or an older terraform to show the plan",
        )
    return match[0]


def _has_resources(plan: dict[str, object]) -> bool:
    values = plan.get("planned_values")
    root = values.get("root_module") if isinstance(values, dict) else None
    return isinstance(root, dict) and bool(root.get("resources") or root.get("child_modules"))


def _resource(change: dict[str, object], where: str) -> ResourceChange:
    details = change.get("change")
    if not isinstance(details, dict):
        raise InputError(f"expected {where}.change to be an object")
    address = _text(change, "address", where, ADDRESS_LIMIT)
    action = action_of(_actions(details, f"{where}.change"))
    previous = name(change, "previous_address", ADDRESS_LIMIT)
    imported = details.get("importing") is not None
    if action == "no-op":
        action = "move" if previous is not None else "import" if imported else "no-op"
    return ResourceChange(
        address=address,
        type=_text(change, "type", where),
        provider=name(change, "provider_name"),
        action=action or "update",
        reason=word(change.get("action_reason")) if action else "unrecognised-action",
        changed=_changed(details),
        replace=attribute_names(
            path[0] for path in _lists(details.get("replace_paths")) if path and isinstance(path[0], str)
        ),
        previous_address=previous,
        deposed=name(change, "deposed", ATTRIBUTE_LIMIT),
        imported=imported,
    )


def _actions(change: dict[str, object], where: str) -> list[str]:
    actions = change.get("actions")
    if not isinstance(actions, list) or not actions or not all(isinstance(action, str) for action in actions):
        raise InputError(f"expected {where}.actions to be a list of words")
    return actions


def _changed(change: dict[str, object]) -> tuple[str, ...]:
    """Return the names of the top-level attributes that differ, of an object that is there before and after.

    For a create or a delete that would be all of them, and say nothing.
    """
    before, after, unknown = change.get("before"), change.get("after"), change.get("after_unknown")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ()
    names = {name for name in before.keys() | after.keys() if not same(before.get(name), after.get(name))}
    if isinstance(unknown, dict):
        names |= {name for name, value in unknown.items() if holds_true(value)}
    return attribute_names(names)


def _listed(resources: list[ResourceChange]) -> tuple[ResourceChange, ...]:
    return tuple(sorted((item for item in resources if item.action != "no-op"), key=ResourceChange.order))


def _outputs(plan: dict[str, object]) -> tuple[Output, ...]:
    changes = plan.get("output_changes") or {}
    if not isinstance(changes, dict):
        raise InputError("expected output_changes to be an object")
    values = plan.get("planned_values")
    planned = values.get("outputs") if isinstance(values, dict) else None
    outputs = []
    for number, (key, change) in enumerate(changes.items()):
        if not isinstance(change, dict):
            raise InputError(f"expected output_changes, entry {number}, to be an object")
        action = action_of(_actions(change, f"output_changes, entry {number},"))
        sensitive = _sensitive(change, planned.get(key) if isinstance(planned, dict) else None)
        outputs.append(
            Output(name=visible(key), sensitive=sensitive, action=_OUTPUT_ACTIONS.get(action) if action else None)
        )
    return tuple(sorted(outputs, key=Output.order))


def _sensitive(change: dict[str, object], planned: object) -> bool | None:
    """Return whether any of the markers says so; None where there is no marker."""
    flags = [change[key] for key in ("before_sensitive", "after_sensitive") if key in change]
    if isinstance(planned, dict) and "sensitive" in planned:
        flags.append(planned["sensitive"])
    return holds_true(flags) if flags else None


def _objects(plan: dict[str, object], key: str) -> list[dict[str, object]]:
    found = plan.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise InputError(f"expected {key} to be a list of objects", hint=HINT)
    return found


def _lists(value: object) -> list[list[object]]:
    return [item for item in value if isinstance(item, list)] if isinstance(value, list) else []


def _text(fields: dict[str, object], key: str, where: str, limit: int = 255) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise InputError(f"expected {where}.{key} to be a name")
    return visible(value, limit)
