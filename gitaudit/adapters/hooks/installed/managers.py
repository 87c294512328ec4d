"""Hook managers, told by what they leave in a repository, and which file each lets others put a hook into.

Files are moved and written by what is said here, so a hook counts as a manager's by the very mark that the manager
goes by. The doctor only reads: it looks in `usecases/doctor/hooks.py` for words, in whatever form somebody set it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from gitaudit.adapters.git.store import GitStore

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
