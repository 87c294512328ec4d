"""Plans of Pulumi: the output of `pulumi preview --json`, and the event log of a preview.

Source: `PreviewDigest` of github.com/pulumi/pulumi. Policy events are not in it; with
`PULUMI_ENABLE_STREAMING_JSON_PREVIEW` the output is a stream of events instead, which is read like an event log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import mapping, objects, text
from gitaudit.iac.formats.pulumi.events import is_log, is_preview
from gitaudit.iac.formats.pulumi.steps import Step, step_of
from gitaudit.iac.model import Action, Kind, Output, ResourceChange, Summary, tally
from gitaudit.iac.operations import UNRECOGNISED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitaudit.iac.text import Document

NAME = "pulumi"
KIND: Kind = "plan"
EXPECTED = "the output of pulumi preview --json"
HINT = "run: pulumi preview --json > preview.json"


def detect(document: Document) -> bool:
    """Return whether the first object is a digest, or the events are those of a preview."""
    if not document.head:
        return False
    digest = document.head[0]
    return _is_digest(digest) or (is_log(document) and is_preview(document))


def parse(document: Document) -> Summary:
    """Return the summary of a preview; a replacement counts once, whatever halves it has.

    Raises:
        InputError: no preview, or more than one.
    """
    if not detect(document):
        raise InputError(f"expected {EXPECTED}, found none", hint=HINT)
    if not _is_digest(document.head[0]):
        return _summary(document, *_of_events(document), errored=None)
    if len(document.head) != 1 or document.cut:
        raise InputError(f"expected one preview, found {len(document.head)} JSON objects or half of one", hint=HINT)
    digest = document.head[0]
    errors = any(text(item, "severity") == "error" for item in objects(digest.get("diagnostics")))
    return _summary(document, _steps(objects(digest.get("steps"))), [], errored=errors)


def _is_digest(fields: dict[str, object]) -> bool:
    """Return whether an object is a digest; one without changes and configuration has the duration alone."""
    steps = fields.get("steps")
    if isinstance(steps, list) and all(isinstance(step, dict) and "urn" in step for step in steps):
        return True
    return "changeSummary" in fields and fields.keys() <= {"config", "diagnostics", "duration", "changeSummary"}


def _steps(fields: Iterable[dict[str, object]]) -> list[Step]:
    return [step for step in map(step_of, fields) if step is not None]


def _of_events(document: Document) -> tuple[list[Step], list[Step]]:
    """Return the steps that are planned, and those of a refresh, whose second event says what was found."""
    begun: list[Step] = []
    found: list[Step] = []
    refreshing: set[str] = set()
    for item in document.objects:
        for step in _steps([mapping(item, "resourcePreEvent", "metadata")]):
            if step.refresh:
                refreshing.add(step.address)
            else:
                begun.append(step)
        for step in _steps([mapping(item, "resOutputsEvent", "metadata")]):
            if step.address in refreshing:
                refreshing.discard(step.address)
                found.append(step)
    return begun, found


def _summary(document: Document, steps: list[Step], refreshed: list[Step], *, errored: bool | None) -> Summary:
    replaced = {step.address for step in steps if step.replaces}
    old_halves = replaced | {step.formerly for step in steps if step.replaces}
    resources = [
        _resource(step) for step in _once(steps) if not step.replaces and not (step.half and step.address in old_halves)
    ]
    resources += _replacements(steps, replaced)
    drift = [_resource(step) for step in refreshed if step.action in ("update", "delete")]
    outputs: dict[str, Output] = {output.name: output for step in steps for output in step.outputs}
    actions: list[Action] = [action for item in resources for action in item.counted()]
    actions += ["read"] * len(refreshed)
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        counts=tally(actions),
        resources=tuple(sorted((item for item in resources if item.action != "no-op"), key=ResourceChange.order)),
        outputs=tuple(sorted(outputs.values(), key=Output.order)),
        drift=tuple(sorted(drift, key=ResourceChange.order)),
        errored=errored,
    )


def _once(steps: Iterable[Step]) -> Iterable[Step]:
    """Return each step once, the last time that it is said: only what is deleted may have several objects."""
    found: dict[tuple[str, str, int], Step] = {}
    for number, step in enumerate(steps):
        found[step.address, step.action, number if step.action == "delete" else -1] = step
    return found.values()


def _resource(step: Step, action: Action | None = None) -> ResourceChange:
    action = action or step.action
    return ResourceChange(
        address=step.address,
        type=step.type,
        provider=step.provider,
        action="move" if action == "no-op" and step.formerly is not None else action,
        reason=step.reason,
        changed=step.changed if action in ("replace", UNRECOGNISED) else (),
        replace=step.replace if action == "replace" else (),
        previous_address=step.formerly,
    )


def _replacements(steps: Iterable[Step], replaced: Iterable[str]) -> Iterator[ResourceChange]:
    """Yield one replacement for each address, with the names of the step that says most."""
    best: dict[str, Step] = {}
    for step in steps:
        if step.replaces:
            known = best.get(step.address)
            if known is None or len(step.replace) + len(step.changed) > len(known.replace) + len(known.changed):
                best[step.address] = step
    yield from (_resource(best[address], "replace") for address in sorted(replaced))
