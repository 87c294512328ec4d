"""Trying what a server says to a push, without a ref ever moving (gitprotocol-pack(5), "Pushing Data To a Server").

A client names the value that it believes a ref to have. Hooks and settings judge the push by that; the ref itself moves
only if the value is true. So a push that names another value is answered like a real one, and cannot succeed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.adapters.git.pack import format_pack
from gitaudit.adapters.git.program import run_git
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from gitaudit.model import Kind

NO_OBJECT = "0" * 40
_STALE = ("failed to update ref", "incorrect old value", "reference does not exist", "reference already exists")
"""Answers that only the comparison with the true value gives: everything else had let the push pass."""
_BYPASS = {"GL_BYPASS_ACCESS_CHECKS": "1"}
"""Lets gitolite's own hook take a push by its admin; what is tried are the hooks beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said to one move of a ref: whether it refused it, and in which words; none where it let it pass."""

    refused: bool
    said: str


def try_push(
    git_dir: Path, ref: str, old: str | None, new: str | None, objects: Collection[tuple[Kind, bytes]] = ()
) -> Answer:
    """Ask the server to move a ref from a value that it does not have, and return what it said.

    Args:
        git_dir: the server's repository.
        ref: full name.
        old: an object that is there or among `objects`, and not the value of the ref; None for no such ref.
        new: likewise; None deletes the ref.
        objects: what is sent along; unless the hooks refuse it, it stays in the repository until `git gc`.

    Raises:
        SetupError: no answer to be had.
    """
    line = f"{old or NO_OBJECT} {new or NO_OBJECT} {ref}\0report-status\n".encode()
    data = b"%04x" % (len(line) + 4) + line + b"0000" + (b"" if new is None else format_pack(objects))
    result = run_git(["receive-pack", str(git_dir)], git_dir=git_dir, stdin=data, more=_BYPASS)
    mark = b"ng " + ref.encode() + b" "
    status = next((one for one in _packets(result.stdout) if one.startswith((mark, b"ok " + ref.encode()))), None)
    if status is None:
        raise SetupError(f"no answer to a push that was tried: {result.message}", hint=f"try: git -C {git_dir} fsck")
    reason = status.removeprefix(mark).decode("utf-8", "backslashreplace").strip()
    passed = status.startswith(b"ok ") or any(text in reason for text in _STALE)
    if passed:
        return Answer(refused=False, said="")
    own = f"gitaudit: refused {ref}: "
    told = [line.removeprefix(own) for line in result.stderr.splitlines() if line.startswith(own)]
    return Answer(refused=True, said=told[0] if told else reason)


def try_move(git_dir: Path, command: str) -> Answer:
    """Prepare one move of a ref as `git update-ref --stdin` knows it, and take it back before anything moves."""
    data = f"start\n{command}\nprepare\nabort\n".encode()
    result = run_git(["update-ref", "--stdin"], git_dir=git_dir, stdin=data)
    return Answer(refused=result.returncode != 0, said=result.message if result.returncode else "")


def _packets(data: bytes) -> list[bytes]:
    """Return the lines of all packets (gitprotocol-common(5)), as far as they are whole."""
    found, at = [], 0
    while at + 4 <= len(data):
        try:
            size = int(data[at : at + 4], 16)
        except ValueError:
            break
        found.append(data[at + 4 : at + size].rstrip(b"\n") if size else b"")
        at += max(size, 4)
    return found
