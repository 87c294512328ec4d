"""A remote that lost records, or has others: both heads are told, nothing is written, and what waits is kept."""

from __future__ import annotations

import pytest

from gitaudit.errors import LogError
from tests.publish.worlds import LOG, NOTES, Clone, World, make_key, raised


@pytest.fixture
def world() -> World:
    """Give a log that was just started."""
    return World()


def refused(clone: Clone, *heads: str) -> LogError:
    """Append, which must fail with an error that names the heads; assert that nothing moved and the draft waits."""
    before = {name: value for name, value in clone.store.refs.items() if name in {LOG, NOTES}}
    pushes = len(clone.world.server.pushes)
    draft = clone.deploy()

    error = raised(lambda: clone.append(draft))

    assert isinstance(error, LogError)
    assert error.exit_code == 1
    assert [head for head in heads if head not in error.message] == []
    assert "the record is kept in the outbox" in error.message
    assert clone.waiting == [draft.id]
    assert {name: clone.store.ref(name) for name in before} == before
    assert len(clone.world.server.pushes) == pushes
    return error


def test_a_rewound_remote_is_refused(world: World) -> None:
    """The remote's log lost its last records."""
    clone = world.clone()
    clone.append(clone.deploy())
    seen = world.rewind()

    refused(clone, seen, world.server.refs[LOG])


def test_a_forked_remote_is_refused(world: World) -> None:
    """The remote's log has another record in the place of one that this clone has seen."""
    clone, other = world.clone(), world.clone()
    clone.append(clone.deploy())
    seen = world.rewind()
    world.server.refs.pop(NOTES, None)
    other.append(other.deploy())

    refused(clone, seen, world.server.refs[LOG])


def test_a_rewind_that_the_tracking_ref_followed_is_refused_by_memory(world: World) -> None:
    """Somebody moved the tracking ref back as well; the head remembered outside the refs still tells."""
    clone = world.clone()
    clone.append(clone.deploy())
    seen = world.rewind()
    assert clone.remote is not None
    clone.store.refs[clone.remote.tracking(LOG)] = world.server.refs[LOG]

    refused(clone, seen, world.server.refs[LOG])


def test_a_deleted_log_is_refused_and_the_hint_restores_it(world: World) -> None:
    """The branch is gone from the remote: the error says how this clone can bring it back."""
    clone = world.clone()
    clone.append(clone.deploy())
    head = world.server.refs.pop(LOG)

    error = refused(clone, head)

    assert f"git push origin {head}:{LOG}" in (error.hint or "")


def test_after_the_log_is_restored_the_record_goes_out(world: World) -> None:
    """The branch that another clone pushed back is the one remembered, so the queue drains."""
    clone = world.clone()
    clone.append(clone.deploy())
    head = world.server.refs.pop(LOG)
    refused(clone, head)
    world.server.refs[LOG] = head

    clone.log.sync()

    assert len(world.ids()) == 2
    assert clone.waiting == []


def test_records_of_others_that_the_remote_lost_are_not_signed_again(world: World) -> None:
    """A clone whose branch has somebody's record that the remote lost does not take it for its own."""
    clone, other = world.clone(), world.clone()
    lost = other.deploy()
    other.append(lost)
    clone.store.objects.update(world.server.objects.objects)
    clone.store.refs[LOG] = world.server.refs[LOG]
    world.rewind()
    third = world.clone()
    world.server.refs.pop(NOTES, None)
    third.append(third.deploy())
    clone.signer.key = make_key("somebody else")

    error = refused(clone, clone.head or "")

    assert lost.id in error.message


def test_a_branch_with_commits_that_are_no_records_is_refused(world: World) -> None:
    """Somebody committed on the branch itself: the hint puts it back to the last record, and the queue drains."""
    clone = world.clone()
    clone.append(clone.deploy())
    good = clone.head
    raw = clone.store.read(good or "")[1]
    tree = raw[:46]
    commit = tree + f"parent {good}\n".encode() + b"author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\noops\n"
    clone.store.refs[LOG] = clone.store.write("commit", commit)

    error = refused(clone)

    assert error.hint is not None
    assert error.hint.split(";")[1].endswith(f"git update-ref {LOG} {good}")
    clone.store.refs[LOG] = good or ""
    clone.log.sync()
    assert clone.waiting == []
    assert world.findings() == []


def test_fetching_tells_a_rewound_remote(world: World) -> None:
    """What `verify --remote` does first: the fetch itself refuses."""
    clone = world.clone()
    clone.append(clone.deploy())
    world.rewind()

    assert isinstance(raised(clone.log.fetch), LogError)


def test_fetching_tells_an_unreachable_remote(world: World) -> None:
    """An unreachable remote is an error of the remote, not of the log."""
    clone = world.clone()
    world.server.offline = True

    assert raised(clone.log.fetch).exit_code == 3
