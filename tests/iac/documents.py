"""Plans and streams for tests, built from the fields that a test is about."""

from __future__ import annotations

import json
from pathlib import Path

DATA = Path(__file__).parent / "data"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
SENTINEL = "SENTINEL"


def encoded(value: object) -> bytes:
    """Return a JSON value as a tool writes it: compact, with a final line feed."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def resource(
    address: str = "aws_instance.web", *, actions: object = ("update",), **fields: object
) -> dict[str, object]:
    """Return an entry of `resource_changes`; `change_…` fields go into its change."""
    change = {"actions": actions} | {
        name.removeprefix("change_"): value for name, value in fields.items() if name.startswith("change_")
    }
    plain = {name: value for name, value in fields.items() if not name.startswith("change_")}
    return {"address": address, "type": address.split(".")[-2], "change": change} | plain


def plan(*resources: object, **fields: object) -> bytes:
    """Return a plan with these resource changes."""
    return encoded({"format_version": "1.2", "planned_values": {}, "resource_changes": list(resources)} | fields)


def message(kind: str, **fields: object) -> dict[str, object]:
    """Return a message of the machine-readable UI."""
    return {"@level": "info", "@message": "text", "@module": "terraform.ui", "type": kind} | fields


def version(**fields: object) -> dict[str, object]:
    """Return the message that a stream begins with."""
    return message("version", **({"terraform": "1.11.4", "ui": "1.2"} | fields))


def named(address: str) -> dict[str, object]:
    """Return the resource object of a message."""
    return {"addr": address, "resource_type": address.split(".")[-2]}


def hook(kind: str, address: str, action: object, **fields: object) -> dict[str, object]:
    """Return an `apply_…` message."""
    return message(f"apply_{kind}", hook={"resource": named(address), "action": action} | fields)


def done(address: str, action: str, *, end: str = "complete", seconds: object = 1) -> list[dict[str, object]]:
    """Return the two messages of an operation that ended."""
    return [hook("start", address, action), hook(end, address, action, elapsed_seconds=seconds)]


def planned(address: str, action: object, **fields: object) -> dict[str, object]:
    """Return a `planned_change` message."""
    return message("planned_change", change={"resource": named(address), "action": action} | fields)


def finished(operation: str = "apply", **changes: object) -> dict[str, object]:
    """Return the summary that a run without errors ends with."""
    return message("change_summary", changes={"add": 0, "change": 0, "remove": 0, "operation": operation} | changes)


def error(summary: str = "something is wrong") -> dict[str, object]:
    """Return an error diagnostic."""
    return message("diagnostic", diagnostic={"severity": "error", "summary": summary, "detail": SENTINEL})


def stream(*messages: object) -> bytes:
    """Return messages one a line."""
    return b"".join(encoded(item) for item in messages)
