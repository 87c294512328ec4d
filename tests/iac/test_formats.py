"""The interface of the room: formats, and telling files apart."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitaudit import iac
from gitaudit.errors import InputError
from gitaudit.iac import FORMATS, Format, summarize_plan, summarize_result
from gitaudit.iac.text import Document
from tests.iac.documents import encoded, finished, plan, planned, resource, stream, version

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.iac.model import Summary

MODULES: tuple[Format, ...] = tuple(iac._load(entry) for entry in FORMATS)
TOOLS = ("terraform", "pulumi", "ansible", "cloudformation", "helm", "argocd", "kubectl")
PLANS = "a plan of terraform, pulumi, ansible, cloudformation"
RESULTS = "a result of terraform, pulumi, ansible, cloudformation, helm, argocd, kubectl"
NOTHING = Document(sha256="0" * 64, size=0, objects=())


def test_the_table_agrees_with_the_modules() -> None:
    """Name and kind stand in both, so that a file can be refused without loading every module."""
    assert [(entry.name, entry.kind, entry.module) for entry in FORMATS] == [
        (module.NAME, module.KIND, module.__name__)  # type: ignore[attr-defined]
        for module in MODULES
    ]


def test_the_formats_are_named_once() -> None:
    """As the option takes them."""
    assert iac.format_names() == ("auto", *TOOLS)


@pytest.mark.parametrize("name", ["auto", "terraform"])
def test_a_format_may_be_named(name: str) -> None:
    """Naming the only one changes nothing."""
    assert summarize_plan(plan(resource()), format=name).counts == (("update", 1),)
    assert summarize_result(stream(version(), finished()), format=name).outcome == "succeeded"


def test_an_unknown_format_is_refused() -> None:
    """With the names that there are."""
    with pytest.raises(InputError) as caught:
        summarize_plan(plan(), format="cobol")
    assert caught.value.message == f"expected one of the formats auto, {', '.join(TOOLS)}, found another"


def test_a_format_without_this_kind_is_refused() -> None:
    """Some tools have a plan and no result, or the other way round."""
    with pytest.raises(InputError) as caught:
        summarize_plan(plan(), format="helm")
    assert caught.value.message == "expected a format that has a plan, found helm"
    assert caught.value.hint == "leave --plan out"


@pytest.mark.parametrize("messages", [[version(), finished()], [version(), planned("a.b", "create")], [version()]])
def test_a_stream_given_as_a_plan_names_the_other_option(messages: list[dict[str, object]]) -> None:
    """The hint says where the file belongs, and what belongs here."""
    with pytest.raises(InputError) as caught:
        summarize_plan(stream(*messages))
    assert caught.value.message == f"this looks like the messages of terraform apply -json, expected {PLANS}"
    assert caught.value.hint == (
        "give it with --result; for --plan: for terraform, run: terraform show -json PLAN > plan.json; "
        "--format NAME tells it for another tool"
    )


def test_a_plan_given_as_a_result_names_the_other_option() -> None:
    """The hint says where the file belongs, and what belongs here."""
    with pytest.raises(InputError) as caught:
        summarize_result(plan(resource()))
    assert caught.value.message == f"this looks like the output of terraform show -json PLAN, expected {RESULTS}"
    assert (caught.value.hint or "").startswith("give it with --plan; for --result: ")


def test_a_named_format_asks_for_its_own_file() -> None:
    """Then the message names that file, and how to make it."""
    with pytest.raises(InputError) as caught:
        summarize_result(encoded({"a": 1}), format="helm")
    assert caught.value.message == "this looks like JSON of another kind, expected the output of helm status -o json"
    assert caught.value.hint == "run: helm status RELEASE -o json > result.json"


def test_the_file_of_another_tool_is_told_its_name() -> None:
    """Where the tool was named wrongly."""
    with pytest.raises(InputError) as caught:
        summarize_plan(plan(resource()), format="pulumi")
    assert caught.value.message == (
        "this looks like the output of terraform show -json PLAN, expected the output of pulumi preview --json"
    )
    assert caught.value.hint == "give it with --format terraform, or without --format"


@pytest.mark.parametrize(
    ("document", "looks"),
    [
        ({"format_version": "1.0", "terraform_version": "1.5", "values": {}}, "a state of Terraform or OpenTofu"),
        ({"version": 4, "serial": 3, "lineage": "x", "resources": []}, "a state of Terraform or OpenTofu"),
        ({"format_version": "1.0"}, "a state of Terraform or OpenTofu"),
        ({"version": 3, "deployment": {}}, "a checkpoint of Pulumi"),
        ({"changeSummary": {}, "result": "succeeded"}, "the summary of pulumi --output json"),
        ({"StackDriftDetectionId": "1"}, "the status of a drift detection"),
        ({"encrypted_data": "x", "meta": {}, "encryption_version": "v0"}, "an encrypted plan or state of OpenTofu"),
        ({"format_version": "1.0", "provider_schemas": {}}, "the output of terraform providers schema -json"),
        ({"format_version": "1.0", "valid": True, "diagnostics": []}, "the output of terraform validate -json"),
        ({"endpoint": {"sensitive": False, "type": "string", "value": 1}}, "the output of terraform output -json"),
        ({"sequence": 1, "timestamp": 1}, "JSON of another kind"),
        ({}, "JSON of another kind"),
        ([], "a list without JSON objects"),
        ([1], "a list without JSON objects"),
    ],
)
@pytest.mark.parametrize("summarize", [summarize_plan, summarize_result])
def test_another_file_is_named(summarize: Callable[[bytes], Summary], document: object, looks: str) -> None:
    """What it looks like, what was expected, and how to make that."""
    with pytest.raises(InputError) as caught:
        summarize(encoded(document))
    assert caught.value.message.startswith(f"this looks like {looks}")
    assert ", expected a " in caught.value.message
    assert "run: terraform " in (caught.value.hint or "")


@pytest.mark.parametrize(("summarize", "hint"), [(summarize_plan, "show -json"), (summarize_result, "apply -json")])
def test_a_log_for_people_gets_the_command_for_the_other_form(summarize: Callable[[bytes], Summary], hint: str) -> None:
    """What is printed without `-json` cannot be read."""
    with pytest.raises(InputError) as caught:
        summarize(b"Apply complete! Resources: 1 added, 0 changed, 0 destroyed.\n")
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_refuses_what_it_does_not_detect(module: Format) -> None:
    """Parsing does not rely on having been asked first."""
    assert module.detect(NOTHING) is False
    with pytest.raises(InputError):
        module.parse(NOTHING)


def test_importing_the_room_loads_no_parser() -> None:
    """A hook that has no file to read does not pay for reading one."""
    script = "import sys, gitaudit.iac; print([name for name in sys.modules if name.startswith('gitaudit.iac.')])"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert loaded.stdout == "[]\n"
