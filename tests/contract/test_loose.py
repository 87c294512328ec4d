"""Loose objects are written as git writes them, and refs are only looked for where there can be some."""

from __future__ import annotations

import os
import stat
import zlib
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.store import GitStore
from gitaudit.errors import SetupError
from gitaudit.log.commit import object_id
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"some content\n" * 100


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """Give a plain repository."""
    return GitRepo.init(tmp_path / "repo")


def file_of(repo: GitRepo, oid: str) -> Path:
    """Return where a loose object stands."""
    return repo.path / ".git" / "objects" / oid[:2] / oid[2:]


def write(repo: GitRepo, content: bytes = CONTENT) -> str:
    """Store a blob and return its id."""
    store = GitStore(repo.path)
    oid = store.write("blob", content)
    store.flush()
    return oid


def test_an_object_is_the_one_that_git_would_write(repo: GitRepo, tmp_path: Path) -> None:
    """The same id, the same bytes under the compression, read-only for everybody, and nothing beside it."""
    other = GitRepo.init(tmp_path / "other")
    (tmp_path / "file").write_bytes(CONTENT)
    oid = other.run("hash-object", "-w", str(tmp_path / "file"))

    assert write(repo) == oid

    mine, gits = file_of(repo, oid), file_of(other, oid)
    assert zlib.decompress(mine.read_bytes()) == zlib.decompress(gits.read_bytes())
    assert stat.S_IMODE(mine.stat().st_mode) == stat.S_IMODE(gits.stat().st_mode) == 0o444
    assert stat.S_IMODE(mine.parent.stat().st_mode) == stat.S_IMODE(gits.parent.stat().st_mode)
    assert list(mine.parent.iterdir()) == [mine]
    assert repo.run("cat-file", "-s", oid) == str(len(CONTENT))


def test_an_object_that_is_there_is_left_alone(repo: GitRepo) -> None:
    """Somebody may be reading it."""
    oid = write(repo)
    before = file_of(repo, oid).stat()

    assert write(repo) == oid

    after = file_of(repo, oid).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_cannot_be_written_is_told_and_leaves_nothing(repo: GitRepo) -> None:
    """A file stands where the folder of the object would be."""
    oid = object_id("blob", CONTENT)
    (repo.path / ".git" / "objects" / oid[:2]).write_bytes(b"")

    with pytest.raises(SetupError, match=r"cannot write to .*Not a directory"):
        write(repo)

    assert not list((repo.path / ".git").rglob("tmp_obj_*"))


def test_a_name_that_cannot_be_given_leaves_nothing(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails at the last step."""

    def refused(*_: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("gitaudit.adapters.git.objects.os.replace", refused)

    with pytest.raises(SetupError, match="Input/output error"):
        write(repo)

    assert not list((repo.path / ".git").rglob("tmp_obj_*"))


@pytest.mark.parametrize("shared", ["umask", "group", "all", "0640"])
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_shared_repository_stays_shared(tmp_path: Path, shared: str, umask: int) -> None:
    """Whoever else may write to it finds folders and files as git itself would have left them."""
    before = os.umask(umask)
    try:
        repo = GitRepo.init(tmp_path / "repo", f"--shared={shared}")
        gits = repo.run("hash-object", "-w", "--stdin", stdin=b"by git")
        mine = write(repo)
    finally:
        os.umask(before)

    modes = [
        (stat.S_IMODE(file_of(repo, oid).stat().st_mode), stat.S_IMODE(file_of(repo, oid).parent.stat().st_mode))
        for oid in (gits, mine)
    ]
    assert modes[0] == modes[1]


def test_git_removes_what_a_killed_process_left(repo: GitRepo) -> None:
    """It knows the name of such files."""
    oid = write(repo)
    left = file_of(repo, oid).with_name("tmp_obj_0123456789abcdef")
    left.write_bytes(b"half")

    repo.run("prune", "--expire=now")

    assert not left.exists()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("refs/heads/", ["refs/heads/main", "refs/heads/team/a"]),
        ("refs/heads/team/", ["refs/heads/team/a"]),
        ("refs/heads/te", ["refs/heads/team/a"]),
        ("refs/tags/", []),
        ("refs/none/", []),
        ("refs/heads/main/", []),
        ("refs/", ["refs/heads/main", "refs/heads/team/a"]),
    ],
)
def test_refs_below_a_prefix_are_listed(repo: GitRepo, prefix: str, found: list[str], packed: bool) -> None:  # noqa: FBT001 - of pytest
    """Whether each is a file or a line of `packed-refs`."""
    oid = repo.commit({"main.tf": b""})
    repo.run("branch", "team/a")
    if packed:
        repo.run("pack-refs", "--all")

    assert GitStore(repo.path).refs(prefix) == [(name, oid) for name in found]
