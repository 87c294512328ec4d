"""The doctor and the clone: each thing is broken alone, found, mended by the printed command, and then well."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.clock import SystemClock
from tests.cli.console import snapshot
from tests.cli.doctor.patients import Patient
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

TRACKING = "refs/gitaudit/remotes/origin/heads/audit"


def test_healthy(patient: Patient) -> None:
    """A clone in order has no finding, exit code 0, and says so; nothing in it is changed."""
    before = snapshot(patient.console.directory)
    found = patient.examine()
    text = patient.console.run("doctor")

    assert set(found.statuses().values()) == {"ok"}
    assert found.code == text.code == 0
    assert text.out.splitlines()[-1] == f"healthy: {len(found.checks)} checks"
    assert snapshot(patient.console.directory) == before


def test_every_check_is_in_the_schema_and_none_is_left_out(patient: Patient) -> None:
    """The schema's list of checks is that of a whole run."""
    from tests.cli.test_json_output import schema

    names = schema("doctor")["properties"]["checks"]["items"]["properties"]["name"]["enum"]

    assert list(patient.examine().checks) == sorted(names, key=list(patient.examine().checks).index)
    assert len(names) == len(set(names))


def test_unpublished_records(patient: Patient) -> None:
    """Records that only this clone has are published by the printed command."""
    before = patient.examine()
    patient.console.ok("record-deploy", "--env", "prod", "--outcome", "failed", "--no-push")
    broken = patient.examine()

    assert (broken.differ(before), broken.code) == ({"unpublished": "problem"}, 3)
    assert "1 in the log here alone" in broken.told("unpublished")
    assert patient.heal(broken, "unpublished").differ(before) == {}


def test_outbox(patient: Patient, git_repo: GitRepo) -> None:
    """A record that waits in the outbox goes out by the printed command."""
    before = patient.examine()
    git_repo.run("remote", "set-url", "origin", "file:///nowhere")
    lock = git_repo.path / ".git/refs/heads/audit.lock"
    lock.touch()
    assert patient.console.run("record-deploy", "--env", "prod", "--outcome", "failed").code == 3
    lock.unlink()
    git_repo.run("remote", "set-url", "origin", GitRepo(git_repo.path.parent / "remote.git").url)
    broken = patient.examine()

    assert broken.differ(before) == {"unpublished": "problem"}
    assert broken.told("unpublished") == "1 in the outbox"
    assert patient.heal(broken, "unpublished").differ(before) == {}


def test_damaged_outbox(patient: Patient, git_repo: GitRepo) -> None:
    """A file of the outbox that cannot be read is moved aside by the printed command, and kept."""
    before = patient.examine()
    outbox = git_repo.path / ".git/gitaudit/outbox"
    outbox.mkdir(exist_ok=True)
    (outbox / "0193 'a.json").write_bytes(b"half a fi")
    broken = patient.examine()

    assert broken.differ(before) == {"unpublished": "problem"}
    assert patient.heal(broken, "unpublished").differ(before) == {}
    assert [path.read_bytes() for path in outbox.iterdir()] == [b"half a fi"]


def test_replace_refs(patient: Patient, git_repo: GitRepo) -> None:
    """Refs that make git show another record are found, and taken away by the printed command."""
    before = patient.examine()
    tip = git_repo.id_of("refs/heads/audit")
    other = git_repo.run("commit-tree", f"{tip}^{{tree}}", "-m", "another history")
    git_repo.run("replace", tip, other)
    broken = patient.examine()

    assert (broken.differ(before), broken.code) == ({"replace-refs": "problem"}, 3)
    assert tip in broken.told("replace-refs")
    assert patient.heal(broken, "replace-refs").differ(before) == {}
    assert git_repo.run("for-each-ref", "refs/replace") == ""


def test_grafts(patient: Patient, git_repo: GitRepo) -> None:
    """A file of grafts, by which commits without a record could be hidden, is taken away by the printed command."""
    before = patient.examine()
    grafts = git_repo.path / ".git/info/grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(f"{git_repo.id_of('refs/heads/audit')}\n", "ascii")
    broken = patient.examine()

    assert (broken.statuses()["repository"], broken.code) == ("problem", 3)
    assert patient.heal(broken, "repository").differ(before) == {}


@pytest.mark.parametrize("ref", ["refs/tags/audit", "refs/tags/Audit", "refs/heads/Audit"])
def test_names_that_could_be_taken_for_the_log(patient: Patient, git_repo: GitRepo, ref: str) -> None:
    """A tag or branch of the log's name, in whatever case, is a warning; the command renames it or takes it away."""
    before = patient.examine()
    git_repo.run("update-ref", ref, "HEAD")
    broken = patient.examine()

    assert (broken.differ(before), broken.code) == ({"names": "warning"}, 0)
    assert patient.heal(broken, "names").differ(before) == {}


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        (f"+refs/heads/audit:{TRACKING}", "problem"),
        ("+refs/*:refs/*", "problem"),
        ("+refs/heads/*:refs/gitaudit/remotes/origin/heads/*", "problem"),
        ("^refs/heads/audit", "problem"),
        ("^refs/heads/a*", "problem"),
    ],
)
def test_refspecs_that_hide_a_rewind(patient: Patient, git_repo: GitRepo, spec: str, status: str) -> None:
    """A refspec that forces the log or leaves it out is found and corrected, and the others stay."""
    before = patient.examine()
    git_repo.run("config", "--add", "remote.origin.fetch", spec)
    broken = patient.examine()
    healed = patient.heal(broken, "tracking")

    assert broken.differ(before) == {"tracking": status}
    assert healed.statuses()["tracking"] == "ok"
    specs = git_repo.run("config", "--get-all", "remote.origin.fetch").splitlines()
    assert spec not in specs
    assert "+refs/heads/*:refs/remotes/origin/*" in specs


def test_refspec_that_is_missing(patient: Patient, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """With the refspec that the command adds, git fetch alone refuses a log that was rewound."""
    git_repo.run("config", "--fixed-value", "--unset", "remote.origin.fetch", f"refs/heads/audit:{TRACKING}")
    broken = patient.examine()
    healed = patient.heal(broken, "tracking")

    assert (broken.statuses()["tracking"], broken.code) == ("warning", 0)
    assert healed.statuses()["tracking"] == "ok"
    git_remote.run("update-ref", "refs/heads/audit", "refs/heads/audit~1")
    done = git_repo.attempt("fetch", "origin")
    assert done.returncode == 1
    assert b"non-fast-forward" in done.stderr


def test_clock_that_is_behind(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock behind the last record is a problem, with the command that sets it; a record would be refused."""
    before = patient.examine()
    now = SystemClock().now()
    with monkeypatch.context() as patch:
        patch.setattr(SystemClock, "now", lambda _: now - timedelta(days=2))
        broken = patient.examine()

    assert (broken.differ(before), broken.code) == ({"clock": "problem"}, 3)
    assert broken.mend("clock") == ["sudo timedatectl set-ntp true"]
    assert patient.examine().differ(before) == {}


def test_shallow_clone(patient: Patient, git_remote: GitRepo, tmp_path: Path) -> None:
    """What a shallow clone lacks is brought by the printed command."""
    there = Patient(console=patient.console.at(git_remote.clone(tmp_path / "shallow", "--depth", "1").path))
    broken = there.examine()

    assert broken.statuses()["history"] == "warning"
    assert there.heal(broken, "history").statuses()["history"] == "ok"


def test_partial_clone(patient: Patient, git_remote: GitRepo, tmp_path: Path) -> None:
    """What a partial clone lacks is told, with the command that fetches it."""
    git_remote.run("config", "uploadpack.allowFilter", "true")
    there = Patient(console=patient.console.at(git_remote.clone(tmp_path / "partial", "--filter=blob:none").path))
    broken = there.examine()

    assert broken.statuses()["history"] == "warning"
    there.run(broken.mend("history")[0])


def test_clone_that_has_not_joined(patient: Patient, git_remote: GitRepo, tmp_path: Path) -> None:
    """A fresh clone joins the log by the printed command."""
    there = Patient(console=patient.console.at(git_remote.clone(tmp_path / "clone").path))
    broken = there.examine()
    healed = there.heal(broken, "log")

    assert (broken.statuses()["log"], broken.mend("log"), broken.code) == ("problem", ["gitaudit init"], 3)
    assert {healed.statuses()[name] for name in ("log", "admission", "clock", "remote", "key")} == {"ok"}


def test_repository_without_a_log(patient: Patient, git_repo: GitRepo, tmp_path: Path) -> None:
    """Where nothing pins a log, the command that starts or joins one is printed."""
    there = Patient(console=patient.console.at(GitRepo.init(tmp_path / "new").path))
    GitRepo(tmp_path / "new").commit({"main.tf": b"# a\n"})
    broken = there.examine()

    assert (broken.statuses()["log"], broken.mend("log")) == ("problem", ["gitaudit init"])
    patient.run(f"cd {tmp_path}/new && gitaudit init --origin example.com/other")
    loose = there.examine()
    assert (loose.statuses()["log"], loose.code) == ("warning", 0)
    assert there.heal(loose, "log").statuses()["log"] == "ok"
    assert git_repo.path != tmp_path / "new"


def test_memory_that_is_damaged(patient: Patient, git_repo: GitRepo) -> None:
    """The clone forgets what cannot be read and joins again, by the printed commands."""
    before = patient.examine()
    (git_repo.path / ".git/gitaudit/memory.json").write_bytes(b"x")
    broken = patient.examine()

    assert broken.statuses()["log"] == "problem"
    assert patient.heal(broken, "log").differ(before) == {}


def test_log_that_was_rewound_here(patient: Patient, git_repo: GitRepo) -> None:
    """A local log that lacks what this clone has seen is bad: exit code 1, and no command that covers it up."""
    git_repo.run("update-ref", "refs/heads/audit", "refs/heads/audit~1")
    broken = patient.examine()

    assert (broken.statuses()["log"], broken.mend("log"), broken.code) == ("bad", [], 1)
    text = patient.console.run("doctor")
    assert (text.code, text.out.splitlines()[-1].split(":")[0]) == (1, "bad")


def test_another_pin(patient: Patient, git_repo: GitRepo) -> None:
    """A .gitaudit.yml that names another log is bad, too."""
    path = git_repo.path / ".gitaudit.yml"
    path.write_text(path.read_text("utf-8").replace("example.com/infra", "example.com/other"), "utf-8")

    assert (patient.examine().statuses()["log"], patient.examine().code) == ("bad", 1)
    git_repo.run("checkout", "--", ".gitaudit.yml")
    assert patient.examine().code == 0


def test_no_repository(patient: Patient, tmp_path: Path) -> None:
    """Outside of a repository, the doctor still looks at the programs, and says what it lacks."""
    folder = tmp_path / "nothing"
    folder.mkdir()
    found = Patient(console=patient.console.at(folder)).examine()

    assert (found.statuses()["repository"], found.statuses()["git"], found.code) == ("problem", "ok", 3)
    assert list(found.checks) == ["git", "repository", "gpg", "agent"]


def test_bare_repository(patient: Patient, git_remote: GitRepo) -> None:
    """In a bare repository, hooks of clones are not asked for."""
    found = Patient(console=patient.console.at(git_remote.path)).examine()

    assert found.statuses()["hooks"] == "skipped"


def test_text_is_escaped_and_names_the_commands(patient: Patient, git_repo: GitRepo) -> None:
    """What comes from the repository cannot move the cursor, and commands stand on lines of their own."""
    hooks = git_repo.path / "\x1b[2Jhooks"
    hooks.mkdir()
    (hooks / "pre-push").write_text("gitaudit hook pre-push\n", "utf-8")
    git_repo.run("config", "core.hooksPath", str(hooks))
    ran = patient.console.run("doctor")

    assert ran.code == 3
    assert "\x1b" not in ran.out
    assert any(line.startswith("    $ chmod +x ") for line in ran.out.splitlines())
    assert json.loads(patient.console.run("doctor", "--json").out)["healthy"] is False
