"""Previews and event logs of Pulumi."""

from __future__ import annotations

import json

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result
from tests.iac.documents import SENTINEL, encoded, stream
from tests.iac.formats.events import done, event, step, update, urn

DETAILS = {
    "tags.team": {"kind": "update", "inputDiff": True},
    'tags["a.b"]': {"kind": "add"},
    '["odd.name"].x': {"kind": "update"},
    "bucket": {"kind": "update-replace"},
}


def preview(*steps: dict[str, object], **fields: object) -> bytes:
    """Return what `pulumi preview --json` prints."""
    names = {"old": "oldState", "new": "newState"}
    digest = [{names.get(key, key): value for key, value in each.items()} for each in steps]
    return encoded({"config": {"shop:p": SENTINEL}, "steps": digest, "duration": 1, "changeSummary": {}} | fields)


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("same", "no-op"),
        ("create", "create"),
        ("update", "update"),
        ("delete", "delete"),
        ("read", "read"),
        ("refresh", "read"),
        ("import", "import"),
        ("discard", "forget"),
        ("something-new", "update"),
    ],
)
def test_operations_of_both_files_have_one_word(operation: str, action: str) -> None:
    """One that is not known counts as a change, and says so."""
    plan = summarize_plan(preview(step(operation, "a")))
    result = summarize_result(update(*done(operation, "a")))
    assert plan.counts == result.counts == ((action, 1),)
    reasons = {item.reason for item in (*plan.resources, *result.resources)}
    assert reasons <= {"unrecognised-action" if operation == "something-new" else None}


def test_a_replacement_counts_once() -> None:
    """Its halves and the step that only says so are one change, in whichever order they come."""
    operations = ("create-replacement", "replace", "delete-replaced")
    plan = summarize_plan(preview(*(step(one, "a") for one in operations), step("create", "b")))
    result = summarize_result(
        update(*(each for one in operations[::-1] for each in done(one, "a")), *done("create", "b"))
    )
    assert plan.counts == result.counts == (("replace", 1), ("create", 1))
    assert [item.action for item in plan.resources] == [item.action for item in result.resources]


def test_a_resource_that_is_kept_when_it_is_deleted_is_forgotten() -> None:
    """Pulumi no longer manages it, and it stays."""
    kept = step("delete", "a", old={"retainOnDelete": True})
    assert summarize_plan(preview(kept)).counts == (("forget", 1),)


def test_the_item_of_a_change_has_names_only() -> None:
    """URN, type, package of the provider, top-level properties, and how long it took."""
    plan = summarize_plan(preview(step("replace", "a", detailedDiff=DETAILS, replaceReasons=["arn"])))
    assert plan.resources[0].to_item() == {
        "address": urn("a"),
        "type": "aws:s3/bucket:Bucket",
        "provider": "aws",
        "action": "replace",
        "changed": ["arn", "bucket", "odd.name", "tags"],
        "replace": ["arn", "bucket"],
    }
    result = summarize_result(update(*done("update", "a", diffs=["tags"])))
    assert result.resources[0].to_item() == {
        "address": urn("a"),
        "type": "aws:s3/bucket:Bucket",
        "provider": "aws",
        "action": "update",
        "changed": ["tags"],
        "result": "succeeded",
        "elapsed_s": 3,
    }


def test_outputs_of_the_stack_are_named() -> None:
    """Those of other resources are none, and a secret one is marked."""
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": SENTINEL}
    outputs = {"url": SENTINEL, "token": "[secret]", "key": secret}
    stack = step("same", "shop-prod", "pulumi:pulumi:Stack", new={"outputs": outputs})
    for summary in (
        summarize_plan(preview(stack)),
        summarize_result(update(event("resOutputsEvent", metadata=stack), *done("create", "a"))),
    ):
        named = [(output.name, output.sensitive) for output in summary.outputs]
        assert named == [("key", True), ("token", True), ("url", None)]


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (update(*done("create", "a")), "succeeded"),
        (update(*done("create", "a"), result=None), "succeeded"),
        (update(*done("create", "a"), *done("create", "b", end="resOpFailedEvent"), result=None), "partial"),
        (update(*done("create", "b", end="resOpFailedEvent"), result="failed"), "failed"),
        (update(*done("create", "a"), result="failed"), "partial"),
        (update(*done("create", "a"), result="canceled"), "canceled"),
        (update(event("diagnosticEvent", severity="error", message=SENTINEL)), "failed"),
        (update(event("policyEvent", enforcementLevel="mandatory", message=SENTINEL)), "failed"),
        (update(event("errorEvent", error=SENTINEL)), "failed"),
        (stream(*done("create", "a")), "unknown"),
        (stream(*done("create", "a"), event("cancelEvent")), "unknown"),
    ],
)
def test_the_outcome_is_what_happened(data: bytes, outcome: str) -> None:
    """`cancelEvent` ends every log, also a good one; without a summary the log was cut."""
    assert summarize_result(data).outcome == outcome


def test_errors_warnings_and_unknown_events_are_counted() -> None:
    """Their texts are not taken."""
    summary = summarize_result(
        update(
            event("diagnosticEvent", severity="error", message=SENTINEL),
            event("diagnosticEvent", severity="warning", message=SENTINEL),
            event("diagnosticEvent", severity="info#err", message=SENTINEL),
            event("policyEvent", enforcementLevel="advisory", message=SENTINEL),
            event("stdoutEvent", message=SENTINEL),
            event("somethingNewEvent", message=SENTINEL),
            event("resourcePreEvent", metadata={}),
        )
    )
    assert (summary.errors, summary.warnings, summary.unknown_messages) == (1, 2, 2)


def test_half_a_replacement_is_counted_as_its_half() -> None:
    """The old one is gone, the new one never came."""
    events = [*done("delete-replaced", "a"), *done("create-replacement", "a", end="resOpFailedEvent")]
    summary = summarize_result(update(*events, result="failed"))
    assert (summary.counts, summary.outcome) == ((("delete", 1),), "partial")
    assert [(item.action, item.result) for item in summary.resources] == [("replace", "failed")]


def test_the_events_of_a_preview_are_a_plan() -> None:
    """They say themselves that nothing was done."""
    metadata = step("create", "a")
    log = stream(
        event("resourcePreEvent", metadata=metadata, planning=True),
        event("resOutputsEvent", metadata=metadata, planning=True),
        event("summaryEvent", isPreview=True, result="succeeded"),
        event("cancelEvent"),
    )
    assert summarize_plan(log).counts == (("create", 1),)
    with pytest.raises(InputError, match="this looks like the output of pulumi preview --json"):
        summarize_result(log)


def test_the_preview_before_an_update_in_one_stream_does_not_count() -> None:
    """`pulumi up --json` writes both."""
    planned = [event("resourcePreEvent", metadata=step("create", "a"), planning=True)]
    planned.append(event("summaryEvent", isPreview=True, result="succeeded"))
    assert summarize_result(stream(*planned, *done("create", "b"))).outcome == "unknown"
    whole = summarize_result(stream(*planned, *done("create", "b"), event("summaryEvent", result="succeeded")))
    assert (whole.counts, whole.outcome) == ((("create", 1),), "succeeded")


def test_a_preview_with_errors_says_so() -> None:
    """A reader may still want to know what would have happened."""
    diagnostics = [{"severity": "error", "message": SENTINEL}]
    assert summarize_plan(preview(step("create", "a"), diagnostics=diagnostics)).errored is True
    assert summarize_plan(preview(step("create", "a"))).errored is False


def test_a_preview_of_nothing_is_read() -> None:
    """Go leaves out what is empty."""
    assert summarize_plan(encoded({"duration": 1, "changeSummary": {"same": 3}})).counts == ()


@pytest.mark.parametrize(
    "data", [preview(step("create", "a")) * 2, update(*done("create", "a")).replace(b'"urn"', b'"nru"')]
)
def test_two_previews_and_events_without_names_are_no_summary_of_one(data: bytes) -> None:
    """The first is refused, the second counts what it does not understand."""
    if data.startswith(b'{"config"'):
        with pytest.raises(InputError, match="expected one preview, found 2 JSON objects"):
            summarize_plan(data)
    else:
        assert summarize_result(data).unknown_messages == 2


def test_no_value_of_either_file_is_in_a_summary() -> None:
    """Configuration, states, ids, messages."""
    for summary in (
        summarize_plan(preview(step("replace", "a", detailedDiff=DETAILS))),
        summarize_result(update(*done("create", "a"), event("diagnosticEvent", severity="error", message=SENTINEL))),
    ):
        assert SENTINEL not in repr(summary)
        assert SENTINEL not in json.dumps(summary.to_body())


def component(operation: str, name: str) -> dict[str, object]:
    """Return the metadata of a component, which no provider manages."""
    state = {"type": "shop:index:Site", "urn": urn(name, "shop:index:Site")}
    return step(operation, name, "shop:index:Site", provider="", new=state, old=None)


def test_a_component_is_done_as_soon_as_it_began() -> None:
    """The engine has nothing to wait for, and reports an end only where the program registers outputs."""
    begun = event("resourcePreEvent", metadata=component("create", "site"))
    summary = summarize_result(update(begun, *done("create", "a", end="resOpFailedEvent"), result="failed"))
    assert (summary.counts, summary.outcome) == ((("create", 1),), "partial")
    ended = event("resOutputsEvent", metadata=component("create", "site"))
    assert summarize_result(update(begun, ended, ended)).counts == (("create", 1),)


def test_providers_that_the_engine_makes_for_itself_are_no_resources() -> None:
    """It counts them nowhere either; one that the program names is."""
    kind = "pulumi:providers:aws"
    steps = [step("create", "default_6_0_0", kind), step("create", "west", kind)]
    assert [item.address for item in summarize_plan(preview(*steps)).resources] == [urn("west", kind)]
    events = [event(end, metadata=one) for one in steps for end in ("resourcePreEvent", "resOutputsEvent")]
    summary = summarize_result(update(*events))
    assert (summary.counts, summary.unknown_messages) == ((("create", 1),), 0)


def refreshed(name: str, found: str, *, planning: bool = False) -> list[dict[str, object]]:
    """Return the events of a refresh; the second one says what was found."""
    return [
        event("resourcePreEvent", metadata=step("refresh", name), planning=planning),
        event("resOutputsEvent", metadata=step(found, name, diffs=["tags"]), planning=planning),
    ]


def test_a_refresh_changes_the_state_alone() -> None:
    """What is gone is no longer managed, and was not deleted by it."""
    events = [*refreshed("a", "same"), *refreshed("b", "update"), *refreshed("c", "delete")]
    summary = summarize_result(update(*events))
    assert dict(summary.counts) == {"forget": 1, "update": 1, "read": 1}
    assert [(item.address, item.action, item.reason, item.changed) for item in summary.resources] == [
        (urn("c"), "forget", "refresh", ()),
        (urn("b"), "update", "refresh", ("tags",)),
        (urn("a"), "read", None, ()),
    ]


def test_what_a_refresh_would_find_is_drift() -> None:
    """In a preview: nothing of it is planned."""
    events = [
        refreshed(name, found, planning=True) for name, found in (("a", "same"), ("b", "update"), ("c", "delete"))
    ]
    summary = summarize_plan(stream(*(one for pair in events for one in pair)))
    assert (dict(summary.counts), summary.resources) == ({"read": 3}, ())
    assert [(item.address, item.action, item.changed) for item in summary.drift] == [
        (urn("c"), "delete", ()),
        (urn("b"), "update", ("tags",)),
    ]


def test_a_resource_under_an_alias_has_moved() -> None:
    """Its state has the URN that it had."""
    old = {"urn": urn("former"), "custom": True}
    for summary in (
        summarize_plan(preview(step("same", "a", old=old), step("update", "b", old=old))),
        summarize_result(update(*done("same", "a", old=old), *done("update", "b", old=old))),
    ):
        assert dict(summary.counts) == {"update": 1, "move": 2}
        assert {item.previous_address for item in summary.resources} == {urn("former")}


def test_a_replacement_under_an_alias_counts_once() -> None:
    """The old half has the old URN."""
    old = {"urn": urn("former"), "custom": True}
    halves = [("create-replacement", "a", old), ("replace", "a", old), ("delete-replaced", "former", old)]
    plan = summarize_plan(preview(*(step(one, name, old=state) for one, name, state in halves)))
    events = [each for one, name, state in halves for each in done(one, name, old=state)]
    for listed in (events, [*events[4:], *events[:4]]):
        result = summarize_result(update(*listed))
        assert [(item.address, item.action) for item in result.resources] == [(urn("a"), "replace")]
        assert result.count("replace") == 1
    assert [(item.address, item.action) for item in plan.resources] == [(urn("a"), "replace")]


def test_the_old_half_that_another_run_left_is_a_delete() -> None:
    """There is no replacement in this one."""
    assert summarize_plan(preview(step("delete-replaced", "a"))).counts == (("delete", 1),)
    assert summarize_result(update(*done("delete-replaced", "a"))).counts == (("delete", 1),)


def test_a_step_that_is_said_twice_counts_once() -> None:
    """Unless it deletes: several objects may have one URN then."""
    assert summarize_plan(preview(*[step("update", "a")] * 2, *[step("delete", "b")] * 2)).counts == (
        ("delete", 2),
        ("update", 1),
    )
    summary = summarize_result(update(*done("update", "a") * 2, *done("delete", "b") * 2))
    assert summary.counts == (("delete", 2), ("update", 1))


def test_the_type_is_in_the_urn_too() -> None:
    """The last of the chain of its parents."""
    bare = {"op": "create", "urn": "urn:pulumi:a::b::x:y:Z$aws:s3/bucket:Bucket::n"}
    steps = [bare, {"op": "create", "urn": "n"}]
    assert [item.type for item in summarize_plan(encoded({"steps": steps})).resources] == [
        "unknown",
        "aws:s3/bucket:Bucket",
    ]


def test_many_steps_of_one_resource_take_no_longer_than_of_many() -> None:
    """Each would have to be compared with each otherwise, and this would not come to an end here."""
    begun = event("resourcePreEvent", metadata={"op": "create", "urn": urn("a"), "new": {"custom": True}})
    assert len(summarize_result(stream(begun) * 50_000).resources) == 50_000
