"""The man page, held to the code: every command and option is in it, and nothing that is not there."""

from __future__ import annotations

import configparser
import re
import subprocess
from pathlib import Path

import click
import pytest

from gitaudit.cli import boundary
from tests.cli.test_usage import ALL, LEAVES
from tests.support.tools import require_tool

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "man" / "git-audit.1"
COMMON = {"--key", "--remote", "--redact", "--no-push", "--dry-run", "--json", "--quiet", "-q", "--help", "-h"}


def plain(roff: str) -> str:
    """Return a page without its escapes."""
    return re.sub(r"\\f[BRI]", "", roff).replace("\\-", "-")


def sections() -> dict[str, str]:
    """Return the text about each command, by the words that name it."""
    parts = re.split(r"^\.SS gitaudit ", PAGE.read_text("utf-8").partition(".SH COMMON OPTIONS")[0], flags=re.MULTILINE)
    return {re.split(r" [\[\\]", part.splitlines()[0].replace("\\-", "-"))[0]: plain(part) for part in parts[1:]}


def options(command: click.Command) -> set[str]:
    """Return the options of a command as they are typed."""
    return {name for param in command.params if isinstance(param, click.Option) for name in param.opts}


def test_every_command_and_option_is_described() -> None:
    """Each command has a section, with its own options; those of many commands stand in one place."""
    described = sections()
    text = plain(PAGE.read_text("utf-8"))

    assert set(described) == {" ".join(path) for path, _ in LEAVES}
    for path, command in LEAVES:
        found = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", described[" ".join(path)]))
        own = options(command) - COMMON
        assert own - found == set(), path
        known = set().union(*(options(one) for _, one in ALL)) | COMMON | {"--notes", "-json"}
        assert found - known == set(), path
    assert {name for name in COMMON if name not in text} == set()


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, boundary.INTERRUPTED, boundary.READER_GONE])
def test_every_exit_code_is_described(code: int) -> None:
    """The exit codes are those of the boundary."""
    assert f"\n.TP\n{code}\n" in PAGE.read_text("utf-8")


def test_page_is_installed() -> None:
    """Both names have a page among the data files, so that `git audit --help` finds it."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    files = config["options.data_files"]["share/man/man1"].split()

    assert files == ["docs/man/git-audit.1", "docs/man/gitaudit.1"]
    assert (ROOT / files[1]).read_text("ascii") == ".so man1/git-audit.1\n"


def test_page_is_good_roff() -> None:
    """The formatter of man has nothing to complain about."""
    groff = require_tool("groff")
    ran = subprocess.run([groff, "-man", "-Tutf8", "-ww", str(PAGE)], capture_output=True, check=True)

    assert ran.stderr == b""
