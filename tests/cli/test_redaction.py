"""A secret that anybody gives to any command ends nowhere: not in an object, the outbox, an error, or a bug report."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from gitaudit.adapters.detector import LibraryScanner
from gitaudit.cli.reading import render
from gitaudit.cli.recording import deploying
from gitaudit.redaction.scrub import forms
from tests.cli.console import DATA, Console, Ran, all_objects, snapshot
from tests.support.secrets import made_secrets

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from tests.support.git import GitRepo

DEPLOY = ("record-deploy", "--env", "prod", "--outcome", "succeeded")
TOKEN = made_secrets()["GitHub token"]
KEY_ID = made_secrets()["AWS key id"]
KNOWN = "sentinel/of=the&plan 7"
"""A value that looks like nothing; only a mark, or the name of its variable, makes it known."""


def leaks(secret: str, *texts: str | bytes) -> list[str]:
    """Return the forms of a secret that stand in texts: plain, Base64 at any offset, URL, JSON."""
    every = b"\n".join(text.encode() if isinstance(text, str) else text for text in texts)
    return [form for form in forms(secret) if form.encode() in every]


def everything(*repositories: GitRepo) -> bytes:
    """Return every object of repositories, also those that nothing reaches and those in packs, and every other file."""
    parts = []
    for repo in repositories:
        parts.append(all_objects(repo.path))
        parts += [path.read_bytes() for path in repo.path.rglob("*") if path.is_file() and "objects" not in path.parts]
    return b"\n".join(parts)


def assert_nowhere(secret: str, ran: Ran, *repositories: GitRepo) -> None:
    """Fail where a secret stands in what a run printed, or in a repository."""
    assert leaks(secret, ran.out, ran.err) == []
    for repo in repositories:
        repo.run("repack", "-a", "--quiet")
    assert leaks(secret, everything(*repositories)) == []


@pytest.mark.parametrize("secret", [TOKEN, KEY_ID], ids=["by its looks", "by the library"])
@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        (["--reason", "used {} for it"], "/body/reason"),
        (["--ticket", "{}"], "/body/ticket"),
        (["--stack", "{}"], "/body/stack/name"),
        (["--link", "run=https://ci.example.com/7?token={}"], "/links/0/href"),
        (["--artifact", "{}@sha256:" + "5c" * 32], "/body/artifacts/0/name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_secret_in_an_option_is_refused(
    audited: Console, git_repo: GitRepo, git_remote: GitRepo, secret: str, options: list[str], pointer: str
) -> None:
    """Exit code 2 and the name of the field; nothing is written."""
    before = snapshot(git_repo.path)

    ran = audited.run(*DEPLOY, *(word.replace("{}", secret) for word in options))

    assert (ran.code, ran.out) == (2, "")
    assert f"would hold a secret at {pointer} (" in ran.err
    assert f"--redact {pointer}" in ran.err
    assert snapshot(git_repo.path) == before
    assert_nowhere(secret, ran, git_repo, git_remote)


@pytest.mark.parametrize("form", [["--json"], ["--dry-run"], ["--dry-run", "--json"], ["--no-push"], ["--quiet"]])
def test_every_form_of_the_command_refuses(audited: Console, git_repo: GitRepo, form: list[str]) -> None:
    """Also where nothing would be written, since it would be shown."""
    before = snapshot(git_repo.path)

    ran = audited.run(*DEPLOY, "--reason", KEY_ID, *form)

    assert (ran.code, ran.out) == (2, "")
    assert "/body/reason" in ran.err
    assert snapshot(git_repo.path) == before
    assert_nowhere(KEY_ID, ran, git_repo)


def test_the_error_in_json(audited: Console) -> None:
    """Machines see the same."""
    error = audited.run(*DEPLOY, "--reason", TOKEN, "--json").error
    assert (error["kind"], error["exit_code"]) == ("refused", 2)
    assert "/body/reason" in error["message"]
    assert error["message"].endswith("; nothing was recorded")


def test_evidence_named_like_a_secret(audited: Console, git_repo: GitRepo, tmp_path: Path) -> None:
    """Only the name of the file goes into the record; the path in an error does not tell it either."""
    name = tmp_path / f"{TOKEN}.log"
    name.write_bytes(b"")
    ran = audited.run(*DEPLOY, "--evidence", str(name))
    assert ran.code == 2
    assert "/body/evidence/0/name" in ran.err
    missing = audited.run(*DEPLOY, "--evidence", f"{name}.gone")
    assert missing.code == 2
    assert_nowhere(TOKEN, Ran(code=2, out=missing.out, err=ran.err + missing.err), git_repo)


@pytest.mark.parametrize(
    "arguments",
    [
        ["record-deploy", "--env", TOKEN, "--outcome", "failed"],
        ["record-deploy", "--env", "prod", f"--{TOKEN}"],
        ["record-deploy", "--env", "prod", "--outcome", TOKEN],
        ["record-deploy", "--env", "prod", "--outcome", "failed", "--started", TOKEN],
        ["record-deploy", "--env", "prod", "--outcome", "failed", "--commit", TOKEN],
        ["record-deploy", "--env", "prod", "--outcome", "failed", "--retries", TOKEN],
        ["record-deploy", "--env", "prod", "--outcome", "failed", "--plan", TOKEN],
        ["record-deploy", "--env", "prod", "--outcome", "failed", f"--reason={TOKEN}"],
        ["record-deploy", "--env", "prod", "--outcome", "failed", "--redact", TOKEN],
        ["correct", "1", "--reason", TOKEN],
        ["correct", "1", "--reason", "wrong", "--field", TOKEN],
        ["correct", TOKEN, "--reason", "wrong"],
        ["policy", "set", "--env", TOKEN],
        ["policy", "add-key", TOKEN, "--role", "ci"],
        ["show", TOKEN],
        ["log", "--since", TOKEN],
        [TOKEN],
    ],
    ids=lambda arguments: " ".join(arguments).replace(TOKEN, "…"),
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_errors_do_not_repeat_a_secret(
    audited: Console, git_repo: GitRepo, arguments: list[str], form: list[str]
) -> None:
    """Whatever is wrong with the command line."""
    ran = audited.run(*arguments, *form)
    assert ran.code in {2, 3}
    assert_nowhere(TOKEN, ran, git_repo)


def test_an_option_from_a_variable(audited: Console, git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an option is."""
    monkeypatch.setenv("GITAUDIT_RECORD_DEPLOY_COMMIT", TOKEN)
    monkeypatch.setenv("GITAUDIT_RECORD_DEPLOY_TICKET", TOKEN)
    ran = audited.run(*DEPLOY)
    assert ran.code == 2
    assert_nowhere(TOKEN, ran, git_repo)


def test_going_on_without_the_field(audited: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """As the refusal says; the record tells how many fields were left out."""
    link = f"run=https://ci.example.com/7?token={TOKEN}"
    ran = audited.run(
        *DEPLOY, "--reason", TOKEN, "--link", link, "--redact", "/body/reason", "--redact", "/links/0/href"
    )
    assert ran.code == 0, ran
    record = audited.record(2)
    assert (record["redaction"], record.get("links")) == ({"dropped": 2, "scrubbed": 0}, [])
    assert "reason" not in record["body"]
    assert audited.run("verify").code == 0
    assert_nowhere(TOKEN, ran, git_repo, git_remote)


@pytest.mark.parametrize("written", [KNOWN, quote(KNOWN, safe=""), base64.b64encode(f"u:{KNOWN}".encode()).decode()])
def test_values_of_variables_are_taken_out(
    audited: Console, git_repo: GitRepo, git_remote: GitRepo, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """In each form, and counted; the record goes on."""
    monkeypatch.setenv("DEPLOY_PASSWORD", KNOWN)
    ran = audited.run(*DEPLOY, "--reason", f"login as {written} failed", "--json")
    assert ran.code == 0, ran
    record = audited.record(2)
    assert record["redaction"] == {"dropped": 0, "scrubbed": 1}
    assert record["body"]["reason"].startswith("login as ")
    assert "[redacted]" in record["body"]["reason"]
    assert_nowhere(KNOWN, ran, git_repo, git_remote)


def test_values_marked_in_the_plan_are_taken_out(audited: Console, git_repo: GitRepo, git_remote: GitRepo) -> None:
    """The sentinel of a sensitive variable, from a plan that terraform made."""
    secret = "SENTINEL-variable"
    plan = DATA / "plan_change.json"
    assert secret in plan.read_text("utf-8")
    escaped = json.dumps({"error": f"<{secret}>"}).replace("<", "\\u003c")

    ran = audited.run(*DEPLOY, "--plan", str(plan), "--reason", f"it said {escaped}", "--ticket", secret)

    assert ran.code == 0, ran
    body = audited.record(2)["body"]
    assert (body["ticket"], audited.record(2)["redaction"]["scrubbed"]) == ("[redacted]", 2)
    assert_nowhere(secret, ran, git_repo, git_remote)


def test_marked_value_in_the_name_of_a_resource_is_refused(
    audited: Console, git_repo: GitRepo, git_remote: GitRepo, tmp_path: Path
) -> None:
    """Terraform keeps keys of `for_each` in clear; the hint says to rename."""
    secret = "Hunter2-sentinel"
    document = {
        "format_version": "1.2",
        "variables": {"pin": {"value": secret}},
        "configuration": {"root_module": {"variables": {"pin": {"sensitive": True}}}},
        "resource_changes": [
            {"address": f'x.y["{secret}"]', "type": "x", "change": {"actions": ["create"]}},
        ],
    }
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(document), "utf-8")

    refused = audited.run(*DEPLOY, "--plan", str(plan))
    went_on = audited.run(*DEPLOY, "--plan", str(plan), "--redact", "/body/plan/resources/items/0/address")

    assert (refused.code, went_on.code) == (2, 0)
    assert "/body/plan/resources/items/0/address (a value that is known to be secret)" in refused.err
    assert "rename that thing and replace the secret" in refused.err
    assert audited.record(2)["body"]["plan"]["resources"]["items"][0]["address"] == "[redacted]"
    assert audited.run("verify").code == 0
    assert_nowhere(secret, Ran(code=0, out=went_on.out, err=refused.err + went_on.err), git_repo, git_remote)


@pytest.mark.parametrize("secret", [TOKEN, KEY_ID], ids=["by its looks", "by the library"])
def test_secret_in_the_path_of_a_commit(audited: Console, git_repo: GitRepo, secret: str) -> None:
    """The other commits are recorded, this one is refused until its file is renamed; no object of the log has it."""
    git_repo.commit({"good.tf": b"# good\n"})
    git_repo.commit({f"live/{secret}.tf": b"# bad\n"})
    before = all_objects(git_repo.path)

    ran = audited.run("record-change")

    assert ran.code == 2
    assert "the change record would hold a secret at /body/files/items/0/path (" in ran.err
    assert "; the other record stands" in ran.err
    assert "rename the file, rewrite the commit before it is pushed" in ran.err
    assert audited.record(2)["body"]["files"]["items"][0]["path"] == "good.tf"
    assert leaks(secret, ran.out, ran.err) == []
    new = all_objects(git_repo.path)
    assert new.count(secret.encode()) == before.count(secret.encode())


def test_message_and_author_of_a_commit_are_not_taken(audited: Console, git_repo: GitRepo) -> None:
    """A commit's text may hold anything; none of it goes into its record, the audit commit or the notes."""
    git_repo.run("config", "user.name", f"Ann {TOKEN}")
    git_repo.write({"two.tf": b"# two\n"})
    git_repo.run("add", ".")
    git_repo.run("commit", "--quiet", "-m", f"password={KNOWN}\n\n{TOKEN}")
    source = git_repo.raw("cat-file", "commit", "HEAD")
    ran = audited.run("record-change")
    assert ran.code == 0
    assert all_objects(git_repo.path).count(TOKEN.encode()) == source.count(TOKEN.encode()) == 3
    assert leaks(TOKEN, ran.out, ran.err, json.dumps(audited.record(2))) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--env", TOKEN], "policy.yml"),
        (["--env", "prod", "--name", TOKEN], "policy.yml"),
        (["--env", "prod", "--iac", f"{TOKEN}/*.tf"], "policy.yml"),
        (["--env", "prod", "--origin", f"example.com/{TOKEN}"], "/origin"),
    ],
)
def test_secret_in_the_beginning_of_a_log(console: Console, git_repo: GitRepo, options: list[str], told: str) -> None:
    """What `init` would write into the policy is looked at as well."""
    git_repo.commit({"main.tf": b"# a\n"})
    origin = [] if "--origin" in options else ["--origin", "example.com/infra"]
    ran = console.run("init", *origin, *options)
    assert ran.code == 2, ran
    assert told in ran.err or "expected" in ran.err
    assert_nowhere(TOKEN, ran, git_repo)


def test_bug_report(audited: Console, git_repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in the midst of the work, with secrets in its message and in every variable around it."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def broken(_session: object, options: dict[str, str]) -> None:
        reason = options["reason"]
        raise KeyError(reason) from ValueError(f"{reason} {TOKEN}")

    monkeypatch.setattr(deploying, "deploy_draft", broken)
    for form in ([], ["--json"]):
        ran = audited.run(*DEPLOY, "--reason", f"used {TOKEN}", *form)
        assert ran.code == 4
        report = Path(re.findall(r"with the file ([^\s\"]+)", ran.err)[0])
        assert report.parent == scratch
        assert "KeyError" in report.read_text("utf-8")
        assert leaks(TOKEN, report.read_bytes()) == []
        assert_nowhere(TOKEN, ran, git_repo)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_warnings_do_not_repeat_a_secret(
    audited: Console, git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    """Those that quote what was typed, or what a variable holds."""
    monkeypatch.setenv("MY_TOKEN", KNOWN)

    def warn(_session: object, output: Output, *_: object, **_more: object) -> None:
        output.warn(f"cannot read {TOKEN}.log, {KNOWN}", f"check {TOKEN}")
        output.document({}) if output.json else output.text("done")

    monkeypatch.setattr(render, "write", warn)
    ran = audited.run(*DEPLOY, "--evidence", str(git_repo.path / "main.tf"), "--reason", f"see {TOKEN}", *form)
    assert ran.code == 0
    assert "cannot read [redacted]" in ran.out + ran.err
    assert leaks(TOKEN, ran.out, ran.err) == []
    assert leaks(KNOWN, ran.out, ran.err) == []


def test_error_that_cannot_be_cleaned_is_not_shown(audited: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the scan itself is broken, an error says so and no more; no record is written either."""

    def broken(_scanner: object, text: str) -> None:
        raise ImportError(text)

    monkeypatch.setattr(LibraryScanner, "find", broken)
    for arguments in ([*DEPLOY, "--reason", KEY_ID], ["record-deploy", "--env", KEY_ID, "--outcome", "failed"]):
        ran = audited.run(*arguments)
        assert (ran.code, ran.out) == (4, "")
        assert "a bug in gitaudit: ImportError" in ran.err
        assert leaks(KEY_ID, ran.err) == []
    assert audited.run("show", "2").code == 2
