"""Losing a race: what is not published is linked anew on the new head; ids, contents and order stay."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.clock import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, SystemClock, longest_pause
from gitaudit.errors import ConflictError
from gitaudit.log.record import unlink
from gitaudit.usecases.writing.publish import MAX_ATTEMPTS
from tests.publish.worlds import LOG, NOTES, World, make_key, raised

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitaudit.model import RefMove


@pytest.fixture
def world() -> World:
    """Give a log that was just started."""
    return World()


@pytest.mark.parametrize("losses", [1, 2, 7])
def test_a_record_that_lost_races_keeps_id_and_content(world: World, losses: int) -> None:
    """However often others are faster: index, prev and root change, nothing else, and every record stands once."""
    clone, other = world.clone(), world.clone()
    theirs = [other.deploy() for _ in range(losses)]
    # Each push of `clone` meets one of `other` that is faster; the push of `other` itself meets nobody.
    world.server.before_push = [call for one in theirs for call in (partial(other.append, one), world.nobody)]
    draft = clone.deploy()

    result = clone.append(draft)

    record = world.records()[-1]
    assert world.ids() == [*(one.id for one in theirs), draft.id]
    assert unlink(record) == draft.document
    assert record.index == losses + 1
    assert result.attempts == losses + 1
    assert clone.waiting == other.waiting == []
    assert world.findings() == []


def test_several_records_keep_their_order(world: World) -> None:
    """A queue of records is linked anew in one batch and pushed at once."""
    clone, other = world.clone(), world.clone()
    mine = [clone.deploy() for _ in range(5)]
    for draft in mine:
        clone.append(draft, push=False)
    theirs = other.deploy()
    other.append(theirs)
    world.server.pushes.clear()

    clone.log.sync()

    assert world.ids() == [theirs.id, *(draft.id for draft in mine)]
    assert len(world.server.pushes) == 1
    assert world.findings() == []


def test_each_attempt_waits_longer_and_the_number_is_bounded(world: World) -> None:
    """Where others always win, the command gives up after `MAX_ATTEMPTS` pushes, and the record waits."""
    clone = world.clone()
    world.server.before_push = [lambda: _steal(world)] * (2 * MAX_ATTEMPTS)
    draft = clone.deploy()

    error = raised(lambda: clone.append(draft))

    assert isinstance(error, ConflictError)
    assert str(MAX_ATTEMPTS) in error.message
    assert "fetch first" in error.message
    assert "kept in the outbox" in error.message
    assert world.maker.clock.pauses == list(range(1, MAX_ATTEMPTS))
    assert clone.waiting == [draft.id]

    world.server.before_push.clear()
    clone.log.sync()
    assert world.ids()[-1] == draft.id
    assert len(set(world.ids())) == len(world.ids()) == MAX_ATTEMPTS + 1


def _steal(world: World) -> None:
    """Publish a record from another clone, whatever waits to happen before pushes."""
    waiting, world.server.before_push = world.server.before_push, []
    other = world.clone()
    other.append(other.deploy())
    world.server.before_push = waiting


def test_pauses_are_random_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause lies between nothing and a bound that grows to ten seconds."""
    slept: list[float] = []
    monkeypatch.setattr("gitaudit.adapters.clock.time.sleep", slept.append)
    clock = SystemClock()

    for attempt in range(1, MAX_ATTEMPTS):
        for _ in range(20):
            clock.pause(attempt)

    bounds = [longest_pause(attempt) for attempt in range(1, MAX_ATTEMPTS) for _ in range(20)]
    assert bounds[0] == FIRST_PAUSE_SECONDS
    assert bounds[-1] == max(bounds) == LONGEST_PAUSE_SECONDS
    assert all(0 <= pause <= bound for pause, bound in zip(slept, bounds, strict=True))
    assert len(set(slept)) > len(slept) // 2


def test_a_policy_change_that_lost_the_race_is_dropped(world: World) -> None:
    """It was made against another policy: it is told as a conflict, while the record beside it goes through."""
    admin, other = world.clone(), world.clone()
    change, deploy = admin.admit(make_key("carol")), admin.deploy()
    bob = other.admit(make_key("bob"))
    world.server.before_push = [lambda: other.append(bob)]

    error = raised(lambda: admin.append(change, deploy))

    assert isinstance(error, ConflictError)
    assert "the other record stands" in error.message
    assert world.ids() == [bob.id, deploy.id]
    assert admin.waiting == []
    assert world.findings() == []


def test_a_policy_change_survives_a_race_with_another_record(world: World) -> None:
    """A change that was made against the policy in force is linked anew like any record."""
    admin, other = world.clone(), world.clone()
    change, deploy = admin.admit(make_key("carol")), other.deploy()
    world.server.before_push = [lambda: other.append(deploy)]

    admin.append(change)

    assert world.ids() == [deploy.id, change.id]
    assert world.findings() == []


def test_a_key_that_is_removed_while_its_record_races_is_refused(world: World) -> None:
    """The record was granted when it was made and is not any more: it is refused, and the log stays good."""
    admin, bob = world.clone(), make_key("bob")
    admin.append(admin.admit(bob))
    clone = world.clone(bob)
    world.server.before_push = [lambda: admin.append(admin.dismiss(bob.fingerprint))]

    error = raised(lambda: clone.append(clone.deploy()))

    assert error.exit_code == 2
    assert len(world.ids()) == 2
    assert clone.head == world.server.refs[LOG]
    assert world.findings() == []


def test_two_clones_that_record_the_same_commit_make_one_record(world: World) -> None:
    """The slower change record of a commit is let go, as the log has one; the next record is not held up."""
    fast, slow = world.clone(), world.clone()
    first, second, deploy = fast.change(), slow.change(), slow.deploy()
    world.server.before_push = [lambda: fast.append(first)]

    result = slow.append(second, deploy)

    assert result.known == (second.id,)
    assert world.ids() == [first.id, deploy.id]
    assert slow.waiting == []
    assert world.findings() == []


def test_a_change_that_waits_is_not_recorded_again(world: World) -> None:
    """After a fault the same command runs again and drafts the same commit: one record comes of the two drafts."""
    clone = world.clone()
    first, second = clone.change(), clone.change()
    clone.signer.locked = True
    raised(lambda: clone.append(first))
    clone.signer.locked = False

    result = clone.append(second)

    assert world.ids() == [first.id]
    assert result.known == (second.id,)
    assert clone.waiting == []


def test_a_clone_that_is_behind_moves_forward(world: World) -> None:
    """Sync with nothing to say brings the local log and notes to where the remote is, and signs nothing."""
    clone, other = world.clone(), world.clone()
    other.append(other.deploy())
    clone.signer.locked = True

    result = clone.log.sync()

    assert (result.records, result.shared) == ((), True)
    assert (clone.head, clone.store.ref(NOTES)) == (world.server.refs[LOG], world.server.refs[NOTES])


def test_a_clone_whose_branch_is_ahead_of_what_it_knows_goes_on_from_it(world: World) -> None:
    """A user fetched the branch itself: records of others there are not linked again when the remote has them."""
    clone, other = world.clone(), world.clone()
    other.append(other.deploy())
    clone.store.objects.update(world.server.objects.objects)
    clone.store.refs.update(world.server.refs)
    draft = clone.deploy()

    clone.append(draft)

    assert world.ids()[1:] == [draft.id]
    assert world.findings() == []


def test_a_branch_that_a_fetch_has_overwritten_is_no_loss(world: World) -> None:
    """A refspec that forces the branch to the remote's takes unpublished commits away; the outbox has the records."""
    clone, other = world.clone(), world.clone()
    draft = clone.deploy()
    clone.append(draft, push=False)
    other.append(other.deploy())
    clone.store.objects.update(world.server.objects.objects)
    clone.store.refs.update(world.server.refs)

    clone.log.sync()

    assert world.ids()[1:] == [draft.id]
    assert clone.waiting == []
    assert world.findings() == []


def test_a_branch_that_is_gone_here_is_made_again(world: World) -> None:
    """Who deletes the local branch with unpublished records on it finds them in the log after the next sync."""
    clone = world.clone()
    draft = clone.deploy()
    clone.append(draft, push=False)
    del clone.store.refs[LOG]

    clone.log.sync()

    assert world.ids() == [draft.id]
    assert clone.head == world.server.refs[LOG]


def test_an_unpublished_record_that_the_outbox_lost_is_still_linked_anew(world: World) -> None:
    """The commit alone is enough to bring one's own record over, and it is kept in the outbox until it is published."""
    clone, other = world.clone(), world.clone()
    draft = clone.deploy()
    clone.append(draft, push=False)
    clone.outbox.remove([draft.id])
    other.append(other.deploy())
    clone.signer.locked = True
    raised(clone.log.sync)
    assert clone.waiting == [draft.id]
    clone.signer.locked = False

    clone.log.sync()

    assert world.ids()[-1] == draft.id
    assert clone.waiting == []


def test_a_local_ref_that_somebody_else_moves_is_tried_again(world: World) -> None:
    """A `git fetch` into the branch while a record is linked is a race too, and no error."""
    clone, other = world.clone(), world.clone()
    draft = clone.deploy()
    sign, calls = clone.signer.sign, list[int]()

    def fetch_while_signing(payload: bytes, meanwhile: Callable[[], None] | None = None) -> bytes:
        if not calls:
            calls.append(1)
            other.append(other.deploy())
            clone.store.objects.update(world.server.objects.objects)
            clone.store.refs.update(world.server.refs)
        return sign(payload, meanwhile)

    clone.signer.sign = fetch_while_signing  # type: ignore[method-assign]  # the moment at which the branch moves

    clone.append(draft)

    assert world.ids()[1:] == [draft.id]
    assert world.findings() == []


def test_a_tracking_ref_that_moved_meanwhile_is_no_error(world: World) -> None:
    """Another command may fetch between a push and the note of it here; the record counts as recorded."""
    clone = world.clone()
    assert clone.remote is not None
    tracking, move_refs = clone.remote.tracking(LOG), clone.store.move_refs

    def fetched_first(moves: Sequence[RefMove], reason: str) -> None:
        if any(move.name == tracking for move in moves):
            clone.store.refs[tracking] = world.server.refs[LOG]
        move_refs(moves, reason)

    clone.store.move_refs = fetched_first  # type: ignore[method-assign]  # a fetch at that moment

    result = clone.append(clone.deploy())

    assert (result.shared, clone.waiting) == (True, [])


def test_eight_clones_that_always_collide_lose_nothing(world: World) -> None:
    """Every push meets a clone that was faster: 8 clones with 4 records each come out complete, linear, once each."""
    clones = [world.clone() for _ in range(8)]
    drafts = {number: [clone.deploy() for _ in range(4)] for number, clone in enumerate(clones)}
    queue = [(number, draft) for turn in range(4) for number in range(8) for draft in [drafts[number][turn]]]

    def overtake() -> None:
        if queue:
            number, draft = queue.pop(0)
            world.server.before_push.append(overtake)
            clones[number].append(draft)

    while queue:
        overtake()

    assert sorted(world.ids()) == sorted(draft.id for drafts_ in drafts.values() for draft in drafts_)
    assert [record.index for record in world.records()] == list(range(33))
    assert [clone.waiting for clone in clones] == [[]] * 8
    assert world.findings() == []
