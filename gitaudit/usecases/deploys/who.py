"""Who ran a deployment and who asked for it, and what it belongs to: from a verified token, else from variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitaudit.usecases.pipelines import detect_pipeline, ticket_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.usecases.pipelines.model import Actor


class Who(NamedTuple):
    """What a record says of the run that it comes from; None and empty where nothing is known.

    Attributes:
        executor: what ran the deployment.
        triggered_by: who asked for it.
        links: to the run and the pull request, as records have them.
        ticket: read from the name of the branch.
        deployment_id: number of the run in its system.
        attempt: number of the try, from 1.
    """

    executor: Actor | None = None
    triggered_by: Actor | None = None
    links: tuple[Mapping[str, str], ...] = ()
    ticket: str | None = None
    deployment_id: str | None = None
    attempt: int | None = None

    def to_body(self) -> dict[str, object]:
        """Return the fields of a deployment's body that these are; those that are not known are left out."""
        fields: dict[str, object] = {
            "executor": self.executor.to_body() if self.executor else None,
            "triggered_by": self.triggered_by.to_body() if self.triggered_by else None,
            "deployment_id": self.deployment_id,
            "attempt": self.attempt,
        }
        return {name: value for name, value in fields.items() if value is not None}


def find_out_who(variables: Mapping[str, str], claims: Mapping[str, object] | None) -> Who:
    """Return what is known of the run.

    Args:
        variables: of the environment.
        claims: of an OIDC token that has been verified, None without one. They take the place of what variables say.

    Raises:
        InputError: the claims do not name anybody whom a record can name.
    """
    executor = triggered_by = None
    if claims is not None:
        from gitaudit.usecases.pipelines.claimed import claimed_human, claimed_workload  # noqa: PLC0415 - few have a token

        executor, triggered_by = claimed_workload(claims), claimed_human(claims)
    pipeline = detect_pipeline(variables)
    if pipeline is None:
        return Who(executor=executor, triggered_by=triggered_by)
    named = (("ci-run", pipeline.run), ("pull-request", pipeline.pull_request))
    return Who(
        executor=executor or pipeline.executor,
        triggered_by=triggered_by or pipeline.triggered_by,
        links=tuple({"rel": rel, "href": href} for rel, href in named if href is not None),
        ticket=ticket_in(pipeline.branch),
        deployment_id=pipeline.deployment_id,
        attempt=pipeline.attempt,
    )
