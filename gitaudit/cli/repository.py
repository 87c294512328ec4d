"""The repository that a command runs in, and what users name in it: revisions, ranges, branches, files."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gitaudit.adapters.environment import variable
from gitaudit.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from gitaudit.adapters.git.store import GitStore


class Repository:
    """The repository around a directory; it is opened when it is first asked for."""

    def __init__(self, directory: Path) -> None:
        """Name the directory that the command runs in; relative paths of the user count from it."""
        self.directory = directory
        self.reads_anew = False
        """Set before anything is read by commands that judge: they rely on nothing that was read before, and start no
        program to read."""

    @cached_property
    def store(self) -> GitStore:
        """The repository."""
        from gitaudit.adapters.git.store import find_repository

        if self.reads_anew:
            from gitaudit.adapters.git.core import tune_for_long_reading

            tune_for_long_reading()  # before libgit2 maps a whole pack into memory
        store = find_repository((self.directory / (variable("GIT_DIR") or "")).absolute(), self._incoming())
        store.starts_programs = not self.reads_anew
        return store

    def _incoming(self) -> list[Path]:
        """Return where the objects of a push lie while a hook looks at it (git-receive-pack(1), "quarantine")."""
        if variable("GIT_QUARANTINE_PATH") is None:
            return []
        others = variable("GIT_ALTERNATE_OBJECT_DIRECTORIES") or ""
        names = [variable("GIT_OBJECT_DIRECTORY"), variable("GIT_QUARANTINE_PATH"), *others.split(":")]
        return [self.directory / name for name in dict.fromkeys(names) if name and not name.startswith('"')]

    def branch_tip(self, name: str) -> str | None:
        """Return the commit of a branch by full or short name, here or as last seen on a remote, None without any."""
        full = name if name.startswith("refs/") else f"refs/heads/{name}"
        short = full.removeprefix("refs/heads/")
        for candidate in (full, *(f"refs/remotes/{one}/{short}" for one in self.store.remotes() if short != "HEAD")):
            found = self.store.ref(candidate)
            if found is not None:
                return found
        try:
            return self.store.resolve(name)
        except LookupError:
            return None

    def branches_like(self, pattern: str) -> list[str]:
        """Return the full names that a pattern of protected refs stands for: itself, or the branches below `…/*`.

        Branches of this clone count, and those that were last seen on a remote.
        """
        if not pattern.endswith("/*"):
            return [pattern]
        start = pattern[:-1]
        found = [name for name, _ in self.store.refs(start)]
        for remote in self.store.remotes():
            prefix = f"refs/remotes/{remote}/"
            seen = self.store.refs(prefix + start.removeprefix("refs/heads/"))
            found += [f"refs/heads/{name.removeprefix(prefix)}" for name, _ in seen]
        return list(dict.fromkeys(found))

    def lookup(self, revision: str) -> str:
        """Return the commit that a revision names. Raises `LookupError` where it names none."""
        return self.store.resolve(revision)

    def commit(self, revision: str) -> str:
        """Return the commit that a revision names. Raises `InputError` where it names none."""
        try:
            return self.lookup(revision)
        except LookupError as error:
            if revision in {"HEAD", "@"}:
                raise InputError(
                    "expected a commit to record, found none: HEAD has no commit yet", hint="commit something first"
                ) from error
            raise InputError(
                f"expected a revision of this repository, found {revision!r}",
                hint="give a branch, a tag or a commit id; `git log` shows them",
            ) from error

    def is_checked_out(self, commit: str) -> bool:
        """Return whether HEAD is at a commit."""
        try:
            return self.lookup("HEAD") == commit
        except LookupError:
            return False

    def full_ref(self, name: str) -> str:
        """Return the full name of a branch."""
        return name if name.startswith("refs/") else f"refs/heads/{name}"

    def commits(self, revisions: str | None) -> list[str]:
        """Return the commits that a range, one revision, or nothing names, parents first.

        Nothing means the commits of HEAD that no branch of a remote has. Raises `InputError`.
        """
        if revisions is None:
            seen = [target for _, target in self.store.refs("refs/remotes/")]
            return list(self.store.commits_between([self.commit("HEAD")], seen))
        left, dots, right = revisions.partition("..")
        if not dots:
            return [self.commit(revisions)]
        if right.startswith("."):
            raise InputError("expected a range with two dots, found three", hint="for what B has and A has not: A..B")
        return list(self.store.commits_between([self.commit(right or "HEAD")], [self.commit(left or "HEAD")]))

    def read(self, name: str, option: str) -> bytes:
        """Return the content of a file that an option names, or of standard input. Raises `InputError`."""
        from gitaudit.adapters.inputs import read_input

        return read_input(name, option, self.directory)

    def tree_of(self, commit: str) -> str:
        """Return the tree of a commit."""
        from gitaudit.usecases.chain import tree_of

        return tree_of(self.store.read(commit)[1])
