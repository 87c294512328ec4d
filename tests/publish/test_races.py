"""Real processes that race for one remote: every record arrives, once, in a line, with its note."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM = Path(sys.executable).with_name("gitaudit")
LOG, NOTES = "refs/heads/audit", "refs/notes/audit"
CLONES, RECORDS = 8, 25

_WRITER = """
import subprocess, sys
program, times = sys.argv[1], int(sys.argv[2])
for _ in range(times):
    subprocess.run([program, "record-deploy", "--env", "prod", "--outcome", "succeeded", *sys.argv[3:]], check=True)
"""
_COUNTING_GIT = """\
#!/bin/sh
for word in "$@"; do
    case $word in push|fetch|ls-remote) printf '%s\\n' "$word" >>"$GIT_CALLS"; break ;; esac
done
exec "$REAL_GIT" "$@"
"""


class Race:
    """A shared bare repository with a log, and clones of it that write."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self.remote = GitRepo.bare(folder / "shared.git")
        self.remote.run("config", "core.logAllRefUpdates", "always")
        first = GitRepo.init(folder / "first")
        first.run("remote", "add", "origin", str(self.remote.path))
        first.run("config", "--global", "user.signingkey", key)
        first.commit({"main.tf": b"resource {}"})
        self.gitaudit(first, "init", "--origin", "example.com/infra", "--env", "prod")
        first.commit({".gitaudit.yml": (first.path / ".gitaudit.yml").read_bytes()})
        first.run("push", "--quiet", "origin", "main")
        self.calls = folder / "calls"
        self.calls.touch()
        script = folder / "bin" / "git"
        script.parent.mkdir()
        script.write_text(_COUNTING_GIT, encoding="ascii")
        script.chmod(0o755)
        self._env = os.environ | {
            "GIT_CALLS": str(self.calls),
            "REAL_GIT": shutil.which("git") or "git",
            "PATH": f"{script.parent}:{os.environ['PATH']}",
        }

    def clone(self, name: str) -> GitRepo:
        """Return another clone, which has not joined the log."""
        return self.remote.clone(self.folder / name)

    @staticmethod
    def gitaudit(repo: GitRepo, *arguments: str) -> str:
        """Run the installed program in a clone; it must succeed."""
        command = [str(PROGRAM), "-C", str(repo.path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        return done.stdout

    def write(self, clones: Sequence[GitRepo], times: int, *options: str) -> list[str]:
        """Let a process for each of `clones` record again and again, all at once; return what they print."""
        command = [sys.executable, "-c", _WRITER, str(PROGRAM), str(times), *options]
        writers = [
            subprocess.Popen(command, cwd=clone.path, env=self._env, stdout=subprocess.PIPE, text=True)
            for clone in clones
        ]
        printed = [writer.communicate()[0] for writer in writers]
        assert [writer.returncode for writer in writers] == [0] * len(clones)
        return printed

    def count(self, word: str) -> int:
        """Return how often the writers ran a git command."""
        return self.calls.read_text("ascii").split().count(word)

    def values(self, ref: str) -> Iterator[str]:
        """Yield every value that a ref of the shared repository ever had, newest first."""
        yield from self.remote.run("log", "--walk-reflogs", "--format=%H", ref).split()

    def trailers(self, name: str, ref: str = LOG) -> list[str]:
        """Return a trailer of every commit of the shared log, newest first."""
        return self.remote.run("log", f"--format=%(trailers:key={name},valueonly,separator=)", ref).split()


@pytest.fixture
def race(tmp_path: Path, signing_key: str) -> Race:
    """Give a shared repository with a log."""
    return Race(tmp_path, signing_key)


def assert_complete(race: Race, records: int) -> None:
    """Assert that the shared log has so many records after genesis: once each, in a line, noted, good."""
    ids = race.trailers("Audit-Id")
    assert len(ids) == len(set(ids)) == records + 1
    assert [int(index) for index in race.trailers("Audit-Index")] == list(range(records, -1, -1))
    assert race.remote.run("rev-list", "--min-parents=2", LOG) == ""
    assert race.remote.run("rev-list", "--count", LOG) == str(records + 1)
    assert race.trailers("Audit-Size", f"{NOTES}~0")[0] == str(records + 1)
    for ref in (LOG, NOTES):
        values = list(race.values(ref))
        steps = zip(values[1:], values, strict=False)
        assert all(race.remote.attempt("merge-base", "--is-ancestor", old, new).returncode == 0 for old, new in steps)
    reader = race.clone("reader")
    race.gitaudit(reader, "init")
    report = json.loads(race.gitaudit(reader, "verify", "--full", "--json"))
    assert (report["checked"], report["findings"]) == (records + 1, [])


@pytest.mark.slow
def test_eight_clones_that_race_lose_nothing(race: Race, capsys: pytest.CaptureFixture[str]) -> None:
    """8 clones, 25 records each, one process a record, as fast as they can."""
    clones = [race.clone(f"clone{number}") for number in range(CLONES)]
    began = time.monotonic()

    printed = race.write(clones, RECORDS)

    took, pushes = time.monotonic() - began, race.count("push")
    with capsys.disabled():
        what = f"{CLONES} clones with {RECORDS} records each"
        # How well racing works belongs into the log of the run.
        print(f"\n{what}: {took:.0f} s, {pushes} pushes, {race.count('fetch')} fetches")  # noqa: T201
    assert [text.count("recorded #") for text in printed] == [RECORDS] * CLONES
    assert_complete(race, CLONES * RECORDS)
    assert pushes < 3 * CLONES * RECORDS
    assert [list((clone.path / ".git/gitaudit/outbox").iterdir()) for clone in clones] == [[]] * CLONES


@pytest.mark.slow
def test_queued_records_share_pushes(race: Race, capsys: pytest.CaptureFixture[str]) -> None:
    """Records that wait go out together: far fewer pushes than records, also when eight clones race."""
    clones = [race.clone(f"clone{number}") for number in range(CLONES)]
    race.write(clones, 3, "--no-push")
    assert race.count("push") == 0

    race.write(clones, 1)

    pushes, records = race.count("push"), CLONES * 4
    with capsys.disabled():
        print(f"\n{records} queued records in {CLONES} clones: {pushes} pushes")  # noqa: T201
    assert_complete(race, records)
    assert pushes <= 1.5 * records


@pytest.mark.slow
def test_processes_in_one_clone_wait_for_each_other(race: Race) -> None:
    """The lock lets one write at a time, which takes the others' drafts along; each tells its own record."""
    clone = race.clone("clone")

    printed = race.write([clone] * 4, 3)

    assert [text.count("recorded #") >= 3 for text in printed] == [True] * 4
    assert_complete(race, 12)
    assert race.count("push") <= 12
