"""Amended, rebased, squashed and given-up commits: what was recorded of them is no gap afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.clock import SystemClock
from gitaudit.adapters.hooks import intended, rewritten
from gitaudit.usecases.changes.arrival import REASON, not_arrived
from tests.hooks.clones import LOG, Clone
from tests.hooks.conftest import colleague_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.git import GitRepo


def replaced(clone: Clone) -> list[list[str]]:
    """Return what each change record replaces, oldest first."""
    records = [one["record"] for one in clone.records()]
    return [one["body"].get("replaces", []) for one in records if one["type"] == "change"]


def start_topic(clone: Clone) -> None:
    """Check out a branch that nobody protects."""
    clone.git("switch", "--quiet", "-c", "topic")


def test_amended_commit_replaces_the_first(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """The second record names the first commit, so the log is good where that one never comes."""
    start_topic(clone)
    first = clone.commit()
    clone.push()
    clone.git("commit", "--quiet", "--amend", "-m", "better")
    clone.push("--force", "origin", "topic")

    assert replaced(clone) == [[], [first]]
    colleague_of(clone, remote, tmp_path / "fresh").gitaudit("verify", "--full")


def test_amended_twice_before_the_next_push(clone: Clone) -> None:
    """Only commits that have a record are named; the one between has none."""
    start_topic(clone)
    first = clone.commit()
    clone.push()
    for message in ("better", "best"):
        clone.git("commit", "--quiet", "--amend", "-m", message)
    clone.push("--force", "origin", "topic")

    assert replaced(clone) == [[], [first]]


def test_rebased_and_squashed(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """Two recorded commits that become one on another base are both named by its record."""
    start_topic(clone)
    first, second = clone.commit(), clone.commit("main.tf", "more")
    clone.push()
    clone.git("switch", "--quiet", "main")
    clone.commit("app.py")
    clone.git("switch", "--quiet", "topic")
    clone.git("commit", "--quiet", "--amend", "-m", "fixup! change main.tf")
    done = clone.attempt(
        "git",
        "rebase",
        "--quiet",
        "--interactive",
        "--autosquash",
        "main",
        env={"GIT_EDITOR": "true", "GIT_SEQUENCE_EDITOR": "true"},
    )
    assert done.code == 0, done.said
    clone.push("--force", "origin", "topic")

    assert sorted(replaced(clone)[-1]) == sorted([first, second])
    fresh = colleague_of(clone, remote, tmp_path / "fresh")
    fresh.gitaudit("verify", "--full")


def test_record_change_links_as_well(clone: Clone) -> None:
    """`gitaudit record-change` takes the same notes of this clone."""
    start_topic(clone)
    first = clone.commit()
    clone.gitaudit("record-change", "--quiet")
    clone.git("commit", "--quiet", "--amend", "-m", "better")
    clone.gitaudit("record-change", "--quiet")

    assert replaced(clone) == [[], [first]]


def test_commit_that_was_given_up_is_corrected(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """A refused push whose commit is dropped afterwards: the next push says of the record that it never arrived."""
    hook = remote.path / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ncase $1 in refs/heads/main) exit 1;; esac\n", "ascii")
    hook.chmod(0o755)
    clone.commit()
    clone.push(code=1)
    hook.unlink()
    marked = [one["arrived"] for one in clone.records()]
    clone.git("reset", "--quiet", "--hard", "HEAD~1")
    kept = clone.commit("other.tf")
    clone.push()

    last = clone.records()[-1]["record"]
    assert marked == [False]
    assert (last["type"], last["body"]["reason"]) == ("correction", REASON)
    assert last["body"]["corrects"] == clone.records()[0]["record"]["id"]
    assert [one["arrived"] for one in clone.records()] == [False, True, None]
    assert list(intended.read(clone.path / ".git")) == [kept]
    colleague_of(clone, remote, tmp_path / "fresh").gitaudit("verify", "--full", "--complete")


def test_sync_corrects_and_forgets_what_arrived(clone: Clone) -> None:
    """`gitaudit sync` does the same without a push; what arrived needs nothing."""
    clone.commit()
    clone.push()
    clone.git("switch", "--quiet", "-c", "topic")
    clone.commit("topic.tf")
    clone.gitaudit("record-change", "--quiet")
    clone.gitaudit("sync", "--quiet")
    waiting = len(intended.read(clone.path / ".git"))
    clone.git("switch", "--quiet", "main")
    clone.git("branch", "--quiet", "-D", "topic")
    clone.gitaudit("sync", "--quiet")

    assert waiting == 1
    assert [one["record"]["type"] for one in clone.records()] == ["change", "change", "correction"]
    assert intended.read(clone.path / ".git") == {}


@pytest.mark.parametrize("keep", ["stash", "worktree"])
def test_commit_that_something_here_still_has_is_not_given_up(clone: Clone, tmp_path: Path, keep: str) -> None:
    """A commit that only the stash or another worktree has may still be pushed."""
    clone.commit()
    clone.gitaudit("record-change", "--quiet")
    if keep == "worktree":
        clone.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    else:
        (clone.path / "main.tf").write_text("stashed\n", "ascii")
        clone.git("stash", "--quiet")
    clone.git("reset", "--quiet", "--hard", "HEAD~1")
    clone.gitaudit("sync", "--quiet")

    assert [one["record"]["type"] for one in clone.records()] == ["change"]


@pytest.mark.parametrize("event", ["deletion", "forced-update"])
def test_log_marks_what_the_remote_refused(clone: Clone, remote: GitRepo, event: str) -> None:
    """The branch there still has what it would have lost; once it is gone, the record is true."""
    for name in ("receive.denyDeletes", "receive.denyNonFastForwards"):
        remote.run("config", name, "true")
    remote.run("config", "receive.denyDeleteCurrent", "ignore")
    clone.commit()
    clone.push()
    if event == "deletion":
        push = ("push", "--quiet", "origin", "--delete", "main")
    else:
        clone.git("commit", "--quiet", "--amend", "-m", "other")
        push = ("push", "--quiet", "--force", "origin", "main")
    clone.git(*push, code=1)
    refused = next(one for one in clone.records() if one["record"]["body"].get("event") == event)
    told = clone.gitaudit("status")
    for name in ("receive.denyDeletes", "receive.denyNonFastForwards"):
        remote.run("config", name, "false")

    clone.git(*push)

    again = next(one for one in clone.records() if one["record"]["id"] == refused["record"]["id"])
    assert (refused["arrived"], again["arrived"]) == (False, True)
    assert f"not arrived: commit {refused['record']['subject']['commit']}" in told


def test_log_marks_what_did_not_arrive(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """Here at once; in another clone only after it was fetched to, since the push may be under way."""
    other = colleague_of(clone, remote, tmp_path / "other")
    clone.commit()
    clone.gitaudit("record-change", "--quiet")
    marked = clone.gitaudit("log", "--oneline")
    other.gitaudit("sync", "--quiet")
    unknown = [one["arrived"] for one in other.records()]
    clone.push()

    assert "(not arrived)" in marked.splitlines()[0]
    assert unknown == [None]
    assert [one["arrived"] for one in clone.records()] == [True]
    assert "(not arrived)" not in clone.gitaudit("log")


def test_what_is_due_leaves_out_what_is_explained(clone: Clone) -> None:
    """`not_arrived` yields the records that nothing explains, newest first."""
    from gitaudit.cli.reading.arrivals import Arrivals
    from gitaudit.cli.wiring import Session

    start_topic(clone)
    clone.commit()
    clone.gitaudit("record-change", "--quiet")
    clone.git("commit", "--quiet", "--amend", "-m", "better")
    clone.gitaudit("record-change", "--quiet")
    other = clone.commit("other.tf")
    clone.gitaudit("record-change", "--quiet")
    wrong = clone.commit("wrong.tf")
    clone.gitaudit("record-change", "--quiet")
    clone.gitaudit("correct", "4", "--reason", "it was a trial", "--quiet")
    session = Session(clone.path)
    due = [link.changed for link in not_arrived(session.store, clone.repo.ref(LOG), Arrivals(session).of)]

    assert due == [other, clone.repo.id_of(f"{other}~1")]
    assert wrong not in due


def test_notes_of_rewriting_stay_small(tmp_path: Path) -> None:
    """The older half goes when the file grows too large; what is no pair of object ids is never kept."""
    (tmp_path / "gitaudit").mkdir()
    common = str(tmp_path)
    pairs = b"".join(b"%040x %040x rest\n" % (number, number + 1) for number in range(8_000))
    rewritten.add(common, b"nonsense\n\xff " + b"0" * 40 + b"\n")
    for _ in range(3):
        rewritten.add(common, pairs)
    rewritten.add(common, b"%s %s\n" % (b"a" * 40, b"b" * 40))
    found = rewritten.read(common)

    assert found["b" * 40] == ["a" * 40]
    assert 5_000 < len(found) < 7_000
    assert f"{1:040x}" not in found


def test_without_input_git_is_asked(clone: Clone) -> None:
    """Where pre-commit runs the hook, which passes no input on, the pair of an amend is found all the same."""
    start_topic(clone)
    first = clone.commit()
    clone.gitaudit("record-change", "--quiet")
    (clone.path / ".git/hooks/post-rewrite").unlink()
    clone.git("commit", "--quiet", "--amend", "-m", "better")
    done = clone.attempt("gitaudit", "hook", "post-rewrite", env={"PRE_COMMIT_REWRITE_COMMAND": "amend"})
    assert done.code == 0, done.said
    clone.gitaudit("record-change", "--quiet")

    assert replaced(clone) == [[], [first]]


def test_push_under_way_does_not_make_the_log_bad(
    clone: Clone, remote: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that has not come is a warning, each time it is looked at; a day later it is an error."""
    commit = clone.commit()
    clone.gitaudit("record-change", "--quiet")
    other = colleague_of(clone, remote, tmp_path / "other")
    first = other.gitaudit("verify", "--full")
    again = other.gitaudit("verify")
    clone.commit("more.tf")
    clone.gitaudit("record-change", "--quiet")
    other.gitaudit("sync", "--quiet")
    now = SystemClock().now()
    monkeypatch.setattr(SystemClock, "now", lambda _clock: now + timedelta(days=1, minutes=1))
    late = other.gitaudit("verify", code=1)

    for told in (first, again):
        assert "warning: subject-missing" in told
        assert f"no commit {commit} in this repository so far" in told
        assert "\ngood: " in told
    assert late.count("error: subject-missing") == 2


def test_pushed_at_last_the_commit_counts_as_verified(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """What was checked with a warning is checked again; once the commit is there, the head is remembered."""
    clone.commit()
    clone.gitaudit("record-change", "--quiet")
    other = colleague_of(clone, remote, tmp_path / "other")
    clone.push()
    other.git("pull", "--quiet")
    checked = other.gitaudit("verify")
    remembered = other.gitaudit("verify")

    assert "good: 2 records checked" in checked
    assert "good: 0 records checked, 2 verified before" in remembered
