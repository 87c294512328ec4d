"""What only git can meet at a remote: hooks and locks of the server, no server, credentials, the user's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.remote import MAX_LOCKED_OUT
from gitaudit.adapters.git.store import GitStore
from gitaudit.errors import RemoteError, SetupError
from tests.contract.sites import BOTH, LOG, NOTES, Site, git_site, site_of
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shared(tmp_path: Path) -> GitRepo:
    """Give the shared repository."""
    return GitRepo.bare(tmp_path / "shared.git")


@pytest.fixture
def site(tmp_path: Path, shared: GitRepo) -> Site:
    """Give a clone of it."""
    return git_site(tmp_path, shared.url)


def put_hook(repo: GitRepo, name: str, script: str) -> None:
    """Install a hook in a bare repository."""
    path = repo.path / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_what_a_hook_says_reaches_the_user(site: Site, shared: GitRepo) -> None:
    """All lines that the hook of the server prints are in the reason, in order, escaped."""
    put_hook(shared, "pre-receive", "echo 'deployments are frozen' >&2; printf 'ask \\033[31mOPS\\n' >&2; exit 1")

    result = site.remote.push({LOG: site.commit("first")})

    assert (result.accepted, result.race) == (False, False)
    assert result.reason.startswith("deployments are frozen; ask \\x1b[31mOPS")
    assert "pre-receive hook declined" in result.reason


@pytest.mark.parametrize("hook", ["pre-receive", "update", "reference-transaction"])
@pytest.mark.parametrize("text", ["fetch first", "error: cannot lock ref 'refs/heads/audit'", "failed to update ref"])
def test_a_hook_that_talks_of_races_is_no_race(site: Site, shared: GitRepo, hook: str, text: str) -> None:
    """What git says for a race may stand in a hook's message; another attempt would meet the same hook."""
    log = site.commit("first")
    put_hook(shared, hook, f'echo "{text}" >&2; exit 1')

    result = site.remote.push({LOG: log, NOTES: site.commit("notes")})

    assert (result.accepted, result.race) == (False, False)
    assert text.split("'", maxsplit=1)[0] in result.reason


def test_a_ref_that_moves_while_the_server_checks_is_a_race(site: Site, shared: GitRepo) -> None:
    """Git's second way of losing: the head was right when the push began, and another one was in before its end."""
    first = site.commit("first")
    faster = site.commit("faster", first)
    site.publish(first)
    site.remote.push({"refs/heads/other": faster})
    move = f"env -u GIT_QUARANTINE_PATH git update-ref {LOG} {faster}"
    put_hook(shared, "pre-receive", f"rm hooks/pre-receive; {move}")

    result = site.remote.push({LOG: site.commit("slower", first)})

    assert (result.accepted, result.race) == (False, True)
    assert "cannot lock ref" in result.reason
    assert shared.ref(LOG) == faster


def test_a_stale_lock_of_the_server_is_tried_again_and_named(site: Site, shared: GitRepo) -> None:
    """It looks like a writer at work; the reason has its path for when it does not go away."""
    first = site.commit("first")
    site.publish(first)
    (shared.path / f"{LOG}.lock").touch()

    result = site.remote.push({LOG: site.commit("second", first)})

    assert (result.accepted, result.race) == (False, True)
    assert "audit.lock" in result.reason


def test_a_branch_in_the_way_is_no_race(site: Site, shared: GitRepo) -> None:
    """`audit/x` on the server leaves no room for `audit`; that will not pass by itself."""
    commit = site.commit("first")
    site.remote.push({f"{LOG}/x": commit})

    result = site.remote.push({LOG: commit})

    assert (result.accepted, result.race) == (False, False)
    assert shared.ref(LOG) is None


def test_a_remote_that_is_gone_is_unreachable(site: Site, shared: GitRepo) -> None:
    """The error names the remote and says why; the records wait."""
    commit = site.commit("first")
    shared.path.rename(shared.path.with_name("moved.git"))

    for action in (lambda: site.remote.fetch(BOTH), lambda: site.remote.push({LOG: commit})):
        with pytest.raises(RemoteError, match="cannot reach the remote origin") as raised:
            action()
        assert "does not appear to be a git repository" in raised.value.message
        assert "gitaudit sync" in (raised.value.hint or "")


def test_a_remote_that_went_away_since_is_unreachable(site: Site, shared: GitRepo) -> None:
    """The same where the tracking refs are known, and one connection would do."""
    site.publish(site.commit("first"), site.commit("notes"))
    site.remote.fetch(BOTH)
    shared.path.rename(shared.path.with_name("moved.git"))

    with pytest.raises(RemoteError, match="cannot reach the remote origin"):
        site.remote.fetch(BOTH)


def test_a_server_that_dies_in_the_middle_is_unreachable(site: Site, shared: GitRepo) -> None:
    """Whether it took the push cannot be told: that is neither a refusal nor a race."""
    put_hook(shared, "pre-receive", "kill -9 $(ps -o ppid= -p $$)")

    with pytest.raises(RemoteError, match="cannot reach the remote origin"):
        site.remote.push({LOG: site.commit("first")})


@pytest.mark.parametrize(
    "url",
    [
        "http://robot:s3cret@127.0.0.1:1/infra.git",
        "http://s3cret@127.0.0.1:1/infra.git",
        "git://robot:s3cret@127.0.0.1:1/infra.git",
        "http://robot:s3cr/et@127.0.0.1:1/infra.git",
        "ssh://robot:s3cret@127.0.0.1:1/infra.git",
    ],
)
def test_credentials_in_a_url_are_never_shown(tmp_path: Path, url: str) -> None:
    """Git quotes the URL in its errors; its user part is left out of ours."""
    site = git_site(tmp_path, url)
    commit = site.commit("first")

    for action in (lambda: site.remote.fetch(BOTH), lambda: site.remote.push({LOG: commit})):
        with pytest.raises(RemoteError) as raised:
            action()
        assert "s3cr" not in f"{raised.value.message} {raised.value.hint}"


def test_credentials_that_a_hook_prints_are_left_out(site: Site, shared: GitRepo) -> None:
    """A server's hook may quote its own URLs."""
    put_hook(shared, "pre-receive", "echo 'see https://robot:s3cret@ci.example.com/7' >&2; exit 1")

    result = site.remote.push({LOG: site.commit("first")})

    assert "see https://ci.example.com/7" in result.reason


def test_configuration_does_not_widen_a_push_or_a_fetch(tmp_path: Path, shared: GitRepo) -> None:
    """Tags, mirrors, hooks and pruning that the user has set up for branches do not touch the log."""
    repo = GitRepo.init(tmp_path / "set-up")
    repo.run("remote", "add", "origin", shared.url)
    for name, value in {
        "push.followTags": "true",
        "remote.origin.mirror": "true",
        "fetch.prune": "true",
        "fetch.pruneTags": "true",
        "push.recurseSubmodules": "on-demand",
        "fetch.recurseSubmodules": "true",
        "push.gpgSign": "if-asked",
    }.items():
        repo.run("config", name, value)
    hook = repo.path / ".git/hooks/pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    hook.chmod(0o755)
    repo.commit({"main.tf": b""})
    site = site_of(repo)
    log, notes = site.commit("first"), site.commit("notes")
    repo.run("tag", "--annotate", "-m", "tag", "v1", log)

    site.publish(log, notes)
    site.remote.fetch(BOTH)
    shared.run("update-ref", "-d", LOG)
    theirs = dict(site.remote.fetch(BOTH))

    assert shared.refs() == {NOTES: notes}
    assert theirs == {LOG: None, NOTES: notes}
    assert site.store.ref(site.remote.tracking(LOG)) == log


def test_the_refspec_of_the_remote_does_not_force_the_tracking_ref(site: Site, shared: GitRepo) -> None:
    """A user's `git fetch` of everything leaves alone what this program remembers."""
    first = site.commit("first")
    second = site.commit("second", first)
    site.publish(second)
    site.remote.fetch([LOG])
    assert isinstance(site.store, GitStore)
    repo = GitRepo(site.store.git_dir)
    shared.run("update-ref", LOG, first)

    repo.run("fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/remotes/origin/*")

    assert repo.ref("refs/remotes/origin/audit") == first
    assert site.store.ref(site.remote.tracking(LOG)) == second


def test_a_lock_on_the_server_that_stays_is_no_race_in_the_end(site: Site, shared: GitRepo) -> None:
    """Five pushes in a row met it: no writer takes that long, so the user is told instead of waiting on."""
    first = site.commit("first")
    site.publish(first)
    second = site.commit("second", first)
    (shared.path / f"{LOG}.lock").touch()

    races = [site.remote.push({LOG: second}).race for _ in range(MAX_LOCKED_OUT)]

    assert races == [True] * (MAX_LOCKED_OUT - 1) + [False]


def test_a_lock_file_here_is_not_taken_for_a_remote_out_of_reach(site: Site) -> None:
    """A killed git left the lock of a tracking ref: the message has its path and what to do."""
    first = site.commit("first")
    site.publish(first)
    assert isinstance(site.store, GitStore)
    lock = site.store.git_dir / f"{site.remote.tracking(LOG)}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()

    with pytest.raises(SetupError, match=str(lock)) as raised:
        site.remote.fetch([LOG])

    assert "remove the file" in (raised.value.hint or "")
