"""`gitaudit record-deploy` with files of every tool: what is recorded, and that no value of theirs is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.console import DATA, Console, all_objects
from tests.iac.documents import SENTINEL, encoded
from tests.iac.formats.events import (
    application,
    change,
    change_set,
    done,
    event,
    stack_event,
    stack_events,
    step,
    synced,
    topic,
    update,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.git import GitRepo

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "data": {"token": SENTINEL}}
RELEASE = {"name": "web", "namespace": "prod", "version": 1, "config": {"p": SENTINEL}}
STATE = {"version": 4, "serial": 9, "lineage": "a-b", "outputs": {"url": {"value": SENTINEL}}, "resources": []}
TASK = {"_event": "v2_runner_on_ok", "hosts": {"web1": {"changed": True, "stdout": SENTINEL}}}
FILES: dict[str, tuple[str, bytes, str, dict[str, int]]] = {
    "pulumi events": (
        "--result",
        update(*done("create", "a"), event("diagnosticEvent", severity="error", message=SENTINEL), result="failed"),
        "partial",
        {"create": 1},
    ),
    "pulumi preview": (
        "--plan",
        encoded({"config": {"p": SENTINEL}, "steps": [step("delete", "a")], "changeSummary": {}}),
        "unknown",
        {"delete": 1},
    ),
    "ansible json": ("--result", (DATA / "ansible/failed.json").read_bytes(), "partial", {"update": 9, "no-op": 7}),
    "ansible jsonl": ("--result", (DATA / "ansible/failed.jsonl").read_bytes(), "partial", {"update": 9, "no-op": 7}),
    "ansible runner": ("--result", (DATA / "ansible/runner.jsonl").read_bytes(), "partial", {"update": 9, "no-op": 7}),
    "ansible check": ("--plan", (DATA / "ansible/check.json").read_bytes(), "unknown", {"update": 1, "no-op": 8}),
    "cloudformation events": (
        "--result",
        stack_events(
            stack_event("UPDATE_IN_PROGRESS"), topic("UPDATE_FAILED"), stack_event("UPDATE_ROLLBACK_COMPLETE")
        ),
        "failed",
        {},
    ),
    "cloudformation change set": ("--plan", change_set(change("Remove")), "unknown", {"delete": 1}),
    "cloudformation drift": (
        "--plan",
        encoded(
            {"StackResourceDrifts": [{"StackResourceDriftStatus": "MODIFIED", "ActualProperties": {"a": SENTINEL}}]}
        ),
        "unknown",
        {},
    ),
    "helm": (
        "--result",
        encoded(RELEASE | {"info": {"status": "deployed", "notes": SENTINEL}}),
        "succeeded",
        {"create": 1},
    ),
    "kubectl": ("--result", encoded(SECRET), "unknown", {"update": 1}),
    "argocd": ("--result", application("Succeeded", synced("Job", "Synced", "created")), "succeeded", {"create": 1}),
    "state": ("--state", encoded(STATE), "unknown", {}),
}
"""A file of each kind, the option that takes it, and what it says."""


def body(console: Console, index: int) -> dict[str, Any]:
    """Return the body of a record."""
    found: dict[str, Any] = console.record(index)["body"]
    return found


@pytest.mark.slow
def test_every_tool_end_to_end(audited: Console, git_repo: GitRepo, git_remote: GitRepo, tmp_path: Path) -> None:
    """Outcome and counts are recorded, no value is in any object here or on the remote, and the log is good."""
    for number, (name, (option, data, outcome, counts)) in enumerate(FILES.items()):
        path = tmp_path / f"{number}.json"
        path.write_bytes(data)
        assert SENTINEL.encode() in data, name
        stated = [] if option == "--result" else ["--outcome", outcome]

        ran = audited.run("record-deploy", "--env", "prod", option, str(path), *stated)

        assert ran.code == 0, (name, ran)
        found = body(audited, 2 + number)
        assert found["outcome"] == outcome, name
        part = found["state"]["after"] if option == "--state" else found[option.removeprefix("--")]
        assert part["counts"] == counts, name
        assert ("counts" in found) == (option == "--result"), name
    for repo in (git_repo, git_remote):
        content = all_objects(repo.path)
        assert b"deploy.finished" in content
        assert SENTINEL.encode() not in content
    assert audited.run("verify").code == 0


def test_the_exit_code_tells_what_the_file_does_not(audited: Console, tmp_path: Path) -> None:
    """Objects of Kubernetes say nothing of those that could not be applied."""
    path = tmp_path / "objects.json"
    path.write_bytes(encoded(SECRET))
    audited.ok("record-deploy", "--env", "prod", "--result", str(path), "--exit-code", "0")
    assert (body(audited, 2)["outcome"], body(audited, 2)["outcome_source"]) == ("succeeded", "exit-code")


def test_a_named_format_is_held_to(audited: Console, tmp_path: Path) -> None:
    """A file of another tool is refused, with what to do."""
    path = tmp_path / "events.json"
    path.write_bytes(update(*done("create", "a")))
    ran = audited.run("record-deploy", "--env", "prod", "--format", "ansible", "--result", str(path))
    assert ran.code == 2
    assert "this looks like the event log of pulumi up, expected the output of an Ansible playbook" in ran.err
    assert "give it with --format pulumi" in ran.err


@pytest.mark.parametrize("option", ["--plan", "--result", "--state"])
def test_half_a_file_is_refused(audited: Console, tmp_path: Path, option: str) -> None:
    """Exit code 2 and nothing recorded."""
    path = tmp_path / "half.json"
    path.write_bytes(json.dumps(STATE).encode()[:-9])
    head = audited.head()
    ran = audited.run("record-deploy", "--env", "prod", option, str(path), "--outcome", "failed")
    assert (ran.code, ran.out, audited.head()) == (2, "", head)
    assert SENTINEL not in ran.err
