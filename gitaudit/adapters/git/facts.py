"""What git and the Git directory tell of a setup: version, refspecs, hooks, the settings of a repository pushed to."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gitaudit.adapters.git.program import run_git
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitaudit.adapters.git.store import GitStore

MAX_HOOK_BYTES = 262_144
_VERSION = re.compile(r"git version ([0-9]+)\.([0-9]+)(?:\.([0-9]+))?")
CONFIGURED_HOOKS_SINCE = (2, 54)
"""The first version of git that runs hooks named in its configuration."""


def git_version() -> tuple[tuple[int, ...], str]:
    """Return the version of git as numbers and as git tells it. Raises `SetupError` where there is no git."""
    text = run_git(["version"], git_dir=Path(os.devnull)).stdout.decode("utf-8", "replace").strip()
    found = _VERSION.match(text)
    return (tuple(int(part) for part in found.groups() if part is not None), text[:80]) if found else ((), text[:80])


def hooks_folder(store: GitStore) -> Path:
    """Return where git looks for hooks: `core.hooksPath`, or the folder that all worktrees share.

    Raises:
        SetupError: git does not tell.
    """
    at = str(store.work_tree or store.git_dir)
    told = run_git(["-C", at, "rev-parse", "--path-format=absolute", "--git-path", "hooks"], git_dir=store.git_dir)
    if told.returncode != 0:
        raise SetupError(f"git does not tell where its hooks are: {told.message}", hint="git 2.31 or later is needed")
    return Path(os.fsdecode(told.stdout.removesuffix(b"\n")))


def read_program(path: Path) -> tuple[bool, bytes] | None:
    """Return whether a file may be executed, and the beginning of its text; None where there is no such file."""
    try:
        with path.open("rb") as stream:
            return os.access(path, os.X_OK), stream.read(MAX_HOOK_BYTES)
    except OSError:
        return None


def read_texts(folder: Path, names: Iterable[str]) -> bytes | None:
    """Return the beginnings of those files of a folder that there are, one after the other; None without any."""
    found = [file[1] for name in names if (file := read_program(folder / name)) is not None]
    return b"\n".join(found) if found else None


def configured_hooks(found: dict[str, list[str]], version: tuple[int, ...]) -> tuple[str, ...]:
    """Return the commands that the configuration itself names for a push; git runs them from 2.54 on."""
    if version < CONFIGURED_HOOKS_SINCE:
        return ()
    names = [
        name.removeprefix("hook.").removesuffix(".event") for name in found if re.fullmatch(r"hook\..*\.event", name)
    ]
    return tuple(
        command
        for name in names
        if "pre-push" in _after_reset(found[f"hook.{name}.event"])
        and found.get(f"hook.{name}.enabled", ["true"])[-1].lower() not in {"false", "no", "off", "0"}
        for command in found.get(f"hook.{name}.command", [])[-1:]
    )


def local_repository(store: GitStore, url: str) -> Path | None:
    """Return the Git directory of a remote on this machine, None where the URL names none."""
    if url.startswith("file://"):
        path = Path(unquote(url.removeprefix("file://")))
    elif re.match(r"[^/]*:", url):
        return None  # a host, or another scheme
    else:
        path = (store.work_tree or store.git_dir) / url
    for candidate in (path, path / ".git", path.with_name(f"{path.name}.git")):
        if (candidate / "objects").is_dir() and (candidate / "HEAD").exists():
            return candidate.resolve()
    return None


def _after_reset(events: list[str]) -> list[str]:
    """Return the events of a hook: an empty one takes back those before it."""
    while "" in events:
        events = events[events.index("") + 1 :]
    return events
