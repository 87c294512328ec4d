"""`docs/cli.md` against the program: nothing is missing, nothing is made up."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from gitaudit.cli import boundary
from gitaudit.cli.bugs import BUG
from gitaudit.errors import GitauditError
from tests.docs.cli_tables import PAGE, PART, SHARED, commands, document
from tests.docs.worlds import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = PAGE.read_text("utf-8")
PARTS = {found["name"]: found[0] for found in PART.finditer(TEXT)}
LONG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def test_the_page_says_of_options_what_the_program_says() -> None:
    """The generated parts are as `python -m tests.docs.cli_tables --write` makes them now."""
    assert document(TEXT) == TEXT


def test_every_command_has_a_part_and_every_part_a_command() -> None:
    """No command is left out, and none is described that does not exist."""
    assert list(dict.fromkeys(PARTS)) == list(PARTS)
    assert PARTS.keys() == dict(commands()).keys()


@pytest.mark.parametrize("name", PARTS)
def test_the_help_lists_the_same_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`gitaudit COMMAND --help` and the page name the same options, both ways."""
    assert boundary.run([*name.split(), "--help"]) == 0
    told = set(LONG.findall(capsys.readouterr().out.partition("\nOptions:\n")[2]))
    rows = [line.split(" | ")[0] for line in PARTS[name].splitlines() if line.startswith("| `")]
    listed = {option for row in rows for option in LONG.findall(row)}
    assert listed == told - {f"--{one}" for one in SHARED}


def test_every_exit_code_is_explained() -> None:
    """The table of exit codes has all that the program ends with, and no other."""
    rows = TEXT.partition("## Exit codes")[2].partition("\n## ")[0]
    told = {int(code) for code in re.findall(r"^\| ([0-9]+) \|", rows, re.MULTILINE)}
    kinds: list[type[GitauditError]] = [GitauditError, *_below(GitauditError)]
    assert told == {0, BUG, boundary.INTERRUPTED, boundary.READER_GONE} | {kind.exit_code for kind in kinds}


def test_every_variable_and_setting_is_explained() -> None:
    """What the program reads of the environment and of git's configuration stands in the tables, and nothing else."""
    section = TEXT.partition("## Variables and configuration")[2].partition("\n## ")[0]
    told = {
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`([^`]*)`", row)
    }
    internal = {"COMP_CWORD", "COMP_WORDS", "GPG_TTY", "TERM"}
    assert told == _asked_for() - internal


def test_every_document_format_is_linked() -> None:
    """Each schema of an output document is named by the page."""
    schemas = {one.name for one in (CHECKOUT / "schemas/output").glob("*.json")} - {"common.v1.json"}
    assert set(re.findall(r"\.\./schemas/output/([a-z.0-9-]+)", TEXT)) == schemas


def _below(kind: type[GitauditError]) -> Iterator[type[GitauditError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _asked_for() -> set[str]:
    """Return the names that the sources ask the environment and git's configuration for."""
    texts: list[object] = []
    for path in (CHECKOUT / "gitaudit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            asks = re.search(r"\bvariable$|environ\.get$|\bconfig$|trusted_config$", ast.unparse(node.func))
            values = [*(node.args if asks else ()), *(one.value for one in node.keywords if one.arg == "shared")]
            texts += [one.value for one in values if isinstance(one, ast.Constant)]
    return {one for one in texts if isinstance(one, str) and re.fullmatch(r"[A-Z][A-Z_]+|[a-z]+\.[a-zA-Z]+", one)}
