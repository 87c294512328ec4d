"""Measure what README and CHANGELOG claim: `python -m bench.run [--quick] [--only NAME]`, in the project's environment.

Every claim is a ratio of whole processes, run in turn in the same minutes on the same machine, so that it holds where
absolute times do not. Prints a Markdown table with the median of each side and of the ratios, pair by pair. Nothing
outside a new temporary folder is touched.
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
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.make_log import make_log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One line of the table: a name, the bound it must keep, and the medians that were measured."""

    name: str
    bound: str
    ours: str
    theirs: str
    ratio: float
    holds: bool

    def row(self) -> str:
        """Return the claim as a row of a Markdown table."""
        kept = "yes" if self.holds else "**no**"
        return f"| {self.name} | {self.ours} | {self.theirs} | {self.ratio:.2f} | {self.bound} | {kept} |"


class Bench:
    """Runs measurements in one temporary folder with a home, a keyring and a configuration of its own."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder = folder
        self.scale = 10 if quick else 1
        self.gitaudit = str(folder / "venv" / "bin" / "gitaudit")
        _install(folder / "venv")
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GNUPGHOME": str(folder / "g"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C.UTF-8",
        }
        (folder / "g").mkdir(mode=0o700)
        self.run(
            ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "Bench", "ed25519", "sign", "never"]
        )
        listed = self.run(["gpg", "--list-keys", "--with-colons"], capture=True)
        self.key = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
        for name, value in (("user.name", "Bench"), ("user.email", "b@example.invalid"), ("user.signingkey", self.key)):
            self.run(["git", "config", "--global", name, value])

    def run(self, command: Sequence[str], *, cwd: Path | None = None, capture: bool = False) -> str:
        """Run a command to its end; its output is thrown away unless captured."""
        done = subprocess.run(
            command, cwd=cwd or self.folder, env=self.env, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        return done.stdout.decode() if capture else ""

    def seconds(self, command: Sequence[str], cwd: Path) -> float:
        """Return how long a command takes, by the clock on the wall."""
        started = time.perf_counter()
        self.run(command, cwd=cwd)
        return time.perf_counter() - started

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
        pairs = [(self.seconds(theirs, path), self.seconds(ours, path)) for _ in range(3)]
        ratio = median(git / mine for git, mine in pairs)
        return Claim(
            name=f"`gitaudit verify --full` of {records} records, times as fast as `git log --format=%G?`",
            bound="at least 20",
            ours=_seconds([mine for _, mine in pairs]),
            theirs=_seconds([git for git, _ in pairs]),
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
        logs = [self.workspace(size // self.scale) for size in (20_000, 1_000)]
        command = [self.gitaudit, "record-deploy", "--env", "prod", "--outcome", "succeeded"]
        pairs = [(self.seconds(command, logs[0]), self.seconds(command, logs[1])) for _ in range(15)]
        ratio = median(long / short for long, short in pairs)
        return Claim(
            name="`record-deploy` as the 20,000th record, against the 1,000th",
            bound="at most 1.2",
            ours=_seconds([long for long, _ in pairs]),
            theirs=_seconds([short for _, short in pairs]),
            ratio=ratio,
            holds=ratio <= 1.2,
        )

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
        theirs = [self.gitaudit, "record-deploy", "--env", "prod", "--outcome", "succeeded"]
        pairs = [(self.seconds(theirs, path), self.seconds(ours, path)) for _ in range(15)]
        ratio = median(mine / one for one, mine in pairs)
        added = median(mine for _, mine in pairs)
        return Claim(
            name="`exec -- true` without a remote (two records), against `record-deploy` (one)",
            bound="at most 2, and at most 0.5 s",
            ours=_seconds([mine for _, mine in pairs]),
            theirs=_seconds([one for one, _ in pairs]),
            ratio=ratio,
            holds=ratio <= 2 and added <= 0.5,
        )

    def record_cost(self) -> Claim:
        """Time `record-deploy` without a remote against `git commit -S --allow-empty`, in turn."""
        path = self.plain("plain")
        ours = [self.gitaudit, "record-deploy", "--env", "prod", "--outcome", "succeeded"]
        theirs = ["git", "commit", "--quiet", "-S", "--allow-empty", "-m", "empty"]
        pairs = [(self.seconds(ours, path), self.seconds(theirs, path)) for _ in range(15)]
        ratio = median(mine / git for mine, git in pairs)
        return Claim(
            name="`record-deploy` without a remote, against `git commit -S --allow-empty`",
            bound="at most 12",
            ours=_seconds([mine for mine, _ in pairs]),
            theirs=_seconds([git for _, git in pairs]),
            ratio=ratio,
            holds=ratio <= 12,
        )


def _install(place: Path) -> None:
    """Install gitaudit as its users do: an editable one starts some milliseconds later."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, str(CHECKOUT)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _seconds(values: Sequence[float]) -> str:
    return f"{median(values):.3f} s"


def main() -> int:
    """Run the measurements and print the table; the exit code says whether every bound was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="logs of a tenth of the size")
    parser.add_argument(
        "--only", metavar="NAME", help="record_cost, exec_cost, verify_speed, verify_memory or append_flatness"
    )
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gab-", dir="/tmp"))
    try:
        bench = Bench(folder, quick=options.quick)
        measures: list[Callable[[], Claim]] = [
            bench.record_cost,
            bench.exec_cost,
            bench.verify_speed,
            bench.verify_memory,
            bench.append_flatness,
        ]
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
