"""Repositories that the tests of the command line begin with; those with a log are made once and copied."""

from __future__ import annotations

import shutil
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from gitaudit.cli.boundary import run
from tests.cli.console import DATA, Console, commit_iac, pin
from tests.support import isolation
from tests.support.git import GitRepo
from tests.support.gpg import GpgHome, GpgKeys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def _keyring(gpg_keys: GpgKeys) -> Iterator[Path]:
    """Give a GNUPGHOME with the key of `signing_key`, to be copied: that takes no run of gpg."""
    with isolation.sandbox() as made:
        home = GpgHome(made.gnupg)
        home.add(gpg_keys.plain)
        home.stop()
        yield made.gnupg


@pytest.fixture
def gpg_home(sandbox: isolation.Sandbox, _keyring: Path) -> GpgHome:
    """Give the test's GNUPGHOME, with the key of `signing_key` in it."""
    shutil.copytree(_keyring, sandbox.gnupg, dirs_exist_ok=True, ignore=shutil.ignore_patterns("S.*"))
    return GpgHome(sandbox.gnupg)


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str], git_repo: GitRepo, signing_key: str) -> Console:  # noqa: ARG001 - the key must be there
    """Give a console in an empty repository of somebody who has a key."""
    return Console(capsys, git_repo.path)


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory, gpg_keys: GpgKeys) -> Iterator[Path]:
    """Give a folder with `repo` and its `remote.git`, in which `audited` is true."""
    folder = tmp_path_factory.mktemp("audited")
    with isolation.sandbox() as made, pytest.MonkeyPatch.context() as patch:
        GpgHome(made.gnupg).add(gpg_keys.plain)
        patch.setenv("GNUPGHOME", str(made.gnupg))
        repo = GitRepo.init(folder / "repo")
        repo.run("remote", "add", "origin", GitRepo.bare(folder / "remote.git").url)
        _quietly(repo, "init", "--origin", "example.com/infra", "--env", "prod", "--env", "staging")
        pin(repo)
        commit_iac(repo)
        _quietly(repo, "record-change")
        repo.run("push", "--quiet", "origin", "HEAD")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _shelf(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the repository of `audited` that all tests share."""
    return shutil.copytree(_template / "repo", tmp_path_factory.mktemp("shelf") / "repo")


@pytest.fixture
def shelf(capsys: pytest.CaptureFixture[str], _shelf: Path) -> Console:
    """Give a console in a repository that all tests share: only for commands that write nothing."""
    return Console(capsys, _shelf)


def _quietly(repo: GitRepo, *arguments: str) -> None:
    with redirect_stdout(StringIO()):
        code = run(["-C", str(repo.path), *arguments, "--quiet"])
    assert code == 0


@pytest.fixture
def git_repo(tmp_path: Path, request: pytest.FixtureRequest) -> GitRepo:
    """Give the repository of the test: a copy of the one with a log where `audited` or `reader` asks for it."""
    if not {"audited", "reader"} & set(request.fixturenames):
        return GitRepo.init(tmp_path / "repo")
    template = request.getfixturevalue("_template")
    for name in ("repo", "remote.git"):
        shutil.copytree(template / name, tmp_path / name)
    config = tmp_path / "repo" / ".git" / "config"
    before, after = (GitRepo(folder / "remote.git").url for folder in (template, tmp_path))
    config.write_text(config.read_text("utf-8").replace(before, after), "utf-8")
    return GitRepo(tmp_path / "repo")


@pytest.fixture
def git_remote(tmp_path: Path, git_repo: GitRepo) -> GitRepo:
    """Give the bare repository that `git_repo` knows as its remote `origin`."""
    if (tmp_path / "remote.git").exists():
        return GitRepo(tmp_path / "remote.git")
    remote = GitRepo.bare(tmp_path / "remote.git")
    git_repo.run("remote", "add", "origin", remote.url)
    return remote


@pytest.fixture
def audited(console: Console) -> Console:
    """Give a console in a repository with a remote and a log of two records: genesis, and a change of main.tf.

    The policy knows the environments prod and staging; everything is pushed.
    """
    return console


@pytest.fixture
def reader(capsys: pytest.CaptureFixture[str], git_repo: GitRepo) -> Console:
    """Give a console in the repository of `audited`, for somebody who has no key."""
    return Console(capsys, git_repo.path)


@pytest.fixture(scope="session")
def _busy(tmp_path_factory: pytest.TempPathFactory, _template: Path, gpg_keys: GpgKeys) -> Path:
    """Give the repository of `busy`."""
    repo = GitRepo(shutil.copytree(_template / "repo", tmp_path_factory.mktemp("busy") / "repo"))
    repo.forget_remote("origin")
    repo.run("config", "user.signingkey", gpg_keys.plain.fingerprint)
    second = gpg_keys.second.fingerprint
    with isolation.sandbox() as made, pytest.MonkeyPatch.context() as patch:
        home = GpgHome(made.gnupg)
        home.add(gpg_keys.plain)
        home.add(gpg_keys.second)
        patch.setenv("GNUPGHOME", str(made.gnupg))
        repo.commit({"live/net/vpc.tf": b"# a\n", "live/db/main.tf": b"# b\n"})
        _quietly(repo, "record-change", "HEAD")
        _quietly(repo, "policy", "add-key", second, "--role", "ci", "--name", "pipeline")
        options = ["--result", str(DATA / "apply.jsonl"), "--finished", "2026-01-05T00:00:00Z", "--key", second]
        _quietly(repo, "record-deploy", "--env", "prod", *options)
        failed = ["--outcome", "failed", "--finished", "2026-01-07T12:00:00Z"]
        _quietly(repo, "record-deploy", "--env", "staging", *failed)
        partial = ["--outcome", "partial", "--commit", "HEAD~1", "--ticket", "OPS-7"]
        _quietly(repo, "record-deploy", "--env", "prod", *partial)
        _quietly(repo, "correct", "5", "--reason", "it was canceled")
    return repo.path


@pytest.fixture
def busy(capsys: pytest.CaptureFixture[str], _busy: Path) -> Console:
    """Give a log that tests only read, with records 2 to 7 besides those of `audited`.

    A change of two files, a policy that admits the key `pipeline`, three deployments, and a correction.
    """
    return Console(capsys, _busy)
