"""Thirty-two writers at once over HTTP, and one more behind a slow link: all come through, with few pushes lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import servers
from tests.support.git import GitRepo

LOG = "refs/heads/audit"
WRITERS, RECORDS = 32, 20
MOST_PUSHES = 1.5
LINK_SECONDS = 0.15
CROWD = Path(__file__).with_name("crowd.py")
PUSH = "GET /git/infra.git/info/refs service=git-receive-pack 200"
"""What every push begins with, whether it then sends something or finds that it came too late."""


def gitaudit(repo: GitRepo, *arguments: str, code: int = 0) -> str:
    """Run the installed program in a clone, and return what it printed."""
    command = [str(servers.PROGRAM), "-C", str(repo.path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done
    return done.stdout


def started(server: servers.Server, folder: Path, key: str) -> GitRepo:
    """Return a clone that has started a log on a server."""
    repository = GitRepo.bare(server.repository)
    for name, value in (("http.receivepack", "true"), ("receive.autogc", "false")):
        repository.run("config", name, value)
    made = GitRepo.init(folder / "first")
    made.run("remote", "add", "origin", server.url)
    made.run("config", "--global", "user.signingkey", key)
    made.commit({"main.tf": b"resource {}"})
    gitaudit(made, "init", "--origin", "example.com/infra", "--env", "prod")
    made.commit({".gitaudit.yml": (made.path / ".gitaudit.yml").read_bytes()})
    made.run("push", "--quiet", "origin", "main")
    return made


def write(clones: dict[GitRepo, int]) -> dict[str, dict[str, object]]:
    """Let a process for each clone record so often, all at once; return what each tells, by the clone's path."""
    words = [word for clone, times in clones.items() for word in (str(times), str(clone.path))]
    done = subprocess.run([sys.executable, str(CROWD), *words], capture_output=True, text=True, check=True)
    return {one["clone"]: one for one in map(json.loads, done.stdout.splitlines())}


@pytest.mark.slow
def test_a_crowd_comes_through_with_few_pushes(
    tmp_path: Path, signing_key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost, nothing stands twice, few pushes are in vain, and the slow one need not wait for the others."""
    records = WRITERS * RECORDS + 1
    (tmp_path / "server").mkdir()
    with servers.http(tmp_path / "server") as server, servers.slow_link(server, tmp_path, LINK_SECONDS) as slow_url:
        first = started(server, tmp_path, signing_key)
        names = [tmp_path / f"clone{number}" for number in range(WRITERS + 1)]
        clones = {GitRepo(shutil.copytree(first.path, name, symlinks=True)): RECORDS for name in names}
        slow = next(iter(clones))
        slow.run("remote", "set-url", "origin", slow_url)
        before, began = GitRepo(server.repository), time.monotonic()

        told = write({**clones, slow: 1})

        took = time.monotonic() - began
        trailers = [
            before.run("log", f"--format=%(trailers:key={name},valueonly,separator=)", LOG).split()
            for name in ("Audit-Id", "Audit-Index")
        ]
    assert server.access_log is not None
    pushes = server.access_log.read_text("ascii").count(PUSH)
    index = int(str(told[str(slow.path)]["last"]).partition("#")[2].partition(" ")[0])
    with capsys.disabled():
        what = f"{WRITERS} writers with {RECORDS} records each, one with one record behind a slow link"
        # How well racing works belongs into the log of the run.
        print(f"\n{what}: {took:.0f} s, {pushes} pushes, {pushes / records:.2f} a record; the slow one is #{index}")  # noqa: T201
    assert [code for one in told.values() for code in one["codes"]] == [0] * records  # type: ignore[attr-defined]  # a list
    assert len(set(trailers[0])) == len(trailers[0]) == records + 1
    assert trailers[1] == [str(number) for number in range(records, -1, -1)]
    assert pushes <= MOST_PUSHES * records
    assert index < records
    reader = before.clone(tmp_path / "reader")
    gitaudit(reader, "init")
    report = json.loads(gitaudit(reader, "verify", "--full", "--json"))
    assert (report["checked"], report["findings"]) == (records + 1, [])


@pytest.mark.slow
def test_records_of_an_outage_go_out_once(tmp_path: Path, signing_key: str) -> None:
    """While the server is down, records wait in the clone; when it is back, they are published, in their order."""
    (tmp_path / "server").mkdir()
    with servers.http(tmp_path / "server") as server:
        clone = started(server, tmp_path, signing_key)
    for ticket in ("OPS-1", "OPS-2", "OPS-3"):
        options = ["--env", "prod", "--outcome", "succeeded", "--ticket", ticket]
        gitaudit(clone, "record-deploy", *options, code=3)
    waiting = sorted(path.stem for path in (clone.path / ".git/gitaudit/outbox").iterdir())
    repository = server.repository
    (tmp_path / "again").mkdir()
    with servers.http(tmp_path / "again") as again:
        repository.rename(again.repository)
        clone.run("remote", "set-url", "origin", again.url)

        gitaudit(clone, "sync")

    ids = GitRepo(again.repository).run(
        "log", "--reverse", "--format=%(trailers:key=Audit-Id,valueonly,separator=)", LOG
    )
    assert again.access_log is not None
    assert ids.split()[1:] == waiting
    assert list((clone.path / ".git/gitaudit/outbox").iterdir()) == []
    assert again.access_log.read_text("ascii").count(PUSH) == 1
