"""Measure what a hook adds to a push: `python -m bench.hooks [--only NAME]`, in the project's environment.

The hook is run as git runs it, by its stub and with the lines of a push, against `git commit -S --allow-empty` in the
same repository in turn. The network is left out: the repository has no remote to publish the log to. Prints a Markdown
table like `bench.run`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from bench.frame import Bench, Claim, in_turn, main, milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PAIRS = 25
SIGN = ("git", "commit", "--quiet", "-S", "--allow-empty", "-m", "empty")
NONE = "0" * 40
ADDRESS = "/nowhere.git"


class Hooks(Bench):
    """Measurements of hooks."""

    def repository(self, name: str) -> Path:
        """Make a repository with a log, the hooks and no remote."""
        path = self.folder / name
        self.run(["git", "init", "--quiet", "--initial-branch=main", str(path)])
        self.commit(path, "main.tf", "start")
        self.run([self.gitaudit, "init", "--origin", "example.com/bench"], cwd=path)
        return path

    def commit(self, path: Path, name: str, content: str) -> str:
        """Commit a file and return the commit."""
        (path / name).write_text(content, "utf-8")
        self.run(["git", "add", name], cwd=path)
        self.run(["git", "commit", "--quiet", "-m", "change"], cwd=path)
        return self.run(["git", "rev-parse", "HEAD"], cwd=path, capture=True).strip()

    def hook(self, path: Path, old: str, new: str, *, name: str = "pre-push", where: Sequence[str] = ()) -> float:
        """Return how long a hook takes for a push of one branch."""
        line = f"refs/heads/main {new} refs/heads/main {old}\n" if name == "pre-push" else f"{old} {new}\n"
        arguments = (where or (ADDRESS, ADDRESS)) if name == "pre-push" else ("amend",)
        started = time.perf_counter()
        subprocess.run(
            [path / ".git/hooks" / name, *arguments],
            cwd=path,
            env=self.env,
            input=line.encode(),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return time.perf_counter() - started

    def against_commit(self, what: str, bound: float, hook: Callable[[int], float], path: Path) -> Claim:
        """Time runs of a hook in turn with signed commits."""
        pairs = in_turn(PAIRS, hook, lambda _: self.seconds(SIGN, path))
        return pairs.at_most(bound, f"{what}, against `git commit -S --allow-empty`", milliseconds)

    def push_of_application(self) -> Claim:
        """Time the hook for a push whose commit changes no IaC file."""
        path = self.repository("application")
        commits = [self.commit(path, "app.py", f"{number}") for number in range(PAIRS + 2)]
        return self.against_commit(
            "the hook of a push without an IaC file",
            4,
            lambda number: self.hook(path, commits[number], commits[number + 1]),
            path,
        )

    def push_of_infrastructure(self) -> Claim:
        """Time the hook for a push of one IaC commit: record, signature and all but the network."""
        path = self.repository("infrastructure")
        commits = [self.commit(path, "main.tf", f"{number}") for number in range(PAIRS + 2)]
        return self.against_commit(
            "the hook of a push of one IaC commit, without the network",
            15,
            lambda number: self.hook(path, commits[number], commits[number + 1]),
            path,
        )

    def amend(self) -> Claim:
        """Time the hook that links an amended commit."""
        path = self.repository("amend")
        commits = [self.commit(path, "app.py", f"{number}") for number in range(2)]
        return self.against_commit(
            "the hook of an amend",
            4,
            lambda _: self.hook(path, commits[0], commits[1], name="post-rewrite"),
            path,
        )

    def first_push(self) -> Claim:
        """Time the first push of a branch to a remote never seen before, whose other branch has 5,000 commits or 50."""
        long, short = self.history(5_000), self.history(50)
        pairs = in_turn(PAIRS, lambda _: self.first(long), lambda _: self.first(short))
        return pairs.at_most(
            1.2,
            "the hook of a first push to a remote that has 5,000 commits on another branch, against 50",
            milliseconds,
        )

    def first(self, path: Path) -> float:
        """Time a first push of `topic`, one application commit on top of what the remote has."""
        tip = self.run(["git", "rev-parse", "HEAD"], cwd=path, capture=True).strip()
        return self.hook(path, NONE, tip, where=("copy", str(path.with_suffix(".git"))))

    def history(self, number: int) -> Path:
        """Make a repository with so many commits of an IaC file since the log began, all on a remote's main branch."""
        path = self.repository(f"history-{number}")
        stamp = int(time.time())
        stream = "".join(
            f"commit refs/heads/main\ncommitter B <b@example.invalid> {stamp} +0000\ndata 1\nx\n"
            f"{'' if at else 'from refs/heads/main^0' + chr(10)}"
            f"M 100644 inline main.tf\ndata {len(str(at))}\n{at}\n"
            for at in range(number)
        )
        command = ["git", "fast-import", "--quiet", "--force"]
        subprocess.run(command, cwd=path, env=self.env, input=stream.encode(), check=True, stderr=subprocess.DEVNULL)
        self.run(["git", "reset", "--quiet", "--hard"], cwd=path)
        bare = path.with_suffix(".git")
        self.run(["git", "clone", "--quiet", "--bare", "--branch=main", "--single-branch", str(path), str(bare)])
        self.run(["git", "switch", "--quiet", "-c", "topic"], cwd=path)
        time.sleep(1.1)  # a commit of the very second in which the 5,000 were made would make git look at them all
        self.commit(path, "app.py", "new")
        return path


if __name__ == "__main__":
    measures = (Hooks.push_of_application, Hooks.push_of_infrastructure, Hooks.amend, Hooks.first_push)
    sys.exit(main(__doc__, Hooks, measures))
