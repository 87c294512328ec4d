"""The server's hook files in a bare repository: which there are, which are foreign, writing ours beside them."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from gitaudit.adapters.files import write_durably
from gitaudit.adapters.git.program import run_git
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

Layout = Literal["plain", "gitolite", "gitlab"]
State = Literal["missing", "current", "outdated", "foreign", "managed"]

HOOKS = ("pre-receive", "post-receive", "reference-transaction")
GITLAB_HOOKS = ("pre-receive", "post-receive")
"""Gitaly calls no other custom hook but `update`."""
BEFORE = ".before-gitaudit"
"""Added to the name of a hook that was there before, which ours then calls."""
EXECUTABLE = 0o755
_MARK = b"\n# gitaudit server hook: "


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFile:
    """One hook of a server.

    Attributes:
        name: of the hook.
        path: where Git, or Gitaly, looks for it.
        content: what has to stand there.
        state: what stands there: nothing, that, an older one of ours, another program's, or a link to one.
        chained: a hook that was there before is called by ours, or will be.
    """

    name: str
    path: Path
    content: bytes
    state: State
    chained: bool


def find_layout(git_dir: Path) -> Layout:
    """Return who runs the hooks of a bare repository, by what lies in it and by its path."""
    if (git_dir / "custom_hooks").is_dir() or "@hashed" in git_dir.parts:
        return "gitlab"
    return "gitolite" if (git_dir / "gl-conf").is_file() else "plain"


def find_hooks(git_dir: Path, layout: Layout, log: str, notes: str, gnupg_home: Path | None) -> list[HookFile]:
    """Return the hooks that a repository needs, with what stands there now.

    Args:
        git_dir: the bare repository.
        layout: who runs its hooks.
        log: full name of the log's ref.
        notes: full name of its notes' ref.
        gnupg_home: GNUPGHOME of the server's own key, None for the usual one of the user who runs the hooks.

    Raises:
        SetupError: `core.hooksPath` leads elsewhere.
    """
    if layout == "gitlab":
        folder, names = git_dir / "custom_hooks", GITLAB_HOOKS
        places = [(name, folder / f"{name}.d" / "gitaudit") for name in names]
    else:
        places = [(name, _hooks_folder(git_dir) / name) for name in HOOKS]
    return [_look(name, path, _content(name, log, notes, gnupg_home)) for name, path in places]


def _hooks_folder(git_dir: Path) -> Path:
    folder = git_dir / "hooks"
    told = run_git(["rev-parse", "--git-path", "hooks"], git_dir=git_dir).stdout.decode().removesuffix("\n")
    if (git_dir / told).resolve() != folder.resolve():
        raise SetupError(
            f"expected the hooks of the repository at {folder}, found core.hooksPath to lead to {told}",
            hint=f"give the repository its own again: git -C {git_dir} config core.hooksPath {folder}",
        )
    return folder


def _content(name: str, log: str, notes: str, gnupg_home: Path | None) -> bytes:
    program = shlex.join([sys.executable, "-P", "-m", "gitaudit"])  # -P: no code is taken from the repository
    home = "" if gnupg_home is None else f"GNUPGHOME={shlex.quote(str(gnupg_home))} "
    text = (files("gitaudit.hooks") / f"server-{name}").read_text("utf-8")
    for mark, value in (("@GITAUDIT@", home + program), ("@LOG@", log), ("@NOTES@", notes)):
        text = text.replace(mark, value)
    return text.encode("utf-8")


def _look(name: str, path: Path, content: bytes) -> HookFile:
    chained = path.with_name(path.name + BEFORE).exists()
    state: State = "missing"
    if path.is_symlink():
        state = "managed"
    elif path.exists():
        found = path.read_bytes()
        same = found == content and path.stat().st_mode & EXECUTABLE == EXECUTABLE
        state = "current" if same else "outdated" if _MARK in found else "foreign"
    return HookFile(name=name, path=path, content=content, state=state, chained=chained or state == "foreign")


def check_room(hook: HookFile) -> None:
    """Refuse a place where ours cannot be put without taking something away. Raises `SetupError`."""
    before = hook.path.with_name(hook.path.name + BEFORE)
    if hook.state == "managed":
        raise SetupError(
            f"expected room for a hook at {hook.path}, found a link that another program keeps",
            hint=f"let that program call `{_command(hook)}` with the same input, or remove the link",
        )
    if hook.state == "foreign" and before.exists():
        raise SetupError(
            f"expected room for a hook at {hook.path}, found a foreign one, and another at {before}",
            hint="join the two into one file, then run it again",
        )


def write_hook(hook: HookFile) -> None:
    """Put our hook in its place; a foreign one moves aside and is called by it. Raises `SetupError`."""
    check_room(hook)
    if hook.state == "current":
        return
    try:
        if hook.state == "foreign":
            hook.path.rename(hook.path.with_name(hook.path.name + BEFORE))
        hook.path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(hook.path, hook.content)
        hook.path.chmod(EXECUTABLE)
    except OSError as error:
        raise SetupError(
            f"cannot write {hook.path}: {error.strerror}", hint="run it as the repository's user"
        ) from error


def _command(hook: HookFile) -> str:
    return shlex.join([sys.executable, "-P", "-m", "gitaudit", "server-hook", hook.name])
