"""Appending: a draft goes to the outbox, from there into the log and to the remote, and only then leaves the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import ConflictError, KeyProblemError, RefusedError, RemoteError, SetupError
from tests.publish.worlds import LOG, ForgetfulMemory, World, make_key, raised

if TYPE_CHECKING:
    from gitaudit.model import Draft


@pytest.fixture
def world() -> World:
    """Give a log that was just started."""
    return World()


def test_records_are_published_and_leave_the_outbox(world: World) -> None:
    """Two drafts of one append stand in the log in their order, with one push, and nothing waits."""
    clone = world.clone()
    drafts = [clone.deploy(), clone.freeze()]

    result = clone.append(*drafts)

    assert [record.id for record in result.records] == world.ids() == [draft.id for draft in drafts]
    assert (result.shared, result.unpublished, result.attempts) == (True, 0, 1)
    assert (clone.waiting, len(world.server.pushes)) == ([], 1)
    assert world.findings() == []


def test_a_clone_without_a_remote_records_at_once(world: World) -> None:
    """Without a remote the local log is where a record belongs."""
    clone = world.clone(shared=False)

    result = clone.append(clone.deploy())

    assert (result.shared, result.unpublished, clone.waiting) == (True, 0, [])
    assert len(world.records(clone.store)) == 2
    assert world.findings(clone) == []


def test_offline_the_record_is_linked_here_and_stays_in_the_outbox(world: World) -> None:
    """An unreachable remote is told, and the record counts as unpublished."""
    clone = world.clone()
    world.server.offline = True

    result = clone.append(clone.deploy())

    assert isinstance(result.problem, RemoteError)
    assert (result.shared, result.unpublished, len(clone.waiting)) == (False, 1, 1)
    assert len(world.records(clone.store)) == 2
    assert world.ids() == []


def test_the_next_command_brings_out_what_waited_offline(world: World) -> None:
    """A record of today takes yesterday's along, in the order they were made, with one push."""
    clone = world.clone()
    world.server.offline = True
    first = clone.deploy()
    clone.append(first)
    world.server.offline = False
    second = clone.deploy()

    clone.append(second)

    assert world.ids() == [first.id, second.id]
    assert (clone.waiting, len(world.server.pushes)) == ([], 1)
    assert world.findings() == []


def test_no_push_keeps_records_here_until_sync(world: World) -> None:
    """With `push=False` the remote is not asked; `sync` publishes all that waits in one push."""
    clone = world.clone()
    drafts = [clone.deploy() for _ in range(4)]
    kept = [clone.append(draft, push=False) for draft in drafts][-1]
    assert (kept.shared, kept.unpublished, kept.problem) == (False, 4, None)
    assert (world.server.pushes, len(clone.waiting)) == ([], 4)

    result = clone.log.sync()

    assert (result.shared, result.unpublished, clone.waiting) == (True, 0, [])
    assert world.ids() == [draft.id for draft in drafts]
    assert len(world.server.pushes) == 1


def test_a_line_that_goes_dead_after_the_push_doubles_nothing(world: World) -> None:
    """The remote took the record, the clone does not know it; the next sync finds it there."""
    clone = world.clone()
    world.server.breaks_off = True
    draft = clone.deploy()

    result = clone.append(draft)
    assert isinstance(result.problem, RemoteError)
    assert clone.waiting == [draft.id]
    clone.log.sync()

    assert world.ids() == [draft.id]
    assert clone.waiting == []


def test_a_refusal_of_the_remote_is_told_and_not_retried(world: World) -> None:
    """What the hook of the remote says reaches the user; the record waits as unpublished, after one push."""
    clone = world.clone()
    world.server.refusal = "policy: deployments are frozen, fetch first things first"

    result = clone.append(clone.deploy())

    assert result.problem is not None
    assert world.server.refusal in result.problem.message
    assert "gitaudit sync" in (result.problem.hint or "")
    assert (len(world.server.pushes), len(clone.waiting), result.shared) == (1, 1, False)


def test_a_key_failure_leaves_the_draft_in_the_outbox_and_says_so(world: World) -> None:
    """Without a signature nothing moves; the error says that the record is kept and how it goes out."""
    clone = world.clone()
    clone.signer.locked = True
    before = dict(clone.store.refs)
    draft = clone.deploy()

    error = raised(lambda: clone.append(draft))

    assert isinstance(error, KeyProblemError)
    assert "the record is kept in the outbox of this clone" in str(error)
    assert "gitaudit sync" in (error.hint or "")
    assert clone.waiting == [draft.id]
    assert clone.store.refs == before

    clone.signer.locked = False
    clone.log.sync()
    assert world.ids() == [draft.id]


def test_the_message_counts_the_records_that_are_kept(world: World) -> None:
    """An error of a command with several drafts tells how many wait."""
    clone = world.clone()
    clone.signer.locked = True

    error = raised(lambda: clone.append(clone.deploy(), clone.deploy()))

    assert "the 2 records are kept" in error.message


def test_a_draft_that_breaks_its_schema_is_refused_and_the_others_stand(world: World) -> None:
    """The refused draft leaves the outbox, as it never will be good; the error says what became of the other."""
    clone = world.clone()
    good = clone.deploy()
    bad = clone.deploy(outcome="glorious")

    error = raised(lambda: clone.append(bad, good))

    assert isinstance(error, RefusedError)
    assert "outcome" in error.message
    assert "the other record stands" in error.message
    assert world.ids() == [good.id]
    assert clone.waiting == []


def test_a_key_that_the_policy_does_not_know_is_refused(world: World) -> None:
    """Nothing is pushed that a reader would find not granted; the hint says who can help."""
    clone = world.clone(make_key("stranger"))

    error = raised(lambda: clone.append(clone.deploy()))

    assert isinstance(error, RefusedError)
    assert "add-key" in (error.hint or "")
    assert world.server.pushes == []


def test_a_draft_refused_later_stays_in_the_outbox_and_stops_no_other(world: World) -> None:
    """A record that waited while its key was removed is reported at each sync and kept; other records go through."""
    admin, bob = world.clone(), make_key("bob")
    admin.append(admin.admit(bob))
    clone = world.clone(bob)
    world.server.offline = True
    clone.append(clone.deploy())
    world.server.offline = False
    admin.append(admin.dismiss(bob.fingerprint))

    result = clone.log.sync()

    (waiting,) = clone.waiting
    assert [(draft_id, type(error)) for draft_id, error in result.refused] == [(waiting, RefusedError)]
    assert result.records == ()
    assert len(world.ids()) == 2

    clone.signer.key = world.maker.key
    assert [record.id for record in clone.log.sync().records] == [waiting]
    assert clone.waiting == []


def test_a_draft_that_waited_is_signed_by_the_key_of_today(world: World) -> None:
    """The signer, and the actor who was proved by that signature, become the key that signs now."""
    admin, bob = world.clone(), make_key("bob")
    admin.append(admin.admit(bob))
    clone = world.clone()
    clone.signer.locked = True
    raised(lambda: clone.append(clone.deploy()))
    clone.signer.locked, clone.signer.key = False, bob

    clone.log.sync()

    record = world.records()[-1]
    assert record.text("recorded_by") == record.mapping("actor")["id"] == f"openpgp:{bob.fingerprint}"
    assert world.findings() == []


def test_a_clone_that_never_joined_checks_that_the_log_is_the_pinned_one(world: World) -> None:
    """The first append in a fresh clone remembers the published head, found to begin with the pinned genesis."""
    clone = world.clone()
    clone.memory = ForgetfulMemory()

    clone.append(clone.deploy())

    remembered = clone.memory.load()
    assert remembered is not None
    assert remembered.genesis == world.maker.genesis
    assert remembered.seen.commit == world.server.refs[LOG]


def test_a_fresh_clone_refuses_another_log_than_the_pinned_one(world: World) -> None:
    """A log with another genesis gets no record and leaves no memory."""
    other = World()
    stranger = make_key("stranger")
    other.maker = type(other.maker)(store=other.origin_store, key=stranger, environments=("prod",))
    head = other.maker.finish()
    clone = world.clone()
    clone.memory = ForgetfulMemory()
    world.server.objects.objects.update(other.origin_store.objects)
    world.server.refs[LOG] = head
    del clone.store.refs[clone.log.remote.tracking(LOG) if clone.log.remote else ""]

    error = raised(lambda: clone.append(clone.deploy()))

    assert error.exit_code == 1
    assert world.maker.genesis.commit in error.message
    assert clone.memory.load() is None
    assert world.server.pushes == []


def test_offline_without_a_log_the_draft_waits(world: World) -> None:
    """A clone that has not fetched the log yet keeps the draft; it is not refused for want of a policy."""
    clone = world.clone()
    clone.store.refs.clear()
    clone.memory.remembered = None
    draft = clone.author.draft("freeze", {"state": "begin", "reason": "holidays"})
    world.server.offline = True

    error = raised(lambda: clone.append(draft))
    assert isinstance(error, RemoteError)
    assert clone.waiting == [draft.id]

    world.server.offline = False
    clone.log.sync()
    assert world.ids() == [draft.id]


def test_without_any_log_the_draft_waits_and_the_message_says_what_to_do(world: World) -> None:
    """Neither here nor on the remote is a log: the error names `gitaudit init`, the draft is kept."""
    clone = world.clone()
    draft = clone.freeze()
    world.server.refs.clear()
    clone.store.refs.clear()

    error = raised(lambda: clone.append(draft))

    assert isinstance(error, SetupError)
    assert "gitaudit init" in (error.hint or "")
    assert clone.waiting == [draft.id]


def test_drafts_are_kept_all_or_none(world: World) -> None:
    """Where the second draft cannot be kept, the first is let go, so that running the command again doubles nothing."""
    clone = world.clone()
    put, room = clone.outbox.put, [True]

    def full(draft: Draft, base: str | None) -> None:
        if not room:
            raise SetupError("cannot write: No space left on device")
        room.pop()
        put(draft, base)

    clone.outbox.put = full  # type: ignore[method-assign]  # a disk that fills up between two files

    error = raised(lambda: clone.append(clone.deploy(), clone.deploy()))

    assert "nothing was recorded" in error.message
    assert clone.waiting == []


def test_a_record_that_another_process_linked_is_in_the_result(world: World) -> None:
    """Two commands in one clone: the first to get the lock takes the draft of the other along, which still tells it."""
    clone = world.clone()
    mine, other = clone.deploy(), clone.deploy()
    clone.lock.first.append(lambda: clone.twin().append(other))

    result = clone.append(mine)

    assert [record.id for record in result.records] == [mine.id]
    assert world.ids() == [mine.id, other.id]
    assert (result.shared, len(world.server.pushes)) == (True, 1)


def test_a_policy_change_made_twice_at_once_is_dropped_the_second_time(world: World) -> None:
    """The slower admin's change was made against another policy: it is told as a conflict and leaves the outbox."""
    one, two = world.clone(), world.clone()
    change = two.admit(make_key("carol"))
    one.append(one.admit(make_key("bob")))

    error = raised(lambda: two.append(change))

    assert isinstance(error, ConflictError)
    assert "dropped" in error.message
    assert two.waiting == []
    assert change.id not in world.ids()


def test_a_head_is_not_remembered_before_the_local_log_has_it(world: World) -> None:
    """A command that fetches and then finds no key leaves the local log behind, which is no rewind to `verify`."""
    clone, other = world.clone(), world.clone()
    before = clone.memory.load()
    other.append(other.deploy())
    clone.signer.locked = True

    raised(lambda: clone.append(clone.deploy()))

    assert clone.memory.load() == before
    clone.signer.locked = False
    clone.log.sync()
    remembered = clone.memory.load()
    assert remembered is not None
    assert remembered.seen.commit == clone.head == world.server.refs[LOG]


def test_a_fresh_clone_goes_on_from_what_git_clone_brought(world: World) -> None:
    """Without asking the remote, or without reaching it, a record is linked to the branch as it was cloned."""
    clone, other = world.clone(), world.clone()
    other.append(other.deploy())
    clone.store.objects.update(world.server.objects.objects)
    clone.store.refs = {"refs/remotes/origin/audit": world.server.refs[LOG]}
    clone.memory = ForgetfulMemory()
    draft = clone.deploy()
    world.server.offline = True

    result = clone.append(draft)

    assert [record.index for record in result.records] == [2]
    assert result.unpublished == 1
    world.server.offline = False
    clone.log.sync()
    assert world.ids()[1:] == [draft.id]
    assert world.findings() == []
