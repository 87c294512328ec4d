"""`scripts/demo` from end to end: what it shows is so, and it touches nothing of whoever runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.worlds import CHECKOUT, PROGRAMS
from tests.support.tools import require_tool

HOSTILE = """\
[user]
\tsigningkey = 0123456789ABCDEF
[commit]
\tgpgsign = true
[gpg]
\tprogram = /nonexistent/gpg
[core]
\thooksPath = /nonexistent/hooks
[url "https://example.invalid/"]
\tinsteadOf = /
"""
MEDDLING = {
    "GIT_DIR": "/nonexistent",
    "GIT_WORK_TREE": "/nonexistent",
    "GITAUDIT_KEY": "0123456789ABCDEF",
    "GITAUDIT_RECORD_DEPLOY_OUTCOME": "failed",
    "TF_CLI_ARGS": "-nonsense",
    "TF_VAR_migrate": "exit 9",
}
"""Variables of the caller that would spoil the demo if it let them in."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give the home of a user whose configuration would break everything that reads it."""
    place = tmp_path / "home"
    (place / ".gnupg").mkdir(mode=0o700, parents=True)
    (place / ".gnupg/gpg.conf").write_text("no-such-option\n", "ascii")
    (place / ".gitconfig").write_text(HOSTILE, "ascii")
    (place / ".terraformrc").write_text("nonsense {\n", "ascii")
    return place


def without_terraform(folder: Path) -> str:
    """Return a PATH that has all programs of the present one but terraform."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*") if place else ():
            link = folder / program.name
            if program.name not in {"terraform", "tofu"} and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


def named_folder(printed: str) -> Path:
    """Return the folder that a demo says it works in."""
    found = re.search(r"^\$ cd (/\S+/gitaudit-demo\.\w+)$", printed, re.MULTILINE)
    assert found is not None
    return Path(found[1])


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file below a folder, with its content and the time it was changed."""
    return {
        str(one.relative_to(folder)): (one.read_bytes(), one.stat().st_mtime_ns)
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def demo(
    home: Path, *options: str, path: str | None = None, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run the demo as somebody with that home."""
    variables = {
        **MEDDLING,
        "PATH": path or os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home.parent),
        "GITAUDIT_DEMO_PYTHON": python,
    }
    return subprocess.run(
        [f"{CHECKOUT}/scripts/demo", *options],
        cwd=home.parent,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def assert_told(printed: str) -> None:
    """Compare what a demo printed with the story that it tells."""
    assert re.search(r"recorded #2 deploy prod: succeeded, 2 added 0 changed 0 destroyed", printed)
    assert re.search(r"recorded #4 deploy prod: partial, 0 added 1 changed 0 destroyed", printed)
    assert printed.count("good: 5 records checked") >= 2
    attacks = printed.split("== Attack ")[1:]
    assert [one[0] for one in attacks] == ["1", "2", "3"]
    assert all(re.search(r"\nbad: \d+ finding.*\n\(exit code 1\)\n", one) for one in attacks)
    assert "error: signature: record 4" in attacks[0]
    assert "error: rollback:" in attacks[1]
    assert "record 2" in attacks[2]
    assert "good: the root over all records so far, 5 of them" in attacks[2]
    assert "\x1b[" not in printed


@pytest.mark.slow
def test_the_demo_tells_its_story_with_terraform(home: Path) -> None:
    """It really plans and applies, shows log and attacks, and with --clean nothing of it is left."""
    require_tool("terraform")
    before = contents(home)
    done = demo(home, "--clean")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert_told(done.stdout)
    assert "$ terraform apply -json plan.bin >apply.jsonl\n(exit code 1)\n" in done.stdout
    assert contents(home) == before
    assert not named_folder(done.stdout).exists()


@pytest.mark.slow
def test_the_demo_tells_its_story_without_terraform(home: Path, tmp_path: Path) -> None:
    """It takes a plan and a result made before, keeps its folder with what it names to try next, and ends its agent."""
    before = contents(home)
    done = demo(home, path=without_terraform(tmp_path / "bin"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert_told(done.stdout)
    assert "No terraform here" in done.stdout
    assert contents(home) == before
    folder = named_folder(done.stdout)
    assert f"Everything is in {folder}. " in done.stdout
    try:
        assert (folder / "infra/.gitaudit.yml").is_file()
        assert not list((folder / "gpg").glob("S.*"))
        after = re.findall(
            r"^  ((?:export|cd|gitaudit) .*?)(?:  .*)?$", done.stdout.partition("To go on there:")[2], re.MULTILINE
        )
        again = subprocess.run(
            ["bash", "-euc", "\n".join(after) + "\ngpgconf --kill all"],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert again.returncode == 0, again.stderr
        assert '"good": true' in again.stdout
    finally:
        shutil.rmtree(folder)


def test_a_failing_step_is_named(home: Path, tmp_path: Path) -> None:
    """Where a command fails, the demo ends with its exit code and says in which step and where everything is."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    (programs / "gitaudit").write_text("#!/bin/sh\necho 'gitaudit: error: on purpose' >&2\nexit 9\n", "ascii")
    (programs / "gitaudit").chmod(0o755)
    done = demo(home, "--clean", python=str(programs / "python"))
    assert done.returncode == 9
    assert "gitaudit: error: on purpose" in done.stdout
    told = re.search(r'failed in "Start the log", line \d+, exit code 9; everything is kept in (\S+)', done.stderr)
    assert told is not None
    assert Path(told[1], "infra/.git").is_dir()
    shutil.rmtree(told[1])


def test_a_missing_program_is_told(home: Path, tmp_path: Path) -> None:
    """An environment without gitaudit is refused before anything is made."""
    done = demo(home, python=str(Path("/usr/bin/python3")))
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected the program /usr/bin/gitaudit, found none" in done.stderr
    assert not list(tmp_path.glob("gitaudit-demo.*"))


def test_help_names_the_options(home: Path) -> None:
    """--help prints the head of the script, and an unknown option is an error."""
    done = demo(home, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--clean" in done.stdout
    assert demo(home, "--nonsense").returncode == 2


def test_the_programs_that_the_demo_runs_are_those_under_test() -> None:
    """The tests run the program that is installed beside their Python."""
    assert (PROGRAMS / "gitaudit").is_file()
