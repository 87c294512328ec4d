"""Completion that really completes: the scripts are read by their shells and asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitaudit.cli.completing import SCRIPTS
from tests.cli.console import program
from tests.support.tools import require_tool

_ASK = r"""
complete() { builtin complete "$@"; }
source /dev/stdin <<< "$(gitaudit completion bash)"
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"$1"
printf '%s\n' "${COMPREPLY[@]}"
"""


def ask(function: str, *words: str, cwd: Path) -> list[str]:
    """Return what bash would offer for a command line whose last word is being typed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [require_tool("bash"), "-c", _ASK, "bash", function, *words],
        cwd=cwd,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    return ran.stdout.split()


@pytest.mark.parametrize(
    ("function", "words", "offered"),
    [
        ("_gitaudit", ["gitaudit", "ver"], ["verify"]),
        ("_gitaudit", ["git-audit", "record-"], ["record-change", "record-deploy"]),
        ("_gitaudit", ["gitaudit", "policy", "re"], ["remove-key"]),
        ("_gitaudit", ["gitaudit", "log", "--onel"], ["--oneline"]),
        ("_gitaudit", ["gitaudit", "-C", "some where", "log", "--outcome", "part"], ["partial"]),
        ("_gitaudit", ["gitaudit", "completion", ""], ["bash", "zsh", "fish"]),
        ("_git_audit", ["git", "audit", "sy"], ["sync"]),
        ("_git_audit", ["git", "-C", "x", "audit", "notes", ""], ["check", "rebuild"]),
        ("_gitaudit", ["gitaudit", "zzz"], []),
        ("_gitaudit", ["gitaudit", "record-deploy", "--plan", "x"], []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_bash_offers_what_fits(tmp_path: Path, function: str, words: list[str], offered: list[str]) -> None:
    """Commands, commands of commands, options and choices, for gitaudit, git-audit and git audit."""
    assert ask(function, *words, cwd=tmp_path) == offered


def test_files_are_left_to_the_shell(tmp_path: Path) -> None:
    """Where a file is expected, the answer says so."""
    words = {"COMP_WORDS": "gitaudit record-deploy --plan pl", "COMP_CWORD": "3", "_GITAUDIT_COMPLETE": "lines"}
    ran = program(cwd=tmp_path, env=words)

    assert ran.stdout == b"file\tpl\t\n"


def test_answers_have_help(tmp_path: Path) -> None:
    """Each line has the kind, the value and one line of help."""
    ran = program(cwd=tmp_path, env={"COMP_WORDS": "gitaudit sy", "COMP_CWORD": "1", "_GITAUDIT_COMPLETE": "lines"})

    assert ran.stdout.decode().rstrip("\n").split("\t")[:2] == ["plain", "sync"]
    assert ran.stdout.decode().startswith("plain\tsync\tFetch the log")


@pytest.mark.parametrize(
    "words", [{}, {"COMP_WORDS": "'", "COMP_CWORD": "x"}, {"COMP_WORDS": "a b", "COMP_CWORD": "9"}]
)
def test_nonsense_is_answered_with_nothing_bad(tmp_path: Path, words: dict[str, str]) -> None:
    """A script that asks nonsense gets an answer, no error."""
    ran = program(cwd=tmp_path, env={"_GITAUDIT_COMPLETE": "lines", **words})

    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_can_read_its_script(tmp_path: Path, shell: str) -> None:
    """The script has no fault that the shell itself would find."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(SCRIPTS[shell], "utf-8")

    assert subprocess.run([shell, "-n", str(path)], capture_output=True, check=False).stderr == b""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_serves_all_names(shell: str) -> None:
    """The program has two names of its own, and one as a command of git."""
    script = SCRIPTS[shell]

    assert "git-audit" in script
    assert {"bash": "_git_audit()", "zsh": "_git-audit()", "fish": "--command git "}[shell] in script
    assert "_GITAUDIT_COMPLETE" in script
