"""The name of a log: where it may come from, and what it may be."""

from __future__ import annotations

import re

from gitaudit.errors import InputError

MAX_LENGTH = 255

_ORIGIN = re.compile(r"[a-z0-9][A-Za-z0-9._~-]*(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?P<authority>[^/]*)(?P<path>/.*)?", re.IGNORECASE)
_HELPER = re.compile(r"[a-z][a-z0-9-]*::(?P<rest>.*://.*)", re.IGNORECASE)
_SCP = re.compile(r"(?:[^/@:]+@)?(?P<host>\[[^\]/@]*\]|[^/:@\[\]]+):(?P<path>(?!:)[^@]*)")
_HOST = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::[0-9]*)?", re.ASCII)
_LOCAL = "localhost"


def origin_from_url(url: str) -> str:
    """Return a log's name from a remote's URL: host and path, without scheme, credentials, port, query and `.git`.

    A path of this machine becomes `localhost/` and its last folder. What is left out is left out for good: where it
    cannot be told from the rest, no name is made.

    Raises:
        InputError: no name can be made of it; the URL is not quoted, it may hold a password.
    """
    helper = _HELPER.fullmatch(url)
    text = helper["rest"] if helper else url
    parts = _url_parts(text) or _scp_parts(text) or (None if ":" in text.partition("/")[0] else ("", text))
    host, path = parts or ("", "")
    path = path.rstrip("/").removesuffix(".git").rstrip("/")
    if not host:
        host, path = _LOCAL, path.rpartition("/")[2]
    name = re.sub(r"/+", "/", f"{host}/{path}".rstrip("/"))
    name = re.sub(r"[^A-Za-z0-9._~/-]", "-", name).strip("-")[:MAX_LENGTH].rstrip("/")
    if parts is None or "@" in path or path in {"", ".", ".."} or _ORIGIN.fullmatch(name) is None:
        raise InputError(
            "expected a remote whose URL gives the log a name, found one that does not",
            hint="name the log: gitaudit init --origin example.com/infra",
        )
    return name


def check_origin(origin: str) -> str:
    """Return an origin that is fit to name a log.

    Raises:
        InputError: it is not: a scheme, credentials, a port, spaces, an upper-case or empty start.
    """
    if _ORIGIN.fullmatch(origin) is None or len(origin) > MAX_LENGTH:
        raise InputError(
            "expected --origin as a URL without a scheme, such as example.com/infra, found another form",
            hint="letters, digits and . _ ~ / - only, beginning with a lower-case letter or digit",
        )
    return origin


def _url_parts(url: str) -> tuple[str, str] | None:
    match = _URL.fullmatch(url)
    place = None if match is None else _HOST.fullmatch(match["authority"].rpartition("@")[2])
    if match is None or place is None:
        return None  # a password with a slash in it looks like a port
    path = re.split(r"[?#]", match["path"] or "", maxsplit=1)[0]
    return ("" if url.lower().startswith("file:") else place["host"].lower().replace(":", "-").strip("[]-")), path


def _scp_parts(url: str) -> tuple[str, str] | None:
    """Return host and path of `user@host:path`, as ssh and git have it; a path may not hold an @."""
    if "://" in url or url.startswith(("/", ".")):
        return None
    match = _SCP.fullmatch(url)
    if match is None:
        return None
    host = match["host"].strip("[]")
    host = host.replace(":", "-") if host.count(":") > 1 else host.partition(":")[0]  # an IPv6 address, or a port
    return host.lower(), match["path"].partition("?")[0]
