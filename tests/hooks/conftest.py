"""A clone with a log, a remote and the hooks; made once, then copied."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.hooks.clones import Clone
from tests.support import isolation
from tests.support.git import GitRepo
from tests.support.gpg import GpgHome, GpgKeys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory, gpg_keys: GpgKeys) -> Iterator[Path]:
    """Give a folder with `clone`, `remote.git` and the keyring `gpg`, in which `clone` is true."""
    folder = tmp_path_factory.mktemp("hooked")
    with isolation.sandbox() as made, pytest.MonkeyPatch.context() as patch:
        home = GpgHome(made.gnupg)
        home.add(gpg_keys.plain)
        patch.setenv("GNUPGHOME", str(made.gnupg))
        GitRepo.init(folder / "clone").run("remote", "add", "origin", GitRepo.bare(folder / "remote.git").url)
        clone = Clone(folder / "clone")
        clone.repo.commit({"old.tf": b"# from before the log\n"})
        clone.git("push", "--quiet", "--set-upstream", "origin", "main")
        clone.gitaudit("init", "--origin", "example.com/infra", "--env", "prod", "--quiet")
        clone.git("add", ".gitaudit.yml")
        clone.git("commit", "--quiet", "-m", "Pin the audit log")
        clone.git("push", "--quiet")
        clone.install()
        home.stop()
        shutil.copytree(made.gnupg, folder / "gpg", ignore=shutil.ignore_patterns("S.*"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def clone(tmp_path: Path, _template: Path, sandbox: isolation.Sandbox) -> Clone:
    """Give a clone with the hooks installed, a remote `origin`, and a log that holds only genesis.

    Branch `main` is protected, has `old.tf` from before the log and `.gitaudit.yml`, and is pushed.
    """
    shutil.copytree(_template / "gpg", sandbox.gnupg, dirs_exist_ok=True)
    for name in ("clone", "remote.git"):
        shutil.copytree(_template / name, tmp_path / name)
    config = tmp_path / "clone/.git/config"
    before, after = (GitRepo(folder / "remote.git").url for folder in (_template, tmp_path))
    config.write_text(config.read_text("utf-8").replace(before, after), "utf-8")
    return Clone(tmp_path / "clone")


@pytest.fixture
def remote(tmp_path: Path, clone: Clone) -> GitRepo:  # noqa: ARG001 - the remote of that clone
    """Give the bare repository that `clone` pushes to."""
    return GitRepo(tmp_path / "remote.git")


def colleague_of(clone: Clone, remote: GitRepo, path: Path) -> Clone:
    """Return another clone of the remote, joined and with hooks, by somebody with the same key."""
    other = Clone(remote.clone(path).path)
    other.gitaudit("init", "--quiet")
    other.install()
    assert other.repo.ref("refs/heads/audit") == clone.repo.ref("refs/heads/audit")
    return other
