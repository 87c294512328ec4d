"""Whether a push really reaches gitaudit, past `core.hooksPath` and the programs that manage hooks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.usecases.doctor.model import Check

if TYPE_CHECKING:
    from gitaudit.policy.policy import Policy

_CALL = re.compile(rb"^(?![ \t]*#).*\bgit[- ]?audit(?:-hook)?\b", re.MULTILINE)


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
        path: the file, or the name in git's configuration, that calls gitaudit or that stands in the way.
        via: what calls gitaudit: `file`, `hand`, `config` or the name of a manager; None where nothing does.
        problem: why it is not called, said of `path`; None where it is.
        passed_over: a hook of gitaudit is there, and git does not come to it.
        limit: what gitaudit does not hear of although it is called, None where it hears of all.
        mend: the command that helps, None where none is needed.
        hooks_path: what `core.hooksPath` says, None where nothing.
        managers: names of the programs that manage hooks and are set up here.
    """

    path: str
    via: str | None
    problem: str | None
    passed_over: bool
    limit: str | None
    mend: str | None
    hooks_path: str | None
    managers: tuple[str, ...]


def judge_hooks(facts: HookFacts, policy: Policy | None) -> Check:
    """Judge whether a push of this clone is recorded by itself."""
    if facts.via == "config":
        told = f"git's configuration has a hook that calls gitaudit: {facts.path}"
        return Check(name="hooks", status="ok", told=told)
    if facts.problem is None:
        through = "" if facts.via in {"file", "hand"} else f" through {facts.via}"
        return Check(name="hooks", status="ok", told=f"{facts.path} runs gitaudit{through}")
    mend = () if facts.mend is None else (facts.mend,)
    if facts.passed_over:
        return Check(name="hooks", status="problem", told=f"{facts.path} {facts.problem}", mend=mend)
    writer = _writer(policy)
    if writer != "developer":
        return Check(name="hooks", status="ok", told=f"none is needed: by the policy, the {writer} records changes")
    return Check(
        name="hooks",
        status="warning",
        told="no hook calls gitaudit at a push, so somebody has to remember `gitaudit record-change`",
        mend=mend,
    )


def judge_managers(facts: HookFacts) -> Check:
    """Judge the programs that manage hooks, each of which has its own way of passing others over."""
    if not facts.managers:
        return Check(name="hook-managers", status="ok", told="no program manages hooks here")
    if facts.limit is not None:
        mend = () if facts.mend is None else (facts.mend,)
        return Check(name="hook-managers", status="warning", told=facts.limit, mend=mend)
    relative = facts.hooks_path is not None and not facts.hooks_path.startswith(("/", "~"))
    hint = f"core.hooksPath is relative ({facts.hooks_path}): a linked worktree without that folder runs no hook"
    names = ", ".join(sorted(facts.managers))
    return Check(name="hook-managers", status="ok", told=names, hint=hint if relative else None)


def _writer(policy: Policy | None) -> str:
    stated = None if policy is None else policy.document.get("change_records")
    return str(stated.get("writer", "developer")) if isinstance(stated, dict) else "developer"
