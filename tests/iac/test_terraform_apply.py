"""Results of Terraform and OpenTofu, trap by trap."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_result
from tests.iac.documents import (
    SENTINEL,
    done,
    encoded,
    error,
    finished,
    hook,
    message,
    named,
    planned,
    stream,
    version,
)

if TYPE_CHECKING:
    from gitaudit.iac.model import Summary


def listed(summary: Summary) -> list[tuple[str, str, str | None]]:
    """Return address, action and result of every resource."""
    return [(item.address, item.action, item.result) for item in summary.resources]


def test_a_run_that_ended_well_succeeded() -> None:
    """Operations are counted, and the final summary says that nothing failed."""
    summary = summarize_result(stream(version(), planned("a.b", "create"), *done("a.b", "create"), finished(add=1)))
    assert (summary.outcome, summary.counts) == ("succeeded", (("create", 1),))
    assert (summary.tool, summary.tool_version, summary.format_version) == ("terraform", "1.11.4", "1.2")
    assert listed(summary) == [("a.b", "create", "succeeded")]
    assert summary.resources[0].elapsed_s == 1


def test_a_run_without_changes_succeeded() -> None:
    """An apply that had nothing to do ends with its summary, too."""
    summary = summarize_result(stream(version(), finished("plan"), finished()))
    assert (summary.outcome, summary.counts) == ("succeeded", ())


def test_the_summary_of_the_plan_does_not_count() -> None:
    """A failed run has no other one: what it planned is not what it did."""
    summary = summarize_result(
        stream(
            version(), planned("a.b", "create"), finished("plan", add=1), *done("a.b", "create", end="errored"), error()
        )
    )
    assert (summary.outcome, summary.counts, summary.errors) == ("failed", (), 1)
    assert listed(summary) == [("a.b", "create", "failed")]


def test_a_failure_after_a_change_is_partial() -> None:
    """Something was changed before the error."""
    summary = summarize_result(
        stream(version(), *done("a.b", "update"), *done("a.c", "create", end="errored"), error(), error())
    )
    assert (summary.outcome, summary.errors) == ("partial", 2)
    assert summary.counts == (("update", 1),)


def test_a_read_before_an_error_changes_nothing() -> None:
    """Reading a data source is not a change."""
    summary = summarize_result(stream(version(), *done("data.a.b", "read"), error()))
    assert (summary.outcome, summary.counts) == ("failed", (("read", 1),))


def test_an_errored_operation_fails_the_run_without_a_diagnostic() -> None:
    """A stream that was cut before the diagnostics."""
    assert summarize_result(stream(version(), *done("a.b", "create", end="errored"))).outcome == "failed"


def test_errors_outweigh_a_final_summary() -> None:
    """A run that claims both ended badly."""
    assert summarize_result(stream(version(), *done("a.b", "create"), finished(), error())).outcome == "partial"


def test_a_stale_plan_failed() -> None:
    """Two lines: the version and the diagnostic."""
    assert summarize_result(stream(version(), error("Saved plan is stale"))).outcome == "failed"


def test_warnings_are_counted_and_do_not_fail() -> None:
    """A failed check block is a warning, and the tool exits with 0."""
    warning = message("diagnostic", **{"@level": "warn"}, diagnostic={"severity": "warning", "summary": SENTINEL})
    bare = message("diagnostic", **{"@level": "warn"})
    summary = summarize_result(stream(version(), warning, bare, finished()))
    assert (summary.outcome, summary.warnings, summary.errors) == ("succeeded", 2, 0)


@pytest.mark.parametrize(
    "log",
    [
        "\nInterrupt received.\nPlease wait for Terraform to exit or data loss may occur.\n",
        "\nTwo interrupts received. Exiting immediately. Note that data loss may have occurred.\n",
        "Stopping operation...",
        "Apply cancelled",
        "Destroy cancelled",
    ],
)
def test_an_interruption_canceled_the_run(log: str) -> None:
    """The exit code is that of a failure; the log lines tell."""
    interrupted = message("log") | {"@message": log}
    summary = summarize_result(stream(version(), *done("a.b", "create"), interrupted, error()))
    assert summary.outcome == "canceled"
    assert summarize_result(stream(version(), hook("start", "a.b", "create"), interrupted)).outcome == "canceled"


def test_a_halted_execution_was_canceled() -> None:
    """The diagnostic of an interruption, where the log lines are missing."""
    assert summarize_result(stream(version(), error("execution halted"))).outcome == "canceled"


def test_an_interruption_that_came_too_late_changes_nothing() -> None:
    """Everything was done and the summary was written."""
    interrupted = message("log") | {"@message": "Stopping operation..."}
    assert summarize_result(stream(version(), *done("a.b", "create"), interrupted, finished())).outcome == "succeeded"


def test_other_log_lines_mean_nothing() -> None:
    """Only the lines of an interruption are looked for, and only at the beginning of a text."""
    other = message("log") | {"@message": "no Interrupt received"}
    odd = message("log") | {"@message": 1}
    assert summarize_result(stream(version(), other, odd, finished())).outcome == "succeeded"


@pytest.mark.parametrize(
    "messages",
    [
        [planned("a.b", "create"), finished("plan")],
        [planned("a.b", "create")],
        [hook("start", "a.b", "create")],
        done("a.b", "create"),
        [finished(), hook("start", "a.b", "create")],
    ],
)
def test_a_stream_that_just_ends_is_unknown(messages: list[dict[str, object]]) -> None:
    """Only planned, cut while working, cut before the summary, cut in a second run."""
    assert summarize_result(stream(version(), *messages)).outcome == "unknown"


def test_what_was_begun_and_never_ended_is_started() -> None:
    """A killed run leaves resources in an unknown state; they are listed and not counted."""
    summary = summarize_result(stream(version(), hook("start", "a.b", "update")))
    assert listed(summary) == [("a.b", "update", "started")]
    assert (summary.counts, summary.resources[0].elapsed_s) == ((), None)


def test_half_a_line_at_the_end_is_tolerated() -> None:
    """The outcome is what the whole lines say."""
    cut = stream(version(), *done("a.b", "create")) + b'{"@level":"in'
    summary = summarize_result(cut)
    assert (summary.outcome, summary.counts, summary.unknown_messages) == ("unknown", (("create", 1),), 1)
    whole = stream(version(), *done("a.b", "create"), finished()) + b'{"@level":"in'
    assert summarize_result(whole).outcome == "succeeded"


def test_an_unknown_action_is_a_change_that_says_so() -> None:
    """Newer versions may have more words."""
    summary = summarize_result(stream(version(), *done("a.b", "transmute"), finished()))
    assert summary.counts == (("update", 1),)
    assert summary.resources[0].reason == "unrecognised-action"


def test_unknown_messages_are_counted() -> None:
    """A type that is not known, an object that is no message, and a line that is none."""
    data = stream(version(), message("telepathy", thought=SENTINEL), {"type": "version"}, {"a": 1}) + b"noise\n"
    assert summarize_result(data).unknown_messages == 4


@pytest.mark.parametrize("kind", ["refresh_start", "provision_progress", "action_start", "ephemeral_op_errored"])
def test_known_messages_without_interest_are_not_counted(kind: str) -> None:
    """They report what another message settles, or the output of programs."""
    noise = message(kind, hook={"resource": named("a.b"), "output": SENTINEL, "id_value": SENTINEL})
    summary = summarize_result(stream(version(), noise, finished()))
    assert (summary.unknown_messages, summary.resources, summary.outcome) == (0, (), "succeeded")


@pytest.mark.parametrize(
    "broken",
    [
        message("apply_start"),
        message("apply_complete", hook={"resource": {}, "action": "create"}),
        message("apply_errored", hook={"resource": named("a.b")}),
        message("apply_complete", hook={"resource": {"addr": "a.b"}, "action": 1}),
        message("planned_change", change=[]),
        message("planned_change", change={"resource": named("a.b")}),
        message("version", terraform="1.0"),
        message("change_summary", changes=SENTINEL),
        message("outputs", outputs=[]),
        message("diagnostic", diagnostic={"severity": "unheard-of"}),
    ],
)
def test_a_message_that_cannot_be_understood_is_counted(broken: dict[str, object]) -> None:
    """It is not fatal, and not silent."""
    summary = summarize_result(stream(version(), broken, finished()))
    assert (summary.unknown_messages, summary.resources) == (1, ())


def test_a_resource_without_a_type_has_an_unknown_one() -> None:
    """The address is what matters."""
    bare = message("apply_complete", hook={"resource": {"addr": "a.b"}, "action": "create"})
    assert summarize_result(stream(version(), bare)).resources[0].type == "unknown"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, 0),
        (75, 75),
        (1.9, 1),
        (10**9, 10**9),
        (10**9 + 1, None),
        (-1, None),
        (True, None),
        ("1", None),
        (None, None),
    ],
)
def test_elapsed_seconds_are_whole_and_bounded(seconds: object, expected: int | None) -> None:
    """Anything else is left out."""
    assert summarize_result(stream(*done("a.b", "create", seconds=seconds))).resources[0].elapsed_s == expected


def test_elapsed_seconds_without_end_are_left_out() -> None:
    """JSON can write numbers that are no time."""
    data = stream(*done("a.b", "create", seconds=12345)).replace(b"12345", b"1e999")
    assert summarize_result(data).resources[0].elapsed_s is None


@pytest.mark.parametrize(
    ("first", "tool", "found"),
    [
        (version(), "terraform", "1.11.4"),
        (message("version", tofu="1.10.0", ui="1.2"), "opentofu", "1.10.0"),
        (message("version", terraform="0.15.0-dev", ui="0.1.0") | {"@module": "tofu.ui"}, "opentofu", "0.15.0-dev"),
        (message("version", ui="1.0", terraform=SENTINEL + " x"), "terraform", "unrecognised"),
        (message("log") | {"@module": "tofu.ui"}, "opentofu", None),
        (message("log"), "terraform", None),
    ],
)
def test_the_first_line_tells_tool_and_version(first: dict[str, object], tool: str, found: str | None) -> None:
    """By its key or its module; a stream may also begin without one."""
    summary = summarize_result(stream(first, finished()))
    assert (summary.tool, summary.tool_version) == (tool, found)


def test_the_first_of_two_versions_counts() -> None:
    """Streams of two runs in one file."""
    summary = summarize_result(stream(version(), version(terraform="1.12.0", ui="1.3"), finished()))
    assert (summary.tool_version, summary.format_version) == ("1.11.4", "1.2")


@pytest.mark.parametrize("ui", ["2.0", "11.2.3"])
def test_another_major_version_of_the_ui_is_refused(ui: str) -> None:
    """Its messages may mean something else."""
    with pytest.raises(InputError) as caught:
        summarize_result(stream(version(ui=ui)))
    assert caught.value.message == f"expected messages of UI version 0.x or 1.x, found {ui}"


def test_an_array_of_messages_is_read() -> None:
    """The form of published fixtures."""
    summary = summarize_result(encoded([version(), *done("a.b", "create"), finished(), SENTINEL]))
    assert (summary.outcome, summary.counts, summary.unknown_messages) == ("succeeded", (("create", 1),), 1)


def test_outputs_are_names_once_the_run_ended_well() -> None:
    """Those that were to change first, then all there are; no value and no type of them."""
    before = message("outputs", outputs={"gone": {"sensitive": False, "action": "delete"}, "new": {"action": "create"}})
    after = message(
        "outputs",
        outputs={
            "new": {"sensitive": True, "type": SENTINEL, "value": SENTINEL},
            "kept": {"sensitive": False, "value": SENTINEL},
            "odd": SENTINEL,
        },
    )
    summary = summarize_result(stream(version(), before, finished(), after))
    assert [(output.name, output.sensitive, output.action) for output in summary.outputs] == [
        ("gone", False, "delete"),
        ("kept", False, None),
        ("new", True, "create"),
    ]
    assert summarize_result(stream(version(), before, error())).outputs == ()


def test_the_lines_of_the_wrapper_are_counted() -> None:
    """The setup-terraform action writes around the messages."""
    data = b"[command]/terraform-bin apply -json\n" + stream(version(), *done("a.b", "create"), finished())
    summary = summarize_result(data + b"::debug::Terraform exited with code 0.\n::set-output name=exitcode::0\n")
    assert (summary.outcome, summary.unknown_messages) == ("succeeded", 3)


def test_no_text_or_value_gets_into_a_summary() -> None:
    """Every place of a message that holds either, with one in it."""
    secrets = {"id_key": "id", "id_value": SENTINEL, "output": SENTINEL}
    data = stream(
        version(),
        planned("a.b", "update", importing={"id": SENTINEL}, generated_config=SENTINEL),
        hook("start", "a.b", "update", **secrets),
        message("provision_progress", hook={"resource": named("a.b"), **secrets}),
        hook("complete", "a.b", "update", **secrets),
        message("log", state={"secret": SENTINEL}) | {"@message": SENTINEL},
        message("diagnostic", diagnostic={"severity": "error", "summary": SENTINEL, "snippet": {"code": SENTINEL}}),
        message("outputs", outputs={"o": {"value": SENTINEL}}),
        {"@message": SENTINEL, "type": SENTINEL},
    )
    summary = summarize_result(data)
    assert summary.outcome == "partial"
    assert SENTINEL not in repr(summary)
    assert SENTINEL not in json.dumps(summary.to_body())
