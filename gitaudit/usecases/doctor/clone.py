"""The clone: what could make git show another log than gitaudit checks, what waits in it, and its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitaudit.policy.config import BRANCH_PREFIX
from gitaudit.usecases.doctor.model import Check, command

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPLACE = "refs/replace/"
_MANY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Refspec:
    """What `git fetch` does with refs: `+` before it forces, `^` leaves out, `*` stands for any characters."""

    text: str

    @property
    def forced(self) -> bool:
        """Whether it moves refs back as well."""
        return self.text.startswith("+")

    @property
    def negative(self) -> bool:
        """Whether it leaves refs out."""
        return self.text.startswith("^")

    def target(self, ref: str) -> str | None:
        """Return the ref here that a ref of the remote is fetched into; "" for none, None where it is not fetched."""
        source, _, target = self.text.lstrip("+^").partition(":")
        before, star, after = source.partition("*")
        if not star:
            return target if source == ref else None
        if not (ref.startswith(before) and ref.endswith(after) and len(ref) >= len(before) + len(after)):
            return None
        return target.replace("*", ref[len(before) : len(ref) - len(after)])


def judge_replaced(refs: Sequence[str]) -> Check:
    """Judge refs that show objects as others: to gitaudit they are nothing, to `git log` and a server they are."""
    if not refs:
        return Check(name="replace-refs", status="ok", told="git shows objects as they are")
    names = ", ".join(refs[:_MANY]) + (", …" if len(refs) > _MANY else "")
    return Check(
        name="replace-refs",
        status="problem",
        told=f"git shows other objects than there are, because of {names}",
        mend=(f"git for-each-ref --format='delete %(refname)' {_REPLACE} | git update-ref --stdin",),
        hint="ask who made them before you remove them; `gitaudit verify` looks past them",
    )


def judge_names(log: str, refs: Sequence[str]) -> Check:
    """Judge refs that a person or another program could take for the log's."""
    short = log.removeprefix(BRANCH_PREFIX)
    mend = []
    for ref in refs:
        if ref.lower() == f"refs/tags/{short}".lower():
            mend.append(command("git", "tag", "-d", ref.removeprefix("refs/tags/")))
        elif ref != log and ref.lower() == log.lower():
            name = ref.removeprefix(BRANCH_PREFIX)
            mend.append(command("git", "branch", "-m", name, f"{name}.not-the-log"))
    if not mend:
        return Check(name="names", status="ok", told=f"nothing else is called {short}")
    return Check(
        name="names",
        status="warning",
        told=f"a tag or branch could be taken for {log}: `git show {short}` may show it",
        mend=tuple(mend),
    )


def judge_tracking(remote: str, log: str, tracking: str, specs: Sequence[Refspec], *, published: bool) -> Check:
    """Judge what `git fetch` does with the log.

    Args:
        remote: its name.
        log: full name of the ref.
        tracking: the ref here that must only move forward.
        specs: of the remote's configuration.
        published: the remote is known to have the log.
    """
    name = f"remote.{remote}.fetch"
    wanted = f"{log}:{tracking}"
    for spec in specs:
        target = spec.target(log)
        if spec.negative and target is not None:
            return Check(
                name="tracking",
                status="problem",
                told=f"{spec.text} in {name} keeps the log from being fetched",
                mend=(command("git", "config", "--fixed-value", "--unset", name, spec.text),),
            )
        if spec.forced and target in {log, tracking}:
            put = wanted if target == tracking else "+refs/heads/*:refs/remotes/" + remote + "/*"
            return Check(
                name="tracking",
                status="problem",
                told=f"{spec.text} in {name} lets the remote move {target} back without a word",
                mend=(command("git", "config", "--fixed-value", "--replace-all", name, put, spec.text),),
            )
    if any(spec.target(log) == tracking for spec in specs):
        return Check(name="tracking", status="ok", told="git fetch refuses a log that goes backwards")
    if not published:
        return Check(name="tracking", status="skipped", told=f"{remote} is not known to have the log yet")
    return Check(
        name="tracking",
        status="warning",
        told=f"git fetch alone would not notice that the log on {remote} goes backwards; gitaudit does",
        mend=(command("git", "config", "--add", name, wanted),),
    )


def judge_clock(now: datetime, signed_at: int, tolerance_seconds: int) -> Check:
    """Judge the clock by the last record: what is signed earlier than that is a finding."""
    behind = signed_at - int(now.timestamp())
    if behind > tolerance_seconds:
        return Check(
            name="clock",
            status="problem",
            told=f"the clock says {now:%Y-%m-%dT%H:%M:%SZ}, the last record was signed at "
            f"{datetime.fromtimestamp(signed_at, tz=UTC):%Y-%m-%dT%H:%M:%SZ}, {behind} seconds later",
            mend=("sudo timedatectl set-ntp true",),
            hint="if the clock is right, the one who signed that record had a wrong one: see `gitaudit verify`",
        )
    return Check(name="clock", status="ok", told="not behind the last record")


def judge_waiting(outbox: int, unreadable: Sequence[str], unpublished: int, remote: str | None) -> Check:
    """Judge records that others cannot see yet.

    Args:
        outbox: number of records in the outbox.
        unreadable: files of the outbox that cannot be read, each of which keeps all others from going out.
        unpublished: number of records that the log has here and the remote has not.
        remote: its name, None where there is none.
    """
    if unreadable:
        return Check(
            name="unpublished",
            status="problem",
            told=f"{len(unreadable)} of the outbox cannot be read and keeps the others from going out",
            mend=(*(command("mv", "--", path, f"{path}.unreadable") for path in unreadable), "gitaudit sync"),
            hint="restore the file from a backup if you can; its record is lost otherwise, so make it again",
        )
    if remote is None and not outbox:
        return Check(name="unpublished", status="skipped", told="there is no remote to publish records to")
    if not outbox and not unpublished:
        return Check(name="unpublished", status="ok", told="no record waits in this clone")
    told = f"{unpublished} in the log here alone" if unpublished else ""
    return Check(
        name="unpublished",
        status="problem",
        told=", ".join(part for part in (told, f"{outbox} in the outbox" if outbox else "") if part),
        mend=(command("gitaudit", "sync", *(["--remote", remote] if remote else [])),),
    )


def judge_depth(*, shallow: bool, partial: bool, remote: str | None) -> Check:
    """Judge whether the clone has all that verification reads."""
    where = [] if remote is None else [remote]
    if shallow:
        return Check(
            name="history",
            status="warning",
            told="the clone is shallow, so a part of the log or of its commits cannot be checked",
            mend=(command("git", "fetch", "--unshallow", *where),),
        )
    if partial:
        return Check(
            name="history",
            status="warning",
            told="the clone is partial, so objects may be missing that records speak of",
            mend=(command("git", "fetch", "--refetch", "--no-filter", *where),),
        )
    return Check(name="history", status="ok", told="the clone is whole")
