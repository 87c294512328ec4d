"""The tools of the tests, held to real gpg, Sequoia and git: a test that uses a wrong tool proves nothing."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2
import pytest

from tests.support import isolation
from tests.support.git import FIRST_COMMIT_AT, GitError, GitRepo
from tests.support.gpg import EXPIRED_KEY_FROM, EXPIRED_KEY_UNTIL, PASSPHRASE, GpgError, GpgHome, GpgKeys
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = b"what is signed\n"


def words(status: Sequence[str]) -> set[str]:
    """Return the first word of each status line."""
    return {line.split(" ")[0] for line in status}


class TestGpg:
    """`tests/support/gpg.py`."""

    def test_signing_key_signs(self, gpg_home: GpgHome, signing_key: str) -> None:
        """The key of `signing_key` signs in the test's GNUPGHOME, and is trusted there."""
        status = gpg_home.verify(DATA, gpg_home.sign(DATA, signing_key))

        assert {"GOODSIG", "TRUST_ULTIMATE"} <= words(status)
        assert os.environ["GNUPGHOME"] == str(gpg_home.path)

    def test_signing_subkey(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """The key with a subkey signs with it."""
        key = gpg_keys.with_subkey
        gpg_home.add(key)

        status = gpg_home.verify(DATA, gpg_home.sign(DATA, key.fingerprint))

        fields = next(line.split(" ") for line in status if line.startswith("VALIDSIG"))
        assert key.subkey is not None
        assert key.subkey != key.fingerprint
        assert (fields[1], fields[-1]) == (key.subkey, key.fingerprint)

    def test_passphrase(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """The key with a passphrase signs with it, and not without it, even right afterwards."""
        key = gpg_keys.with_passphrase
        gpg_home.add(key)

        assert gpg_home.sign(DATA, key.fingerprint, passphrase=PASSPHRASE)
        with pytest.raises(GpgError, match="Bad passphrase"):
            gpg_home.sign(DATA, key.fingerprint, passphrase="wrong")

    def test_expired_key(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """The expired key signs in its day, and not today."""
        key = gpg_keys.expired
        gpg_home.add(key)

        signature = gpg_home.sign(DATA, key.fingerprint, at=EXPIRED_KEY_FROM + 60)

        assert "GOODSIG" in words(gpg_home.verify(DATA, signature, at=EXPIRED_KEY_UNTIL - 60))
        assert "EXPKEYSIG" in words(gpg_home.verify(DATA, signature))
        with pytest.raises(GpgError):
            gpg_home.sign(DATA, key.fingerprint)

    def test_second_key_is_another(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """A home knows only the keys that were added."""
        assert gpg_keys.second.fingerprint not in gpg_home.fingerprints()

        gpg_home.add(gpg_keys.second)

        assert gpg_keys.second.fingerprint in gpg_home.fingerprints()
        assert gpg_keys.plain.fingerprint in gpg_home.fingerprints()

    def test_secret_key_travels(self, gpg_home: GpgHome, signing_key: str) -> None:
        """An exported secret key signs in another home."""
        secret = gpg_home.export_secret(signing_key)

        with isolation.sandbox() as other:
            elsewhere = GpgHome(other.gnupg)
            elsewhere.receive(secret)

            assert elsewhere.sign(DATA, signing_key)

    def test_agent_ends_with_its_sandbox(self) -> None:
        """No gpg-agent and no folder is left when a sandbox closes."""
        with isolation.sandbox() as made:
            home = GpgHome(made.gnupg)
            home.generate("Short-lived <short@example.com>")
            asked = subprocess.run(
                ["gpg-connect-agent", "--homedir", str(made.gnupg), "--no-autostart", "GETINFO pid", "/bye"],
                capture_output=True,
                check=True,
            )
            agent = os.pidfd_open(int(asked.stdout.split()[1]))

        assert not made.gnupg.exists()
        assert select.select([agent], [], [], 20)[0] == [agent]
        os.close(agent)


class TestGit:
    """`tests/support/git.py`."""

    def test_commit_ids_are_the_same_everywhere(self, git_repo: GitRepo) -> None:
        """Two commits have the ids that the first machine made."""
        first = git_repo.commit({"main.tf": b"# one\n"})
        second = git_repo.commit({"main.tf": None, "a/b": b"2"}, "two")

        assert (first, second) == (
            "4cb7dea36e39e7fc981e81ded7d3e470e6dbf068",
            "1f888b62bbcfef0cd875b65b4773d2f14b9715dc",
        )
        assert git_repo.run("log", "-1", "--format=%at %ct") == f"{FIRST_COMMIT_AT + 60} {FIRST_COMMIT_AT + 60}"
        assert git_repo.run("ls-tree", "-r", "--name-only", "HEAD") == "a/b"

    def test_names_may_be_any_bytes(self, git_repo: GitRepo) -> None:
        """A path that is no UTF-8, or looks like a git pattern, is committed as it is."""
        git_repo.commit({b"caf\xe9*.tf": b"1", b":(glob)x": b"2"})

        assert git_repo.raw("ls-tree", "-z", "--name-only", "HEAD") == b":(glob)x\0caf\xe9*.tf\0"

    def test_push_and_clone(self, git_repo: GitRepo, git_remote: GitRepo, tmp_path: Path) -> None:
        """A commit goes to the bare remote and from there into a clone."""
        commit = git_repo.commit({"x": b"y"})
        git_repo.run("push", "--quiet", "origin", "main")

        clone = git_remote.clone(tmp_path / "clone")

        assert git_remote.refs() == {"refs/heads/main": commit}
        assert clone.ref("refs/heads/main") == commit
        assert clone.read("x") == b"y"
        assert clone.ref("refs/heads/other") is None

    def test_objects_go_in_and_out_as_bytes(self, git_repo: GitRepo) -> None:
        """An object nobody checked comes back byte for byte."""
        assert git_repo.raw_object("blob", git_repo.put("blob", b"\0\xff")) == b"\0\xff"

    def test_failure_shows_what_git_said(self, git_repo: GitRepo) -> None:
        """A failing git command raises with git's own words."""
        with pytest.raises(GitError, match="Not a valid object name"):
            git_repo.run("cat-file", "-p", "nothing")

    def test_signed_commit(self, git_repo: GitRepo, signing_key: str) -> None:
        """Git signs with the key of the test's GNUPGHOME."""
        git_repo.commit({}, "signed", f"-S{signing_key}")

        assert git_repo.run("log", "-1", "--format=%G? %GF") == f"G {signing_key}"


class TestIsolation:
    """`tests/support/isolation.py` and `tests/conftest.py`."""

    def test_variables_are_known_ones(self) -> None:
        """A test sees the variables it was given, and none of git, gitaudit, CI or a desktop."""
        given = isolation.environment(isolation.Sandbox(home=Path("/h"), gnupg=Path("/g")), {})

        unknown = [
            name
            for name in os.environ.keys() - given.keys()
            if name not in isolation.KEPT and not name.startswith(isolation.KEPT_PREFIXES)
        ]

        assert unknown == []

    def test_only_what_starts_programs_is_kept(self) -> None:
        """Variables that steer git, gitaudit, gpg or a CI are dropped."""
        before = {"PATH": "/bin", "GIT_DIR": "/x", "GITAUDIT_KEY": "k", "CI": "true", "GPG_TTY": "/dev/tty"}

        after = isolation.environment(isolation.Sandbox(home=Path("/h"), gnupg=Path("/g")), before)

        assert after["PATH"] == "/bin"
        assert not after.keys() & {"GIT_DIR", "GITAUDIT_KEY", "CI", "GPG_TTY"}
        assert after["HOME"] == "/h"

    @pytest.mark.parametrize("name", isolation.PRIVATE)
    def test_real_home_is_out_of_reach(self, name: str) -> None:
        """Opening or listing a private place of the real home raises, whether it exists or not."""
        for home in isolation.real_homes():
            with pytest.raises(isolation.RealHomeError, match="real home"):
                (home / name).open()
            with pytest.raises(isolation.RealHomeError):
                os.listdir(home / name / "deeper")  # noqa: PTH208 - the call that is guarded

    def test_home_is_a_new_one(self) -> None:
        """HOME is a folder of this test, and not the one at the start."""
        assert Path.home() not in isolation.real_homes()
        assert sorted(path.name for path in Path.home().iterdir()) == [".gitconfig"]

    def test_git_reads_only_its_own_configuration(self, git_repo: GitRepo) -> None:
        """Every setting that git sees comes from the test's home or repository."""
        lines = git_repo.run("config", "--list", "--show-origin").splitlines()

        assert {line.split("\t")[0] for line in lines} == {f"file:{Path.home()}/.gitconfig", "file:.git/config"}

    def test_libgit2_reads_only_its_own_configuration(self, git_repo: GitRepo) -> None:
        """Pygit2 sees the test's global settings, and none of the system or the real home."""
        config = pygit2.Repository(str(git_repo.path)).config

        assert config["user.email"] == "test@example.com"
        names = {entry.name.split(".")[0] for entry in config}
        assert names == {"core", "user", "init", "gc", "maintenance", "commit"}

    def test_gnupg_path_is_short(self) -> None:
        """GNUPGHOME leaves room for the names of gpg's sockets."""
        assert len(os.environ["GNUPGHOME"]) < 40
        assert Path(os.environ["GNUPGHOME"]).stat().st_mode & 0o777 == 0o700


class TestTools:
    """`tests/support/tools.py`."""

    def test_present_tool(self) -> None:
        """A program on PATH is found."""
        assert require_tool("git").endswith("/git")

    def test_missing_tool_is_a_skip(self) -> None:
        """On a newcomer's machine a missing program skips the test and says which."""
        with pytest.raises(pytest.skip.Exception, match="no-such-tool is not on PATH"):
            require_tool("no-such-tool", required=False)

    def test_missing_tool_is_an_error_where_required(self) -> None:
        """Where every tool is promised, a missing program fails the test."""
        with pytest.raises(pytest.fail.Exception, match="no-such-tool is not on PATH"):
            require_tool("no-such-tool", required=True)

    @pytest.mark.slow
    @pytest.mark.parametrize(("value", "outcome"), [("1", "failed"), ("", "skipped")])
    def test_variable_decides(self, tmp_path: Path, value: str, outcome: str) -> None:
        """GITAUDIT_REQUIRE_TOOLS=1 reaches the tests, through the isolation and pytest-xdist."""
        case = "from tests.support.tools import require_tool\n\n\ndef test_x():\n    require_tool('no-such-tool')\n"
        (tmp_path / "test_x.py").write_text(case, encoding="ascii")
        root = Path(__file__).parent.parent

        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n1", "-p", "tests.conftest", "-c", root / "setup.cfg", tmp_path],
            cwd=root,
            env=os.environ | {"GITAUDIT_REQUIRE_TOOLS": value},
            capture_output=True,
            check=False,
            text=True,
        )

        assert f"1 {outcome}" in done.stdout
