"""Any bytes are a summary or an `InputError`."""

from __future__ import annotations

import copy
import functools
import json
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result, summarize_state
from gitaudit.log.canonical import encode
from tests.iac.documents import DATA, done, encoded, error, finished, plan, planned, resource, stream, version
from tests.iac.formats.events import (
    application,
    change,
    change_set,
    stack_event,
    stack_events,
    step,
    synced,
    topic,
    update,
)
from tests.iac.formats.events import done as done_by_pulumi

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.iac.model import Summary

BOTH = pytest.mark.parametrize("summarize", [summarize_plan, summarize_result, summarize_state])
EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

WORDS = st.sampled_from(
    [
        *("actions", "address", "after", "after_unknown", "before", "change", "create", "delete", "format_version"),
        *("importing", "no-op", "output_changes", "planned_values", "previous_address", "replace_paths", "1.2"),
        *("resource_changes", "resource_drift", "type", "version", "@level", "@message", "diagnostic", "severity"),
        *("error", "apply_complete", "apply_start", "addr", "action", "changes", "operation", "apply", "ui", "hook"),
        *("resource", "outputs", "update", "values", "serial", "lineage", "resources", "root_module", "steps", "urn"),
        *("op", "sequence", "resourcePreEvent", "metadata", "summaryEvent", "plays", "stats", "tasks", "hosts"),
        *("_event", "event", "event_data", "counter", "StackEvents", "StackId", "ResourceStatus", "Changes"),
        *("ResourceChange", "Stacks", "StackStatus", "StackResourceDrifts", "info", "status", "chart", "revision"),
        *("apiVersion", "kind", "name", "items", "spec", "source", "operationState", "syncResult"),
    ]
)
TEXTS = WORDS | st.text("a1.\n\x1b\u202e\ud800\\{é", max_size=4)
LEAVES = st.sampled_from([None, True, False, 0, -1, 1.5, 10**30]) | TEXTS
SMALL = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(TEXTS, LEAVES, max_size=2)
VALUES = SMALL | st.lists(SMALL, max_size=2) | st.dictionaries(TEXTS, SMALL, max_size=2)

PLAN = plan(
    resource("a.b", actions=["delete", "create"], change_before={"x": 1}, change_after={"x": 2}, deposed="1"),
    resource("a.c", actions=["no-op"], previous_address="a.d", change_importing={"id": "x"}),
    output_changes={"o": {"actions": ["create"], "after_sensitive": True}},
    resource_drift=[resource("a.e")],
)
STREAM = stream(
    version(),
    planned("a.b", "replace"),
    *done("a.b", "delete"),
    *done("a.b", "create", end="errored"),
    error(),
    finished(),
    {"@level": "info", "type": "outputs", "outputs": {"o": {"sensitive": True}}},
)


STEPS = [step("replace", "a", detailedDiff={"a.b": {"kind": "update-replace"}}), step("create", "b")]
REAL: dict[str, tuple[Callable[[bytes], Summary], bytes]] = {
    "preview": (summarize_plan, encoded({"steps": STEPS, "changeSummary": {}})),
    "events": (summarize_result, b"[" + update(*done_by_pulumi("update", "a")).replace(b"\n", b",")[:-1] + b"]"),
    "check": (summarize_plan, (DATA / "ansible" / "check.json").read_bytes()),
    "jsonl": (summarize_result, b"[" + b",".join((DATA / "ansible" / "failed.jsonl").read_bytes().splitlines()) + b"]"),
    "runner": (
        summarize_result,
        b"[" + b",".join((DATA / "ansible" / "runner.jsonl").read_bytes().splitlines()) + b"]",
    ),
    "stack": (
        summarize_result,
        stack_events(
            *(stack_event("UPDATE_IN_PROGRESS"), topic("UPDATE_COMPLETE", PhysicalResourceId="1")),
            *(topic("DELETE_COMPLETE", PhysicalResourceId="2"), stack_event("UPDATE_COMPLETE")),
        ),
    ),
    "change-set": (summarize_plan, change_set(change("Modify", Replacement="True", Details=[{"Target": {}}]))),
    "drift": (
        summarize_plan,
        encoded({"StackResourceDrifts": [{"StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [{}]}]}),
    ),
    "stacks": (summarize_result, encoded({"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": [{}]}]})),
    "helm": (summarize_result, encoded({"name": "a", "namespace": "b", "info": {"status": "deployed"}, "version": 1})),
    "kubectl": (
        summarize_result,
        encoded(
            {
                "apiVersion": "v1",
                "kind": "List",
                "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}],
            }
        ),
    ),
    "argocd": (summarize_result, application("Failed", synced("Deployment", "Synced", "created"))),
    "state": (summarize_state, (DATA / "state.json").read_bytes()),
    "state-file": (
        summarize_state,
        encoded(
            {
                "version": 4,
                "serial": 1,
                "lineage": "a",
                "outputs": {"a": {"value": 1}},
                "resources": [{"mode": "managed", "type": "a", "name": "b", "instances": [{"index_key": 0}]}],
            }
        ),
    ),
}
"""A file that every parser takes, and what reads it."""


def check(summarize: Callable[[bytes], Summary], data: bytes) -> None:
    """Summarise; what comes out has to fit canonical JSON and the schema of records."""
    try:
        summary = summarize(data)
    except InputError:
        return
    body = summary.to_body()
    encode({"body": body})
    validator(summary.kind).validate(body)


@functools.cache
def validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    """Return what checks a PLAN or RESULT object of the record schemas."""
    record = json.loads((DATA.parents[2] / "schemas" / "record.v1.json").read_bytes())
    registry = jsonschema_rs.Registry([(record["$id"], record)])
    part = {"$schema": record["$schema"], "$ref": f"{record['$id']}#/$defs/{kind}"}
    return jsonschema_rs.Draft202012Validator(part, registry=registry)


def replaced(value: object, choose: Callable[[int], int], new: object) -> object:
    """Return a copy of a JSON value with one of its parts replaced."""
    value = copy.deepcopy(value)
    places: list[tuple[dict[str, object] | list[object], str | int]] = []
    rest: list[object] = [value]
    while rest:
        item = rest.pop()
        keys: list[tuple[dict[str, object] | list[object], str | int]] = []
        if isinstance(item, dict):
            keys = [(item, key) for key in item]
            rest.extend(item.values())
        elif isinstance(item, list):
            keys = [(item, index) for index in range(len(item))]
            rest.extend(item)
        places.extend(keys)
    holder, key = places[choose(len(places))]
    holder[key] = new  # type: ignore[index]
    return value


@BOTH
@EXAMPLES
@given(data=st.binary(max_size=200))
def test_any_bytes(summarize: Callable[[bytes], Summary], data: bytes) -> None:
    """Not even text."""
    check(summarize, data)


@BOTH
@EXAMPLES
@given(value=VALUES)
def test_any_json(summarize: Callable[[bytes], Summary], value: object) -> None:
    """JSON with the words of the formats in all the wrong places."""
    check(summarize, json.dumps(value).encode("utf-8"))


@BOTH
@EXAMPLES
@given(values=st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=3))
def test_any_lines(summarize: Callable[[bytes], Summary], values: list[object]) -> None:
    """Objects one a line."""
    check(summarize, stream(*values))


@pytest.mark.parametrize("name", REAL)
@EXAMPLES
@given(data=st.data(), new=VALUES)
def test_a_file_of_any_tool_with_one_part_replaced(name: str, data: st.DataObject, new: object) -> None:
    """Every field can be of every type."""
    mutated = replaced(json.loads(REAL[name][1]), lambda number: data.draw(st.integers(0, number - 1)), new)
    check(REAL[name][0], encoded(mutated))


@EXAMPLES
@given(data=st.data(), new=VALUES)
def test_a_plan_with_one_part_replaced(data: st.DataObject, new: object) -> None:
    """Every field can be of every type."""
    mutated = replaced(json.loads(PLAN), lambda number: data.draw(st.integers(0, number - 1)), new)
    check(summarize_plan, encoded(mutated))


@EXAMPLES
@given(data=st.data(), new=VALUES)
def test_a_stream_with_one_part_replaced(data: st.DataObject, new: object) -> None:
    """Every field of every message can be of every type."""
    messages = [json.loads(line) for line in STREAM.splitlines()]
    mutated = replaced(messages, lambda number: data.draw(st.integers(0, number - 1)), new)
    check(summarize_result, encoded(mutated))


@BOTH
@pytest.mark.parametrize("name", ["plan_change.json", "apply_partial.jsonl", "state.json", "ansible/failed.jsonl"])
@EXAMPLES
@given(start=st.integers(0, 13_000), length=st.integers(0, 400), new=st.binary(max_size=20))
def test_a_real_file_with_bytes_replaced(
    summarize: Callable[[bytes], Summary], name: str, start: int, length: int, new: bytes
) -> None:
    """Cut, overwritten, grown."""
    data = (DATA / name).read_bytes()
    check(summarize, data[:start] + new + data[start + length :])


@pytest.mark.parametrize("name", ["apply.jsonl", "apply_partial.jsonl"])
def test_a_stream_cut_anywhere_never_succeeded(name: str) -> None:
    """Only the final summary says so; before it, a cut stream is unknown, or worse."""
    data = (DATA / name).read_bytes()
    end = data.find(b'"operation":"apply"')
    for cut in range(200, end if end > 0 else len(data), 97):
        assert summarize_result(data[:cut]).outcome in ("unknown", "failed", "partial")


DAMAGED = {
    "truncated": lambda data: data[: len(data) // 2],
    "binary": lambda data: bytes(range(256)) * 4 + data,
    "zeros": lambda data: data[:9] + b"\0" * 16 + data[9:],
    "utf-16 without a mark": lambda data: data.decode().encode("utf-16-le"),
    "duplicate key": lambda data: data.replace(b"{", b'{"x":1,"x":2,', 1),
    "nested too deeply": lambda data: b'{"a":' * 100_000 + data + b"}" * 100_000,
    "not a number": lambda data: data.replace(b"{", b'{"x":NaN,', 1),
}


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("name", [name for name in REAL if REAL[name][1].startswith(b"{")])
def test_a_damaged_file_is_refused(name: str, damage: str) -> None:
    """With an error of input, never a summary of a part of it."""
    summarize, data = REAL[name]
    with pytest.raises(InputError) as caught:
        summarize(DAMAGED[damage](data))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", REAL)
def test_a_file_in_utf_16_is_the_same_file(name: str) -> None:
    """With a byte order mark, as PowerShell writes it; its digest is another."""
    summarize, data = REAL[name]
    summary, other = summarize(data), summarize(data.decode().encode("utf-16"))
    assert (summary.counts, summary.resources, summary.outcome) == (other.counts, other.resources, other.outcome)
    assert summary.sha256 != other.sha256
