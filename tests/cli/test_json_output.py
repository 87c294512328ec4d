"""What `--json` promises: one document in all, as `schemas/output/` describes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import referencing
import referencing.jsonschema

from gitaudit.adapters.schemas import SchemaSet
from gitaudit.cli.commands import COMMANDS
from tests.cli.console import DATA, Console, Ran

if TYPE_CHECKING:
    from tests.support.git import GitRepo

FOLDER = Path(__file__).parents[2] / "schemas" / "output"
SHARED = {"common"}
BESIDES = {"error", "log-line", "protect-server"}


def schema(name: str) -> dict[str, Any]:
    """Return an output schema."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.v1.json").read_text("utf-8"))
    return found


def faults(document: dict[str, Any]) -> list[str]:
    """Return how a document breaks the schema that its format names."""
    name = document["format"].removeprefix("gitaudit.").removesuffix("/1")
    resources = [(one["$id"], one) for one in map(schema, sorted(SHARED))]
    registry: referencing.Registry[Any] = referencing.Registry().with_resources(
        [(uri, referencing.jsonschema.DRAFT202012.create_resource(one)) for uri, one in resources]
    )
    validator = jsonschema.Draft202012Validator(schema(name), registry=registry)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def good(ran: Ran, code: int = 0) -> dict[str, Any]:
    """Return the document of a run that printed it alone, after checking it against its schema."""
    assert (ran.code, ran.err) == (code, "")
    assert faults(ran.document) == []
    return ran.document


def failed(ran: Ran, code: int) -> dict[str, Any]:
    """Return the error object of a run that printed it alone, after checking it against its schema."""
    assert (ran.code, ran.out) == (code, "")
    assert faults(ran.error) == []
    assert ran.error["exit_code"] == code
    return ran.error


def test_every_command_has_a_schema_and_no_schema_is_without_a_command() -> None:
    """Commands, the error and the line of a listing have a schema each."""
    assert {path.name.removesuffix(".v1.json") for path in FOLDER.iterdir()} == set(COMMANDS) | SHARED | BESIDES


@pytest.mark.parametrize("name", sorted(path.name.removesuffix(".v1.json") for path in FOLDER.iterdir()))
def test_schema_is_one_and_closed(name: str) -> None:
    """A schema is valid JSON Schema 2020-12, has its own address, and lists all fields at the top."""
    found = schema(name)

    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$id"].endswith(f"/schemas/output/{name}.v1.json")
    if name not in SHARED:
        assert found.get("additionalProperties", found.get("unevaluatedProperties")) is False
        assert found["properties"]["format"]["const"] == f"gitaudit.{name}/1"


def test_unknown_field_breaks_the_contract(audited: Console) -> None:
    """The schemas would notice a field that they do not describe."""
    document = good(audited.run("log", "--json"))

    assert faults({**document, "extra": 1}) != []
    assert faults({**document, "records": [{**document["records"][0], "extra": 1}]}) != []


def test_init_starts(console: Console) -> None:
    """A new log: what was pinned, and whose key it admits."""
    planned = good(console.run("init", "--json", "--dry-run", "--origin", "example.com/infra"))
    started = good(console.run("init", "--json", "--origin", "example.com/infra"))
    present = good(console.run("init", "--json"))

    assert (planned["action"], planned["genesis"], planned["dry_run"]) == ("start", None, True)
    assert (started["action"], started["shared"], started["head"]["size"]) == ("started", True, 1)
    assert (present["action"], present["genesis"], present["wrote_config"]) == ("present", started["genesis"], False)


def test_init_joins(audited: Console, git_remote: GitRepo, tmp_path: Path) -> None:
    """A clone that joins says so; options that have no effect are told in the document, not on stderr."""
    there = audited.at(git_remote.clone(tmp_path / "clone").path)

    planned = good(there.run("init", "--json", "--dry-run"))
    joined = good(there.run("init", "--json", "--env", "moon"))

    assert planned["action"] == "join"
    assert (joined["action"], joined["head"]["size"], joined["admin"]) == ("joined", 2, None)
    assert "--env" in joined["notices"][0]["message"]


def test_recording(audited: Console, git_repo: GitRepo) -> None:
    """What was recorded, or would be; the drafts of a dry run are what is then recorded."""
    git_repo.commit({"two.tf": b"# two\n"})
    planned = good(audited.run("record-change", "--json", "--dry-run"))
    changed = good(audited.run("record-change", "--json"))
    again = good(audited.run("record-change", "--json"))
    options = ["--env", "prod", "--result", str(DATA / "apply.jsonl")]
    would = good(audited.run("record-deploy", "--json", "--dry-run", *options))
    deployed = good(audited.run("record-deploy", "--json", *options))
    corrected = good(audited.run("correct", "3", "--reason", "it was another", "--json"))

    assert [one["type"] for one in planned["records"]] == ["change"]
    assert [one["index"] for one in changed["recorded"]] == [2]
    assert (again["recorded"], again["head"]) == ([], changed["head"])
    assert would["records"][0]["body"] == audited.record(3)["body"]
    assert (deployed["shared"], deployed["unpublished"], deployed["head"]["size"]) == (True, 0, 4)
    assert [one["type"] for one in corrected["recorded"]] == ["correction"]


def test_sync(audited: Console) -> None:
    """What waits is told by a dry run, and recorded by a real one."""
    kept = good(audited.run("record-deploy", "--env", "prod", "--outcome", "failed", "--no-push", "--json"))
    planned = good(audited.run("sync", "--dry-run", "--json"))
    done = good(audited.run("sync", "--json"))

    assert (kept["shared"], kept["unpublished"]) == (False, 1)
    assert (planned["unpublished"], [one["id"] for one in planned["records"]]) == (1, [kept["recorded"][0]["id"]])
    assert (done["shared"], done["unpublished"]) == (True, 0)


def test_log_and_its_lines(audited: Console) -> None:
    """A listing is one document, or one a line; both hold the same records."""
    document = good(audited.run("log", "--json"))
    lines = audited.run("log", "--jsonl")
    objects = [json.loads(line) for line in lines.out.splitlines()]

    assert (lines.code, lines.err) == (0, "")
    assert [faults(one) for one in objects] == [[], []]
    assert [{**one, "format": 0} for one in objects] == [{**one, "format": 0} for one in document["records"]]
    assert [SchemaSet().check_record(one["record"]) for one in objects] == [[], []]
    assert good(audited.run("log", "--type", "drift", "--json"))["records"] == []
    assert audited.run("log", "--type", "drift", "--jsonl") == Ran(code=0, out="", err="")


def test_show(audited: Console) -> None:
    """A record comes with what checking it alone found."""
    document = good(audited.run("show", "1", "--json"))

    assert [(one["good"], one["findings"], one["record"]["index"]) for one in document["records"]] == [(True, [], 1)]


def test_policy(audited: Console, git_repo: GitRepo) -> None:
    """The policy itself, and what came of changing it."""
    shown = good(audited.run("policy", "show", "--json"))
    planned = good(audited.run("policy", "set", "--env", "moon", "--json", "--dry-run"))
    changed = good(audited.run("policy", "set", "--env", "moon", "--json"))

    assert SchemaSet().check_policy(shown["policy"]) == []
    assert planned["records"][0]["body"]["change"] == "set"
    assert [one["type"] for one in changed["recorded"]] == ["policy"]
    assert b"moon" in git_repo.read("policy.yml", "refs/heads/audit")


def test_notes(audited: Console) -> None:
    """Checking and rebuilding the notes."""
    checked = good(audited.run("notes", "check", "--json"))
    planned = good(audited.run("notes", "rebuild", "--json", "--dry-run"))
    rebuilt = good(audited.run("notes", "rebuild", "--json"))

    assert (checked["good"], checked["findings"]) == (True, [])
    assert (planned["dry_run"], planned["size"], rebuilt["dry_run"], rebuilt["size"]) == (True, 2, False, 2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(console: Console, shell: str) -> None:
    """The script is in the document as it is in the text."""
    document = good(console.run("completion", shell, "--json"))

    assert document["script"] == console.ok("completion", shell)


def test_verify_good(audited: Console) -> None:
    """The verdict, and what it counted."""
    document = good(audited.run("verify", "--json"))
    since = good(audited.run("verify", "--since", "1", "--json"))

    assert (document["good"], document["size"], document["types"]) == (True, 2, {"change": 1, "genesis": 1})
    assert "taken as they stand" in since["notices"][0]["message"]
    assert document["complete_for"] == []


def test_verify_complete(audited: Console, git_repo: GitRepo) -> None:
    """Completeness names the branches it was looked for on, and each commit that nothing accounts for."""
    whole = good(audited.run("verify", "--complete", "--json"))
    missing = git_repo.commit({"two.tf": b"# two\n"})
    lacking = good(audited.run("verify", "--complete", "main", "--json"), 1)

    assert (whole["complete_for"], lacking["complete_for"]) == (["refs/heads/main"], ["main"])
    assert [(one["rule"], one["commit"]) for one in lacking["findings"]] == [("incomplete", missing)]


def test_bad_log_is_a_document_too(audited: Console, git_repo: GitRepo) -> None:
    """With exit code 1, findings are on stdout and nothing is on stderr: in verify, show and notes check."""
    forged = git_repo.run("commit-tree", "refs/heads/audit^{tree}", "-p", "refs/heads/audit", "-m", "forged")
    notes = git_repo.run("commit-tree", "refs/heads/audit^{tree}", "-m", "forged")
    git_repo.run("update-ref", "refs/notes/audit", notes)
    checked = good(audited.run("notes", "check", "--json"), 1)
    git_repo.run("update-ref", "refs/heads/audit", forged)

    document = good(audited.run("verify", "--json"), 1)

    assert not checked["good"]
    assert not document["good"]
    assert {one["commit"] for one in document["findings"]} >= {forged}


def test_show_of_a_bad_record(audited: Console, git_repo: GitRepo) -> None:
    """A record whose commit was changed after it was signed is shown as bad, with exit code 1."""
    raw = git_repo.raw_object("commit", "refs/heads/audit")
    line = next(line for line in raw.splitlines() if line.startswith(b"committer "))
    later = line.replace(b"> 1", b"> 2")
    git_repo.run("update-ref", "refs/heads/audit", git_repo.put("commit", raw.replace(line, later)))

    document = good(audited.run("show", "1", "--json"), 1)

    assert [one["good"] for one in document["records"]] == [False]
    assert document["records"][0]["findings"] != []


def test_another_pin_is_a_finding(audited: Console, git_repo: GitRepo) -> None:
    """A `.gitaudit.yml` that names another log makes verify say so in its document."""
    path = git_repo.path / ".gitaudit.yml"
    path.write_text(path.read_text("utf-8").replace("example.com/infra", "example.com/other"), "utf-8")

    document = good(audited.run("verify", "--json"), 1)

    assert "now pins another log" in document["findings"][0]["message"]
    assert (document["size"], document["head"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["log", "--json", "--nope"], 2, "usage"),
        (["record-deploy", "--json"], 2, "usage"),
        (["nope", "--json"], 2, "usage"),
        (["show", "99", "--json"], 2, "input"),
        (["record-deploy", "--env", "prod", "--outcome", "failed", "--reason", "a\nb", "--json"], 2, "refused"),
        (["record-deploy", "--env", "prod", "--outcome", "failed", "--key", "0" * 40, "--json"], 3, "key"),
        (["log", "--jsonl", "--since", "yesterday"], 2, "usage"),
    ],
)
def test_error_is_one_object_on_stderr(audited: Console, arguments: list[str], code: int, kind: str) -> None:
    """An error leaves stdout empty and one object on stderr, also where the command line itself is wrong."""
    error = failed(audited.run(*arguments), code)

    assert (error["kind"], error["document"]) == (kind, None)


def test_part_of_the_work_stands_in_the_error(audited: Console, git_repo: GitRepo) -> None:
    """Where records are made but not shared, the error object holds the document that tells them."""
    git_repo.run("remote", "set-url", "origin", "file:///nowhere")

    error = failed(audited.run("record-deploy", "--env", "prod", "--outcome", "failed", "--json"), 3)

    assert error["kind"] == "remote"
    assert faults(error["document"]) == []
    assert [one["index"] for one in error["document"]["recorded"]] == [2]
    assert (error["document"]["shared"], error["document"]["unpublished"]) == (False, 1)


def test_variable_asks_for_json_also_of_errors(audited: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """`GITAUDIT_LOG_JSON=1` is `--json`, for the document and for the errors of `log`, and of no other command."""
    monkeypatch.setenv("GITAUDIT_LOG_JSON", "1")

    good(audited.run("log"))
    failed(audited.run("log", "--nope"), 2)
    failed(audited.run("log", "--since", "yesterday"), 2)
    assert audited.run("show", "99").err.startswith("gitaudit: error: ")


def test_json_as_the_value_of_an_option_asks_for_nothing(audited: Console) -> None:
    """A reason that reads `--json` is a reason."""
    ran = audited.run("record-deploy", "--env", "nowhere", "--outcome", "failed", "--reason", "--json")

    assert ran.err.startswith("gitaudit: error: ")
