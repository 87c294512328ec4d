"""What a push is recorded as, for every kind of push that git has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hooks.clones import LOG, Clone
from tests.hooks.conftest import colleague_of
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gpg import GpgKeys

MAIN = "refs/heads/main"


def test_update_is_recorded_before_it_arrives(clone: Clone, remote: GitRepo) -> None:
    """A commit of an IaC file has its record on the remote, with the ref it is for; so have all of one push."""
    first, second = clone.commit(), clone.commit("live/net/vpc.tf")
    said = clone.push()

    assert clone.changes() == [("commit", MAIN, first), ("commit", MAIN, second)]
    assert "recorded 2 changes" in said
    assert remote.ref(LOG) == clone.repo.ref(LOG)
    assert remote.ref(MAIN) == second
    clone.gitaudit("verify", "--full", "--complete")


def test_application_files_add_nothing(clone: Clone) -> None:
    """A push without an IaC file says nothing and moves no ref of the log."""
    clone.push()
    clone.commit("app.py")
    before = clone.repo.ref(LOG)

    assert "gitaudit" not in clone.push()
    assert clone.repo.ref(LOG) == before


def test_new_branch_leaves_out_what_the_remote_has(clone: Clone) -> None:
    """A branch that is new on the remote brings only the commits that no branch there has."""
    clone.push()
    clone.git("switch", "--quiet", "-c", "topic", "HEAD~1")
    new = clone.commit("topic.tf")
    clone.push()

    assert clone.changes() == [("commit", "refs/heads/topic", new)]


def test_deletion_of_an_unprotected_branch_is_none_of_the_log(clone: Clone) -> None:
    """A branch that nobody protects may go without a record."""
    clone.push("origin", "HEAD:refs/heads/topic")
    clone.push("origin", ":topic")

    assert clone.records() == []


def test_deletion_of_a_protected_branch_is_recorded(clone: Clone, remote: GitRepo) -> None:
    """The record names the ref, and the commit that it was at."""
    remote.run("config", "receive.denyDeleteCurrent", "ignore")
    tip = clone.repo.id_of("HEAD")
    clone.push("origin", ":main")

    assert clone.changes() == [("deletion", MAIN, tip)]
    assert clone.records()[0]["record"]["body"]["pushed_from"] == tip
    clone.gitaudit("verify")


def test_annotated_tag_brings_its_commits(clone: Clone) -> None:
    """A tag object is taken for the commit that it names; a tag of a file is passed over."""
    commit = clone.commit()
    clone.git("tag", "-a", "-m", "one", "v1")
    clone.git("tag", "file", "HEAD:main.tf")
    clone.push("origin", "v1", "file")

    assert clone.changes() == [("commit", "refs/tags/v1", commit)]


def test_several_refs_at_once(clone: Clone) -> None:
    """Each commit has one record, for the ref that brings it; what a protected branch brings is for that."""
    shared = clone.commit()
    clone.git("branch", "also")
    clone.git("switch", "--quiet", "-c", "more")
    other = clone.commit("more.tf")
    clone.push("origin", "also", "more", "main")

    assert sorted(clone.changes()) == [("commit", MAIN, shared), ("commit", "refs/heads/more", other)]


def test_revision_as_source(clone: Clone) -> None:
    """What is not a branch here may be pushed as well: `HEAD~1:refs/heads/x`, from a detached HEAD."""
    first = clone.commit()
    clone.commit("more.tf")
    clone.git("checkout", "--quiet", "--detach")
    clone.push("origin", "HEAD~1:refs/heads/x")

    assert clone.changes() == [("commit", "refs/heads/x", first)]


def test_forced_update_of_a_protected_branch(clone: Clone, remote: GitRepo) -> None:
    """It is recorded besides the new commit, with what left the branch; another branch may be forced."""
    old = clone.commit()
    clone.push()
    clone.git("reset", "--quiet", "--hard", "HEAD~1")
    new = clone.commit("main.tf", "another")
    clone.push("--force")

    event, change = clone.records()[-1]["record"], clone.records()[-2]["record"]
    assert (change["body"]["event"], change["subject"]["commit"]) == ("commit", new)
    assert (event["body"]["event"], event["subject"]["commit"]) == ("forced-update", new)
    assert (event["body"]["pushed_from"], event["body"]["pushed_to"]) == (old, new)
    assert event["body"]["replaces"] == [old]
    assert event["body"]["files"]["total"] == 1
    assert remote.ref(MAIN) == new
    clone.gitaudit("verify", "--full")


def test_forced_update_of_a_topic_branch_is_no_event(clone: Clone) -> None:
    """Only the commits that it brings are recorded."""
    clone.git("switch", "--quiet", "-c", "topic")
    clone.commit()
    clone.push()
    clone.git("reset", "--quiet", "--hard", "HEAD~1")
    clone.commit("main.tf", "another")
    clone.push("--force", "origin", "topic")

    assert [event for event, _, _ in clone.changes()] == ["commit", "commit"]


def test_forced_over_what_is_not_here(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """A forced push over a colleague's commit that was never fetched is recorded, and names what it takes away."""
    other = colleague_of(clone, remote, tmp_path / "other")
    lost = other.commit("theirs.tf")
    other.push()
    new = clone.commit("mine.tf")
    clone.push("--force")

    event = clone.records()[-1]["record"]
    assert (event["body"]["event"], event["subject"]["commit"]) == ("forced-update", new)
    assert (event["body"]["pushed_from"], event["body"]["replaces"]) == (lost, [lost])


def test_refused_because_a_colleague_was_first(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """A push that git refuses is no forced one: what was intended is recorded, and rebased, it is replaced."""
    other = colleague_of(clone, remote, tmp_path / "other")
    other.commit("theirs.tf")
    other.push()
    mine = clone.commit("mine.tf")
    assert "fetch first" in clone.push(code=1)
    intended = [change for change in clone.changes() if change[2] == mine]
    clone.git("pull", "--quiet", "--rebase")
    clone.push()

    assert intended == [("commit", MAIN, mine)]
    assert {event for event, _, _ in clone.changes()} == {"commit"}
    assert clone.records()[-1]["record"]["body"]["replaces"] == [mine]
    fresh = colleague_of(clone, remote, tmp_path / "fresh")
    fresh.gitaudit("verify", "--full", "--complete")


def test_several_push_addresses(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """The hook runs once for each; the commit has one record."""
    second = GitRepo.bare(tmp_path / "second.git")
    clone.git("remote", "set-url", "--add", "--push", "origin", remote.url)
    clone.git("remote", "set-url", "--add", "--push", "origin", second.url)
    commit = clone.commit()
    clone.push()

    assert clone.changes() == [("commit", MAIN, commit)]
    assert remote.ref(MAIN) == second.ref(MAIN) == commit
    assert second.ref(LOG) == clone.repo.ref(LOG)


def test_shallow_clone(clone: Clone, remote: GitRepo, tmp_path: Path) -> None:
    """A clone without history records what it adds, and nothing that it cannot see."""
    clone.commit("before.tf")
    clone.push()
    shallow = Clone(remote.clone(tmp_path / "shallow", "--depth=1").path)
    shallow.gitaudit("init", "--quiet")
    shallow.install()
    new = shallow.commit("after.tf")
    shallow.push()

    assert shallow.changes()[-1] == ("commit", MAIN, new)
    assert len(shallow.changes()) == 2


def test_dry_run_records_nothing(clone: Clone) -> None:
    """`git push --dry-run` only says what would be recorded."""
    clone.commit()

    assert "dry run: 1 record would be made" in clone.push("--dry-run", "origin", "HEAD")
    assert clone.records() == []


def test_nothing_to_push(clone: Clone) -> None:
    """Everything up to date: git runs the hook with no line, and the hook does nothing."""
    assert clone.push() == "Everything up-to-date\n"
    assert clone.records() == []


def test_address_instead_of_a_name(clone: Clone, remote: GitRepo) -> None:
    """A remote that has no name here is asked what it has, so that only what is new is recorded."""
    commit = clone.commit()
    clone.push(remote.url, "HEAD:refs/heads/topic")

    assert clone.changes() == [("commit", "refs/heads/topic", commit)]


def test_mirror(clone: Clone, tmp_path: Path) -> None:
    """All refs at once, the log's own among them: only audited commits since the log began are recorded."""
    mirror = GitRepo.bare(tmp_path / "mirror.git")
    commit = clone.commit()
    clone.git("remote", "add", "copy", mirror.url)
    clone.push("--mirror", "copy")

    assert clone.changes() == [("commit", MAIN, commit)]
    assert mirror.ref(MAIN) == commit


def test_history_from_before_the_log_needs_no_record(clone: Clone, tmp_path: Path) -> None:
    """A new remote gets everything; commits from before the log began stay without a record, as for completeness."""
    empty = GitRepo.bare(tmp_path / "empty.git")
    clone.push(empty.url, "HEAD")

    assert "old.tf" in clone.repo.run("ls-tree", "-r", "--name-only", "HEAD")
    assert clone.records() == []


def test_one_inner_push_without_hooks(clone: Clone, tmp_path: Path) -> None:
    """The log goes out in one push of its own, for which git runs no hook; a hook that pushes itself stops there."""
    note = tmp_path / "runs"
    clone.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    (tmp_path / "hooks").mkdir()
    hook = tmp_path / "hooks/pre-push"
    hook.write_text(f"#!/bin/sh\necho run >>{note}\n", "ascii")
    hook.chmod(0o755)
    clone.install()
    clone.commit()
    done = clone.attempt("git", "push", "origin", "HEAD", env={"GIT_TRACE2_EVENT": str(tmp_path / "trace")})

    assert done.code == 0, done.said
    assert note.read_text("ascii") == "run\n"
    started = [line for line in (tmp_path / "trace").read_text("utf-8").splitlines() if '"event":"cmd_name"' in line]
    assert sum('"name":"push"' in line for line in started) == 2


def test_run_by_gitaudit_itself_it_does_nothing(clone: Clone) -> None:
    """Within what gitaudit runs, the hook ends at once, also where another hook calls it."""
    clone.commit()
    done = clone.attempt("git", "push", "origin", "HEAD", env={"GITAUDIT_AT_WORK": "1"})

    assert done.code == 0
    assert clone.records() == []


def test_linked_worktree(clone: Clone, tmp_path: Path) -> None:
    """A worktree of the clone has the same hooks and the same log."""
    clone.git("worktree", "add", "--quiet", "-b", "topic", str(tmp_path / "tree"))
    tree = Clone(tmp_path / "tree")
    commit = tree.commit()
    tree.push()

    assert clone.changes() == [("commit", "refs/heads/topic", commit)]
    assert "pre-push: runs" in tree.gitaudit("hooks", "status")


def test_submodule_has_hooks_of_its_own(remote: GitRepo, tmp_path: Path) -> None:
    """A repository with a log, used as a submodule: its hooks are installed and run in its own Git directory."""
    outer = Clone(GitRepo.init(tmp_path / "outer").path)
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", remote.url, "infra")
    inner = Clone(tmp_path / "outer/infra")
    inner.gitaudit("init", "--quiet")
    inner.install()
    commit = inner.commit()
    inner.push()

    assert (tmp_path / "outer/.git/modules/infra/hooks/pre-push").exists()
    assert inner.changes() == [("commit", MAIN, commit)]
    assert not (tmp_path / "outer/.git/hooks/pre-push").exists()


def refuse_the_log(remote: GitRepo) -> None:
    """Make the remote refuse every push of the log."""
    hook = remote.path / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase $1 in refs/heads/audit) echo "the log is closed" >&2; exit 1;; esac\n', "ascii")
    hook.chmod(0o755)


def test_push_is_blocked_where_the_log_cannot_be_written(clone: Clone, remote: GitRepo) -> None:
    """By default nothing arrives without its record; the message says why, and the way round."""
    refuse_the_log(remote)
    before = remote.ref(MAIN)
    clone.commit()
    said = clone.push(code=1)

    assert "the log is closed" in said
    assert "git push --no-verify" in said
    assert remote.ref(MAIN) == before
    assert "the log is closed" in clone.push(code=1)  # the record is here by now, and still not there
    assert remote.ref(MAIN) == before


def test_push_goes_on_with_a_warning_where_the_policy_says_so(clone: Clone, remote: GitRepo) -> None:
    """The record waits in the clone and goes out with the next push that can."""
    clone.gitaudit("policy", "set", "--on-failure", "warn", "--quiet")
    refuse_the_log(remote)
    commit = clone.commit()
    said = clone.push()
    waiting = clone.repo.ref(LOG) != remote.ref(LOG)
    (remote.path / "hooks/update").unlink()
    clone.commit("app.py")
    clone.push()

    assert "warning: origin refused the records" in said
    assert "the push goes on without a record" in said
    assert remote.ref(MAIN) == clone.repo.id_of("HEAD")
    assert (waiting, remote.ref(LOG)) == (True, clone.repo.ref(LOG))
    assert clone.changes() == [("commit", MAIN, commit)]


def test_key_that_is_not_admitted(clone: Clone, remote: GitRepo, gpg_keys: GpgKeys, sandbox: object) -> None:
    """Somebody whose key the log does not know is told to have it admitted, and pushes nothing."""
    from tests.support.gpg import GpgHome
    from tests.support.isolation import Sandbox

    assert isinstance(sandbox, Sandbox)
    GpgHome(sandbox.gnupg).add(gpg_keys.second)
    clone.git("config", "gitaudit.key", gpg_keys.second.fingerprint)
    before = remote.ref(MAIN)
    clone.commit()

    assert "gitaudit policy add-key" in clone.push(code=1)
    assert remote.ref(MAIN) == before


def test_repository_without_a_log(tmp_path: Path, clone: Clone) -> None:
    """The stub in a folder that many repositories share stays silent where there is no log."""
    other = Clone(GitRepo.init(tmp_path / "other").path)
    bare = GitRepo.bare(tmp_path / "other.git")
    other.git("config", "core.hooksPath", str(clone.path / ".git/hooks"))
    other.commit()

    assert "gitaudit" not in other.push(bare.url, "HEAD")


def test_program_that_is_gone(clone: Clone) -> None:
    """Without gitaudit the hook says what to install, and ends the push."""
    hook = clone.path / ".git/hooks/pre-push"
    lines = hook.read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("program="))
    lines[at] = "program=/nowhere/gitaudit"
    hook.write_text("\n".join(lines) + "\n", "utf-8")
    clone.commit()
    done = clone.attempt("git", "push", "origin", "HEAD", env={"PATH": "/usr/bin:/bin"})

    assert done.code == 1
    assert "expected the program gitaudit on PATH, found none" in done.said


@pytest.mark.parametrize("given", [b"x\n", b"a b c d e\n", b"refs/heads/x 12 refs/heads/x 34\n"])
def test_input_that_git_does_not_give(clone: Clone, given: bytes) -> None:
    """What is no line of a push is refused, not guessed at."""
    import subprocess

    done = subprocess.run(
        [clone.path / ".git/hooks/pre-push", "origin", "url"],
        cwd=clone.path,
        input=given,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 2
    assert b"expected the lines that git gives a pre-push hook" in done.stderr


def test_log_itself_is_pushed_unseen(clone: Clone, remote: GitRepo) -> None:
    """A push of nothing but the log and the notes is none of the hook's business, whatever they hold."""
    tree = clone.repo.run("mktree", stdin=b"")
    broken = clone.repo.run("commit-tree", "-m", "no record", "-p", "refs/heads/audit", tree)
    clone.repo.run("update-ref", LOG, broken)

    assert "gitaudit" not in clone.push("origin", "audit", "refs/notes/*")
    assert remote.ref(LOG) == broken
    clone.commit()
    assert "gitaudit: error" in clone.push("origin", "main", code=1)
