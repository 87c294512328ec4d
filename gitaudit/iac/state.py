"""States of Terraform and OpenTofu, format 4: which state it is, how often it was written, and which objects it has.

A state is full of secrets. What leaves this module is its lineage, its serial, its SHA-256, names of outputs and the
addresses of resources; contents are only compared, by digest, within one run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gitaudit.errors import InputError
from gitaudit.iac.model import Action, Outcome, Output, ResourceChange, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, visible, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION = 4
_TAINTED = "tainted"
_COMPARED = ("attributes", "attributes_flat", "status")
"""What of an instance a change changes; what it depends on changes with the names of others."""
_LINEAGE_LIMIT = 128
_MAX_SERIAL = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A resource instance in a state.

    Attributes:
        type: of the resource.
        provider: full name, None where the state does not say.
        digest: of its attributes and its status; compared, never recorded.
        tainted: it is there and not whole.
    """

    type: str
    provider: str | None
    digest: bytes
    tainted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state, by name and number.

    Attributes:
        sha256: of its bytes, lower-case hex; of no bytes where there is no state yet.
        size: in bytes.
        lineage: the id that a state keeps for life, None where there is no state yet.
        serial: grows with every write; 0 where there is no state yet.
        tool_version: that wrote it last.
        instances: by address.
        outputs: names, with whether they are sensitive and a digest of the value, which is compared only.
    """

    sha256: str
    size: int
    lineage: str | None = None
    serial: int = 0
    tool_version: str | None = None
    instances: Mapping[str, Instance] = field(default_factory=dict)
    outputs: Mapping[str, tuple[bool, bytes]] = field(default_factory=dict)

    def to_body(self) -> dict[str, object]:
        """Return the STATE object of the record schemas."""
        body: dict[str, object] = {"serial": self.serial, "sha256": self.sha256}
        return body if self.lineage is None else {"lineage": self.lineage, **body}

    def same_place(self, body: Mapping[str, object]) -> bool:
        """Return whether a STATE object is this state at this serial; the bytes may differ in what has no meaning."""
        return (body.get("lineage"), body.get("serial")) == (self.lineage, self.serial)


def parse_state(data: bytes) -> State:
    """Return the state that `terraform state pull` printed; no bytes at all are the state that is not there yet.

    Raises:
        InputError: it is no state of format 4.
    """
    sha256, size = hashlib.sha256(data).hexdigest(), len(data)
    if not data.strip():
        return State(sha256=sha256, size=size)
    try:
        document: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError("expected a state of Terraform, found something else") from error
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise InputError(f"expected a state of format {VERSION}, found another")
    lineage, serial = document.get("lineage"), document.get("serial")
    if not isinstance(serial, int) or not 0 <= serial <= _MAX_SERIAL:
        raise InputError("expected a state with a serial, found none")
    return State(
        sha256=sha256,
        size=size,
        lineage=visible(lineage, _LINEAGE_LIMIT) if isinstance(lineage, str) and lineage else None,
        serial=serial,
        tool_version=word(document.get("terraform_version")),
        instances=dict(_instances(document.get("resources"))),
        outputs=dict(_outputs(document.get("outputs"))),
    )


def result_of(plan: Summary | None, before: State, after: State, *, good: bool, action: str, tool: str) -> Summary:
    """Return what a run has done, from the states around it, and from the plan that it applied.

    Args:
        plan: that was applied; None where there was none, as for `state rm`.
        before: the state before the run.
        after: the state after it; its SHA-256 and size stand for the file that the result was read from.
        good: the command says that it succeeded.
        action: the subcommand, such as `apply` or `state-rm`.
        tool: `terraform` or `opentofu`.
    """
    touched = sorted(_surgery(before, after, action) if plan is None else _applied(plan, before, after))
    changes = tuple(change for _, change in touched)
    written = (before.lineage, before.serial) != (after.lineage, after.serial)
    outcome: Outcome = "succeeded" if good else "partial" if changes or written else "failed"
    return Summary(
        kind="result",
        tool=tool,
        tool_version=after.tool_version or (plan.tool_version if plan else None),
        sha256=after.sha256,
        size=after.size,
        counts=tally(one for change in changes for one in change.counted()),
        resources=changes,
        outputs=tuple(sorted(_output_changes(before, after), key=Output.order)),
        outcome=outcome,
        errors=0 if good else 1,
    )


def _applied(plan: Summary, before: State, after: State) -> Iterator[tuple[tuple[int, str, str], ResourceChange]]:
    """Yield the planned changes that left a trace in the state, with what became of them."""
    for planned in plan.resources:
        if planned.action in {"read", "no-op"} or planned.deposed is not None:
            continue
        old = before.instances.get(planned.previous_address or planned.address)
        new = after.instances.get(planned.address)
        if planned.action in {"delete", "forget"}:
            done = old is not None and new is None
        elif planned.action in {"move", "import"}:
            done = new is not None
        else:
            done = (new.digest if new else None) != (old.digest if old else None)
        if done:
            whole = planned.action in {"delete", "forget"} or (new is not None and not new.tainted)
            change = ResourceChange(
                address=planned.address,
                type=planned.type,
                provider=planned.provider,
                action=planned.action,
                previous_address=planned.previous_address,
                imported=planned.imported,
                result="succeeded" if whole else "failed",
            )
            yield change.order(), change


_SURGERY: dict[str, tuple[Action, Action]] = {
    "import": ("import", "forget"),
    "state-rm": ("import", "forget"),
    "state-mv": ("move", "forget"),
}
"""What an address that came, and one that went, says of a subcommand; else of any other."""


def _surgery(before: State, after: State, action: str) -> Iterator[tuple[tuple[int, str, str], ResourceChange]]:
    """Yield what differs between two states where no plan says what was meant."""
    came, went = _SURGERY.get(action, ("create", "delete"))
    for address in sorted(before.instances.keys() | after.instances.keys()):
        old, new = before.instances.get(address), after.instances.get(address)
        known = new or old
        if known is None or (old is not None and new is not None and old.digest == new.digest):
            continue
        if new is None and action == "state-mv":
            continue  # it is the other end of an address that came
        what: Action = came if old is None else went if new is None else "update"
        change = ResourceChange(
            address=address, type=known.type, provider=known.provider, action=what, result="succeeded"
        )
        yield change.order(), change


def _output_changes(before: State, after: State) -> Iterator[Output]:
    for name, (sensitive, digest) in after.outputs.items():
        old = before.outputs.get(name)
        action: Literal["create", "update", "no-op"] = "update" if old is None or old[1] != digest else "no-op"
        yield Output(name=name, sensitive=sensitive, action="create" if old is None else action)
    for name in before.outputs.keys() - after.outputs.keys():
        yield Output(name=name, sensitive=before.outputs[name][0], action="delete")


def _instances(resources: object) -> Iterator[tuple[str, Instance]]:
    for resource in resources if isinstance(resources, list) else ():
        if not isinstance(resource, dict) or resource.get("mode") != "managed":
            continue
        kind, name, module = resource.get("type"), resource.get("name"), resource.get("module")
        if not isinstance(kind, str) or not isinstance(name, str):
            continue
        base = f"{module}.{kind}.{name}" if isinstance(module, str) and module else f"{kind}.{name}"
        for instance in resource.get("instances") or ():
            if not isinstance(instance, dict) or "deposed" in instance:
                continue
            address = visible(f"{base}{_index(instance.get('index_key'))}", ADDRESS_LIMIT)
            yield (
                address,
                Instance(
                    type=visible(kind),
                    provider=_provider(resource.get("provider")),
                    digest=_digest([instance.get(one) for one in _COMPARED]),
                    tainted=instance.get("status") == _TAINTED,
                ),
            )


def _index(key: object) -> str:
    if key is None:
        return ""
    return f"[{json.dumps(key, ensure_ascii=False)}]" if isinstance(key, str) else f"[{key}]"


def _provider(text: object) -> str | None:
    """Return `registry.terraform.io/hashicorp/aws` of `module.a.provider["registry.terraform.io/hashicorp/aws"].eu`."""
    if not isinstance(text, str):
        return None
    name = text.partition('provider["')[2].partition('"]')[0]
    return visible(name) if name else None


def _outputs(outputs: object) -> Iterator[tuple[str, tuple[bool, bytes]]]:
    for name, output in outputs.items() if isinstance(outputs, dict) else ():
        if isinstance(output, dict):
            yield visible(name), (output.get("sensitive") is True, _digest(output.get("value")))


def _digest(value: object) -> bytes:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).digest()
