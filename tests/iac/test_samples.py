"""Files of public projects, against counts that are made here in a few lines.

They lie beside the checkout where the project is built, and are not part of it.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result
from gitaudit.log.canonical import encode
from tests.iac.documents import SAMPLES, SENTINEL

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples beside the checkout")

NO_PLANS = {"tfjson_invalid.json", "tfjson_110_sensitive_state.json"}
NO_RESULTS = {"human_apply.log"}
OUTCOMES = {
    "tf1.11.4_apply.jsonl": "succeeded",
    "tf1.11.4_apply_fail.jsonl": "partial",
    "tf1.11.4_plan.jsonl": "unknown",
    "tf1.11.4_plan2.jsonl": "unknown",
    "cloud_apply.log": "succeeded",
    "cloud_apply_outputs_secret.log": "succeeded",
    "cloud_apply_provisioner.log": "succeeded",
    "cloud_plan_full.log": "unknown",
    "equiv_moved_with_drift_apply.json": "succeeded",
    "tofu_apply.jsonlog": "succeeded",
}


def files(*patterns: str) -> list[Path]:
    """Return the sample files of these patterns."""
    return sorted(path for pattern in patterns for path in SAMPLES.glob(pattern))


PLANS = files("tfplan/*.json", "generated/plan*.json")
RESULTS = files("tfapply/*", "generated/tf*.jsonl")
OTHERS = files(
    "pulumi/*.json", "helm/*.json", "github/*.json", "cloudformation/*", "terragrunt/*", "generated/ansible*"
)
OTHERS += [path for path in PLANS if path.name in NO_PLANS] + [path for path in RESULTS if path.name in NO_RESULTS]


def name(path: Path) -> str:
    """Return the name that a test has for a file."""
    return path.name


def plan_of(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return the JSON of a plan file, whatever surrounds it."""
    data = path.read_bytes()
    text = data.decode("utf-16" if data.startswith(codecs.BOM_UTF16_LE) else "utf-8-sig")
    return json.loads(next(line for line in text.splitlines() if line[:1] == "{") if text[0] != "{" else text)


@pytest.mark.parametrize("path", [path for path in PLANS if path.name not in NO_PLANS], ids=name)
def test_the_counts_of_a_plan_are_right(path: Path) -> None:
    """Every resource change, by its list of actions."""
    document = plan_of(path)
    expected: Counter[str] = Counter()
    listed: Counter[str] = Counter()
    for change in document.get("resource_changes", []):
        actions = sorted(change["change"]["actions"])
        action = "replace" if len(actions) == 2 else actions[0]
        moved = "previous_address" in change
        expected += Counter(["move"] * moved + [action] * (not (moved and action == "no-op")))
        listed += Counter([change["address"]] * (moved or action != "no-op"))
    summary = summarize_plan(path.read_bytes())
    assert dict(summary.counts) == expected
    assert Counter(item.address for item in summary.resources) == listed
    assert Counter(item.address for item in summary.drift) == Counter(
        item["address"] for item in document.get("resource_drift", [])
    )
    assert {output.name for output in summary.outputs} == set(document.get("output_changes", {}))
    assert summary.format_version == document["format_version"]


@pytest.mark.parametrize("path", [path for path in PLANS if path.name not in NO_PLANS], ids=name)
def test_changed_attributes_are_those_that_differ(path: Path) -> None:
    """For every resource that is there before and after."""
    expected = {}
    for change in plan_of(path).get("resource_changes", []):
        parts = change["change"]
        before, after, unknown = parts["before"], parts["after"], parts.get("after_unknown", {})
        if before and after and sorted(parts["actions"]) in (["update"], ["create", "delete"]):
            names = {key for key in {*before, *after} if json.dumps(before.get(key)) != json.dumps(after.get(key))}
            expected[change["address"]] = sorted(names | {key for key in unknown if "true" in json.dumps(unknown[key])})
    found = {item.address: list(item.changed) for item in summarize_plan(path.read_bytes()).resources if item.changed}
    assert found == {address: names for address, names in expected.items() if names}


@pytest.mark.parametrize("path", [path for path in RESULTS if path.name not in NO_RESULTS], ids=name)
def test_the_counts_of_a_result_are_right(path: Path) -> None:
    """Every completed operation; as many replacements as an address was both deleted and created."""
    text = path.read_text()
    messages = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    ended = Counter(
        (item["hook"]["resource"]["addr"], item["hook"]["action"])
        for item in messages
        if item["type"] == "apply_complete"
    )
    expected: Counter[str] = Counter()
    for (address, action), number in ended.items():
        both = min(ended[address, "delete"], ended[address, "create"]) if action in ("delete", "create") else 0
        expected += Counter({action: number - both, "replace": both if action == "create" else 0})
    expected += Counter(
        "move" for item in messages if item["type"] == "planned_change" and "previous_resource" in item["change"]
    )
    summary = summarize_result(path.read_bytes())
    assert dict(summary.counts) == expected
    assert summary.outcome == OUTCOMES[path.name]
    assert summary.errors == sum(item["type"] == "diagnostic" and item["@level"] == "error" for item in messages)
    assert summary.unknown_messages == 0


@pytest.mark.parametrize("path", OTHERS, ids=name)
def test_what_is_no_plan_and_no_result_is_refused(path: Path) -> None:
    """As an error of input, with something to do about it."""
    for summarize in (summarize_plan, summarize_result):
        with pytest.raises(InputError) as caught:
            summarize(path.read_bytes())
        assert caught.value.exit_code == 2
        assert caught.value.hint


@pytest.mark.parametrize("path", [*PLANS, *RESULTS], ids=name)
def test_the_planted_secrets_stay_out(path: Path) -> None:
    """Generated files have sentinels, a public one has a secret; no record is larger than its bounds."""
    if path in OTHERS:
        return
    summarize = summarize_plan if path in PLANS else summarize_result
    body = summarize(path.read_bytes()).to_body()
    shown = encode(body).decode()
    assert SENTINEL not in shown
    assert "my-secret" not in shown
    assert len(shown) < 24 * 1024


def test_there_are_samples_of_every_kind() -> None:
    """The folder is not empty, so the tests above test something."""
    assert len(PLANS) > 10
    assert len(RESULTS) >= 10
    assert {path.name for path in RESULTS} == OUTCOMES.keys() | NO_RESULTS
