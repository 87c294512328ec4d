"""The doctor and the programs: git, gpg, its agent, the key, and whether the log admits it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.adapters.gnupg_helpers import pinentry
from tests.cli.console import on_a_terminal
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.doctor.patients import Patient
    from tests.support.git import GitRepo
    from tests.support.gpg import GpgHome, GpgKeys


def program(folder: Path, name: str, text: str) -> None:
    """Put a program before all others on PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    (folder / name).chmod(0o755)


def test_old_git(patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that is too old is told, with what to install."""
    before = patient.examine()
    real = shutil.which("git")
    text = f'#!/bin/sh\n[ "$1" = version ] && echo "git version 2.17.1" && exit\nexec {real} "$@"\n'
    program(tmp_path / "old", "git", text)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path / 'old'}:{os.environ['PATH']}")
        broken = patient.examine()

    assert (broken.differ(before), broken.code) == ({"git": "problem"}, 3)
    assert "found git version 2.17.1" in broken.told("git")
    assert "apt-get install git" in str(broken.checks["git"]["hint"])
    assert patient.examine().differ(before) == {}


def test_no_git(patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, the doctor still ends well, and says what to install."""
    (tmp_path / "bin").mkdir()
    for name in ("gpg", "gpgconf", "gpg-agent"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path / "bin"))
        broken = patient.examine()

    assert (broken.statuses()["git"], broken.statuses()["gpg"], broken.code) == ("problem", "ok", 3)
    assert broken.checks["git"]["hint"] == "install git"


@pytest.mark.parametrize("named", ["/nowhere/gpg", "true"])
def test_no_gpg(patient: Patient, git_repo: GitRepo, named: str) -> None:
    """A gpg.program that is none is corrected by the printed command; what needs gpg waits for it."""
    before = patient.examine()
    git_repo.run("config", "gpg.program", named)
    broken = patient.examine()

    expected = {"gpg": "problem", "agent": "skipped", "key": "skipped", "admission": "skipped"}
    assert broken.differ(before) == expected
    if named == "true":
        assert "apt-get install gnupg" in str(broken.checks["gpg"]["hint"])
        git_repo.run("config", "--unset", "gpg.program")
        assert patient.examine().differ(before) == {}
    else:
        assert patient.heal(broken, "gpg").differ(before) == {}


def test_agent_that_is_not_started(patient: Patient, gpg_home: GpgHome) -> None:
    """Where gpg may not start the agent, the printed command does."""
    before = patient.examine()
    gpg_home.stop()
    (gpg_home.path / "gpg.conf").write_text("no-autostart\n", "ascii")
    broken = patient.examine()

    assert broken.differ(before) == {"agent": "problem", "key": "problem", "admission": "skipped"}
    assert patient.heal(broken, "agent").differ(before) == {}


def test_no_key(patient: Patient, gpg_home: GpgHome, gpg_keys: GpgKeys, tmp_path: Path) -> None:
    """Without any key, the command that makes one is printed; the log does not admit that one yet."""
    before = patient.examine()
    fingerprint = gpg_keys.plain.fingerprint
    gpg_home.run("--delete-secret-and-public-key", fingerprint)
    broken = patient.examine()

    assert broken.differ(before) == {"agent": "skipped", "key": "problem", "admission": "skipped"}
    gpg_home.stop()
    (gpg_home.path / "gpg-agent.conf").write_text(f"{pinentry(tmp_path)}\ns2k-count 65536\n", "utf-8")
    (command,) = broken.mend("key")
    done = on_a_terminal(require_tool("script"), "-qec", command, "/dev/null", cwd=patient.console.directory)
    healed = patient.examine()

    assert done.code == 0, done
    assert (healed.statuses()["key"], healed.statuses()["admission"]) == ("ok", "problem")


def test_key_that_cannot_sign_is_found_by_trying(
    patient: Patient, gpg_home: GpgHome, git_repo: GitRepo, gpg_keys: GpgKeys
) -> None:
    """A locked key that nobody unlocks fails the trial signature; --no-sign leaves the trial out."""
    gpg_home.add(gpg_keys.with_passphrase)
    git_repo.run("config", "gitaudit.key", gpg_keys.with_passphrase.fingerprint)
    broken = patient.examine()

    assert broken.statuses()["key"] == "problem"
    assert "could not ask for the passphrase" in broken.told("key")
    assert patient.examine("--no-sign").statuses()["key"] == "ok"


def test_expired_key(patient: Patient, gpg_home: GpgHome, git_repo: GitRepo, gpg_keys: GpgKeys) -> None:
    """An expired key lives on by the printed command."""
    gpg_home.add(gpg_keys.expired)
    git_repo.run("config", "gitaudit.key", gpg_keys.expired.fingerprint)
    broken = patient.examine()

    assert (broken.statuses()["key"], broken.code) == ("problem", 3)
    assert "has expired" in broken.told("key")
    assert patient.heal(broken, "key").statuses()["key"] == "ok"


def test_key_that_expires_soon(patient: Patient, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """A key that ends within a month is a warning, and gets a year by the printed command."""
    before = patient.examine()
    gpg_home.run("--quick-set-expire", gpg_keys.plain.fingerprint, "5d")
    broken = patient.examine()

    assert (broken.differ(before), broken.code) == ({"key": "warning"}, 0)
    assert ", in 4 days" in broken.told("key")
    assert patient.heal(broken, "key").differ(before) == {}


@pytest.mark.slow
def test_subkey_that_expires_soon(patient: Patient, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo) -> None:
    """The same for the subkey that signs, under a primary key that stays."""
    key = gpg_keys.with_subkey
    gpg_home.add(key)
    git_repo.run("config", "gitaudit.key", key.fingerprint)
    gpg_home.run("--quick-set-expire", key.fingerprint, "5d", str(key.subkey))
    broken = patient.examine()

    assert broken.statuses()["key"] == "warning"
    assert broken.mend("key") == [f"gpg --quick-set-expire {key.fingerprint} 1y {key.subkey}"]
    assert patient.heal(broken, "key").statuses()["key"] == "ok"


def test_key_that_the_log_does_not_admit(
    patient: Patient, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo
) -> None:
    """An admin runs the printed command, and then the log takes what the key signs."""
    before = patient.examine()
    gpg_home.add(gpg_keys.second)
    git_repo.run("config", "gitaudit.key", gpg_keys.second.fingerprint)
    broken = patient.examine()
    healed = patient.heal(broken, "admission", GITAUDIT_KEY=gpg_keys.plain.fingerprint)

    assert (broken.differ(before), broken.code) == ({"admission": "problem"}, 3)
    assert healed.differ(before) == {}
    assert healed.told("admission").endswith(" as developer")


def test_new_subkey_that_the_log_does_not_know(
    patient: Patient, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo
) -> None:
    """Gpg would sign with it; an admin renews the key in the log by the part that the log knows."""
    key = gpg_keys.with_subkey.fingerprint
    gpg_home.add(gpg_keys.with_subkey)
    patient.console.ok("policy", "add-key", key, "--role", "owner", "--admin", "--key", gpg_keys.plain.fingerprint)
    git_repo.run("config", "gitaudit.key", key)
    before = patient.examine()
    gpg_home.run("--quick-add-key", key, "ed25519", "sign", "never")
    broken = patient.examine()
    healed = patient.heal(broken, "admission")

    assert before.statuses()["admission"] == "ok"
    assert (broken.differ(before), broken.code) == ({"admission": "problem"}, 3)
    assert "which the log does not know" in broken.told("admission")
    assert healed.differ(before) == {}
    patient.console.ok("record-deploy", "--env", "prod", "--outcome", "succeeded")


@pytest.mark.slow
def test_certificate_of_the_log_that_expires(
    patient: Patient, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo
) -> None:
    """A key extended at home alone ends by the certificate that the log has; the printed commands renew that."""
    admin = gpg_keys.plain.fingerprint
    key = gpg_home.generate("Soon <soon@example.com>", expires="9d")
    git_repo.run("config", "gitaudit.key", key)
    patient.console.ok("policy", "add-key", key, "--role", "ci", "--role", "developer", "--key", admin)
    gpg_home.run("--quick-set-expire", key, "1y")
    broken = patient.examine()

    assert (broken.statuses()["key"], broken.statuses()["admission"]) == ("ok", "warning")
    healed = patient.heal(broken, "admission", GITAUDIT_KEY=admin)
    assert healed.statuses()["admission"] == "ok"
    assert sorted(healed.told("admission").rpartition(" as ")[2].split(", ")) == ["ci", "developer"]
