"""Clones whose hooks really run: git starts the installed program, which signs, fetches and pushes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitaudit.cli.boundary import run
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG = "refs/heads/audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended, with both outputs as one text."""

    code: int
    said: str


class Clone:
    """A clone with a work tree, in which somebody works and pushes."""

    def __init__(self, path: Path) -> None:
        self.repo = GitRepo(path)
        self.path = path

    def gitaudit(self, *arguments: str, code: int = 0) -> str:
        """Run a command of gitaudit in this process, which must end with a code, and return its output."""
        out = StringIO()
        with redirect_stdout(out):
            ended = run(["-C", str(self.path), *arguments])
        assert ended == code, out.getvalue()
        return out.getvalue()

    def install(self, *options: str) -> None:
        """Install the hooks."""
        self.gitaudit("hooks", "install", "--quiet", *options)

    def attempt(self, *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Done:
        """Run a program and return how it ended."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            words,
            cwd=cwd or self.path,
            env=os.environ | {"PATH": path} | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Done(code=done.returncode, said=done.stdout)

    def git(self, *arguments: str, code: int = 0) -> str:
        """Run git, which must end with a code, and return what it and its hooks said."""
        done = self.attempt("git", *arguments)
        assert done.code == code, done.said
        return done.said

    def push(self, *arguments: str, code: int = 0) -> str:
        """Push, with hooks, and return what was said."""
        return self.git("push", *(arguments or ("origin", "HEAD")), code=code)

    def commit(self, name: str = "main.tf", content: str = "a", *options: str) -> str:
        """Commit one file and return the id of the commit, which is dated now."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content + "\n", "utf-8")
        self.repo.run("add", "--force", name)
        self.git("commit", "--quiet", "--allow-empty", "-m", f"change {name}", *options)
        return self.repo.id_of("HEAD")

    def records(self) -> list[dict[str, Any]]:
        """Return the records of the log but genesis, oldest first, with what `log` says besides."""
        listed = json.loads(self.gitaudit("log", "--json"))["records"]
        return [one for one in reversed(listed) if one["record"]["type"] != "genesis"]

    def changes(self) -> list[tuple[str, str, str]]:
        """Return event, ref and commit of the change records, oldest first."""
        return [
            (one["body"]["event"], one["subject"]["ref"], one["subject"]["commit"])
            for one in (entry["record"] for entry in self.records())
            if one["type"] == "change"
        ]

    def lines(self, *pairs: tuple[str, str | None, str | None]) -> bytes:
        """Return what git gives pre-push, for remote refs with their new and old objects."""
        none = "0" * 40
        return "".join(f"{ref} {new or none} {ref} {old or none}\n" for ref, new, old in pairs).encode()
