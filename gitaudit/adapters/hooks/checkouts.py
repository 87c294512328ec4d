"""What is checked out in the worktrees of a repository, and what a rebase under way began with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = ("HEAD", "rebase-merge/orig-head", "rebase-apply/orig-head")
_OID = re.compile(r"[0-9a-f]{40}")


def checked_out(common_dir: Path) -> Iterator[str]:
    """Yield the commits that HEAD of a worktree or a rebase under way names without a branch."""
    for git_dir in (common_dir, *sorted(common_dir.glob("worktrees/*"))):
        for name in FILES:
            try:
                text = (git_dir / name).read_text("ascii", "replace").strip()
            except OSError:
                continue  # no rebase is under way there
            if _OID.fullmatch(text):
                yield text
