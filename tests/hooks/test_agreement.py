"""`hooks status` and the doctor say of every arrangement what git does at a push, and both say the same."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitaudit.adapters.hooks.installed.calls import calls
from gitaudit.cli.boundary import run
from tests.hooks.test_managers import NODE, require
from tests.support import tools

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hooks.clones import Clone

CALL = 'gitaudit hook pre-push "$@"'
LOCAL = """\
repos:
-   repo: local
    hooks:
    -   {id: own, name: own, language: system, always_run: true, pass_filenames: false, entry: ENTRY}
"""
IDS = "repos:\n-   repo: https://example.com/gitaudit\n    rev: v0.1.0\n    hooks:\n"
LEFTHOOK = "pre-push:\n  commands:\n    own:\n      use_stdin: true\n      run: ENTRY\n"


def write(clone: Clone, name: str, text: str, mode: int = 0o755) -> None:
    """Write a file of the work tree or below `.git`."""
    path = clone.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)


def script(*lines: str, name: str = ".git/hooks/pre-push", mode: int = 0o755) -> Callable[[Clone], None]:
    """Prepare a hook that somebody has written."""
    return lambda clone: write(clone, name, "\n".join(["#!/bin/sh", *lines, ""]), mode)


def stub(clone: Clone) -> None:
    """Prepare the hook that is installed."""
    clone.install()


def chained(clone: Clone) -> None:
    """Prepare a hook of somebody, and the stub in its place."""
    script("exit 0")(clone)
    clone.install()


def pre_commit(clone: Clone, config: str) -> None:
    """Prepare pre-commit, really installed, with a configuration."""
    write(clone, ".pre-commit-config.yaml", config, 0o644)
    program = require(Path(sys.executable).with_name("pre-commit"))
    assert clone.attempt(program, "install", "--hook-type", "pre-push").code == 0


def pre_commit_with_stub(clone: Clone) -> None:
    """Prepare the stub where pre-commit runs it."""
    pre_commit(clone, "repos: []\n")
    clone.install()


def pre_commit_with_dead_stub(clone: Clone) -> None:
    """Prepare the stub where pre-commit would run it, as no program."""
    pre_commit_with_stub(clone)
    (clone.path / ".git/hooks/pre-push.legacy").chmod(0o644)


def husky(clone: Clone, text: str) -> None:
    """Prepare husky, really set up, with a script of the repository."""
    tools.require_tool("node")
    write(clone, ".husky/pre-push", text, 0o644)
    assert clone.attempt(require(NODE / "husky")).code == 0


def lefthook(clone: Clone, entry: str) -> None:
    """Prepare lefthook, really installed, with a command of the repository."""
    tools.require_tool("node")
    write(clone, "lefthook.yml", LEFTHOOK.replace("ENTRY", entry), 0o644)
    assert clone.attempt(require(NODE / "lefthook"), "install").code == 0


def not_executable(clone: Clone) -> None:
    """Prepare the stub as no program."""
    clone.install()
    (clone.path / ".git/hooks/pre-push").chmod(0o644)


def shadowed(clone: Clone) -> None:
    """Prepare the stub in a folder that git does not look into."""
    clone.install()
    clone.git("config", "core.hooksPath", ".githooks")


def shadowed_by_another(clone: Clone) -> None:
    """Prepare the stub likewise, with another hook in the folder that git looks into."""
    shadowed(clone)
    script("exit 0", name=".githooks/pre-push")(clone)


def aside(clone: Clone) -> None:
    """Prepare the stub as lefthook moves it aside when it is installed afterwards."""
    clone.install()
    lefthook(clone, "'true'")


# What is prepared, whether a push reaches gitaudit, through what (None: it does not), and what the doctor makes of it.
ARRANGEMENTS: dict[str, tuple[Callable[[Clone], None], str | None, str]] = {
    "nothing": (lambda _: None, None, "warning"),
    "stub": (stub, "file", "ok"),
    "chained": (chained, "file", "ok"),
    "by-hand": (script(CALL), "hand", "ok"),
    "by-hand-git-audit": (script('[ $# -gt 0 ] && git audit hook "pre-push" "$@"'), "hand", "ok"),
    "by-hand-path": (script(f"'{Path(sys.executable).with_name('gitaudit')}'  hook pre-push \"$@\""), "hand", "ok"),
    "by-hand-elsewhere": (script('gitaudit -C "$PWD" hook pre-push "$@"'), "hand", "ok"),
    "another": (script("exit 0"), None, "warning"),
    "another-comment": (script(f"  # {CALL}", f"true # {CALL}"), None, "warning"),
    "another-command": (script("gitaudit --version"), None, "warning"),
    "another-hook-of-ours": (script("gitaudit hook post-rewrite amend </dev/null"), None, "warning"),
    "another-not-executable": (script("exit 0", mode=0o644), None, "warning"),
    "not-executable": (not_executable, None, "problem"),
    "by-hand-not-executable": (script(CALL, mode=0o644), None, "problem"),
    "shadowed": (shadowed, None, "problem"),
    "shadowed-by-another": (shadowed_by_another, None, "problem"),
    "pre-commit": (
        lambda clone: pre_commit(clone, LOCAL.replace("ENTRY", "gitaudit hook pre-push")),
        "pre-commit",
        "ok",
    ),
    "pre-commit-not-told": (
        lambda clone: pre_commit(clone, LOCAL.replace("ENTRY", "gitaudit --version")),
        None,
        "warning",
    ),
    "pre-commit-stub": (pre_commit_with_stub, "pre-commit", "ok"),
    "pre-commit-dead-stub": (pre_commit_with_dead_stub, None, "problem"),
    "pre-commit-not-installed": (lambda clone: write(clone, ".pre-commit-config.yaml", IDS), None, "warning"),
    "husky": (lambda clone: husky(clone, f"{CALL}\n"), "husky", "ok"),
    "husky-not-told": (lambda clone: husky(clone, f"# {CALL}\n"), None, "warning"),
    "lefthook": (lambda clone: lefthook(clone, "gitaudit hook pre-push {0}"), "lefthook", "ok"),
    "lefthook-not-told": (lambda clone: lefthook(clone, "gitaudit --version"), None, "warning"),
    "lefthook-over-the-stub": (aside, None, "problem"),
}


def asked(clone: Clone, *arguments: str) -> dict[str, Any]:
    """Run a command, however it ends, and return its document."""
    out = StringIO()
    with redirect_stdout(out):
        run(["-C", str(clone.path), *arguments, "--json"])
    document = json.loads(out.getvalue())
    assert isinstance(document, dict)
    return document


def status_of(clone: Clone) -> dict[str, Any]:
    """Return what `hooks status` says of pre-push."""
    [state] = [one for one in asked(clone, "hooks", "status")["hooks"] if one["name"] == "pre-push"]
    assert state["runs"] == (state["via"] is not None) == (state["problem"] is None)
    return dict(state)


def doctor_of(clone: Clone) -> dict[str, dict[str, Any]]:
    """Return what the doctor says of hooks, by name of the check."""
    checks = asked(clone, "doctor", "--offline", "--no-sign")["checks"]
    return {one["name"]: one for one in checks if one["name"] in {"hooks", "hook-managers"}}


@pytest.fixture
def bare(clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Give the clone without hooks, and programs that hooks look for."""
    shutil.rmtree(clone.path / ".git/hooks")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("LEFTHOOK_BIN", str(NODE / "lefthook"))
    return clone


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_both_say_what_a_push_does(bare: Clone, arrangement: str) -> None:
    """Whether a push is recorded, `hooks status` tells, and so does the doctor."""
    prepare, via, judged = ARRANGEMENTS[arrangement]
    prepare(bare)
    bare.commit()
    state, checks = status_of(bare), doctor_of(bare)
    pushed = bare.push()

    assert (state["via"], checks["hooks"]["status"]) == (via, judged), (state, checks)
    assert bool(bare.changes()) == (via is not None), pushed


@pytest.mark.parametrize("arrangement", [name for name, (_, _, judged) in ARRANGEMENTS.items() if judged != "ok"])
def test_what_both_advise_is_the_same_and_helps(bare: Clone, arrangement: str) -> None:
    """The command that the doctor prints is the one that `hooks status` names; after it, both are content."""
    ARRANGEMENTS[arrangement][0](bare)
    [mend] = doctor_of(bare)["hooks"]["mend"]
    hint = status_of(bare)["hint"]
    done = bare.attempt("sh", "-c", mend)

    assert (hint, done.code) == (f"run `{mend}`", 0), done.said
    assert (status_of(bare)["runs"], doctor_of(bare)["hooks"]["status"]) == (True, "ok")


@pytest.mark.parametrize(
    ("hook", "via"),
    [("gitaudit-pre-push", "pre-commit"), ("'gitaudit-pre-push'", "pre-commit"), ("gitaudit-post-rewrite", None)],
)
def test_hook_of_pre_commit_by_its_id(bare: Clone, hook: str, via: str | None) -> None:
    """It is gitaudit's, for that event; what it is not told of, both say, and the stub puts right."""
    pre_commit(bare, f"{IDS}    # -   id: gitaudit-pre-push\n    -   id: {hook}\n")
    state, checks = status_of(bare), doctor_of(bare)
    noticed = asked(bare, "hooks", "status")["notices"]

    assert (state["via"], checks["hooks"]["status"]) == (via, "ok" if via else "warning")
    assert checks["hook-managers"]["status"] == ("warning" if via else "ok")
    assert [checks["hook-managers"]["told"] in one["message"] for one in noticed] == ([True] if via else [])
    bare.install()
    assert (status_of(bare)["path"], doctor_of(bare)["hook-managers"]["status"]) == (
        str(bare.path / ".git/hooks/pre-push.legacy"),
        "ok",
    )
    assert asked(bare, "hooks", "status")["notices"] == []


@pytest.mark.parametrize(
    ("settings", "via"),
    [
        ((), "config"),
        (("enabled=YES",), "config"),
        (("event=post-rewrite", "event=reference-transaction"), "config"),
        (("enabled=no",), None),
        (("enabled=off",), None),
        (("enabled=0",), None),
        (("enabled=",), None),
        (("event=", "event=post-rewrite"), None),
        (("command=true",), None),
        (("command=gitaudit hook post-rewrite",), None),
    ],
)
@pytest.mark.parametrize("version", ["2.53.0", "2.54.0"])
def test_hook_of_the_configuration(
    bare: Clone,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    settings: tuple[str, ...],
    via: str | None,
) -> None:
    """Both read it in the same way, and know that git before 2.54 passes it over."""
    real = tools.require_tool("git")
    git = tmp_path / "new/git"
    git.parent.mkdir()
    git.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && echo "git version {version}" && exit\nexec {real} "$@"\n', "utf-8"
    )
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(git.parent), prepend=":")
    for setting in ("event=pre-push", "command=gitaudit hook pre-push", *settings):
        field, _, value = setting.partition("=")
        bare.git("config", "--add", f"hook.An.Audit.{field}", value)
    expected = None if version == "2.53.0" else via
    state, checks = status_of(bare), doctor_of(bare)

    assert (state["via"], checks["hooks"]["status"]) == (expected, "ok" if expected else "warning")
    assert (state["path"] == "hook.An.Audit") == (expected is not None)


def test_guard_is_told_of_where_it_is(bare: Clone) -> None:
    """Where nobody has asked for it, its absence is no problem; where it is hidden, it is one."""
    names = []
    for step in (["config", "core.pager", "cat"], ["config", "core.hooksPath", "nowhere"]):
        names.append([one["name"] for one in asked(bare, "hooks", "status")["hooks"]])
        bare.install("--guard")
        bare.git(*step)
    [guard] = [one for one in asked(bare, "hooks", "status")["hooks"] if one["name"] == "reference-transaction"]

    assert names == [["pre-push", "post-rewrite"], ["pre-push", "post-rewrite", "reference-transaction"]]
    assert "core.hooksPath hides" in guard["problem"]


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ('{"pre-push": {"jobs": [{"run": "gitaudit hook pre-push {0}"}]}}', True),
        ("  command: ['gitaudit', 'hook', 'pre-push']", True),
        ("exec /opt/a/gitaudit.exe hook pre-push", True),
        ("git-audit -C x hook pre-push", True),
        ("  // gitaudit hook pre-push", False),
        ("gitaudit hook pre-push-later", False),
        ("gitaudit webhook pre-push", False),
        ("gitaudit hook", False),
        ("\xa0", False),
    ],
)
def test_words_that_are_a_call(text: str, called: bool) -> None:  # noqa: FBT001 - a case
    """In a shell, YAML, TOML and JSON; never in a comment."""
    assert calls(f"first\n{text}\n".encode(), "pre-push") is called
