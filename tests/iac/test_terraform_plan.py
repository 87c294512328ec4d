"""Plans of Terraform and OpenTofu, trap by trap."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan
from tests.iac.documents import SENTINEL, encoded, plan, resource

if TYPE_CHECKING:
    from gitaudit.iac.model import ResourceChange, Summary


def only(summary: Summary) -> ResourceChange:
    """Return the one resource of a summary."""
    (item,) = summary.resources
    return item


def refused(data: bytes) -> InputError:
    """Return the error that the plan is refused with."""
    with pytest.raises(InputError) as caught:
        summarize_plan(data)
    assert SENTINEL not in f"{caught.value.message} {caught.value.hint}"
    return caught.value


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["create"], "create"),
        (["read"], "read"),
        (["update"], "update"),
        (["delete"], "delete"),
        (["forget"], "forget"),
        (["delete", "create"], "replace"),
        (["create", "delete"], "replace"),
        (["create", "forget"], "replace"),
        (["forget", "create"], "replace"),
    ],
)
def test_a_list_of_actions_becomes_one_word(actions: list[str], expected: str) -> None:
    """A replacement is a delete or a forget with a create, in either order, and counts once."""
    summary = summarize_plan(plan(resource(actions=actions)))
    assert only(summary).action == expected
    assert summary.counts == ((expected, 1),)


@pytest.mark.parametrize("actions", [["renew"], ["create", "update"], ["create", "delete", "forget"]])
def test_unknown_actions_are_a_change_that_says_so(actions: list[str]) -> None:
    """A newer minor version may have actions that are not known here: something changes, and that is recorded."""
    item = only(summarize_plan(plan(resource(actions=actions, action_reason="requested"))))
    assert (item.action, item.reason) == ("update", "unrecognised-action")


def test_what_stays_is_counted_and_not_listed() -> None:
    """A large stack with one change has one item."""
    summary = summarize_plan(plan(resource("a.kept", actions=["no-op"]), resource("a.made", actions=["create"])))
    assert [item.address for item in summary.resources] == ["a.made"]
    assert dict(summary.counts) == {"create": 1, "no-op": 1}


def test_a_moved_resource_is_a_move() -> None:
    """A no-op with a previous address."""
    summary = summarize_plan(plan(resource("a.new", actions=["no-op"], previous_address="a.old")))
    assert (only(summary).action, only(summary).previous_address) == ("move", "a.old")
    assert summary.counts == (("move", 1),)


def test_a_resource_moved_and_changed_is_both() -> None:
    """The item says what changes and from where; both are counted."""
    summary = summarize_plan(plan(resource("a.new", actions=["update"], previous_address="a.old")))
    assert (only(summary).action, only(summary).previous_address) == ("update", "a.old")
    assert dict(summary.counts) == {"update": 1, "move": 1}


def test_an_import_is_seen_beside_the_action() -> None:
    """Imported without a change is an import; with one it is the change, and counts as both."""
    importing = {"id": SENTINEL}
    summary = summarize_plan(
        plan(
            resource("a.same", actions=["no-op"], change_importing=importing),
            resource("a.other", actions=["update"], change_importing=importing),
            resource("a.moved", actions=["no-op"], previous_address="a.old", change_importing=importing),
        )
    )
    assert [(item.address, item.action) for item in summary.resources] == [
        ("a.other", "update"),
        ("a.same", "import"),
        ("a.moved", "move"),
    ]
    assert dict(summary.counts) == {"update": 1, "import": 3, "move": 1}
    assert SENTINEL not in json.dumps(summary.to_body())


def test_a_deposed_object_is_told_from_the_current_one() -> None:
    """Both have the same address; the deposed one has a key."""
    summary = summarize_plan(
        plan(resource("a.b", actions=["update"]), resource("a.b", actions=["delete"], deposed="1f"))
    )
    assert [(item.action, item.deposed) for item in summary.resources] == [("delete", "1f"), ("update", None)]
    assert dict(summary.counts) == {"delete": 1, "update": 1}


def test_changed_names_the_attributes_that_differ() -> None:
    """Top-level names only: differing, appearing, disappearing, and unknown until applied."""
    item = only(
        summarize_plan(
            plan(
                resource(
                    change_before={"same": {"x": [1]}, "differs": 1, "gone": SENTINEL, "type": 1, "null": None},
                    change_after={"same": {"x": [1]}, "differs": {SENTINEL: SENTINEL}, "new": 2, "type": True},
                    change_after_unknown={"id": True, "nested": [{"arn": True}], "known": {}, "false": False},
                )
            )
        )
    )
    assert item.changed == ("differs", "gone", "id", "nested", "new", "type")


@pytest.mark.parametrize(("actions", "before", "after"), [(["create"], None, {"a": 1}), (["delete"], {"a": 1}, None)])
def test_what_appears_or_disappears_whole_has_no_changed(actions: list[str], before: object, after: object) -> None:
    """All attributes of a new resource are new: their names would say nothing."""
    change = resource(actions=actions, change_before=before, change_after=after, change_after_unknown={"id": True})
    assert only(summarize_plan(plan(change))).changed == ()


def test_replace_names_the_attributes_that_force_it() -> None:
    """The first step of each path, once; what follows may be a key that somebody chose."""
    paths = [["ami"], ["tags", SENTINEL], ["tags", "x"], [0, "y"], [], "odd"]
    item = only(summarize_plan(plan(resource(actions=["delete", "create"], change_replace_paths=paths))))
    assert item.replace == ("ami", "tags")
    assert item.reason is None


def test_a_tainted_resource_has_a_reason_and_no_paths() -> None:
    """`replace_paths` is absent where the resource itself is at fault."""
    tainted = resource(actions=["delete", "create"], action_reason="replace_because_tainted")
    item = only(summarize_plan(plan(tainted)))
    assert (item.reason, item.replace) == ("replace_because_tainted", ())


def test_a_reason_that_is_no_word_is_not_taken_over() -> None:
    """A plan cannot bring text into a record by its reason."""
    item = only(summarize_plan(plan(resource(action_reason=f"because of {SENTINEL}"))))
    assert item.reason == "unrecognised"


def test_many_attributes_are_bounded() -> None:
    """64 entries at most; the last one says how many are not shown."""
    before = {f"attribute{number:03d}": number for number in range(100)}
    item = only(summarize_plan(plan(resource(change_before=before, change_after={}))))
    assert len(item.changed) == 64
    assert item.changed[62:] == ("attribute062", "… and 37 more")


def test_hostile_names_are_written_out() -> None:
    """Addresses, types, providers and attributes show what would be invisible."""
    item = only(
        summarize_plan(
            plan(
                resource(
                    "evil\x1b[2J.a\u202eb",
                    provider_name="x\n",
                    change_before={"a\ud800": 1},
                    change_after={},
                )
            )
        )
    )
    assert item.address == r"evil\u{001B}[2J.a\u{202E}b"
    assert item.type == r"evil\u{001B}[2J"
    assert item.provider == r"x\u{000A}"
    assert item.changed == (r"a\u{D800}",)


def test_long_addresses_stay_apart() -> None:
    """Cut at 1024 characters, with a digest."""
    long = [f'a.b["{"k" * 3000}{number}"]' for number in range(2)]
    summary = summarize_plan(plan(*(resource("a.b") | {"address": address} for address in long)))
    addresses = {item.address for item in summary.resources}
    assert {len(address) for address in addresses} == {1024}
    assert len(addresses) == 2


def test_drift_is_listed_and_not_counted() -> None:
    """What happened outside the tool is no part of what it will do."""
    drifted = resource(
        "a.drifted", actions=["update"], change_before={"size": SENTINEL}, change_after={"size": SENTINEL + "2"}
    )
    summary = summarize_plan(plan(resource("a.b"), resource_drift=[drifted, resource("a.gone", actions=["delete"])]))
    assert [(item.address, item.action, item.changed) for item in summary.drift] == [
        ("a.gone", "delete", ()),
        ("a.drifted", "update", ("size",)),
    ]
    assert summary.counts == (("update", 1),)


def test_outputs_have_names_flags_and_actions() -> None:
    """A marker anywhere makes an output sensitive; unchanged outputs come last."""
    summary = summarize_plan(
        plan(
            output_changes={
                "kept": {"actions": ["no-op"], "before": SENTINEL, "after": SENTINEL, "after_sensitive": False},
                "replaced": {"actions": ["delete", "create"]},
                "odd": {"actions": ["renew"]},
                "read": {"actions": ["read"]},
                "flagged": {"actions": ["create"], "after": SENTINEL},
                "nested": {"actions": ["update"], "before_sensitive": {"a": [True]}, "after_sensitive": False},
                "gone": {"actions": ["delete"], "before": SENTINEL, "before_sensitive": False},
            },
            planned_values={"outputs": {"flagged": {"sensitive": True, "value": SENTINEL}, "replaced": "odd"}},
        )
    )
    assert [(output.name, output.sensitive, output.action) for output in summary.outputs] == [
        ("flagged", True, "create"),
        ("gone", False, "delete"),
        ("nested", True, "update"),
        ("odd", None, None),
        ("read", None, None),
        ("replaced", None, "update"),
        ("kept", False, "no-op"),
    ]


@pytest.mark.parametrize("flag", [True, False, None])
def test_errored_and_complete_are_kept_where_they_are(*, flag: bool | None) -> None:
    """Older versions do not have them."""
    fields = {} if flag is None else {"errored": flag, "complete": flag}
    summary = summarize_plan(plan(**fields))
    assert (summary.errored, summary.complete) == (flag, flag)


@pytest.mark.parametrize("found", ["0.1", "0.2", "1.0", "1.1", "1.2", "1.99", "1.2.1"])
def test_every_minor_version_is_read(found: str) -> None:
    """Within a major version fields are only added."""
    summary = summarize_plan(plan(resource(), format_version=found, unheard_of={"value": SENTINEL}))
    assert summary.format_version == found
    assert summary.counts == (("update", 1),)


@pytest.mark.parametrize("found", ["2.0", "10.1"])
def test_another_major_version_is_refused(found: str) -> None:
    """Its fields may mean something else."""
    error = refused(plan(resource(), format_version=found))
    assert error.message == f"expected a plan of format version 0.1 to 1.x, found {found}"


@pytest.mark.parametrize("found", [1.2, 1, [], "1", "1.2 SENTINEL", "one", ""])
def test_a_version_that_is_none_is_refused(found: object) -> None:
    """Nothing of it is quoted."""
    assert refused(plan(format_version=found)).message == "expected a format version such as 1.2, found none"


def test_a_plan_without_a_version_is_read() -> None:
    """A few old plans have none; resource changes are enough to know one."""
    summary = summarize_plan(encoded({"resource_changes": [resource()]}))
    assert (summary.format_version, summary.counts) == (None, (("update", 1),))


def test_the_redacted_form_of_hcp_terraform_is_read() -> None:
    """It names its version differently and carries provider schemas."""
    redacted = {
        "plan_format_version": "1.1",
        "provider_format_version": "1.0",
        "provider_schemas": {"p": {}},
        "resource_changes": [resource(actions=["create"])],
    }
    summary = summarize_plan(encoded(redacted))
    assert (summary.format_version, summary.counts) == ("1.1", (("create", 1),))
    del redacted["resource_changes"]
    assert summarize_plan(encoded(redacted)).counts == ()


def test_a_plan_with_actions_alone_is_an_empty_plan() -> None:
    """No resource changes, but planned values and a version."""
    invocation = {"address": "action.x.y", "config_values": {"a": SENTINEL}}
    data = encoded({"format_version": "1.2", "planned_values": {"root_module": {}}, "action_invocations": [invocation]})
    summary = summarize_plan(data)
    assert (summary.counts, summary.resources) == ((), ())
    assert SENTINEL not in json.dumps(summary.to_body())


@pytest.mark.parametrize("module", [{"resources": [{"address": "a.b"}]}, {"child_modules": [{}]}])
def test_planned_resources_without_changes_are_a_part_of_a_plan(module: object) -> None:
    """A tool lists a resource that stays, too: such a file was cut down by hand."""
    error = refused(encoded({"format_version": "1.2", "planned_values": {"root_module": module}}))
    assert "this looks like a part of a plan" in error.message


@pytest.mark.parametrize(
    ("providers", "tool"),
    [
        (["registry.terraform.io/hashicorp/aws"], "terraform"),
        (["registry.opentofu.org/hashicorp/aws"], "opentofu"),
        (["terraform.io/builtin/terraform", "registry.opentofu.org/hashicorp/aws"], "opentofu"),
        (["aws"], "terraform"),
        ([], "terraform"),
    ],
)
def test_the_registry_tells_opentofu_from_terraform(providers: list[str], tool: str) -> None:
    """Nothing else in a plan does."""
    assert summarize_plan(plan(*(resource(provider_name=name) for name in providers))).tool == tool


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resource_changes": [1]}, "expected resource_changes to be a list of objects"),
        ({"resource_changes": [], "resource_drift": {}}, "expected resource_drift to be a list of objects"),
        ({"resource_changes": [{}]}, "expected resource_changes[0].change to be an object"),
        ({"resource_changes": [resource(), resource() | {"change": SENTINEL}]}, "resource_changes[1].change to be"),
        ({"resource_changes": [resource() | {"address": 1}]}, "expected resource_changes[0].address to be a name"),
        ({"resource_changes": [resource() | {"address": ""}]}, "expected resource_changes[0].address to be a name"),
        ({"resource_changes": [resource() | {"type": None}]}, "expected resource_changes[0].type to be a name"),
        ({"resource_changes": [resource(actions=[])]}, "resource_changes[0].change.actions to be a list of words"),
        ({"resource_changes": [resource(actions=SENTINEL)]}, "change.actions to be a list of words"),
        ({"resource_changes": [resource(actions=["create", 1])]}, "change.actions to be a list of words"),
        ({"resource_changes": [], "output_changes": [SENTINEL]}, "expected output_changes to be an object"),
        (
            {"resource_changes": [], "output_changes": {SENTINEL: 1}},
            "expected output_changes, entry 0, to be an object",
        ),
        ({"resource_changes": [], "output_changes": {SENTINEL: {}}}, "entry 0,.actions to be a list of words"),
    ],
)
def test_a_malformed_plan_is_refused_with_the_place(changes: dict[str, object], message: str) -> None:
    """The message says where and what was expected, never what stands there."""
    assert message in refused(encoded({"format_version": "1.2"} | changes)).message


@pytest.mark.parametrize(
    "data",
    [
        plan(resource()) + plan(resource()),
        plan(resource()) + b'{"half":',
        b"[" + plan() + b"," + plan() + b"]",
    ],
)
def test_more_than_one_plan_is_refused(data: bytes) -> None:
    """Nothing is taken from one of several, or from a file that goes on."""
    assert "expected one plan, found" in refused(data).message


def test_noise_around_a_plan_is_passed_over() -> None:
    """Warnings that were redirected into the file together with the plan."""
    summary = summarize_plan(b"Warning: deprecated\n" + plan(resource()) + b"\nWarning: deprecated\n")
    assert summary.counts == (("update", 1),)


def test_no_value_gets_into_a_summary() -> None:
    """Every place of a plan that holds values, with one in it."""
    values = itertools.count()

    def secret() -> str:
        return f"{SENTINEL}{next(values)}"

    change = {
        "before": {"password": secret(), "output": {"password": secret()}},
        "after": {"password": secret(), "tags": {secret(): secret()}},
        "before_sensitive": {"password": True},
        "before_identity": {"arn": secret()},
        "generated_config": secret(),
        "importing": {"id": secret(), "identity": {"arn": secret()}},
        "replace_paths": [["password", secret()]],
    }
    entry = resource("a.b") | {"change": {"actions": ["delete", "create"]} | change, "index": secret()}
    data = plan(
        entry,
        resource_drift=[entry],
        deferred_changes=[{"reason": secret(), "resource_change": entry}],
        variables={"password": {"value": secret()}},
        planned_values={"outputs": {"o": {"value": secret()}}, "root_module": {"resources": [{"values": secret()}]}},
        prior_state={"values": secret()},
        configuration={"root_module": {"variables": {"password": {"default": secret()}}}},
        output_changes={"o": {"actions": ["create"], "after": secret()}},
        checks=[{"instances": [{"problems": [{"message": secret()}]}]}],
        relevant_attributes=[{"attribute": [secret()]}],
        action_invocations=[{"config_values": secret()}],
        terraform_version=f"1.0 {secret()}",
        timestamp=secret(),
    )
    summary = summarize_plan(data)
    assert next(values) > 20
    assert SENTINEL not in repr(summary)
    assert SENTINEL not in json.dumps(summary.to_body())
