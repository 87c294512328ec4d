"""Clones and what they share, for the tests of remotes: over a path, over a socket, and in memory."""

from __future__ import annotations

import socket
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.adapters.git.remote import GitRemote
from gitaudit.adapters.git.store import GitStore
from gitaudit.model import RefMove
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Iterator
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
