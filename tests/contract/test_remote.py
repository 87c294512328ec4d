"""The contract of `Remote`, held by the fake and by git, over a path and over a socket; then what only git can meet."""

from __future__ import annotations

import socket
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git_remote import MAX_LOCKED_OUT, GitRemote
from gitaudit.adapters.git_store import GitStore
from gitaudit.errors import LogError, RemoteError, SetupError
from gitaudit.model import RefMove
from gitaudit.testing import MemoryStore
from tests.publish.worlds import FakeRemote, Server
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gitaudit.ports import ObjectStore, Remote

LOG, NOTES = "refs/heads/audit", "refs/notes/audit"
BOTH = (LOG, NOTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One clone's repository and its way to the shared one."""

    store: ObjectStore
    remote: Remote

    def commit(self, text: str, parent: str | None = None) -> str:
        """Store a commit, kept by a ref of its own, and return its id."""
        tree = self.store.write("tree", b"100644 file\0" + bytes.fromhex(self.store.write("blob", text.encode())))
        above = "" if parent is None else f"parent {parent}\n"
        who = "A <a@example.com> 1700000000 +0000"
        raw = f"tree {tree}\n{above}author {who}\ncommitter {who}\n\n{text}\n"
        made = self.store.write("commit", raw.encode())
        self.store.move_refs([RefMove(name=f"refs/kept/{made}", old=None, new=made)], "test")
        return made

    def publish(self, log: str, notes: str | None = None) -> None:
        """Push, which must succeed."""
        moves = {LOG: log} if notes is None else {LOG: log, NOTES: notes}
        assert self.remote.push(moves).accepted


@pytest.fixture(params=["fake", "path", "daemon"])
def join(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Site]]:
    """Give what makes another clone of an empty shared repository."""
    if request.param == "fake":
        server = Server()
        yield lambda: _fake_site(server)
        return
    shared = GitRepo.bare(tmp_path / "shared.git")
    if request.param == "path":
        yield lambda: git_site(tmp_path, shared.url)
        return
    with git_daemon(tmp_path) as url:
        yield lambda: git_site(tmp_path, f"{url}/shared.git")


def _fake_site(server: Server) -> Site:
    store = MemoryStore()
    return Site(store=store, remote=FakeRemote(store, server))


def git_site(folder: Path, url: str) -> Site:
    """Make a clone that knows a remote."""
    number = len(list(folder.glob("clone*")))
    repo = GitRepo.init(folder / f"clone{number}")
    repo.run("remote", "add", "origin", url)
    return site_of(repo)


def site_of(repo: GitRepo) -> Site:
    """Open a clone."""
    store = GitStore(repo.path)
    return Site(store=store, remote=GitRemote(store, "origin"))


@contextmanager
def git_daemon(folder: Path) -> Iterator[str]:
    """Serve the repositories of a folder with `git daemon`, for pushing as well."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--export-all", "--enable=receive-pack", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr"]
    command = ["git", "daemon", "--verbose", *options, f"--base-path={folder}", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
        try:
            assert daemon.stderr is not None
            assert "Ready to rumble" in daemon.stderr.readline()
            yield f"git://127.0.0.1:{port}"
        finally:
            daemon.terminate()
            daemon.communicate()


def test_an_empty_remote_has_none_of_the_refs(join: Callable[[], Site]) -> None:
    """Fetching what is not there is no error."""
    site = join()

    assert dict(site.remote.fetch(BOTH)) == {LOG: None, NOTES: None}
    assert site.store.ref(site.remote.tracking(LOG)) is None


def test_what_one_pushes_another_fetches(join: Callable[[], Site]) -> None:
    """Refs and the objects below them arrive under the tracking names."""
    one, other = join(), join()
    log = one.commit("second", one.commit("first"))
    notes = one.commit("notes")
    one.publish(log, notes)

    assert dict(other.remote.fetch(BOTH)) == {LOG: log, NOTES: notes}
    assert [other.store.ref(other.remote.tracking(ref)) for ref in BOTH] == [log, notes]
    assert b"second" in other.store.read(log)[1]
    assert [other.store.ref(ref) for ref in BOTH] == [None, None]


def test_only_what_is_asked_for_is_fetched(join: Callable[[], Site]) -> None:
    """A remote that has more is asked for less."""
    one, other = join(), join()
    log = one.commit("first")
    one.publish(log, one.commit("notes"))

    assert dict(other.remote.fetch([LOG])) == {LOG: log}
    assert other.store.ref(other.remote.tracking(NOTES)) is None


def test_fetching_again_follows(join: Callable[[], Site]) -> None:
    """The tracking refs move with the remote's, and stand where nothing moved."""
    one, other = join(), join()
    first, notes = one.commit("first"), one.commit("notes")
    one.publish(first, notes)
    other.remote.fetch(BOTH)
    second = one.commit("second", first)
    one.publish(second)

    assert dict(other.remote.fetch(BOTH)) == {LOG: second, NOTES: notes}
    assert dict(other.remote.fetch(BOTH)) == {LOG: second, NOTES: notes}


@pytest.mark.parametrize("knows", [False, True])
def test_a_lost_race_is_told_as_one(join: Callable[[], Site], *, knows: bool) -> None:
    """Whether or not the clone has the commit that was faster: nothing moves, and another attempt may help."""
    one, other = join(), join()
    first = one.commit("first")
    one.publish(first)
    other.remote.fetch([LOG])
    faster = one.commit("faster", first)
    one.publish(faster)
    slower = other.commit("slower", first)
    if knows:
        other.remote.fetch([LOG])

    result = other.remote.push({LOG: slower})

    assert (result.accepted, result.race) == (False, True)
    assert result.reason
    assert other.remote.fetch([LOG])[LOG] == faster


def test_a_push_moves_all_refs_or_none(join: Callable[[], Site]) -> None:
    """Notes that lost a race hold the log back as well."""
    one, other = join(), join()
    log, notes = one.commit("first"), one.commit("notes")
    one.publish(log, notes)
    other.remote.fetch(BOTH)
    faster = one.commit("faster notes", notes)
    one.publish(log, faster)
    pushed = {LOG: other.commit("second", log), NOTES: other.commit("slower notes", notes)}

    result = other.remote.push(pushed)

    assert (result.accepted, result.race) == (False, True)
    assert dict(other.remote.fetch(BOTH)) == {LOG: log, NOTES: faster}


def _move(site: Site, ref: str, commit: str | None) -> None:
    """Move a ref of the shared repository whatever it was, as its administrator can."""
    if isinstance(site.remote, FakeRemote):
        server = site.remote.server
        server.objects.objects.update(site.remote.store.objects)
        server.refs.pop(ref, None)
        server.refs.update({} if commit is None else {ref: commit})
        return
    assert isinstance(site.store, GitStore)
    repo = GitRepo(site.store.git_dir)
    repo.run("push", "--quiet", "--force", "origin", f"{commit or ''}:{ref}")


def test_a_rewound_log_is_refused_and_both_heads_are_told(join: Callable[[], Site]) -> None:
    """A branch that lacks what this clone has seen of it is no news to follow."""
    one, other = join(), join()
    first = one.commit("first")
    second = one.commit("second", first)
    one.publish(second)
    other.remote.fetch(BOTH)
    _move(one, LOG, first)

    with pytest.raises(LogError, match=second) as raised:
        other.remote.fetch(BOTH)

    assert first in raised.value.message
    assert other.store.ref(other.remote.tracking(LOG)) == second


def test_a_forked_log_is_refused_and_both_heads_are_told(join: Callable[[], Site]) -> None:
    """So is one that has another commit instead."""
    one, other = join(), join()
    first = one.commit("first")
    second, fork = one.commit("second", first), one.commit("fork", first)
    one.publish(second, one.commit("notes"))
    other.remote.fetch(BOTH)
    _move(one, LOG, fork)

    with pytest.raises(LogError, match=second) as raised:
        other.remote.fetch(BOTH)

    assert fork in raised.value.message
    assert other.store.ref(other.remote.tracking(LOG)) == second


def test_notes_may_be_written_anew(join: Callable[[], Site]) -> None:
    """Notes are a view: the tracking ref follows wherever the remote's goes."""
    one, other = join(), join()
    log, notes, others = one.commit("first"), one.commit("notes"), one.commit("other notes")
    one.publish(log, notes)
    other.remote.fetch(BOTH)
    _move(one, NOTES, others)

    assert other.remote.fetch(BOTH)[NOTES] == others


def test_a_deleted_log_is_told_and_not_forgotten(join: Callable[[], Site]) -> None:
    """The remote has none any more; the tracking ref still says what it had."""
    one, other = join(), join()
    log, notes = one.commit("first"), one.commit("notes")
    one.publish(log, notes)
    other.remote.fetch(BOTH)
    _move(one, LOG, None)

    assert dict(other.remote.fetch(BOTH)) == {LOG: None, NOTES: notes}
    assert other.store.ref(other.remote.tracking(LOG)) == log


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
