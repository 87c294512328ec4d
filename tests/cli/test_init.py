"""`gitaudit init`: starting a log, joining one, being interrupted, and losing the race against somebody else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.remote import GitRemote
from gitaudit.adapters.git.store import GitStore
from gitaudit.policy import yaml_text
from tests.cli.console import Console, commit_iac, pin, program, snapshot, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gitaudit.model import PushResult, RefMove
    from tests.support.git import GitRepo
    from tests.support.gpg import GpgHome, GpgKeys

LOG, NOTES, TRACKING = "refs/heads/audit", "refs/notes/audit", "refs/gitaudit/remotes/origin/heads/audit"


class Killed(BaseException):
    """The process ends here, as with SIGKILL."""


def test_first_log_of_a_repository(console: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """The first record is signed and on the remote; .gitaudit.yml pins it; the policy says what was asked for."""
    out = console.ok("init", "--origin", "example.com/infra", "--env", "prod", "--protect", "main", "--name", "ops")

    config = yaml_text.load((git_repo.path / ".gitaudit.yml").read_bytes(), "test")
    policy = console.json("policy", "show")["policy"]
    assert git_remote.ref(LOG) == git_repo.ref(LOG) == git_repo.ref(TRACKING) == config["genesis"]["commit"]  # type: ignore[index]
    assert (config["origin"], config["log"]) == ("example.com/infra", LOG)
    assert (policy["environments"], policy["protected_refs"]) == ([{"name": "prod"}], ["refs/heads/main"])
    assert policy["keys"][0]["name"] == "ops"
    assert str(config["genesis"]["sha256"]) in out  # type: ignore[index]
    assert "good: 1 record checked" in console.ok("verify", "--full")


def test_name_comes_from_the_remote(console: Console, git_repo: GitRepo) -> None:
    """Without --origin the remote's URL gives the name, without its credentials."""
    git_repo.run("remote", "add", "origin", "https://user:hunter2@git.example.com:1/acme/infra.git")

    document = console.json("init", "--dry-run")

    assert document["origin"] == "git.example.com/acme/infra"
    assert "hunter2" not in str(document)


def test_without_a_remote_the_folder_gives_the_name(console: Console) -> None:
    """A repository that is not shared has a log, too."""
    document = console.json("init")

    assert (document["origin"], document["shared"]) == ("localhost/repo", True)


def test_again_changes_nothing(audited: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """A second init says what there is, checks it, and leaves refs, objects and files as they are."""
    audited.ok("init")
    before = (snapshot(git_repo.path), snapshot(git_remote.path))

    assert "this clone has the log of example.com/infra: 2 records, all good" in audited.ok("init")
    assert (snapshot(git_repo.path), snapshot(git_remote.path)) == before


def test_dry_run_writes_nothing(console: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """What would be started is told; nothing is fetched, written or signed."""
    before = (snapshot(git_repo.path), snapshot(git_remote.path))

    assert "would start the log of example.com/infra on branch audit" in console.ok(
        "init", "--dry-run", "--origin", "example.com/infra"
    )
    assert (snapshot(git_repo.path), snapshot(git_remote.path)) == before


def test_join_with_the_pin(audited: Console, git_remote: GitRepo, tmp_path: Path) -> None:
    """A clone that has .gitaudit.yml joins without a key and without a question, and can read and verify."""
    clone = git_remote.clone(tmp_path / "clone")
    there = audited.at(clone.path)

    assert "joined the log of example.com/infra: 2 records, all good" in there.ok("init")
    assert clone.ref(LOG) == git_remote.ref(LOG)
    assert clone.ref(NOTES) == git_remote.ref(NOTES)
    assert "0 records checked, 2 verified before" in there.ok("verify")
    assert clone.run("status", "--porcelain") == ""


def test_join_without_the_pin_is_refused(audited: Console, git_remote: GitRepo, tmp_path: Path) -> None:
    """Where no file pins the log, its genesis is shown and must be vouched for; then the file is written."""
    clone = git_remote.clone(tmp_path / "clone")
    clone.run("checkout", "--quiet", "--orphan", "fresh")
    clone.run("rm", "-rfq", ".")
    there = audited.at(clone.path)

    refused = there.run("init")
    told = re.findall(r"gitaudit init --trust ([0-9a-f]{64})", refused.err)

    assert (refused.code, refused.out, clone.ref(LOG)) == (3, "", None)
    assert not (clone.path / ".gitaudit.yml").exists()
    assert there.run("init", "--trust", "0" * 64).code == 1
    assert there.run("init", "--trust", "main").code == 2
    assert clone.ref(LOG) is None
    assert "joined the log" in there.ok("init", "--trust", told[0])
    assert (clone.path / ".gitaudit.yml").read_bytes() == git_remote.read(".gitaudit.yml", "main")


def test_trust_must_fit_the_pin(audited: Console) -> None:
    """--trust cannot replace a log that the clone has joined."""
    ran = audited.run("init", "--trust", "0" * 40)

    assert ran.code == 1
    assert "this clone already trusts another log" in words(ran)


def test_options_of_a_new_log_do_nothing_to_an_old_one(audited: Console) -> None:
    """They are named in a warning instead of being dropped in silence."""
    ran = audited.run("init", "--env", "moon", "--name", "me")

    assert ran.code == 0
    assert "warning: the log is there already, so --env, --name changes nothing" in words(ran)


@pytest.mark.parametrize("action", ["race at the push", "race before the push"])
def test_loser_of_a_race_leaves_no_log(
    console: Console,
    git_repo: GitRepo,
    git_remote: GitRepo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
) -> None:
    """Two clones start a log at once: the second has no ref, no memory and no file, and joins when it tries again."""
    commit_iac(git_repo)
    git_repo.run("push", "--quiet", "origin", "main")
    other = git_remote.clone(tmp_path / "other")
    _before_push(monkeypatch, lambda: _start_elsewhere(other, fetch=action.endswith("before the push")))

    lost = console.run("init", "--origin", "example.com/infra")

    assert (lost.code, lost.out) == (3, "")
    assert "somebody else began the log on origin meanwhile; nothing was begun here" in words(lost)
    assert (git_repo.ref(LOG), git_repo.ref(NOTES)) == (None, None)
    assert not (git_repo.path / ".gitaudit.yml").exists()
    assert not (git_repo.path / ".git" / "gitaudit" / "memory.json").exists()
    pin(other)
    git_repo.run("pull", "--quiet", "origin", "main")
    assert "joined the log of example.com/infra" in console.ok("init")
    assert git_repo.ref(LOG) == git_remote.ref(LOG)


def _before_push(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Let something happen right before the next push."""
    push = GitRemote.push
    waiting = [action]

    def push_later(self: GitRemote, moves: Mapping[str, str]) -> PushResult:
        if waiting:
            waiting.pop()()
        return push(self, moves)

    monkeypatch.setattr(GitRemote, "push", push_later)


def _start_elsewhere(repo: GitRepo, *, fetch: bool) -> None:
    ran = program("init", "--origin", "example.com/infra", cwd=repo.path)
    assert ran.returncode == 0, ran
    if fetch:
        repo.run("fetch", "--quiet", "origin")


@pytest.mark.parametrize("options", [[], ["--no-push"]])
def test_killed_after_the_ref_and_before_the_file(
    console: Console, git_repo: GitRepo, git_remote: GitRepo, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """An init that was killed between the ref and .gitaudit.yml is finished by the next one: the same genesis."""
    move_refs = GitStore.move_refs

    def killed(self: GitStore, moves: Sequence[RefMove], reason: str) -> None:
        move_refs(self, moves, reason)
        if any(move.name == LOG for move in moves):
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(GitStore, "move_refs", killed)
        assert console.run("init", "--origin", "example.com/infra", *options).code == 4
    genesis = git_repo.ref(LOG)

    document = console.json("init")

    assert (document["action"], document["wrote_config"], document["shared"]) == ("joined", True, True)
    assert document["genesis"]["commit"] == genesis == git_remote.ref(LOG) == git_repo.ref(LOG)
    assert (git_repo.path / ".gitaudit.yml").exists()
    assert console.run("verify", "--full").code == 0


def test_killed_after_the_push(
    console: Console, git_repo: GitRepo, git_remote: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when only the remote has the log: the next init takes it over, as the own key has begun it."""
    push = GitRemote.push

    def killed(self: GitRemote, moves: Mapping[str, str]) -> PushResult:
        push(self, moves)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(GitRemote, "push", killed)
        assert console.run("init", "--origin", "example.com/infra").code == 4
    assert git_repo.ref(LOG) is None

    assert console.json("init")["genesis"]["commit"] == git_remote.ref(LOG) == git_repo.ref(LOG)


def test_log_that_another_key_began_is_not_taken_over(
    console: Console, git_repo: GitRepo, gpg_keys: GpgKeys, gpg_home: GpgHome
) -> None:
    """A branch with a log of somebody else's, and no pin, must be vouched for."""
    gpg_home.add(gpg_keys.second)
    console.ok("init", "--key", gpg_keys.second.fingerprint, "--quiet")
    (git_repo.path / ".gitaudit.yml").unlink()
    (git_repo.path / ".git" / "gitaudit" / "memory.json").unlink()

    ran = console.run("init", "--key", gpg_keys.plain.fingerprint)

    assert ran.code == 3
    assert "this clone already has a log at refs/heads/audit, and no .gitaudit.yml here pins it" in words(ran)


def test_file_that_was_lost_is_written_again(audited: Console, git_repo: GitRepo) -> None:
    """What the clone remembers pins the log as well as the file does."""
    git_repo.run("rm", "-q", ".gitaudit.yml")
    git_repo.run("commit", "-q", "-m", "lost")

    assert audited.json("init")["wrote_config"] is True
    assert (git_repo.path / ".gitaudit.yml").read_bytes() == git_repo.read(".gitaudit.yml", "HEAD~1")


def test_no_push_keeps_it_here(console: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """--no-push starts the log in this clone; a later init or sync publishes it."""
    document = console.json("init", "--no-push", "--origin", "example.com/infra")

    assert (document["shared"], git_remote.refs()) == (False, {})
    assert console.json("init")["shared"] is True
    assert git_remote.ref(LOG) == git_repo.ref(LOG)


def test_no_push_looks_for_a_log_all_the_same(audited: Console, git_remote: GitRepo, tmp_path: Path) -> None:
    """With --no-push nobody starts a second log beside the one that the remote has."""
    clone = git_remote.clone(tmp_path / "clone")
    clone.run("update-ref", "-d", "refs/remotes/origin/audit")
    clone.run("checkout", "--quiet", "--orphan", "fresh")
    clone.run("rm", "-rfq", ".")

    ran = audited.at(clone.path).run("init", "--no-push")

    assert (ran.code, clone.ref(LOG)) == (3, None)
    assert "the remote already has a log" in words(ran)


@pytest.mark.parametrize("options", [["--no-push"], []])
def test_remote_that_cannot_be_reached(console: Console, git_repo: GitRepo, options: list[str]) -> None:
    """Nothing is half done where the remote does not answer; --no-push goes on with a warning."""
    git_repo.run("remote", "add", "origin", "file:///nowhere/at-all")
    before = snapshot(git_repo.path)

    ran = console.run("init", "--origin", "example.com/infra", *options)

    assert "cannot reach the remote origin" in words(ran)
    if options:
        assert ran.code == 0
        assert "warning: " in ran.err
    else:
        assert (ran.code, ran.out, snapshot(git_repo.path)) == (3, "", before)


def test_remote_that_refuses(console: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """A remote that takes no such branch is told with its own words, and no log is left behind."""
    hook = git_remote.path / "hooks" / "update"
    hook.write_text("#!/bin/sh\necho 'no logs on Sundays' >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    before = snapshot(git_repo.path, objects=False)

    ran = console.run("init", "--origin", "example.com/infra")

    assert (ran.code, ran.out) == (3, "")
    assert "no logs on Sundays" in ran.err
    assert "--no-push" in ran.err
    assert snapshot(git_repo.path, objects=False) == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--origin", "HTTPS://x/y"], "expected --origin as a URL without a scheme"),
        (["--branch", "a/b"], "expected --branch as a plain name"),
        (["--branch", "a..b"], "expected --branch as a plain name"),
        (["--branch", "HEAD"], "expected --branch as a plain name"),
        (["--branch", "x.lock"], "expected --branch as a plain name"),
        (["--branch", "-x"], "expected --branch as a plain name"),
        (["--env", "pro d"], "expected --env as a name such as prod"),
        (["--env", "\x1b[31m"], "expected --env as a name such as prod"),
        (["--name", "a\nb"], "expected --name of at most 64 letters"),
        (["--iac", "[a-z].tf"], "expected a path pattern without character classes"),
        (["--iac", "a\\b"], "expected a path pattern without backslashes"),
        (["--email", "a b"], "email"),
    ],
)
def test_wishes_that_cannot_be_met(
    console: Console, git_repo: GitRepo, git_remote: GitRepo, options: list[str], told: str
) -> None:
    """Exit code 2 before anything is written or signed, here and on the remote."""
    before = (snapshot(git_repo.path), snapshot(git_remote.path))

    ran = console.run("init", "--origin", "example.com/infra", *options)

    assert (ran.code, ran.out) == (2, "")
    assert told in words(ran)
    assert "\x1b" not in ran.err
    assert (snapshot(git_repo.path), snapshot(git_remote.path)) == before


def test_another_name_for_the_branch(console: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """The log may be kept on another branch; its notes have the same name."""
    console.ok("init", "--branch", "ledger", "--origin", "example.com/infra")
    pin(git_repo)
    commit_iac(git_repo)
    console.ok("record-change")

    assert git_remote.ref("refs/heads/ledger") == git_repo.ref("refs/heads/ledger")
    assert git_remote.ref("refs/notes/ledger") is not None
    assert console.run("verify", "--full").code == 0


def test_log_that_the_remote_lost(audited: Console, git_remote: GitRepo) -> None:
    """A remote that no longer has the log it had is a bad log, for init too; nothing is started anew."""
    git_remote.run("update-ref", "-d", LOG)
    head = audited.head()

    ran = audited.run("init")

    assert (ran.code, ran.out, audited.head()) == (1, "", head)
    assert "gone" in words(ran)
    assert git_remote.ref(LOG) is None
