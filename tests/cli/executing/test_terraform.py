"""Real Terraform under `gitaudit exec`: what is applied is what is recorded, and the state says what came of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.console import Console, all_objects, words
from tests.cli.executing.running import ENV, exec_, last, records, start
from tests.cli.executing.terminal import Terminal
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.git import GitRepo

pytestmark = pytest.mark.slow
SECRET = "s3cr3t-Sentinel-42"
STACK = """
variable "size" { default = "small" }
variable "fail" { default = "no" }
variable "password" {
  sensitive = true
  default   = "none"
}
variable "token" {
  ephemeral = true
  default   = null
}
resource "terraform_data" "net" { input = var.size }
resource "terraform_data" "db" {
  triggers_replace = var.size
  input            = var.password
  depends_on       = [terraform_data.net]
  provisioner "local-exec" {
    command = var.fail == "no" ? "true" : "echo ${var.password} >&2; exit 3"
  }
}
output "size" { value = terraform_data.net.output }
output "password" {
  value     = var.password
  sensitive = true
}
"""
SLOW = """
resource "terraform_data" "slow" {
  depends_on = [terraform_data.net]
  provisioner "local-exec" { command = "echo made; while [ ! -e go ]; do sleep 0.1; done" }
}
resource "terraform_data" "after" { depends_on = [terraform_data.slow] }
"""
APPLY = ("terraform", "apply", "-auto-approve", "-no-color")


@pytest.fixture
def stack(audited: Console, git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> Console:
    """Give a console in a repository with a stack of two resources, initialised."""
    require_tool("terraform")
    monkeypatch.setenv("CHECKPOINT_DISABLE", "1")
    git_repo.commit({"main.tf": STACK.encode(), ".gitignore": b".terraform*\n*.tfstate*\nplan.bin\n"})
    audited.ok("record-change")
    terraform(audited, "init", "-input=false")
    return audited


def terraform(console: Console, *arguments: str) -> str:
    """Run Terraform without gitaudit."""
    ran = subprocess.run(["terraform", *arguments], cwd=console.directory, capture_output=True, check=True)
    return ran.stdout.decode()


def state(console: Console) -> dict[str, Any]:
    """Return the state as Terraform has it."""
    found: dict[str, Any] = json.loads(terraform(console, "state", "pull"))
    return found


def touched(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return action, address and result of the resources that a result lists."""
    return [(one["action"], one["address"], one["result"]) for one in body["result"]["resources"]["items"]]


def test_apply(stack: Console) -> None:
    """Created, changed, replaced, destroyed: counts, resources, outputs, plan and states are in the records."""
    first = exec_(stack, *APPLY)
    created = last(stack)
    again = exec_(stack, *APPLY)
    nothing = last(stack)
    exec_(stack, *APPLY, "-var", "size=large")
    replaced = last(stack)
    exec_(stack, "terraform", "destroy", "-auto-approve")
    destroyed = last(stack)

    assert (first.code, again.code) == (0, 0)
    assert "Apply complete! Resources: 2 added" in first.out
    assert created["counts"] == {"create": 2}
    assert [one["name"] for one in created["result"]["outputs"]["items"]] == ["password", "size"]
    assert (nothing["counts"], nothing["plan"]["resources"]) == ({}, {"total": 0, "items": []})
    assert touched(replaced) == [
        ("replace", "terraform_data.db", "succeeded"),
        ("update", "terraform_data.net", "succeeded"),
    ]
    assert destroyed["counts"] == {"delete": 2}
    for body in (created, nothing, replaced, destroyed):
        assert (body["outcome"], body["plan"]["applied"]) == ("succeeded", True)
    assert created["state"]["after"] == nothing["state"]["before"]
    assert replaced["state"]["after"]["lineage"] == destroyed["state"]["before"]["lineage"]
    assert stack.run("verify", "--complete").code == 0


def test_start_has_the_plan(stack: Console) -> None:
    """Before anything is changed, the log has what will be, by names; the end repeats it by digest."""
    exec_(stack, *APPLY, "-var", f"password={SECRET}")
    started, finished = records(stack)

    plan = started["body"]["plan"]
    assert [one["address"] for one in plan["resources"]["items"]] == ["terraform_data.db", "terraform_data.net"]
    assert (plan["counts"], plan["tool"], "applied" in plan) == ({"create": 2}, "terraform", False)
    assert finished["body"]["plan"]["sha256"] == plan["sha256"]
    assert started["body"]["argv"] == ["terraform", "apply", "-auto-approve", "-no-color", "-var"]


def test_no_secret_is_in_the_log(stack: Console, git_repo: GitRepo) -> None:
    """Not from a variable, a literal, an ephemeral value, a provisioner and what it says, the environment."""
    options = ("-var", f"password={SECRET}", "-var", f"token={SECRET}")
    failed = exec_(stack, *APPLY, *options, "-var=fail=yes", env={"TF_VAR_unused": SECRET, "TF_CLI_ARGS_apply": ""})
    exec_(stack, *APPLY, *options)
    exec_(stack, "terraform", "destroy", "-auto-approve", env={"TF_VAR_password": SECRET})

    assert failed.code == 1
    assert SECRET in stack_text(stack)
    assert SECRET.encode() not in all_objects(git_repo.path)


def stack_text(console: Console) -> str:
    """Return the state files, where the secret really is."""
    return "".join(path.read_text("utf-8") for path in console.directory.glob("*.tfstate*"))


def test_ephemeral_variables_are_given_again(stack: Console) -> None:
    """The second step gets the variables that the plan file may not hold."""
    ran = exec_(stack, *APPLY, "-var", "token=abc")

    assert (ran.code, last(stack)["outcome"]) == (0, "succeeded")


def test_failed_and_partial(stack: Console) -> None:
    """A provisioner that fails leaves its resource tainted: partial. What cannot even be planned is failed."""
    partial = exec_(stack, *APPLY, "-var", "fail=yes")
    found = last(stack)
    unplanned = exec_(stack, *APPLY, "-var", "nonsense=1")
    failed = records(stack)[-1]["body"]

    assert (partial.code, found["outcome"], found["outcome_source"]) == (1, "partial", "result")
    assert touched(found) == [
        ("create", "terraform_data.db", "failed"),
        ("create", "terraform_data.net", "succeeded"),
    ]
    assert (unplanned.code, failed["outcome"], "started" in failed) == (1, "failed", False)
    assert [one["type"] for one in records(stack)] == ["deploy.started", "deploy.finished", "deploy.finished"]


def test_saved_plan(stack: Console, tmp_path: Path) -> None:
    """A private copy of the file is applied: its digest is recorded, and a file exchanged meanwhile changes nothing."""
    terraform(stack, "plan", "-out=plan.bin", "-var", "size=large")
    digest = hashlib.sha256((stack.directory / "plan.bin").read_bytes()).hexdigest()
    terraform(stack, "plan", f"-out={tmp_path / 'evil'}", "-var", "size=evil")
    wrapper = tmp_path / "terraform"
    wrapper.write_text(  # exchanges the plan just before it is applied
        f'#!/bin/sh\n[ $1 = apply ] && cp {tmp_path}/evil plan.bin\nexec {shutil.which("terraform")} "$@"\n'
    )
    wrapper.chmod(0o755)

    ran = exec_(stack, "terraform", "apply", "plan.bin", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})

    assert ran.code == 0
    assert (last(stack)["plan"]["sha256"], last(stack)["plan"]["applied"]) == (digest, True)
    assert state(stack)["outputs"]["size"]["value"] == "large"


def test_stale_plan(stack: Console) -> None:
    """Terraform refuses it; nothing has changed, and that is what the record says."""
    terraform(stack, "plan", "-out=plan.bin")
    exec_(stack, *APPLY)

    ran = exec_(stack, "terraform", "apply", "-no-color", "plan.bin")

    assert (ran.code, "Saved plan is stale" in ran.err) == (1, True)
    assert (last(stack)["outcome"], last(stack)["counts"]) == ("failed", {})


def test_a_rejected_plan_file_is_left_to_terraform(stack: Console) -> None:
    """A file that is no plan, or is not there, fails with Terraform's own words."""
    (stack.directory / "plan.bin").write_bytes(b"nonsense")
    for name in ("plan.bin", "missing.bin"):
        ran = exec_(stack, "terraform", "apply", name)
        assert (ran.code, name in ran.err or "plan" in ran.err) == (1, True)
        assert last(stack)["outcome"] == "failed"


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_question(stack: Console, answer: str) -> None:
    """On a terminal, the plan is shown in colour and the question asked; only `yes` goes on."""
    from tests.cli.console import script

    terminal = Terminal((script(), "exec", *ENV, "--", "terraform", "apply"), stack.directory, os.environ)
    terminal.expect("\x1b\\[32m\\+")
    digest = terminal.expect("SHA-256 is ([0-9a-f]{64})")[1].decode()
    terminal.expect("Enter a value: ")
    terminal.type(f"{answer}\n")
    code = terminal.end()

    if answer == "yes":
        assert (code, last(stack)["outcome"], last(stack)["plan"]["sha256"]) == (0, "succeeded", digest)
        assert b"\x1b[1m\x1b[32m" in terminal.seen
    else:
        assert (code, records(stack)) == (1, [])
        assert b"nothing is recorded" in terminal.seen


def test_answer_from_a_pipe(stack: Console) -> None:
    """`echo yes |` answers, as without gitaudit; an empty input does not agree."""
    empty = exec_(stack, "terraform", "apply")
    piped = exec_(stack, "terraform", "apply", stdin="yes\n")

    assert (empty.code, piped.code, len(records(stack))) == (1, 0, 2)


def test_interrupted(stack: Console, git_repo: GitRepo) -> None:
    """SIGINT while a resource is made: Terraform stops in order, gets the signal once, and the record says canceled."""
    git_repo.commit({"slow.tf": SLOW.encode()})
    process = start(stack, *APPLY)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"terraform_data.slow (local-exec): made"):
            break
    process.send_signal(signal.SIGINT)
    for line in process.stdout:
        if line.startswith(b"Gracefully shutting down"):
            break
    (stack.directory / "go").touch()
    out, err = process.communicate()

    body = last(stack)
    assert b"Two interrupts" not in out + err
    assert (process.returncode, body["outcome"], body["signal"]) == (1, "canceled", 2)
    assert ("create", "terraform_data.net", "succeeded") in touched(body)
    assert "terraform_data.after" not in {address for _, address, _ in touched(body)}


def test_state_that_moved_between_two_runs(stack: Console) -> None:
    """An apply past gitaudit is told, recorded as drift; where it is not recorded, verify finds it."""
    exec_(stack, *APPLY)
    terraform(stack, "apply", "-auto-approve", "-var", "size=large")

    ran = exec_(stack, *APPLY, "-var", "size=large")
    drift = records(stack, "--type", "drift")[0]["body"]

    assert "the state of prod moved since the last deployment" in ran.err
    assert drift["state"]["before"]["serial"] < drift["state"]["after"]["serial"]
    assert stack.run("verify", "--complete").code == 0


def test_state_that_moved_unseen(stack: Console) -> None:
    """A drift that no record tells is an error of `verify --complete`."""
    stack.ok("policy", "set", "--env", "prod")
    exec_(stack, *APPLY)
    number = last(stack)["state"]["after"]["serial"]
    terraform(stack, "apply", "-auto-approve", "-var", "size=large")
    process = start(stack, *APPLY)  # with a state that the log did not have
    process.communicate()
    records_before = stack.json("verify", "--complete")

    assert records_before["findings"] == []  # exec has recorded the drift
    assert number < last(stack)["state"]["before"]["serial"]


@pytest.mark.parametrize(
    ("arguments", "action", "item"),
    [
        (("state", "rm", "terraform_data.net"), "state-rm", ("forget", "terraform_data.net", "succeeded")),
        (
            ("state", "mv", "terraform_data.net", "terraform_data.x"),
            "state-mv",
            ("move", "terraform_data.x", "succeeded"),
        ),
        (("taint", "terraform_data.db"), "taint", ("update", "terraform_data.db", "succeeded")),
    ],
)
def test_surgery_on_the_state(stack: Console, arguments: tuple[str, ...], action: str, item: tuple[str, ...]) -> None:
    """What changes a state without a plan is recorded by what it did to it."""
    exec_(stack, *APPLY)
    ran = exec_(stack, "terraform", *arguments)

    body = last(stack)
    assert (ran.code, body["action"], touched(body)) == (0, action, [item])
    assert body["state"]["before"]["serial"] < body["state"]["after"]["serial"]


def test_folder_and_workspace_name_the_stack(stack: Console, git_repo: GitRepo) -> None:
    """`-chdir=`, a workspace and a relative plan file: each stack has its own history."""
    git_repo.commit({"live/main.tf": b'resource "terraform_data" "a" {}\n'})
    subprocess.run(["terraform", "-chdir=live", "init"], cwd=stack.directory, check=True, capture_output=True)
    exec_(stack, "terraform", "-chdir=live", "apply", "-auto-approve")
    first = last(stack)
    subprocess.run(["terraform", "-chdir=live", "workspace", "new", "eu"], cwd=stack.directory, check=True)
    subprocess.run(["terraform", "-chdir=live", "plan", "-out=p"], cwd=stack.directory, check=True, capture_output=True)
    exec_(stack, "terraform", "-chdir=live", "apply", "p")
    second = last(stack)

    assert first["stack"] == {"name": "live", "tool": "terraform", "path": "live"}
    assert second["stack"] == {"name": "eu", "tool": "terraform", "path": "live"}
    assert (first["counts"], second["counts"]) == ({"create": 1}, {"create": 1})
    found = stack.json("status")["deployments"]
    assert [(one["stack"], one["path"]) for one in found] == [("eu", "live"), ("live", "live")]


@pytest.mark.parametrize(
    "prefix", [("env", "A=b"), ("nice", "-n", "1"), ("timeout", "-k", "5", "100"), ("env", "-u", "X", "nohup")], ids=str
)
def test_wrappers(stack: Console, prefix: tuple[str, ...]) -> None:
    """A wrapper in front is kept for every step."""
    ran = exec_(stack, *prefix, *APPLY)

    assert (ran.code, last(stack)["counts"], last(stack)["plan"]["applied"]) == (0, {"create": 2}, True)


def test_link_and_script(stack: Console, tmp_path: Path) -> None:
    """A link by another name is known by what it leads to, a script if it is told."""
    link, around = tmp_path / "tf", tmp_path / "run.sh"
    link.symlink_to(str(shutil.which("terraform")))
    around.write_text('#!/bin/sh\nexec terraform "$@"\n')
    around.chmod(0o755)

    exec_(stack, str(link), "apply", "-auto-approve")
    by_link = last(stack)
    exec_(stack, str(around), "destroy", "-auto-approve", options=(*ENV, "--tool", "terraform"))

    assert (by_link["counts"], last(stack)["counts"]) == ({"create": 2}, {"delete": 2})


def test_as_is_and_what_cannot_be_cut_in_two(stack: Console) -> None:
    """One step where the user wants it, or where Terraform could not ask; an unknown option is left to it."""
    as_is = exec_(stack, *APPLY, options=(*ENV, "--as-is"))
    body = last(stack)
    mute = exec_(stack, "terraform", "apply", "-input=false", "-no-color", "-var", "size=large")
    strange = exec_(stack, *APPLY, "-no-such-option")

    assert (as_is.code, "plan" in body, "result" in body, body["outcome"]) == (0, False, False, "succeeded")
    assert body["state"]["before"]["serial"] < body["state"]["after"]["serial"]
    assert (mute.code, strange.code) == (1, 1)
    assert "-no-such-option" in words(strange)


def test_json_output_is_the_users_choice(stack: Console) -> None:
    """`-json` stays `-json`: every line is JSON; without it, none is."""
    plain = exec_(stack, *APPLY, "-var", "size=large")
    chosen = exec_(stack, "terraform", "apply", "-json", "-auto-approve", "-var", "size=large")

    assert not any(line.startswith("{") for line in plain.out.splitlines())
    assert all(json.loads(line) for line in chosen.out.splitlines())
    assert last(stack)["plan"]["applied"] is True


def test_options_from_the_environment(stack: Console) -> None:
    """What TF_CLI_ARGS_apply adds to an apply is heeded in both steps."""
    env = {"TF_CLI_ARGS_apply": "-auto-approve -var size=huge -parallelism=1"}
    ran = exec_(stack, "terraform", "apply", env=env)

    assert (ran.code, state(stack)["outputs"]["size"]["value"]) == (0, "huge")
    assert last(stack)["plan"]["applied"] is True


def test_reading_is_no_deployment(stack: Console) -> None:
    """A plan is recorded as one, with its own exit codes, and does not change what runs."""
    exec_(stack, *APPLY)
    planned = exec_(stack, "terraform", "plan", "-detailed-exitcode", "-var", "size=large")

    assert (planned.code, last(stack)["outcome"], last(stack)["action"]) == (2, "succeeded", "plan")
    assert stack.json("status")["deployments"][0]["last"]["id"] == records(stack)[1]["id"]
    assert re.search("Plan: 1 to add", planned.out.replace("\x1b[1m", "").replace("\x1b[0m", ""))
