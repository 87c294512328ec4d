"""Summaries as the objects that records hold."""

from __future__ import annotations

import hashlib
import json

import pytest

from gitaudit.iac.model import ACTIONS, Kind, Output, ResourceChange, Summary, tally
from gitaudit.log.canonical import encode


def changes(number: int, *, name: str = "web", **fields: object) -> tuple[ResourceChange, ...]:
    """Return so many creations."""
    made = ResourceChange(address="", type="aws_instance", action="create", **fields)  # type: ignore[arg-type]
    return tuple(
        ResourceChange(address=f"{name}.{index:05d}", type=made.type, action=made.action, changed=made.changed)
        for index in range(number)
    )


def summary(kind: Kind = "plan", **fields: object) -> Summary:
    """Return a summary with these fields."""
    return Summary(kind=kind, tool="terraform", sha256="0" * 64, size=1, **fields)  # type: ignore[arg-type]


def test_a_plan_without_anything_has_the_required_fields() -> None:
    """Optional fields are left out, not null."""
    assert summary().to_body() == {
        "tool": "terraform",
        "sha256": "0" * 64,
        "size": 1,
        "counts": {},
        "resources": {"total": 0, "items": []},
    }


FULL = ResourceChange(
    address="a.b",
    type="a",
    provider="p",
    action="replace",
    reason="tainted",
    changed=("x", "y"),
    replace=("x",),
    previous_address="a.c",
    deposed="1234abcd",
    imported=True,
)


def test_every_field_of_an_item_is_written() -> None:
    """The resource item of the record schemas; that it was imported is only counted."""
    assert FULL.to_item() == {
        "address": "a.b",
        "type": "a",
        "provider": "p",
        "action": "replace",
        "reason": "tainted",
        "changed": ["x", "y"],
        "replace": ["x"],
        "previous_address": "a.c",
        "deposed": "1234abcd",
    }


def test_every_field_of_a_plan_is_written() -> None:
    """The PLAN object of the record schemas."""
    plan = summary(
        tool_version="1.11.4",
        format_version="1.2",
        counts=(("replace", 1),),
        resources=(FULL,),
        outputs=(Output(name="o", sensitive=True, action="create"),),
        drift=(ResourceChange(address="a.d", type="a", action="delete"),),
        errored=False,
        complete=True,
    )
    assert plan.to_body() == {
        "tool": "terraform",
        "tool_version": "1.11.4",
        "format_version": "1.2",
        "sha256": "0" * 64,
        "size": 1,
        "counts": {"replace": 1},
        "resources": {"total": 1, "items": [FULL.to_item()]},
        "outputs": {"total": 1, "items": [{"name": "o", "sensitive": True, "action": "create"}]},
        "drift": {"total": 1, "items": [{"address": "a.d", "type": "a", "action": "delete"}]},
        "errored": False,
        "complete": True,
    }


def test_every_field_of_a_result_is_written() -> None:
    """The RESULT object of the record schemas: counters also where they are zero, no drift and no flags."""
    resource = ResourceChange(address="a.b", type="a", action="create", result="succeeded", elapsed_s=0)
    result = summary(
        "result", resources=(resource,), outputs=(Output(name="o"),), outcome="succeeded", warnings=2, complete=True
    )
    body = result.to_body()
    assert body["resources"] == {
        "total": 1,
        "items": [{"address": "a.b", "type": "a", "action": "create", "result": "succeeded", "elapsed_s": 0}],
    }
    assert body["outputs"] == {"total": 1, "items": [{"name": "o"}]}
    assert (body["errors"], body["warnings"], body["unknown_messages"]) == (0, 2, 0)
    assert body.keys().isdisjoint({"drift", "errored", "complete", "outcome", "kind"})


def in_record(body: dict[str, object], key: str) -> int:
    """Return how many bytes of a record the list takes."""
    rest = {name: value for name, value in body.items() if name != key}
    return len(encode({"body": {"plan": body}})) - len(encode({"body": {"plan": rest}}))


def listed(body: dict[str, object], key: str) -> tuple[int, int, object]:
    """Return total, number of items and digest of a list."""
    value = body[key]
    assert isinstance(value, dict)
    return value["total"], len(value["items"]), value.get("sha256")


def test_a_list_that_fits_has_no_digest() -> None:
    """All items are there, so there is nothing to vouch for."""
    assert listed(summary(resources=changes(100)).to_body(), "resources") == (100, 100, None)


@pytest.mark.parametrize(
    ("key", "limit", "fields"),
    [
        ("resources", 16 * 1024, {"resources": changes(5000)}),
        ("resources", 16 * 1024, {"resources": changes(5000, changed=("a", "b", "c") * 20)}),
        ("drift", 4 * 1024, {"drift": changes(5000)}),
        ("outputs", 4 * 1024, {"outputs": tuple(Output(name=f"output{index}") for index in range(5000))}),
    ],
)
def test_a_long_list_is_cut_at_its_bound(key: str, limit: int, fields: dict[str, object]) -> None:
    """Measured where it stands in a record; one item more would not have fitted."""
    body = summary("plan", **fields).to_body()
    total, items, digest = listed(body, key)
    assert total == 5000
    assert 0 < items < 5000
    assert digest is not None
    size = in_record(body, key)
    assert limit - 1000 - 200 < size <= limit


def test_the_digest_is_that_of_the_full_list() -> None:
    """Whoever has the plan can compute it again from the canonical JSON of all items."""
    resources = changes(5000)
    full = json.dumps([item.to_item() for item in resources], ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    _, _, digest = listed(summary(resources=resources).to_body(), "resources")
    assert digest == hashlib.sha256(full.encode()).hexdigest()


def test_the_first_items_are_kept() -> None:
    """What a summary orders first is what a reader sees."""
    resources = changes(5000)
    value = summary(resources=resources).to_body()["resources"]
    assert isinstance(value, dict)
    kept = value["items"]
    assert kept == [item.to_item() for item in resources[: len(kept)]]


def test_an_item_larger_than_the_bound_leaves_the_list_empty() -> None:
    """Total and digest still tell that it was there."""
    total, items, digest = listed(summary(outputs=(Output(name="x" * 5000),)).to_body(), "outputs")
    assert (total, items) == (1, 0)
    assert digest is not None


def test_the_largest_bodies_fit_into_one_record() -> None:
    """Plan, result and state together leave room for the rest of a record of 65,535 bytes."""
    wide = changes(5000, name="w" * 900, changed=("a",) * 64)
    outputs = tuple(Output(name=f"output{index}") for index in range(5000))
    plan = summary(resources=wide, outputs=outputs, drift=wide).to_body()
    result = summary("result", resources=wide, outputs=outputs).to_body()
    state = summary("state", resources=wide, outputs=outputs).to_body()
    assert len(encode({"body": {"plan": plan, "result": result}})) < 48 * 1024
    assert len(encode({"body": {"plan": plan, "result": result, "state": {"after": state}}})) < 53 * 1024


def test_what_cannot_be_undone_comes_first() -> None:
    """Lists are ordered by action, then address, then deposed key."""
    actions = [ResourceChange(address="x", type="x", action=action) for action in reversed(ACTIONS)]
    assert [item.action for item in sorted(actions, key=ResourceChange.order)] == list(ACTIONS)
    assert ACTIONS[:2] == ("delete", "replace")
    same_action = [
        ResourceChange(address="b", type="x", action="delete"),
        ResourceChange(address="a", type="x", action="delete", deposed="2"),
        ResourceChange(address="a", type="x", action="delete", deposed="1"),
        ResourceChange(address="a", type="x", action="delete"),
    ]
    ordered = [(item.address, item.deposed) for item in sorted(same_action, key=ResourceChange.order)]
    assert ordered == [("a", None), ("a", "1"), ("a", "2"), ("b", None)]


def test_counts_name_only_what_there_is() -> None:
    """An action that does not occur is absent, and counts as zero."""
    counts = tally(["create", "delete", "create"])
    assert counts == (("delete", 1), ("create", 2))
    assert summary(counts=counts).count("create") == 2
    assert summary(counts=counts).count("update") == 0


@pytest.mark.parametrize(
    ("action", "imported", "previous", "counted"),
    [
        ("update", False, None, ("update",)),
        ("update", True, "a.old", ("update", "import", "move")),
        ("import", True, None, ("import",)),
        ("move", False, "a.old", ("move",)),
        ("move", True, "a.old", ("move", "import")),
    ],
)
def test_an_import_or_a_move_counts_beside_the_change(
    action: str, *, imported: bool, previous: str | None, counted: tuple[str, ...]
) -> None:
    """A resource counts under its action, and under what came with it."""
    change = ResourceChange(address="a", type="a", action=action, imported=imported, previous_address=previous)  # type: ignore[arg-type]
    assert change.counted() == counted
