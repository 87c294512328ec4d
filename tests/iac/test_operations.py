"""What became of each resource: halves of replacements, and changes of the state alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.iac import summarize_result
from tests.iac.documents import SENTINEL, done, error, finished, hook, named, planned, stream, version

if TYPE_CHECKING:
    from gitaudit.iac.model import Summary


def listed(summary: Summary) -> list[tuple[str, str, str | None]]:
    """Return address, action and result of every resource."""
    return [(item.address, item.action, item.result) for item in summary.resources]


@pytest.mark.parametrize("order", [("delete", "create"), ("create", "delete")])
@pytest.mark.parametrize("plans", [[planned("a.b", "replace", reason="tainted")], []])
def test_both_halves_of_a_replacement_count_once(order: tuple[str, str], plans: list[dict[str, object]]) -> None:
    """In either order, with a planned change that says so or without any; times add up."""
    halves = [item for action in order for item in done("a.b", action, seconds=2)]
    summary = summarize_result(stream(version(), *plans, *halves, finished(add=1, remove=1)))
    assert summary.counts == (("replace", 1),)
    assert listed(summary) == [("a.b", "replace", "succeeded")]
    assert summary.resources[0].elapsed_s == 4
    assert summary.resources[0].reason == ("tainted" if plans else None)


def test_half_a_replacement_counts_as_what_happened() -> None:
    """The old resource is gone and the new one was not made."""
    summary = summarize_result(
        stream(
            version(), planned("a.b", "replace"), *done("a.b", "delete"), *done("a.b", "create", end="errored"), error()
        )
    )
    assert (summary.outcome, summary.counts) == ("partial", (("delete", 1),))
    assert listed(summary) == [("a.b", "replace", "failed")]


def test_a_replacement_that_was_cut_in_the_middle_is_started() -> None:
    """One half done, the other never begun."""
    summary = summarize_result(stream(version(), planned("a.b", "replace"), *done("a.b", "create")))
    assert summary.counts == (("create", 1),)
    assert listed(summary) == [("a.b", "replace", "started")]


def test_a_replacement_that_forgets_the_old_resource_has_one_half() -> None:
    """The run ended well, so nothing is missing."""
    summary = summarize_result(stream(version(), planned("a.b", "replace"), *done("a.b", "create"), finished()))
    assert summary.counts == (("replace", 1),)
    assert listed(summary) == [("a.b", "replace", "succeeded")]


def test_a_deposed_object_deleted_besides_is_no_replacement() -> None:
    """The plan names a delete and another change of the same address apart."""
    summary = summarize_result(
        stream(
            version(),
            planned("a.b", "delete"),
            planned("a.b", "create"),
            *done("a.b", "delete"),
            *done("a.b", "create"),
            finished(),
        )
    )
    assert dict(summary.counts) == {"delete": 1, "create": 1}


def test_two_deletes_and_a_create_are_a_replacement_and_a_delete() -> None:
    """A replaced resource that also had a deposed object."""
    summary = summarize_result(
        stream(
            version(),
            planned("a.b", "replace"),
            *done("a.b", "delete"),
            *done("a.b", "create"),
            *done("a.b", "delete"),
            finished(),
        )
    )
    assert dict(summary.counts) == {"replace": 1, "delete": 1}


def test_a_replacement_in_one_operation_is_one() -> None:
    """A tool that reports no halves."""
    summary = summarize_result(stream(version(), planned("a.b", "replace"), *done("a.b", "replace")))
    assert summary.counts == (("replace", 1),)
    assert listed(summary) == [("a.b", "replace", "succeeded")]


def test_operations_that_overlap_keep_their_ends() -> None:
    """Two operations of one kind on one address end in the order in which they began."""
    first, second = (hook("start", "a.b", "delete") for _ in range(2))
    ends = [hook("complete", "a.b", "delete", elapsed_seconds=1), hook("errored", "a.b", "delete", elapsed_seconds=2)]
    summary = summarize_result(stream(version(), first, second, *ends))
    assert [(item.result, item.elapsed_s) for item in summary.resources] == [("succeeded", 1), ("failed", 2)]


def test_an_end_without_a_start_counts() -> None:
    """The beginning of the stream may be missing."""
    summary = summarize_result(stream(hook("complete", "a.b", "create"), hook("errored", "a.c", "create")))
    assert listed(summary) == [("a.b", "create", "succeeded"), ("a.c", "create", "failed")]


def test_remove_is_destroyed_in_summaries_and_forgotten_in_changes() -> None:
    """The tool uses one word for two things."""
    summary = summarize_result(
        stream(
            version(),
            planned("a.b", "remove", reason="delete_because_no_resource_config"),
            *done("a.c", "delete"),
            finished(remove=1),
        )
    )
    assert dict(summary.counts) == {"delete": 1, "forget": 1}
    assert listed(summary) == [("a.c", "delete", "succeeded"), ("a.b", "forget", "succeeded")]


def test_what_changes_only_the_state_happened_when_the_run_ended_well() -> None:
    """No operation is reported for a forget, an import or a move."""
    plans = [
        planned("a.forgotten", "forget"),
        planned("a.imported", "import", importing={"id": SENTINEL}),
        planned("a.moved", "move", previous_resource=named("a.old")),
        planned("a.same", "noop"),
    ]
    summary = summarize_result(stream(version(), *plans, finished("plan"), finished("apply")))
    assert dict(summary.counts) == {"forget": 1, "import": 1, "move": 1}
    assert [item.previous_address for item in summary.resources] == [None, None, "a.old"]
    failed = summarize_result(stream(version(), *plans, error()))
    assert (failed.counts, failed.resources) == ((), ())


def test_an_operation_reported_for_a_forget_counts_once() -> None:
    """A tool that does report it."""
    summary = summarize_result(stream(version(), planned("a.b", "remove"), *done("a.b", "remove"), finished(forget=1)))
    assert summary.counts == (("forget", 1),)


def test_an_import_or_a_move_counts_beside_its_change() -> None:
    """Once the change was made."""
    plans = [planned("a.b", "update", importing={"id": SENTINEL}, previous_resource=named("a.old"))]
    summary = summarize_result(stream(version(), *plans, *done("a.b", "update"), finished()))
    assert dict(summary.counts) == {"update": 1, "import": 1, "move": 1}
    assert summary.resources[0].previous_address == "a.old"
    failed = summarize_result(stream(version(), *plans, *done("a.b", "update", end="errored")))
    assert failed.counts == ()


def test_imports_of_a_saved_plan_are_counted_by_the_summary() -> None:
    """Applying a saved plan says nothing of what is only imported, but for the number at the end."""
    summary = summarize_result(stream(version(), finished("apply", **{"import": 2, "forget": 1})))
    assert dict(summary.counts) == {"import": 2, "forget": 1}


@pytest.mark.parametrize("number", [True, -1, "1", None])
def test_a_number_of_imports_that_is_none_is_zero(number: object) -> None:
    """Nothing is counted that is not a positive integer."""
    assert summarize_result(stream(version(), finished("apply", **{"import": number}))).counts == ()


def test_a_destroy_ends_with_a_summary_of_its_own() -> None:
    """Its operation is `destroy`."""
    summary = summarize_result(stream(version(), *done("a.b", "delete"), finished("destroy", remove=1)))
    assert (summary.outcome, summary.counts) == ("succeeded", (("delete", 1),))
