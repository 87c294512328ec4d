"""A real terraform with a secret of its own in every place that a configuration has for one."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from gitaudit.redaction.scrub import forms
from tests.cli.console import Console, all_objects
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.git import GitRepo

PLACES = ("argument", "variable", "default", "ephemeral", "literal", "command", "environment", "output", "local")
SECRETS = {place: f"Zinnia/{place}&of=2026" for place in PLACES}
"""Nothing in them looks like a secret; some of their characters are escaped in JSON, in URLs and in Base64."""
STACK = """
variable "argument" { sensitive = true }
variable "variable" { sensitive = true }
variable "region" {}
variable "default" {
  sensitive = true
  default   = "%(default)s"
}
variable "ephemeral" {
  ephemeral = true
  default   = "%(ephemeral)s"
}
locals { hidden = sensitive("%(local)s") }
resource "terraform_data" "marked" {
  input = { a = var.argument, b = var.variable, c = var.default, d = local.hidden, generation = GENERATION }
}
resource "terraform_data" "literal" {
  input            = { password = "%(literal)s" }
  triggers_replace = GENERATION
  provisioner "local-exec" {
    command     = "echo login --password='%(command)s' as $DB_PASSWORD; exit EXIT"
    environment = { DB_PASSWORD = "%(environment)s" }
  }
}
output "marked" {
  sensitive = true
  value     = terraform_data.marked.output
}
output "unmarked" { value = "%(output)s" }
"""
SHOWN = ("argument", "variable", "default", "local")
"""Those that the plan marks, or that stand in its variables; the literals have no mark anywhere."""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Give a folder that has applied the configuration once, and then planned and failed to apply a change of it."""
    require_tool("terraform")
    folder = tmp_path / "stack"
    folder.mkdir()
    write(folder, generation=1, code=0)
    terraform(folder, "init", "-input=false")
    terraform(folder, "apply", "-input=false", "-auto-approve", *arguments())
    write(folder, generation=2, code=3)
    terraform(folder, "plan", "-input=false", "-out=plan.bin", *arguments())
    (folder / "plan.json").write_bytes(terraform(folder, "show", "-json", "plan.bin"))
    (folder / "apply.jsonl").write_bytes(terraform(folder, "apply", "-json", "plan.bin", code=1))
    return folder


def write(folder: Path, *, generation: int, code: int) -> None:
    """Write the configuration."""
    text = STACK % SECRETS
    (folder / "main.tf").write_text(text.replace("GENERATION", str(generation)).replace("EXIT", str(code)), "utf-8")


def arguments() -> list[str]:
    """Return what a user gives on the command line."""
    return ["-var", f"argument={SECRETS['argument']}", "-var", "region=eu-west-1"]


def terraform(folder: Path, *words: str, code: int = 0) -> bytes:
    """Run terraform and return what it prints."""
    env = {"TF_VAR_variable": SECRETS["variable"], "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    done = subprocess.run(["terraform", *words], cwd=folder, env=os.environ | env, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


def diagnostics(folder: Path) -> str:
    """Return what terraform said of the failure."""
    lines = (json.loads(line) for line in (folder / "apply.jsonl").read_text("utf-8").splitlines())
    return " ".join(line["diagnostic"].get("detail", "") for line in lines if line["type"] == "diagnostic")


def found(texts: Mapping[str, bytes | str]) -> list[tuple[str, str]]:
    """Return which secrets stand in which texts, in any form."""
    whole = {name: text if isinstance(text, bytes) else text.encode() for name, text in texts.items()}
    return [
        (place, name)
        for place, secret in SECRETS.items()
        for name, text in whole.items()
        if any(form.encode() in text for form in forms(secret))
    ]


@pytest.mark.slow
def test_no_secret_of_a_real_stack(audited: Console, git_repo: GitRepo, git_remote: GitRepo, stack: Path) -> None:
    """Every place leaks into the files; none into the log, whatever of it somebody repeats in a reason."""
    files = ("--plan", str(stack / "plan.json"), "--result", str(stack / "apply.jsonl"), "--exit-code", "1")
    deploy = ("record-deploy", "--env", "prod", *files)
    plan, error = (stack / "plan.json").read_text("utf-8"), " ".join(diagnostics(stack).split())
    assert {place for place, _ in found({"plan": plan})} == set(PLACES)
    assert SECRETS["command"] in error

    shown = " ".join(SECRETS[place] for place in SHOWN)
    refused = audited.run(*deploy, "--reason", error[:400])
    without = audited.run(*deploy, "--reason", error[:400], "--redact", "/body/reason")
    scrubbed = audited.run(
        *deploy, "--reason", f"failed for {shown}", "--link", f"x=https://a.example/?q={quote(shown)}"
    )

    assert (refused.code, without.code, scrubbed.code) == (2, 0, 0), (refused, without, scrubbed)
    assert "/body/reason (value of a secret-like name)" in refused.err
    record = audited.record(3)
    assert record["body"]["reason"] == "failed for " + " ".join(["[redacted]"] * len(SHOWN))
    assert record["redaction"]["scrubbed"] == 2 * len(SHOWN)
    assert record["body"]["outcome"] == "partial"
    printed = "".join(ran.out + ran.err for ran in (refused, without, scrubbed))
    assert found({"log": all_objects(git_repo.path), "remote": all_objects(git_remote.path), "printed": printed}) == []
    assert audited.run("verify").code == 0
