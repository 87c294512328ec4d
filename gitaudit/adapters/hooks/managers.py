"""Hook managers, told by what they leave in a repository, and which file each lets others put a hook into."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitaudit.adapters.git_program import run_git
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from gitaudit.adapters.git_store import GitStore

PRE_COMMIT_MARKS = (
    b"138fd403232d2ddd5efb44317e38bf03",
    b"4d9958c90bc262f47553e2c073f14cfe",
    b"d8ee923c46731b42cd95cc869add4062",
    b"49fd668cb42069aa1b6048464be5d395",
    b"79f09a650522a87b0da915d0d983b2de",
    b"e358c9dae00eac5d06b38dfdb1e33a8c",
)
"""By one of these pre-commit knows its own hook files."""
LEFTHOOK_MARK = b"call_lefthook"
HUSKY_MARK = b'. "$(dirname "$0")/h"'
LEFTHOOK_FILES = tuple(
    f"{start}lefthook.{end}" for start in ("", ".", ".config/") for end in ("yml", "yaml", "json", "jsonc", "toml")
)
LEFTHOOK_LOCAL = "lefthook-local.yml"
HUSKY_FOLDER = ".husky"
CONFIG_SINCE = (2, 54)
"""The first version of git that runs hooks named in its configuration."""


def hook_folder(store: GitStore) -> Path:
    """Return the folder that git runs hooks from here: that of `core.hooksPath`, or the common one of all worktrees."""
    at = str(store.work_tree or store.git_dir)
    told = run_git(["-C", at, "rev-parse", "--path-format=absolute", "--git-path", "hooks"], git_dir=store.git_dir)
    if told.returncode != 0:
        raise SetupError(f"git does not tell where its hooks are: {told.message}", hint="git 2.31 or later is needed")
    return Path(told.stdout.decode("utf-8", "surrogateescape").removesuffix("\n"))


def read(path: Path) -> bytes | None:
    """Return the content of a file, None where there is none. Raises `SetupError`."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SetupError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error


def is_pre_commit(content: bytes | None) -> bool:
    """Return whether a hook file is one of pre-commit."""
    return content is not None and any(mark in content for mark in PRE_COMMIT_MARKS)


def is_lefthook(content: bytes | None) -> bool:
    """Return whether a hook file is one of lefthook."""
    return content is not None and LEFTHOOK_MARK in content


def is_husky(content: bytes | None) -> bool:
    """Return whether a hook file is one of husky."""
    return content is not None and HUSKY_MARK in content


def uses_husky(store: GitStore) -> bool:
    """Return whether the work tree has the folder that husky takes its scripts from."""
    return store.work_tree is not None and (store.work_tree / HUSKY_FOLDER).is_dir()


def uses_lefthook(store: GitStore) -> bool:
    """Return whether the work tree has a configuration of lefthook."""
    return store.work_tree is not None and any((store.work_tree / name).is_file() for name in LEFTHOOK_FILES)


def git_version(store: GitStore) -> tuple[int, ...]:
    """Return the version of git, as far as it has numbers."""
    words = run_git(["version"], git_dir=store.git_dir).stdout.split()
    numbers = words[2].split(b".") if len(words) > 2 else []  # noqa: PLR2004 - "git version 2.39.5"
    return tuple(int(number) for number in numbers if number.isdigit())
