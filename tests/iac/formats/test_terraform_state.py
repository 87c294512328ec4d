"""States of Terraform and OpenTofu: names only."""

from __future__ import annotations

import json

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result, summarize_state
from tests.iac.documents import DATA, SENTINEL, encoded


def state_file(**fields: object) -> dict[str, object]:
    """Return a state file with a resource in a module, one with an index, a deposed object and a data source."""
    provider = 'module.a.provider["registry.opentofu.org/hashicorp/aws"].west'
    secret = {"attributes": {"password": SENTINEL}, "sensitive_attributes": []}

    def resource(kind: str, name: str, *instances: dict[str, object], **more: object) -> dict[str, object]:
        here = {"mode": "managed", "type": kind, "name": name, "provider": provider}
        return here | {"instances": [secret | one for one in instances]} | more

    resources = [
        resource("aws_vpc", "main", {}, module="module.net"),
        resource("aws_subnet", "a", {"index_key": 0}, {"index_key": 'x"'}),
        resource("aws_key", "k", {"deposed": "a1b2c3d4"}),
        resource("aws_ami", "image", {}, mode="data"),
    ]
    outputs = {"url": {"value": SENTINEL}, "token": {"value": SENTINEL, "sensitive": True}}
    return {
        "version": 4,
        "terraform_version": "1.10.0",
        "serial": 7,
        "lineage": "8d2f4b0e-0f5c-4a39",
        "outputs": outputs,
        "resources": resources,
    } | fields


def test_a_state_file_is_read_for_names() -> None:
    """Addresses as plans write them, and which write of which state it is."""
    summary = summarize_state(encoded(state_file()))
    assert [(item.address, item.action, item.deposed) for item in summary.resources] == [
        ("data.aws_ami.image", "read", None),
        ("aws_key.k", "no-op", "a1b2c3d4"),
        (r'aws_subnet.a["x\""]', "no-op", None),
        ("aws_subnet.a[0]", "no-op", None),
        ("module.net.aws_vpc.main", "no-op", None),
    ]
    assert {item.provider for item in summary.resources} == {"registry.opentofu.org/hashicorp/aws"}
    assert (summary.tool, summary.lineage, summary.serial) == ("opentofu", "8d2f4b0e-0f5c-4a39", 7)
    assert [(output.name, output.sensitive) for output in summary.outputs] == [("token", True), ("url", False)]
    body = summary.to_body()
    assert (body["serial"], body["counts"]) == (7, {"read": 1, "no-op": 4})
    assert SENTINEL not in json.dumps(body)


def test_the_real_state_is_read_for_names() -> None:
    """What terraform 1.11.4 shows of it, nested modules included."""
    data = (DATA / "state.json").read_bytes()
    shown = json.loads(data)["values"]["root_module"]
    summary = summarize_state(data)
    assert sorted(item.address for item in summary.resources) == sorted(item["address"] for item in shown["resources"])
    assert (summary.tool_version, summary.format_version, summary.serial) == ("1.11.4", "1.0", None)
    assert SENTINEL in data.decode()
    assert SENTINEL not in json.dumps(summary.to_body())


def test_the_real_state_file_is_read_for_names() -> None:
    """What terraform 1.11.4 keeps after the apply in `data/`: just the resources that this created."""
    data = (DATA / "state_file.json").read_bytes()
    summary = summarize_state(data)
    created = summarize_result((DATA / "apply.jsonl").read_bytes())
    assert sorted(item.address for item in summary.resources) == sorted(item.address for item in created.resources)
    assert {item.provider for item in summary.resources} == {"terraform.io/builtin/terraform"}
    outputs, written = ([(one.name, one.sensitive) for one in each.outputs] for each in (summary, created))
    assert sorted(outputs) == sorted(written)
    assert summary.format_version == "4"
    assert (summary.serial, summary.lineage) == (json.loads(data)["serial"], json.loads(data)["lineage"])
    assert SENTINEL in data.decode()
    assert SENTINEL not in json.dumps(summary.to_body())


@pytest.mark.parametrize(
    "document", [{"format_version": "1.0"}, {"format_version": "1.0", "terraform_version": "1.5.7"}]
)
def test_an_empty_state_is_a_state(document: dict[str, object]) -> None:
    """After everything was destroyed."""
    assert summarize_state(encoded(document)).counts == ()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (state_file(version=3), "expected a state file of format 4, found another"),
        (state_file(serial=-1), "expected a state file with a serial, found none"),
        (state_file(serial=True), "expected a state file with a serial, found none"),
        ({"format_version": "2.0", "values": {}}, "expected a state of format version 0.1 to 1.x, found another"),
        ({"resource_changes": []}, "this looks like the output of terraform show -json PLAN, expected a state"),
    ],
)
def test_another_version_or_file_is_refused(document: dict[str, object], message: str) -> None:
    """With what was expected."""
    with pytest.raises(InputError) as caught:
        summarize_state(encoded(document))
    assert caught.value.message.startswith(message)


def test_a_state_given_as_a_plan_names_the_option() -> None:
    """`show -json` without a plan file is a common slip."""
    with pytest.raises(InputError) as caught:
        summarize_plan(encoded(state_file()))
    assert (caught.value.hint or "").startswith("give it with --state; for --plan: ")


def test_two_states_are_refused() -> None:
    """One of them would be lost."""
    with pytest.raises(InputError, match="expected one state, found 2 JSON objects"):
        summarize_state(encoded(state_file()) * 2)
