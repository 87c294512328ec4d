"""Servers that are protected, each with a log in it that was pushed there, and somebody who may push anything."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.store import GitStore, find_repository
from gitaudit.log.times import epoch
from gitaudit.model import RefMove
from gitaudit.usecases.governing.change_policy import current_policy, set_draft
from tests.support import servers
from tests.support.git import GitRepo
from tests.support.logs import KEY_CREATED, LOG, NOTES
from tests.support.openpgp import TestKey
from tests.tamper.sample import Writer, sample_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Server

MAIN = "refs/heads/main"
KINDS = (servers.daemon, servers.http, servers.ssh, servers.gitolite)


def required_log(path: Path) -> Writer:
    """Return the sample log in a new repository at `path`, with a policy that requires change records, and `main`."""
    GitRepo.init(path)
    log = Writer(store=find_repository(path))
    sample_log(log)
    expires = epoch(log.clock.now()) + 3600
    log.keys["brief"] = TestKey.from_seed(b"brief", KEY_CREATED, "b <b@example.invalid>", expires=expires)
    log.admit("carol", "brief", "ci")
    policy = current_policy(log.store, log.position)
    log.add("carol", set_draft(log.author("carol"), *policy, {}, {"required": True}))
    log.finish()
    last = next(record.subject["commit"] for record in reversed(log.records) if record.type == "change")
    log.store.move_refs([RefMove(name=MAIN, old=None, new=str(last))], "test")
    return log


@dataclass
class Attacker:
    """A clone with the log, the keys of all its signers, and a server that it pushes to."""

    log: Writer
    repo: GitRepo
    server: Server

    def ref(self, commit: str) -> str:
        """Return a ref of the clone that points at a commit made in the log's store."""
        name = f"refs/made/{commit}"
        if self.repo.ref(name) is None:
            self.log.store.move_refs([RefMove(name=name, old=None, new=commit)], "test")
        return name

    def push(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run `git push URL ARGUMENTS` as anybody could."""
        options = [one for one in arguments if one.startswith("-")]
        specs = [one for one in arguments if not one.startswith("-")]
        return self.repo.attempt("push", *options, self.server.url, *specs, env=self.server.env)

    def refs(self) -> dict[str, str]:
        """Return the refs of the server, as they stand on its disk."""
        return GitRepo(self.server.repository).refs()

    def commit(self, path: str, *, parent: str = MAIN) -> str:
        """Return a commit that adds a file on top of another one."""
        store = self.log.store
        assert isinstance(store, GitStore)
        base = self.repo.id_of(parent)
        blob = self.repo.put("blob", f"# {path}\n".encode())
        listing = self.repo.raw("ls-tree", base) + f"100644 blob {blob}\t{path}\n".encode()
        tree = self.repo.run("mktree", stdin=listing)
        return self.repo.run("commit-tree", tree, "-p", base, "-m", path)


def protect(server: Server, *options: str) -> None:
    """Make the repository of a server, where it is not there yet, and protect it as an administrator does."""
    if not server.repository.exists():
        GitRepo.bare(server.repository)
    if server.name == "http":
        GitRepo(server.repository).run("config", "http.receivepack", "true")
    subprocess.run(
        [str(servers.PROGRAM), "protect", "server", str(server.repository), *options], check=True, capture_output=True
    )


@pytest.fixture(scope="session")
def made_log(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    """Give the log that is pushed to every server."""
    return required_log(tmp_path_factory.mktemp("made") / "clone")


@pytest.fixture(scope="session", params=KINDS, ids=lambda kind: kind.__name__)
def attacker(
    request: pytest.FixtureRequest, made_log: Writer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Attacker]:
    """Give somebody who can push to a protected server, one of each kind."""
    store = made_log.store
    assert isinstance(store, GitStore)
    with ExitStack() as stack:
        server = stack.enter_context(request.param(tmp_path_factory.mktemp(request.param.__name__)))
        made = Attacker(log=made_log, repo=GitRepo(store.git_dir), server=server)
        protect(server)
        pushed = made.push("--atomic", LOG, NOTES, MAIN)
        assert pushed.returncode == 0, pushed
        yield made
