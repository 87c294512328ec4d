"""Plain git and gpg on the good logs: nothing of gitaudit is needed to look at one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import GitRepo
from tests.support.gpg import GpgHome
from tests.vectors.making.forge import FPR, KEYS, LOG, NOTES
from tests.vectors.reading import StoredLog, log_names, read_log

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.isolation import Sandbox

GOOD = [name for name in log_names() if read_log(name).header["expect"] == "good"]
ODD = "good-odd-times"
"""Has a commit of the audited repository that git itself complains about."""


def stored(log: StoredLog, path: Path) -> GitRepo:
    """Return a repository that holds a log."""
    repo = GitRepo.bare(path)
    for kind, content in log.objects.values():
        repo.put(kind, content)
    for name in (LOG, NOTES):
        if name in log.header:
            repo.run("update-ref", name, log.header[name])
    return repo


@pytest.mark.parametrize("name", sorted(set(GOOD) - {ODD}))
def test_fsck(name: str, tmp_path: Path) -> None:
    """Git finds nothing wrong with any object, and gives each the id that the log names it by."""
    log = read_log(name)
    repo = stored(log, tmp_path / "repo")
    assert repo.run("fsck", "--strict", "--full", "--no-dangling") == ""
    assert repo.run("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").splitlines() == sorted(
        log.objects
    )


def test_gpg_verifies_every_commit(tmp_path: Path, sandbox: Sandbox) -> None:
    """With the keys of the log imported, `git verify-commit` calls every signature valid, by the key in the record."""
    repo = stored(read_log("good"), tmp_path / "repo")
    home = GpgHome(sandbox.gnupg)
    for path in repo.run("ls-tree", "--name-only", LOG, "keys/").splitlines():
        home.receive(repo.read(path, LOG))
    commits = repo.run("rev-list", LOG, NOTES).split()
    signers = {}
    for commit in commits:
        shown = repo.attempt("verify-commit", "--raw", commit).stderr.decode()
        (valid,) = [line for line in shown.splitlines() if "VALIDSIG" in line]
        signers[commit] = valid.split()[-1]
    assert set(signers.values()) == {FPR[name] for name in ("owner", "dev", "ci", "ops")}
    assert KEYS["ci"].signer_fingerprint not in signers.values()


def test_git_shows_records_and_notes(tmp_path: Path) -> None:
    """A commit of the branch shows one new record, and the audited commit shows its note."""
    repo = stored(read_log("good"), tmp_path / "repo")
    names = repo.run("diff-tree", "-r", "--no-commit-id", "--name-status", f"{LOG}~2").splitlines()
    deployed = repo.run("log", "--format=%(trailers:key=Audit-Commit,valueonly,separator=)", "-1", f"{LOG}~2")
    note = repo.run("log", "-1", "--no-walk", f"--notes={NOTES}", "--format=%N", deployed)
    assert [name.split("\t")[1].partition("/")[0] for name in names] == ["attachments", "merkle", "records"]
    assert [line.split(" ", 2)[2].partition(" (")[0] for line in note.splitlines() if line] == [
        "change: 1 file",
        "deploy prod: succeeded, 4 added 2 changed 1 destroyed",
    ]
