"""Results of Argo CD: an application with its status, as `argocd app get -o json` and kubectl print it.

`status.operationState` is the last sync: its phase, times, and what became of each object. An object's message may
quote manifests; all that is read of it is the word that it ends with. Failed syncs stand nowhere but there:
`status.history` has only those that succeeded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import mapping, objects, text
from gitaudit.iac.formats.kubernetes.kubectl import address_of, kind_of
from gitaudit.iac.model import Action, Kind, Outcome, ResourceChange, Result, Summary, tally

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

NAME = "argocd"
KIND: Kind = "result"
EXPECTED = "an Argo CD application with its status"
HINT = "run: argocd app get APP -o json > result.json"

_GROUP = "argoproj.io/"
_PHASES: dict[str, Outcome] = {"Succeeded": "succeeded", "Failed": "failed", "Error": "failed"}
_STATUSES: dict[str, tuple[Action, Result]] = {
    "Synced": ("update", "succeeded"),
    "SyncFailed": ("update", "failed"),
    "Pruned": ("delete", "succeeded"),
    "PruneSkipped": ("no-op", "succeeded"),
}
_ENDINGS: dict[str, Action] = {
    "created": "create",
    "configured": "update",
    "serverside-applied": "update",
    "unchanged": "no-op",
    "replaced": "replace",
    "pruned": "delete",
}
"""What the message of a synced object ends with, as kubectl words it."""


def detect(document: Document) -> bool:
    """Return whether the first object is an application of Argo CD."""
    if not document.head:
        return False
    first = document.head[0]
    named = text(first, "apiVersion").startswith(_GROUP) and text(first, "kind") == "Application"
    # argocd itself leaves out apiVersion and kind.
    return named or ("operationState" in mapping(first, "status") and "source" in mapping(first, "spec"))


def parse(document: Document) -> Summary:
    """Return the summary of the last sync.

    Its `outcome` comes from the phase: `succeeded`, `partial` or `failed`; `unknown` while it runs.

    Raises:
        InputError: no application, several, or one that was never synced.
    """
    if not detect(document) or len(document.head) != 1 or document.cut:
        raise InputError(f"expected {EXPECTED}, found none or several", hint=HINT)
    state = mapping(document.head[0], "status", "operationState")
    if not state:
        raise InputError(
            "expected an application that was synced, found one without an operation",
            hint="sync it first: argocd app sync APP",
        )
    results = objects(mapping(state, "syncResult").get("resources"))
    resources = [_resource(item) for item in results]
    counts = tally(item.action for item in resources if item.result == "succeeded")
    outcome = _PHASES.get(text(state, "phase"), "unknown")
    failed = sum(item.result == "failed" for item in resources)
    if outcome == "failed" and any(action != "no-op" for action, _ in counts):
        outcome = "partial"
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        counts=counts,
        resources=tuple(sorted((item for item in resources if item.action != "no-op"), key=ResourceChange.order)),
        outcome=outcome,
        errors=failed or int(outcome in ("failed", "partial")),
    )


def _resource(item: dict[str, object]) -> ResourceChange:
    """Return what became of one object; a hook is told by its phase, as it has no status."""
    action, result = _STATUSES.get(text(item, "status"), ("update", "started"))
    if text(item, "status") == "Synced":
        action = _ENDINGS.get(text(item, "message").rpartition(" ")[2], action)
    hook = text(item, "hookPhase")
    if text(item, "hookType") and hook:
        result = "succeeded" if hook == "Succeeded" else "failed" if hook in ("Failed", "Error") else "started"
    return ResourceChange(
        address=address_of(text(item, "kind"), text(item, "namespace"), text(item, "name")),
        type=kind_of(text(item, "group"), text(item, "version"), text(item, "kind")),
        action=action,
        reason="hook" if text(item, "hookType") else None,
        result=result,
    )
