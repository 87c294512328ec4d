"""The doctor and the remote: whether it is there, whether it has the log, whether it keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.doctor.patients import Patient

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.console import Console
    from tests.support.git import GitRepo

SETTINGS = ("receive.denyNonFastForwards", "receive.denyDeletes", "core.useReplaceRefs")


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_that_protects(patient: Patient, git_remote: GitRepo, name: str) -> None:
    """A remote on this machine that lacks a setting gets it by the printed command."""
    before = patient.examine()
    git_remote.run("config", "--unset", name)
    broken = patient.examine()

    assert (broken.differ(before), broken.code) == ({"protection": "problem"}, 3)
    assert name in broken.told("protection")
    assert len(broken.mend("protection")) == 1
    assert patient.heal(broken, "protection").differ(before) == {}


def test_protected_remote_refuses(patient: Patient, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """What the doctor calls protected does refuse to be rewound, deleted, and rewound behind a replace ref."""
    for name in SETTINGS:
        git_remote.run("config", "--unset", name)
    patient.heal(patient.examine(), "protection")
    tip, old = git_repo.id_of("refs/heads/audit"), git_repo.id_of("refs/heads/audit~1")
    looks_later = git_repo.run("commit-tree", f"{old}^{{tree}}", "-p", tip, "-m", "x")

    assert git_repo.attempt("push", "origin", f"+{old}:refs/heads/audit").returncode == 1
    assert git_repo.attempt("push", "origin", ":refs/heads/audit").returncode == 1
    git_repo.attempt("push", "origin", f"{looks_later}:refs/replace/{old}")
    assert git_repo.attempt("push", "origin", f"+{old}:refs/heads/audit").returncode == 1
    assert git_remote.ref("refs/heads/audit") == tip


def test_hidden_replace_refs_and_a_hook_protect_as_well(patient: Patient, git_remote: GitRepo) -> None:
    """Other ways to the same end count: refs that cannot be pushed to, and a hook that calls gitaudit."""
    for name in SETTINGS:
        git_remote.run("config", "--unset", name)
    git_remote.run("config", "receive.hideRefs", "refs/replace")
    hook = git_remote.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexec gitaudit hook pre-receive\n", "utf-8")
    assert patient.examine().statuses()["protection"] == "problem"
    hook.chmod(0o755)

    assert patient.examine().statuses()["protection"] == "ok"


def test_remote_that_cannot_be_reached(patient: Patient, git_repo: GitRepo) -> None:
    """An address that leads nowhere is a problem and not a verdict about the log; --offline leaves it out."""
    before = patient.examine()
    url = git_repo.run("remote", "get-url", "origin")
    git_repo.run("remote", "set-url", "origin", "file:///nowhere")
    broken = patient.examine()

    assert broken.differ(before) == {"remote": "problem", "protection": "skipped"}
    assert broken.code == 3
    assert "git remote get-url origin" in str(broken.checks["remote"]["hint"])
    assert patient.examine("--offline").code == 0
    git_repo.run("remote", "set-url", "origin", url)
    assert patient.examine().differ(before) == {}


def test_remote_without_the_log(console: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """A log that was never pushed is pushed by the printed command."""
    console.ok("init", "--origin", "example.com/infra", "--no-push")
    there = Patient(console=console)
    broken = there.examine()

    assert (broken.statuses()["remote"], broken.statuses()["tracking"]) == ("problem", "skipped")
    assert git_remote.ref("refs/heads/audit") is None
    assert there.heal(broken, "remote").statuses()["remote"] == "ok"
    assert git_remote.ref("refs/heads/audit") == git_repo.ref("refs/heads/audit")


@pytest.mark.parametrize("how", ["rewound", "deleted"])
def test_log_that_the_remote_has_lost(patient: Patient, git_remote: GitRepo, how: str) -> None:
    """A remote that lacks what this clone has seen there is bad: exit code 1, and no command that covers it up."""
    options = ("update-ref", "refs/heads/audit", "refs/heads/audit~1")
    git_remote.run(*(options if how == "rewound" else ("update-ref", "-d", "refs/heads/audit")))
    broken = patient.examine()

    assert (broken.statuses()["remote"], broken.mend("remote"), broken.code) == ("bad", [], 1)


def test_no_remote(patient: Patient, git_repo: GitRepo) -> None:
    """Without a remote there is nothing to ask, and nothing wrong."""
    git_repo.forget_remote("origin")
    found = patient.examine()

    assert found.code == 0
    assert {name for name, status in found.statuses().items() if status == "skipped"} == {
        *("remote", "tracking", "protection", "unpublished")
    }


def test_remote_that_was_removed(patient: Patient, git_repo: GitRepo) -> None:
    """A log that was shared through a remote has one, also where somebody removed it: records wait for it."""
    git_repo.run("remote", "remove", "origin")

    assert (patient.examine().statuses()["remote"], patient.examine().code) == ("problem", 3)


def test_several_remotes(patient: Patient, git_repo: GitRepo) -> None:
    """Where it is not clear which remote has the log, that is one problem, and --remote settles it."""
    git_repo.run("remote", "rename", "origin", "one")
    git_repo.run("remote", "add", "two", "file:///nowhere")
    broken = patient.examine()

    assert (broken.statuses()["remote"], broken.code) == ("problem", 3)
    assert [status for status in broken.statuses().values() if status == "problem"] == ["problem"]
    assert patient.examine("--remote", "one").statuses()["remote"] == "ok"


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("git@github.com:acme/infra.git", "gitaudit protect github --check --remote origin"),
        ("https://gitlab.com/acme/infra.git", "gitaudit protect gitlab --check --remote origin"),
        ("ssh://git@codeberg.org/acme/infra.git", "gitaudit protect gitea --check --remote origin"),
        ("ssh://git@git.example.com/infra.git", "gitaudit protect server --check"),
    ],
)
def test_remotes_elsewhere(patient: Patient, git_repo: GitRepo, url: str, hint: str) -> None:
    """How a forge is asked is told; nothing is asked of it, as that takes a token."""
    git_repo.run("remote", "set-url", "origin", url)
    found = patient.examine("--offline")

    assert found.statuses()["protection"] == "skipped"
    assert hint in str(found.checks["protection"]["hint"])


def test_remote_in_a_folder_of_another_form(patient: Patient, git_repo: GitRepo, tmp_path: Path) -> None:
    """A path without scheme, relative or with its `.git` left out, is a remote on this machine."""
    for url in ("../remote.git", str(tmp_path / "remote"), str(tmp_path / "remote.git")):
        git_repo.run("remote", "set-url", "origin", url)
        assert patient.examine("--offline").statuses()["protection"] == "ok", url
