"""What a hook that git runs comes to call in the end, through the programs that manage hooks; read, never run."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gitaudit.adapters.git.facts import MAX_HOOK_BYTES
from gitaudit.adapters.hooks.installed import managers, stubs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TOLD = rb"^(?![ \t]*//)(?:[^#\n]|(?<=\S)#)*?"
"""The part of a line before what is looked for: none of it is a comment of a shell, of YAML, TOML or JSON."""
_GAP = rb"[ \t'\",]+"
"""What stands between the words of a command, or between the items of a list that is one."""
_CALL = rb"git[- ]?audit(?:\.exe)?" + _GAP + rb"(?:-C" + _GAP + rb"\S+" + _GAP + rb")?hook" + _GAP
_PRE_COMMIT_ID = rb"\bid['\"]?[ \t]*:[ \t]*['\"]?gitaudit-"
"""How `.pre-commit-config.yaml` names a hook of `.pre-commit-hooks.yaml`."""
_PRE_COMMIT_CONFIG = re.compile(rb"--config[= ]([^\s)'\"]+)")


def calls(content: bytes | None, name: str) -> bool:
    """Return whether a text calls gitaudit for a hook: as a stub, or in words outside of comments."""
    if content is None:
        return False
    return stubs.is_ours(content) or _tells(content, _CALL + re.escape(name.encode()) + rb"(?![\w-])")


def reading(work_tree: Path | None, path: Path, content: bytes) -> Iterator[tuple[str, Path]]:
    """Yield each file that may call gitaudit when git runs a hook file, itself first, and through what that is.

    Args:
        work_tree: of the repository, where the managers have their configuration; None in a bare one.
        path: of the hook file.
        content: of the hook file.
    """
    yield ("file" if stubs.is_ours(content) else "hand"), path
    is_pre_commit = managers.is_pre_commit(content) or _tells(content, rb"hook-impl\b")
    if is_pre_commit:
        yield "pre-commit", legacy_of(path)
    if managers.is_husky(content) or path.match("*/.husky/_/*"):
        yield "husky", path.parent.with_name(path.name)  # told by husky's script `h`: "$(dirname "$(dirname "$0")")"
    if work_tree is None:
        return
    if is_pre_commit:
        named = _PRE_COMMIT_CONFIG.search(content)
        yield "pre-commit", work_tree / (os.fsdecode(named[1]) if named else managers.CONFIGURATIONS["pre-commit"][0])
    for manager in ("lefthook", "overcommit"):
        if _tells(content, manager.encode()):
            yield from ((manager, work_tree / file) for file in managers.CONFIGURATIONS[manager])


def names_hook(via: str, content: bytes | None, name: str) -> bool:
    """Return whether a file of `reading` makes what reads it call gitaudit for a hook."""
    if calls(content, name):
        return True
    by_id = _PRE_COMMIT_ID + re.escape(name.encode()) + rb"(?![\w-])"
    return via == "pre-commit" and content is not None and _tells(content, by_id)


def legacy_of(path: Path) -> Path:
    """Return where pre-commit keeps the hook that was there before its own."""
    return path.with_name(f"{path.name}.legacy")


def _tells(content: bytes, pattern: bytes) -> bool:
    return re.search(_TOLD + pattern, content[:MAX_HOOK_BYTES], re.MULTILINE) is not None
