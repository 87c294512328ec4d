"""The Git configuration of a server's bare repository: what has to stand there, what does, and writing it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.adapters.git.program import run_git
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gitaudit.policy.config import Config

MANY_VALUES = frozenset({"receive.hideRefs"})
LOCK_MILLISECONDS = 10_000
"""How long a push waits for another one that holds the ref: its hook runs meanwhile, longer than Git's default."""
FORBIDDEN_EVERYWHERE = ("receive.denyNonFastForwards", "receive.denyDeletes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of Git configuration: what it has to be, and whether it is."""

    name: str
    value: str
    present: bool


def wanted_settings(
    log: str, config: Config | None, *, key: str | None, all_branches: bool
) -> Iterator[tuple[str, str]]:
    """Yield name and value of what protects a log, beside the hooks.

    Args:
        log: full name of its ref.
        config: the log that is pinned, None where the first one that is pushed shall be.
        key: fingerprint of the server's own key, None where it has none.
        all_branches: refuse forced pushes and deletions of every branch, not only of the log.
    """
    yield "gitaudit.protect", log
    if config is not None:
        yield "gitaudit.origin", config.origin
        yield "gitaudit.genesis", f"{config.genesis_commit} {config.genesis_sha256}"
    if key is not None:
        yield "gitaudit.key", key
    yield "core.useReplaceRefs", "false"
    yield "core.logAllRefUpdates", "always"
    yield "core.filesRefLockTimeout", str(LOCK_MILLISECONDS)
    yield "receive.fsckObjects", "true"
    yield "receive.hideRefs", "refs/replace"
    yield "receive.hideRefs", "refs/gitaudit"
    yield f"gc.{log}.reflogExpire", "never"
    yield f"gc.{log}.reflogExpireUnreachable", "never"
    for name in FORBIDDEN_EVERYWHERE if all_branches else ():
        yield name, "true"


def look_up(git_dir: Path, wanted: Sequence[tuple[str, str]]) -> list[Setting]:
    """Return settings with whether the repository's own configuration has them. Raises `SetupError`."""
    result = run_git(["config", "--local", "--list", "-z"], git_dir=git_dir)
    if result.returncode != 0:
        raise SetupError(f"cannot read the configuration of {git_dir}: {result.message}", hint="check its permissions")
    pairs = [one.partition("\n") for one in result.stdout.decode("utf-8", "replace").split("\0") if one]
    found: dict[str, list[str]] = {}
    for name, _, value in pairs:
        found.setdefault(name, []).append(value)
    return [Setting(name=name, value=value, present=_is_set(name, value, found)) for name, value in wanted]


def _is_set(name: str, value: str, found: dict[str, list[str]]) -> bool:
    values = found.get(_canonical(name), [])
    return value in values if name in MANY_VALUES else values[-1:] == [value]


def _canonical(name: str) -> str:
    """Return a name as Git lists it: section and variable in lower case."""
    section, _, rest = name.partition(".")
    middle, dot, variable = rest.rpartition(".")
    return f"{section.lower()}.{middle}{dot}{variable.lower()}"


def write_setting(git_dir: Path, setting: Setting) -> None:
    """Write one setting, unless it is there; the file keeps its owner. Raises `SetupError`."""
    if setting.present:
        return
    how = "--add" if setting.name in MANY_VALUES else "--replace-all"
    place = git_dir / "config"
    before = place.stat()
    result = run_git(["config", "--local", how, setting.name, setting.value], git_dir=git_dir)
    if result.returncode != 0:
        raise result.lock_error() or SetupError(
            f"cannot set {setting.name} in {git_dir}: {result.message}", hint="run it as the repository's user"
        )
    if place.stat().st_uid != before.st_uid:
        os.chown(place, before.st_uid, before.st_gid)
