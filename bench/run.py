"""Measure what README and CHANGELOG claim: `python -m bench.run [--quick] [--only NAME]`, in the project's environment.

Every claim is a ratio of whole processes, run in turn in the same minutes on the same machine, so that it holds where
absolute times do not. Prints a Markdown table with the median of each side and of the ratios, pair by pair. Nothing
outside a new temporary folder is touched.
"""

from __future__ import annotations

import sys
from statistics import median
from typing import TYPE_CHECKING

from bench.frame import Bench, Claim, in_turn, main, seconds
from bench.make_log import make_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RECORD = ("record-deploy", "--env", "prod", "--outcome", "succeeded")


class Commands(Bench):
    """Measurements of commands."""

    def log(self, records: int) -> tuple[Path, str]:
        """Return a bare repository with a log of so many records, and its genesis commit; made once."""
        path = self.folder / f"log-{records}.git"
        mark = path / "genesis"
        if not mark.exists():
            mark.write_text(make_log(path, records).genesis.commit)
            self.run(["gpg", "--import", str(path / "key.asc")])
        return path, mark.read_text()

    def verify_speed(self) -> Claim:
        """Time `verify --full` against `git log --format=%G?` over the same commits."""
        records = 10_000 // self.scale
        path, genesis = self.log(records)
        ours = [self.gitaudit, "verify", "--full", "--trust", genesis]
        theirs = ["git", "log", "--format=%G?", "refs/heads/audit"]
        pairs = self.compare(3, ours, theirs, path)
        ratio = 1 / pairs.ratio
        return Claim(
            name=f"`gitaudit verify --full` of {records} records, times as fast as `git log --format=%G?`",
            bound="at least 20",
            ours=seconds(pairs.ours),
            theirs=seconds(pairs.theirs),
            ratio=ratio,
            holds=ratio >= 20,
        )

    def verify_memory(self) -> Claim:
        """Compare the peak memory of `verify --full` at 20,000 records with that at 2,000."""
        peaks = []
        for records in (20_000 // self.scale, 2_000 // self.scale):
            path, genesis = self.log(records)
            peaks.append(self.peak([self.gitaudit, "verify", "--full", "--trust", genesis], path))
        ratio = peaks[0] / peaks[1]
        return Claim(
            name="peak memory of `verify --full` at 20,000 records, against 2,000 (largest process)",
            bound="at most 1.2",
            ours=f"{peaks[0] / 1024:.0f} MiB",
            theirs=f"{peaks[1] / 1024:.0f} MiB",
            ratio=ratio,
            holds=ratio <= 1.2,
        )

    def peak(self, command: Sequence[str], cwd: Path) -> int:
        """Return the peak resident memory in KiB of the largest process of a command."""
        script = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        return int(self.run([sys.executable, "-c", script, *command], cwd=cwd, capture=True))

    def append_flatness(self) -> Claim:
        """Compare the time of an append to a long log with that to a short one, in turn."""
        long, short = (self.workspace(size // self.scale) for size in (20_000, 1_000))
        command = [self.gitaudit, *RECORD]
        pairs = in_turn(15, lambda _: self.seconds(command, long), lambda _: self.seconds(command, short))
        return pairs.at_most(1.2, "`record-deploy` as the 20,000th record, against the 1,000th", seconds)

    def workspace(self, records: int) -> Path:
        """Return a clone with work tree of a log of so many records, in which the user's key may record."""
        path, genesis = self.log(records)
        clone = self.folder / f"work-{records}"
        if not clone.exists():
            self.run(["git", "clone", "--quiet", "--no-local", str(path), str(clone)])
            self.run(["git", "fetch", "--quiet", "origin", "refs/heads/audit:refs/heads/audit"], cwd=clone)
            self.run(["git", "fetch", "--quiet", "origin", "refs/notes/audit:refs/notes/audit"], cwd=clone)
            self.run(["git", "remote", "remove", "origin"], cwd=clone)  # before the clone knows of a log there
            self.admit(path, genesis, clone)
        return clone

    def admit(self, source: Path, genesis: str, clone: Path) -> None:
        """Join the clone to its log and admit the user's key, with the secret key that the log was made with."""
        secret = self.folder / "maker.asc"
        secret.write_bytes((source / "secret.asc").read_bytes())
        self.run(["gpg", "--batch", "--import", str(secret)])
        maker = (source / "fingerprint").read_text()
        self.run([self.gitaudit, "init", "--trust", genesis, "--no-push"], cwd=clone)
        self.run([self.gitaudit, "policy", "add-key", self.key, "--role", "owner", "--key", maker], cwd=clone)

    def plain(self, name: str) -> Path:
        """Return a new repository with a log and without a remote."""
        path = self.folder / name
        self.run(["git", "init", "--quiet", "--initial-branch=main", str(path)])
        (path / "main.tf").write_text('resource "terraform_data" "web" {}\n')
        self.run(["git", "add", "main.tf"], cwd=path)
        self.run(["git", "commit", "--quiet", "-m", "start"], cwd=path)
        self.run([self.gitaudit, "init", "--origin", "example.com/bench"], cwd=path)
        return path

    def exec_cost(self) -> Claim:
        """Time `exec -- true` without a remote, which is all that it adds to a command, against `record-deploy`."""
        path = self.plain("exec")
        ours = [self.gitaudit, "exec", "--quiet", "--env", "prod", "--", "true"]
        pairs = self.compare(15, ours, [self.gitaudit, *RECORD], path)
        return Claim(
            name="`exec -- true` without a remote (two records), against `record-deploy` (one)",
            bound="at most 2, and at most 0.5 s",
            ours=seconds(pairs.ours),
            theirs=seconds(pairs.theirs),
            ratio=pairs.ratio,
            holds=pairs.ratio <= 2 and median(pairs.ours) <= 0.5,
        )

    def record_cost(self) -> Claim:
        """Time `record-deploy` without a remote against `git commit -S --allow-empty`, in turn."""
        path = self.plain("plain")
        theirs = ["git", "commit", "--quiet", "-S", "--allow-empty", "-m", "empty"]
        pairs = self.compare(15, [self.gitaudit, *RECORD], theirs, path)
        return pairs.at_most(12, "`record-deploy` without a remote, against `git commit -S --allow-empty`", seconds)


if __name__ == "__main__":
    measures = (
        Commands.record_cost,
        Commands.exec_cost,
        Commands.verify_speed,
        Commands.verify_memory,
        Commands.append_flatness,
    )
    sys.exit(main(__doc__, Commands, measures, scalable=True))
