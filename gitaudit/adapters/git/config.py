"""Git's configuration: as git itself reads it, or as libgit2 does where no program shall be started.

Listing runs nothing that a configuration names (git-config(1)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitaudit.adapters.git.program import run_git
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TRUSTED = frozenset({"system", "global", "command"})
"""Scopes that are the user's own: a repository's own file could have come with a hostile archive."""


_SCOPES = {1: "system", 2: "system", 3: "global", 4: "global"}
"""Scopes by libgit2's levels, from git_config_level_t: program data, system, XDG and global; the others are local."""


class Setting(NamedTuple):
    """One value: its scope (`system`, `global`, `local`, `worktree` or `command`), its name as git writes it, and text.

    Section and variable of a name are in lower case, what stands between them is as it was.
    """

    scope: str
    name: str
    value: str


class GitConfig:
    """The settings of one repository, the strongest last."""

    def __init__(self, settings: Iterable[Setting]) -> None:
        self._settings = list(settings)

    @classmethod
    def by_git(cls, git_dir: Path) -> GitConfig:
        """Ask git, which knows every kind of include, and `git -c`; one process. Raises `SetupError`."""
        result = run_git(["config", "--list", "--null", "--show-scope"], git_dir=git_dir)
        if result.returncode != 0:
            raise SetupError(
                f"cannot read git's configuration: {result.message}", hint="correct it: git config --list says where"
            )
        fields = result.stdout.decode("utf-8", "surrogateescape").split("\0")
        pairs = zip(fields[::2], fields[1::2], strict=False)
        return cls(Setting(scope, *_name_and_value(entry)) for scope, entry in pairs)

    @classmethod
    def by_libgit2(cls, git_dir: Path) -> GitConfig:
        """Ask libgit2, which starts no program, but takes some 40 ms to load in full. Raises `SetupError`."""
        import pygit2

        try:
            entries = list(pygit2.Repository(str(git_dir)).config)
        except pygit2.GitError as error:
            raise SetupError(
                f"cannot read git's configuration: {error}", hint="correct it: git config --list says where"
            ) from error
        return cls(Setting(_SCOPES.get(entry.level, "local"), entry.name, entry.value or "true") for entry in entries)

    def get(self, name: str, *, trusted_only: bool = False) -> str | None:
        """Return the value that counts, None where it is not set.

        Args:
            name: such as `user.signingkey`, in lower case.
            trusted_only: leave out the repository's own file.
        """
        found = (one for one in reversed(self._settings) if not trusted_only or one.scope in _TRUSTED)
        return next((one.value for one in found if one.name == name), None)

    def everything(self) -> dict[str, list[str]]:
        """Return all values by name, those of a name in the order in which git reads them."""
        found: dict[str, list[str]] = {}
        for one in self._settings:
            found.setdefault(one.name, []).append(one.value)
        return found

    def names(self) -> list[str]:
        """Return the names that are set."""
        return [one.name for one in self._settings]

    def remotes(self) -> dict[str, str]:
        """Return the URL that git fetches from, by name of the remote, as `git remote get-url` prints it."""
        found: dict[str, str] = {}
        for one in self._settings:
            if one.name.startswith("remote.") and one.name.endswith((".url", ".pushurl")):
                remote = one.name.removeprefix("remote.").rpartition(".")[0]
                url = self._rewritten(one.value) if one.name.endswith(".url") else ""
                found[remote] = found.get(remote) or url
        return found

    def _rewritten(self, url: str) -> str:
        """Return a URL with the longest `url.<base>.insteadOf` that it begins with replaced."""
        bases = {
            one.value: one.name.removeprefix("url.").rpartition(".")[0]
            for one in self._settings
            if one.name.startswith("url.") and one.name.endswith(".insteadof")
        }
        start = max((prefix for prefix in bases if prefix and url.startswith(prefix)), key=len, default="")
        return bases[start] + url.removeprefix(start) if start else url


def _name_and_value(entry: str) -> tuple[str, str]:
    """Return both halves of a listed setting; one without a value is a true boolean (git-config(1), Values)."""
    name, mark, value = entry.partition("\n")
    return name, value if mark else "true"
