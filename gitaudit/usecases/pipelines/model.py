"""What is known of a pipeline, and the pieces that reading one is made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@:/+{}()~\[\],=#-]{0,199}", re.ASCII)
_URL = re.compile(r"https?://[A-Za-z0-9.:_\[\]-]+([/?#][^ \"<>]*)?", re.ASCII)
_USER = re.compile(r"^(https?://)[^/@]*@", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MAX_URL = 2048


class Actor(NamedTuple):
    """Somebody or something that acts, as records have it."""

    kind: Literal["human", "workload", "system"]
    id: str
    auth: Literal["oidc", "unverified"] = "unverified"

    def to_body(self) -> dict[str, object]:
        """Return the ACTOR object of the record schemas."""
        return {"kind": self.kind, "id": self.id, "auth": self.auth}


class Pipeline(NamedTuple):
    """What the variables of a pipeline tell; None and empty where they do not.

    Attributes:
        system: such as `github-actions`.
        executor: the pipeline, as a workload.
        triggered_by: whoever started it.
        run: URL of the run, the job or the step.
        pull_request: URL of the pull or merge request.
        branch: name of the branch that the work was done on; a ticket may be read from it.
        deployment_id: number of the run in its system.
        attempt: number of the try, from 1.
    """

    system: str
    executor: Actor
    triggered_by: Actor | None = None
    run: str | None = None
    pull_request: str | None = None
    branch: str | None = None
    deployment_id: str | None = None
    attempt: int | None = None


def text(variables: Mapping[str, str], *names: str) -> str | None:
    """Return the first of some variables that has a plain short value; anything else counts as not there."""
    for name in names:
        value = variables.get(name, "").strip()
        if _ID.fullmatch(value):
            return value
    return None


def url(value: str | None) -> str | None:
    """Return a URL without the user part, None where it is none that a record may hold."""
    found = _USER.sub(r"\1", value or "")
    return found if len(found) <= MAX_URL and _URL.fullmatch(found) and not _NO_TEXT.search(found) else None


def joined(base: str | None, *parts: str | None) -> str | None:
    """Return a URL with parts of a path behind it, each quoted; None where anything is missing."""
    if base is None or None in parts:
        return None
    return url("/".join([base.rstrip("/"), *(quote(part or "", safe="/:~") for part in parts)]))


def host(address: str | None) -> str | None:
    """Return the host of a URL, None where it has none."""
    try:
        return urlsplit(address or "").hostname
    except ValueError:
        return None


def whole(value: str | None, plus: int = 0) -> int | None:
    """Return a number from 1 on, None for anything else; `plus` is for systems that count tries from 0."""
    if value == "0" and plus:
        return plus
    return int(value) + plus if value and _NUMBER.fullmatch(value) else None


def person(scheme: str, number: str | None, home: str | None = None) -> Actor | None:
    """Return a person by the id that a system gave them; `home` is the host, where there are several of the kind."""
    if number is None:
        return None
    return Actor(kind="human", id=f"{scheme}:{number}{f'@{home}' if home else ''}")


def workload(system: str, name: str | None) -> Actor:
    """Return a pipeline by its system and its name there."""
    return Actor(kind="workload", id=f"{system}:{name}"[:255] if name else system)


def schedule(system: str) -> Actor:
    """Return the clock of a system, which starts what nobody asked for."""
    return Actor(kind="system", id=f"{system}:schedule")
