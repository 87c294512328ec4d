"""The server as the one writer of change records: what its hook `post-receive` records of a push, and when."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.gpg import GpgHome
from tests.support.isolation import stop_gpg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.console import Console
    from tests.support.git import GitRepo
    from tests.support.gpg import GpgKeys

LOG, NOTES = "refs/heads/audit", "refs/notes/audit"


@pytest.fixture
def server_home(gpg_keys: GpgKeys) -> Iterator[Path]:
    """Give a GNUPGHOME that nobody but the server has, with its key."""
    with tempfile.TemporaryDirectory(prefix="ga-s-", dir="/tmp") as name:
        home = Path(name)
        home.chmod(0o700)
        GpgHome(home).add(gpg_keys.second)
        yield home
        stop_gpg(home)


@pytest.fixture
def server(audited: Console, git_remote: GitRepo, gpg_home: GpgHome, gpg_keys: GpgKeys, server_home: Path) -> GitRepo:
    """Give a server with a key of its own, which the policy lets write change records of `main` and `release/*`."""
    key = gpg_keys.second.fingerprint
    gpg_home.add(gpg_keys.second)
    own = ("--key", gpg_keys.plain.fingerprint)
    audited.ok("policy", "add-key", key, "--role", "ci", "--name", "server", *own)
    audited.ok("policy", "set", "--writer", "server", "--protect", "main", "--protect", "refs/heads/release/*", *own)
    audited.ok("protect", "server", str(git_remote.path), "--key", key, "--gnupg-home", str(server_home))
    return git_remote


def push(repo: GitRepo, *arguments: str) -> str:
    """Push, which must succeed, and return what Git said."""
    done = repo.attempt("push", "origin", *arguments)
    assert done.returncode == 0, done
    return done.stderr.decode("utf-8", "replace")


def changes(server: GitRepo) -> list[str]:
    """Return the commits that the log of the server has change records of, oldest first."""
    return server.run("log", "--reverse", "--format=%(trailers:key=Audit-Commit,valueonly,separator=)", LOG).split()


def test_a_push_is_recorded_by_the_server(audited: Console, server: GitRepo, git_repo: GitRepo) -> None:
    """One record a commit of infrastructure code, signed by the server's key; whoever pushes is told."""
    first = git_repo.commit({"one.tf": b"# one\n"})
    git_repo.commit({"README": b"text"})
    second = git_repo.commit({"two.tf": b"# two\n"})

    said = push(git_repo, "main")
    push(git_repo, "main:refs/heads/release/1")

    assert changes(server)[-2:] == [first, second]
    assert said.count("remote: gitaudit: recorded #") == 2
    git_repo.run("fetch", "--quiet", "origin", f"{LOG}:{LOG}", f"+{NOTES}:{NOTES}")
    assert audited.run("verify", "--full", "--complete", "main").code == 0
    record = audited.record(5)
    assert (record["actor"]["kind"], record["subject"]["ref"]) == ("system", "refs/heads/main")


def test_other_branches_and_files_cost_no_record(server: GitRepo, git_repo: GitRepo) -> None:
    """A feature branch is not recorded; when it is merged, it is."""
    before = changes(server)
    feature = git_repo.commit({"feature.tf": b"# feature\n"})
    assert "recorded" not in push(git_repo, "main:refs/heads/feature")
    assert changes(server) == before

    push(git_repo, "main")

    assert changes(server) == [*before, feature]


def test_what_was_missed_is_made_up_for(server: GitRepo, git_repo: GitRepo, server_home: Path) -> None:
    """Where the server could not record, the push still stands, and the next one brings both records."""
    keys = server_home / "private-keys-v1.d"
    stop_gpg(server_home)
    keys.rename(server_home / "away")
    first = git_repo.commit({"one.tf": b"# one\n"})
    assert "gitaudit: error: " in push(git_repo, "main")
    stop_gpg(server_home)
    if keys.exists():
        keys.rmdir()
    (server_home / "away").rename(keys)
    second = git_repo.commit({"two.tf": b"# two\n"})

    push(git_repo, "main")

    assert changes(server)[-2:] == [first, second]
    assert changes(server).count(first) == 1


def test_nobody_may_say_what_was_recorded(server: GitRepo, git_repo: GitRepo) -> None:
    """The server's own marks are no refs to push to or to delete."""
    git_repo.commit({"one.tf": b"# one\n"})
    push(git_repo, "main")
    mark = "refs/gitaudit/recorded/heads/main"
    before = server.ref(mark)

    assert before == git_repo.id_of("main")
    for spec in (f"main~1:{mark}", f":{mark}"):
        assert git_repo.attempt("push", "--force", "origin", spec).returncode != 0
    assert server.ref(mark) == before


@pytest.mark.slow
def test_pushes_at_the_same_time_share_the_work(server: GitRepo, git_repo: GitRepo) -> None:
    """Eight branches at once: every commit is recorded, once, in a log without a fork."""
    base = git_repo.id_of("main")
    commits = []
    for number in range(8):
        git_repo.run("checkout", "--quiet", "-B", f"b{number}", base)
        commits.append(git_repo.commit({f"b{number}.tf": b"# b\n"}, at=1_800_000_000 + number))
    script = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)"
    pushes = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                script,
                "git",
                "push",
                "--quiet",
                "origin",
                f"b{number}:refs/heads/release/{number}",
            ],
            cwd=git_repo.path,
            stderr=subprocess.PIPE,
        )
        for number in range(8)
    ]
    errors = [one.communicate()[1] for one in pushes]

    assert [one.returncode for one in pushes] == [0] * 8, errors
    assert sorted(changes(server)[1:]) == sorted(commits)
