"""A repository that wants to harm its reader: programs in its configuration, text that steers terminals, bad names."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gitaudit.adapters.git.store import find_repository
from gitaudit.cli.output import Output, escape, to_json
from gitaudit.cli.reading.record_text import record_lines
from gitaudit.policy.config import format_config
from tests.cli.console import DATA, Console, commit_iac, on_a_terminal, script
from tests.support.git import GitRepo
from tests.support.logs import LogMaker
from tests.support.tools import require_tool

READING = (
    ("log",),
    ("log", "--json"),
    ("log", "--resource", "x"),
    ("show", "1"),
    ("show", "HEAD"),
    ("verify",),
    ("verify", "--full", "--complete"),
    ("policy", "show"),
    ("notes", "check"),
)
PROGRAMS = (
    *("gpg.program", "gpg.openpgp.program", "gpg.x509.program", "gpg.ssh.program", "core.pager", "pager.log"),
    *("pager.audit", "core.fsmonitor", "core.sshCommand", "core.editor", "sequence.editor", "core.askPass"),
    *("core.gitProxy", "diff.external", "diff.evil.command", "diff.evil.textconv", "merge.evil.driver"),
    *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "credential.helper", "interactive.diffFilter"),
    *("uploadpack.packObjectsHook", "remote.origin.uploadpack", "remote.origin.receivepack", "remote.origin.vcs"),
    *("gitaudit.pager", "hook.evil.command", "core.alternateRefsCommand", "trailer.evil.command", "man.evil.cmd"),
)
HOOKS = (
    "pre-commit",
    "post-checkout",
    "reference-transaction",
    "post-index-change",
    "fsmonitor-watchman",
    "pre-auto-gc",
)
NASTY = {
    "escape": "\x1b]0;owned\x07\x1b[31m",
    "C1": "\x9b31m",
    "bidi": "\u202egnp.exe",
    "isolate": "\u2066x\u2069",
    "zero width": "a\ufeffb\u200fc",
    "line break": "a\r\nb\u2028c",
    "NUL": "a\x00b",
    "delete": "a\x7fb\x08",
    "surrogate": "a\ud800b",
}


@pytest.fixture
def trap(reader: Console, git_repo: GitRepo, tmp_path: Path) -> Path:
    """Turn the repository into a trap: what its configuration can name as a program leaves a mark. Give the mark."""
    _ = reader
    mark = tmp_path / "mark"
    program = git_repo.path / "evil"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n', "utf-8")
    program.chmod(0o755)
    for name in PROGRAMS:
        git_repo.run("config", name, str(program))
    for name in ("log", "audit", "rev-parse", "cat-file", "update-ref", "status"):
        git_repo.run("config", f"alias.{name}", f"!{program}")
    hooks = git_repo.path / "hooks"
    hooks.mkdir()
    for name in HOOKS:
        (hooks / name).write_bytes(program.read_bytes())
        (hooks / name).chmod(0o755)
    git_repo.run("config", "core.hooksPath", str(hooks))
    git_repo.run("config", "hook.evil.event", "reference-transaction")
    git_repo.run("config", "include.path", str(git_repo.path / "included"))
    (git_repo.path / "included").write_text(f"[core]\n\tpager = {program}\n[gpg]\n\tprogram = {program}\n", "utf-8")
    (git_repo.path / ".gitattributes").write_bytes(b"* filter=evil diff=evil merge=evil\n")
    (git_repo.path / "main.tf").write_bytes(b"# changed, so that a status would want to clean it\n")
    (git_repo.path / ".git" / "info" / "attributes").write_bytes(b"* filter=evil diff=evil\n")
    mark.unlink(missing_ok=True)
    return mark


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_reading_runs_nothing_that_the_repository_names(
    reader: Console, trap: Path, arguments: tuple[str, ...]
) -> None:
    """No program, hook, filter or alias of the repository is run, and the answer is the right one."""
    ran = reader.run(*arguments)

    assert (ran.code in {0, 3}, trap.exists()) == (True, False)


def test_pager_of_the_repository_is_not_run(reader: Console, trap: Path) -> None:
    """On a terminal, the pager is the user's own: from variables, or from his configuration."""
    ran = on_a_terminal(script(), "log", cwd=reader.directory, env={"TERM": "xterm", "PAGER": "cat"})
    home = Path(os.environ["GIT_CONFIG_GLOBAL"])
    home.write_text(home.read_text("utf-8") + "[core]\n\tpager = sed s/^/PAGED:/\n", "utf-8")
    paged = on_a_terminal(script(), "log", cwd=reader.directory, env={"TERM": "xterm"})

    assert (ran.code, "genesis of example.com/infra" in ran.out, trap.exists()) == (0, True, False)
    assert (paged.code, paged.out.startswith("PAGED:")) == (0, True)


@pytest.mark.parametrize("engine", ["sequoia", "gpg"])
def test_verify_starts_no_unexpected_program(reader: Console, trap: Path, tmp_path: Path, engine: str) -> None:
    """Seen from the kernel: verify starts no program at all, or with --engine gpg only gpg and its own helpers."""
    strace = require_tool("strace")
    told = tmp_path / "trace"
    command = [script(), "verify", "--full", "--engine", engine]
    ran = subprocess.run(
        [strace, "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", str(told), *command],
        cwd=reader.directory,
        capture_output=True,
        check=False,
    )
    if ran.returncode == 1 and b"ptrace" in ran.stderr:
        pytest.skip("this machine does not let strace trace")

    started = re.findall(r'execve\("([^"]+)".*\) = 0', told.read_text("utf-8"))
    assert (ran.returncode, trap.exists()) == (0, False)
    assert {Path(path).name for path in started[1:]} <= (
        set() if engine == "sequoia" else {"gpg", "gpgconf", "gpg-agent"}
    )


def test_hostile_config_does_not_stop_recording(audited: Console, git_repo: GitRepo, tmp_path: Path) -> None:
    """Filters and an fsmonitor of the repository are not run either when it is asked whether the work tree is clean."""
    mark = tmp_path / "mark"
    for name in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.external"):
        git_repo.run("config", name, f"touch {mark}; cat")
    (git_repo.path / ".git" / "info" / "attributes").write_bytes(b"* filter=evil\n")
    (git_repo.path / "main.tf").write_bytes(b"# changed\n")

    assert audited.run("record-deploy", "--env", "prod", "--outcome", "failed").code == 0
    assert not mark.exists()


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_nothing_nasty_reaches_the_terminal(text: str) -> None:
    """Text and JSON escape what steers a terminal or reorders text; the JSON still says the same."""
    shown = [escape(text), to_json({"a": text}, indent=2), to_json([text])]
    shown += record_lines({"type": text, "body": {text: [text, {text: text}]}}, Output(command="show"))

    for line in shown:
        assert line.replace("\n", "").isprintable()
        assert not set("\u202e\u2066\u2069\u200f\ufeff") & set(line)
    assert json.loads(to_json(text)) == text


@pytest.fixture
def hostile(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Console:
    """Give a repository whose log holds, under the signature of its own key, records that no schema would accept."""
    repo = GitRepo.init(tmp_path / "hostile")
    maker = LogMaker(store=find_repository(repo.path))
    maker.add_example("freeze")
    record = maker.records[-1]
    maker.finish(notes=False)
    (repo.path / ".gitaudit.yml").write_bytes(format_config(maker.config))
    path = "records/00/00/00/00000001-freeze.json"
    document: dict[str, Any] = {
        **record.document,
        "body": {"reason": _nasty(), "state": _nasty()},
        "actor": {"id": _nasty()},
    }
    document |= {"occurred_at": _nasty(), "links": [{"rel": _nasty(), "href": _nasty()}], "id": record.id}
    raw = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    _replace(repo, path, raw)
    return Console(capsys, repo.path)


def _nasty() -> str:
    return "".join(text for name, text in NASTY.items() if name != "surrogate") + "<script>alert(1)</script>"


def _replace(repo: GitRepo, path: str, content: bytes) -> None:
    """Let the last audit commit have another content of a file, without a new signature."""
    index = {"GIT_INDEX_FILE": str(repo.path / ".git" / "other-index")}
    repo.run("read-tree", "refs/heads/audit", env=index)
    repo.run("update-index", "--add", "--cacheinfo", f"100644,{repo.put('blob', content)},{path}", env=index)
    tree = repo.run("write-tree", env=index)
    raw = repo.raw_object("commit", "refs/heads/audit")
    repo.run(
        "update-ref",
        "refs/heads/audit",
        repo.put("commit", re.sub(rb"^tree [0-9a-f]{40}", b"tree " + tree.encode(), raw)),
    )


@pytest.mark.parametrize(
    "typed", ["log", "log --oneline", "log --json", "log --jsonl", "show 1", "show 1 --json", "verify"]
)
def test_hostile_record_is_shown_escaped(hostile: Console, typed: str) -> None:
    """A forged record cannot steer the terminal of whoever looks at it, and is told as bad by what checks it."""
    ran = hostile.run(*typed.split())
    printed = (ran.out + ran.err).replace("\n", "")

    assert printed.isprintable()
    assert not set("\u202e\u2066\u2069\u200f\ufeff") & set(printed)
    assert ran.code == (0 if typed.startswith("log") else 1), ran


@pytest.mark.parametrize("text", [text for name, text in NASTY.items() if name not in {"NUL", "surrogate"}])
def test_nasty_arguments(audited: Console, text: str) -> None:
    """What a user, or whoever wrote his command line, gives is refused with an escaped message; nothing is recorded."""
    head = audited.head()
    plain = ["record-deploy", "--env", "prod", "--outcome", "failed"]

    for arguments in (
        [*plain[:2], text, "--outcome", "failed"],
        [*plain, "--reason", text],
        [*plain, "--ticket", text],
        [*plain, "--stack", text],
        [*plain, "--link", f"run=https://example.com/{text}"],
        [*plain, "--link", f"{text}=https://example.com/"],
        [*plain, "--artifact", f"{text}@sha256:{'0' * 64}"],
        [*plain, "--commit", text],
        [*plain, "--retries", text],
        ["correct", "1", "--reason", text],
        ["correct", "1", "--reason", "x", "--field", text],
        ["show", text],
        ["policy", "set", "--env", text],
        ["policy", "add-key", text, "--role", "ci"],
        ["log", "--type", text],
        ["init", "--remote", text],
        [text],
        ["log", f"--{text}"],
    ):
        ran = audited.run(*arguments)
        assert ran.code in {2, 3}, (arguments, ran)
        assert ran.err.replace("\n", "").isprintable(), (arguments, ran)
        assert "\u202e" not in ran.err
    assert audited.head() == head


def test_nasty_names_in_the_repository(audited: Console, git_repo: GitRepo) -> None:
    """Files with odd names are recorded, in base64 where they hold what no text may hold, and shown escaped."""
    git_repo.commit(
        {b"a\x1b[31m.tf": b"# x\n", "b\u202e.tf".encode(): b"# x\n", b"c\xff.tf": b"# x\n", b"d<script>.tf": b"# x\n"}
    )
    recorded = audited.run("record-change")
    shown = audited.run("show", "2")

    assert (recorded.code, shown.code) == (0, 0)
    assert shown.out.replace("\n", "").isprintable()
    assert "\u202e" not in shown.out
    assert audited.record(2)["body"]["files"]["total"] == 4


def test_branch_with_a_nasty_name(audited: Console, git_repo: GitRepo) -> None:
    """A branch whose name would reorder text is refused in a record, with the place in the record."""
    git_repo.run("checkout", "--quiet", "-b", "a\u202eb")
    commit_iac(git_repo, b"# y\n")

    ran = audited.run("record-change")

    assert (ran.code, ran.out) == (2, "")
    assert "breaks its schema at /subject/ref" in ran.err
    assert "\u202e" not in ran.err


def test_addresses_of_a_plan_are_made_visible(audited: Console, tmp_path: Path) -> None:
    """A plan whose addresses hold terminal escapes is recorded with them escaped."""
    text = (DATA / "plan_change.json").read_text("utf-8")
    evil = tmp_path / "plan.json"
    evil.write_text(text.replace('"terraform_data.database"', '"terraform_data.\\u001b[31m\\u202edatabase"'), "utf-8")

    ran = audited.run("record-deploy", "--env", "prod", "--outcome", "succeeded", "--plan", str(evil))

    assert ran.code in {0, 2}
    assert (ran.out + ran.err + audited.run("show", "2").out).replace("\n", "").isprintable()


def test_commit_with_nasty_author_and_message(audited: Console, git_repo: GitRepo) -> None:
    """Names and messages of audited commits are no part of a record."""
    nasty = "\x1b[31m\u202eowned"
    env = {"GIT_AUTHOR_NAME": nasty, "GIT_COMMITTER_NAME": nasty, "GIT_AUTHOR_EMAIL": f"{nasty}@x"}
    git_repo.commit({"two.tf": b"# two\n"}, f"{nasty}\n\nAudit-Index: 99\n", env=env)

    audited.ok("record-change")

    assert "owned" not in audited.ok("show", "2")
    assert "owned" not in audited.ok("log", "--json")


@pytest.mark.parametrize("typed", [("verify", "--complete"), ("log",), ("record-change",)])
def test_grafts_hide_nothing(audited: Console, git_repo: GitRepo, typed: tuple[str, ...]) -> None:
    """A file of grafts that would hide a commit without a record stops every command, with exit code 3."""
    git_repo.commit({"two.tf": b"# two\n"})
    tip = git_repo.commit({"README": b"x\n"})
    assert audited.run("verify", "--complete").code == 1
    grafts = git_repo.path / ".git" / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(f"{tip} {git_repo.id_of('HEAD~2')}\n", "ascii")

    ran = audited.run(*typed)

    assert (ran.code, ran.out) == (3, "")
    assert "the repository has grafts" in ran.err
    assert f"rm -- {grafts}" in ran.err
