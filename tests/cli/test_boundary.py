"""The error boundary: exit codes for everything that can end a run, and nothing of what was read in a trace."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from gitaudit import errors
from gitaudit.cli import boundary, commands
from gitaudit.cli.output import JSON_WANTED
from gitaudit.errors import ObjectError
from tests.cli.console import Console, program, script
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "hunter2-sentinel"
LONG = 1200
"""Records of a log whose verification takes about a second, and more than one process where there are processors."""


class Panic(BaseException):
    """What a library written in Rust raises when it panics: no `Exception`."""


class Unprintable(Exception):  # noqa: N818 - what it is, not an error of this project
    """An exception that cannot be turned into text."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError(SECRET)


def raised(monkeypatch: pytest.MonkeyPatch, error: BaseException, *arguments: str) -> int:
    """Return the exit code of a command line whose command ends with an error."""

    @click.command()
    @click.option("--json", is_flag=True)
    def command(*, json: bool) -> None:  # noqa: ARG001 - the boundary looks at the command line
        hidden = SECRET
        raise error from ValueError(hidden)

    monkeypatch.setattr(commands.LazyGroup, "get_command", lambda *_: command)
    return boundary.run(["log", *arguments])


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder that temporary files go to."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.LogError("bad"), 1),
        (errors.MalformedError("bad"), 1),
        (ObjectError("0" * 40, "missing"), 1),
        (errors.InputError("bad"), 2),
        (errors.ConfigError("bad"), 2),
        (errors.RefusedError("bad"), 2),
        (click.UsageError("bad"), 2),
        (click.BadParameter("bad"), 2),
        (click.FileError("bad"), 2),
        (errors.GitauditError("bad"), 3),
        (errors.SetupError("bad"), 3),
        (errors.KeyProblemError("bad"), 3),
        (errors.RemoteError("bad"), 3),
        (errors.ConflictError("bad"), 3),
        (errors.RefMovedError("bad"), 3),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 3),
        (OSError("without a number"), 3),
        (MemoryError(), 3),
        (ValueError(SECRET), 4),
        (KeyError(SECRET), 4),
        (RecursionError(), 4),
        (UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, "x"), 4),
        (Unprintable(), 4),
        (Panic(SECRET), 4),
        (SystemExit(1), 4),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (BrokenPipeError(), 141),
        (OSError(errno.EPIPE, "Broken pipe"), 141),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_every_end_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scratch: Path, error: BaseException, code: int
) -> None:
    """Good, bad, wrong usage, cannot tell, a bug and an interrupt are never mixed; stdout stays empty."""
    assert raised(monkeypatch, error) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert SECRET not in err
    assert (err == "") == (code == 141)
    assert len(list(scratch.iterdir())) == (1 if code == 4 else 0)


@pytest.mark.parametrize("error", [ValueError(SECRET), Unprintable(), Panic(SECRET)])
def test_bug_leaves_a_trace_without_what_was_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scratch: Path, error: BaseException
) -> None:
    """The trace names files, lines and types, in a file that only its owner may read; no message, no local variable."""
    raised(monkeypatch, error)

    message = capsys.readouterr().err
    path = Path(re.findall(r"with the file (\S+)", message)[0])
    text = path.read_text("utf-8")
    assert path.parent == scratch
    assert path.stat().st_mode & 0o777 == 0o600
    assert "in command" in text
    assert type(error).__qualname__ in text
    assert "builtins.ValueError" in text
    assert SECRET not in text


def test_bug_without_a_place_for_the_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scratch: Path
) -> None:
    """Where no file can be written, the message names the line of the bug."""
    scratch.rmdir()

    assert raised(monkeypatch, ValueError(SECRET)) == 4
    assert "test_boundary.py:" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "kind"), [(ValueError(SECRET), "bug"), (KeyboardInterrupt(), "interrupted")])
def test_json_also_for_bugs_and_interrupts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scratch: Path, error: BaseException, kind: str
) -> None:
    """With JSON asked for, they are one object on stderr like any other error."""
    _ = scratch
    monkeypatch.setattr(boundary, "_run", _run_that_wants_json(error))

    code = boundary.run(["log", "--json"])

    assert json.loads(capsys.readouterr().err)["kind"] == kind
    assert code in {4, 130}


def _run_that_wants_json(error: BaseException) -> Callable[[object, dict[str, object]], int]:
    def run(_arguments: object, meta: dict[str, object]) -> int:
        meta[JSON_WANTED] = True
        raise error

    return run


def test_reader_that_goes_away(reader: Console) -> None:
    """`gitaudit log | head -1` ends with 141 and says nothing."""
    command = f"set -o pipefail; {script()} log --jsonl | head -c 1; echo ${{PIPESTATUS[0]}} >&2"
    many = "for i in 1 2 3; do " + command + "; done"
    ran = subprocess.run(["bash", "-c", many], cwd=reader.directory, capture_output=True, check=False)

    assert set(ran.stderr.split()) <= {b"0", b"141"}


def test_reader_that_is_gone_before(reader: Console) -> None:
    """A closed pipe is met while writing: exit code 141, no complaint."""
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run([script(), "log"], cwd=reader.directory, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)

    assert (ran.returncode, ran.stderr) == (141, b"")


def test_no_reader_for_messages_either(reader: Console) -> None:
    """An error whose message nobody can read keeps its exit code or ends with 141; it never looks like a bad log."""
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run([script(), "show", "99"], cwd=reader.directory, stdout=write, stderr=write, check=False)
    os.close(write)

    assert ran.returncode == 141


def test_full_disk_behind_stdout(reader: Console) -> None:
    """Output that cannot be written is exit code 3, not Python's 120."""
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run([script(), "log"], cwd=reader.directory, stdout=full, stderr=subprocess.PIPE, check=False)

    assert (ran.returncode, ran.stderr.count(b"\n")) == (3, 2)
    assert b"No space left on device" in ran.stderr


def test_closed_streams(reader: Console) -> None:
    """Without stdout and stderr, the exit code is still right."""
    command = f"{script()} log >&- 2>&-; echo $?; {script()} show 99 >&- 2>&-; echo $?"
    ran = subprocess.run(["bash", "-c", command], cwd=reader.directory, capture_output=True, check=False)

    assert ran.stdout.split() == [b"0", b"2"]


def test_output_that_the_terminal_cannot_encode(audited: Console) -> None:
    """Where an encoding has not all characters, JSON is escaped and text is shown as far as it goes."""
    latin = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    audited.ok("record-deploy", "--env", "prod", "--outcome", "failed", "--reason", "Über → Nacht")
    as_json = program("log", "--json", cwd=audited.directory, env=latin)
    as_text = program("log", cwd=audited.directory, env=latin)
    error = program("show", "ünknown", cwd=audited.directory, env=latin)

    assert json.loads(as_json.stdout)["records"][0]["record"]["body"]["reason"] == "Über → Nacht"
    assert (as_text.returncode, b"\xdcber \\u2192 Nacht" in as_text.stdout) == (0, True)
    assert (error.returncode, b"nknown" in error.stderr) == (2, True)


@pytest.mark.parametrize("group", [False, True], ids=["alone", "with its workers"])
def test_ctrl_c_while_verifying(long_log: Path, *, group: bool) -> None:
    """SIGINT ends a verification with 130, without a verdict or a trace of Python, also where workers get it."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        [script(), "verify", "--full"], cwd=long_log, stdout=subprocess.PIPE, stderr=slave, start_new_session=True
    )
    os.close(slave)
    seen = b""
    while b"verify [" not in seen:
        seen += os.read(master, 4096)
    if group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    seen += _rest(master)

    assert (process.returncode, out) == (130, b"")
    assert b"\r\x1b[Kgitaudit: error: interrupted" in seen
    assert b"Traceback" not in seen


def _rest(terminal: int) -> bytes:
    """Return what was still written to a terminal that nobody holds open any more."""
    seen = b""
    while True:
        try:
            found = os.read(terminal, 4096)
        except OSError:  # Linux ends a terminal without writers with EIO
            found = b""
        if not found:
            os.close(terminal)
            return seen
        seen += found


@pytest.fixture(scope="session")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a repository whose log takes seconds to verify."""
    from gitaudit.adapters.git.store import find_repository
    from gitaudit.policy.config import format_config
    from tests.support.logs import LogMaker

    path = tmp_path_factory.mktemp("long") / "repo"
    repo = GitRepo.init(path)
    maker = LogMaker(store=find_repository(path))
    for _ in range(LONG):
        maker.add_example("freeze")
    maker.finish(notes=False)
    (path / ".gitaudit.yml").write_bytes(format_config(maker.config))
    assert repo.ref("refs/heads/audit") is not None
    return path
