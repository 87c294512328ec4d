"""The remote: that it has the log, and keeps it from being rewound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.usecases.doctor.model import Check, command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.usecases.forges.place import RemotePlace

WANTED = {
    "receive.denynonfastforwards": ("receive.denyNonFastForwards", "true"),
    "receive.denydeletes": ("receive.denyDeletes", "true"),
    "core.usereplacerefs": ("core.useReplaceRefs", "false"),
}
"""Settings of a bare repository by the name that git lists, as they are written, with the value that protects."""
_TRUE = frozenset({"true", "yes", "on", "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A repository on this machine that is pushed to.

    Attributes:
        path: of it.
        settings: values by name as git lists it, those of lists in order.
        guarded: its pre-receive hook is executable and calls gitaudit.
    """

    path: str
    settings: Mapping[str, Sequence[str]]
    guarded: bool


def judge_bare(bare: Bare) -> Check:
    """Judge whether a repository on this machine refuses to rewind or delete the log."""
    missing = [name for name in WANTED if not _is_set(bare, name)]
    if not missing:
        return Check(name="protection", status="ok", told=f"{bare.path} refuses to rewind or delete the log")
    written = [WANTED[name] for name in missing]
    return Check(
        name="protection",
        status="problem",
        told=f"{bare.path} lacks {', '.join(f'{name}={value}' for name, value in written)}",
        mend=tuple(command("git", f"--git-dir={bare.path}", "config", name, value) for name, value in written),
        hint=f"`{command('gitaudit', 'protect', 'server', bare.path)}` does more: it also checks what is pushed",
    )


def judge_elsewhere(place: RemotePlace | None, remote: str) -> Check:
    """Say how to ask a remote that is not on this machine; asking it takes a token, or access to the server."""
    if place is not None and place.forge is not None:
        return Check(
            name="protection",
            status="skipped",
            told=f"to be asked of {place.host}, with a token that may read its settings",
            hint=f"run `{command('gitaudit', 'protect', place.forge, '--check', '--remote', remote)}`",
        )
    return Check(
        name="protection",
        status="skipped",
        told="to be looked at where the remote is",
        hint="on a server of your own run `gitaudit protect server --check`; for a forge, `gitaudit protect gitlab "
        "--check` or that of another kind, with --api",
    )


def judge_presence(remote: str, head: str | None, seen: str | None) -> Check:
    """Judge what the remote has of the log.

    Args:
        remote: its name.
        head: that the remote has now.
        seen: that it had before, as far as this clone knows.
    """
    if head is not None:
        return Check(name="remote", status="ok", told=f"{remote} has the log up to {head}")
    if seen is not None:
        return Check(
            name="remote",
            status="bad",
            told=f"the log on {remote} is gone: this clone has seen {seen} there",
            hint="keep this clone as evidence, and ask who deleted the branch",
        )
    return Check(
        name="remote",
        status="problem",
        told=f"{remote} has no log",
        mend=(command("gitaudit", "sync", "--remote", remote),),
    )


def _is_set(bare: Bare, name: str) -> bool:
    last = [value.lower() for value in bare.settings.get(name, ())][-1:]
    if name == "core.usereplacerefs":
        hidden = bare.settings.get("receive.hiderefs", ()) or bare.settings.get("transfer.hiderefs", ())
        return last in (["false"], ["no"], ["off"], ["0"]) or "refs/replace" in hidden
    return bare.guarded or (bool(last) and last[0] in _TRUE)
