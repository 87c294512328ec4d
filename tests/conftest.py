"""Fixtures of all tests. The isolation is not asked for: no test runs without it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.support import isolation
from tests.support.git import GitRepo
from tests.support.gpg import GpgHome, GpgKeys
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

hypothesis.settings.register_profile("gitaudit", deadline=None, print_blob=True)
hypothesis.settings.load_profile("gitaudit")


@pytest.fixture(scope="session", autouse=True)
def _isolated_session() -> Iterator[isolation.Sandbox]:
    """Isolate what runs outside of a test, such as fixtures of a session."""
    isolation.guard_real_home()
    with isolation.sandbox() as made, pytest.MonkeyPatch.context() as patch:
        _enter(made, patch)
        yield made


@pytest.fixture(autouse=True)
def sandbox(_isolated_session: isolation.Sandbox) -> Iterator[isolation.Sandbox]:
    """Give each test its own HOME, GNUPGHOME and variables, and nothing of those of whoever runs it."""
    with isolation.sandbox() as made, pytest.MonkeyPatch.context() as patch:
        _enter(made, patch)
        yield made


def _enter(made: isolation.Sandbox, patch: pytest.MonkeyPatch) -> None:
    wanted = isolation.environment(made, os.environ)
    for name in os.environ.keys() - wanted.keys():
        patch.delenv(name)
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            patch.setenv(name, value)
    isolation.isolate_libgit2(made)


@pytest.fixture
def git_repo(tmp_path: Path) -> GitRepo:
    """Give an empty repository with a work tree, on branch `main`."""
    return GitRepo.init(tmp_path / "repo")


@pytest.fixture
def git_remote(tmp_path: Path, git_repo: GitRepo) -> GitRepo:
    """Give an empty bare repository that `git_repo` knows as its remote `origin`."""
    remote = GitRepo.bare(tmp_path / "remote.git")
    git_repo.run("remote", "add", "origin", remote.url)
    return remote


@pytest.fixture(scope="session")
def gpg_keys(_isolated_session: isolation.Sandbox) -> Iterator[GpgKeys]:
    """Give the kinds of gpg keys that tests need; each is made once a session, when first asked for."""
    require_tool("gpg")
    with isolation.sandbox() as made:
        yield GpgKeys(made.home.parent)


@pytest.fixture
def gpg_home(sandbox: isolation.Sandbox, gpg_keys: GpgKeys) -> GpgHome:
    """Give the test's GNUPGHOME, with the key of `signing_key` in it."""
    home = GpgHome(sandbox.gnupg)
    home.add(gpg_keys.plain)
    return home


@pytest.fixture
def signing_key(gpg_home: GpgHome, gpg_keys: GpgKeys) -> str:  # noqa: ARG001 - the key must be in the home
    """Give the fingerprint of a key without passphrase in the test's GNUPGHOME."""
    return gpg_keys.plain.fingerprint
