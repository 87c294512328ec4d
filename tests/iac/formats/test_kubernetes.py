"""Releases of Helm, objects that kubectl applied, applications of Argo CD."""

from __future__ import annotations

import json
import subprocess

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_result
from tests.iac.documents import SENTINEL, encoded
from tests.iac.formats.events import application, synced
from tests.support.tools import require_tool


def release(status: str, **fields: object) -> bytes:
    """Return what `helm status -o json` prints."""
    info = {"status": status, "notes": SENTINEL, "description": f"Upgrade failed: {SENTINEL}"}
    return encoded({"name": "web", "namespace": "prod", "info": info, "config": {"p": SENTINEL}, "version": 3} | fields)


def revision(number: int, status: str = "superseded", **fields: object) -> dict[str, object]:
    """Return an entry of a history."""
    return {"revision": number, "status": status, "chart": "web-1.2.0", "description": SENTINEL} | fields


@pytest.mark.parametrize(
    ("status", "outcome", "counts"),
    [
        ("deployed", "succeeded", {"update": 1}),
        ("superseded", "succeeded", {"update": 1}),
        ("failed", "failed", {}),
        ("uninstalled", "succeeded", {"delete": 1}),
        ("pending-upgrade", "unknown", {}),
        ("uninstalling", "unknown", {}),
        ("something-new", "unknown", {}),
    ],
)
def test_the_status_of_a_release_is_the_outcome(status: str, outcome: str, counts: dict[str, int]) -> None:
    """Notes, values and descriptions are not taken."""
    summary = summarize_result(release(status))
    assert (summary.outcome, dict(summary.counts)) == (outcome, counts)
    assert summary.resources[0].address == "prod/web"
    assert SENTINEL not in json.dumps(summary.to_body())


def test_the_first_revision_is_a_create() -> None:
    """A later one is an update."""
    assert summarize_result(release("deployed", version=1)).counts == (("create", 1),)


def test_the_last_revision_of_a_history_counts() -> None:
    """Wherever it stands; a rollback is told as one."""
    history = [revision(2, "deployed", rollback_revision=1), revision(1)]
    summary = summarize_result(encoded(history))
    assert summary.resources[0].to_item() == {
        "address": "web-1.2.0",
        "type": "helm/release",
        "action": "update",
        "reason": "rollback",
        "result": "succeeded",
    }


def test_two_releases_are_refused() -> None:
    """One of them would be lost."""
    with pytest.raises(InputError, match="expected one release, found 2"):
        summarize_result(release("deployed") + release("deployed"))


def test_objects_of_real_kubectl_are_named() -> None:
    """Several runs written into one file; the data of a secret stays out."""
    kubectl = require_tool("kubectl")
    data = b"".join(
        subprocess.run(
            [kubectl, "create", *words, "--dry-run=client", "-o", "json"], check=True, capture_output=True
        ).stdout
        for words in (
            ["deployment", "web", "--image=nginx", "-n", "prod"],
            ["secret", "generic", "token", f"--from-literal=token={SENTINEL}"],
            ["namespace", "prod"],
        )
    )
    summary = summarize_result(data, format="kubectl")
    assert [(item.address, item.type) for item in summary.resources] == [
        ("Namespace/prod", "v1/Namespace"),
        ("Secret/token", "v1/Secret"),
        ("prod/Deployment/web", "apps/v1/Deployment"),
    ]
    assert {(item.action, item.reason, item.result) for item in summary.resources} == {
        ("update", "applied", "succeeded")
    }
    assert (summary.outcome, dict(summary.counts)) == ("unknown", {"update": 3})
    assert "SENTINEL" not in json.dumps(summary.to_body())


def test_a_list_of_objects_is_opened() -> None:
    """What has no name is counted as not understood."""
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"p": SENTINEL}}
    listed = {"apiVersion": "v1", "kind": "List", "items": [item, {"kind": "Pod"}]}
    summary = summarize_result(encoded(listed))
    assert ([one.address for one in summary.resources], summary.unknown_messages) == (["ConfigMap/a"], 1)
    assert SENTINEL not in json.dumps(summary.to_body())


@pytest.mark.parametrize(
    ("phase", "resources", "outcome", "counts"),
    [
        (
            "Succeeded",
            [
                *(synced("Deployment", "Synced", "configured"), synced("Service", "Synced", "unchanged")),
                *(synced("ConfigMap", "Synced", "created"), synced("Job", "Pruned", "pruned")),
            ],
            "succeeded",
            {"delete": 1, "update": 1, "create": 1, "no-op": 1},
        ),
        (
            "Failed",
            [synced("Deployment", "SyncFailed"), synced("Service", "Synced", "configured")],
            "partial",
            {"update": 1},
        ),
        (
            "Failed",
            [synced("Deployment", "SyncFailed"), synced("Service", "Synced", "unchanged")],
            "failed",
            {"no-op": 1},
        ),
        ("Error", [], "failed", {}),
        ("Running", [synced("Deployment", "Synced")], "unknown", {"update": 1}),
        ("Succeeded", [synced("Job", "", hookType="PreSync", hookPhase="Succeeded")], "succeeded", {"update": 1}),
        ("Failed", [synced("Job", "", hookType="PreSync", hookPhase="Failed")], "failed", {}),
    ],
)
def test_a_sync_is_told_by_its_phase_and_its_objects(
    phase: str, resources: list[dict[str, object]], outcome: str, counts: dict[str, int]
) -> None:
    """Of a message, only the word of kubectl that it ends with is used."""
    summary = summarize_result(application(phase, *resources))
    assert (summary.tool, summary.outcome, dict(summary.counts)) == ("argocd", outcome, counts)
    assert SENTINEL not in json.dumps(summary.to_body())


def test_an_application_as_argocd_prints_it_is_read() -> None:
    """It has neither kind nor version there."""
    document = json.loads(application("Succeeded", synced("Deployment", "Synced", "created")))
    del document["apiVersion"], document["kind"]
    (item,) = summarize_result(encoded(document)).resources
    assert (item.address, item.type, item.action) == ("prod/Deployment/web", "apps/v1/Deployment", "create")


def test_an_application_that_was_never_synced_has_no_result() -> None:
    """And the message says what to do."""
    document = json.loads(application("Succeeded"))
    document["status"] = {"history": []}
    with pytest.raises(InputError) as caught:
        summarize_result(encoded(document))
    assert caught.value.hint == "sync it first: argocd app sync APP"
