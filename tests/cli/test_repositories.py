"""Repositories of every kind, and what stands in a log's way: a clear message, the exit code, nothing half done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.console import TERRAFORM, Console, Ran, commit_iac, snapshot, words
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

LOG, NOTES = "refs/heads/audit", "refs/notes/audit"
DEPLOY = ("record-deploy", "--env", "prod", "--outcome", "succeeded")
WRITING = (("init",), ("record-change",), DEPLOY, ("sync",), ("notes", "rebuild"), ("policy", "set", "--env", "x"))
READING = (("log",), ("show", "1"), ("verify",), ("policy", "show"), ("notes", "check"))


def refused(console: Console, *arguments: str) -> Ran:
    """Run a command that is to leave everything as it is, and return how it ended."""
    before = snapshot(console.directory)
    ran = console.run(*arguments)
    assert (ran.out, snapshot(console.directory)) == ("", before), arguments
    return ran


@pytest.mark.parametrize("arguments", [*READING, *WRITING], ids=lambda words: " ".join(words[:2]))
def test_no_repository(capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Outside of a repository every command says so, with the folder; exit code 3."""
    ran = Console(capsys, tmp_path).run(*arguments)

    assert (ran.code, ran.out, list(tmp_path.iterdir())) == (3, "", [])
    assert f"expected a Git repository at {tmp_path}, found none" in words(ran)


def test_complete_of_what_is_checked_out(audited: Console, git_remote: GitRepo, tmp_path: Path) -> None:
    """HEAD is what is checked out, in a clone too, where git keeps a symbolic ref of that name for the remote."""
    clone = git_remote.clone(tmp_path / "clone", "--no-tags")
    there = audited.at(clone.path)
    there.ok("init")

    assert clone.ref("refs/remotes/origin/HEAD") is not None
    assert there.run("verify", "--complete", "HEAD").code == 0
    clone.commit({"two.tf": b"# two\n"})
    assert there.run("verify", "--complete", "HEAD").code == 1


def test_folder_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """-C with a folder that does not exist is told in the same way."""
    assert Console(capsys, tmp_path / "nowhere").run("log").code == 3


def test_bare_repository(reader: Console, git_remote: GitRepo) -> None:
    """A bare repository has nowhere to put .gitaudit.yml, but its log can be read and verified."""
    bare = reader.at(git_remote.path)

    assert "expected a working tree to put .gitaudit.yml into, found a bare repository" in words(refused(bare, "init"))
    assert bare.run("init").code == 3
    assert bare.ok("log", "--oneline").count("\n") == 2
    assert "unpublished" not in bare.ok("log")
    assert "good: 2 records checked" in bare.ok("verify")


def test_detached_head(audited: Console, git_repo: GitRepo) -> None:
    """A deployment from a detached HEAD, as CI systems have it, is recorded without a branch."""
    git_repo.run("checkout", "--quiet", "--detach")

    audited.ok(*DEPLOY)

    subject = audited.record(2)["subject"]
    assert "ref" not in subject
    assert subject["commit"] == git_repo.id_of("HEAD")


def test_repository_without_a_commit(console: Console, git_repo: GitRepo) -> None:
    """A log can begin before the first commit; there is nothing to record yet, and that is told."""
    console.ok("init")

    for arguments in (("record-change",), (*DEPLOY,)):
        ran = refused(console, *arguments)
        assert (ran.code, "HEAD has no commit yet" in words(ran)) == (2, True)
    assert "genesis of localhost/repo" in console.ok("log")
    assert console.run("verify").code == 0
    commit = commit_iac(git_repo)
    git_repo.run("checkout", "--quiet", "--orphan", "other")
    assert console.run(*DEPLOY, "--commit", commit).code == 0


def test_shallow_clone_with_a_whole_log(reader: Console, git_remote: GitRepo, tmp_path: Path) -> None:
    """A shallow clone whose log was fetched whole is verified; commits that it lacks are counted, not blamed."""
    shallow = git_remote.clone(tmp_path / "shallow", "--depth=1")
    shallow.run("fetch", "--quiet", "--depth=100", "origin", "audit:audit")
    there = reader.at(shallow.path)

    assert "good: 2 records checked" in there.ok("verify")
    assert there.ok("log", "--oneline").count("\n") == 2


def test_shallow_clone_with_a_log_that_is_cut(reader: Console, git_remote: GitRepo, tmp_path: Path) -> None:
    """Where the log itself is cut, nothing can be said of it: exit code 3, and what to fetch."""
    clone = git_remote.clone(tmp_path / "shallow", "--depth=1", "--no-single-branch")
    there = reader.at(clone.path)

    for arguments in (("verify",), ("show", "0"), ("init",)):
        ran = there.run(*arguments)
        assert (ran.code, ran.out) == (3, "")
        assert "this clone is shallow gitaudit: hint: bring the rest with: git fetch --unshallow" in words(ran)
    assert clone.ref(LOG) is None


def test_linked_worktree(audited: Console, git_repo: GitRepo, tmp_path: Path) -> None:
    """A linked worktree shares log, memory and outbox with its repository; its own branch is what is recorded."""
    git_repo.run("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    there = audited.at(tmp_path / "side")
    GitRepo(tmp_path / "side").commit({"side.tf": TERRAFORM})

    there.ok("record-change")

    assert there.record(2)["subject"]["ref"] == "refs/heads/side"
    assert audited.ok("log", "--oneline") == there.ok("log", "--oneline")
    assert "this clone has the log" in there.ok("init")


def test_submodule(audited: Console, git_remote: GitRepo, tmp_path: Path) -> None:
    """A submodule has a log of its own, apart from that of the repository around it."""
    around = GitRepo.init(tmp_path / "around")
    around.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", git_remote.url, "sub")
    there = audited.at(around.path / "sub")

    there.ok("init")
    there.ok(*DEPLOY)

    assert "good" in there.ok("verify")
    assert git_remote.ref(LOG) == there.head()
    assert audited.at(around.path).run("log").code == 3


@pytest.mark.parametrize("arguments", [*READING, *WRITING], ids=lambda words: " ".join(words[:2]))
def test_sha256_repository(capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A repository with SHA-256 ids is refused with what to use instead."""
    console = Console(capsys, GitRepo.init(tmp_path / "repo", "--object-format=sha256").path)

    ran = refused(console, *arguments)

    assert (ran.code, "the repository uses SHA-256 object ids" in words(ran)) == (3, True)
    assert "git init --object-format=sha1" in words(ran)


@pytest.mark.parametrize("arguments", [*READING, *WRITING], ids=lambda words: " ".join(words[:2]))
def test_reftable_repository(reader: Console, git_repo: GitRepo, arguments: tuple[str, ...]) -> None:
    """A repository that keeps its refs as reftable is refused with how to convert it."""
    config = git_repo.path / ".git" / "config"
    text = config.read_text("utf-8").replace("repositoryformatversion = 0", "repositoryformatversion = 1")
    config.write_text(f"{text}[extensions]\n\trefStorage = reftable\n", "utf-8")
    files = {path: path.read_bytes() for path in git_repo.path.rglob("*") if path.is_file()}

    ran = reader.run(*arguments)

    assert (ran.code, ran.out) == (3, "")
    assert "as reftable, which gitaudit cannot read yet gitaudit: hint: convert it with: git refs migrate" in words(ran)
    assert {path: path.read_bytes() for path in git_repo.path.rglob("*") if path.is_file()} == files


def test_remote_that_is_gone(audited: Console, git_remote: GitRepo) -> None:
    """Without its remote a clone keeps what it records, says so, and publishes it when the remote is back."""
    away = git_remote.path.rename(git_remote.path.with_name("away.git"))

    kept = audited.run(*DEPLOY)
    synced = audited.run("sync")

    assert (kept.code, synced.code) == (3, 3)
    assert kept.out.startswith("kept as unpublished #2 deploy prod: succeeded")
    assert "cannot reach the remote origin" in words(kept)
    assert "(unpublished)" in audited.ok("log", "--oneline")
    assert "good" in audited.ok("verify")
    assert audited.run("verify", "--remote", "origin").code == 3
    away.rename(git_remote.path)
    assert audited.json("sync")["unpublished"] == 0
    assert git_remote.ref(LOG) == audited.head()


def test_remote_that_was_rewound(audited: Console, git_remote: GitRepo) -> None:
    """A log that went backwards on the remote is bad: verify --remote tells both heads, and writing stops."""
    audited.ok(*DEPLOY)
    head = audited.head()
    git_remote.run("update-ref", LOG, f"{LOG}~1")

    found = audited.run("verify", "--remote", "origin", "--json")
    writing = audited.run(*DEPLOY)

    assert (found.code, found.document["findings"][-1]["rule"]) == (1, "remote-log")
    assert str(head) in found.document["findings"][-1]["message"]
    assert str(git_remote.ref(LOG)) in found.document["findings"][-1]["message"]
    assert (writing.code, audited.head()) == (1, head)


def test_several_remotes(audited: Console, git_repo: GitRepo) -> None:
    """Reading does not ask which of several remotes is meant; writing does."""
    git_repo.run("remote", "rename", "origin", "first")
    git_repo.run("remote", "add", "second", "file:///nowhere")

    for arguments in (("log",), ("show", "1"), ("verify",), ("policy", "show")):
        assert audited.run(*arguments).code == 0
    ran = refused(audited, *DEPLOY)
    assert (ran.code, "expected to know which remote has the log, found 2: first, second" in words(ran)) == (2, True)
    assert audited.run(*DEPLOY, "--remote", "first").code == 0
    git_repo.run("config", "gitaudit.remote", "first")
    assert audited.run(*DEPLOY).code == 0


def test_file_and_tag_named_audit(audited: Console, git_repo: GitRepo) -> None:
    """A file, a folder, a tag and a note named audit confuse nobody: the log is named in full."""
    git_repo.commit({"audit": b"x\n", "refs/heads/audit": b"y\n"})
    git_repo.run("tag", "audit")
    git_repo.run("tag", "heads/audit")

    audited.ok(*DEPLOY)

    assert "good" in audited.ok("verify", "--full")
    assert audited.ok("log", "--oneline").count("\n") == 3
    assert audited.run("init").code == 0


@pytest.mark.parametrize("name", ["refs/heads/audit/x", "refs/notes/audit/x"])
def test_something_below_the_name_of_the_log(
    console: Console, git_repo: GitRepo, git_remote: GitRepo, name: str
) -> None:
    """A branch or note in the way is named before anything is written, and another name helps."""
    git_repo.run("update-ref", name, commit_iac(git_repo))

    ran = refused(console, "init")

    assert (ran.code, git_remote.refs()) == (3, {})
    assert f"expected nothing below {name.removesuffix('/x')}, found {name}" in words(ran)
    assert console.run("init", "--branch", "ledger").code == 0


@pytest.mark.parametrize("place", ["here", "remote"])
def test_foreign_branch_named_audit(console: Console, git_repo: GitRepo, git_remote: GitRepo, place: str) -> None:
    """A branch of that name that is no log is left alone, here and on the remote; another name helps."""
    commit_iac(git_repo)
    (git_repo if place == "here" else git_remote).run("fetch", "--quiet", git_repo.url, f"main:{LOG}")

    ran = console.run("init")

    assert (ran.code, ran.out, (git_repo.path / ".gitaudit.yml").exists()) == (3, "", False)
    assert "has a branch refs/heads/audit that is no audit log" in words(ran)
    assert "--branch" in words(ran)
    assert console.run("init", "--branch", "ledger").code == 0


def test_branch_with_a_log_but_a_symbolic_ref(reader: Console, git_repo: GitRepo) -> None:
    """A symbolic ref in the log's place is not followed."""
    git_repo.run("update-ref", "refs/heads/other", LOG)
    git_repo.run("symbolic-ref", LOG, "refs/heads/other")

    ran = reader.run("log")

    assert (ran.code, ran.out) == (1, "")
    assert "found a symbolic ref" in words(ran)


def test_git_without_identity(audited: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Audit commits name the key, not the user of git, so a machine without user.name records as well."""
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(empty))

    assert audited.run(*DEPLOY).code == 0
