"""Whether a push really reaches gitaudit, past `core.hooksPath` and the programs that manage hooks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.usecases.doctor.model import Check, command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.policy.policy import Policy

INSTALL = "gitaudit hooks install"


_CALL = re.compile(rb"^(?![ \t]*#).*\bgit[- ]?audit(?:-hook)?\b", re.MULTILINE)
_OWN_PROGRAM = {
    "pre-commit": b"pre-commit",
    "husky": b"husky",
    "lefthook": b"lefthook",
    "overcommit": b"overcommit",
}
"""Managers, and what their own hooks name."""
CONFIGURATIONS = {
    "pre-commit": (".pre-commit-config.yaml", ".pre-commit-config.yml"),
    "husky": (".husky/pre-push",),
    "lefthook": tuple(
        f"{start}lefthook{local}.{end}"
        for start in ("", ".", ".config/")
        for local in ("", "-local")
        for end in ("yml", "yaml", "json", "jsonc", "toml")
    ),
    "overcommit": (".overcommit.yml",),
}
"""Where managers are told what to run, from the top of the work tree."""
CHAINED = {"pre-commit": ".legacy"}
"""What managers that run an earlier hook put behind its name."""
ASIDE = (".old",)
"""What those put there that move it aside and do not run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFile:
    """A hook: where it is, whether git would run it, and its text."""

    path: str
    executable: bool
    text: bytes

    @property
    def reaches(self) -> bool:
        """Whether its text calls gitaudit, outside of comments."""
        return _CALL.search(self.text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFacts:
    """What git does at a push.

    Attributes:
        folder: where git looks for hooks.
        hooks_path: what `core.hooksPath` says, None where nothing.
        hook: the pre-push hook there, None without any.
        usual: the one in the usual folder, where that is another folder; None without any.
        beside: hooks next to the one that runs, by what stands behind its name, such as `.legacy`.
        configured: commands that git's configuration itself names for a push, and that this git runs.
        managers: texts of the configuration of each manager that is set up here, by its name.
    """

    folder: str
    hooks_path: str | None
    hook: HookFile | None
    usual: HookFile | None
    beside: Mapping[str, HookFile]
    configured: tuple[str, ...]
    managers: Mapping[str, bytes]

    @property
    def manager(self) -> str | None:
        """The manager whose hook it is that git runs, None where it is somebody's own."""
        if self.hook is None:
            return None
        place = self.folder.replace("\\", "/")
        for name, program in _OWN_PROGRAM.items():
            if program in self.hook.text or (name == "husky" and "/.husky" in place):
                return name
        return None

    @property
    def through(self) -> str | None:
        """The manager that is told to call gitaudit, and whose hook git runs; None where there is none."""
        manager = self.manager
        told = b"" if manager is None else self.managers.get(manager, b"")
        return manager if _CALL.search(told) else None

    @property
    def direct(self) -> bool:
        """Whether the hook that git runs calls gitaudit itself, or runs one that does."""
        chained = self.beside.get(CHAINED.get(self.manager or "", ""))
        return any(one is not None and one.reaches for one in (self.hook, chained))

    @property
    def by_configuration(self) -> bool:
        """Whether git's configuration calls gitaudit."""
        return any(_CALL.search(one.encode("utf-8", "surrogateescape")) for one in self.configured)


def judge_hooks(facts: HookFacts, policy: Policy | None) -> Check:
    """Judge whether a push of this clone is recorded by itself."""
    if facts.by_configuration:
        return Check(name="hooks", status="ok", told="git's configuration has a hook that calls gitaudit")
    if facts.hook is not None and (facts.direct or facts.through):
        return _judge_running(facts.hook, facts.through if not facts.direct else None)
    broken = _passed_over(facts)
    if broken is not None:
        return Check(name="hooks", status="problem", told=broken, mend=(INSTALL,))
    writer = _writer(policy)
    if writer != "developer":
        return Check(name="hooks", status="ok", told=f"none is needed: by the policy, the {writer} records changes")
    return Check(
        name="hooks",
        status="warning",
        told="no hook calls gitaudit at a push, so somebody has to remember `gitaudit record-change`",
        mend=(INSTALL,),
    )


def _judge_running(hook: HookFile, through: str | None) -> Check:
    if hook.executable:
        told = f"{hook.path} runs gitaudit" + ("" if through is None else f" through {through}")
        return Check(name="hooks", status="ok", told=told)
    return Check(
        name="hooks",
        status="problem",
        told=f"{hook.path} is not executable, so git passes it over",
        mend=(command("chmod", "+x", hook.path),),
    )


def _passed_over(facts: HookFacts) -> str | None:
    """Return why a hook of gitaudit that is there never runs, None where there is none."""
    if facts.usual is not None and facts.usual.reaches:
        return f"core.hooksPath sends git to {facts.folder}, so {facts.usual.path} never runs"
    for ending in ASIDE:
        found = facts.beside.get(ending)
        if found is not None and found.reaches:
            return f"another program has moved gitaudit's hook aside, to {found.path}, where nothing runs it"
    return None


def judge_managers(facts: HookFacts) -> Check:
    """Judge the programs that manage hooks, each of which has its own way of passing others over."""
    if not facts.managers:
        return Check(name="hook-managers", status="ok", told="no program manages hooks here")
    if facts.through == "pre-commit" and not facts.direct and not facts.by_configuration:
        return Check(
            name="hook-managers",
            status="warning",
            told="pre-commit tells its hooks of the first pushed ref only, so a push of several is recorded in part",
            mend=(INSTALL,),
        )
    relative = facts.hooks_path is not None and not facts.hooks_path.startswith(("/", "~"))
    hint = f"core.hooksPath is relative ({facts.hooks_path}): a linked worktree without that folder runs no hook"
    names = ", ".join(sorted(facts.managers))
    return Check(name="hook-managers", status="ok", told=names, hint=hint if relative else None)


def _writer(policy: Policy | None) -> str:
    stated = None if policy is None else policy.document.get("change_records")
    return str(stated.get("writer", "developer")) if isinstance(stated, dict) else "developer"
