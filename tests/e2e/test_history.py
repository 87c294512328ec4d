"""A history as teams make it: over a thousand commits, with merges, renames, deletions, binary files and odd names."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from gitaudit.cli.boundary import run
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMITS = 1_200
FIRST = 1_750_000_000
ODD_NAMES = (
    b"modules/caf\xe9/main.tf",  # Latin-1, no UTF-8
    "modules/naïve/vars.tf".encode(),
    b"env/with space.tf",
    b"env/tab\there.tf",
    b'env/"quoted".tf',
    b"env/line\nbreak.tf",
    b"env/\xe2\x80\xaetxt.tf",  # a bidirectional override
    b"-rf.tf",
)


def history(seed: int) -> Iterator[bytes]:
    """Yield a `git fast-import` stream: main with side branches merged into it, deterministic by its seed."""
    chance = random.Random(seed)  # noqa: S311 - a test history, the same each time
    names = [*ODD_NAMES, *(b"stack%d/main.tf" % one for one in range(20)), b"app/main.py", b"README.md", b"logo.png"]
    live: list[bytes] = []
    mark, side = 0, 0
    for number in range(COMMITS):
        mark += 1
        yield b"commit refs/heads/main\nmark :%d\n" % mark
        yield b"author Ada <ada@example.invalid> %d +0200\n" % (FIRST + number * 60)
        yield b"committer Bob <bob@example.invalid> %d -0500\n" % (FIRST + number * 60 + 5)
        message = b"change %d\n" % number
        yield b"data %d\n%b" % (len(message), message)
        if mark > 1:
            yield b"from :%d\n" % (mark - 1)
        if side:
            yield b"merge :%d\n" % side
            side = 0
        yield from changes(chance, names, live, number)
        if number % 17 == 16 and live:  # a branch that the next commit of main merges
            mark += 1
            path = chance.choice(live)
            yield b"commit refs/heads/side\nmark :%d\n" % mark
            yield b"committer Eve <eve@example.invalid> %d +0000\ndata 5\nside\nfrom :%d\n" % (FIRST, mark - 1)
            yield modify(path, b"side %d\n" % number)
            side = mark
            yield b"commit refs/heads/main\nmark :%d\n" % (mark + 1)
            yield b"committer Ada <ada@example.invalid> %d +0000\ndata 5\nmain\nfrom :%d\n" % (FIRST, mark - 1)
            yield modify(b"notes.txt", b"%d\n" % number)
            mark += 1


def changes(chance: random.Random, names: list[bytes], live: list[bytes], number: int) -> Iterator[bytes]:
    """Yield the file changes of one commit: a new content, a deletion, a rename, a binary file, or nothing."""
    kind = chance.choice(["write", "write", "write", "delete", "rename", "binary", "empty"])
    if kind == "empty":
        return
    if kind == "delete" and live:
        yield b"D %b\n" % quoted(live.pop(chance.randrange(len(live))))
    elif kind == "rename" and live:
        old, new = live.pop(chance.randrange(len(live))), b"moved/%d/main.tf" % number
        yield b"R %b %b\n" % (quoted(old), quoted(new))
        live.append(new)
    elif kind == "binary":
        yield modify(b"logo.png", b"\x89PNG\0" + chance.randbytes(200))
    else:
        path = chance.choice(names)
        yield modify(path, b"# %d\n" % number)
        if path not in live and path.endswith(b".tf"):
            live.append(path)


def modify(path: bytes, content: bytes) -> bytes:
    """Return the command that writes a file."""
    return b"M 100644 inline %b\ndata %d\n%b\n" % (quoted(path), len(content), content)


def quoted(path: bytes) -> bytes:
    """Return a path as fast-import takes it: C-style, so that any byte may stand in it."""
    return b'"' + b"".join(b"\\%03o" % octet for octet in path) + b'"'


@pytest.fixture
def repository(tmp_path: Path, signing_key: str, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """Return a repository with the history, a log, and a key to sign with."""
    repo = GitRepo.init(tmp_path / "infra", "--initial-branch=main")
    repo.run("config", "user.signingkey", signing_key)
    repo.raw("fast-import", "--quiet", "--force", stdin=b"".join(history(7)))
    repo.run("reset", "--quiet", "--hard", "main")
    monkeypatch.chdir(repo.path)
    assert run(["init", "--origin", "example.com/infra", "--iac", "*.tf", "--quiet"]) == 0
    return repo


def touched(repo: GitRepo) -> list[str]:
    """Return the commits of main that touch a Terraform file, as git itself tells: oldest first."""
    commits = repo.run("rev-list", "--reverse", "--topo-order", "main").split()
    told = repo.raw(
        *("diff-tree", "--stdin", "-r", "--root", "-c", "--no-renames", "--name-only", "-z"),
        stdin="\n".join(commits).encode() + b"\n",
    )
    found, current = set(), ""
    for field in told.split(b"\0"):
        word = field.decode("latin-1").strip("\n")
        if word in commits:
            current = word
        elif field.endswith(b".tf"):
            found.add(current)
    return [commit for commit in commits if commit in found]


@pytest.mark.slow
def test_a_long_history_is_recorded_once_and_whole(repository: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly the commits that git says touch a .tf file get a record each, notes show them, and the log is whole."""
    expected = touched(repository)
    assert len(expected) > COMMITS // 3

    assert run(["record-change", "HEAD~1..HEAD", "--quiet"]) == 0
    assert run(["record-change", "--quiet"]) == 0
    head = repository.run("rev-parse", "refs/heads/audit")
    assert run(["record-change", "--quiet"]) == 0
    capsys.readouterr()

    assert repository.run("rev-parse", "refs/heads/audit") == head
    messages = repository.run("log", "--format=%B", "refs/heads/audit")
    recorded = [line.split()[1] for line in messages.splitlines() if line.startswith("Audit-Commit: ")]
    assert sorted(recorded) == sorted(expected)
    assert run(["verify", "--full", "--complete", "main"]) == 0
    assert f"{len(expected) + 1} records checked" in capsys.readouterr().out
    shown = repository.raw("log", "--notes=audit", "--format=%N", "main").decode()
    assert len([line for line in shown.splitlines() if " change: " in line]) == len(expected)
