"""Results of Helm: the output of `helm history -o json`, `helm status -o json` and `helm get metadata -o json`.

The resource is the release: Helm does not say what it did to each object of the cluster. Its status tells the outcome.
What stands in these files and never in a summary: notes, descriptions, values, manifests, labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import count, mapping, text
from gitaudit.iac.model import Action, Kind, Outcome, ResourceChange, Result, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, visible

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

NAME = "helm"
KIND: Kind = "result"
EXPECTED = "the output of helm status -o json"
HINT = "run: helm status RELEASE -o json > result.json"

RELEASE = "helm/release"

_OUTCOMES: dict[str, Outcome] = {
    "deployed": "succeeded",
    "superseded": "succeeded",
    "uninstalled": "succeeded",
    "failed": "failed",
}
_GONE = frozenset({"uninstalled", "uninstalling"})


def detect(document: Document) -> bool:
    """Return whether the first object is a revision of a history, or tells the status of a release."""
    return bool(document.head) and bool(_status(document.head[0]))


def parse(document: Document) -> Summary:
    """Return the summary of a release's last revision.

    The first revision is a create, a later one an update, one of a release that is gone a delete.

    Raises:
        InputError: no release, or several.
    """
    if not detect(document) or document.other:
        raise InputError(f"expected {EXPECTED}, found none or more than that", hint=HINT)
    revisions = list(document.objects)
    if len(revisions) > 1 and not all("chart" in item and "revision" in item for item in revisions):
        raise InputError(f"expected one release, found {len(revisions)}", hint=HINT)
    release = max(revisions, key=_revision)
    status = _status(release)
    outcome = _OUTCOMES.get(status, "unknown")
    result: Result = "started" if outcome == "unknown" else "failed" if outcome == "failed" else "succeeded"
    action = _action(release, status)
    resource = ResourceChange(
        address=_address(release),
        type=RELEASE,
        action=action,
        reason="rollback" if _is_rollback(release) else None,
        result=result,
    )
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        counts=tally([action] if result == "succeeded" else []),
        resources=(resource,),
        outcome=outcome,
        errors=int(outcome == "failed"),
    )


def _status(item: dict[str, object]) -> str:
    """Return the status of a release, empty for an object that is none."""
    if isinstance(item.get("info"), dict) and text(item, "name") and "namespace" in item:
        return text(mapping(item, "info"), "status")
    return text(item, "status") if "chart" in item and "revision" in item else ""


def _revision(item: dict[str, object]) -> int:
    """Return the number of a revision; `helm status` calls it a version."""
    version = item.get("version")
    return count(item, "revision") or (version if isinstance(version, int) and not isinstance(version, bool) else 0)


def _action(release: dict[str, object], status: str) -> Action:
    if status in _GONE:
        return "delete"
    info = mapping(release, "info")
    first = text(info, "first_deployed")
    known = _revision(release)
    return "create" if known == 1 or (not known and bool(first) and first == text(info, "last_deployed")) else "update"


def _is_rollback(release: dict[str, object]) -> bool:
    described = text(release, "description") or text(mapping(release, "info"), "description")
    return count(release, "rollback_revision") > 0 or described.startswith("Rollback to ")


def _address(release: dict[str, object]) -> str:
    """Return namespace and name, or, as a history has no name, the chart with its version."""
    name, namespace = text(release, "name"), text(release, "namespace")
    if not name:
        return visible(text(release, "chart") or "unknown", ADDRESS_LIMIT)
    return visible(f"{namespace}/{name}" if namespace else name, ADDRESS_LIMIT)
