"""Repositories in which commands are struck by faults, and what must hold of them afterwards."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.publish.faults import Ended, Point, Runner
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.publish.faults import Ended, Point, Runner

LOG = "refs/heads/audit"
DEPLOY = ("record-deploy", "--env", "prod", "--outcome", "succeeded")
CHANGES = ("record-change", "main~3..main", "--ref", "main")
SYNC = ("sync",)
KILL = "signal=KILL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is struck.

    Attributes:
        name: of the prepared repositories below the scenes' folder.
        command: the command that is struck.
        records: number of records that it makes.
    """

    name: str
    command: tuple[str, ...]
    records: int = 1


@dataclass
class Tally:
    """What was exercised, by process."""

    calls: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    missed: int = 0
    locks: int = 0

    def __str__(self) -> str:
        """Return all numbers in one line."""
        where = ", ".join(f"{name} {count}" for name, count in sorted(self.struck.items()))
        total = sum(self.struck.values())
        return f"{total} of {self.calls} calls ({where}); {self.missed} missed, {self.locks} left a git lock file"


class Scenes:
    """Prepared repositories, each copied for every strike: clone `c` and its remote `r.git`.

    In `alone` there is no remote; in `behind` another clone has pushed a record that `c` does not know yet.
    """

    def __init__(self, folder: Path, runner: Runner, key: str) -> None:
        self._folder = folder
        self.runner = runner
        self._copies = 0
        self._make("shared", key, remote=True)
        self._make("alone", key, remote=False)
        behind = self._copy("shared", "behind")
        shutil.copytree(behind / "c", behind / "d", symlinks=True)
        assert runner.run(behind / "d", *DEPLOY).code == 0
        shutil.rmtree(behind / "d")

    def _make(self, name: str, key: str, *, remote: bool) -> None:
        root = self._folder / name
        root.mkdir()
        clone = GitRepo.init(root / "c", "--template=")
        for option, value in (("user.signingkey", key), ("core.logAllRefUpdates", "true")):
            clone.run("config", option, value)
        clone.commit({"README": b"first"})
        if remote:
            GitRepo.bare(root / "r.git", "--template=")
            clone.run("remote", "add", "origin", str(root / "r.git"))
        started = self.runner.run(clone.path, "init", "--origin", "example.com/infra", "--env", "prod", "--iac", "*.tf")
        assert started.code == 0, started
        clone.commit({".gitaudit.yml": (clone.path / ".gitaudit.yml").read_bytes()})
        for number in range(3):
            clone.commit({f"net{number}.tf": b"resource {}"})
        assert self.runner.run(clone.path, *DEPLOY).code == 0
        if remote:
            clone.run("push", "--quiet", "origin", "main")
        for repo in (clone, *([GitRepo(root / "r.git")] if remote else [])):
            repo.run("repack", "-a", "-d", "--quiet")  # fewer files to copy for each strike

    def _copy(self, source: str, name: str) -> Path:
        """Copy prepared repositories; their remote is the copy beside them."""
        root = self._folder / name
        shutil.copytree(self._folder / source, root, symlinks=True)
        for config in root.glob("*/.git/config"):
            text = config.read_text("utf-8")
            config.write_text(text.replace(f"{self._folder / source}/", f"{root}/"), "utf-8")
        return root

    def points(self, scene: Scene) -> list[Point]:
        """Return every call of the scene's command that changes or syncs files."""
        root = self._copy(scene.name, "count")
        try:
            return self.runner.points(root / "c", *scene.command)
        finally:
            shutil.rmtree(root)

    def strike(self, scene: Scene, point: Point, fault: str, after: Sequence[str], tally: Tally) -> None:
        """Strike the command at a point in a fresh copy, run the next command, and assert that nothing is amiss."""
        self._copies += 1
        root = self._copy(scene.name, f"copy{self._copies}")
        struck = Struck(root=root, runner=self.runner, scene=scene)
        ended = self.runner.strike(point, fault, struck.clone.path, *scene.command)
        if ended.struck:
            program = point.process.partition(".")[0]
            tally.struck[program] = tally.struck.get(program, 0) + 1
        else:
            tally.missed += 1
        try:
            tally.locks += struck.check(ended, fault, after)
        except AssertionError as error:
            error.add_note(f"{scene.command} struck by {fault} at {point}: {ended}; see {root}")
            raise
        shutil.rmtree(root)


class Struck:
    """One copy, right after the fault."""

    def __init__(self, root: Path, runner: Runner, scene: Scene) -> None:
        self.root = root
        self.runner = runner
        self.scene = scene
        self.clone = GitRepo(root / "c")
        self.remote = GitRepo(root / "r.git") if (root / "r.git").exists() else None
        self.before = self.ids(self.remote or self.clone)

    def check(self, ended: Ended, fault: str, after: Sequence[str]) -> int:
        """Assert what must hold; return the number of lock files that had to be removed by hand."""
        self._assert_told(ended, fault)
        self.assert_good()
        kept = self.waiting()
        made = (set(self.ids(self.clone)) | set(kept)) - set(self.before)
        if self.remote is not None:
            made |= set(self.ids(self.remote)) - set(self.before)
        if fault == KILL or ended.code:
            assert len(made) <= self.scene.records
        if "recorded #" in ended.out:
            assert len(made) == self.scene.records
        locks = self._next(after, may_meet_locks=fault == KILL)
        self._assert_drained(made, after)
        return locks

    def _assert_told(self, ended: Ended, fault: str) -> None:
        """Assert that a command which was not killed itself ends with a message, never with a bug or a bad log."""
        if ended.code == -9:
            assert fault == KILL
            return
        assert ended.code in {0, 2, 3}
        if ended.code:
            assert "gitaudit: error: " in ended.err
            assert "gitaudit: hint: " in ended.err
            assert "recorded #" not in ended.out
            if not self.waiting() and not set(self.ids(self.clone)) - set(self.before):
                assert "nothing was recorded" in ended.err
            else:
                assert "gitaudit sync" in ended.err

    def _next(self, after: Sequence[str], *, may_meet_locks: bool) -> int:
        """Run the next command, removing the lock files of killed git programs that its messages name."""
        locks = 0
        while (ended := self.runner.run(self.clone.path, *after)).code:
            named = [
                path
                for path in self.root.rglob("*.lock")
                if str(path.relative_to(self.root)) in ended.err.replace("/./", "/")
            ]
            assert (ended.code, bool(named), may_meet_locks) == (3, True, True), ended
            named[0].unlink()
            locks += 1
            after = SYNC
        return locks

    def _assert_drained(self, made: set[str], after: Sequence[str]) -> None:
        found = self.ids(self.clone)
        assert len(found) == len(set(found))
        assert set(self.before) | made <= set(found)
        more = len(found) - len(self.before) - len(made)
        if after == CHANGES:
            assert len(self.changed()) == len(set(self.changed())) == self.scene.records
        else:
            assert more == (1 if after == DEPLOY else 0)
        assert self.waiting() == []
        if self.remote is not None:
            assert self.clone.ref(LOG) == self.remote.ref(LOG)
            assert self.clone.ref("refs/notes/audit") == self.remote.ref("refs/notes/audit")
        self.assert_good()
        for repo in (self.clone, self.remote):
            if repo is not None:
                repo.run("fsck", "--connectivity-only", "--no-dangling")

    def assert_good(self) -> None:
        """Assert that the local log is good."""
        ended = self.runner.run(self.clone.path, "verify", "--full", "--json")
        assert ended.code == 0, ended
        findings = json.loads(ended.out)["findings"]
        assert [finding for finding in findings if finding["rule"] != "notes-stale"] == []

    def waiting(self) -> list[str]:
        """Return the ids in the outbox."""
        folder = self.clone.path / ".git/gitaudit/outbox"
        return sorted(path.stem for path in folder.glob("*.json"))

    def changed(self) -> list[str]:
        """Return the commits that change records are about."""
        return self._trailers(self.clone, "Audit-Commit", "--grep=^Audit-Type: change$")

    def ids(self, repo: GitRepo) -> list[str]:
        """Return the ids of a repository's log."""
        return self._trailers(repo, "Audit-Id")

    @staticmethod
    def _trailers(repo: GitRepo, name: str, *options: str) -> list[str]:
        form = f"--format=%(trailers:key={name},valueonly,separator=%x2c)"
        return repo.run("log", form, *options, LOG).split()
