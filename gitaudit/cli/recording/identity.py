"""Who runs this: from an identity token where one is given, else from the variables of a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitaudit.adapters.environment import variable, variables
from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.cli.wiring import Session
    from gitaudit.usecases.deploys.who import Who


def who_is_it(session: Session, options: Mapping[str, Any]) -> Who:
    """Return who ran it and who asked for it. Raises `InputError` for a token that is not good, or half the options."""
    from gitaudit.usecases.deploys.who import find_out_who

    return find_out_who(variables(), _claims(session, options))


def _claims(session: Session, options: Mapping[str, Any]) -> Mapping[str, object] | None:
    token = variable("GITAUDIT_ID_TOKEN")
    if options["oidc_token"] is not None:
        token = session.read(options["oidc_token"], "--oidc-token").decode("ascii", "replace")
    if token is None:
        return None
    if options["oidc_issuer"] is None or options["oidc_audience"] is None:
        raise InputError(
            "expected --oidc-issuer and --oidc-audience beside an identity token, found one missing",
            hint="say who must have issued the token and whom it must be for: no token vouches for itself",
        )
    from gitaudit.adapters.network.oidc import verify_token

    return verify_token(
        token,
        issuer=options["oidc_issuer"],
        audience=options["oidc_audience"],
        keys=options["oidc_jwks"],
        directory=session.directory,
    )
