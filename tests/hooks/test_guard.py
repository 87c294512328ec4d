"""The guard: the local log only grows, and `git gc` still works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hooks.clones import LOG, Clone
from tests.hooks.conftest import colleague_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.git import GitRepo

ATTACKS = {
    "rewind": ("update-ref", LOG, f"{LOG}~1"),
    "another branch": ("branch", "--force", "audit", "main"),
    "delete": ("branch", "-D", "audit"),
    "delete with the old value": ("update-ref", "-d", LOG, LOG),
    "rename": ("branch", "-M", "audit", "other"),
    "forced fetch": ("fetch", "origin", "+main:refs/heads/audit"),
}
KEPT = {"loose": ("version",), "packed": ("pack-refs", "--all"), "packed and loose": ("gc", "--quiet", "--prune=now")}


@pytest.fixture
def guarded(clone: Clone) -> Clone:
    """Give a clone with the guard and a record beside genesis."""
    clone.commit()
    clone.push()
    clone.install("--guard")
    return clone


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("attack", ATTACKS)
def test_log_is_not_moved_back(guarded: Clone, attack: str, kept: str) -> None:
    """Whatever would take records out of the local log is refused, however the ref is stored."""
    guarded.git(*KEPT[kept])
    before = guarded.repo.ref(LOG)
    command = [before if word == LOG and at == 3 else word for at, word in enumerate(ATTACKS[attack])]
    done = guarded.attempt("git", *(str(word) for word in command))

    assert done.code != 0
    assert guarded.repo.ref(LOG) == before
    assert "only to grow" in done.said
    assert "gitaudit hooks uninstall" in done.said


def test_housekeeping_and_growth_go_on(guarded: Clone) -> None:
    """`git gc`, packing, new records, and everything about other branches work as before."""
    for command in (("gc", "--quiet", "--prune=now"), ("pack-refs", "--all", "--prune"), ("gc", "--quiet")):
        guarded.git(*command)
    guarded.commit("more.tf")
    guarded.push()
    guarded.git("gc", "--quiet", "--prune=now")
    guarded.git("branch", "topic")
    guarded.git("branch", "-f", "topic", "HEAD~1")
    guarded.git("branch", "-D", "topic")

    assert len(guarded.changes()) == 2
    guarded.gitaudit("verify")


def test_gitaudit_links_unpublished_records_anew(guarded: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """A lost race moves unpublished records on top of the others', which git alone may not do."""
    other = colleague_of(guarded, remote, tmp_path / "other")
    guarded.commit("mine.tf")
    guarded.gitaudit("record-change", "--no-push", "--quiet")
    other.commit("theirs.tf")
    other.push("origin", "HEAD:refs/heads/theirs")
    guarded.gitaudit("sync", "--quiet")

    assert len(guarded.changes()) == 3
    assert guarded.repo.ref(LOG) == remote.ref(LOG)


def test_other_name_for_the_log(clone: Clone) -> None:
    """The guard looks at the ref that the log has."""
    stub = (clone.path / ".git/hooks/pre-push").with_name("reference-transaction")
    clone.install("--guard")

    assert "\nlog=refs/heads/audit\n" in stub.read_text("utf-8")
    assert clone.gitaudit("hooks", "status").count(": runs, ") == 3
