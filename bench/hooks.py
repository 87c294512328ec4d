"""Measure what a hook adds to a push: `python -m bench.hooks [--only NAME]`, in the project's environment.

The hook is run as git runs it, by its stub and with the lines of a push, against `git commit -S --allow-empty` in the
same repository in turn. The network is left out: the repository has no remote to publish the log to. Prints a Markdown
table like `bench.run`.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.run import Bench, Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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

    def compare(self, what: str, bound: float, hook: Callable[[Path, int], float], path: Path) -> Claim:
        """Time runs of a hook in turn with signed commits."""
        hook(path, 0)  # the first run after a change of the policy copies it
        pairs = [(hook(path, number + 1), self.seconds(SIGN, path)) for number in range(PAIRS)]
        ratio = median(mine / git for mine, git in pairs)
        return Claim(
            name=f"{what}, against `git commit -S --allow-empty`",
            bound=f"at most {bound:g}",
            ours=_milliseconds([mine for mine, _ in pairs]),
            theirs=_milliseconds([git for _, git in pairs]),
            ratio=ratio,
            holds=ratio <= bound,
        )

    def push_of_application(self) -> Claim:
        """Time the hook for a push whose commit changes no IaC file."""
        path = self.repository("application")
        commits = [self.commit(path, "app.py", f"{number}") for number in range(PAIRS + 2)]
        return self.compare(
            "the hook of a push without an IaC file",
            4,
            lambda place, number: self.hook(place, commits[number], commits[number + 1]),
            path,
        )

    def push_of_infrastructure(self) -> Claim:
        """Time the hook for a push of one IaC commit: record, signature and all but the network."""
        path = self.repository("infrastructure")
        commits = [self.commit(path, "main.tf", f"{number}") for number in range(PAIRS + 2)]
        return self.compare(
            "the hook of a push of one IaC commit, without the network",
            15,
            lambda place, number: self.hook(place, commits[number], commits[number + 1]),
            path,
        )

    def amend(self) -> Claim:
        """Time the hook that links an amended commit."""
        path = self.repository("amend")
        commits = [self.commit(path, "app.py", f"{number}") for number in range(2)]
        return self.compare(
            "the hook of an amend",
            4,
            lambda place, _: self.hook(place, commits[0], commits[1], name="post-rewrite"),
            path,
        )

    def first_push(self) -> Claim:
        """Time the first push of a branch to a remote never seen before, whose other branch has 5,000 commits or 50."""
        places = [self.history(5_000), self.history(50)]
        for path in places:
            self.first(path)
        pairs = [(self.first(places[0]), self.first(places[1])) for _ in range(PAIRS)]
        ratio = median(long / short for long, short in pairs)
        return Claim(
            name="the hook of a first push to a remote that has 5,000 commits on another branch, against 50",
            bound="at most 1.2",
            ours=_milliseconds([long for long, _ in pairs]),
            theirs=_milliseconds([short for _, short in pairs]),
            ratio=ratio,
            holds=ratio <= 1.2,
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
        self.commit(path, "app.py", "new")
        return path


def _milliseconds(values: Sequence[float]) -> str:
    return f"{median(values) * 1000:.1f} ms"


def main() -> int:
    """Run the measurements and print the table; the exit code says whether every bound was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="push_of_application, push_of_infrastructure, amend, first_push")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gab-", dir="/tmp"))
    try:
        bench = Hooks(folder, quick=False)
        measures = [bench.push_of_application, bench.push_of_infrastructure, bench.amend, bench.first_push]
        print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}\n")
        print("| what | gitaudit | compared with | ratio | bound | kept |\n|---|---|---|---|---|---|")
        claims = []
        for measure in measures:
            if options.only in {None, measure.__name__}:
                claims.append(measure())
                print(claims[-1].row(), flush=True)
        return 0 if all(claim.holds for claim in claims) else 1
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(folder / "g")}, check=False)
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
