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
    from collections.abc import Mapping, Sequence

    from gitaudit.adapters.git.store import GitStore

MAX_HOOK_BYTES = 262_144
_VERSION = re.compile(r"git version ([0-9]+)\.([0-9]+)(?:\.([0-9]+))?")
CONFIGURED_HOOKS_SINCE = (2, 54)
"""The first version of git that runs hooks named in its configuration."""
_EVENT_SWITCH_SINCE = (2, 55)
_NUMBER = re.compile(r"\s*[+-]?(?:0x([0-9a-f]+)|([0-9]+))[kmg]?")


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


def configured_hooks(found: Mapping[str, Sequence[str]], event: str, version: tuple[int, ...]) -> dict[str, str]:
    """Return what the configuration itself makes git run, as git-config(1) has it: commands by name of the hook.

    Args:
        found: all values of the configuration by name, as `GitConfig.everything` has them.
        event: name of the hook that git runs, such as `pre-push`.
        version: of git; none before 2.54 runs such hooks, and 2.55 can switch off all of an event.
    """
    if version < CONFIGURED_HOOKS_SINCE or (version >= _EVENT_SWITCH_SINCE and _is_event_off(found, event)):
        return {}
    names = [match[1] for name in found if (match := re.fullmatch(r"hook\.(.*)\.event", name))]
    return {
        name: found[f"hook.{name}.command"][-1]
        for name in names
        if f"hook.{name}.command" in found
        and event in _after_reset(found[f"hook.{name}.event"])
        and _is_enabled(found, name)
    }


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


def _after_reset(events: Sequence[str]) -> Sequence[str]:
    """Return the events of a hook: an empty one takes back those before it."""
    while "" in events:
        events = events[events.index("") + 1 :]
    return events


def _is_enabled(found: Mapping[str, Sequence[str]], name: str) -> bool:
    """Return what `hook.<name>.enabled` says last; git passes over a value that is no boolean."""
    told = [one for value in found.get(f"hook.{name}.enabled", ()) if (one := _boolean(value)) is not None]
    return told[-1] if told else True


def _is_event_off(found: Mapping[str, Sequence[str]], event: str) -> bool:
    """Return whether `enabled` is off for an event; where a hook has the name of one, it is said of that hook."""
    is_hook = any(f"hook.{event}.{field}" in found for field in ("command", "event", "parallel"))
    return not is_hook and not _is_enabled(found, event)


def _boolean(value: str) -> bool | None:
    """Return a value as git-config(1) reads booleans, None where it is none; a number is true unless it is zero."""
    value = value.lower()
    if value in {"true", "yes", "on"}:
        return True
    if value in {"", "false", "no", "off"}:
        return False
    number = _NUMBER.fullmatch(value)
    return None if number is None else (number[1] or number[2]).strip("0") != ""
