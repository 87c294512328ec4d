"""Several people and machines with one log, and the policy that says who may sign what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.console import Console, commit_iac, words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.git import GitRepo
    from tests.support.gpg import GpgHome, GpgKeys

LOG = "refs/heads/audit"
DEPLOY = ("record-deploy", "--env", "prod", "--outcome", "succeeded")


@pytest.fixture
def keys(gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo) -> dict[str, str]:
    """Give the fingerprints of three people by role; the owner's key is the usual one in the owner's clone."""
    gpg_home.add(gpg_keys.second)
    gpg_home.add(gpg_keys.with_subkey)
    git_repo.run("config", "user.signingkey", gpg_keys.plain.fingerprint)
    return {
        "owner": gpg_keys.plain.fingerprint,
        "developer": gpg_keys.second.fingerprint,
        "ci": gpg_keys.with_subkey.fingerprint,
    }


def clone_for(audited: Console, remote: GitRepo, path: Path, key: str) -> tuple[Console, GitRepo]:
    """Return the clone of somebody who signs with a key and has joined the log."""
    repo = remote.clone(path)
    repo.run("config", "user.signingkey", key)
    there = audited.at(path)
    there.ok("init")
    return there, repo


def test_developer_pipeline_and_owner_share_a_log(
    audited: Console, git_remote: GitRepo, tmp_path: Path, keys: dict[str, str]
) -> None:
    """Each records from a clone of his own, in turn; all three end with the same log, and it is good for everybody."""
    audited.ok("policy", "add-key", keys["developer"], "--role", "developer", "--name", "dev")
    audited.ok("policy", "add-key", keys["ci"], "--role", "ci", "--name", "pipeline", "--email", "ci@example.com")
    developer, repo = clone_for(audited, git_remote, tmp_path / "developer", keys["developer"])
    pipeline, _ = clone_for(audited, git_remote, tmp_path / "pipeline", keys["ci"])

    commit_iac(repo, b"# by the developer\n")
    developer.ok("record-change")
    repo.run("push", "--quiet", "origin", "HEAD")
    pipeline.ok(*DEPLOY, "--exit-code", "0")
    behind = audited.run("correct", "5", "--reason", "it was staging")
    audited.ok("sync")
    audited.ok("correct", "5", "--reason", "it was staging")

    assert (behind.code, "`gitaudit sync` brings those of others" in words(behind)) == (2, True)
    for console in (audited, developer, pipeline):
        console.ok("sync")
        assert console.head() == git_remote.ref(LOG)
    git_remote.clone(tmp_path / "reader")
    assert "7 records, all good" in audited.at(tmp_path / "reader").ok("init")
    names = [line.rpartition(" by ")[2] for line in audited.ok("log", "--oneline").splitlines()]
    assert names == ["owner", "pipeline", "dev", "owner", "owner", "owner", "owner"]
    assert "ci@example.com" in git_remote.run("log", "--format=%ae", LOG)


@pytest.mark.parametrize(
    ("role", "arguments", "told"),
    [
        ("developer", DEPLOY, "a deploy.finished record of environment prod needs a key that the policy grants it to"),
        ("developer", ("policy", "set", "--env", "x"), "a policy record needs a key that the policy grants it to"),
        ("ci", ("policy", "remove-key", "dev"), "a policy record needs a key that the policy grants it to"),
        ("ci", ("policy", "add-key", "KEY", "--admin"), "a policy record needs a key that the policy grants it to"),
    ],
)
def test_what_a_role_may_not_sign(
    audited: Console, keys: dict[str, str], role: str, arguments: tuple[str, ...], told: str
) -> None:
    """A record outside the signer's role is refused before it is written; the log stays as it was."""
    audited.ok("policy", "add-key", keys["developer"], "--role", "developer", "--name", "dev")
    audited.ok("policy", "add-key", keys["ci"], "--role", "ci")
    head = audited.head()

    ran = audited.run(*(keys[role] if one == "KEY" else one for one in arguments), "--key", keys[role])

    assert (ran.code, ran.out, audited.head()) == (2, "", head)
    assert told in words(ran)
    assert f"{keys[role]} may not sign it" in words(ran)
    assert audited.json("sync", "--dry-run")["records"] == []


def test_key_is_removed(audited: Console, keys: dict[str, str]) -> None:
    """What a removed key signed before stays good; it signs nothing any more."""
    audited.ok("policy", "add-key", keys["ci"], "--role", "ci", "--name", "pipeline")
    audited.ok(*DEPLOY, "--key", keys["ci"])
    audited.ok("policy", "remove-key", "pipeline", "--reason", "the build server is gone")

    ran = audited.run(*DEPLOY, "--key", keys["ci"])

    assert (ran.code, f"{keys['ci']} is not in the policy" in words(ran)) == (2, True)
    assert "good" in audited.ok("verify", "--full")
    assert audited.record(4)["body"]["reason"] == "the build server is gone"


def test_second_admin(audited: Console, keys: dict[str, str]) -> None:
    """Another admin may change the policy, and remove the first one; the last one cannot go."""
    audited.ok("policy", "add-key", keys["developer"], "--role", "developer", "--admin", "--name", "dev")
    audited.ok("policy", "remove-key", keys["owner"][-8:], "--key", keys["developer"])

    ran = audited.run("policy", "remove-key", "dev", "--key", keys["developer"])

    assert ran.code == 2
    assert "expected another admin to remain, found this key to be the last one" in words(ran)
    assert "good" in audited.ok("verify", "--full")


def test_an_admin_who_leaves(audited: Console, git_repo: GitRepo, keys: dict[str, str]) -> None:
    """Takes out the own key, which may then not sign notes any more; the next writer brings them up to date."""
    audited.ok("policy", "add-key", keys["developer"], "--role", "owner", "--admin", "--name", "dev")
    commit_iac(git_repo, b"# noted\n")
    audited.ok("record-change", "HEAD")

    audited.ok("policy", "remove-key", keys["owner"], "--key", keys["owner"])

    assert "good" in audited.ok("verify", "--full")
    refused = audited.run(*DEPLOY, "--key", keys["owner"])
    assert (refused.code, "is not in the policy" in words(refused)) == (2, True)
    audited.ok(*DEPLOY, "--key", keys["developer"])
    audited.ok("notes", "check")
    assert "good" in audited.ok("verify", "--full")


def test_a_policy_change_that_nobody_could_sign_is_not_kept(
    audited: Console, gpg_home: GpgHome, gpg_keys: GpgKeys
) -> None:
    """It was made in view of the policy as it was; what waits with it would be in conflict."""
    gpg_home.add(gpg_keys.second)
    gpg_home.add(gpg_keys.with_passphrase)
    locked = gpg_keys.with_passphrase.fingerprint
    audited.ok("policy", "add-key", locked, "--role", "owner", "--admin", "--key", gpg_keys.plain.fingerprint)
    head = audited.head()

    ran = audited.run("policy", "add-key", gpg_keys.second.fingerprint, "--role", "ci", "--key", locked)

    assert ran.code == 3
    assert "the policy is as it was" in words(ran)
    assert "outbox" not in words(ran)
    audited.ok("sync", "--key", gpg_keys.plain.fingerprint)
    assert audited.head() == head


def test_key_from_a_file(audited: Console, gpg_keys: GpgKeys, tmp_path: Path) -> None:
    """A public key is admitted from a file, also with the line ends of Windows, relative to the folder of -C."""
    (audited.directory / "key.asc").write_bytes(gpg_keys.second.public.replace(b"\n", b"\r\n"))

    audited.ok("policy", "add-key", "key.asc", "--role", "ci")

    assert gpg_keys.second.fingerprint in audited.ok("policy", "show")
    assert "good" in audited.ok("verify", "--full")
    assert tmp_path.exists()


def test_secret_key_is_never_taken(audited: Console, gpg_home: GpgHome, gpg_keys: GpgKeys, git_repo: GitRepo) -> None:
    """A file with a secret key is refused, and not a byte of it comes into the repository."""
    gpg_home.add(gpg_keys.second)
    secret = gpg_home.export_secret(gpg_keys.second.fingerprint)
    path = git_repo.path.parent / "secret.asc"
    path.write_bytes(secret)
    objects = git_repo.run("count-objects", "-v")

    ran = audited.run("policy", "add-key", str(path), "--role", "ci", "--key", gpg_keys.plain.fingerprint)

    assert (ran.code, ran.out) == (2, "")
    assert "public key" in words(ran)
    assert git_repo.run("count-objects", "-v") == objects
    assert audited.json("sync", "--dry-run")["records"] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["add-key", "KEY"],
            "expected a role for the key, found none gitaudit: hint: give --role, one of: owner, developer,",
        ),
        (["add-key", "KEY", "--role", "wizard"], "expected a role of the policy, found 'wizard'"),
        (["add-key", "KEY", "--role", "ci", "--name", "a\tb"], "expected --name of at most 64 letters"),
        (["add-key", "nobody@example.com", "--role", "ci"], "nobody@example.com"),
        (["add-key", ".gitaudit.yml", "--role", "ci"], "public key"),
        (["remove-key", "nobody"], "expected 'nobody' to name one key of the policy, found 0"),
        (["remove-key", ""], "expected '' to name one key of the policy, found 0"),
        (["remove-key", "owner"], "expected another admin to remain"),
        (["set"], "expected a change of the policy, found none"),
        (["set", "--env", "prod", "--env", "staging"], "expected a change of the policy, found none"),
        (["set", "--env", "a b"], "expected --env as a name such as prod"),
        (["set", "--iac", "*.{tf,hcl}", "--iac", "[a]"], "expected a path pattern without character classes"),
        (["set", "--protect", "a b"], "policy.yml: expected"),
    ],
)
def test_policy_that_cannot_be(audited: Console, gpg_keys: GpgKeys, arguments: list[str], told: str) -> None:
    """Exit code 2 with what was expected; the policy in force stays."""
    (audited.directory / "other.asc").write_bytes(gpg_keys.second.public)
    head = audited.head()

    ran = audited.run("policy", *("other.asc" if one == "KEY" else one for one in arguments))

    assert (ran.code in {2, 3}, ran.out, audited.head()) == (True, "", head)
    assert told in words(ran)


def test_lists_are_replaced(audited: Console) -> None:
    """`policy set` replaces the lists that are given, all of each, and keeps the rest."""
    audited.ok(
        "policy", "set", "--env", "prod", "--env", "moon", "--protect", "main", "--protect", "refs/heads/release"
    )

    policy = audited.json("policy", "show")["policy"]
    assert [one["name"] for one in policy["environments"]] == ["prod", "moon"]
    assert policy["protected_refs"] == ["refs/heads/main", "refs/heads/release"]
    assert "*.tf" in policy["iac"]
    assert "environments: prod, moon" in audited.ok("policy", "show")
    assert audited.run("record-deploy", "--env", "moon", "--outcome", "failed").code == 0
