"""What is wanted of a forge, what it is asked to do, and what it does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from gitaudit.errors import InputError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.ports import ForgeApi

Document = dict[str, Any]
"""A JSON object that is sent."""

_PART = re.compile(r"[A-Za-z0-9_.~-]+", re.ASCII)
_WRITER = re.compile(r"(?P<kind>[a-z-]+):(?P<value>[^\s\x00-\x1f\x7f]+)")
MAX_NAME = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Somebody who alone may add to the log, with others named likewise.

    Attributes:
        kind: such as `user`, `app` or `role`; each forge knows some.
        value: id or name of it there.
    """

    kind: str
    value: str

    @property
    def text(self) -> str:
        """As it is typed."""
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a forge is to hold.

    Attributes:
        path: of the repository on the forge, such as `acme/infra`, without `.git`.
        branch: short name of the branch that has the log.
        writers: who alone may add to it; empty for everybody who may push to the repository.
        signed: the forge is to refuse commits whose signature it cannot verify itself.
        base: address of the forge's API, without a slash at its end.
    """

    path: str
    branch: str
    base: str
    writers: tuple[Writer, ...] = ()
    signed: bool = False

    @property
    def ref(self) -> str:
        """Full name of the branch."""
        return f"refs/heads/{self.branch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of a forge's API: `path` counts from the address of the API."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    path: str
    body: Document | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What applying did, or would do, with one rule of the forge."""

    name: str
    action: Literal["created", "changed", "kept"]
    request: Request | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a forge holds, judged by its own answers.

    Attributes:
        name: stable slug.
        held: True or False; None where the answers do not tell.
        told: what was found, in a few words.
        required: the log is not protected without it; else it is told as advice.
    """

    name: str
    held: bool | None
    told: str
    required: bool = True


class Forge(Protocol):
    """A kind of forge, told what is wanted of it."""

    def requests(self) -> tuple[Request, ...]:
        """Return what a repository without any protection needs."""

    def terraform(self) -> str:
        """Return the same as code for Terraform. Raises `InputError` where no provider can say it."""

    def apply(self, api: ForgeApi, *, dry_run: bool) -> tuple[Change, ...]:
        """Bring the forge to what is wanted, never loosening anything. Raises `RemoteError`."""

    def check(self, api: ForgeApi) -> tuple[Rule, ...]:
        """Return what the forge holds now. Raises `RemoteError`."""


def parse_writer(text: str, kinds: Mapping[str, str]) -> Writer:
    """Return a writer from `KIND:VALUE`.

    Args:
        text: as typed.
        kinds: the kinds that the forge knows, each with an example.

    Raises:
        InputError: another form, or a kind that the forge does not know.
    """
    found = _WRITER.fullmatch(text)
    if found is None or found["kind"] not in kinds:
        raise InputError(
            f"expected --writer as KIND:VALUE, such as {' or '.join(kinds.values())}, found {text!r}",
            hint="name those who alone may add to the log, or leave --writer out",
        )
    return Writer(kind=found["kind"], value=found["value"])


def number_of(writer: Writer) -> int:
    """Return the id that names a writer. Raises `InputError` where it is no number."""
    if not (writer.value.isascii() and writer.value.isdecimal()) or len(writer.value) > 15:  # noqa: PLR2004 - below 2^53
        raise InputError(
            f"expected --writer {writer.kind}:ID with a number, found {writer.text!r}",
            hint="the forge's API and its web pages show the number",
        )
    return int(writer.value)


def check_path(path: str, parts: tuple[int, int], example: str) -> tuple[str, ...]:
    """Return the parts of a repository's path.

    Args:
        path: as derived or typed.
        parts: the least and the greatest number of them.
        example: of a good one.

    Raises:
        InputError: another number of parts, or characters that no forge has in names.
    """
    found = tuple(path.split("/"))
    good = all(_PART.fullmatch(part) and part not in {".", ".."} for part in found) and len(path) <= MAX_NAME
    if not good or not parts[0] <= len(found) <= parts[1]:
        raise InputError(
            f"expected a repository such as {example}, found {path!r}", hint="name it with --repo, as in its address"
        )
    return found


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object of an answer. Raises `RemoteError` where something else stands there."""
    if not isinstance(value, dict):
        raise RemoteError("expected another answer of the forge: an object", hint="is --api the address of its API?")
    return cast("Mapping[str, Any]", value)


def texts(value: object) -> list[str]:
    """Return the items of a list in an answer as texts; none where there is no list."""
    return [str(one) for one in value] if isinstance(value, list) else []


def entries(value: object) -> Sequence[Mapping[str, Any]]:
    """Return the objects in a list of an answer; what is none, or no list, is passed over."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
