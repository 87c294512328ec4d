"""Running the `git` program: without a shell, without prompts from libraries, with a clean environment.

Only writing and the network need it. Reading and verifying a repository never come here, so that nothing that a
repository's own configuration names is run.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LOCAL = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""Variables that tie git to a repository (`git rev-parse --local-env-vars`), without those that carry `git -c`."""


AT_WORK = "GITAUDIT_AT_WORK"
"""Tells the hooks of gitaudit that git is run by gitaudit itself, which has done what they would do."""

_LOCK_FILE = re.compile(r"Unable to create '([^'\n]+\.lock)': File exists")


class GitResult(NamedTuple):
    """How a git process ended: exit code, standard output, standard error."""

    returncode: int
    stdout: bytes
    stderr: str

    @property
    def message(self) -> str:
        """The last line of standard error that says something, control characters escaped."""
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!", "ERROR"))] or lines
        ended = (
            f"git was ended by signal {-self.returncode}"
            if self.returncode < 0
            else f"git exited with {self.returncode}"
        )
        text = told[-1] if told else ended
        return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)[:300]

    @property
    def lock_file(self) -> str | None:
        """Path of the lock file that git met, here or on the server; None where it met none."""
        found = _LOCK_FILE.search(self.stderr)
        return None if found is None else found[1]

    def lock_error(self) -> SetupError | None:
        """Return the error for a lock file that git met, None where it met none."""
        if self.lock_file is None:
            return None
        return SetupError(
            f"a lock file is in the way: {self.lock_file}",
            hint="if no git program is at work in that repository, a killed one has left it: remove the file",
        )


def run_git(
    arguments: Sequence[str], *, git_dir: Path, stdin: bytes = b"", more: Mapping[str, str] | None = None
) -> GitResult:
    """Run git on one repository and return how it ended; replace refs and localised messages are off.

    Args:
        arguments: what comes after `git`.
        git_dir: of the repository.
        stdin: what it reads.
        more: further variables.

    Raises:
        SetupError: there is no git program.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    environment |= {"LC_ALL": "C", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_DIR": str(git_dir), AT_WORK: "1"} | dict(
        more or {}
    )
    try:
        process = subprocess.run(["git", *arguments], input=stdin, capture_output=True, env=environment, check=False)
    except FileNotFoundError as error:
        raise SetupError("expected a git program on PATH, found none", hint="install git") from error
    except OSError as error:
        raise SetupError(f"cannot run git: {error.strerror}", hint="try it by hand: git version") from error
    return GitResult(
        returncode=process.returncode,
        stdout=process.stdout,
        stderr=process.stderr.decode("utf-8", "backslashreplace"),
    )
