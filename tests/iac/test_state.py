"""States of Terraform: what is taken out of them, and what two of them say of a run between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitaudit.errors import InputError
from gitaudit.iac.model import ResourceChange, Summary
from gitaudit.iac.state import State, parse_state, result_of


def instance(value: object, **more: object) -> dict[str, object]:
    """Return an instance of a resource."""
    return {"schema_version": 0, "attributes": {"id": "1", "input": value}, **more}


def resource(name: str, *instances: dict[str, object], **more: object) -> dict[str, object]:
    """Return a resource."""
    provider = 'provider["registry.terraform.io/hashicorp/aws"].eu'
    return {
        "mode": "managed",
        "type": "aws_x",
        "name": name,
        "provider": provider,
        "instances": list(instances),
        **more,
    }


def state(*resources: dict[str, object], serial: int = 1, **more: object) -> bytes:
    """Return the bytes of a state."""
    document = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "a-b", "outputs": {}}
    return json.dumps({**document, "resources": list(resources), **more}).encode()


def change(address: str, action: Any, **more: Any) -> ResourceChange:  # noqa: ANN401 - fields of the value
    """Return a planned change."""
    return ResourceChange(address=address, type="aws_x", action=action, **more)


def done(plan: tuple[ResourceChange, ...], before: bytes, after: bytes, *, good: bool = False) -> Summary:
    """Return what a plan has become."""
    summary = Summary(kind="plan", tool="terraform", sha256="a" * 64, size=1, resources=plan)
    return result_of(summary, parse_state(before), parse_state(after), good=good, action="apply", tool="terraform")


def told(result: Summary) -> list[tuple[str, str, str | None]]:
    """Return action, address and result of what was done."""
    return [(one.action, one.address, one.result) for one in result.resources]


def test_addresses() -> None:
    """Modules, indexes and keys as Terraform writes them; data sources and deposed objects are left out."""
    data = state(
        resource("a", instance(1)),
        resource("b", instance(1, index_key=0), instance(2, index_key=1)),
        resource("c", instance(1, index_key='k"ä'), module='module.m["x"]'),
        resource("d", instance(1, deposed="1234")),
        resource("e", instance(1), mode="data"),
    )
    found = parse_state(data)

    assert list(found.instances) == ["aws_x.a", "aws_x.b[0]", "aws_x.b[1]", 'module.m["x"].aws_x.c["k\\"ä"]']
    assert found.instances["aws_x.a"].provider == "registry.terraform.io/hashicorp/aws"
    assert (found.serial, found.lineage, found.tool_version) == (1, "a-b", "1.11.4")


def test_no_state_yet() -> None:
    """Nothing at all is the state before the first run."""
    found = parse_state(b"")

    assert found.to_body() == {"serial": 0, "sha256": found.sha256}


@pytest.mark.parametrize(
    "data",
    [b"nonsense", b"[]", b"{}", b'{"version": 3, "serial": 1}', b'{"version": 4}', b'{"version": 4, "serial": -1}'],
)
def test_what_is_no_state(data: bytes) -> None:
    """Another format, another version, no serial."""
    with pytest.raises(InputError, match="expected a state"):
        parse_state(data)


def test_deep_nesting_is_refused() -> None:
    """A text that is nested without end is no state."""
    with pytest.raises(InputError):
        parse_state(b'{"version":4,"serial":1,"x":' + b"[" * 200_000)


def test_what_a_plan_has_become() -> None:
    """Each planned change that left a trace is listed, and none that did not."""
    before = state(resource("same", instance(1)), resource("old", instance(1)), resource("gone", instance(1)))
    after = state(
        resource("same", instance(1)),
        resource("old", instance(2)),
        resource("new", instance(1)),
        resource("half", instance(1, status="tainted")),
        serial=3,
    )
    plan = (
        change("aws_x.gone", "delete"),
        change("aws_x.old", "update"),
        change("aws_x.same", "update"),
        change("aws_x.new", "create"),
        change("aws_x.half", "create"),
        change("aws_x.never", "create"),
        change("aws_x.read", "read"),
    )
    result = done(plan, before, after)

    assert told(result) == [
        ("delete", "aws_x.gone", "succeeded"),
        ("update", "aws_x.old", "succeeded"),
        ("create", "aws_x.half", "failed"),
        ("create", "aws_x.new", "succeeded"),
    ]
    assert result.outcome == "partial"
    assert done(plan, before, before).outcome == "failed"
    assert done((), before, before, good=True).outcome == "succeeded"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (state(resource("a", instance(2)), serial=2), [("replace", "aws_x.a", "succeeded")]),
        (state(serial=2), [("replace", "aws_x.a", "failed")]),
        (state(resource("a", instance(1)), serial=2), []),
    ],
    ids=["replaced", "deleted and not made", "not begun"],
)
def test_replacement(after: bytes, expected: list[tuple[str, str, str]]) -> None:
    """Half a replacement is a failure that has changed something."""
    assert told(done((change("aws_x.a", "replace"),), state(resource("a", instance(1))), after)) == expected


def test_outputs_by_name() -> None:
    """Names, whether they are sensitive, and what became of them; never a value."""
    before = state(outputs={"a": {"value": "x"}, "b": {"value": "x"}, "c": {"value": "secret-1", "sensitive": True}})
    after = state(outputs={"a": {"value": "x"}, "b": {"value": "y"}, "d": {"value": "secret-2", "sensitive": True}})
    result = done((), before, after, good=True)

    assert [(one.name, one.action, one.sensitive) for one in result.outputs] == [
        ("b", "update", False),
        ("c", "delete", True),
        ("d", "create", True),
        ("a", "no-op", False),
    ]
    assert "secret" not in str(result.to_body())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.fixed_dictionaries({"resources": JSON, "outputs": JSON, "lineage": JSON}), st.lists(JSON, max_size=3))
def test_any_content(fields: dict[str, object], items: list[object]) -> None:
    """Whatever stands in a state, it is read or refused, and compared with itself says nothing."""
    for resources in (fields["resources"], items, [resource("a", *[one for one in items if isinstance(one, dict)])]):
        document = {"version": 4, "serial": 1, **fields, "resources": resources}
        found = parse_state(json.dumps(document).encode())
        assert isinstance(found, State)
        assert result_of(None, found, found, good=True, action="taint", tool="terraform").resources == ()
