"""The command line as a newcomer meets it: help, typing errors, variables, what is imported when."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from gitaudit.cli import boundary
from gitaudit.cli.commands import LazyGroup, cli
from gitaudit.cli.options import EnvOption
from tests.cli.console import Console, program, words
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def commands(group: click.Group = cli, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that name it, groups included."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


ALL = sorted(commands(), key=lambda one: one[0])
LEAVES = [(path, command) for path, command in ALL if not isinstance(command, click.Group)]
NAMES = [" ".join(path) for path, _ in ALL]


def context_of(path: tuple[str, ...]) -> click.Context:
    """Return the context in which click runs a command."""
    context = cli.make_context("gitaudit", [], resilient_parsing=True)
    command: click.Command = cli
    for name in path:
        assert isinstance(command, LazyGroup)
        found = command.get_command(context, name)
        assert found is not None
        command = found
        context = click.Context(command, parent=context, info_name=name)
    return context


def test_no_arguments_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`gitaudit` alone is wrong usage, and the help is the answer."""
    assert boundary.run([]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "First steps:" in err


@pytest.mark.parametrize(("path", "command"), ALL, ids=NAMES)
def test_help_of_every_command(
    path: tuple[str, ...], command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Help has examples that name the command, and describes every option; it fits 100 columns."""
    assert boundary.run([*path, "--help"]) == 0

    out = capsys.readouterr().out
    assert re.search(rf"Examples:\n.*gitaudit {' '.join(path)}", out, re.DOTALL)
    assert max(map(len, out.splitlines())) <= 100
    options = [param for param in command.params if isinstance(param, click.Option) and param.name != "help"]
    assert [param.name for param in options if not param.help or not param.help.endswith(".")] == []


def test_help_needs_no_heavy_library() -> None:
    """`--version` and `--help`, of the root and of every command, import neither git, OpenPGP nor schema libraries."""
    heavy = "{'pygit2', 'pysequoia', 'gnupg', 'jsonschema', 'jsonschema_rs', 'concurrent.futures'}"
    lines = [["--version"], ["--help"], *([*path, "--help"] for path, _ in ALL), ["nope"], ["log", "--nope"]]
    code = (
        f"import sys\nfrom gitaudit.cli.boundary import run\ncodes = [run(words) for words in {lines!r}]\n"
        f"sys.stderr.write(repr((codes, sorted({heavy} & set(sys.modules)))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stderr.endswith(f"({[0] * (len(lines) - 2) + [2, 2]!r}, [])")


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["log"], {"jsonschema", "pysequoia", "gnupg"}),
        (["record-deploy", "--env", "prod", "--outcome", "failed"], {"jsonschema"}),
        (["policy", "show"], {"jsonschema", "pysequoia", "gnupg"}),
        (["show", "1"], {"jsonschema", "gnupg"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_commands_import_what_they_use(audited: Console, arguments: list[str], absent: set[str]) -> None:
    """A command that needs no OpenPGP or no explanation of a schema does not pay for importing it."""
    code = (
        "import sys\nfrom gitaudit.cli.boundary import run\n"
        f"code = run({arguments!r})\nsys.stderr.write(repr((code, sorted({absent!r} & set(sys.modules)))))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=audited.directory, capture_output=True, text=True, check=True
    )

    assert ran.stderr == "(0, [])"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("verfy", "gitaudit has no command 'verfy' gitaudit: hint: did you mean verify? see `gitaudit --help`"),
        ("zzz", "gitaudit has no command 'zzz' gitaudit: hint: see `gitaudit --help`"),
        ("policy shw", "gitaudit policy has no command 'shw' gitaudit: hint: did you mean show? see `gitaudit policy"),
        ("notes rebild", "gitaudit notes has no command 'rebild' gitaudit: hint: did you mean rebuild?"),
        ("log --onlin", "gitaudit log has no option --onlin gitaudit: hint: did you mean --oneline? see `gitaudit log"),
        ("log --zzz", "gitaudit log has no option --zzz gitaudit: hint: see `gitaudit log --help`"),
        ("record-deploy", "expected --env, found none gitaudit: hint: see `gitaudit record-deploy --help`"),
        ("record-deploy --env", "requires an argument gitaudit: hint: see `gitaudit record-deploy --help`"),
        ("show", "expected INDEX|ID|REV, found none gitaudit: hint: see `gitaudit show --help`"),
        ("log extra", "unexpected extra argument (extra) gitaudit: hint: see `gitaudit log --help`"),
        ("log -n x", "--max-count: 'x' is not a valid integer"),
        ("log -n 0", "--max-count: 0 is not in the range x>=1"),
        (
            "log --since yesterday",
            "--since: expected a time such as 2026-11-22T20:39:00Z or 2026-11-22, found 'yesterday'",
        ),
        ("log --since 2026-11-22T20:39:00", "--since: expected a time such as"),
        ("log --type deplyo", "expected a record type, found 'deplyo' gitaudit: hint: did you mean deploy?"),
        ("log --json --jsonl", "expected --json or --jsonl, found both"),
        ("record-deploy --env p --outcome wonderful", "--outcome: 'wonderful' is not one of"),
        ("show 99", "expected an index of the log, which ends at 1, found 99"),
        ("show nope", "expected an index, an id or a revision, found 'nope'"),
        ("show refs/remotes/origin/HEAD", "expected an index, an id or a revision"),
        ("show main~1", "expected records about main~1 ("),
        ("correct 99 --reason x", "expected the argument to name a record by index or id, found '99'"),
        ("record-change main...main", "expected a range with two dots, found three"),
        ("record-change nope", "expected a revision of this repository, found 'nope'"),
        ("verify --since 9", "expected --since to name a record of the log, found 9"),
        ("verify --trust xyz", "expected --trust to be a commit id of 40 hex digits or a SHA-256 of 64"),
        ("verify --full --since 1", "expected --full or --since, found both"),
        ("verify --ref refs/heads/audit", "expected --trust beside --ref, found none"),
        ("verify --remote nope", "expected a remote of this repository, found 'nope'"),
        ("policy remove-key AA", "expected 'AA' to name one key of the policy, found 0"),
        ("completion tcsh", "'tcsh' is not one of"),
    ],
)
def test_typing_errors(shelf: Console, typed: str, told: str) -> None:
    """Exit code 2, nothing on stdout, and a message that says what was expected, found, and what to do."""
    ran = shelf.run(*typed.split())

    assert (ran.code, ran.out) == (2, "")
    assert told in words(ran)


@pytest.mark.parametrize("typed", ["verfy", "show 99", "log --zzz", "record-deploy", "verify --trust xyz", "show nope"])
def test_messages_have_one_form(shelf: Console, typed: str) -> None:
    """Two lines: what is wrong, in lower case and without a full stop, and what to do."""
    lines = shelf.run(*typed.split()).err.splitlines()

    assert [line.split(": ")[:2] for line in lines] == [["gitaudit", "error"], ["gitaudit", "hint"]]
    for line in lines:
        text = line.split(": ", 2)[2]
        assert not text.endswith(".")
        assert not text[0].isupper()


def test_before_init(console: Console) -> None:
    """Where there is no log, every command that reads or writes one says how to get one; exit code 3."""
    for typed in (
        "log",
        "show 1",
        "verify",
        "sync",
        "record-change",
        "policy show",
        "notes check",
        "record-deploy --env p",
    ):
        ran = console.run(*typed.split())
        assert (ran.code, ran.out) == (3, "")
        assert "expected a log in this repository, found no .gitaudit.yml" in words(ran)
        assert "gitaudit init" in words(ran)


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_every_option_has_a_variable(
    path: tuple[str, ...], command: click.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`GITAUDIT_<COMMAND>_<OPTION>`, named as the option is typed, sets it."""
    prefix = "_".join(["GITAUDIT", *path]).upper().replace("-", "_")
    for param in command.params:
        if not isinstance(param, click.Option) or param.name == "help":
            continue
        assert isinstance(param, EnvOption)
        name = max(param.opts, key=len).lstrip("-").upper().replace("-", "_")
        value, expected = _sample(param)
        monkeypatch.setenv(f"{prefix}_{name}", value)
        found, _ = param.handle_parse_result(context_of(path), {}, [])
        assert found == expected, name
        monkeypatch.delenv(f"{prefix}_{name}")


def _sample(param: click.Option) -> tuple[str, object]:
    """Return a text for an option's variable, and the value that it stands for."""
    if param.is_bool_flag:
        return "1", True
    if isinstance(param.type, click.Choice):
        return str(param.type.choices[-1]), param.type.choices[-1]
    if isinstance(param.type, click.IntRange):
        return "7", 7
    if param.type.name == "time":
        return "2026-11-22T20:39:00Z", param.type.convert("2026-11-22T20:39:00Z", None, None)
    return ("one two", ("one", "two")) if param.multiple else ("one two", "one two")


def test_variable_is_used(audited: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables stand in for options of a real run, also where one has several lines, and the option itself wins."""
    monkeypatch.setenv("GITAUDIT_RECORD_DEPLOY_ENV", "prod")
    monkeypatch.setenv("GITAUDIT_RECORD_DEPLOY_OUTCOME", "failed")
    monkeypatch.setenv("GITAUDIT_RECORD_DEPLOY_NO_PUSH", "true")
    monkeypatch.setenv("GITAUDIT_RECORD_DEPLOY_LINK", "run=https://ci.example.com/7\npull=https://example.com/8\n")

    document = audited.json("record-deploy", "--outcome", "partial")

    assert (document["unpublished"], audited.record(2)["body"]["outcome"]) == (1, "partial")
    assert [one["rel"] for one in audited.record(2)["links"]] == ["run", "pull"]


def test_key_and_remote_have_a_variable_for_all_commands(audited: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """`GITAUDIT_KEY` is --key of every command; one for a single command goes before it."""
    monkeypatch.setenv("GITAUDIT_KEY", "0" * 40)
    assert audited.run("correct", "1", "--reason", "x").code == 3

    monkeypatch.setenv("GITAUDIT_CORRECT_KEY", "plain@example.com")
    assert audited.run("correct", "1", "--reason", "x").code == 0

    monkeypatch.setenv("GITAUDIT_REMOTE", "nope")
    assert audited.run("sync").code == 2


def test_version_and_help_have_no_variable(shelf: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CI system may well say which version of gitaudit to install in GITAUDIT_VERSION."""
    for name in ("GITAUDIT_VERSION", "GITAUDIT_HELP", "GITAUDIT_LOG_HELP", "GITAUDIT_DIRECTORY"):
        monkeypatch.setenv(name, "1.2")

    assert "#1 " in shelf.ok("log", "--oneline")


def test_wrong_variable_is_told_like_a_wrong_option(shelf: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that does not fit is exit code 2."""
    monkeypatch.setenv("GITAUDIT_LOG_MAX_COUNT", "many")

    assert shelf.run("log").code == 2


def test_in_a_folder_below(reader: Console) -> None:
    """`git audit log` works in a folder below the root, with `-C`, with `--git-dir`, and as git's own command."""
    below = reader.directory / "a" / "b"
    below.mkdir(parents=True)
    expected = program("log", "--oneline", cwd=reader.directory).stdout
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    git = GitRepo(below)

    assert expected.count(b"\n") == 2
    assert program("log", "--oneline", cwd=below, name="git-audit").stdout == expected
    assert git.raw("audit", "log", "--oneline", env=path) == expected
    assert git.raw("-C", "../..", "audit", "log", "--oneline", env=path) == expected
    git_dir = f"--git-dir={reader.directory}/.git"
    assert GitRepo(Path("/")).raw(git_dir, "audit", "log", "--oneline", env=path) == expected
    assert reader.at(Path("/")).run("-C", str(below), "log", "--oneline").out == expected.decode()


def test_command_files_are_short() -> None:
    """A command's file has at most 80 lines: options, one use case, output."""
    files = sorted((ROOT / "gitaudit" / "cli").rglob("*_command.py"))

    assert len(files) >= len(LEAVES)
    assert [path.name for path in files if path.read_text("utf-8").count("\n") > 80] == []
