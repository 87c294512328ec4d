"""What of gpg can be looked at without signing: its version, its agent, and how long a key lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gitaudit.adapters.gnupg.failures import NO_AGENT, failure_code
from gitaudit.adapters.gnupg.listing import parse_listing
from gitaudit.adapters.gnupg.program import GpgProgram
from gitaudit.errors import SetupError

_NO_ANSWER = frozenset({NO_AGENT, 78})


@dataclass(frozen=True, slots=True, kw_only=True)
class GpgState:
    """What gpg says of itself: its version, and whether its agent answers, None where there is no key to ask about."""

    version: tuple[int, ...] | None
    agent: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """A key or subkey: fingerprint, whether it may sign and is not revoked, and when it ends, None for never."""

    fingerprint: str
    signs: bool
    expires: datetime | None


def gpg_state(program: str) -> GpgState:
    """Return the state of a gpg program; three processes. Raises `SetupError` where it cannot be started."""
    gpg = GpgProgram(program, fault=SetupError)
    version = gpg.version()
    if version is None:
        return GpgState(version=None, agent=None)
    keys = parse_listing(gpg.list_keys([]).output)
    if not keys:
        return GpgState(version=version, agent=None)
    code = failure_code(gpg.list_keys([keys[0].fingerprint], secret=True))
    return GpgState(version=version, agent=code is None or code.number not in _NO_ANSWER)


def has_secret_key(program: str) -> bool:
    """Return whether there is any secret key. Raises `SetupError`."""
    return bool(parse_listing(GpgProgram(program, fault=SetupError).list_keys([], secret=True).output))


def lifetimes(program: str, name: str) -> tuple[Lifetime, ...]:
    """Return the parts of the one key that a name stands for, the primary key first; empty for none or several."""
    keys = parse_listing(GpgProgram(program, fault=SetupError).list_keys([name]).output)
    if len(keys) != 1:
        return ()
    return tuple(
        Lifetime(
            fingerprint=part.fingerprint,
            signs="s" in part.usage and part.validity != "r",
            expires=None if part.expires is None else datetime.fromtimestamp(part.expires, tz=UTC),
        )
        for part in keys[0].parts
    )
