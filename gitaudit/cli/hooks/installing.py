"""What `gitaudit hooks` and `gitaudit init` do about hooks, in steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.cli.output import escape
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.adapters.hooks.installed.install import Change
    from gitaudit.adapters.hooks.installed.status import HookState
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session

NOT_RUN = 3
NOTHING = {"install": "the hooks are in place already", "uninstall": "there was no hook of gitaudit here"}
"""What is said where nothing had to be done."""


def names_for(session: Session, *, guard: bool = False) -> tuple[str, ...]:
    """Return the hooks that belong into a clone. Raises `SetupError` for a bare repository, which others push to."""
    from gitaudit.adapters.hooks.installed import stubs

    if session.store.work_tree is None:
        raise SetupError(
            "expected a clone with a work tree, found a bare repository",
            hint=f"a repository that others push to is set up with: gitaudit protect server {session.store.git_dir}",
        )
    return (*stubs.NAMES, stubs.GUARD) if guard else stubs.NAMES


def install_hooks(session: Session, output: Output, *, guard: bool, config: bool) -> None:
    """Install the hooks and print what was done, and whether git runs them now."""
    from gitaudit.adapters.hooks.installed.install import install
    from gitaudit.adapters.hooks.installed.status import status

    names = names_for(session, guard=guard)
    changes = install(session.store, names, log=_log_of(session), config=config)
    _warn_of_relative_folder(session, output)
    _tell(output, "install", changes, status(session.store, names))


def uninstall_hooks(session: Session, output: Output) -> None:
    """Take the hooks out and print what was done."""
    from gitaudit.adapters.hooks.installed.install import uninstall
    from gitaudit.adapters.hooks.installed.status import status

    _tell(output, "uninstall", uninstall(session.store), status(session.store, names_for(session)))


def print_hooks(session: Session, output: Output, *, guard: bool) -> None:
    """Print the stubs, and where each belongs."""
    from gitaudit.adapters.git.facts import hooks_folder
    from gitaudit.adapters.hooks.installed import managers, stubs

    folder = hooks_folder(session.store)
    log = _log_of(session)
    names = names_for(session, guard=guard)
    texts = {str(folder / name): stubs.stub(name, log).decode("utf-8", "backslashreplace") for name in names}
    if managers.uses_lefthook(session.store):
        texts[managers.LEFTHOOK_LOCAL] = stubs.lefthook_block().decode("utf-8", "backslashreplace")
    if output.json:
        files = [{"path": path, "text": text} for path, text in texts.items()]
        output.document({"action": "print", "files": files})
        return
    for path, text in texts.items():
        output.note(f"{escape(path)}:")
        output.text("\n".join(escape(line) for line in text.splitlines()))


def show_hooks(session: Session, output: Output) -> int:
    """Print the state of the hooks; return 3 where git does not run one that is to be there."""
    from gitaudit.adapters.git.facts import hooks_folder
    from gitaudit.adapters.hooks.installed import managers, stubs
    from gitaudit.adapters.hooks.installed.status import status

    guard = managers.read(hooks_folder(session.store) / stubs.GUARD)
    states = status(session.store, names_for(session, guard=stubs.is_ours(guard)))
    _tell(output, "status", [], states)
    return NOT_RUN if any(one.problem for one in states) else 0


def _log_of(session: Session) -> str:
    from gitaudit.usecases.pin import config_of

    known = session.found_config() or config_of(session.memory.load())
    return "refs/heads/audit" if known is None else known.log


def _warn_of_relative_folder(session: Session, output: Output) -> None:
    """Say it where linked worktrees have no such folder: git then runs no hook there, and says nothing."""
    folder = session.store.config("core.hookspath")
    if folder is not None and not folder.startswith(("/", "~")) and (session.store.common_dir / "worktrees").is_dir():
        output.warn(
            f"core.hooksPath is relative ({escape(folder)}), so each worktree runs the hooks of its own folder",
            "run `gitaudit hooks install` in each worktree, or make core.hooksPath absolute",
        )


def _tell(output: Output, action: str, changes: Sequence[Change], states: Sequence[HookState]) -> None:
    if output.json:
        output.document(
            {
                "action": action,
                "changes": [{"done": one.done, "path": one.path, "note": one.note} for one in changes],
                "hooks": [_fields(one) for one in states],
            }
        )
        return
    for one in changes:
        output.text(f"{one.done} {escape(one.path)}{f' ({escape(one.note)})' if one.note else ''}")
    for state in states if action == "status" else ():
        if state.problem is None:
            output.text(f"{state.name}: runs, by {state.via} {escape(state.path)}")
        else:
            output.text(f"{state.name}: does not run: {escape(state.path)} {state.problem}")
    if action == "install":
        for state in states:
            if state.problem is not None:
                output.warn(f"git does not run {state.name}: {escape(state.path)} {state.problem}", state.hint)
    if not changes and action in NOTHING:
        output.note(NOTHING[action])


def _fields(state: HookState) -> dict[str, object]:
    return {
        "name": state.name,
        "runs": state.problem is None,
        "via": state.via,
        "path": state.path,
        "problem": state.problem,
        "hint": state.hint,
    }
