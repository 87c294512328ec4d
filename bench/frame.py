"""The frame of measurements that compare two commands: a world of their own, runs in turn, a table, an exit code."""

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
from typing import TYPE_CHECKING, TypeVar

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Seconds that two commands took in turn, pair by pair."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of what the first takes for each second of the other."""
        return median(mine / other for mine, other in zip(self.ours, self.theirs, strict=True))

    def at_most(self, bound: float, name: str, told: Callable[[Sequence[float]], str]) -> Claim:
        """Return the claim that the ratio keeps a bound; `told` writes the times of a side."""
        return Claim(
            name=name,
            bound=f"at most {bound:g}",
            ours=told(self.ours),
            theirs=told(self.theirs),
            ratio=self.ratio,
            holds=self.ratio <= bound,
        )


def in_turn(number: int, ours: Callable[[int], float], theirs: Callable[[int], float]) -> Pairs:
    """Time two commands in turn.

    Both run once before, so that what either keeps from its first run is there for all that count.

    Args:
        number: of pairs.
        ours: runs the first command and returns its seconds; it gets the number of the run, 0 for the one before.
        theirs: the same for the other.
    """
    pairs = [(ours(turn), theirs(turn)) for turn in range(number + 1)][1:]
    return Pairs(ours=tuple(mine for mine, _ in pairs), theirs=tuple(other for _, other in pairs))


class Bench:
    """Runs measurements in one temporary folder with a home, a keyring and a configuration of its own."""

    def __init__(self, folder: Path, scale: int = 1) -> None:
        self.folder = folder
        self.scale = scale
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

    def compare(self, number: int, ours: Sequence[str], theirs: Sequence[str], path: Path) -> Pairs:
        """Time two commands in turn in the same folder."""
        return in_turn(number, lambda _: self.seconds(ours, path), lambda _: self.seconds(theirs, path))


World = TypeVar("World", bound=Bench)


def main(
    about: str | None,
    world: Callable[[Path, int], World],
    measures: Sequence[Callable[[World], Claim]],
    *,
    scalable: bool = False,
) -> int:
    """Run the measurements that the command line asks for and print the table.

    Args:
        about: what `--help` says.
        world: makes what the measurements run in, from a new folder and by what they divide their sizes.
        measures: the measurements, by whose names `--only` takes one.
        scalable: whether there is `--quick`.

    Returns:
        The exit code, which says whether every bound was kept.
    """
    options = _options(about, [measure.__name__ for measure in measures], scalable=scalable)
    folder = Path(tempfile.mkdtemp(prefix="gab-", dir="/tmp"))
    try:
        made = world(folder, 10 if options.quick else 1)
        print(f"{machine()}\n")
        print("| what | gitaudit | compared with | ratio | bound | kept |\n|---|---|---|---|---|---|")
        claims = []
        for measure in measures:
            if options.only in {None, measure.__name__}:
                claims.append(measure(made))
                print(claims[-1].row(), flush=True)
        return 0 if all(claim.holds for claim in claims) else 1
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(folder / "g")}, check=False)
        shutil.rmtree(folder)


def _options(about: str | None, names: Sequence[str], *, scalable: bool) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about)
    parser.set_defaults(quick=False)
    if scalable:
        parser.add_argument("--quick", action="store_true", help="logs of a tenth of the size")
    parser.add_argument("--only", metavar="NAME", choices=names, help=", ".join(names))
    return parser.parse_args()


def machine() -> str:
    """Return what the times were taken on."""
    return f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"


def seconds(values: Sequence[float]) -> str:
    """Return the median of times as the table has it."""
    return f"{median(values):.3f} s"


def milliseconds(values: Sequence[float]) -> str:
    """Return the median of short times as the table has it."""
    return f"{median(values) * 1000:.1f} ms"


def _install(place: Path) -> None:
    """Install gitaudit as its users do: an editable one starts some milliseconds later."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, str(CHECKOUT)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
