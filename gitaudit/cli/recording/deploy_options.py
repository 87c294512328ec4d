"""Options that `record-deploy` and `exec` share: what a tool does not tell of a deployment."""

from __future__ import annotations

from typing import Any

import click

from gitaudit.cli.options import Command, option

FILE = click.Path(allow_dash=True)


def metadata_options(function: Command) -> Command:
    """Add the options that say why, for which ticket, with which evidence, and instead of what."""
    for add in reversed(_METADATA):
        function = add(function)
    return function


def identity_options(function: Command) -> Command:
    """Add the options that say which identity token to check; the command gets them among its options."""
    for add in reversed(_IDENTITY):
        function = add(function)
    return function


_METADATA: tuple[Any, ...] = (
    option("--stack", metavar="S", help="Stack or workspace, where an environment has several."),
    option("--reason", metavar="TEXT", help="Why, in a sentence without secrets."),
    option("--ticket", metavar="ID", help="Ticket or change request (default: from the name of a pipeline's branch)."),
    option("--link", "links", multiple=True, metavar="REL=URL", help="A link, such as run=https://ci.example.com/7."),
    option("--artifact", "artifacts", multiple=True, metavar="NAME@sha256:HEX", help="An artifact that was deployed."),
    option("--evidence", type=FILE, multiple=True, metavar="FILE", help="A file to record by name, size and SHA-256."),
    option("--supersedes", metavar="ID", help="Id or index of the deployment that this one replaces."),
    option("--rolls-back", metavar="ID", help="Id or index of the deployment that this one takes back."),
    option("--retries", metavar="ID", help="Id or index of the deployment that this one tries again."),
)
_IDENTITY: tuple[Any, ...] = (
    option(
        "--oidc-token",
        type=FILE,
        metavar="FILE",
        help="Identity token of the pipeline, to be checked (default: the variable GITAUDIT_ID_TOKEN).",
    ),
    option("--oidc-issuer", shared="GITAUDIT_OIDC_ISSUER", metavar="URL", help="Who must have issued the token."),
    option("--oidc-audience", shared="GITAUDIT_OIDC_AUDIENCE", metavar="NAME", help="Whom the token must be for."),
    option(
        "--oidc-jwks",
        shared="GITAUDIT_OIDC_JWKS",
        metavar="FILE|URL",
        help="Keys of the issuer (default: where the issuer says that they are).",
    ),
)
