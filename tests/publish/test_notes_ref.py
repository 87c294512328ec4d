"""The notes ref: it only moves forward, follows the log, and mends itself; it never holds up a record."""

from __future__ import annotations

import pytest

from gitaudit.usecases.writing.notes import covered_size
from tests.publish.worlds import LOG, NOTES, Clone, World, descends


@pytest.fixture
def world() -> World:
    """Give a log that was just started."""
    return World()


def put_own_note(clone: Clone) -> str:
    """Commit on top of the notes as `git notes --ref=audit add` does: unsigned, another message."""
    old = clone.store.ref(NOTES)
    tree = clone.store.read(old or "")[1][:46]
    who = b"A <a@example.com> 1767225600 +0000"
    text = (
        tree + f"parent {old}\n".encode() + b"author %s\ncommitter %s\n\nNotes added by 'git notes add'\n" % (who, who)
    )
    clone.store.refs[NOTES] = made = clone.store.write("commit", text)
    return made


def covered(world: World) -> int:
    """Return how many records the server's notes cover."""
    return covered_size(world.server.objects, world.server.refs[NOTES])[1]


def test_notes_of_racing_clones_only_move_forward(world: World) -> None:
    """Each value that the server's notes ever had is an ancestor of the next one."""
    clones = [world.clone() for _ in range(3)]
    for _ in range(3):
        for clone in clones:
            clone.append(clone.deploy())

    values = [push[NOTES] for push in world.server.pushes if world.server.objects.objects.get(push[NOTES])]
    accepted = [value for value in values if descends(world.server.objects, world.server.refs[NOTES], value)]
    assert len(accepted) == 9
    assert covered(world) == 10
    assert world.findings() == []


def test_a_note_of_the_users_own_is_not_pushed(world: World) -> None:
    """`git notes --ref=audit add` makes a commit that this program did not write: sync leaves it here and works."""
    clone = world.clone()
    clone.append(clone.deploy())
    before = world.server.refs[NOTES]
    put_own_note(clone)

    result = clone.log.sync()

    assert result.shared
    assert world.server.refs[NOTES] == before
    assert [finding.rule for finding in world.findings(clone)] == ["notes"]


def test_the_next_record_writes_the_notes_anew_on_top_of_the_users_own(world: World) -> None:
    """The notes say again what the log says, and the remote's only moved forward."""
    clone = world.clone()
    clone.append(clone.deploy())
    before = world.server.refs[NOTES]
    put_own_note(clone)

    clone.append(clone.deploy())

    assert descends(world.server.objects, world.server.refs[NOTES], before)
    assert covered(world) == 3
    assert world.findings() == world.findings(clone) == []


def test_rebuilding_mends_the_notes_at_once(world: World) -> None:
    """`notes rebuild` needs no new record."""
    clone = world.clone()
    clone.append(clone.deploy())
    put_own_note(clone)

    clone.log.rebuild_notes()

    assert world.findings() == world.findings(clone) == []


def test_notes_that_the_remote_lost_come_back_with_the_next_record(world: World) -> None:
    """Somebody deleted the notes of the remote, which keeps nobody from recording."""
    clone = world.clone()
    clone.append(clone.deploy())
    del world.server.refs[NOTES]

    clone.append(clone.deploy())

    assert covered(world) == 3
    assert world.findings() == []


def test_notes_that_moved_alone_are_no_obstacle(world: World) -> None:
    """Another clone rebuilt the notes while a record waited here: the push of both refs still is a fast-forward."""
    clone, other = world.clone(), world.clone()
    clone.append(clone.deploy())
    clone.append(clone.deploy(), push=False)
    world.maker.clock.step()
    other.log.rebuild_notes()

    clone.log.sync()

    assert len(world.ids()) == 2
    assert covered(world) == 3
    assert world.findings() == []


def test_a_log_that_moved_without_its_notes_is_completed(world: World) -> None:
    """A kill between the two refs leaves notes that are behind; the next command brings them up to date first."""
    clone = world.clone()
    clone.append(clone.deploy())
    notes = clone.store.refs[NOTES]
    clone.append(clone.deploy(), push=False)
    clone.store.refs[NOTES] = notes

    clone.log.sync()

    assert covered(world) == 3
    assert world.findings() == []


def test_notes_that_fell_behind_in_a_clone_without_a_remote_are_completed(world: World) -> None:
    """The same, where the local log is all there is."""
    clone = world.clone(shared=False)
    clone.append(clone.deploy())
    notes = clone.store.refs[NOTES]
    clone.append(clone.deploy())
    clone.store.refs[NOTES] = notes

    clone.log.sync()

    assert world.findings(clone) == []


def test_bringing_a_log_here_signs_no_notes(world: World) -> None:
    """Who only reads needs no key, even where the remote's notes are behind."""
    clone, other = world.clone(), world.clone()
    other.append(other.deploy())
    notes = world.server.refs[NOTES]
    other.append(other.deploy())
    world.server.refs[NOTES] = notes
    clone.signer.locked = True

    clone.log.sync()

    assert clone.head == world.server.refs[LOG]
