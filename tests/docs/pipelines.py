"""Runs the shell of pipeline templates as GitHub's and GitLab's runners do, in a scratch repository.

Actions are not run: the checkout is a `git clone`, and tools are those of this machine. The index of Python packages is
out of reach, so a `python3` before the real one makes an environment whose `pip` notes what it was to install and puts
this checkout's program there.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from gitaudit.policy import yaml_text
from tests.docs.worlds import CHECKOUT, PROGRAMS, World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = CHECKOUT / "docs" / "ci"
_PYTHON = """#!/bin/sh
[ "$1 $2" = '-m venv' ] || exec "{python}" "$@"
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" >>"{log}"\\nln -sf "{program}" "%s/bin/gitaudit"\\n' "$3" >"$3/bin/pip"
chmod +x "$3/bin/pip"
"""
_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


def load(name: str) -> dict[str, Any]:
    """Return a template as YAML 1.2 reads it."""
    found = yaml_load((FOLDER / name).read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def yaml_load(text: str) -> Any:  # noqa: ANN401 - a document
    """Return a YAML document; `on` is a word, as GitHub takes it."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML has it
            first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    return yaml.load(text, Loader)  # noqa: S506 - a safe loader


def genesis_of(world: World) -> str:
    """Return the SHA-256 of the first record, as `.gitaudit.yml` of a clone has it."""
    document = yaml_text.load((world.start / ".gitaudit.yml").read_bytes(), ".gitaudit.yml")
    found = document["genesis"]
    assert isinstance(found, dict)
    return str(found["sha256"])


@dataclass
class Runner:
    """A machine that runs jobs: a folder of its own beside the remote of a world.

    Attributes:
        world: where `origin.git` is.
        root: the runner's own folder.
        variables: that every command sees.
        installed: what pip was told.
    """

    world: World
    root: Path
    variables: dict[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def new(cls, world: World, **variables: str) -> Self:
        """Set up a runner."""
        root = world.root / "runner"
        (root / "bin").mkdir(parents=True)
        (root / "tmp").mkdir()
        text = _PYTHON.format(python=PROGRAMS / "python", log=root / "pip.log", program=PROGRAMS / "gitaudit")
        (root / "bin" / "python3").write_text(text, "utf-8")
        (root / "bin" / "python3").chmod(0o755)
        seen = world.environment()
        (root / "home").mkdir()
        seen |= {"PATH": f"{root / 'bin'}:/usr/local/bin:/usr/bin:/bin", "HOME": str(root / "home")}
        seen.pop("GNUPGHOME")
        seen.pop("GIT_CONFIG_GLOBAL")
        return cls(world=world, root=root, variables=seen | variables)

    @property
    def workspace(self) -> Path:
        """The clone that a job works in."""
        return self.root / "work"

    def check_out(self, depth: int) -> None:
        """Clone the remote as `actions/checkout` and GitLab's runner do: one commit, or the history; no log."""
        options = ["--depth", str(depth)] if depth else []
        url = (self.world.root / "origin.git").as_uri()
        command = ["git", "clone", "--quiet", "--single-branch", "--no-tags", *options, url, str(self.workspace)]
        subprocess.run(command, env=self.variables, check=True)

    def shell(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a script as `bash -eo pipefail`."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.workspace,
            env=self.variables | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def pip_log(self) -> str:
        """Return what pip was told."""
        return (self.root / "pip.log").read_text("utf-8")


class GitHubRunner(Runner):
    """Runs the steps of a job of GitHub Actions."""

    def run(self, job: Mapping[str, Any], contexts: Mapping[str, str]) -> dict[str, subprocess.CompletedProcess[str]]:
        """Run a job; return how each step ended, by name, up to the last one that its condition lets run."""
        self.variables |= {name: str(value) for name, value in job.get("env", {}).items()}
        files = {name: self.root / name.lower() for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT")}
        self.variables |= {name: str(path) for name, path in files.items()} | {"RUNNER_TEMP": str(self.root / "tmp")}
        done: dict[str, subprocess.CompletedProcess[str]] = {}
        failed = False
        for step in job["steps"]:
            name = step["name"]
            if not self._wanted(step.get("if"), done, failed=failed):
                continue
            if "uses" in step:
                if step["uses"].startswith("actions/checkout@"):
                    self.check_out(int(step.get("with", {}).get("fetch-depth", 1)))
                continue
            for path in files.values():
                path.write_text("", "utf-8")
            environment = {key: self._value(text, contexts) for key, text in step.get("env", {}).items()}
            done[name] = self.shell(step["run"], **environment)
            failed = failed or done[name].returncode != 0
            self._take_over(step, files)
        return done

    def _wanted(
        self, condition: str | None, done: Mapping[str, subprocess.CompletedProcess[str]], *, failed: bool
    ) -> bool:
        if condition is None:
            return not failed
        if condition == "always()":
            return True
        assert condition == "always() && steps.plan.outcome == 'success'"
        return "Plan" in done and done["Plan"].returncode == 0

    def _value(self, text: str, contexts: Mapping[str, str]) -> str:
        found = _EXPRESSION.fullmatch(text)
        if found is None:
            return text
        step = re.fullmatch(r"steps\.(\w+)\.outputs\.(\w+)", found[1])
        return self.outputs.get(step[1], {}).get(step[2], "") if step else contexts[found[1]]

    def _take_over(self, step: Mapping[str, Any], files: Mapping[str, Path]) -> None:
        def pairs(name: str) -> dict[str, str]:
            lines = files[name].read_text("utf-8").splitlines()
            return dict(line.split("=", 1) for line in lines)

        self.variables |= pairs("GITHUB_ENV")
        for line in files["GITHUB_PATH"].read_text("utf-8").splitlines():
            self.variables["PATH"] = f"{line}:{self.variables['PATH']}"
        if "id" in step:
            self.outputs[step["id"]] = pairs("GITHUB_OUTPUT")


class GitLabRunner(Runner):
    """Runs a job of GitLab CI."""

    def run(
        self, pipeline: Mapping[str, Any], name: str
    ) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str] | None]:
        """Run a job; return how its script and its `after_script` ended."""
        base = pipeline[pipeline[name]["extends"]]
        job = {**base, **pipeline[name]}
        for variables in (pipeline["variables"], job.get("variables", {})):
            for key, value in variables.items():
                self.variables[key] = self._expanded(str(value))
        self.check_out(int(job.get("variables", {}).get("GIT_DEPTH", "20")))
        script = self.shell("\n".join([*job["before_script"], *job["script"]]))
        after = self.shell("\n".join(job["after_script"])) if "after_script" in job else None
        return script, after

    def _expanded(self, text: str) -> str:
        return re.sub(r"\$(\w+)", lambda found: self.variables[found[1]], text)
