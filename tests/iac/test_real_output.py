"""What terraform 1.11.4 wrote for the configurations in `data/`, made by `data/generate.sh`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result
from tests.iac.documents import DATA, SENTINEL

if TYPE_CHECKING:
    from gitaudit.iac.model import Summary

PLANS = {
    "plan_create": {"create": 7},
    "plan_empty": {"no-op": 7},
    "plan_change": {"delete": 2, "replace": 2, "update": 1, "create": 1, "no-op": 2},
    "plan_surgery": {"forget": 1, "update": 2, "import": 2, "move": 2},
    "plan_deposed": {"delete": 1, "replace": 1, "no-op": 1},
}
RESULTS = {
    "apply": ("succeeded", {"create": 7}),
    "apply_failed": ("failed", {}),
    "apply_interrupted": ("canceled", {"delete": 1, "create": 1}),
    "apply_partial": ("partial", {"delete": 3, "replace": 1, "update": 1, "create": 1}),
    "apply_stale": ("failed", {}),
    "apply_surgery": ("succeeded", {"forget": 1, "update": 2, "import": 2, "move": 1}),
    "destroy": ("succeeded", {"delete": 6}),
    "plan_stream": ("unknown", {}),
}


def summary_of(name: str) -> Summary:
    """Return the summary of a file in `data/`."""
    if name in PLANS:
        return summarize_plan((DATA / f"{name}.json").read_bytes())
    return summarize_result((DATA / f"{name}.jsonl").read_bytes())


@pytest.mark.parametrize("name", PLANS)
def test_a_real_plan_is_counted(name: str) -> None:
    """By action; imports and moves that come with a change count besides."""
    summary = summary_of(name)
    assert dict(summary.counts) == PLANS[name]
    assert (summary.tool, summary.tool_version, summary.format_version) == ("terraform", "1.11.4", "1.2")
    assert (summary.errored, summary.complete) == (False, True)


@pytest.mark.parametrize("name", RESULTS)
def test_a_real_result_is_counted(name: str) -> None:
    """By what really happened."""
    summary = summary_of(name)
    assert (summary.outcome, dict(summary.counts)) == RESULTS[name]
    assert (summary.tool, summary.tool_version, summary.format_version) == ("terraform", "1.11.4", "1.2")
    assert summary.unknown_messages == 0


@pytest.mark.parametrize("name", [*PLANS, *RESULTS])
def test_no_planted_value_is_in_a_real_summary(name: str) -> None:
    """Sentinels stand for values of variables, literals, outputs, environments, ids and commands."""
    data = (DATA / f"{name}.json{'' if name in PLANS else 'l'}").read_text()
    summary = summary_of(name)
    assert SENTINEL in data or name in {"apply_stale", "apply_failed", "plan_deposed", "plan_stream", "destroy"}
    assert SENTINEL not in repr(summary)
    assert SENTINEL not in json.dumps(summary.to_body())


def test_a_state_is_no_plan() -> None:
    """`show -json` without a plan file shows the state."""
    with pytest.raises(InputError, match="this looks like a state"):
        summarize_plan((DATA / "state.json").read_bytes())


def test_the_items_of_a_change_say_what_and_why() -> None:
    """All that a reader needs of a plan, in the order of what cannot be undone."""
    items = [item.to_item() for item in summary_of("plan_change").resources]
    builtin = {"type": "terraform_data", "provider": "terraform.io/builtin/terraform"}
    replaced = {"action": "replace", "reason": "replace_because_cannot_update", "replace": ["triggers_replace"]}
    assert items == [
        builtin
        | {
            "address": "terraform_data.before_move[0]",
            "action": "delete",
            "reason": "delete_because_count_index",
        },
        builtin
        | {
            "address": 'terraform_data.each["gone"]',
            "action": "delete",
            "reason": "delete_because_each_key",
        },
        builtin | replaced | {"address": "terraform_data.replaced", "changed": ["id", "triggers_replace"]},
        builtin
        | replaced
        | {"address": "terraform_data.replaced_first_created", "changed": ["id", "triggers_replace"]},
        builtin | {"address": "terraform_data.database", "action": "update", "changed": ["input", "output"]},
        builtin | {"address": 'terraform_data.each["new"]', "action": "create"},
    ]


def test_a_failed_replacement_is_told_from_a_finished_one() -> None:
    """Both were deleted; only one was created again."""
    results = {(item.address, item.action): item.result for item in summary_of("apply_partial").resources}
    assert results["terraform_data.replaced", "replace"] == "failed"
    assert results["terraform_data.replaced_first_created", "replace"] == "succeeded"


def test_a_deposed_object_left_behind_is_planned_away() -> None:
    """After an interruption between the two halves of a replacement."""
    (deposed,) = (item for item in summary_of("plan_deposed").resources if item.deposed)
    assert (deposed.address, deposed.action) == ("terraform_data.first_created", "delete")


def test_outputs_of_a_real_run_have_names_only() -> None:
    """Planned and final messages together."""
    outputs = [(output.name, output.sensitive, output.action) for output in summary_of("apply").outputs]
    assert outputs == [("connection", True, "create"), ("endpoint", False, "create")]
