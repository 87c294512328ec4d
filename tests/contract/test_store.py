"""The contract of `ObjectReader` and `ObjectStore`, held by the fake and by every kind of repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.store import MAX_LOOSE, GitStore
from gitaudit.errors import LogError, ObjectError, RefMovedError, SetupError
from gitaudit.log.commit import object_id
from gitaudit.model import RefMove
from gitaudit.testing import MemoryStore
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitaudit.model import Kind
    from gitaudit.ports import ObjectStore

ONE, OTHER = "refs/heads/audit", "refs/notes/audit"


@pytest.fixture(params=["memory", "plain", "bare", "worktree"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ObjectStore]:
    """Give what opens the store anew, as the next command does; the fake remembers by itself."""
    if request.param == "memory":
        store = MemoryStore()
        return lambda: store
    path = _repository(request.param, tmp_path)
    return lambda: GitStore(path)


def _repository(kind: str, folder: Path) -> Path:
    if kind == "bare":
        return GitRepo.bare(folder / "bare.git").path
    repo = GitRepo.init(folder / "plain")
    if kind == "plain":
        return repo.path
    repo.commit({"main.tf": b""})
    repo.run("worktree", "add", "--quiet", str(folder / "linked"))
    return folder / "linked"


def commit(store: ObjectStore, text: str = "first", parent: str | None = None) -> str:
    """Write a commit with one file and return its id."""
    tree = store.write("tree", b"100644 file\0" + bytes.fromhex(store.write("blob", b"content")))
    above = "" if parent is None else f"parent {parent}\n"
    who = "A <a@example.com> 1700000000 +0000"
    return store.write("commit", f"tree {tree}\n{above}author {who}\ncommitter {who}\n\n{text}\n".encode())


def move(name: str, old: str | None, new: str) -> RefMove:
    """Return a move of one ref."""
    return RefMove(name=name, old=old, new=new)


@pytest.mark.parametrize(("kind", "content"), [("blob", b""), ("blob", b"\0binary\xff"), ("blob", b"x" * 100_000)])
def test_what_is_written_can_be_read_at_once_and_later(
    opened: Callable[[], ObjectStore], kind: Kind, content: bytes
) -> None:
    """An object is there for whoever wrote it, and for the next command once a ref has moved."""
    store = opened()
    oid = store.write(kind, content)
    assert oid == object_id(kind, content)
    assert store.read(oid) == (kind, content)

    store.move_refs([move(ONE, None, commit(store))], "test")

    assert opened().read(oid) == (kind, content)


def test_the_same_object_may_be_written_again(opened: Callable[[], ObjectStore]) -> None:
    """Objects are content: writing one that is there changes nothing."""
    store = opened()
    first = commit(store)
    store.move_refs([move(ONE, None, first)], "test")
    again = opened()
    assert commit(again) == first

    again.move_refs([move(OTHER, None, first)], "test")

    assert opened().ref(OTHER) == first


def test_a_missing_object_is_named(opened: Callable[[], ObjectStore]) -> None:
    """Reading what is not there raises an error that has the id."""
    with pytest.raises(ObjectError) as raised:
        opened().read("12" * 20)

    assert (raised.value.oid, raised.value.problem) == ("12" * 20, "missing")


def test_a_ref_that_does_not_exist_is_none(opened: Callable[[], ObjectStore]) -> None:
    """None is the value of a ref that nobody made, also below a name that is taken."""
    store = opened()
    store.move_refs([move(ONE, None, commit(store))], "test")

    assert store.ref("refs/heads/none") is None
    assert store.ref(f"{ONE}/below") is None


def test_refs_move_together(opened: Callable[[], ObjectStore]) -> None:
    """All moves of a call are done, for whoever looks next."""
    store = opened()
    first = commit(store)
    second = commit(store, "second", first)

    store.move_refs([move(ONE, None, first), move(OTHER, None, second)], "test")

    assert (store.ref(ONE), store.ref(OTHER)) == (first, second)
    assert (opened().ref(ONE), opened().ref(OTHER)) == (first, second)


@pytest.mark.parametrize("wrong", ["made already", "moved on", "gone"])
def test_a_move_from_another_value_moves_nothing(opened: Callable[[], ObjectStore], wrong: str) -> None:
    """One ref that is not where it was expected keeps all of them where they are."""
    store = opened()
    first = commit(store)
    second, third = commit(store, "second", first), commit(store, "third", first)
    store.move_refs([move(ONE, None, first), move(OTHER, None, second)], "test")
    bad = {
        "made already": move(OTHER, None, third),
        "moved on": move(OTHER, first, third),
        "gone": move("refs/heads/gone", first, third),
    }[wrong]

    with pytest.raises(RefMovedError):
        store.move_refs([move(ONE, first, third), bad], "test")

    assert (opened().ref(ONE), opened().ref(OTHER), opened().ref("refs/heads/gone")) == (first, second, None)


def test_a_whole_clone_is_neither_cut_nor_partial(opened: Callable[[], ObjectStore]) -> None:
    """Nothing may rightly be missing."""
    store = opened()
    first = commit(store)
    store.move_refs([move(ONE, None, first)], "test")

    assert (store.is_cut(first), store.is_partial()) == (False, False)


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """Give a plain repository."""
    return GitRepo.init(tmp_path / "repo")


def store_of(repo: GitRepo) -> GitStore:
    """Open a repository."""
    return GitStore(repo.path)


def count(repo: GitRepo) -> tuple[int, int]:
    """Return the number of loose objects and of packs."""
    told = dict(line.split(": ") for line in repo.run("count-objects", "-v").splitlines())
    return int(told["count"]), int(told["packs"])


def test_nothing_is_stored_before_a_ref_moves(repo: GitRepo) -> None:
    """A command that fails half way leaves no objects behind."""
    commit(store_of(repo))

    assert count(repo) == (0, 0)


@pytest.mark.parametrize(("blobs", "expected"), [(MAX_LOOSE - 3, (MAX_LOOSE, 0)), (MAX_LOOSE - 2, (0, 1))])
def test_many_objects_go_into_one_pack(repo: GitRepo, blobs: int, expected: tuple[int, int]) -> None:
    """Up to 200 objects become loose ones, more become a single pack; git finds no fault with either."""
    store = store_of(repo)
    kept = [store.write("blob", b"%d" % number) for number in range(blobs)]

    store.move_refs([move(ONE, None, commit(store))], "test")

    assert count(repo) == expected
    assert store_of(repo).read(kept[-1]) == ("blob", b"%d" % (blobs - 1))
    repo.run("fsck", "--strict")


def test_objects_are_found_after_git_packs_them(repo: GitRepo) -> None:
    """A store that is open while `git gc` runs goes on reading."""
    store = store_of(repo)
    first = commit(store)
    store.move_refs([move(ONE, None, first)], "test")
    repo.run("gc", "--quiet", "--prune=now")
    assert count(repo)[0] == 0

    assert store.read(first)[0] == "commit"
    assert (store.ref(ONE), store_of(repo).ref(ONE)) == (first, first)


def test_git_agrees_with_what_is_stored(repo: GitRepo) -> None:
    """Git reads the objects, the refs and the reason of the move."""
    store = store_of(repo)
    first = commit(store)
    store.move_refs([move(ONE, None, first)], "42 records")

    assert repo.ref(ONE) == first
    assert repo.run("log", "-1", "--format=%s", ONE) == "first"
    assert repo.run("reflog", "-1", "--format=%gs", ONE) == "gitaudit: 42 records"
    repo.run("fsck", "--strict")


def test_a_linked_worktree_shares_refs_with_its_repository(repo: GitRepo, tmp_path: Path) -> None:
    """The log belongs to the repository, not to one of its working trees, and so does the common directory."""
    repo.commit({"main.tf": b""})
    repo.run("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = GitStore(tmp_path / "linked")

    linked.move_refs([move(ONE, None, commit(linked))], "test")

    assert repo.ref(ONE) == linked.ref(ONE)
    assert linked.common_dir.resolve() == (repo.path / ".git").resolve()


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda raw: raw[:-3], "damaged"),
        (lambda raw: raw[:2] + bytes([raw[2] ^ 1]) + raw[3:], "damaged"),
        (lambda _: b"", "damaged"),
    ],
    ids=["cut short", "one bit", "empty"],
)
def test_a_damaged_object_is_named(repo: GitRepo, harm: Callable[[bytes], bytes], problem: str) -> None:
    """An object whose bytes do not fit its id is never returned."""
    store = store_of(repo)
    first = commit(store)
    store.move_refs([move(ONE, None, first)], "test")
    place = repo.path / ".git/objects" / first[:2] / first[2:]
    raw = place.read_bytes()
    place.chmod(0o644)
    place.write_bytes(harm(raw))

    with pytest.raises(ObjectError) as raised:
        store_of(repo).read(first)

    assert (raised.value.oid, raised.value.problem) == (first, problem)


def test_an_object_under_the_id_of_another_is_damaged(repo: GitRepo) -> None:
    """A good loose object that was copied over another one does not pass for it."""
    store = store_of(repo)
    first = commit(store)
    second = commit(store, "second", first)
    store.move_refs([move(ONE, None, second)], "test")
    objects = repo.path / ".git/objects"
    target = objects / first[:2] / first[2:]
    target.chmod(0o644)
    target.write_bytes((objects / second[:2] / second[2:]).read_bytes())

    with pytest.raises(ObjectError, match="damaged"):
        store_of(repo).read(first)


def test_replace_refs_are_ignored(repo: GitRepo) -> None:
    """What `git replace` would show is not what the log has."""
    store = store_of(repo)
    first = commit(store)
    second = commit(store, "second")
    store.move_refs([move(ONE, None, first), move(OTHER, None, second)], "test")
    repo.run("replace", first, second)

    assert b"first" in store_of(repo).read(first)[1]


def test_a_symbolic_ref_is_refused(repo: GitRepo) -> None:
    """A log that is another branch under a second name could be moved through it."""
    store = store_of(repo)
    store.move_refs([move("refs/heads/main", None, commit(store))], "test")
    repo.run("symbolic-ref", ONE, "refs/heads/main")

    with pytest.raises(LogError, match="symbolic ref"):
        store_of(repo).ref(ONE)


def test_a_branch_below_the_name_is_told(repo: GitRepo) -> None:
    """`audit/x` leaves no room for `audit`: that is no race, and the message names the ref."""
    store = store_of(repo)
    store.move_refs([move(f"{ONE}/x", None, commit(store))], "test")

    with pytest.raises(SetupError, match=ONE) as raised:
        store.move_refs([move(ONE, None, commit(store))], "test")

    assert not isinstance(raised.value, RefMovedError)


def test_a_hook_that_refuses_the_move_is_told(repo: GitRepo) -> None:
    """Refs move through git, so the user's reference-transaction hook is asked, and its no is final."""
    hook = repo.path / ".git/hooks/reference-transaction"
    hook.write_text("#!/bin/sh\n[ $1 != prepared ]\n", encoding="ascii")
    hook.chmod(0o755)
    store = store_of(repo)

    with pytest.raises(SetupError, match="hook"):
        store.move_refs([move(ONE, None, commit(store))], "test")

    assert store_of(repo).ref(ONE) is None


def test_a_lock_file_that_a_killed_git_left_is_named(repo: GitRepo) -> None:
    """The message has the path of the stale lock, so that the user can remove it."""
    store = store_of(repo)
    lock = repo.path / ".git/refs/heads/audit.lock"
    lock.touch()

    with pytest.raises(SetupError, match=str(lock)):
        store.move_refs([move(ONE, None, commit(store))], "test")
