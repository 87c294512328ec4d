"""Who ran a deployment and who asked for it, and what it belongs to: from a verified token, else from variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.usecases.pipelines import detect_pipeline, ticket_in
from gitaudit.usecases.pipelines.model import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
_MAX_ID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
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
    pipeline = detect_pipeline(variables)
    executor, triggered_by = (None, None) if claims is None else (_subject(claims), _human(claims))
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


def _subject(claims: Mapping[str, object]) -> Actor:
    """Return the workload that a token was issued to: issuer and subject together, for a subject alone is no name."""
    name = f"{claims.get('iss')}#{claims.get('sub')}"
    if len(name) > _MAX_ID or not name.isprintable():
        raise InputError(
            f"expected a token whose issuer and subject are at most {_MAX_ID} characters, found another",
            hint="shorten the subject in the settings of the issuer",
        )
    return Actor(kind="workload", id=name, auth="oidc")


def _human(claims: Mapping[str, object]) -> Actor | None:
    """Return who started the run, where the issuer is one whose claims say so."""
    if claims.get("iss") == GITHUB_ISSUER and _is_number(claims.get("actor_id")):
        return Actor(kind="human", id=f"github:{claims['actor_id']}", auth="oidc")
    if "project_path" in claims and "pipeline_source" in claims and _is_number(claims.get("user_id")):
        home = str(claims.get("iss")).removeprefix("https://")
        where = "" if home == "gitlab.com" else f"@{home}"
        return Actor(kind="human", id=f"gitlab:{claims['user_id']}{where}", auth="oidc")
    return None


def _is_number(value: object) -> bool:
    return str(value).isascii() and str(value).isdigit() and len(str(value)) <= 20  # noqa: PLR2004 - as long as 2^63
