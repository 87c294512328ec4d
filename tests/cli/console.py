"""The command line as tests see it: run in process or as a program, and what a run left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitaudit.cli.boundary import run
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

TERRAFORM = b'resource "terraform_data" "a" {}\n'
DATA = Path(__file__).parents[1] / "iac" / "data"
"""Real plans and results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended: exit code and both outputs."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The one JSON object on stderr."""
        found: dict[str, Any] = json.loads(self.err)
        return found


class Console:
    """Runs commands in a repository, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], directory: Path) -> None:
        self._capsys = capsys
        self.directory = directory

    def at(self, directory: Path) -> Console:
        """Return a console for another folder."""
        return Console(self._capsys, directory)

    def run(self, *arguments: str) -> Ran:
        """Run a command and return how it ended."""
        self._capsys.readouterr()
        code = run(["-C", str(self.directory), *arguments])
        out, err = self._capsys.readouterr()
        return Ran(code=code, out=out, err=err)

    def ok(self, *arguments: str) -> str:
        """Run a command that must end well and return its output."""
        ran = self.run(*arguments)
        assert ran.code == 0, ran
        return ran.out

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a command that must end well and return its JSON document; nothing else may be printed."""
        ran = self.run(*arguments, "--json")
        assert (ran.code, ran.err) == (0, ""), ran
        return ran.document

    def record(self, index: int) -> dict[str, Any]:
        """Return a record of the log."""
        found: dict[str, Any] = self.json("show", str(index))["records"][0]["record"]
        return found

    def head(self) -> str | None:
        """Return the head of the log here."""
        return GitRepo(self.directory).ref("refs/heads/audit")


def program(
    *arguments: str,
    cwd: Path,
    name: str = "gitaudit",
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Run the installed program and return how it ended."""
    return subprocess.run(
        [script(name), *arguments],
        cwd=cwd,
        env=os.environ | dict(env or {}),
        input=stdin,
        capture_output=True,
        check=False,
    )


def on_a_terminal(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Ran:
    """Run the program with stdout and stderr on a terminal."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        [*arguments], cwd=cwd, stdin=slave, stdout=slave, stderr=slave, env=os.environ | dict(env or {}), close_fds=True
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            found = os.read(master, 65_536)
        except OSError:  # Linux ends a terminal without writers with EIO
            found = b""
        if not found:
            break
        seen += found
    os.close(master)
    return Ran(code=process.wait(), out=seen.decode(), err="")


def script(name: str = "gitaudit") -> str:
    """Return the path of an installed program."""
    return str(Path(sys.executable).parent / name)


def snapshot(repository: Path, *, objects: bool = True) -> dict[str, object]:
    """Return all that a run could leave behind: refs, objects, work tree and the files of the Git directory.

    Args:
        repository: with a work tree, or bare.
        objects: look at objects too; unreachable ones are no half-done work, but a refusal should not make any.
    """
    repo = GitRepo(repository)
    git_dir = Path(repo.run("rev-parse", "--absolute-git-dir"))
    files = {
        str(path.relative_to(repository)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(repository.rglob("*"))
        if path.is_file() and not path.is_symlink() and (objects or git_dir / "objects" not in path.parents)
    }
    return {"refs": repo.refs(), "files": files}


def all_objects(repository: Path) -> bytes:
    """Return the content of every object of a repository, reachable or not, one after the other."""
    listing = ("cat-file", "--batch-all-objects", "--unordered", "--batch")
    return GitRepo(repository).raw(*listing)


def commit_iac(repo: GitRepo, content: bytes = TERRAFORM, name: str = "main.tf") -> str:
    """Commit a file that is infrastructure as code."""
    return repo.commit({name: content}, "add infrastructure")


def pin(repo: GitRepo) -> None:
    """Commit and push `.gitaudit.yml`."""
    repo.run("add", ".gitaudit.yml")
    repo.run("commit", "--quiet", "-m", "Pin the audit log")
    if repo.run("remote"):
        repo.run("push", "--quiet", "origin", "HEAD")


def words(ran: Ran | Sequence[str]) -> str:
    """Return what a run said on stderr, in one line."""
    return " ".join((ran.err if isinstance(ran, Ran) else " ".join(ran)).split())
