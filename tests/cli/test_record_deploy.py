"""`gitaudit record-deploy` end to end: real files of real tools, contradictions, references, and no value anywhere."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.console import DATA, Console, all_objects, commit_iac, words

if TYPE_CHECKING:
    from tests.support.git import GitRepo

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
"""Files of public projects, beside the checkout of whoever has them."""
DEPLOY = ("record-deploy", "--env", "prod")
SENTINEL = "s3cr3t-Sentinel-42"


def sample_files(folder: str) -> list[Path]:
    """Return the sample files of a kind; none where they are not there."""
    return sorted((SAMPLES / folder).glob("*")) if (SAMPLES / folder).is_dir() else []


def body(console: Console, *options: str) -> dict[str, Any]:
    """Record a deployment and return the body of its record."""
    document = console.json(*DEPLOY, *options)
    found: dict[str, Any] = console.record(document["recorded"][0]["index"])["body"]
    return found


@pytest.mark.parametrize(
    "name", sorted(path.name for path in DATA.iterdir() if path.name.startswith(("apply", "destroy")))
)
def test_results_of_terraform(audited: Console, name: str) -> None:
    """Each real result gives the outcome that it tells, with the digest of the very file."""
    content = (DATA / name).read_bytes()
    expected = {
        "apply_failed": "failed",
        "apply_partial": "partial",
        "apply_interrupted": "canceled",
        "apply_stale": "failed",
    }

    found = body(audited, "--result", str(DATA / name))

    assert (found["outcome"], found["outcome_source"]) == (
        expected.get(name.removesuffix(".jsonl"), "succeeded"),
        "result",
    )
    assert (found["result"]["sha256"], found["result"]["size"]) == (sha256(content).hexdigest(), len(content))
    assert found["counts"] == found["result"]["counts"]
    assert audited.run("verify").code == 0


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir() if path.name.startswith("plan")))
def test_plans_of_terraform(audited: Console, name: str) -> None:
    """Each real plan is summarised, or refused with what to give instead."""
    ran = audited.run(*DEPLOY, "--plan", str(DATA / name), "--outcome", "succeeded")

    if name == "plan_stream.jsonl":
        assert (ran.code, ran.out) == (2, "")
        assert "gitaudit: hint: " in ran.err
    else:
        plan = audited.record(2)["body"]["plan"]
        assert (ran.code, plan["sha256"]) == (0, sha256((DATA / name).read_bytes()).hexdigest())
        assert sum(plan["counts"].values()) >= plan["resources"]["total"]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample files are not beside the checkout")
@pytest.mark.parametrize("kind", ["plan", "result"])
def test_sample_files(audited: Console, kind: str) -> None:
    """Every sample is a plan or a result that is summarised, or is refused: exit code 0 or 2, never a bug."""
    recorded, refused = [], []
    for path in sample_files({"plan": "tfplan", "result": "tfapply"}[kind]):
        ran = audited.run(
            *DEPLOY, f"--{kind}", str(path), *(["--outcome", "unknown"] if kind == "plan" else []), "--no-push"
        )
        assert ran.code in {0, 2}, (path, ran)
        if ran.code == 2:
            refused.append(path.name)
            assert ran.err.count("gitaudit: ") == 2, (path, ran)
        else:
            recorded.append(path.name)
            found = audited.record(1 + len(recorded))["body"][kind]
            assert found["sha256"] == sha256(path.read_bytes()).hexdigest()

    assert (len(recorded) >= 15) == (kind == "plan"), (recorded, refused)
    assert audited.run("verify").code == 0


def planted(text: str) -> str:
    """Return a JSON text in which every value of a variable, attribute or output is the sentinel."""

    def plant(value: Any, *, inside: bool) -> Any:  # noqa: ANN401 - whatever JSON holds
        if isinstance(value, dict):
            return {name: plant(item, inside=inside or name in VALUES) for name, item in value.items()}
        if isinstance(value, list):
            return [plant(item, inside=inside) for item in value]
        return SENTINEL if inside and isinstance(value, str) else value

    return json.dumps(plant(json.loads(text), inside=False))


VALUES = {
    "before",
    "after",
    "values",
    "value",
    "variables",
    "constant_value",
    "prior_state",
    "planned_values",
    "@message",
}


def forms(secret: str) -> list[bytes]:
    """Return a secret as it could stand in a file: plain, in base64 at any offset, percent-encoded, in hex."""
    plain = secret.encode()
    found = [plain, plain[::-1], urllib.parse.quote(secret, safe="").encode(), plain.hex().encode(), plain.upper()]
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + plain)
        start = {0: 0, 1: 2, 2: 3}[offset]
        found.append(whole[start : len(whole) - 4])
    return found


def test_no_value_in_any_object(audited: Console, git_repo: GitRepo, git_remote: GitRepo, tmp_path: Path) -> None:
    """Values of plan, result, evidence and URLs are in no object of the repository, here or on the remote."""
    plan, result, evidence = tmp_path / "plan.json", tmp_path / "apply.jsonl", tmp_path / "evidence.txt"
    plan.write_text(planted((DATA / "plan_change.json").read_text("utf-8")), "utf-8")
    lines = (DATA / "apply.jsonl").read_text("utf-8").splitlines()
    result.write_text("\n".join(planted(line) for line in lines) + f"\n{SENTINEL} in a line\n", "utf-8")
    evidence.write_text(SENTINEL, "utf-8")
    assert SENTINEL in plan.read_text("utf-8")

    ran = audited.run(
        *DEPLOY,
        *("--plan", str(plan), "--result", str(result), "--evidence", str(evidence)),
        *(
            "--link",
            f"run=https://user:{SENTINEL}@ci.example.com/7",
            "--link",
            f"pull=https://{SENTINEL}@example.com/8",
        ),
    )

    assert ran.code == 0, ran
    assert [link["href"] for link in audited.record(2)["links"]] == [
        "https://ci.example.com/7",
        "https://example.com/8",
    ]
    for repo in (git_repo, git_remote):
        content = all_objects(repo.path)
        assert b"deploy.finished" in content
        assert [form for form in forms(SENTINEL) if form in content] == []
    left = [path for path in (git_repo.path / ".git").rglob("*") if path.is_file()]
    assert [path for path in left if SENTINEL.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--result", "apply.jsonl", "--exit-code", "1"], "of the same run, found succeeded and 1"),
        (["--result", "apply_failed.jsonl", "--exit-code", "0"], "of the same run, found failed and 0"),
        (["--result", "apply.jsonl", "--outcome", "failed"], "to agree with --result, found failed and succeeded"),
        (["--exit-code", "0", "--outcome", "failed"], "to agree with --exit-code, found failed and succeeded"),
        (["--exit-code", "1", "--outcome", "succeeded"], "to agree with --exit-code, found succeeded and failed"),
        (["--result", "apply_partial.jsonl", "--outcome", "succeeded"], "found succeeded and partial"),
        ([], "expected an outcome, found nothing that tells it"),
        (["--plan", "plan_change.json"], "expected an outcome, found nothing that tells it"),
        (["--result", "plan_change.json"], "give it with --plan"),
        (["--plan", "apply.jsonl", "--outcome", "failed"], "give it with --result"),
        (["--result", "stack.tf"], "expected"),
        (["--result", "nowhere.jsonl"], "--result: cannot read nowhere.jsonl: No such file or directory"),
        (["--result", "."], "--result: cannot read .: Is a directory"),
        (["--outcome", "failed", "--evidence", "nowhere"], "--evidence: cannot read nowhere"),
        (["--outcome", "failed", "--started", "2026-01-02", "--finished", "2026-01-01"], "to lie before --finished"),
        (["--outcome", "failed", "--link", "run=ftp://x"], "expected --link as REL=URL"),
        (["--outcome", "failed", "--link", "https://x"], "expected --link as REL=URL"),
        (["--outcome", "failed", "--link", "run=https://a@b@c/"], "breaks its schema at /links/0/href"),
        (["--outcome", "failed", "--artifact", "app:latest"], "expected --artifact as NAME@sha256:HEX"),
        (["--outcome", "failed", "--artifact", "app@sha256:xyz"], "expected --artifact as NAME@sha256:HEX"),
        (["--outcome", "failed", "--retries", "99"], "expected --retries to name a record by index or id, found '99'"),
        (["--outcome", "failed", "--rolls-back", "HEAD"], "expected --rolls-back to name a record by index or id"),
        (["--outcome", "failed", "--supersedes", "01939f3e-0000-7000-8000-000000000000"], "expected --supersedes to"),
        (["--outcome", "failed", "--reason", "x" * 501], "breaks its schema at /body/reason"),
        (["--outcome", "failed", "--reason", ""], "breaks its schema at /body/reason"),
        (["--outcome", "failed", "--ticket", "x" * 129], "breaks its schema at /body/ticket"),
        (["--outcome", "failed", "--commit", "nowhere"], "expected a revision of this repository, found 'nowhere'"),
        (["--outcome", "failed", "--plan", "-", "--evidence", "-"], "expected standard input to be one file, found -"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)  # fmt: skip
def test_contradictions_and_mistakes(audited: Console, options: list[str], told: str) -> None:
    """Exit code 2 and a message with the option; nothing is recorded and nothing waits."""
    head = audited.head()
    known = {path.name: str(path) for path in DATA.iterdir()}
    paths = [known.get(one, one) for one in options]

    ran = audited.run(*DEPLOY, *paths)

    assert (ran.code, ran.out, audited.head()) == (2, "", head)
    assert told in words(ran)
    assert audited.json("sync", "--dry-run")["records"] == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("prd", "did you mean prod? there are: prod, staging"),
        ("PROD", "did you mean prod?"),
        ("stagign", "did you mean staging?"),
        (
            "moon",
            "hint: there are: prod, staging; an admin adds one with: gitaudit policy set --env prod --env staging",
        ),
    ],
)
def test_unknown_environment(audited: Console, name: str, told: str) -> None:
    """An environment that the policy does not have is refused, with the one that was meant and how to add one."""
    ran = audited.run("record-deploy", "--env", name, "--outcome", "failed")

    assert (ran.code, ran.out) == (2, "")
    assert f"expected an environment of the policy, found '{name}'" in words(ran)
    assert told in words(ran)


@pytest.mark.parametrize(
    ("options", "outcome", "source"),
    [
        (["--exit-code", "0"], "succeeded", "exit-code"),
        (["--exit-code", "7"], "failed", "exit-code"),
        (["--exit-code", "1", "--outcome", "partial"], "partial", "stated"),
        (["--exit-code", "130", "--outcome", "canceled"], "canceled", "stated"),
        (["--outcome", "unknown"], "unknown", "stated"),
        (["--result", str(DATA / "apply_partial.jsonl"), "--outcome", "canceled"], "canceled", "stated"),
        (["--result", str(DATA / "apply_failed.jsonl"), "--exit-code", "1"], "failed", "result"),
    ],
)
def test_outcome_and_how_it_is_known(audited: Console, options: list[str], outcome: str, source: str) -> None:
    """What is not stated is derived, and the record says from what."""
    found = body(audited, *options)

    assert (found["outcome"], found["outcome_source"]) == (outcome, source)


def test_everything_that_can_be_said(audited: Console, git_repo: GitRepo, tmp_path: Path) -> None:
    """Times, texts, links, artifacts, evidence and references to other records, by index or id."""
    first = audited.json(*DEPLOY, "--outcome", "failed")["recorded"][0]["id"]
    evidence = tmp_path / "approval.txt"
    evidence.write_bytes(b"yes\n")
    commit = commit_iac(git_repo, b"# new\n")

    index = audited.json(
        *DEPLOY,
        *(
            "--commit",
            "main",
            "--outcome",
            "succeeded",
            "--stack",
            "network",
            "--reason",
            "Nightly, as planned",
            "--ticket",
            "OPS-7",
        ),
        *("--started", "2026-01-02T03:04:05+01:00", "--finished", "2026-01-02T03:04:05Z"),
        *(
            "--link",
            "run=https://ci.example.com/7",
            "--artifact",
            f"app@sha256:{'0' * 64}",
            "--evidence",
            str(evidence),
        ),
        *("--retries", "2", "--supersedes", first, "--rolls-back", first[:23]),
    )["recorded"][0]["index"]

    record = audited.record(index)
    found = record["body"]
    assert (record["subject"]["commit"], record["subject"]["ref"]) == (commit, "refs/heads/main")
    assert record["occurred_at"] == found["finished_at"] == "2026-01-02T03:04:05Z"
    assert (found["started_at"], found["stack"]) == ("2026-01-02T02:04:05Z", {"name": "network"})
    assert {found["retries"], found["supersedes"], found["rolls_back"]} == {first}
    assert found["artifacts"] == [{"name": "app", "sha256": "0" * 64}]
    assert found["evidence"] == [
        {"name": "approval.txt", "sha256": sha256(b"yes\n").hexdigest(), "size": 4, "stored": "none"}
    ]
    assert record["links"] == [{"href": "https://ci.example.com/7", "rel": "run"}]


def test_dirty_work_tree(audited: Console, git_repo: GitRepo) -> None:
    """Changes that no commit has are told, but only where what is deployed is what is checked out."""
    assert body(audited, "--outcome", "failed")["dirty"] is False
    (git_repo.path / "main.tf").write_bytes(b"# edited\n")

    assert body(audited, "--outcome", "failed")["dirty"] is True
    assert body(audited, "--outcome", "failed", "--commit", "HEAD~1")["dirty"] is False


def test_paths_count_from_the_folder_of_c(audited: Console, git_repo: GitRepo) -> None:
    """With -C DIR, the paths of options count from DIR, as with git."""
    (git_repo.path / "sub").mkdir()
    (git_repo.path / "sub" / "apply.jsonl").write_bytes((DATA / "apply.jsonl").read_bytes())

    assert audited.at(git_repo.path / "sub").run(*DEPLOY, "--result", "apply.jsonl").code == 0


def test_result_from_standard_input(audited: Console) -> None:
    """`-` is standard input, which must not be a terminal."""
    from tests.cli.console import program

    ran = program(*DEPLOY, "--result", "-", cwd=audited.directory, stdin=(DATA / "apply.jsonl").read_bytes())

    assert (ran.returncode, audited.record(2)["body"]["outcome"]) == (0, "succeeded")


def test_dry_run_writes_nothing(audited: Console) -> None:
    """The record is shown as it would be; neither log nor outbox nor remote see it."""
    head = audited.head()

    out = audited.ok(*DEPLOY, "--result", str(DATA / "apply.jsonl"), "--dry-run")

    assert re.search(r"outcome +succeeded", out)
    assert (audited.head(), audited.json("sync", "--dry-run")["records"]) == (head, [])
