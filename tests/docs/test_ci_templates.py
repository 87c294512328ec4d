"""The pipeline templates of docs/ci: what they may do, and that their shell does what the page says."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pipelines import FOLDER, GitHubRunner, GitLabRunner, genesis_of, load
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docs.worlds import World, Worlds

NAMES = sorted(path.name for path in FOLDER.iterdir())
GITHUB = [name for name in NAMES if name.startswith("github")]


def steps(name: str) -> Iterator[dict[str, Any]]:
    """Yield the steps of a workflow."""
    for job in load(name)["jobs"].values():
        yield from job["steps"]


def job_id(world: World) -> str:
    """Return a number for a job that no other test has, for folders outside of the world."""
    return f"{os.getpid()}-{world.root.name}"


def records(world: World) -> str:
    """Return the last record as somebody sees it who clones anew and verifies everything."""
    return world.run(
        "cd .. && rm -rf seen && git clone --quiet origin.git seen && cd seen && export GNUPGHOME=$PWD/none\n"
        "gitaudit init --quiet >init.log && gitaudit verify --full >verify.log && gitaudit log --oneline -n 1\n"
    )


def commit(world: World, script: str) -> None:
    """Push a commit to the main branch without any hook."""
    world.run(
        "git config user.name Eve && git config user.email eve@example.com\n"
        f"{script}\ngit add . && git commit --quiet -m change && git push --quiet --no-verify origin main\n"
    )


def test_templates_are_there() -> None:
    """One file for each kind of pipeline."""
    assert NAMES == ["github-deploy.yml", "github-verify.yml", "gitlab-ci.yml"]


@pytest.mark.parametrize("name", NAMES)
def test_shell_is_well_formed_and_names_no_expression(name: str) -> None:
    """Values come by variables: text of an expression within a script would be run as a part of it."""
    document = load(name)
    scripts = [step["run"] for step in steps(name) if "run" in step] if name in GITHUB else []
    for job in document.values() if name not in GITHUB else ():
        for part in ("before_script", "script", "after_script") if isinstance(job, dict) else ():
            scripts += job.get(part, [])

    assert len(scripts) >= 3
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("name", GITHUB)
def test_permissions_are_the_least(name: str) -> None:
    """Nothing is granted for the whole workflow; a job reads, or writes contents where it pushes a record."""
    document = load(name)

    assert document["permissions"] == {}
    wanted = {"github-verify.yml": "read", "github-deploy.yml": "write"}[name]
    assert [job["permissions"] for job in document["jobs"].values()] == [{"contents": wanted}]


@pytest.mark.parametrize("name", GITHUB)
def test_actions_are_pinned(name: str) -> None:
    """An action is named by the whole id of a commit, with its version beside it."""
    text = (FOLDER / name).read_text("utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)

    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action, _ in used)
    assert all(re.fullmatch(r" # v[0-9]+\.[0-9]+\.[0-9]+", note) for _, note in used)


def test_secrets_are_for_the_deployment_alone() -> None:
    """What runs for a pull request sees no secret, and does not run with the rights of the main branch."""
    assert "secrets." not in (FOLDER / "github-verify.yml").read_text("utf-8")
    assert "pull_request_target" not in "".join((FOLDER / name).read_text("utf-8") for name in NAMES)
    assert list(load("github-deploy.yml")["on"]) == ["push"]


def test_version_is_the_one_of_the_project() -> None:
    """The templates install this version."""
    from gitaudit import __version__

    found = [re.findall(r'GITAUDIT_VERSION: "(.*)"', (FOLDER / name).read_text("utf-8")) for name in NAMES]
    assert found == [[__version__.removesuffix(".dev0")]] * len(NAMES)


class TestVerify:
    """Every pull request is verified."""

    @pytest.fixture(params=["github", "gitlab"])
    def verify(self, request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a function
        """Give what runs the job in a world and returns exit code and output."""

        def on_github(world: World, genesis: str) -> tuple[int, str]:
            runner = GitHubRunner.new(world)
            job = load("github-verify.yml")["jobs"]["verify"]
            job["env"]["GENESIS"] = genesis
            done = runner.run(job, {})
            last = list(done.values())[-1]
            return last.returncode, last.stdout

        def on_gitlab(world: World, genesis: str) -> tuple[int, str]:
            runner = GitLabRunner.new(world, CI_JOB_ID=job_id(world))
            pipeline = load("gitlab-ci.yml")
            pipeline["variables"]["GENESIS"] = genesis
            script, _ = runner.run(pipeline, "audit-verify")
            shutil.rmtree(f"/tmp/gitaudit-{job_id(world)}", ignore_errors=True)  # noqa: S108 - the template's own folder
            return script.returncode, script.stdout

        return {"github": on_github, "gitlab": on_gitlab}[request.param]

    def test_good(self, worlds: Worlds, verify: Any) -> None:  # noqa: ANN401 - a function
        """A log in order, and no commit without a record."""
        world = worlds.new("colleague")
        code, printed = verify(world, genesis_of(world))

        assert (code, "good: 8 records checked" in printed, "complete: no IaC commit" in printed) == (0, True, True)

    def test_commit_without_a_record(self, worlds: Worlds, verify: Any) -> None:  # noqa: ANN401 - a function
        """A commit to infrastructure as code that nobody recorded fails the job with exit code 1."""
        world = worlds.new("colleague")
        commit(world, "echo '# x' >>main.tf")
        code, printed = verify(world, genesis_of(world))

        assert (code, "has no change record" in printed) == (1, True)

    def test_another_pin_does_not_help(self, worlds: Worlds, verify: Any) -> None:  # noqa: ANN401 - a function
        """Somebody who exchanges the log and the pin in the repository is found: the genesis stands in the template."""
        world = worlds.new("colleague")
        genesis = genesis_of(world)
        world.run(
            "mkdir -m 700 ../eve && export GNUPGHOME=$PWD/../eve\n"
            "gpg --batch --quiet --passphrase '' --quick-generate-key eve ed25519 sign 1y\n"
            "git remote remove origin && git rm --quiet .gitaudit.yml && git commit --quiet -m out\n"
            "git update-ref -d refs/remotes/origin/audit; rm -rf .git/gitaudit\n"
            "gitaudit init --quiet --origin example.com/infra && gpgconf --kill all\n"
            'git remote add origin "$PWD/../origin.git" && git push --quiet --force origin audit'
        )
        commit(world, "true")
        code, printed = verify(world, genesis)

        assert (code, "the log begins with another commit" in printed) == (1, True)

    def test_genesis_that_is_not_filled_in(self, worlds: Worlds, verify: Any) -> None:  # noqa: ANN401 - a function
        """A template that was only copied fails, instead of trusting what the pull request says."""
        code, printed = verify(worlds.new("colleague"), "")

        assert (code, "expected --trust to be a commit id" in printed) == (2, True)


@pytest.mark.slow
class TestDeploy:
    """The deployment records itself."""

    def on_github(self, world: World, edit: str = "") -> tuple[GitHubRunner, dict[str, Any]]:
        """Run the job for GitHub."""
        require_tool("terraform")
        genesis = genesis_of(world)
        if edit:
            commit(world, edit)
        runner = GitHubRunner.new(
            world,
            TF_VAR_password="correct-horse",
            GITHUB_SERVER_URL="https://github.example",
            GITHUB_REPOSITORY="acme/infra",
            GITHUB_RUN_ID="7",
        )
        job = load("github-deploy.yml")["jobs"]["prod"]
        job["env"]["GENESIS"] = genesis
        key = (world.root / "audit-key.asc").read_text("utf-8")
        return runner, runner.run(job, {"secrets.GITAUDIT_KEY": key})

    def test_success(self, worlds: Worlds) -> None:
        """A deployment that succeeds is in the log, by the pipeline's key, with a link to the run."""
        world = worlds.new("ci")
        runner, done = self.on_github(world)

        assert {name: one.returncode for name, one in done.items()} == dict.fromkeys(done, 0), done
        assert list(done)[-2:] == ["Record the deployment", "Remove the key"]
        assert "deploy prod: succeeded" in records(world)
        assert not (runner.root / "tmp/gnupg").exists()
        assert runner.pip_log() == "install --quiet gitaudit==0.1.0\n"

    def test_failure(self, worlds: Worlds) -> None:
        """A deployment that fails half-way is recorded as such, and the job fails with it."""
        world = worlds.new("ci")
        broken = (
            'resource "terraform_data" "broken" {\\n  provisioner "local-exec" {\\n    command = "exit 7"\\n  }\\n}\\n'
        )
        _, done = self.on_github(world, f"printf '{broken}' >broken.tf")

        assert (done["Deploy"].returncode, done["Record the deployment"].returncode) == (1, 0)
        assert "deploy prod: partial" in records(world)

    def test_plan_that_fails_is_no_deployment(self, worlds: Worlds) -> None:
        """Where nothing was deployed, nothing is recorded; the key is removed all the same."""
        world = worlds.new("ci")
        _, done = self.on_github(world, "echo 'nonsense' >broken.tf")

        assert done["Plan"].returncode != 0
        assert "Record the deployment" not in done
        assert done["Remove the key"].returncode == 0

    def test_canceled(self, worlds: Worlds) -> None:
        """A deployment that never told its exit code is recorded as unknown."""
        world = worlds.new("ci")
        runner, _ = self.on_github(world)
        record = next(one for one in steps("github-deploy.yml") if one["name"] == "Record the deployment")
        key = world.root / "audit-key.asc"
        done = runner.shell(f"mkdir -m 700 $GNUPGHOME && gpg --batch --quiet --import {key}\n{record['run']}", CODE="")

        assert done.returncode == 0, done.stdout
        assert "deploy prod: unknown" in records(world)

    @pytest.mark.parametrize("outcome", ["succeeded", "partial"])
    def test_gitlab(self, worlds: Worlds, outcome: str) -> None:
        """The same on GitLab: key from a file, credentials from a variable, record before the job ends."""
        require_tool("terraform")
        world = worlds.new("ci")
        genesis = genesis_of(world)
        if outcome == "partial":
            broken = (
                'resource "terraform_data" "b" {\\n  provisioner "local-exec" {\\n    command = "exit 7"\\n  }\\n}\\n'
            )
            commit(world, f"printf '{broken}' >broken.tf")
        runner = GitLabRunner.new(
            world,
            TF_VAR_password="correct-horse",
            CI_JOB_ID=job_id(world),
            CI_PROJECT_URL=(world.root / "origin").as_uri(),
            CI_JOB_URL="https://gitlab.example/acme/infra/-/jobs/7",
            GITAUDIT_PUSH_TOKEN="glpat-secret",
        )
        pipeline = load("gitlab-ci.yml")
        pipeline["variables"]["GENESIS"] = genesis
        script, after = runner.run(pipeline, "deploy-prod")
        shutil.rmtree(f"/tmp/gitaudit-{job_id(world)}", ignore_errors=True)  # noqa: S108 - the template's own folder

        assert script.returncode == (0 if outcome == "succeeded" else 1), script.stdout
        assert after is not None
        assert after.returncode == 0
        assert f"deploy prod: {outcome}" in records(world)
        assert "glpat-secret" not in (runner.workspace / ".git/config").read_text("utf-8") + script.stdout
