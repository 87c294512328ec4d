"""States of Terraform and OpenTofu: the output of `show -json` without a plan, and state files of format 4.

A state says what there is, not what was done: every managed resource is listed as `no-op`, every data source as `read`.
What stands in it and never in a summary: all values, those of outputs too, and the markers beside them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import flag, mapping, name, objects, text
from gitaudit.iac.model import Kind, Output, ResourceChange, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, visible, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.iac.text import Document

NAME = "terraform"
KIND: Kind = "state"
EXPECTED = "a state of Terraform or OpenTofu"
HINT = "run: terraform show -json > state.json"

LINEAGE_LIMIT = 128
MAX_SERIAL = 2**53 - 1

_VERSION = re.compile(r"[01]\.[0-9]{1,4}(\.[0-9]{1,4})?")
_FILE_VERSION = 4
_EMPTY = {"format_version", "terraform_version"}
_PROVIDER = re.compile(r'provider\["([^"]{1,255})"\]')
_OPENTOFU = "registry.opentofu.org/"


def detect(document: Document) -> bool:
    """Return whether the first object is what `show -json` says of a state, or a state file."""
    if not document.head:
        return False
    state = document.head[0]
    return _is_file(state) or _is_shown(state)


def parse(document: Document) -> Summary:
    """Return the summary of a state; a state file has lineage and serial, what is shown of one has not.

    Raises:
        InputError: no state, or one of a version that is not known.
    """
    if not detect(document) or len(document.head) != 1 or document.cut:
        raise InputError(f"expected one state, found {len(document.head)} JSON objects or half of one", hint=HINT)
    state = document.head[0]
    if _is_file(state):
        return _of_file(document, state)
    version = text(state, "format_version")
    if not _VERSION.fullmatch(version):
        raise InputError("expected a state of format version 0.1 to 1.x, found another", hint="use a newer gitaudit")
    resources = list(_shown(mapping(state, "values", "root_module")))
    outputs = mapping(state, "values", "outputs")
    return _summary(
        document, resources, outputs, tool_version=word(state.get("terraform_version")), format_version=version
    )


def _is_file(state: dict[str, object]) -> bool:
    return "serial" in state and "version" in state and ("lineage" in state or "resources" in state)


def _is_shown(state: dict[str, object]) -> bool:
    if "format_version" not in state or "planned_values" in state or "resource_changes" in state:
        return False
    return isinstance(state.get("values"), dict) or state.keys() <= _EMPTY


def _of_file(document: Document, state: dict[str, object]) -> Summary:
    """Return the summary of a state file."""
    serial = state.get("serial")
    if state.get("version") != _FILE_VERSION:
        raise InputError(f"expected a state file of format {_FILE_VERSION}, found another", hint=HINT)
    if not isinstance(serial, int) or isinstance(serial, bool) or not 0 <= serial <= MAX_SERIAL:
        raise InputError("expected a state file with a serial, found none", hint=HINT)
    resources = [each for resource in objects(state.get("resources")) for each in _instances(resource)]
    return _summary(
        document,
        resources,
        mapping(state, "outputs"),
        tool_version=word(state.get("terraform_version")),
        format_version=str(_FILE_VERSION),
        lineage=name(state, "lineage", LINEAGE_LIMIT),
        serial=serial,
    )


def _summary(
    document: Document,
    resources: list[ResourceChange],
    outputs: dict[str, object],
    *,
    tool_version: str | None,
    format_version: str,
    lineage: str | None = None,
    serial: int | None = None,
) -> Summary:
    # A state file says so of sensitive outputs alone.
    named = [Output(name=visible(key), sensitive=flag(mapping(outputs, key), "sensitive") or False) for key in outputs]
    return Summary(
        kind=KIND,
        tool="opentofu" if any((item.provider or "").startswith(_OPENTOFU) for item in resources) else NAME,
        tool_version=tool_version,
        format_version=format_version,
        sha256=document.sha256,
        size=document.size,
        counts=tally(item.action for item in resources),
        resources=tuple(sorted(resources, key=ResourceChange.order)),
        outputs=tuple(sorted(named, key=Output.order)),
        lineage=lineage,
        serial=serial,
    )


def _shown(root: dict[str, object]) -> Iterator[ResourceChange]:
    """Yield the resources of a module and of all below it."""
    modules = [root]
    while modules:
        module = modules.pop()
        modules += objects(module.get("child_modules"))
        for resource in objects(module.get("resources")):
            yield ResourceChange(
                address=name(resource, "address", ADDRESS_LIMIT) or "unknown",
                type=name(resource, "type") or "unknown",
                provider=name(resource, "provider_name"),
                action="read" if text(resource, "mode") == "data" else "no-op",
                deposed=name(resource, "deposed_key", 64),
            )


def _instances(resource: dict[str, object]) -> Iterator[ResourceChange]:
    """Yield the instances of a resource of a state file, with the addresses that plans give them."""
    data = text(resource, "mode") == "data"
    parts = (text(resource, "module"), "data" if data else "", text(resource, "type"), text(resource, "name"))
    base = ".".join(part for part in parts if part) or "unknown"
    provider = _PROVIDER.search(text(resource, "provider"))
    for instance in objects(resource.get("instances")):
        yield ResourceChange(
            address=visible(base + _index(instance.get("index_key")), ADDRESS_LIMIT),
            type=name(resource, "type") or "unknown",
            provider=visible(provider[1]) if provider else None,
            action="read" if data else "no-op",
            deposed=name(instance, "deposed", 64),
        )


def _index(key: object) -> str:
    if isinstance(key, str):
        return f"[{json.dumps(key, ensure_ascii=False)}]"
    return f"[{key}]" if isinstance(key, int) and not isinstance(key, bool) else ""
