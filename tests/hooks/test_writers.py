"""Who writes change records: developers, a job on the protected branch, or the server; and hooks through pre-commit."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hooks.clones import Clone

if TYPE_CHECKING:
    from tests.support.git import GitRepo

MAIN = "refs/heads/main"
ROOT = Path(__file__).parents[2]


def test_job_on_the_protected_branch(clone: Clone) -> None:
    """With `writer: ci` the push of a developer adds nothing; the job records, and completeness is the same."""
    clone.gitaudit("policy", "set", "--writer", "ci", "--quiet")
    commit = clone.commit()
    clone.push()
    before = clone.changes()
    clone.gitaudit("verify", "--complete", code=1)
    clone.gitaudit("record-change", "HEAD~1..HEAD", "--ref", "main", "--quiet")

    assert (before, clone.changes()) == ([], [("commit", MAIN, commit)])
    clone.gitaudit("verify", "--complete")
    clone.gitaudit("policy", "show")
    assert "change records: written by ci, block on failure" in clone.gitaudit("policy", "show")


@pytest.mark.usefixtures("clone")
def test_server_is_set_up_by_another_command(remote: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    """A bare repository that others push to gets no hooks of a clone: exit code 3, and what to run there."""
    before = sorted(path.name for path in (remote.path / "hooks").iterdir())
    for command in ("install", "status"):
        Clone(remote.path).gitaudit("hooks", command, code=3)

    assert "gitaudit protect server" in capsys.readouterr().err
    assert sorted(path.name for path in (remote.path / "hooks").iterdir()) == before


@pytest.mark.parametrize(("value", "told"), [("nobody", "--writer"), ("CI", "--writer")])
def test_writer_that_there_is_none_of(clone: Clone, value: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the three are accepted."""
    clone.gitaudit("policy", "set", "--writer", value, code=2)

    assert told in capsys.readouterr().err


@pytest.fixture
def framework(clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Give the clone without our hooks, with those of this project's `.pre-commit-hooks.yaml` run by pre-commit.

    They run as `system`: the program is here already, and pre-commit would build it anew for each test.
    """
    program = Path(sys.executable).with_name("pre-commit")
    if not program.exists():
        pytest.skip("pre-commit is not installed; it comes with the extra `test`")
    shutil.rmtree(clone.path / ".git/hooks")
    manifest = hooks_of(ROOT / ".pre-commit-hooks.yaml")
    hooks = [{**hook, "language": "system"} for hook in manifest]
    config = {
        "default_install_hook_types": ["pre-push", "post-rewrite"],
        "repos": [{"repo": "local", "hooks": hooks}],
    }
    (clone.path / ".pre-commit-config.yaml").write_text(json.dumps(config), "utf-8")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    done = clone.attempt(str(program), "install")
    assert done.code == 0, done.said
    return clone


def hooks_of(path: Path) -> list[dict[str, object]]:
    """Return the hooks of a manifest, with what a hook of the repository itself may say as well."""
    import yaml

    found: list[dict[str, object]] = yaml.safe_load(path.read_text("utf-8"))
    return [{name: value for name, value in hook.items() if name != "description"} for hook in found]


def test_manifest_is_one(clone: Clone) -> None:
    """What pre-commit reads in a repository that offers hooks is what it asks for."""
    program = Path(sys.executable).with_name("pre-commit")
    if not program.exists():
        pytest.skip("pre-commit is not installed; it comes with the extra `test`")
    done = clone.attempt(str(program), "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))

    assert done.code == 0, done.said


def test_pre_commit_runs_the_hooks(framework: Clone) -> None:
    """A push of one ref is recorded, and an amend is linked, from what pre-commit passes on."""
    framework.git("switch", "--quiet", "-c", "topic")
    first = framework.commit()
    said = framework.push()
    framework.git("commit", "--quiet", "--amend", "-m", "better")
    second = framework.repo.id_of("HEAD")
    framework.push("--force", "origin", "topic")

    topic = "refs/heads/topic"
    assert framework.changes() == [("commit", topic, first), ("commit", topic, second)], said
    assert framework.records()[-1]["record"]["body"]["replaces"] == [first]


def test_pre_commit_passes_on_the_first_ref_only(framework: Clone) -> None:
    """The documented limit: of several refs, pre-commit runs hooks for one; `verify --complete` finds the other."""
    framework.git("branch", "other", "HEAD")
    first = framework.commit("a.tf")
    framework.git("switch", "--quiet", "other")
    framework.commit("b.tf")
    framework.push("origin", "main", "other")

    assert framework.changes() == [("commit", MAIN, first)]
