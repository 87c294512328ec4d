"""What ansible-core 2.19 and ansible-runner 2.4 wrote for the playbook in `data/ansible`, made by its `generate.sh`."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result
from tests.iac.documents import DATA, SENTINEL, encoded, stream

FOLDER = DATA / "ansible"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".jsonl"))
ALL = ("one:roles/web/handlers/main.yml:1", "one:roles/web/tasks/main.yml:1", "one:site.yml:16", "one:site.yml:9")
OUTCOMES = {
    "check.json": "succeeded",
    "failed.json": "partial",
    "failed.jsonl": "partial",
    "free.jsonl": "succeeded",
    "runner.jsonl": "partial",
    "succeeded.json": "succeeded",
    "succeeded.jsonl": "succeeded",
}


def stats_of(text: str) -> Counter[str]:
    """Return the sums of the totals in a file, whatever its shape."""
    start = text.index("{\n") if "{\n" in text else 0
    try:
        stats = json.loads(text[start:])["stats"]
    except json.JSONDecodeError:
        last: dict[str, Any] = json.loads([line for line in text.splitlines() if "on_stats" in line][-1])
        if "stats" not in last:
            data = last["event_data"]
            names = {"dark": "unreachable"}
            return Counter(
                {names.get(key, key): sum(data[key].values()) for key in data if isinstance(data[key], dict)}
            )
        stats = last["stats"]
    found: Counter[str] = Counter()
    for host in stats.values():
        found.update(host)
    return found


@pytest.mark.parametrize("name", FILES)
def test_the_counts_are_those_of_the_tool(name: str) -> None:
    """Its own totals, added up here in another way."""
    stats = stats_of((FOLDER / name).read_text())
    summary = summarize_result((FOLDER / name).read_bytes())
    assert (summary.count("update"), summary.count("no-op")) == (
        stats["changed"],
        stats["ok"] - stats["changed"] + stats["skipped"],
    )
    assert summary.errors == stats["failures"] + stats["unreachable"]
    assert summary.outcome == OUTCOMES[name]
    assert summary.tool == "ansible"


@pytest.mark.parametrize("name", FILES)
def test_no_planted_value_is_in_a_summary(name: str) -> None:
    """Names of plays and tasks are among the places that Ansible fills with variables."""
    data = (FOLDER / name).read_bytes()
    assert SENTINEL.encode() in data
    for summary in (summarize_plan(data), summarize_result(data)):
        assert SENTINEL not in repr(summary)
        assert SENTINEL not in json.dumps(summary.to_body())


@pytest.mark.parametrize("name", ["failed.json", "failed.jsonl"])
def test_a_task_is_told_by_its_place(name: str) -> None:
    """Host, file and line; the module as its type."""
    summary = summarize_result((FOLDER / name).read_bytes())
    good = [item.address for item in summary.resources if item.result == "succeeded" and item.address.startswith("one")]
    assert tuple(good) == ALL
    unreachable = next(item for item in summary.resources if item.address.startswith("gone"))
    assert unreachable.to_item() == {
        "address": "gone:roles/web/tasks/main.yml:1",
        "type": "ansible.builtin.copy",
        "action": "update",
        "reason": "unreachable",
        "result": "failed",
        "elapsed_s": unreachable.elapsed_s,
    }


def test_the_callbacks_tell_the_same() -> None:
    """The one at the end and the one that streams."""
    one, other = (summarize_result((FOLDER / f"succeeded.{end}").read_bytes()) for end in ("json", "jsonl"))
    assert one.counts == other.counts
    assert [item.address for item in one.resources] == [item.address for item in other.resources]


def test_what_the_playbook_ignores_or_rescues_is_no_failure_of_the_run() -> None:
    """The tasks failed all the same."""
    summary = summarize_result((FOLDER / "succeeded.jsonl").read_bytes())
    assert {item.address for item in summary.resources if item.result == "failed"} == {
        f"{host}:site.yml:{line}" for host in ("one", "two") for line in (22, 27)
    }
    assert (summary.outcome, summary.errors) == ("succeeded", 0)


def test_a_check_is_a_plan() -> None:
    """What would change, without results."""
    plan = summarize_plan((FOLDER / "check.json").read_bytes())
    assert [item.to_item() for item in plan.resources] == [
        {"address": "one:roles/web/tasks/main.yml:1", "type": "ansible.builtin.copy", "action": "update"}
    ]
    assert (plan.kind, plan.errored) == ("plan", False)
    assert summarize_plan((FOLDER / "failed.json").read_bytes()).errored is True


def test_a_run_that_was_killed_is_unknown() -> None:
    """The stream keeps what happened up to then; without totals it says nothing of the end."""
    lines = (FOLDER / "failed.jsonl").read_bytes().splitlines(keepends=True)
    summary = summarize_result(b"".join(lines[:-1]) + b'{"_event":"v2_playbook_on_st')
    assert (summary.outcome, summary.unknown_messages) == ("unknown", 1)
    assert summary.count("update") > 0


def test_job_events_put_together_without_line_feeds_are_read() -> None:
    """They are a file each, and `cat` puts nothing between them."""
    data = (FOLDER / "runner.jsonl").read_bytes()
    assert summarize_result(data.replace(b"\n", b"")).counts == summarize_result(data).counts


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/srv/play.yml:3", "play.yml:3"),
        ("/srv/tasks/a.yml:3", "tasks/a.yml:3"),
        ("/home/alice/.ansible/roles/web/tasks/main.yml:1", "roles/web/tasks/main.yml:1"),
        (
            "/usr/share/ansible_collections/a/b/roles/c/tasks/main.yml:1",
            "ansible_collections/a/b/roles/c/tasks/main.yml:1",
        ),
        ("/home/alice/other.yml:9", "other.yml:9"),
        ("", "task"),
    ],
)
def test_folders_of_whoever_ran_it_are_left_out(path: str, shown: str) -> None:
    """A home directory names a person."""
    task = {"path": path, "name": SENTINEL}
    result = {"action": f"{{{{ {SENTINEL} }}}}", "changed": True}
    data = stream(
        {"_event": "v2_playbook_on_play_start", "play": {"path": "/srv/play.yml:1"}},
        {"_event": "v2_runner_on_ok", "hosts": {"h": result}, "task": task},
    )
    (item,) = summarize_result(data).resources
    assert (item.address, item.type) == (f"h:{shown}", "unknown")


def test_an_object_of_another_kind_is_no_event() -> None:
    """Neither an empty report nor one without totals."""
    documents: list[dict[str, object]] = [{"plays": []}, {"_event": 1}, {"event": "x", "event_data": {}}]
    for document in documents:
        with pytest.raises(InputError, match="JSON of another kind"):
            summarize_result(encoded(document))
