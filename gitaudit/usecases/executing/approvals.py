"""Approvals of plans: where a plan was approved, that one is applied and no other, and a rejected one never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import RefusedError
from gitaudit.usecases.deploys.deployments import LOOKED_AT, records_about

if TYPE_CHECKING:
    from gitaudit.ports import ObjectReader

APPROVAL = "approval"


def check_plan(store: ObjectReader, head: str, *, environment: str, commit: str, sha256: str) -> None:
    """Refuse a plan that was rejected, or that is another than was approved for the same commit and environment.

    Only approvals that name a plan by its digest count, the newest for each plan, among the last `LOOKED_AT` records.
    Where there are none, nothing is asked: how many approvals a deployment needs is for the policy to say.

    Raises:
        RefusedError: the plan must not be applied.
    """
    decisions: dict[str, str] = {}
    for entry in records_about(store, head, (APPROVAL,), environment=environment, limit=LOOKED_AT):
        target = entry.record.body.get("target")
        fields = target if isinstance(target, dict) else {}
        plan = fields.get("plan_sha256")
        about = fields.get("commit", entry.record.subject.get("commit", commit))
        if isinstance(plan, str) and (plan == sha256 or about == commit):
            decisions.setdefault(plan, str(entry.record.body.get("decision")))
    if decisions.get(sha256) == "rejected":
        raise RefusedError(
            f"the plan {sha256} was rejected for {environment}", hint="make another plan, and have that approved"
        )
    approved = [plan for plan, decision in decisions.items() if decision == "approved"]
    if approved and sha256 not in approved:
        raise RefusedError(
            f"expected the plan that was approved for this commit in {environment}, {approved[0]}, found {sha256}",
            hint="apply the saved plan that was approved, or have this one approved",
        )
