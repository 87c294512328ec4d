"""The bodies of the records that a run makes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.log.canonical import encode
from gitaudit.log.times import format_time
from gitaudit.usecases.deploys.record_deploy import stated_fields
from gitaudit.usecases.executing.outcome import outcome_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitaudit.iac.commands.model import Invocation
    from gitaudit.iac.model import Summary
    from gitaudit.iac.state import State
    from gitaudit.model import Ended
    from gitaudit.usecases.deploys.record_deploy import Deployment
    from gitaudit.usecases.executing.model import After, Before

MAX_SHOWN = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What both records of a run say.

    Attributes:
        deployment: what the user says of it.
        invocation: what the command is.
        stack: the STACK object, None where nothing tells several stacks of the environment apart.
    """

    deployment: Deployment
    invocation: Invocation
    stack: Mapping[str, object] | None = None

    def common(self) -> dict[str, object]:
        """Return the fields that start and end have in common."""
        invocation = self.invocation
        fields: dict[str, object] = {
            "environment": {"id": self.deployment.environment},
            "stack": dict(self.stack) if self.stack else None,
            "action": invocation.action,
            "argv": list(invocation.shown[:MAX_SHOWN]),
            "dirty": self.deployment.dirty,
        }
        return {name: value for name, value in fields.items() if value is not None}


def stack_object(
    named: str | None, invocation: Invocation, workspace: str | None, folder: str
) -> dict[str, object] | None:
    """Return the STACK object of a run, None where it is the only one of its environment as far as can be told.

    Args:
        named: by the user.
        invocation: may name one itself.
        workspace: of the tool, None for the usual one.
        folder: that the command works in, from the top of the repository; empty for the top itself.
    """
    name = named or invocation.stack or workspace or folder
    if not name:
        return None
    found: dict[str, object] = {"name": name[:255], "tool": invocation.tool}
    return {**found, "path": folder[:1024]} if folder else found


def started_body(facts: Facts, before: Before) -> dict[str, object]:
    """Return the body of the `deploy.started` record."""
    body = {**stated_fields(facts.deployment, ended=False), **facts.common()}
    if before.plan is not None:
        body["plan"] = before.plan.to_body()
    if before.state is not None:
        body["state"] = {"before": before.state.to_body()}
    return body


def drift_body(facts: Facts, last: Mapping[str, object], found: State) -> dict[str, object]:
    """Return the body of the `drift` record of a state that moved since the last run."""
    names = ("lineage", "serial", "sha256")
    body: dict[str, object] = {
        "environment": {"id": facts.deployment.environment},
        "detected": True,
        "source": "state",
        "state": {"before": {name: last[name] for name in names if name in last}, "after": found.to_body()},
    }
    return {**body, "stack": dict(facts.stack)} if facts.stack else body


def finished_body(
    facts: Facts, before: Before, ended: Ended, after: After, *, started: str | None, times: tuple[datetime, datetime]
) -> dict[str, object]:
    """Return the body of the `deploy.finished` record.

    Args:
        facts: of both records.
        before: what was made ready.
        ended: how the command ended.
        after: what came of it.
        started: id of the record of the start, None where there is none.
        times: when the command began and ended.
    """
    outcome, source = outcome_of(facts.invocation, ended, after.result)
    body: dict[str, object] = {
        **stated_fields(facts.deployment),
        **facts.common(),
        "outcome": outcome,
        "outcome_source": source,
        "exit_code": ended.code,
        "started_at": format_time(times[0]),
        "finished_at": format_time(times[1]),
    }
    if started is not None:
        body["started"] = started
    number = ended.signal or (ended.interrupts[0] if outcome == "canceled" and ended.interrupts else None)
    if number is not None:
        body["signal"] = number
    if before.plan is not None:
        body["plan"] = _plan_again(before.plan, applied=after.applied, listed=started is None)
    states = {"before": before.state, "after": after.state}
    if any(states.values()):
        body["state"] = {when: state.to_body() for when, state in states.items() if state is not None}
    if after.result is not None:
        body["result"] = result = after.result.to_body()
        body["counts"] = result["counts"]
    return body


def least_body(body: Mapping[str, object]) -> dict[str, object]:
    """Return what of a `deploy.finished` body is sure to be accepted: words of this program, numbers and times."""
    names = ("environment", "outcome", "outcome_source", "exit_code", "started", "started_at", "finished_at", "signal")
    return {name: body[name] for name in names if name in body}


def _plan_again(plan: Summary, *, applied: bool | None, listed: bool) -> dict[str, object]:
    """Return the PLAN object once more, its resources by digest where the start has listed them."""
    body = plan.to_body()
    if not listed:
        items = [resource.to_item() for resource in plan.resources]
        body["resources"] = {"total": len(items), "items": []}
        if items:
            body["resources"]["sha256"] = hashlib.sha256(encode(items)).hexdigest()  # type: ignore[index]  # made above
        for name in ("outputs", "drift"):
            body.pop(name, None)
    return body if applied is None else {**body, "applied": applied}
