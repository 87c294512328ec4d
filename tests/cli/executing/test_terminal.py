"""A program on a real pseudo-terminal behaves under `gitaudit exec` as it does without: the two are compared."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.console import Console, script
from tests.cli.executing.running import last
from tests.cli.executing.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

WRAPPED = (script(), "exec", "-q", "--env", "prod", "--")
PROGRAM = """
import getpass, os, shutil, signal, sys, time
tty = [os.isatty(n) for n in (0, 1, 2)]
print(tty, shutil.get_terminal_size(), os.getpgrp() == os.tcgetpgrp(0), flush=True)
print("\\x1b[31mred\\x1b[0m", flush=True)
name = input("name? ")
secret = getpass.getpass("secret? ")
for done in range(0, 101, 20):
    sys.stderr.write(f"\\r[{'#' * (done // 10):<10}] {done}%")
    sys.stderr.flush()
print(f"\\nhello {name}, {len(secret)} characters", flush=True)
"""
PATIENT = """
import signal, sys, time
def stop(*_):
    print("\\nstopping in order", flush=True)
    time.sleep(0.3)
    print(f"seen {len(seen)}", flush=True)
    sys.exit(7)
seen = []
signal.signal(signal.SIGINT, lambda *_: (seen.append(1), stop()) if not seen else seen.append(1))
print("working", flush=True)
while True: signal.pause()
"""


def both(tmp_path: Path, code: str) -> list[tuple[str, ...]]:
    """Return the command as it is, and under gitaudit."""
    place = tmp_path / "program.py"
    place.write_text(code, "utf-8")
    plain = (sys.executable, str(place))
    return [plain, (*WRAPPED, *plain)]


def test_prompts_colours_and_progress(audited: Console, tmp_path: Path) -> None:
    """Byte for byte the same: size, foreground, colours, a prompt with echo and one without, a progress bar."""
    seen = []
    for words in both(tmp_path, PROGRAM):
        terminal = Terminal(words, audited.directory, os.environ)
        terminal.expect("name\\? ")
        terminal.type("Ada\n")
        terminal.expect("secret\\? ")
        terminal.type("123456\n")
        assert terminal.end() == 0
        seen.append(terminal.seen)

    assert seen[0] == seen[1]
    assert b"123456" not in seen[0]
    assert b"[True, True, True] os.terminal_size(columns=100, lines=30) True" in seen[0]
    assert b"100%" in seen[0]
    assert last(audited)["outcome"] == "succeeded"


def test_interrupt_that_a_program_handles(audited: Console, tmp_path: Path) -> None:
    """Ctrl-C reaches it once; it ends in its own way, with its own exit code."""
    seen = []
    for words in both(tmp_path, PATIENT):
        terminal = Terminal(words, audited.directory, os.environ)
        terminal.expect("working\r\n")
        terminal.type("\x03")
        assert terminal.end() == 7
        seen.append(terminal.seen)

    assert seen[0] == seen[1]
    assert b"seen 1" in seen[0]
    body = last(audited)
    assert (body["outcome"], body["outcome_source"], body["signal"], body["exit_code"]) == ("canceled", "signal", 2, 7)


def test_interrupt_that_ends_a_program(audited: Console) -> None:
    """Both die by SIGINT, so that a shell that runs them in a loop stops."""
    for words in (("sleep", "1000"), (*WRAPPED, "sh", "-c", "echo now; exec sleep 1000")):
        terminal = Terminal(("sh", "-c", 'echo ready; exec "$@"', "sh", *words), audited.directory, os.environ)
        terminal.expect("now|ready\r\n$" if words[0] == "sleep" else "now")
        terminal.type("\x03")
        assert terminal.end() == -2

    assert last(audited)["outcome"] == "canceled"


def test_stop_and_go_on(audited: Console, tmp_path: Path) -> None:
    """Ctrl-Z stops the job, `fg` lets it go on, under a shell with job control."""
    code = "print('working', flush=True); print('got ' + input(), flush=True)"
    for words in both(tmp_path, code):
        line = " ".join(f"'{word}'" for word in words)
        terminal = Terminal(
            ("bash", "--norc", "--noprofile", "--noediting", "-i"), audited.directory, {**os.environ, "PS1": "$ "}
        )
        terminal.expect("\\$ ")
        terminal.type(f"{line}\n")
        terminal.expect("working\r\n")
        terminal.type("\x1a")
        terminal.expect("Stopped")
        terminal.expect("\\$ ")
        terminal.type("fg\n")
        terminal.expect("program.py'?\r\n")
        terminal.type("on\n")
        terminal.expect("got on")
        terminal.type("exit\n")
        assert terminal.end() == 0

    assert last(audited)["outcome"] == "succeeded"


@pytest.mark.parametrize("member", ["reader", "writer"])
def test_pipeline_on_a_terminal(audited: Console, tmp_path: Path, member: str) -> None:
    """Others in the same pipeline keep the terminal: a pager reads keys, and Ctrl-C reaches all."""
    pager = tmp_path / "pager.py"
    pager.write_text("import sys; sys.stdin.read(); key = open('/dev/tty').readline(); print('key', key)", "utf-8")
    wrapped = " ".join(WRAPPED)
    line = f"{wrapped} echo text | {sys.executable} {pager}" if member == "reader" else f"{wrapped} sleep 1000 | cat"
    terminal = Terminal(("bash", "-c", f"set -o pipefail; echo begun; {line}"), audited.directory, os.environ)
    terminal.expect("begun")
    if member == "reader":
        terminal.type("q\n")
        terminal.expect("key q")
        assert terminal.end() == 0
    else:
        deadline_free_wait(audited)
        terminal.type("\x03")
        assert terminal.end() != 0
        assert last(audited)["outcome"] == "canceled"


def deadline_free_wait(audited: Console) -> None:
    """Wait until the start of the run is in the log; the command starts right after."""
    while re.search("started", audited.ok("log", "--oneline", "-n", "1")) is None:
        pass
