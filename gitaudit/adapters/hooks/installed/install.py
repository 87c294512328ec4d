"""Putting the stubs beside what is there, and taking them out again. Nothing of others is overwritten.

- A hook file of somebody else is renamed and called by the stub, before gitaudit, with the same input.
- Beside pre-commit, the stub stands where pre-commit itself keeps the hook that was there before it, so that either
  may be installed first, and again.
- husky and lefthook replace files in the hook folder when they are set up: they are told by their own scripts and
  configuration, also where they are not set up yet.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.adapters.git.facts import CONFIGURED_HOOKS_SINCE, git_version, hooks_folder
from gitaudit.adapters.git.program import run_git
from gitaudit.adapters.hooks.installed import managers, stubs
from gitaudit.adapters.hooks.installed.managers import HUSKY_FOLDER, LEFTHOOK_LOCAL, read
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gitaudit.adapters.git.store import GitStore

_CONFIG = "hook.gitaudit-{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that was done: what, to which file, and what somebody should know of it."""

    done: str
    path: str
    note: str | None = None


def install(store: GitStore, names: Sequence[str], *, log: str, config: bool = False) -> list[Change]:
    """Install hooks, or bring those that are there up to date.

    Args:
        store: the repository.
        names: of the hooks.
        log: full name of the ref that the guard looks at.
        config: name them in git's configuration instead of writing files; git 2.54 or later runs those.

    Raises:
        SetupError: a file cannot be written, or something stands where another hook would have to be kept.
    """
    if config:
        return [_configure(store, name) for name in names]
    folder = hooks_folder(store)
    changes = [change for name in names for change in _install_file(folder, name, stubs.stub(name, log))]
    if store.work_tree is not None:
        changes += _install_managed(store.work_tree, store, [name for name in names if name in stubs.NAMES])
    return changes


def _install_file(folder: Path, name: str, stub: bytes) -> Iterator[Change]:
    """Write the stub of a hook into the hook folder, if this is where it gets called from."""
    path = folder / name
    content = read(path)
    if managers.is_husky(content) or managers.is_lefthook(content):
        return
    note = None
    if managers.is_pre_commit(content):
        path = path.with_name(f"{name}.legacy")
        content = read(path)
        note = "pre-commit calls it"
    if content == stub and path.stat().st_mode & 0o100:
        return
    if content is not None and not stubs.is_ours(content):
        _set_aside(path)
        note = f"what was there is kept as {path.name}{stubs.BEFORE} and runs first"
    _write(path, stub, 0o755)
    yield Change(done="updated" if stubs.is_ours(content) else "wrote", path=str(path), note=note)


def _set_aside(path: Path) -> None:
    kept = path.with_name(path.name + stubs.BEFORE)
    if kept.exists() or kept.is_symlink():
        raise SetupError(
            f"expected nothing at {kept}, where the hook {path.name} would be kept, found another one",
            hint="something has written a new hook over the one of gitaudit; merge the two by hand, remove one, then "
            "run `gitaudit hooks install` again",
        )
    path.rename(kept)


def _install_managed(work_tree: Path, store: GitStore, names: Sequence[str]) -> Iterator[Change]:
    """Put blocks into the files of husky and lefthook, where the repository uses them."""
    if managers.uses_husky(store):
        for name in names:
            path = work_tree / HUSKY_FOLDER / name
            note = "part of the repository: commit it, so that every clone has it"
            yield from _put_block(path, stubs.husky_block(name), note)
    if managers.uses_lefthook(store) and names:
        path = work_tree / LEFTHOOK_LOCAL
        others = stubs.without_block(read(path) or b"")
        taken = [name for name in names if any(line.startswith(f"{name}:".encode()) for line in others.splitlines())]
        if taken:
            raise SetupError(
                f"expected no {taken[0]} in {path}, found one that cannot be merged by a program",
                hint="add the command by hand; `gitaudit hooks install --print` shows it",
            )
        yield from _put_block(path, stubs.lefthook_block(), "keep it out of commits: it is for this clone")


def _put_block(path: Path, block: bytes, note: str) -> Iterator[Change]:
    content = read(path)
    new = stubs.with_block(content or b"", block)
    if new != content:
        _write(path, new, 0o644)
        yield Change(done="updated" if content is not None else "wrote", path=str(path), note=note)


def _configure(store: GitStore, name: str) -> Change:
    version = git_version()[0]
    if version < CONFIGURED_HOOKS_SINCE:
        raise SetupError(
            f"expected git {'.'.join(map(str, CONFIGURED_HOOKS_SINCE))} or later to run hooks named in its "
            f"configuration, found {'.'.join(map(str, version))}",
            hint="leave --config out",
        )
    key = _CONFIG.format(name)
    command = f"{shlex.quote(stubs.program())} hook {name}"
    for arguments in (["--replace-all", f"{key}.command", command], ["--replace-all", f"{key}.event", name]):
        result = run_git(["config", "--local", *arguments], git_dir=store.git_dir)
        if result.returncode != 0:
            raise SetupError(f"cannot write the configuration: {result.message}", hint="check its permissions")
    return Change(done="wrote", path=f"{key} of the configuration", note="git before 2.54 ignores it")


def uninstall(store: GitStore) -> list[Change]:
    """Take out everything that `install` has put in, and put back what was there before. Raises `SetupError`."""
    changes: list[Change] = []
    for folder in dict.fromkeys((hooks_folder(store), store.common_dir / "hooks")):
        for name in (*stubs.NAMES, stubs.GUARD):
            for suffix in ("", ".legacy", ".old"):
                changes += _remove_stub(folder / f"{name}{suffix}")
    if store.work_tree is not None:
        for place in (*(f"{HUSKY_FOLDER}/{name}" for name in stubs.NAMES), LEFTHOOK_LOCAL):
            changes += _remove_block(store.work_tree / place)
    for name in (*stubs.NAMES, stubs.GUARD):
        section = _CONFIG.format(name)
        if run_git(["config", "--local", "--remove-section", section], git_dir=store.git_dir).returncode == 0:
            changes.append(Change(done="removed", path=f"{section} of the configuration"))
    return changes


def _remove_stub(path: Path) -> Iterator[Change]:
    if not stubs.is_ours(read(path)):
        return
    kept = path.with_name(path.name + stubs.BEFORE)
    try:
        if kept.exists() or kept.is_symlink():
            kept.replace(path)
            yield Change(done="restored", path=str(path))
        else:
            path.unlink()
            yield Change(done="removed", path=str(path))
    except OSError as error:
        raise SetupError(f"cannot write {path}: {error.strerror}", hint="check its permissions") from error


def _remove_block(path: Path) -> Iterator[Change]:
    content = read(path)
    if content is None or not stubs.has_block(content):
        return
    rest = stubs.without_block(content)
    if rest:
        _write(path, rest, None)
    else:
        path.unlink()
    yield Change(done="restored" if rest else "removed", path=str(path))


def _write(path: Path, content: bytes, mode: int | None) -> None:
    """Replace a file in one step; one that is there keeps its mode unless it is to be a program."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode is None or (mode == 0o644 and path.exists()):  # noqa: PLR2004 - a file that nobody runs
            mode = path.stat().st_mode & 0o777
        temporary = path.with_name(f"{path.name}.gitaudit-tmp")
        temporary.write_bytes(content)
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        raise SetupError(f"cannot write {path}: {error.strerror}", hint="check its permissions") from error
