"""Hooks of others: each manager really installed, before and after gitaudit; a push runs both and works."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hooks.clones import Clone
from tests.support import tools

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.git import GitRepo

NODE = Path(sys.prefix) / "hook-managers/node_modules/.bin"
MAIN = "refs/heads/main"
BOTH = ("first", "after")


def require(program: Path) -> str:
    """Return a program that `scripts/hook-managers` or the extra `test` installs, or end the test."""
    if program.exists():
        return str(program)
    reason = f"{program} is not installed; scripts/hook-managers does that"
    if tools.REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Managed:
    """A clone without hooks yet, a manager for it, and the file that the manager's own hook leaves."""

    def __init__(self, clone: Clone, note: Path) -> None:
        self.clone = clone
        self.note = note
        self.env: dict[str, str] = {}
        self.steps: list[tuple[str, ...]] = []

    @property
    def own(self) -> str:
        """A command that leaves a line, with the input of the hook, each time it is run."""
        return f"sh -c 'cat >>{self.note}; echo run >>{self.note}'"

    def set_up(self) -> None:
        """Set the manager up, as its documentation says."""
        for step in self.steps:
            done = self.clone.attempt(*step, env=self.env)
            assert done.code == 0, done.said

    def push(self) -> str:
        """Push with the manager at hand."""
        done = self.clone.attempt("git", "push", "origin", "HEAD", env=self.env)
        assert done.code == 0, done.said
        return done.said

    @property
    def runs(self) -> int:
        """How often the manager's own hook ran."""
        return self.note.read_text("utf-8").count("run\n") if self.note.exists() else 0


def pre_commit(managed: Managed) -> None:
    """Prepare pre-commit, with a hook of its own at push."""
    program = require(Path(sys.executable).with_name("pre-commit"))
    entry = f"sh -c 'echo run >>{managed.note}'"
    hook: dict[str, object] = {"id": "own", "name": "own", "entry": entry, "language": "system", "stages": ["pre-push"]}
    hook |= {"always_run": True, "pass_filenames": False}
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    (managed.clone.path / ".pre-commit-config.yaml").write_text(json.dumps(config), "utf-8")
    managed.env = {"PRE_COMMIT_HOME": str(managed.note.parent / "pre-commit")}
    managed.steps = [(program, "install", "--hook-type", "pre-push")]


def husky(managed: Managed) -> None:
    """Prepare husky, with the script of the repository that it runs."""
    tools.require_tool("node")
    script = managed.clone.path / ".husky/pre-push"
    script.parent.mkdir()
    script.write_text(f"{managed.own}\n", "utf-8")
    managed.steps = [(require(NODE / "husky"),)]


def lefthook(managed: Managed) -> None:
    """Prepare lefthook, with a command of its own at push."""
    tools.require_tool("node")
    program = require(NODE / "lefthook")
    config = f"pre-push:\n  commands:\n    own:\n      run: {managed.own}\n      use_stdin: true\n"
    (managed.clone.path / "lefthook.yml").write_text(config, "utf-8")
    managed.env = {"LEFTHOOK_BIN": program}
    managed.steps = [(program, "install")]


def git_lfs(managed: Managed) -> None:
    """Prepare git-lfs; that its hook ran shows in the object that it uploads."""
    tools.require_tool("git-lfs")
    managed.steps = [("git", "lfs", "install", "--local", "--force"), ("git", "lfs", "track", "*.bin")]


def own_script(managed: Managed) -> None:
    """Prepare a hook that somebody has written by hand, in the usual folder."""
    hook = managed.clone.path / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    managed.steps = [("sh", "-c", f"printf '#!/bin/sh\\n%s\\n' \"{managed.own}\" >{hook} && chmod +x {hook}")]


def hooks_path(managed: Managed) -> None:
    """Prepare a folder of hooks in the work tree, named by core.hooksPath."""
    folder = managed.clone.path / ".githooks"
    folder.mkdir()
    (folder / "pre-push").write_text(f"#!/bin/sh\n{managed.own}\n", "utf-8")
    (folder / "pre-push").chmod(0o755)
    managed.steps = [("git", "config", "core.hooksPath", ".githooks")]


@pytest.fixture
def managed(clone: Clone, tmp_path: Path) -> Managed:
    """Give the clone without hooks, for a manager."""
    shutil.rmtree(clone.path / ".git/hooks")
    return Managed(clone, tmp_path / "note")


def hook_files(clone: Clone) -> dict[str, bytes]:
    """Return what installing could change: hook folders, files of managers, configuration."""
    places = [
        *(path for name in (".git/hooks", ".husky", ".githooks") for path in (clone.path / name).rglob("*")),
        *(clone.path / name for name in ("lefthook-local.yml", "lefthook.yml", ".git/config")),
    ]
    return {str(path): path.read_bytes() for path in places if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("order", BOTH)
@pytest.mark.parametrize("prepare", [pre_commit, husky, lefthook, hooks_path], ids=lambda one: one.__name__)
def test_both_run_in_either_order(managed: Managed, prepare: Callable[[Managed], None], order: str) -> None:
    """Manager first or gitaudit first, and each again: one run of each hook a push, and the same state in the end."""
    prepare(managed)
    if order == "first":
        managed.set_up()
    managed.clone.install()
    managed.set_up()
    managed.clone.install()
    commit = managed.clone.commit()
    said = managed.push()

    assert managed.runs == 1, said
    assert managed.clone.changes() == [("commit", MAIN, commit)], said
    assert "pre-push: runs, by" in managed.clone.gitaudit("hooks", "status")
    if prepare is not pre_commit:
        assert f" {commit} {MAIN} " in managed.note.read_text("utf-8")


@pytest.mark.parametrize("prepare", [pre_commit, husky, lefthook, own_script, hooks_path], ids=lambda one: one.__name__)
def test_uninstall_leaves_what_was_there(managed: Managed, prepare: Callable[[Managed], None]) -> None:
    """Byte for byte: the files of the manager, the scripts of the repository, the configuration."""
    prepare(managed)
    managed.set_up()
    before = hook_files(managed.clone)
    managed.clone.install("--guard")
    during = hook_files(managed.clone)
    managed.clone.gitaudit("hooks", "uninstall", "--quiet")

    assert during != before
    assert hook_files(managed.clone) == before
    managed.clone.commit()
    managed.push()
    assert managed.runs == 1
    assert managed.clone.records() == []


def test_script_of_somebody_runs_first_and_may_refuse(managed: Managed) -> None:
    """Its verdict counts, before anything is recorded; its input is the same."""
    own_script(managed)
    managed.set_up()
    managed.clone.install()
    first = managed.clone.commit()
    managed.push()
    script = managed.clone.path / ".git/hooks/pre-push.before-gitaudit"
    script.write_text("#!/bin/sh\nexit 7\n", "ascii")
    managed.clone.commit("main.tf", "more")
    managed.clone.push(code=1)

    assert f" {first} {MAIN} " in managed.note.read_text("utf-8")
    assert managed.clone.changes() == [("commit", MAIN, first)]


def test_script_that_came_after_is_kept_as_well(managed: Managed) -> None:
    """A hook written over that of gitaudit is told by `status`, and taken in by `install`."""
    managed.clone.install()
    own_script(managed)
    managed.set_up()
    told = managed.clone.gitaudit("hooks", "status", code=3)
    managed.clone.install()
    commit = managed.clone.commit()
    managed.push()

    assert "pre-push: does not run" in told
    assert (managed.runs, managed.clone.changes()) == (1, [("commit", MAIN, commit)])


def test_second_script_is_never_lost(managed: Managed, capsys: pytest.CaptureFixture[str]) -> None:
    """Where one hook is kept already and another stands in our place, nothing is overwritten."""
    own_script(managed)
    managed.set_up()
    managed.clone.install()
    hook = managed.clone.path / ".git/hooks/pre-push"
    hook.write_text("#!/bin/sh\necho another\n", "ascii")
    before = hook_files(managed.clone)
    managed.clone.gitaudit("hooks", "install", code=3)

    assert "found another one" in capsys.readouterr().err
    assert hook_files(managed.clone) == before


@pytest.mark.parametrize("order", BOTH)
def test_git_lfs(managed: Managed, remote: GitRepo, order: str) -> None:
    """The large file is uploaded and the change recorded; git-lfs overwrites with --force alone, then install again."""
    git_lfs(managed)
    if order == "after":
        managed.clone.install()
        refused = managed.clone.attempt("git", "lfs", "install", "--local")
        assert "Hook already exists: pre-push" in refused.said
    managed.set_up()
    managed.clone.install()
    managed.clone.git("config", "lfs.allowincompletepush", "false")
    managed.clone.commit("large.bin", "x" * 1000)
    managed.clone.git("add", ".gitattributes")
    commit = managed.clone.commit()
    managed.push()

    assert managed.clone.changes() == [("commit", MAIN, commit)]
    assert len([path for path in (remote.path / "lfs/objects").rglob("*") if path.is_file()]) == 1


def test_hook_that_is_not_executable_is_told(managed: Managed) -> None:
    """Git ignores such a hook silently; `status` does not."""
    managed.clone.install()
    (managed.clone.path / ".git/hooks/pre-push").chmod(0o644)
    told = managed.clone.gitaudit("hooks", "status", code=3)
    managed.clone.install()

    assert "is not executable, so git ignores it" in told
    assert "pre-push: runs" in managed.clone.gitaudit("hooks", "status")


def test_hook_that_another_folder_hides_is_told(managed: Managed) -> None:
    """After core.hooksPath was set to somewhere else, the hooks of the usual folder are dead."""
    managed.clone.install()
    managed.clone.git("config", "core.hooksPath", "nowhere")

    assert "core.hooksPath hides" in managed.clone.gitaudit("hooks", "status", code=3)


def test_worktree_with_a_relative_folder_is_told(
    managed: Managed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git looks for a relative core.hooksPath in each worktree, and runs nothing where there is none."""
    hooks_path(managed)
    managed.set_up()
    managed.clone.git("worktree", "add", "--quiet", str(tmp_path / "tree"))
    managed.clone.gitaudit("hooks", "install")
    warned = capsys.readouterr().err
    tree = Clone(tmp_path / "tree")

    assert "core.hooksPath is relative" in warned
    assert "does not run" in tree.gitaudit("hooks", "status", code=3)
    tree.install()
    assert "does not run" not in tree.gitaudit("hooks", "status")


def test_installing_twice_changes_nothing(managed: Managed, capsys: pytest.CaptureFixture[str]) -> None:
    """The second time there is nothing to do."""
    managed.clone.install("--guard")
    before = hook_files(managed.clone)
    managed.clone.gitaudit("hooks", "install", "--guard")

    assert hook_files(managed.clone) == before
    assert "in place already" in capsys.readouterr().err


def test_print_writes_nothing(managed: Managed) -> None:
    """The texts are printed for whoever merges by hand; a hook that calls them counts as running."""
    before = hook_files(managed.clone)
    printed = managed.clone.gitaudit("hooks", "install", "--print", "--guard")
    assert hook_files(managed.clone) == before
    assert printed.count("#!/bin/sh") == 3

    hook = managed.clone.path / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\nexec gitaudit hook pre-push "$@"\n', "ascii")
    hook.chmod(0o755)
    commit = managed.clone.commit()
    managed.push()
    assert managed.clone.changes() == [("commit", MAIN, commit)]
    assert "pre-push: runs, by hand" in managed.clone.gitaudit("hooks", "status", code=3)


def test_config_hooks_need_a_git_that_runs_them(managed: Managed, capsys: pytest.CaptureFixture[str]) -> None:
    """Where git is new enough, a hook of the configuration records; an older one is not told a tale."""
    version = managed.clone.repo.run("version").split()[2].split(".")
    new = (int(version[0]), int(version[1])) >= (2, 54)
    managed.clone.gitaudit("hooks", "install", "--config", code=0 if new else 3)
    if not new:
        assert "expected git 2.54 or later" in capsys.readouterr().err
        return
    commit = managed.clone.commit()
    managed.push()

    assert managed.clone.changes() == [("commit", MAIN, commit)]
    assert "pre-push: runs, by config" in managed.clone.gitaudit("hooks", "status")
    managed.clone.install()  # both then run, and the second finds nothing to do
    second = managed.clone.commit("more.tf")
    managed.push()
    assert managed.clone.changes()[1:] == [("commit", MAIN, second)]
    managed.clone.gitaudit("hooks", "uninstall", "--quiet")
    assert "hook." not in (managed.clone.path / ".git/config").read_text("utf-8")
