"""Whether git really runs the hooks of gitaudit, and through what: what `hooks status` and the doctor both tell."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.adapters.git.config import GitConfig
from gitaudit.adapters.git.facts import configured_hooks, git_version, hooks_folder
from gitaudit.adapters.hooks.installed import stubs
from gitaudit.adapters.hooks.installed.calls import calls, legacy_of, names_hook, reading
from gitaudit.adapters.hooks.installed.managers import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gitaudit.adapters.git.store import GitStore


@dataclass(frozen=True, slots=True, kw_only=True)
class HookState:
    """One hook.

    Attributes:
        name: such as `pre-push`.
        via: what calls gitaudit: `file`, `pre-commit`, `husky`, `lefthook`, `overcommit`, `config`, `hand`; None where
            nothing does.
        path: the file, or the name in the configuration, that does it or that stands in the way.
        problem: why gitaudit is not called, None where it is.
        mend: the command that helps, None where none is needed.
        passed_over: something that calls gitaudit is there, and git does not come to it.
        limit: what gitaudit does not hear of although it is called, None where it hears of all.
    """

    name: str
    via: str | None
    path: str
    problem: str | None = None
    mend: str | None = None
    passed_over: bool = False
    limit: str | None = None

    @property
    def hint(self) -> str | None:
        """What to do about a problem, None where there is none."""
        return f"run `{self.mend}`" if self.problem and self.mend else None


INSTALL = "gitaudit hooks install"
_FIRST_REF_ONLY = "pre-commit tells its hooks of the first pushed ref only, so a push of several is recorded in part"


def status(store: GitStore, names: Sequence[str] = stubs.NAMES) -> list[HookState]:
    """Return the state of hooks, as git would find them now; no hook is run. Raises `SetupError`."""
    folder = hooks_folder(store)
    found, version = GitConfig.by_git(store.git_dir).everything(), git_version()[0]
    return [_configured(found, name, version) or _in_folder(store, folder, name) for name in names]


def _configured(found: Mapping[str, Sequence[str]], name: str, version: tuple[int, ...]) -> HookState | None:
    """Return the state of a hook that the configuration names, None where it names none that calls gitaudit."""
    for hook, command in configured_hooks(found, name, version).items():
        if calls(command.encode("utf-8", "surrogateescape"), name):
            return HookState(name=name, via="config", path=f"hook.{hook}")
    return None


def _in_folder(store: GitStore, folder: Path, name: str) -> HookState:
    path = folder / name
    content = read(path)
    ways = [] if content is None else reading(store.work_tree, path, content)
    calling = [(via, place) for via, place in ways if names_hook(via, read(place), name)]
    for via, place in calling:
        if _not_executable(path, place) is None:
            if via == "pre-commit" and place != legacy_of(path) and name == "pre-push":
                return HookState(name=name, via=via, path=str(place), limit=_FIRST_REF_ONLY, mend=INSTALL)
            return HookState(name=name, via=via, path=str(place))
    stuck = _not_executable(path, calling[0][1]) if calling else None
    if stuck is not None:
        return HookState(
            name=name,
            via=None,
            path=str(stuck),
            problem=f"is not executable, so {'git' if stuck == path else 'pre-commit'} ignores it",
            mend=shlex.join(["chmod", "+x", str(stuck)]),
            passed_over=True,
        )
    return _not_called(
        store, path, "is not there" if content is None else "is another hook, which does not call gitaudit"
    )


def _not_called(store: GitStore, path: Path, problem: str) -> HookState:
    idle = next(_idle(store, path), None)
    return HookState(
        name=path.name,
        via=None,
        path=str(path),
        problem=problem if idle is None else f"{problem}: {idle}",
        mend=INSTALL,
        passed_over=idle is not None,
    )


def _not_executable(path: Path, place: Path) -> Path | None:
    """Return which of the files that have to be programs is none: the hook, and the one that pre-commit runs first."""
    programs = (path, place) if place == legacy_of(path) else (path,)
    return next((one for one in programs if not os.access(one, os.X_OK)), None)


def _idle(store: GitStore, path: Path) -> Iterator[str]:
    """Yield why hooks of gitaudit that are there never run."""
    usual = store.common_dir / "hooks" / path.name
    if usual.parent.resolve() != path.parent.resolve() and calls(read(usual), path.name):
        yield f"core.hooksPath hides {usual}"
    aside = path.with_name(f"{path.name}.old")
    if calls(read(aside), path.name):
        yield f"another program has moved gitaudit's to {aside}, where nothing runs it"
