"""`gitaudit protect server`: what it writes, what it leaves alone, what a protected repository then does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_json_output import failed, good
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.console import Console

LOG, NOTES = "refs/heads/audit", "refs/notes/audit"
HOOKS = ("pre-receive", "post-receive", "reference-transaction")


def listing(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(repo: GitRepo, *arguments: str) -> str:
    """Push in a way that must be refused, and return what Git said."""
    done = repo.attempt("push", *arguments)
    assert done.returncode != 0, arguments
    return done.stderr.decode("utf-8", "replace")


def test_it_sets_up_hooks_and_settings(audited: Console, git_remote: GitRepo, git_repo: GitRepo) -> None:
    """Afterwards the log cannot be forced back, good records go through, and git keeps house as before."""
    done = good(audited.run("protect", "server", str(git_remote.path), "--json"))

    assert [one["change"] for one in done["hooks"]] == ["written"] * 3
    assert done["pinned"]["origin"] == "example.com/infra"
    assert git_remote.run("config", "core.useReplaceRefs") == "false"
    assert "the log only grows" in refused(git_repo, "--force", "origin", f"{LOG}~1:{LOG}")
    assert "recorded #2" in audited.ok("record-deploy", "--env", "prod", "--outcome", "succeeded")
    git_remote.run("gc", "--quiet", "--prune=now")
    git_remote.run("pack-refs", "--all", "--prune")
    assert "recorded #3" in audited.ok("record-deploy", "--env", "prod", "--outcome", "succeeded")
    git_remote.run("pack-refs", "--all", "--prune")


def test_run_again_it_changes_nothing(audited: Console, git_remote: GitRepo) -> None:
    """The second time everything is as it has to be."""
    audited.ok("protect", "server", str(git_remote.path))
    before = listing(git_remote.path)

    again = good(audited.run("protect", "server", str(git_remote.path), "--json"))

    assert {one["changed"] for one in again["settings"]} == {False}
    assert {one["change"] for one in again["hooks"]} == {"unchanged"}
    assert listing(git_remote.path) == before


def test_a_hook_of_an_older_version_is_renewed(audited: Console, git_remote: GitRepo) -> None:
    """What an earlier run has written is ours to replace."""
    audited.ok("protect", "server", str(git_remote.path))
    hook = git_remote.path / "hooks/pre-receive"
    hook.write_text(hook.read_text("utf-8").replace("exit 1", "exit 2"), "utf-8")

    assert f"hook {hook} (renewed)" in audited.ok("protect", "server", str(git_remote.path))
    assert not (git_remote.path / "hooks/pre-receive.before-gitaudit").exists()


def test_a_dry_run_writes_nothing(audited: Console, git_remote: GitRepo) -> None:
    """It prints what it would do."""
    before = listing(git_remote.path)

    out = audited.ok("protect", "server", str(git_remote.path), "--dry-run")

    assert "set  core.useReplaceRefs = false" in out
    assert listing(git_remote.path) == before


def test_a_foreign_hook_runs_as_ever(audited: Console, git_remote: GitRepo, git_repo: GitRepo) -> None:
    """It is moved aside and gets the same input; it may still refuse."""
    foreign = git_remote.path / "hooks/pre-receive"
    foreign.write_text('#!/bin/sh\ncat >"$GIT_DIR/seen"\ntest ! -e "$GIT_DIR/closed"\n', "ascii")
    foreign.chmod(0o755)

    done = good(audited.run("protect", "server", str(git_remote.path), "--json"))
    git_repo.commit({"README": b"text"})
    git_repo.run("push", "--quiet", "origin", "main")

    assert [one["calls_another"] for one in done["hooks"]] == [True, False, False]
    assert git_repo.id_of("main") in (git_remote.path / "seen").read_text("ascii")
    (git_remote.path / "closed").touch()
    git_repo.commit({"README": b"more"})
    assert "hook declined" in refused(git_repo, "origin", "main")


def test_what_another_program_keeps_is_not_touched(audited: Console, git_remote: GitRepo) -> None:
    """A link, or a second foreign hook: refused with what to do, and nothing is written."""
    hook = git_remote.path / "hooks/pre-receive"
    hook.symlink_to("/bin/true")
    before = listing(git_remote.path)

    linked = failed(audited.run("protect", "server", str(git_remote.path), "--json"), 3)
    assert "server-hook pre-receive" in linked["hint"]
    hook.unlink()
    for name in (hook, hook.with_name("pre-receive.before-gitaudit")):
        name.write_text("#!/bin/sh\n", "ascii")
    error = failed(audited.run("protect", "server", str(git_remote.path), "--json"), 3)

    assert "join the two" in error["hint"]
    assert set(listing(git_remote.path)) - set(before) == {"hooks/pre-receive.before-gitaudit"}
    assert hook.read_text("ascii") == "#!/bin/sh\n"


def test_hooks_that_git_would_not_run_are_not_written(audited: Console, git_remote: GitRepo) -> None:
    """Where core.hooksPath leads elsewhere, a hook in the repository would be no protection."""
    git_remote.run("config", "--global", "core.hooksPath", "/elsewhere")

    error = failed(audited.run("protect", "server", str(git_remote.path), "--json"), 3)

    assert "core.hooksPath" in error["message"]
    git_remote.run("config", "core.hooksPath", str(git_remote.path / "hooks"))
    audited.ok("protect", "server", str(git_remote.path))


@pytest.mark.parametrize("path", ["repo", "remote.git/refs", "nowhere"])
def test_it_takes_a_bare_repository_only(audited: Console, git_remote: GitRepo, path: str) -> None:
    """A clone, a folder within a repository, and nothing at all are refused."""
    assert audited.run("protect", "server", str(git_remote.path.parent / path)).code in {2, 3}


def test_the_admin_meets_the_backstop(audited: Console, git_remote: GitRepo) -> None:
    """Git programs on the server itself do not move the log back, rename or delete it; other refs are free."""
    audited.ok("protect", "server", str(git_remote.path))
    before = git_remote.refs()

    for attempt in (
        ("update-ref", LOG, f"{LOG}~1"),
        ("update-ref", "-d", LOG),
        ("update-ref", LOG, "refs/heads/main"),
        ("branch", "-D", "audit"),
        ("branch", "--force", "audit", "main"),
        ("branch", "-m", "audit", "other"),
        ("update-ref", "-d", NOTES),
        ("update-ref", NOTES, "refs/heads/main"),
    ):
        done = git_remote.attempt(*attempt)
        assert done.returncode != 0, attempt
        assert b"gitaudit: refused refs/" in done.stderr
    assert git_remote.refs() == before
    git_remote.run("update-ref", "refs/heads/other", "refs/heads/main")
    git_remote.run("update-ref", "-d", "refs/heads/other")


def test_check_says_what_is_refused(audited: Console, git_remote: GitRepo) -> None:
    """A protected repository refuses every attack that is tried; nothing in it changes."""
    audited.ok("protect", "server", str(git_remote.path))
    before = listing(git_remote.path)

    checked = good(audited.run("protect", "server", str(git_remote.path), "--check", "--json"))

    assert checked["good"]
    assert len(checked["tried"]) == 10
    assert {one["refused"] for one in checked["tried"]} == {True}
    assert (checked["missing"], checked["unfit_refs"]) == ([], [])
    assert listing(git_remote.path) == before
    assert "refused  delete the log: refs/heads/audit" in audited.ok(
        "protect", "server", str(git_remote.path), "--check"
    )


def test_check_moves_nothing_where_nothing_is_protected(audited: Console, git_remote: GitRepo) -> None:
    """An open repository would take every attack, and says so without losing its log."""
    refs = git_remote.refs()

    checked = good(audited.run("protect", "server", str(git_remote.path), "--check", "--json"), 2)

    assert not checked["good"]
    assert {one["refused"] for one in checked["tried"]} == {False}
    assert len(checked["missing"]) >= len(HOOKS)
    assert git_remote.refs() == refs
    assert "ACCEPTED delete the log" in audited.run("protect", "server", str(git_remote.path), "--check").out


def test_check_sees_what_settings_alone_refuse(audited: Console, git_remote: GitRepo) -> None:
    """Without the hooks, the settings still refuse some; each row is answered by itself."""
    audited.ok("protect", "server", str(git_remote.path), "--all-branches")
    for name in HOOKS:
        (git_remote.path / "hooks" / name).unlink()

    checked = good(audited.run("protect", "server", str(git_remote.path), "--all-branches", "--check", "--json"), 2)

    accepted = {one["attack"] for one in checked["tried"] if not one["refused"]}
    assert {"force the log back", "delete the log", "push replace refs"} & accepted == set()
    assert {"add a record without its signature", "push a branch in another letter case"} <= accepted


def test_check_tries_what_the_policy_requires(audited: Console, git_remote: GitRepo, git_repo: GitRepo) -> None:
    """Where records are required, a commit without one is tried, too; and refused when somebody pushes it."""
    audited.ok("policy", "set", "--records", "required")
    audited.ok("protect", "server", str(git_remote.path))

    checked = good(audited.run("protect", "server", str(git_remote.path), "--check", "--json"))
    git_repo.commit({"new.tf": b"# new\n"})
    said = refused(git_repo, "origin", "main")
    audited.ok("record-change")
    git_repo.run("push", "--quiet", "origin", "main")

    assert "push a commit that has no record" in {one["attack"] for one in checked["tried"]}
    assert "has no record" in said
    assert "gitaudit record-change" in said


def test_check_finds_what_was_pushed_before(audited: Console, git_remote: GitRepo) -> None:
    """A tag that git would take for the log is told, and can be removed by a push."""
    git_remote.run("update-ref", "refs/tags/audit", "refs/heads/main")
    audited.ok("protect", "server", str(git_remote.path))

    checked = good(audited.run("protect", "server", str(git_remote.path), "--check", "--json"), 2)
    GitRepo(audited.directory).run("push", "--quiet", "origin", ":refs/tags/audit")

    assert checked["unfit_refs"] == ["refs/tags/audit"]
    assert audited.run("protect", "server", str(git_remote.path), "--check").code == 0


def test_a_bad_log_is_not_protected(audited: Console, git_remote: GitRepo) -> None:
    """What is wrong already has to be mended first; nothing is written."""
    tree = git_remote.id_of(f"{LOG}^{{tree}}")
    made = git_remote.run("commit-tree", tree, "-p", LOG, "-m", "by hand")
    git_remote.run("update-ref", LOG, made)
    before = listing(git_remote.path)

    error = failed(audited.run("protect", "server", str(git_remote.path), "--json"), 1)

    assert "is not good" in error["message"]
    assert listing(git_remote.path) == before


def test_the_first_log_that_is_pushed_is_kept(console: Console, git_remote: GitRepo, git_repo: GitRepo) -> None:
    """An empty repository takes any log once; from then on no other."""
    console.ok("protect", "server", str(git_remote.path))
    git_repo.commit({"main.tf": b"# a\n"})
    assert "nothing may stand above or below" in refused(git_repo, "origin", "main:refs/heads/audit/x")
    assert "gitaudit init" in refused(git_repo, "origin", f"main:{NOTES}")
    assert "start a log with: gitaudit init" in refused(git_repo, "origin", f"main:{LOG}")
    console.ok("init", "--origin", "example.com/infra")

    assert git_remote.run("config", "gitaudit.origin") == "example.com/infra"
    assert git_remote.run("config", "gitaudit.genesis").split()[0] == git_repo.id_of(LOG)
    assert "only gitaudit writes to this branch" in refused(git_repo, "--force", "origin", f"main:{LOG}")


def test_only_the_trusted_log_is_protected(audited: Console, git_remote: GitRepo) -> None:
    """--trust compares the first record, by either of its hashes."""
    wrong = failed(audited.run("protect", "server", str(git_remote.path), "--trust", "0" * 64, "--json"), 1)
    audited.ok("protect", "server", str(git_remote.path), "--trust", git_remote.id_of(f"{LOG}~1"))

    assert "another commit" in wrong["message"]


def test_gitlab_finds_the_hooks_where_it_looks(audited: Console, git_remote: GitRepo, git_repo: GitRepo) -> None:
    """They lie in `custom_hooks`, and talk so that GitLab passes it on. What Gitaly does is done by a script here."""
    (git_remote.path / "custom_hooks").mkdir()

    done = good(audited.run("protect", "server", str(git_remote.path), "--json"))
    caller = git_remote.path / "hooks/pre-receive"
    caller.write_text('#!/bin/sh\nGL_ID=user-1 exec custom_hooks/pre-receive.d/gitaudit "$@"\n', "ascii")
    caller.chmod(0o755)

    assert done["layout"] == "gitlab"
    assert [os.path.relpath(one["path"], git_remote.path) for one in done["hooks"]] == [
        "custom_hooks/pre-receive.d/gitaudit",
        "custom_hooks/post-receive.d/gitaudit",
    ]
    assert "GL-HOOK-ERR: gitaudit: refused" in refused(git_repo, "origin", f":{LOG}")
    assert audited.run("protect", "server", str(git_remote.path), "--check").code == 3


def test_without_gitaudit_nothing_is_accepted(audited: Console, git_remote: GitRepo, git_repo: GitRepo) -> None:
    """A hook that cannot run its program refuses."""
    audited.ok("protect", "server", str(git_remote.path))
    hook = git_remote.path / "hooks/pre-receive"
    hook.write_text(hook.read_text("utf-8").replace("-m gitaudit", "-m gitaudit_is_gone"), "utf-8")
    git_repo.commit({"README": b"text"})

    assert "hook declined" in refused(git_repo, "origin", "main")
