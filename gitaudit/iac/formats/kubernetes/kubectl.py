"""Results of kubectl: the objects that `kubectl apply -o json` prints, one or a list of them.

They are the objects as the cluster now has them, and do not say whether they were created, changed or left alone: each
is an update with the reason `applied`. Objects that could not be applied are not among them, so the outcome is for
the exit code to tell. Nothing is read but kind, name and namespace: data, annotations and status may hold secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import mapping, objects, text
from gitaudit.iac.model import Kind, ResourceChange, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitaudit.iac.text import Document

NAME = "kubectl"
KIND: Kind = "result"
EXPECTED = "the output of kubectl apply -o json"
HINT = "run: kubectl apply -f FILE -o json > result.json"

APPLIED = "applied"


def detect(document: Document) -> bool:
    """Return whether the first object is an object of Kubernetes with a name, or a list of such."""
    return bool(document.head) and _is_object(document.head[0])


def parse(document: Document) -> Summary:
    """Return the summary of the objects; `outcome` is `unknown`.

    Raises:
        InputError: no object of Kubernetes.
    """
    if not detect(document):
        raise InputError(f"expected {EXPECTED}, found none", hint=HINT)
    found = list(_flat(document.objects))
    resources = [_resource(item) for item in found if _is_object(item)]
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        counts=tally(item.action for item in resources),
        resources=tuple(sorted(resources, key=ResourceChange.order)),
        outcome="unknown",
        unknown_messages=len(found) - len(resources) + document.other,
    )


def kind_of(group: str, version: str, kind: str) -> str:
    """Return the type of an object, such as `apps/v1/Deployment`, or `v1/Secret` of the core."""
    return visible("/".join(part for part in (group, version, kind) if part) or "unknown")


def address_of(kind: str, namespace: str, name: str) -> str:
    """Return the address of an object, such as `prod/Deployment/web`, or `Namespace/prod` where it is in none."""
    return visible("/".join(part for part in (namespace, kind, name) if part) or "unknown", ADDRESS_LIMIT)


def _is_object(item: dict[str, object]) -> bool:
    if not text(item, "apiVersion") or not text(item, "kind"):
        return False
    return bool(text(mapping(item, "metadata"), "name")) or isinstance(item.get("items"), list)


def _flat(items: Iterable[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Yield the objects, those of lists too; a list in a list is not gone into."""
    for item in items:
        listed = item.get("items")
        if isinstance(listed, list) and not text(mapping(item, "metadata"), "name"):
            yield from objects(listed)
        else:
            yield item


def _resource(item: dict[str, object]) -> ResourceChange:
    metadata = mapping(item, "metadata")
    group, _, version = text(item, "apiVersion").rpartition("/")
    kind = text(item, "kind")
    return ResourceChange(
        address=address_of(kind, text(metadata, "namespace"), text(metadata, "name")),
        type=kind_of(group, version, kind),
        action="delete" if text(metadata, "deletionTimestamp") else "update",
        reason=APPLIED,
        result="succeeded",
    )
