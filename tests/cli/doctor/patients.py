"""A clone at the doctor's: what is found, and what becomes of it when the commands that the doctor prints are run."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cli.test_json_output import faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cli.console import Console


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What one run of the doctor found: its exit code, and the checks by name."""

    code: int
    checks: Mapping[str, Mapping[str, Any]]

    def statuses(self) -> dict[str, str]:
        """Return how each check went."""
        return {name: str(check["status"]) for name, check in self.checks.items()}

    def differ(self, other: Findings) -> dict[str, str]:
        """Return how those checks went that went otherwise in another run."""
        before = other.statuses()
        return {name: status for name, status in self.statuses().items() if before.get(name) != status}

    def told(self, name: str) -> str:
        """Return what a check found."""
        return str(self.checks[name]["told"])

    def mend(self, name: str) -> list[str]:
        """Return the commands that mend what a check found."""
        return list(self.checks[name]["mend"])


@dataclass(frozen=True, kw_only=True)
class Patient:
    """A clone."""

    console: Console

    def examine(self, *options: str) -> Findings:
        """Run the doctor; its document has to be as its schema says, and every failure to say what to do."""
        ran = self.console.run("doctor", "--json", *options)
        assert ran.err == "", ran
        assert faults(ran.document) == []
        checks = {check["name"]: check for check in ran.document["checks"]}
        assert ran.document["healthy"] == (ran.code == 0)
        assert len(checks) == len(ran.document["checks"])
        for check in checks.values():
            if check["status"] not in {"ok", "skipped"}:
                assert check["mend"] or check["hint"], check
        return Findings(code=ran.code, checks=checks)

    def run(self, command: str, **variables: str) -> None:
        """Run a command that the doctor printed, as a person would: in the clone, in a shell."""
        programs = Path(sys.executable).parent
        environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"} | variables
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.console.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done)

    def heal(self, found: Findings, name: str, **variables: str) -> Findings:
        """Run the commands that mend what a check found, and examine again."""
        assert found.mend(name), found.checks[name]
        for command in found.mend(name):
            self.run(command, **variables)
        return self.examine()
