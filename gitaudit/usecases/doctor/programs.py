"""Git, gpg, its agent, the key, and whether the log takes what the key signs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gitaudit.usecases.doctor.model import Check, command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitaudit.policy.policy import Policy

OLDEST_GIT = (2, 36)
"""The first that syncs refs to disk when it is asked to (`core.fsync`); older ones are not tried."""
OLDEST_GPG = (2, 2)
SOON = timedelta(days=30)
A_YEAR = "1y"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPart:
    """A key or subkey that may sign: fingerprint, and when it ends, None for never."""

    fingerprint: str
    expires: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """The key that signs records here.

    Attributes:
        fingerprint: of the primary key.
        expires: of the primary key, None for never.
        parts: that may sign, the primary key among them where it does.
    """

    fingerprint: str
    expires: datetime | None
    parts: tuple[SigningPart, ...]

    @property
    def signs_until(self) -> datetime | None:
        """When nothing of it signs any more, None for never."""
        ends = [part.expires for part in self.parts]
        last = None if not ends or None in ends else max(end for end in ends if end is not None)
        known = [end for end in (self.expires, last) if end is not None]
        return min(known, default=None)


def judge_git(version: tuple[int, ...], text: str) -> Check:
    """Judge the version of git, which `text` tells as git does."""
    if version < OLDEST_GIT:
        return Check(
            name="git",
            status="problem",
            told=f"expected git {_dotted(OLDEST_GIT)} or later, found {text}",
            hint="install a newer one; on Debian: sudo apt-get install git",
        )
    return Check(name="git", status="ok", told=text)


def judge_gpg(version: tuple[int, ...] | None) -> Check:
    """Judge the version of gpg."""
    if version is None or version < OLDEST_GPG:
        return Check(
            name="gpg",
            status="problem",
            told=f"expected gpg {_dotted(OLDEST_GPG)} or later, found {_dotted(version or ()) or 'another program'}",
            hint="install a newer one; on Debian: sudo apt-get install gnupg",
        )
    return Check(name="gpg", status="ok", told=f"gpg {_dotted(version)}")


def judge_agent(answers: bool | None) -> Check:  # noqa: FBT001 - the one fact
    """Judge whether gpg reaches its agent; None where there is no key to ask it about."""
    if answers is None:
        return Check(name="agent", status="skipped", told="no key in the keyring to ask gpg-agent about")
    if not answers:
        return Check(
            name="agent",
            status="problem",
            told="expected a gpg-agent that answers, found none",
            mend=("gpgconf --launch gpg-agent",),
            hint="if that does not help: the path of GNUPGHOME must be short (80 characters) and the folder your own, "
            "and `no-autostart` in gpg.conf keeps gpg from starting the agent",
        )
    return Check(name="agent", status="ok", told="gpg-agent answers")


def judge_key(key: KeyFacts, now: datetime) -> Check:
    """Judge how long a key still signs; that it can was tried."""
    until = key.signs_until
    if until is None or until > now + SOON:
        told = "does not expire" if until is None else f"expires on {until:%Y-%m-%d}"
        return Check(name="key", status="ok", told=f"{key.fingerprint} {told}")
    return Check(
        name="key",
        status="warning",
        told=f"{key.fingerprint} expires on {until:%Y-%m-%d}, in {(until - now).days} days",
        mend=extensions(key, now),
        hint="then have an admin admit it again, as the log keeps keys as they were",
    )


def extensions(key: KeyFacts, now: datetime) -> tuple[str, ...]:
    """Return the commands that give a year more to what of a key ends soon or has ended."""
    commands = []
    if key.expires is not None and key.expires <= now + SOON:
        commands.append(command("gpg", "--quick-set-expire", key.fingerprint, A_YEAR))
    subkeys = [part for part in key.parts if part.fingerprint != key.fingerprint]
    ending = [part for part in subkeys if part.expires is not None and part.expires <= now + SOON]
    if ending and len(ending) == len(key.parts):
        newest = max(ending, key=lambda part: part.expires or now)
        commands.append(command("gpg", "--quick-set-expire", key.fingerprint, A_YEAR, newest.fingerprint))
    return tuple(commands)


def judge_admission(
    policy: Policy, key: KeyFacts, admitted_until: datetime | None, now: datetime, remote: str | None
) -> Check:
    """Judge whether the log takes what the key signs.

    Args:
        policy: in force.
        key: of the user.
        admitted_until: when the key ends by the certificate that the log has, None for never.
        now: the time.
        remote: name of the remote, for the commands of an admin elsewhere.
    """
    fingerprint = key.fingerprint
    roles = [role.name for role in policy.roles if fingerprint in role.keys]
    if fingerprint not in policy.keys or not (roles or fingerprint in policy.admins):
        return Check(
            name="admission",
            status="problem",
            told=f"the log does not admit {fingerprint}, so what it signs is refused",
            mend=(_admit(fingerprint, ["developer"], admin=False),),
            hint=f"for an admin of the log, who needs your public key: gpg --armor --export {fingerprint}"
            + ("" if remote is None else "; afterwards run `gitaudit sync`"),
        )
    if admitted_until is not None and admitted_until <= now and policy.admins == (fingerprint,):
        return Check(
            name="admission",
            status="problem",
            told=f"by the certificate that the log has, its only admin key {fingerprint} has expired",
            hint="nobody can change the policy any more, or extend that key in it; other keys record as before",
        )
    if admitted_until is not None and admitted_until <= now + SOON:
        return Check(
            name="admission",
            status="problem" if admitted_until <= now else "warning",
            told=f"by the certificate that the log has, {fingerprint} expires on {admitted_until:%Y-%m-%d}",
            mend=(*extensions(key, now), _admit(fingerprint, roles, admin=fingerprint in policy.admins)),
            hint="the last command is for an admin of the log",
        )
    what = ", ".join([*(["admin"] if fingerprint in policy.admins else []), *roles])
    return Check(name="admission", status="ok", told=f"the log admits {fingerprint} as {what}")


def judge_parts(policy: Policy, key: KeyFacts, known: Callable[[str], bool], now: datetime) -> Check | None:
    """Return the problem of a key whose newest part, with which gpg signs, the log does not know; None without it.

    Args:
        policy: in force; it admits the key.
        key: of the user, of which no part is named.
        known: says whether the certificate that the log has holds a part.
        now: the time.
    """
    usable = [part.fingerprint for part in key.parts if part.expires is None or part.expires > now]
    if not usable or known(usable[-1]):
        return None
    fingerprint, is_admin = key.fingerprint, key.fingerprint in policy.admins
    roles = [role.name for role in policy.roles if fingerprint in role.keys]
    older = next((part for part in reversed(usable) if known(part)), None)
    admit = _admit(fingerprint, roles, admin=is_admin)
    return Check(
        name="admission",
        status="problem",
        told=f"gpg signs with the part {usable[-1]} of {fingerprint}, which the log does not know",
        mend=(f"{admit} {command('--key', f'{older}!')}" if is_admin and older else admit,),
        hint=None
        if is_admin and older
        else f"for an admin of the log, who needs your public key as it is now: gpg --armor --export {fingerprint}",
    )


def _admit(fingerprint: str, roles: Sequence[str], *, admin: bool) -> str:
    options = [word for role in roles for word in ("--role", role)] + (["--admin"] if admin else [])
    return command("gitaudit", "policy", "add-key", fingerprint, *options)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
