"""Keys that do not sign, disks that are full, repositories that may not be written, pins that are not right."""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli.console import Console, commit_iac, program, script, snapshot, words
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gpg import GpgHome, GpgKeys

LOG = "refs/heads/audit"
DEPLOY = ("record-deploy", "--env", "prod", "--outcome", "succeeded")
WRITING = ((*DEPLOY,), ("record-change", "main"), ("correct", "1", "--reason", "x"), ("policy", "set", "--env", "y"))


def outbox(console: Console) -> list[str]:
    """Return the names of the records that wait in a clone."""
    folder = console.directory / ".git" / "gitaudit" / "outbox"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("arguments", [("init",), *WRITING], ids=lambda words: words[0])
def test_no_key(reader: Console, git_repo: GitRepo, arguments: tuple[str, ...]) -> None:
    """Without a secret key nothing is written, and the message says how to get or name one; exit code 3."""
    if arguments == ("init",):
        reader = reader.at(GitRepo.init(git_repo.path.parent / "fresh").path)
    elif arguments[0] == "record-change":
        git_repo.commit({"two.tf": b"# two\n"})
    before = snapshot(reader.directory)

    ran = reader.run(*arguments)

    assert (ran.code, ran.out, snapshot(reader.directory)) == (3, "", before)
    assert "expected a secret key to sign with, found none in the keyring" in words(ran)
    assert "gpg --quick-gen-key" in words(ran)


def test_no_key_is_needed_to_read(reader: Console) -> None:
    """Whoever has no key reads and verifies all the same."""
    for arguments in (("log",), ("show", "1"), ("verify",), ("policy", "show"), ("notes", "check"), ("init",)):
        assert reader.run(*arguments).code == 0, arguments


def test_key_that_the_log_does_not_admit(audited: Console, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """A record that its signer may not make is refused before it is written, with what an admin can do."""
    gpg_home.add(gpg_keys.second)
    head = audited.head()

    ran = audited.run(*DEPLOY, "--key", gpg_keys.second.fingerprint)

    assert (ran.code, ran.out, audited.head(), outbox(audited)) == (2, "", head, [])
    assert f"{gpg_keys.second.fingerprint} is not in the policy" in words(ran)
    assert "gitaudit policy add-key" in words(ran)


def test_several_keys(audited: Console, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo) -> None:
    """Which key is meant must be said once there are several."""
    gpg_home.add(gpg_keys.second)

    assert "found 2: " in words(audited.run(*DEPLOY))
    git_repo.run("config", "user.signingkey", gpg_keys.plain.fingerprint)
    assert audited.run(*DEPLOY).code == 0


def test_expired_key(audited: Console, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """An expired key is told as that, with how to extend it."""
    gpg_home.add(gpg_keys.expired)
    before = snapshot(audited.directory)

    ran = audited.run(*DEPLOY, "--key", gpg_keys.expired.fingerprint)

    assert (ran.code, snapshot(audited.directory)) == (3, before)
    assert f"the key {gpg_keys.expired.fingerprint} has expired" in words(ran)
    assert "--quick-set-expire" in words(ran)


def test_ssh_signatures_are_not_for_the_log(audited: Console, git_repo: GitRepo, gpg_keys: GpgKeys) -> None:
    """Who signs commits with ssh must name an OpenPGP key for the log; then it works."""
    git_repo.run("config", "gpg.format", "ssh")

    assert "expected an OpenPGP key to sign with, found gpg.format to be another" in words(audited.run(*DEPLOY))
    git_repo.run("config", "gitaudit.key", gpg_keys.plain.fingerprint)
    assert audited.run(*DEPLOY).code == 0


def test_agent_that_does_not_run(audited: Console, gpg_home: GpgHome) -> None:
    """Without an agent, the record waits in this clone and goes out with the next command."""
    gpg_home.stop()
    conf = gpg_home.path / "gpg.conf"
    conf.write_text("no-autostart\n", "ascii")
    head = audited.head()

    ran = audited.run(*DEPLOY)

    assert (ran.code, ran.out, audited.head()) == (3, "", head)
    assert "gitaudit: hint: " in ran.err
    conf.unlink()
    audited.ok("sync")
    assert audited.run(*DEPLOY).code == 0
    assert outbox(audited) == []


def test_locked_key(audited: Console, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo) -> None:
    """A key that needs a passphrase says how to give it, and signs when a file has it."""
    from tests.support.gpg import PASSPHRASE

    gpg_home.add(gpg_keys.with_passphrase)
    key = gpg_keys.with_passphrase.fingerprint
    audited.ok("policy", "add-key", key, "--role", "ci", "--key", gpg_keys.plain.fingerprint)
    git_repo.run("config", "gitaudit.key", key)

    ran = audited.run(*DEPLOY)
    secret = git_repo.path.parent / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n", "ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITAUDIT_PASSPHRASE_FILE", str(secret))
        done = audited.run("sync")

    assert (ran.code, done.code, outbox(audited)) == (3, 0, [])
    assert "GITAUDIT_PASSPHRASE_FILE" in words(ran)
    assert audited.record(3)["recorded_by"] == f"openpgp:{key}"


@pytest.mark.parametrize("limit", [0, 1, 200, 600, 900], ids=lambda limit: f"{limit} bytes")
def test_files_that_cannot_grow(audited: Console, limit: int) -> None:
    """A limit on the size of files is met like a full disk: exit code 3, the log as it was, and it mends itself."""
    head, before = audited.head(), GitRepo(audited.directory).refs()

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ran = subprocess.run(
        [script(), *DEPLOY],
        cwd=audited.directory,
        capture_output=True,
        preexec_fn=limited,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (3, b"")
    assert b"Traceback" not in ran.stderr
    assert GitRepo(audited.directory).refs() == before
    assert "good" in audited.ok("verify", "--full")
    audited.ok(*DEPLOY)
    assert GitRepo(audited.directory).run("rev-list", "--count", f"{head}..{LOG}") in {"1", "2"}
    assert outbox(audited) == []


@contextmanager
def mounted(place: Path, *arguments: str) -> Iterator[None]:
    """Mount something at a place, or skip the test where that is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    done = subprocess.run(["mount", *arguments, str(place)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("this machine does not let root mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], capture_output=True, check=True)


@pytest.mark.parametrize("free", [0, 4, 16, 48], ids=lambda free: f"{free} KiB free")
def test_full_disk(audited: Console, tmp_path: Path, free: int) -> None:
    """With the disk full at any point, the log is as it was or has the record whole, and the next command mends it."""
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        subprocess.run(["cp", "-a", str(audited.directory), str(place / "repo")], check=True)
        there = audited.at(place / "repo")
        ballast = place / "ballast"
        _fill(ballast, free * 1024)

        ran = there.run(*DEPLOY)

        assert ran.code == 3, ran
        assert "check free space" in words(ran)
        ballast.unlink()
        assert "good" in there.ok("verify", "--full")
        there.ok("sync")
        there.ok(*DEPLOY)
        assert "good" in there.ok("verify", "--full")
        assert outbox(there) == []


def _fill(path: Path, leave: int) -> None:
    """Write a file until the disk has no more room than `leave` bytes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(descriptor, b"\0" * 4096):
            pass
    except OSError:
        os.truncate(descriptor, max(0, path.stat().st_size - leave))
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("arguments", [("init",), *WRITING], ids=lambda words: words[0])
def test_read_only_repository(audited: Console, git_repo: GitRepo, arguments: tuple[str, ...]) -> None:
    """Where nothing can be written, reading works and writing is exit code 3 with the path."""
    git_repo.commit({"two.tf": b"# two\n"})
    if arguments == ("init",):
        (git_repo.path / ".git" / "gitaudit" / "memory.json").unlink()
        git_repo.run("update-ref", "-d", LOG)
    place = git_repo.path
    with mounted(place, "--bind", str(place)):
        done = subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], capture_output=True, check=False)
        assert done.returncode == 0
        before = snapshot(place)

        ran = audited.run(*arguments)

        assert (ran.code, ran.out) == (3, "")
        assert "Read-only file system" in words(ran)
        assert snapshot(place) == before
        if arguments != ("init",):
            assert [audited.run(*one).code for one in (("log",), ("show", "1"), ("policy", "show"))] == [0, 0, 0]


def test_verify_in_a_read_only_repository(reader: Console, git_repo: GitRepo) -> None:
    """Verifying reads, so it works where nothing can be remembered; a good log is not called anything else."""
    place = git_repo.path
    with mounted(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], capture_output=True, check=True)

        ran = reader.run("verify")

    assert (ran.code, ran.out[:26]) == (0, "good: 2 records checked, h")
    assert "cannot be remembered" in words(ran)


def test_temporary_folder_that_is_missing(audited: Console) -> None:
    """A second opinion needs a folder for its keyring; where there is none, that is exit code 3 or works elsewhere."""
    ran = program("verify", "--engine", "gpg", cwd=audited.directory, env={"TMPDIR": "/nowhere"})

    assert ran.returncode == 0


BAD_PINS = {
    "empty": b"",
    "no mapping": b"- a\n",
    "no YAML": b"a: [\n",
    "not UTF-8": b"a: \xff\n",
    "alias bomb": b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    "tag": b"format: !!python/object/apply:os.system ['touch owned']\n",
    "twice the same key": b"format: gitaudit.config/1\nformat: gitaudit.config/1\n",
    "another format": b"format: gitaudit.config/9\n",
    "huge": b"# " + b"x" * 70_000 + b"\n",
    "deep": b"a: " + b"[" * 5_000 + b"]" * 5_000 + b"\n",
    "control characters": b'origin: "\\e[31m"\n',
    "origin with credentials": b"format: gitaudit.config/1\nlog: refs/heads/audit\norigin: u:p@x\ngenesis: {}\n",
}


@pytest.mark.parametrize("content", BAD_PINS.values(), ids=BAD_PINS.keys())
def test_pin_that_cannot_be_read(audited: Console, git_repo: GitRepo, content: bytes) -> None:
    """A broken or hostile .gitaudit.yml is exit code 2 for reading and writing alike, and nothing is written."""
    (git_repo.path / ".gitaudit.yml").write_bytes(content)
    before = snapshot(git_repo.path)

    for arguments in (("log",), ("verify",), ("init",), (*DEPLOY,)):
        ran = audited.run(*arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
        assert "gitaudit: error: .gitaudit.yml: expected" in ran.err
        assert "gitaudit: hint: " in ran.err
        assert "\x1b" not in ran.err
    assert snapshot(git_repo.path) == before


def test_pin_of_another_log(audited: Console, git_repo: GitRepo) -> None:
    """A .gitaudit.yml that pins another log than the one joined stops everything: exit code 1, both are told."""
    path = git_repo.path / ".gitaudit.yml"
    pinned = str(audited.head())
    path.write_text(path.read_text("utf-8").replace(git_repo.id_of(f"{LOG}~1"), pinned), "utf-8")
    before = snapshot(git_repo.path)

    for arguments in (("log",), ("init",), (*DEPLOY,), ("sync",)):
        ran = audited.run(*arguments)
        assert (ran.code, ran.out) == (1, ""), arguments
        assert f"found example.com/infra with genesis {pinned}" in words(ran)
    assert audited.run("verify").code == 1
    assert snapshot(git_repo.path) == before


@pytest.mark.parametrize("target", ["/etc/passwd", "pin.yml", "nowhere", "/dev/zero"])
def test_pin_that_is_a_symbolic_link(audited: Console, git_repo: GitRepo, target: str) -> None:
    """A symbolic link is not followed: the file of the commit counts, and init replaces the link, not its target."""
    path = git_repo.path / ".gitaudit.yml"
    content = path.read_bytes()
    (git_repo.path / "pin.yml").write_bytes(b"not: this\n")
    path.unlink()
    path.symlink_to(target)

    assert audited.run("log").code == 0
    assert git_repo.read(".gitaudit.yml") == content
    git_repo.run("rm", "-q", "--cached", ".gitaudit.yml")
    git_repo.run("commit", "-q", "-m", "gone")
    assert audited.run("init").code == 0
    assert (path.is_symlink(), path.read_bytes()) == (False, content)
    assert (git_repo.path / "pin.yml").read_bytes() == b"not: this\n"


def test_link_committed_as_pin(audited: Console, git_repo: GitRepo) -> None:
    """A link that is committed as .gitaudit.yml is no pin."""
    path = git_repo.path / ".gitaudit.yml"
    path.unlink()
    path.symlink_to("x: y")
    git_repo.run("add", ".gitaudit.yml")
    git_repo.run("commit", "-q", "-m", "link")
    path.unlink()

    assert audited.run("log").code in {0, 2}


@pytest.mark.parametrize("content", [b"", b"x", b"0" * 64 + b"\n{}\n"], ids=["empty", "short", "another digest"])
def test_damaged_memory(audited: Console, git_repo: GitRepo, content: bytes) -> None:
    """A damaged memory is no reason to call the log bad, nor to trust it: exit code 3 and what to do."""
    (git_repo.path / ".git" / "gitaudit" / "memory.json").write_bytes(content)

    for arguments in (("log",), ("verify",), (*DEPLOY,)):
        ran = audited.run(*arguments)
        assert (ran.code, ran.out) == (3, "")
        assert "memory.json is damaged" in words(ran)


def test_second_worktree_file_is_not_touched_by_recording(audited: Console, git_repo: GitRepo) -> None:
    """Recording changes neither work tree nor index nor the branch that is checked out."""
    commit_iac(git_repo, b"# changed\n")
    (git_repo.path / "main.tf").write_bytes(b"# not committed\n")
    index = (git_repo.path / ".git" / "index").read_bytes()

    audited.ok("record-change")
    audited.ok(*DEPLOY)

    assert git_repo.run("status", "--porcelain").strip() == "M main.tf"
    assert (git_repo.path / ".git" / "index").read_bytes()[:4] == index[:4]
    assert audited.record(3)["body"]["dirty"] is True
