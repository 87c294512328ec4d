"""Who the claims of a verified identity token name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.usecases.pipelines.model import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
_MAX_ID = 255


def claimed_workload(claims: Mapping[str, object]) -> Actor:
    """Return the workload that a token was issued to: issuer and subject together, for a subject alone is no name.

    Raises:
        InputError: no record can name it.
    """
    name = f"{claims.get('iss')}#{claims.get('sub')}"
    if len(name) > _MAX_ID or not name.isprintable():
        raise InputError(
            f"expected a token whose issuer and subject are at most {_MAX_ID} characters, found another",
            hint="shorten the subject in the settings of the issuer",
        )
    return Actor(kind="workload", id=name, auth="oidc")


def claimed_human(claims: Mapping[str, object]) -> Actor | None:
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
