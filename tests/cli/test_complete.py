"""`gitaudit verify --complete`: which commits need a record, and which dates are believed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.cli.console import TERRAFORM, Console, words

if TYPE_CHECKING:
    from tests.support.git import GitRepo

LONG_AGO = 1_600_000_000


def missing(console: Console, *options: str) -> list[str]:
    """Return the commits that are told to lack a record."""
    ran = console.run("verify", "--complete", *options, "--json")
    assert ran.code in {0, 1}, ran
    return [one["commit"] for one in ran.document["findings"] if one["rule"] == "incomplete"]


def test_commits_from_before_the_log_need_no_record(console: Console, git_repo: GitRepo) -> None:
    """The log speaks from its beginning on: an old history needs no records."""
    git_repo.commit({"old.tf": TERRAFORM}, at=LONG_AGO)
    console.ok("init")
    assert missing(console) == []

    later = git_repo.commit({"new.tf": TERRAFORM}, at=int(time.time()))

    assert missing(console) == [later]


def test_backdated_commit_is_asked_for(console: Console, git_repo: GitRepo) -> None:
    """A commit that claims to be older than the log, on top of one that is not, needs a record all the same."""
    git_repo.commit({"old.tf": TERRAFORM}, at=LONG_AGO)
    console.ok("init")
    git_repo.commit({"note.md": b"x\n"}, at=int(time.time()))

    backdated = git_repo.commit({"evil.tf": TERRAFORM}, at=LONG_AGO + 60)

    assert missing(console) == [backdated]
    console.ok("record-change", backdated)
    assert missing(console) == []


def test_branches_of_the_policy(audited: Console, git_repo: GitRepo) -> None:
    """Without a name, the protected branches are looked at; other branches only where they are named."""
    git_repo.run("checkout", "--quiet", "-b", "side")
    aside = git_repo.commit({"side.tf": TERRAFORM}, at=int(time.time()))

    assert missing(audited) == []
    assert missing(audited, "side") == [aside]
    assert missing(audited, "HEAD") == [aside]


def test_branch_that_this_clone_lacks(audited: Console) -> None:
    """Where no protected branch is there, completeness cannot be told: exit code 3; a name that is none is code 2."""
    audited.ok("policy", "set", "--protect", "release")

    ran = audited.run("verify", "--complete")

    assert (ran.code, ran.out) == (3, "")
    assert "expected a protected branch in this clone, found none of: refs/heads/release" in words(ran)
    assert audited.run("verify", "--complete", "nowhere").code == 2


def test_text_says_that_it_was_looked_for(audited: Console, git_repo: GitRepo) -> None:
    """The verdict names the branches; a finding names commit and what was expected."""
    assert "complete: no IaC commit of refs/heads/main lacks a record or a waiver" in audited.ok("verify", "--complete")
    oid = git_repo.commit({"two.tf": TERRAFORM}, at=int(time.time()))

    ran = audited.run("verify", "--complete")

    assert ran.code == 1
    assert f"error: incomplete: commit {oid} changes infrastructure as code and has no change record" in ran.out
    assert "expected  a change record, or a waiver that lists it" in ran.out
    assert "complete: " not in ran.out.replace("incomplete: ", "")


def test_protected_branches_below_a_name(audited: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """`refs/heads/release/*` is every branch below, here and as last seen on the remote."""
    audited.ok("policy", "set", "--protect", "main", "--protect", "release/*")
    git_repo.run("switch", "--quiet", "-c", "release/1")
    here = git_repo.commit({"one.tf": TERRAFORM}, at=int(time.time()))
    git_repo.run("switch", "--quiet", "-c", "release/2", "main")
    there = git_repo.commit({"two.tf": TERRAFORM}, at=int(time.time()))
    git_repo.run("push", "--quiet", "origin", "release/2")
    git_repo.run("switch", "--quiet", "main")
    git_repo.run("branch", "--quiet", "-D", "release/2")

    assert git_remote.ref("refs/heads/release/2") == there
    assert sorted(missing(audited)) == sorted([here, there])
