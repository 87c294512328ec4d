"""What git would run at a push here, read and not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.adapters.git.config import GitConfig
from gitaudit.adapters.git.facts import (
    configured_hooks,
    git_version,
    hooks_folder,
    read_program,
    read_texts,
)
from gitaudit.errors import SetupError
from gitaudit.usecases.doctor.hooks import ASIDE, CHAINED, CONFIGURATIONS, HookFacts, HookFile

if TYPE_CHECKING:
    from pathlib import Path

    from gitaudit.adapters.git.store import GitStore

_HOOK = "pre-push"


def hook_facts(store: GitStore) -> HookFacts:
    """Return what git does at a push of a clone with a work tree; three processes of git."""
    usual = store.common_dir / "hooks"
    try:
        folder = hooks_folder(store)
    except SetupError:
        folder = usual  # there is more to tell than that git is too old, which has a check of its own
    found = GitConfig.by_git(store.git_dir).everything()
    beside = {
        ending: hook
        for ending in (*CHAINED.values(), *ASIDE)
        if (hook := _read(folder / f"{_HOOK}{ending}")) is not None
    }
    texts = (
        {}
        if store.work_tree is None
        else {
            name: text
            for name, files in CONFIGURATIONS.items()
            if (text := read_texts(store.work_tree, files)) is not None
        }
    )
    return HookFacts(
        folder=str(folder),
        hooks_path=found.get("core.hookspath", [None])[-1],
        hook=_read(folder / _HOOK),
        usual=None if folder.resolve() == usual.resolve() else _read(usual / _HOOK),
        beside=beside,
        configured=configured_hooks(found, git_version()[0]),
        managers=texts,
    )


def _read(path: Path) -> HookFile | None:
    found = read_program(path)
    return None if found is None else HookFile(path=str(path), executable=found[0], text=found[1])
