"""Real git in a few words: repositories, commits whose ids never change, bare remotes, clones."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIRST_COMMIT_AT = 1_700_000_000
"""When the first commit of a repository is made, in seconds since 1970; each further one is a minute later."""


class GitError(AssertionError):
    """Git ended with another exit code than 0."""


class GitRepo:
    """A repository at `path`, bare or with a work tree; nothing is cached, git is asked each time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._clock = FIRST_COMMIT_AT

    @classmethod
    def init(cls, path: Path, *options: str) -> GitRepo:
        """Make a repository at `path`; options as of `git init`."""
        _git(path.parent, "init", "--quiet", *options, str(path))
        return cls(path)

    @classmethod
    def bare(cls, path: Path, *options: str) -> GitRepo:
        """Make a bare repository, to be a remote."""
        return cls.init(path, "--bare", *options)

    def clone(self, path: Path, *options: str) -> GitRepo:
        """Clone this repository to `path`; options as of `git clone`."""
        _git(self.path.parent, "clone", "--quiet", *options, self.url, str(path))
        return GitRepo(path)

    @property
    def url(self) -> str:
        """Address for clones and remotes; a file URL, so that git copies nothing behind the protocol's back."""
        return self.path.absolute().as_uri()

    def attempt(
        self, *args: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git here and return how it ended, whatever its exit code."""
        command: list[str | bytes] = ["git", *args]
        return subprocess.run(
            command, cwd=self.path, input=stdin, env=os.environ | dict(env or {}), capture_output=True, check=False
        )

    def raw(self, *args: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Run git here and return its standard output, byte for byte.

        Raises:
            GitError: the exit code was not 0; the message has what git wrote to standard error.
        """
        return _checked(self.attempt(*args, stdin=stdin, env=env))

    def run(self, *args: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """Run git here and return its standard output as text without the last line end; errors as of `raw`."""
        return os.fsdecode(self.raw(*args, stdin=stdin, env=env)).removesuffix("\n")

    def write(self, files: Mapping[str, bytes | None] | Mapping[bytes, bytes | None]) -> None:
        """Write work tree files and stage them; None deletes a file. Paths are relative; bytes need not be UTF-8."""
        for name, content in files.items():
            place = self.path / os.fsdecode(name)
            if content is None:
                place.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        names = b"".join(os.fsencode(name) + b"\0" for name in files)
        if names:
            options = ("--all", "--force", "--pathspec-from-file=-", "--pathspec-file-nul")
            self.raw("add", *options, stdin=names, env={"GIT_LITERAL_PATHSPECS": "1"})

    def commit(
        self,
        files: Mapping[str, bytes | None] | Mapping[bytes, bytes | None],
        message: str = "change",
        *options: str,
        at: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Commit files (as of `write`) and return the commit's id.

        The id is the same on every machine: author and committer are the test user, at a time that starts at
        `FIRST_COMMIT_AT`. An empty `files` makes an empty commit.

        Args:
            at: author and committer time, seconds since 1970.
            options: further options of `git commit`, such as `-S<fingerprint>`.
            env: further variables, such as GIT_AUTHOR_NAME.
        """
        self.write(files)
        moment = f"{self._clock if at is None else at} +0000"
        self._clock += 60
        dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        self.raw("commit", "--quiet", "--allow-empty", "-m", message, *options, env=dates | dict(env or {}))
        return self.id_of("HEAD")

    def forget_remote(self, name: str) -> None:
        """Remove a remote, and all that a log shared through it has left behind."""
        self.run("remote", "remove", name)
        for ref in self.refs():
            if ref.startswith(f"refs/gitaudit/remotes/{name}/"):
                self.run("update-ref", "-d", ref)

    def id_of(self, revision: str) -> str:
        """Return the object id that a revision names; GitError if there is none."""
        return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", revision)

    def ref(self, name: str) -> str | None:
        """Return the object id that a full ref name points at, or None."""
        found = self.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        return os.fsdecode(found.stdout).strip() or None

    def refs(self) -> dict[str, str]:
        """Return all refs: full name to object id."""
        lines = self.run("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def read(self, path: str, revision: str = "HEAD") -> bytes:
        """Return the bytes of a file in a commit."""
        return self.raw("cat-file", "blob", f"{revision}:{path}")

    def raw_object(self, kind: str, object_id: str) -> bytes:
        """Return the bytes of an object of a kind ("commit", "tree", "blob", "tag"), without git's header."""
        return self.raw("cat-file", kind, object_id)

    def put(self, kind: str, content: bytes) -> str:
        """Store an object, checked by nobody, and return its id."""
        return self.run("hash-object", "-w", "--literally", "-t", kind, "--stdin", stdin=content)


def _git(cwd: Path, *args: str) -> None:
    command = ["git", *args]
    _checked(subprocess.run(command, cwd=cwd, capture_output=True, check=False, stdin=subprocess.DEVNULL))


def _checked(done: subprocess.CompletedProcess[bytes]) -> bytes:
    if done.returncode != 0:
        command = " ".join(os.fsdecode(part) for part in done.args)
        message = f"`{command}` ended with exit code {done.returncode}:\n{done.stderr.decode(errors='replace')}"
        raise GitError(message)
    return done.stdout
