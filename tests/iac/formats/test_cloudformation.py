"""Stack events, change sets and drift of CloudFormation."""

from __future__ import annotations

import json

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result
from tests.iac.documents import SENTINEL, encoded
from tests.iac.formats.events import STACK_ID, change, change_set, stack_event, stack_events, topic

OLD = {"PhysicalResourceId": "old"}
NEW = {"PhysicalResourceId": "new"}


@pytest.mark.parametrize(
    ("events", "outcome", "counts"),
    [
        (
            [stack_event("CREATE_IN_PROGRESS"), topic("CREATE_IN_PROGRESS"), topic("CREATE_COMPLETE")],
            "unknown",
            {"create": 1},
        ),
        (
            [
                *(stack_event("REVIEW_IN_PROGRESS"), stack_event("CREATE_IN_PROGRESS"), topic("CREATE_IN_PROGRESS")),
                *(topic("CREATE_COMPLETE"), stack_event("CREATE_COMPLETE")),
            ],
            "succeeded",
            {"create": 1},
        ),
        (
            [
                *(stack_event("CREATE_IN_PROGRESS"), topic("CREATE_COMPLETE"), topic("CREATE_FAILED", "Other")),
                *(stack_event("ROLLBACK_IN_PROGRESS"), topic("DELETE_COMPLETE"), stack_event("ROLLBACK_COMPLETE")),
            ],
            "failed",
            {"create": 1, "delete": 1},
        ),
        (
            [stack_event("CREATE_IN_PROGRESS"), topic("CREATE_COMPLETE"), stack_event("CREATE_FAILED")],
            "partial",
            {"create": 1},
        ),
        (
            [stack_event("UPDATE_IN_PROGRESS"), topic("UPDATE_FAILED"), stack_event("UPDATE_FAILED")],
            "failed",
            {},
        ),
        (
            [
                *(stack_event("UPDATE_IN_PROGRESS"), topic("UPDATE_COMPLETE", **NEW)),
                *(stack_event("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), topic("DELETE_COMPLETE", **OLD)),
                stack_event("UPDATE_COMPLETE"),
            ],
            "succeeded",
            {"replace": 1},
        ),
        (
            [stack_event("DELETE_IN_PROGRESS"), topic("DELETE_SKIPPED"), stack_event("DELETE_COMPLETE")],
            "succeeded",
            {"forget": 1},
        ),
        (
            [stack_event("IMPORT_IN_PROGRESS"), topic("IMPORT_COMPLETE"), stack_event("IMPORT_COMPLETE")],
            "succeeded",
            {"import": 1},
        ),
    ],
)
def test_an_operation_is_told_by_its_events(
    events: list[dict[str, object]], outcome: str, counts: dict[str, int]
) -> None:
    """The stack's own last status decides; a rollback that is complete is a failure."""
    summary = summarize_result(stack_events(*events))
    assert (summary.outcome, dict(summary.counts)) == (outcome, counts)


def test_only_the_last_operation_counts() -> None:
    """The tool gives every event that the stack ever had."""
    summary = summarize_result(
        stack_events(
            *(stack_event("CREATE_IN_PROGRESS"), topic("CREATE_FAILED"), stack_event("CREATE_FAILED")),
            *(stack_event("UPDATE_IN_PROGRESS"), topic("UPDATE_COMPLETE", "Other"), stack_event("UPDATE_COMPLETE")),
        )
    )
    assert [item.address for item in summary.resources] == ["app/Other"]
    assert (summary.outcome, summary.errors) == ("succeeded", 0)


def test_the_order_of_events_does_not_matter() -> None:
    """With times that are the same too."""
    events = [stack_event("UPDATE_IN_PROGRESS"), topic("UPDATE_COMPLETE"), stack_event("UPDATE_COMPLETE")]
    expected = summarize_result(stack_events(*events)).counts
    for listed in (events, events[::-1]):
        assert summarize_result(encoded({"StackEvents": listed})).counts == expected
        assert summarize_result(encoded(listed)).counts == expected


def test_what_a_rollback_did_is_told_apart() -> None:
    """The same resource was updated, and updated back."""
    summary = summarize_result(
        stack_events(
            *(stack_event("UPDATE_IN_PROGRESS"), topic("UPDATE_COMPLETE")),
            *(stack_event("UPDATE_ROLLBACK_IN_PROGRESS"), topic("UPDATE_IN_PROGRESS"), topic("UPDATE_COMPLETE")),
            stack_event("UPDATE_ROLLBACK_COMPLETE"),
        )
    )
    items = [(item.reason, item.result, item.elapsed_s) for item in summary.resources]
    assert items == [(None, "succeeded", 0), ("rollback", "succeeded", 1)]
    assert summary.outcome == "failed"


def test_a_nested_stack_is_a_resource_like_others() -> None:
    """Its status is not that of the stack."""
    nested = stack_event("CREATE_COMPLETE", "Network", PhysicalResourceId="arn:nested")
    summary = summarize_result(stack_events(stack_event("CREATE_IN_PROGRESS"), nested))
    assert (summary.outcome, [item.address for item in summary.resources]) == ("unknown", ["app/Network"])


def test_a_page_without_the_beginning_is_refused() -> None:
    """Half an operation would look like a small one."""
    events = stack_events(topic("UPDATE_COMPLETE"), stack_event("UPDATE_COMPLETE"), NextToken="eyJ")
    with pytest.raises(InputError) as caught:
        summarize_result(events)
    assert caught.value.hint == "leave out --max-items and --no-paginate"
    whole = stack_events(stack_event("UPDATE_IN_PROGRESS"), stack_event("UPDATE_COMPLETE"), NextToken="eyJ")
    assert summarize_result(whole).outcome == "succeeded"


def test_events_by_operation_are_read() -> None:
    """`describe-events` has no names of stacks, and errors of their own."""
    own = {"OperationId": "2", "OperationType": "UPDATE_STACK", "EventType": "STACK_EVENT"}
    listed = [
        stack_event("", OperationStatus="FAILED", ResourceStatus=None, **own),
        topic("UPDATE_FAILED", OperationId="2", EventType="PROVISIONING_ERROR"),
        topic("CREATE_COMPLETE", OperationId="1", EventType="PROGRESS_EVENT"),
    ]
    for event in listed:
        del event["StackName"]
    summary = summarize_result(encoded({"OperationEvents": listed}))
    assert [item.address for item in summary.resources] == ["app/Topic"]
    assert (summary.outcome, summary.errors, summary.counts) == ("failed", 2, ())


def test_a_stack_of_cdk_is_told_by_its_metadata() -> None:
    """CDK deploys through change sets of CloudFormation."""
    metadata = stack_event("CREATE_COMPLETE", "CDKMetadata", "AWS::CDK::Metadata")
    assert summarize_result(stack_events(stack_event("CREATE_IN_PROGRESS"), metadata)).tool == "cdk"
    assert summarize_plan(change_set(change("Add", ResourceType="AWS::CDK::Metadata"))).tool == "cdk"


def test_stacks_name_their_outputs() -> None:
    """`describe-stacks` says how a stack stands, and has the only names of outputs."""
    stack = {
        "StackId": STACK_ID,
        "StackName": "app",
        "StackStatus": "UPDATE_ROLLBACK_COMPLETE",
        "Outputs": [{"OutputKey": "Url", "OutputValue": SENTINEL}, {"OutputKey": "Arn", "OutputValue": SENTINEL}],
        "Parameters": [{"ParameterKey": "Password", "ParameterValue": SENTINEL}],
    }
    summary = summarize_result(encoded({"Stacks": [stack]}))
    assert (summary.outcome, [output.name for output in summary.outputs]) == ("failed", ["Arn", "Url"])
    assert SENTINEL not in json.dumps(summary.to_body())


@pytest.mark.parametrize(
    ("one", "action", "reason"),
    [
        (change("Add"), "create", None),
        (change("Modify", Replacement="False"), "update", None),
        (change("Modify", Replacement="True"), "replace", None),
        (change("Modify", Replacement="Conditional"), "replace", "conditional-replacement"),
        (change("Remove"), "delete", None),
        (change("Remove", PolicyAction="Delete"), "delete", None),
        (change("Remove", PolicyAction="Retain"), "forget", None),
        (change("Import"), "import", None),
        (change("Dynamic"), "update", "dynamic"),
        (change("Invent"), "update", "unrecognised-action"),
    ],
)
def test_a_change_of_a_change_set_has_one_word(one: dict[str, object], action: str, reason: str | None) -> None:
    """What may destroy something is told as if it did."""
    (item,) = summarize_plan(change_set(one)).resources
    assert (item.action, item.reason, item.address) == (action, reason, "app/Topic")


def test_changed_properties_are_named() -> None:
    """Those that force a replacement apart; causes are left out."""
    details = [
        {"Target": {"Attribute": "Properties", "Name": "TopicName", "RequiresRecreation": "Always"}},
        {"Target": {"Attribute": "Properties", "Name": "DisplayName", "AfterValue": SENTINEL}},
        {"Target": {"Attribute": "Tags", "RequiresRecreation": "Never"}, "CausingEntity": SENTINEL},
    ]
    summary = summarize_plan(change_set(change("Modify", Replacement="True", Details=details)))
    assert summary.resources[0].changed == ("DisplayName", "Tags", "TopicName")
    assert summary.resources[0].replace == ("TopicName",)
    assert SENTINEL not in json.dumps(summary.to_body())


@pytest.mark.parametrize(
    ("status", "reason", "errored"),
    [
        ("CREATE_COMPLETE", None, False),
        ("FAILED", "The submitted information didn't contain changes. Submit different information", False),
        ("FAILED", "No updates are to be performed.", False),
        ("FAILED", SENTINEL, True),
    ],
)
def test_a_change_set_without_changes_is_no_error(status: str, reason: str | None, *, errored: bool) -> None:
    """CloudFormation calls it failed."""
    assert summarize_plan(change_set(Status=status, StatusReason=reason)).errored is errored


def test_a_page_of_a_change_set_is_refused() -> None:
    """It would hide the rest."""
    with pytest.raises(InputError, match="expected the whole change set, found a page of it"):
        summarize_plan(change_set(change("Add"), NextToken="eyJ"))


def test_drift_is_a_plan_that_plans_nothing() -> None:
    """Names of properties, never what was expected or found."""
    drifts = [
        {
            "StackId": STACK_ID,
            "LogicalResourceId": "Function",
            "ResourceType": "AWS::Lambda::Function",
            "StackResourceDriftStatus": "MODIFIED",
            "ActualProperties": {"Environment": SENTINEL},
            "PropertyDifferences": [{"PropertyPath": "/Environment/Variables/TOKEN", "ActualValue": SENTINEL}],
        },
        {"StackId": STACK_ID, "LogicalResourceId": "Gone", "StackResourceDriftStatus": "DELETED"},
        {"StackId": STACK_ID, "LogicalResourceId": "Same", "StackResourceDriftStatus": "IN_SYNC"},
    ]
    summary = summarize_plan(encoded({"StackResourceDrifts": drifts}))
    assert [(item.address, item.action, item.changed) for item in summary.drift] == [
        ("app/Gone", "delete", ()),
        ("app/Function", "update", ("Environment",)),
    ]
    assert (summary.counts, summary.resources, summary.complete) == ((), (), True)
    assert SENTINEL not in json.dumps(summary.to_body())
    drifts.append({"StackResourceDriftStatus": "NOT_CHECKED"})
    assert summarize_plan(encoded({"StackResourceDrifts": drifts})).complete is False


def test_no_value_of_an_event_is_in_a_summary() -> None:
    """Physical ids, properties, reasons."""
    data = stack_events(stack_event("CREATE_IN_PROGRESS"), topic("CREATE_FAILED"), stack_event("CREATE_FAILED"))
    assert SENTINEL not in json.dumps(summarize_result(data).to_body())
    assert "123456789012" not in json.dumps(summarize_result(data).to_body())


def test_a_file_without_events_is_refused() -> None:
    """An empty list is no operation."""
    with pytest.raises(InputError, match="expected at least one event of a stack, found none"):
        summarize_result(encoded({"StackEvents": []}))


@pytest.mark.parametrize(
    ("others", "outcome"),
    [
        (["CREATE_COMPLETE"], "succeeded"),
        (["UPDATE_ROLLBACK_COMPLETE"], "partial"),
        (["UPDATE_IN_PROGRESS"], "unknown"),
    ],
)
def test_several_stacks_have_one_outcome(others: list[str], outcome: str) -> None:
    """As of an app of CDK."""
    stacks = [
        {"StackName": f"s{number}", "StackStatus": status} for number, status in enumerate(["CREATE_COMPLETE", *others])
    ]
    assert summarize_result(encoded({"Stacks": stacks})).outcome == outcome


def test_stacks_that_all_failed_failed() -> None:
    """Whichever way."""
    stacks = [
        {"StackName": "a", "StackStatus": "ROLLBACK_COMPLETE"},
        {"StackName": "b", "StackStatus": "DELETE_FAILED"},
    ]
    assert summarize_result(encoded({"Stacks": stacks})).outcome == "partial"
    assert summarize_result(encoded({"Stacks": stacks[:1]})).outcome == "failed"


def test_a_page_of_drifts_is_refused() -> None:
    """It would hide the rest."""
    with pytest.raises(InputError, match="expected all drifts, found a page of them"):
        summarize_plan(encoded({"StackResourceDrifts": [], "NextToken": "eyJ"}))
