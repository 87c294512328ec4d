"""The writer refuses what verification would condemn for good, and takes nothing for published that is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.clock import SystemClock
from tests.cli.console import Console

if TYPE_CHECKING:
    from tests.support.git import GitRepo
    from tests.support.gpg import GpgHome, GpgKeys

DEPLOY = ("record-deploy", "--env", "prod", "--outcome", "succeeded")
LOG = "refs/heads/audit"


def at(patch: pytest.MonkeyPatch, moved: timedelta) -> None:
    """Let the clock of gitaudit, and no other, be fast or slow."""
    now = datetime.now(UTC) + moved
    patch.setattr(SystemClock, "now", lambda _: now)


def test_what_has_not_happened_yet(audited: Console, git_repo: GitRepo) -> None:
    """A deployment that ends in the future is refused, in a dry run too, and nothing is kept."""
    before = git_repo.refs()
    for more in ((), ("--dry-run",)):
        ran = audited.run(*DEPLOY, "--finished", "2099-01-01", *more)
        assert (ran.code, ran.out) == (2, "")
        assert "expected it to have happened by now" in ran.err

    assert git_repo.refs() == before
    assert audited.run("sync").code == 0
    assert audited.run("verify", "--full").code == 0


def test_a_clock_that_is_behind_the_log(audited: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the last record is signed later than this machine's clock, nothing is written, and both times are told."""
    at(monkeypatch, timedelta(hours=-2))

    ran = audited.run(*DEPLOY)

    assert ran.code == 3
    assert "expected the clock of this machine to be past" in ran.err
    assert "when the last record was signed" in ran.err


@pytest.mark.parametrize("text", ["x" * 501, "", "bell \a"], ids=["long", "empty", "control"])
def test_a_dry_run_meets_the_same_checks(audited: Console, text: str) -> None:
    """What the schema refuses is refused in a dry run with the same words."""
    real, dry = audited.run(*DEPLOY, "--reason", text), audited.run(*DEPLOY, "--reason", text, "--dry-run")

    assert (real.code, dry.code) == (2, 2)
    assert dry.err.split(";")[0].strip() in real.err


def test_a_remote_that_was_removed(audited: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """Records made after the remote was removed wait for it, and go out when it is back: nothing was rewound."""
    git_repo.run("remote", "remove", "origin")
    kept = audited.run(*DEPLOY)
    assert kept.code == 3
    assert "cannot reach the remote origin" in kept.err

    git_repo.run("remote", "add", "origin", git_remote.url)
    assert audited.run("sync").code == 0
    assert git_remote.ref(LOG) == git_repo.ref(LOG)
    assert audited.run("verify", "--full").code == 0


def test_a_log_that_nobody_has(console: Console, git_repo: GitRepo) -> None:
    """--trust joins a log and never starts one: not where there is none, and not with a word that is no id."""
    before = git_repo.refs()
    missing = console.run("init", "--origin", "example.com/x", "--trust", "0" * 64)
    wrong = console.run("init", "--origin", "example.com/x", "--trust", "abc")

    assert (missing.code, wrong.code) == (3, 2)
    assert "expected the log that --trust vouches for" in missing.err
    assert "expected --trust to be a commit id of 40 hex digits" in wrong.err
    assert git_repo.refs() == before


def test_a_log_that_was_deleted(audited: Console, git_repo: GitRepo) -> None:
    """A clone that has seen a log knows that it is gone: exit code 1, and how to get back what is left."""
    seen = str(git_repo.ref(LOG))
    for name in git_repo.refs():
        if name.endswith("/audit"):
            git_repo.run("update-ref", "-d", name)

    ran = audited.run("verify")

    assert ran.code == 1
    assert f"git update-ref {LOG} {seen}" in ran.out


def test_a_key_that_is_admitted_already(
    audited: Console, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo
) -> None:
    """A record that would change nothing is not written: exit code 2."""
    gpg_home.add(gpg_keys.second)
    key = ("--key", gpg_keys.plain.fingerprint)
    again = ("policy", "add-key", gpg_keys.second.fingerprint, "--role", "ci", "--name", "pipeline", *key)
    audited.ok(*again)
    before = git_repo.ref(LOG)

    ran = audited.run(*again)

    assert (ran.code, git_repo.ref(LOG)) == (2, before)
    assert "expected a key that is not admitted so yet" in ran.err


def test_a_key_that_has_expired(audited: Console, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo) -> None:
    """A key that can sign nothing any more is not admitted: exit code 2, and how its owner extends it."""
    gpg_home.add(gpg_keys.expired)
    before = git_repo.ref(LOG)

    ran = audited.run("policy", "add-key", gpg_keys.expired.fingerprint, "--role", "ci")

    assert (ran.code, git_repo.ref(LOG)) == (2, before)
    assert "has expired" in ran.err
    assert "gpg --quick-set-expire" in ran.err


@pytest.mark.usefixtures("audited")
def test_a_bare_repository_has_no_work_tree_to_be_dirty(
    capsys: pytest.CaptureFixture[str], git_remote: GitRepo
) -> None:
    """A record made in a bare repository does not say whether a work tree had changes."""
    ran = Console(capsys, git_remote.path).run(*DEPLOY, "--dry-run", "--json")

    assert ran.code == 0, ran
    assert "dirty" not in ran.document["records"][0]["body"]
