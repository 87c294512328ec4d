"""The contract of `Remote`, held by the fake and by git, over a path and over a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.store import GitStore
from gitaudit.errors import LogError
from gitaudit.testing import MemoryStore
from tests.contract.sites import BOTH, LOG, NOTES, Site, git_daemon, git_site
from tests.publish.worlds import FakeRemote, Server
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


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
