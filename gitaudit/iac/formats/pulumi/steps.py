"""Steps of Pulumi, as a preview and an event log both have them: operation, URN, names of properties.

Source: `PreviewStep` and `StepEventMetadata` of github.com/pulumi/pulumi. Both have the whole state of the resource
beside these names, inputs and outputs, in which secrets are blinded only where somebody marked them; nothing but the
keys of a stack's outputs is taken out of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.iac.fields import attribute_names, mapping, text
from gitaudit.iac.model import Action, Output
from gitaudit.iac.names import ADDRESS_LIMIT, visible
from gitaudit.iac.operations import UNRECOGNISED, UNRECOGNISED_REASON

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK = "pulumi:pulumi:Stack"
_PROVIDERS = "pulumi:providers:"

_ACTIONS: dict[str, Action] = {
    "same": "no-op",
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "read": "read",
    "refresh": "read",
    "diff": "read",
    "import": "import",
    "discard": "forget",
    "remove-pending-replace": "no-op",
    "extend-parameterize": "no-op",
    "create-replacement": "create",
    "read-replacement": "create",
    "import-replacement": "create",
    "delete-replaced": "delete",
    "discard-replaced": "delete",
}
_HALVES = frozenset(
    {"create-replacement", "read-replacement", "import-replacement", "delete-replaced", "discard-replaced"}
)
"""Operations that are half of a replacement; the operation `replace` beside them does nothing by itself."""
_BLINDED = "[secret]"
_SECRET_KEY = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the name under which Pulumi marks secrets
_FIRST = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|([^.\[]+)')
_PACKAGE = re.compile(r"::pulumi:providers:([^:]{1,255})::")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done to one resource.

    Attributes:
        address: the URN.
        type: the resource's type token.
        provider: package of its provider, such as `aws`.
        action: for half of a replacement `create` or `delete`.
        replaces: whether it is a replacement, or its new half; the old half alone may be left from another run.
        half: whether it is either half of one.
        reason: why the action is `update` where the operation is not known.
        changed: names of top-level properties that differ.
        replace: names of those that force a replacement.
        outputs: of a stack; empty for any other resource.
        formerly: the URN that the resource had before, where an alias says so.
        refresh: whether the step looks at the resource, and the event after it says what was found.
        component: whether it is a resource of the program alone, for which the engine has nothing to wait for.
    """

    address: str
    type: str
    provider: str | None
    action: Action
    replaces: bool
    half: bool
    reason: str | None
    changed: tuple[str, ...]
    replace: tuple[str, ...]
    outputs: tuple[Output, ...]
    formerly: str | None = None
    refresh: bool = False
    component: bool = False


def step_of(fields: dict[str, object]) -> Step | None:
    """Return the step that a preview or the metadata of an event says, None where it lacks operation or URN.

    None also for default providers, which the engine makes for itself and counts nowhere.
    """
    operation, urn = text(fields, "op"), text(fields, "urn")
    if not operation or not urn or is_default_provider(urn):
        return None
    old, new = (mapping(fields, f"{name}State") or mapping(fields, name) for name in ("old", "new"))
    kind = text(fields, "type") or text(new, "type") or text(old, "type") or _type_of(urn)
    action = _ACTIONS.get(operation, UNRECOGNISED)
    if action == "delete" and old.get("retainOnDelete") is True:
        action = "forget"
    package = _PACKAGE.search(text(fields, "provider") or text(new, "provider") or text(old, "provider"))
    former = text(old, "urn")
    both = bool(old) and bool(new) and action in ("update", "create", "replace", "delete")
    return Step(
        address=visible(urn, ADDRESS_LIMIT),
        type=visible(kind),
        provider=visible(package[1]) if package else None,
        action=action,
        replaces=(operation in _HALVES and _ACTIONS[operation] == "create") or action == "replace",
        half=operation in _HALVES,
        reason=None if operation in _ACTIONS else UNRECOGNISED_REASON,
        changed=attribute_names(_changed(fields)) if both else (),
        replace=attribute_names(_replacing(fields)) if both else (),
        outputs=_outputs(new) if kind == STACK else (),
        formerly=visible(former, ADDRESS_LIMIT) if former and former != urn else None,
        refresh=operation == "refresh",
        component=(new or old).get("custom") is not True and not kind.startswith(_PROVIDERS),
    )


def is_default_provider(urn: str) -> bool:
    """Return whether a resource is a provider that the engine makes where the program names none."""
    return _type_of(urn).startswith(_PROVIDERS) and urn.rpartition("::")[2].startswith("default")


def _type_of(urn: str) -> str:
    """Return the type in a URN: the last one of the chain of its parents."""
    parts = urn.split("::")
    return parts[2].rpartition("$")[2] if len(parts) > 3 and parts[2] else "unknown"  # noqa: PLR2004 - stack, project, type, name


def _changed(fields: dict[str, object]) -> Iterator[str]:
    for key in ("diffs", "diffReasons"):
        yield from _tops(fields.get(key))
    yield from _tops(list(mapping(fields, "detailedDiff")))
    yield from _replacing(fields)


def _replacing(fields: dict[str, object]) -> Iterator[str]:
    for key in ("keys", "replaceReasons"):
        yield from _tops(fields.get(key))
    details = mapping(fields, "detailedDiff")
    for path in details:
        if any(text(mapping(details, path), key).endswith("-replace") for key in ("kind", "diffKind")):
            yield from _tops([path])


def _tops(paths: object) -> Iterator[str]:
    """Yield the first part of each property path, such as `tags` of `tags["team"]`."""
    for path in paths if isinstance(paths, list) else ():
        match = _FIRST.match(path) if isinstance(path, str) else None
        if match is not None:
            yield match[1] or match[2] or ""


def _outputs(state: dict[str, object]) -> tuple[Output, ...]:
    return tuple(
        Output(name=visible(name), sensitive=_is_secret(value)) for name, value in mapping(state, "outputs").items()
    )


def _is_secret(value: object) -> bool | None:
    """Return True where a value is marked as a secret, None where nothing says so."""
    return True if value == _BLINDED or (isinstance(value, dict) and _SECRET_KEY in value) else None
