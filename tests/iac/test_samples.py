"""Files of public projects, against counts that are made here in a few lines.

They are looked for in `../shared/samples` and are not part of the project; without them these tests are skipped.
"""

from __future__ import annotations

import codecs
import json
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result, summarize_state
from gitaudit.log.canonical import encode
from tests.iac.documents import SAMPLES, SENTINEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gitaudit.iac.model import Summary

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
OTHERS = files("github/*.json", "cloudformation/*", "terragrunt/*")
OTHERS += [path for path in PLANS if path.name in NO_PLANS] + [path for path in RESULTS if path.name in NO_RESULTS]
STATES = files("tfplan/tfjson_110_sensitive_state.json")
PULUMI = files("pulumi/*.json")
HELM = files("helm/*.json")
SNAPSHOTS = files("cloudformation/*.snapshot.json")
EXAMPLES = files("cloudformation/*.rst")


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


@pytest.mark.parametrize("path", STATES, ids=name)
def test_a_state_is_read_for_names(path: Path) -> None:
    """Every resource of every module."""
    values = json.loads(path.read_bytes())["values"]
    modules, addresses = [values["root_module"]], []
    while modules:
        module = modules.pop()
        modules += module.get("child_modules", [])
        addresses += [resource["address"] for resource in module.get("resources", [])]
    summary = summarize_state(path.read_bytes())
    assert sorted(item.address for item in summary.resources) == sorted(addresses)
    assert {output.name for output in summary.outputs} == set(values.get("outputs", {}))


@pytest.mark.parametrize("path", PULUMI, ids=name)
def test_the_counts_of_a_pulumi_log_are_those_of_its_own_summary(path: Path) -> None:
    """The engine counts too."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    expected = next(event["summaryEvent"]["resourceChanges"] for event in events if "summaryEvent" in event)
    summary = summarize_result(path.read_bytes())
    assert {{"no-op": "same"}.get(action, action): number for action, number in summary.counts} == expected
    assert (summary.outcome, summary.unknown_messages) == ("succeeded", 0)


def test_the_counts_of_ansible_are_those_of_its_own_totals() -> None:
    """Of the one run that there is."""
    (path,) = files("generated/ansible*")
    stats = json.loads(path.read_text().splitlines()[-1])["stats"]["localhost"]
    summary = summarize_result(path.read_bytes())
    assert summary.count("update") == stats["changed"]
    assert summary.count("no-op") == stats["ok"] - stats["changed"] + stats["skipped"]
    assert (summary.outcome, summary.errors) == ("partial", stats["failures"])
    assert SENTINEL not in encode(summary.to_body()).decode()


@pytest.mark.parametrize("path", HELM, ids=name)
def test_a_release_of_helm_is_deployed(path: Path) -> None:
    """All of them are; their last revision says what was done."""
    summary = summarize_result(path.read_bytes())
    text = path.read_text()
    action = "create" if '"revision":1,' in text and '"revision":2' not in text else "update"
    assert (summary.tool, summary.outcome, dict(summary.counts)) == ("helm", "succeeded", {action: 1})


def parts(value: Any, key: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Yield every object of a JSON value that has a key."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(inner, key)
    if isinstance(value, dict) and key in value:
        yield value


def recorded(key: str) -> list[Any]:
    """Return every answer of AWS in the samples that has a key."""
    answers = [json.loads(path.read_bytes()) for path in SNAPSHOTS]
    answers += [json.loads(text[text.index("{\n") :]) for text in (dedent_of(path) for path in EXAMPLES)]
    return [part for answer in answers for part in parts(answer, key)]


def dedent_of(path: Path) -> str:
    """Return an example of the manual from its output on, without the indent."""
    return textwrap.dedent("\n".join(line for line in path.read_text().splitlines() if line.startswith("    ")))


def test_the_counts_of_change_sets_are_right() -> None:
    """By action, replacements apart."""
    found = recorded("Changes")
    assert len(found) > 10
    for change_set in found:
        expected: Counter[str] = Counter()
        for change in change_set["Changes"]:
            resource = change["ResourceChange"]
            replaces = resource.get("Replacement") in ("True", "Conditional")
            names = {"Add": "create", "Modify": "replace" if replaces else "update", "Remove": "delete"}
            expected[names[resource["Action"]]] += 1
        summary = summarize_plan(json.dumps(change_set).encode())
        assert dict(summary.counts) == expected
        assert "NewSecretValue" not in encode(summary.to_body()).decode()


def test_the_events_of_stacks_are_right() -> None:
    """The last operation of each, counted by hand."""
    found = {
        (summary.outcome, summary.counts)
        for events in recorded("StackEvents")
        if not events.get("NextToken")
        for summary in [summarize_result(json.dumps(events).encode())]
    }
    assert found == {("succeeded", (("create", 1),)), ("succeeded", (("forget", 1),))}
    (page,) = [events for events in recorded("StackEvents") if events.get("NextToken")]
    with pytest.raises(InputError, match="found a page without its beginning"):
        summarize_result(json.dumps(page).encode())


def test_the_drift_of_a_function_is_right() -> None:
    """Each top-level property that differs, once."""
    (answer,) = recorded("StackResourceDrift")
    (item,) = summarize_plan(json.dumps(answer).encode()).drift
    differing = {each["PropertyPath"].split("/")[1] for each in answer["StackResourceDrift"]["PropertyDifferences"]}
    assert (item.action, set(item.changed)) == ("update", differing)


@pytest.mark.parametrize("summarize", [summarize_plan, summarize_result, summarize_state])
@pytest.mark.parametrize("path", files("*/*"), ids=name)
def test_every_sample_is_a_summary_or_an_error_of_input(path: Path, summarize: Callable[[bytes], Summary]) -> None:
    """Whatever it is given as: never a bug, and a record that fits."""
    try:
        shown = encode(summarize(path.read_bytes()).to_body())
    except InputError:
        return
    assert len(shown) < 24 * 1024


def test_there_are_samples_of_every_kind() -> None:
    """The folder is not empty, so the tests above test something."""
    assert len(PLANS) > 10
    assert len(RESULTS) >= 10
    assert {path.name for path in RESULTS} == OUTCOMES.keys() | NO_RESULTS
