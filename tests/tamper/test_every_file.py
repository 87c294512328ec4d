"""Every byte of every file in which git keeps a log: loose objects, a pack and its index, refs.

Where a changed byte is one that git does not look at, such as a checksum of the compressed data, the log is what it
was: those mutants are counted as void, after all objects and refs were read again and found the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.store import GitStore, find_repository
from gitaudit.cli import boundary
from gitaudit.errors import GitauditError
from gitaudit.policy.config import FILE_NAME, format_config
from tests.support.git import GitRepo
from tests.support.logs import LOG, NOTES
from tests.tamper.judging import BAD, DONE, TERSE, judge, remember_policies
from tests.tamper.relinking import reachable
from tests.tamper.sample import VERIFIER, Repository, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.tamper.counting import Tally

SAMPLED = 11
"""Every so many mutants, the command itself is run as well."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command share schemas and certificates, which each run would otherwise read anew."""
    remember_policies(monkeypatch)
    monkeypatch.setattr("gitaudit.adapters.schemas.SchemaSet", lambda: TERSE)
    monkeypatch.setattr("gitaudit.adapters.sequoia.SequoiaVerifier", lambda: VERIFIER)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """Give a real repository with a log of three records, and notes."""
    repo = GitRepo.init(tmp_path / "small")
    log = Writer(store=GitStore(repo.path), schemas=())
    commit = Repository(log.store).commit({"main.tf": b"a\n"})
    log.begin()
    log.admit("alice", "dev", "dev")
    log.change("dev", commit)
    log.finish("alice")
    (repo.path / FILE_NAME).write_bytes(format_config(log.config))
    return Disk(repo, log)


class Disk:
    """A repository with a log, and what it held in the beginning."""

    def __init__(self, repo: GitRepo, log: Writer) -> None:
        self.repo, self.log = repo, log
        self.git = repo.path / ".git"
        notes = log.store.ref(NOTES)
        assert notes is not None
        self._oids = sorted(reachable(log.store, log.head.commit, notes))
        self._held = self.held()
        assert self._held is not None

    def held(self) -> dict[str, object] | None:
        """Return the objects of the log and the refs; None where they cannot be read."""
        try:
            store = find_repository(self.repo.path)
            return {oid: store.read(oid) for oid in self._oids} | {ref: store.ref(ref) for ref in (LOG, NOTES)}
        except GitauditError:
            return None

    def judge(self) -> int:
        """Verify the whole log, and return the exit code."""
        try:
            store = find_repository(self.repo.path)
            head = store.ref(LOG)
        except GitauditError as error:
            return error.exit_code
        if head is None:
            return BAD  # the clone remembers that it had one
        return judge(store, self.log.config, self.log.now, head, schemas=TERSE).code

    def command(self, capsys: pytest.CaptureFixture[str], *options: str) -> int:
        """Run `gitaudit verify` in this process, and return the exit code."""
        code = boundary.run(["-C", str(self.repo.path), "verify", *options])
        capsys.readouterr()
        return code

    def try_every_byte(self, path: Path, tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
        """Change every byte of a file, one at a time, and count what becomes of it."""
        for at in changes(path):
            code = self.judge()
            if tally.tried % SAMPLED == 0:
                assert self.command(capsys, "--full") == code, (path.name, at)
            if code == DONE and self.held() == self._held:
                tally.add_void()
            else:
                tally.add(code, (path.name, at))


def changes(path: Path, mask: int = 0x01) -> Iterator[int]:
    """Change one byte of a file after the other, each while its offset is given, and put it back."""
    good = path.read_bytes()
    path.chmod(0o600)
    with path.open("r+b", buffering=0) as stream:
        for at, octet in enumerate(good):
            stream.seek(at)
            stream.write(bytes([octet ^ mask]))
            yield at
            stream.seek(at)
            stream.write(good[at : at + 1])


@pytest.mark.slow
@pytest.mark.parametrize("half", range(2))
def test_every_byte_of_loose_objects(
    disk: Disk, capsys: pytest.CaptureFixture[str], half: int, count: Callable[[str], Tally]
) -> None:
    """A damaged loose object is found, at whatever byte of its compressed file."""
    tally = count("bytes of loose object files")
    files = sorted(path for path in (disk.git / "objects").glob("??/*") if path.is_file())[half::2]
    for path in files:
        disk.try_every_byte(path, tally, capsys)
    assert tally.missed == []
    assert tally.tried == sum(path.stat().st_size for path in files)
    assert tally.void * 20 < tally.tried


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pack", "idx"])
def test_every_byte_of_a_pack(
    disk: Disk, capsys: pytest.CaptureFixture[str], kind: str, count: Callable[[str], Tally]
) -> None:
    """A damaged pack, or index of one, is found or cannot be opened."""
    tally = count(f"bytes of a .{kind} file")
    disk.repo.run("repack", "-adkq")
    (path,) = (disk.git / "objects" / "pack").glob(f"*.{kind}")
    disk.try_every_byte(path, tally, capsys)
    assert tally.missed == []
    assert tally.tried == path.stat().st_size
    assert tally.void * 4 < tally.tried


@pytest.mark.parametrize("packed", [False, True])
def test_every_byte_of_refs(
    disk: Disk, capsys: pytest.CaptureFixture[str], count: Callable[[str], Tally], *, packed: bool
) -> None:
    """A damaged ref leads to no good log: it names an object that is missing, or is no ref any more."""
    assert disk.command(capsys, "--full") == DONE  # which the clone remembers
    tally = count("bytes of refs")
    if packed:
        disk.repo.run("pack-refs", "--all")
    paths = [disk.git / "packed-refs"] if packed else [disk.git / LOG, disk.git / NOTES]
    for path in paths:
        for at in changes(path):
            code = disk.judge()
            assert disk.command(capsys, "--full") == code, at
            if code == DONE and disk.held() == disk._held:
                tally.add_void()
            elif code == DONE and LOG_ONLY.issubset(_refs(disk)):
                tally.add_void()  # the notes are gone or elsewhere: they are no evidence
            else:
                tally.add(code, (path.name, at))
    assert tally.missed == []


LOG_ONLY = frozenset({LOG})


def _refs(disk: Disk) -> set[str]:
    store = find_repository(disk.repo.path)
    return {LOG} if store.ref(LOG) == disk.log.head.commit else set()
