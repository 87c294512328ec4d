"""The stubs in `hooks/`, and the hidden command that they call."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitaudit.adapters.hooks.installed import stubs
from gitaudit.adapters.hooks.quick import HOOKS
from gitaudit.cli.commands import cli
from tests.cli.console import program

ROOT = Path(__file__).parents[2]
EVERY = sorted(path for path in (ROOT / "hooks").iterdir() if path.suffix != ".py" and path.is_file())
SERVER = [path for path in EVERY if path.name.startswith("server-")]
STUBS = [path for path in EVERY if path not in SERVER]


def test_every_hook_has_a_stub() -> None:
    """What `gitaudit hook` takes is what there are stubs for."""
    assert [path.name for path in STUBS] == sorted(HOOKS)
    assert {*stubs.NAMES, stubs.GUARD} == set(HOOKS)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_stub_is_short_and_any_shell_reads_it(path: Path) -> None:
    """Some twenty lines of POSIX shell."""
    text = path.read_text("ascii")

    assert text.startswith("#!/bin/sh\n")
    assert len(text.splitlines()) <= 20
    assert subprocess.run(["sh", "-n", path], check=False).returncode == 0


@pytest.mark.parametrize("path", STUBS, ids=lambda path: path.name)
def test_stub_of_a_clone_calls_its_hook(path: Path) -> None:
    """A stub calls the program with its own name, is executable, and is known by its mark."""
    assert f"hook {path.name} " in path.read_text("ascii")
    assert stubs.is_ours(path.read_bytes())
    assert path.stat().st_mode & 0o111 == 0o111


@pytest.mark.parametrize("path", SERVER, ids=lambda path: path.name)
def test_stub_of_a_server_calls_its_hook(path: Path) -> None:
    """That of a server is a template: the program that is called is put in when it is written."""
    assert f"@GITAUDIT@ server-hook {path.name.removeprefix('server-')}" in path.read_text("ascii")


def test_installed_stub_names_program_and_log() -> None:
    """The program by its path, since editors run git with another PATH; names are quoted for the shell."""
    stub = stubs.stub("reference-transaction", "refs/heads/it's").decode()

    assert f"\nprogram={stubs.program()}\n" in stub
    assert "\nlog='refs/heads/it'\"'\"'s'\n" in stub
    assert stub.count("|| program=gitaudit\n") == 1
    assert Path(stubs.program()).is_absolute()


def test_block_is_taken_out_as_it_was_put_in() -> None:
    """Whatever the script had: a first line, none, no line end, nothing at all."""
    block = stubs.husky_block("pre-push")
    for text in (b"", b"#!/bin/sh\nnpm test\n", b"npm test", b"#!/usr/bin/env node\n"):
        once = stubs.with_block(text, block)
        assert stubs.has_block(once)
        assert stubs.with_block(once, block) == once
        assert stubs.without_block(once) == text


def test_hidden_command_has_help(tmp_path: Path) -> None:
    """No help lists it; who asks for it is told what it is, and of a hook that there is none of."""
    told = program("hook", "--help", cwd=tmp_path)
    wrong = program("hook", "pre-commit", cwd=tmp_path)

    assert told.returncode == 0
    assert b"Do the work of the git hook NAME" in told.stdout
    assert wrong.returncode == 2
    assert b"pre-push" in wrong.stderr
    assert "hook" not in cli.list_commands(cli.make_context("gitaudit", [], resilient_parsing=True))


@pytest.mark.parametrize("known", ["", "/dev/of-the-user"])
def test_gpg_is_told_the_terminal(known: str) -> None:
    """Git takes the standard input of a hook, so gpg would not know where to ask; what the user has set stays."""
    script = (
        "from gitaudit.adapters.environment import lend_terminal as l; l(); import os; print(os.environ['GPG_TTY'])"
    )
    master, slave = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave,
        env=os.environ | {"GPG_TTY": known},
        text=True,
        check=True,
    )
    expected = known or os.ttyname(slave)
    os.close(slave)
    os.close(master)

    assert done.stdout.strip() == expected
