"""What lets this program in at a forge: a token from the environment, and the headers that the forge wants."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from gitaudit.adapters.environment import variable
from gitaudit.adapters.network.forge_http import Access, checked_token

if TYPE_CHECKING:
    from collections.abc import Mapping


def access_to(forge: str, base: str) -> Access:
    """Return how to be let in at the API at `base`.

    Args:
        forge: `github`, `gitlab`, `gitea` or `bitbucket`.
        base: address of its API.

    Raises:
        InputError: the variable for the token is not set, or holds something else.
    """
    if forge == "github":
        name, token = ("GH_TOKEN", variable("GH_TOKEN")) if variable("GH_TOKEN") else ("GITHUB_TOKEN", None)
        scope = "a fine-grained token with the permission Administration, read and write (read for --check)"
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return _with(base, "Bearer ", token or variable("GITHUB_TOKEN"), name, scope, headers)
    if forge == "gitlab":
        scope = "a token with the scope api, of somebody with the role Maintainer"
        return _with(base, "", variable("GITLAB_TOKEN"), "GITLAB_TOKEN", scope, header="PRIVATE-TOKEN")
    if forge == "gitea":
        scope = "a token with the scope write:repository, of somebody who administers the repository"
        return _with(base, "token ", variable("GITEA_TOKEN"), "GITEA_TOKEN", scope)
    scope = "a token that may administer the repository (repository:admin)"
    user = variable("BITBUCKET_USERNAME")
    if user is None:
        return _with(base, "Bearer ", variable("BITBUCKET_TOKEN"), "BITBUCKET_TOKEN", scope)
    token = checked_token(variable("BITBUCKET_TOKEN"), "BITBUCKET_TOKEN", scope)
    pair = base64.b64encode(f"{user}:{token}".encode()).decode("ascii")
    return Access(
        base=base,
        header="Authorization",
        value=f"Basic {pair}",
        variable="BITBUCKET_TOKEN",
        scope=scope,
        secrets=(token, pair),
    )


def _with(
    base: str,
    prefix: str,
    token: str | None,
    name: str,
    scope: str,
    headers: Mapping[str, str] | None = None,
    header: str = "Authorization",
) -> Access:
    checked = checked_token(token, name, scope)
    return Access(
        base=base,
        header=header,
        value=prefix + checked,
        variable=name,
        scope=scope,
        headers=headers or {},
        secrets=(checked,),
    )
