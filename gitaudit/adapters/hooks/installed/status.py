"""Whether git really runs the hooks of gitaudit, and through what."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.adapters.git.facts import CONFIGURED_HOOKS_SINCE, git_version, hooks_folder
from gitaudit.adapters.git.program import run_git
from gitaudit.adapters.hooks.installed import managers, stubs
from gitaudit.adapters.hooks.installed.managers import HUSKY_FOLDER, LEFTHOOK_LOCAL, read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitaudit.adapters.git.store import GitStore


@dataclass(frozen=True, slots=True, kw_only=True)
class HookState:
    """One hook.

    Attributes:
        name: such as `pre-push`.
        via: what calls gitaudit: `file`, `pre-commit`, `husky`, `lefthook`, `config`, `hand`; None where nothing.
        path: the file, or the name in the configuration, that does it or that stands in the way.
        problem: why gitaudit is not called, None where it is.
        hint: what to do about it.
    """

    name: str
    via: str | None
    path: str
    problem: str | None = None
    hint: str | None = None


INSTALL = "run `gitaudit hooks install`"


def status(store: GitStore, names: Sequence[str] = stubs.NAMES) -> list[HookState]:
    """Return the state of hooks, as git would find them now; no hook is run. Raises `SetupError`."""
    folder = hooks_folder(store)
    return [_configured(store, name) or _in_folder(store, folder, name) for name in names]


def _configured(store: GitStore, name: str) -> HookState | None:
    """Return the state of a hook that the configuration names, None where it names none that git would run."""
    told = run_git(["config", "--get-regexp", r"^hook\..*\.(command|enabled|event)$"], git_dir=store.git_dir)
    fields = dict(line.split(" ", 1) for line in told.stdout.decode("utf-8", "replace").splitlines() if " " in line)
    called = [
        key.removesuffix(".command")
        for key, value in fields.items()
        if key.endswith(".command") and re.search(rf"gitaudit\S* hook {name}\b", value)
    ]
    enabled = [one for one in called if fields.get(f"{one}.enabled") != "false" and fields.get(f"{one}.event") == name]
    if not enabled or git_version()[0] < CONFIGURED_HOOKS_SINCE:
        return None
    return HookState(name=name, via="config", path=enabled[0])


def _in_folder(store: GitStore, folder: Path, name: str) -> HookState:
    path = folder / name
    content = read(path)
    if content is None:
        return _missing(store, folder, name)
    if not os.access(path, os.X_OK):
        return HookState(
            name=name, via=None, path=str(path), problem="is not executable, so git ignores it", hint=f"chmod +x {path}"
        )
    called = _called(store, path, content)
    if called is None:
        problem = "is another hook, which does not call gitaudit"
        return HookState(name=name, via=None, path=str(path), problem=problem, hint=INSTALL)
    return HookState(name=name, via=called[0], path=str(called[1]))


def _called(store: GitStore, path: Path, content: bytes) -> tuple[str, Path] | None:
    """Return through what a hook file calls gitaudit, and the file that says so; None where it does not."""
    if stubs.is_ours(content):
        return "file", path
    managed: list[tuple[str, Path]] = []
    if managers.is_pre_commit(content):
        legacy = path.with_name(f"{path.name}.legacy")
        managed = [("pre-commit", legacy)] if os.access(legacy, os.X_OK) else []
    elif store.work_tree is not None and managers.is_husky(content):
        managed = [("husky", store.work_tree / HUSKY_FOLDER / path.name)]
    elif store.work_tree is not None and managers.is_lefthook(content):
        managed = [("lefthook", store.work_tree / LEFTHOOK_LOCAL)]
    for via, place in managed:
        found = read(place)
        if stubs.is_ours(found) or stubs.has_block(found):
            return via, place
    return ("hand", path) if re.search(rb"gitaudit\S* hook " + path.name.encode(), content) else None


def _missing(store: GitStore, folder: Path, name: str) -> HookState:
    usual = store.common_dir / "hooks" / name
    if folder != usual.parent and stubs.is_ours(read(usual)):
        problem = f"is not there: core.hooksPath hides {usual}"
    else:
        problem = "is not there"
    return HookState(name=name, via=None, path=str(folder / name), problem=problem, hint=INSTALL)
