"""Where a repository is on a forge, from the URL of its remote, and where the forge's API is."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitaudit.errors import InputError
from gitaudit.usecases.governing.origin import origin_from_url

KNOWN = {
    "github.com": ("github", "https://api.github.com"),
    "gitlab.com": ("gitlab", "https://gitlab.com/api/v4"),
    "codeberg.org": ("gitea", "https://codeberg.org/api/v1"),
    "gitea.com": ("gitea", "https://gitea.com/api/v1"),
    "bitbucket.org": ("bitbucket", "https://api.bitbucket.org/2.0"),
}
"""Public forges by host: their kind, and the address of their API."""
PUBLIC = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
"""The host that a kind of forge is known for, where no remote says otherwise."""
_ALIASES = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com", "altssh.bitbucket.org": "bitbucket.org"}
_SHAPES = {
    "github": "https://HOST/api/v3",
    "gitlab": "https://HOST/api/v4",
    "gitea": "https://HOST/api/v1",
    "bitbucket": "https://HOST/rest",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePlace:
    """Host and path of a remote, such as `github.com` and `acme/infra`."""

    host: str
    path: str

    @property
    def forge(self) -> str | None:
        """The kind of forge that the host is known to be, None for any other."""
        return KNOWN[self.host][0] if self.host in KNOWN else None


def place_of(url: str) -> RemotePlace | None:
    """Return where a remote is, None for a folder of this machine or a URL that does not tell."""
    try:
        host, _, path = origin_from_url(url).partition("/")
    except InputError:
        return None
    return None if host == "localhost" else RemotePlace(host=_ALIASES.get(host, host), path=path)


def api_base(forge: str, named: str | None, place: RemotePlace | None) -> str:
    """Return the address of the API to talk to.

    Only that of a public forge is derived. A token must not go to whatever host the configuration of a repository
    names, so every other address has to be given.

    Args:
        forge: kind of forge.
        named: what the user named, or None.
        place: of the remote, or None.

    Raises:
        InputError: none is known, or the one named is not one to send a token to.
    """
    if named is not None:
        return check_base(named)
    if place is not None and place.forge == forge:
        return KNOWN[place.host][1]
    if place is None and forge in PUBLIC:
        return KNOWN[PUBLIC[forge]][1]
    raise InputError(
        f"expected the address of the {forge} API, found none: the remote is on no host that is known for one",
        hint=f"name it with --api, such as {_SHAPES[forge]}",
    )


def check_base(base: str) -> str:
    """Return an address of an API without its last slash. Raises `InputError`; the address is not quoted."""
    try:
        parts = urlsplit(base)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    hint = "give it as https://HOST/PATH, without user, query and fragment"
    if re.search(r"[\s\x00-\x1f\x7f]", base) or not parts.hostname or parts.query or parts.fragment:
        raise InputError("expected --api to be an address such as https://HOST/PATH, found another form", hint=hint)
    if "@" in parts.netloc:
        raise InputError("expected --api without a user or password, found one", hint=hint)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise InputError(
            f"expected --api to begin with https://, found {parts.scheme or 'no scheme'}",
            hint="a token is sent over TLS only; plain http is for an address of this machine, such as 127.0.0.1",
        )
    return base.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its very address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
