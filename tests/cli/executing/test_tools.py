"""Other real tools under `gitaudit exec`: Ansible on this machine, CloudFormation and the AWS provider on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitaudit.iac import format_names
from tests.cli.console import Console, all_objects
from tests.cli.executing.running import exec_, last
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.git import GitRepo

pytestmark = pytest.mark.slow
SECRET = "s3cr3t-Sentinel-42"
PROGRAMS = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
PLAYBOOK = f"""
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"
    password: {SECRET}
  tasks:
    - name: write it for {{{{ password }}}}
      ansible.builtin.copy:
        dest: "{{{{ playbook_dir }}}}/out.txt"
        content: "{{{{ password }}}}"
        mode: "0600"
    - name: look
      ansible.builtin.command: echo {{{{ password }}}}
      changed_when: false
    - name: fail on demand
      ansible.builtin.fail:
        msg: "{{{{ password }}}}"
      when: broken | default(false)
"""
TEMPLATE = """
Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  Queue: {Type: "AWS::SQS::Queue"}
"""
PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  endpoints {
    sqs = "URL"
  }
}
resource "aws_sqs_queue" "jobs" { name = "jobs" }
"""


@pytest.fixture
def playbook(audited: Console, git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> Console:
    """Give a console in a repository with a playbook for this machine."""
    monkeypatch.setenv("PATH", PROGRAMS)
    require_tool("ansible-playbook")
    git_repo.commit({"site.yml": PLAYBOOK.encode()})
    return audited


def needs_format(name: str) -> None:
    """End the test where this version has no reader for a tool's output."""
    if name not in format_names():
        pytest.skip(f"this version reads no output of {name}")


def test_ansible(playbook: Console, git_repo: GitRepo) -> None:
    """The user's output is as without gitaudit, the exit code too, and no value is in the log."""
    plain = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "site.yml"], cwd=playbook.directory, capture_output=True, check=True
    )
    again = exec_(playbook, "ansible-playbook", "-i", "localhost,", "site.yml", "-e", f"token={SECRET}")
    body = last(playbook)
    broken = exec_(playbook, "ansible-playbook", "-i", "localhost,", "site.yml", "-e", "broken=true")

    tasks = re.compile(r"^(?:TASK|PLAY|ok|changed|skipping|localhost).*?\**$", re.MULTILINE)
    shown = [re.sub(r"changed(?==|:)", "ok", line) for line in tasks.findall(again.out)]
    expected = [re.sub(r"changed(?==|:)", "ok", line) for line in tasks.findall(plain.stdout.decode())]
    assert [line.split("ok=")[0] for line in shown] == [line.split("ok=")[0] for line in expected]
    assert (again.code, body["outcome"], body["action"]) == (0, "succeeded", "playbook")
    assert body["argv"] == ["ansible-playbook", "--inventory", "--extra-vars"]
    assert (broken.code, last(playbook)["outcome"]) == (2, "failed")
    assert SECRET.encode() not in _but_sources(git_repo)


def test_ansible_tells_its_tasks(playbook: Console) -> None:
    """Tasks by host and place, and partial where something was changed before it failed."""
    needs_format("ansible")
    exec_(playbook, "ansible-playbook", "-i", "localhost,", "site.yml")
    done = last(playbook)
    (playbook.directory / "out.txt").unlink()
    exec_(playbook, "ansible-playbook", "-i", "localhost,", "site.yml", "-e", "broken=true")
    partial = last(playbook)

    assert done["counts"]["update"] == 1
    assert [one["type"] for one in done["result"]["resources"]["items"]] == ["ansible.builtin.copy"]
    assert (partial["outcome"], partial["counts"]["update"]) == ("partial", 1)


def test_ansible_keeps_the_users_callbacks(playbook: Console) -> None:
    """A callback that the user's configuration brings works as before, and writes what it wants."""
    (playbook.directory / "mine").mkdir()
    (playbook.directory / "mine/shout.py").write_text(
        "from ansible.plugins.callback import CallbackBase\n"
        "class CallbackModule(CallbackBase):\n"
        "    CALLBACK_VERSION = 2.0\n    CALLBACK_TYPE = 'notification'\n    CALLBACK_NAME = 'shout'\n"
        "    def v2_playbook_on_stats(self, stats):\n        print('SHOUT')\n"
    )
    (playbook.directory / "ansible.cfg").write_text("[defaults]\ncallback_plugins = ./mine\n")

    assert "SHOUT" in exec_(playbook, "ansible-playbook", "-i", "localhost,", "site.yml").out


def _but_sources(repo: GitRepo) -> bytes:
    """Return every object but the playbook itself."""
    source = repo.read("site.yml")
    return all_objects(repo.path).replace(source, b"")


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Give the address of a server that answers like AWS, on loopback."""
    search = os.environ["PATH"]
    os.environ["PATH"] = PROGRAMS
    try:
        server = require_tool("moto_server")
    finally:
        os.environ["PATH"] = search
    process = subprocess.Popen(
        [server, "-H", "127.0.0.1", "-p", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    address = None
    for line in process.stderr:
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", line)
        if found:
            address = found[0]
            break
    assert address is not None
    yield address
    process.kill()
    process.communicate()


def _credentials() -> dict[str, str]:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return {**dict.fromkeys(names, "test"), "AWS_DEFAULT_REGION": "eu-west-1", "AWS_PAGER": "", "PATH": PROGRAMS}


def test_cloudformation(audited: Console, git_repo: GitRepo, aws: str) -> None:
    """A stack is named by its option, and no parameter is recorded."""
    git_repo.commit({"template.yml": TEMPLATE.encode()})
    deploy = (
        *("aws", "cloudformation", "deploy", "--stack-name", "jobs", "--template-file", "template.yml"),
        *("--parameter-overrides", f"Password={SECRET}", "--endpoint-url", aws),
    )
    ran = exec_(audited, *deploy, env=_credentials())
    body = last(audited)
    failed = exec_(audited, *deploy[:-2], "--endpoint-url", "http://127.0.0.1:1", env=_credentials())

    assert ran.code == 0, ran
    assert (body["outcome"], body["action"]) == ("succeeded", "deploy")
    assert body["stack"] == {"name": "jobs", "tool": "cloudformation"}
    assert body["argv"][:3] == ["aws", "cloudformation", "deploy"]
    assert (failed.code != 0, last(audited)["outcome"]) == (True, "failed")
    assert SECRET.encode() not in all_objects(git_repo.path)


def test_cloudformation_tells_its_events(audited: Console, git_repo: GitRepo, aws: str) -> None:
    """What the stack's events say of this run, and not of the one before."""
    needs_format("cloudformation")
    git_repo.commit({"template.yml": TEMPLATE.encode()})
    create = ("aws", "cloudformation", "create-stack", "--template-body", "file://template.yml")
    options = ("--stack-name", "told", "--parameters", "ParameterKey=Password,ParameterValue=x", "--endpoint-url", aws)
    ran = exec_(audited, *create, *options, env=_credentials())
    body = last(audited)
    again = exec_(audited, *create, *options, env=_credentials())  # the stack is there already
    refused = last(audited)

    assert (ran.code, body["outcome"], body["outcome_source"]) == (0, "succeeded", "result")
    assert body["result"]["tool"] == "cloudformation"
    assert (again.code != 0, refused["outcome"], refused["outcome_source"]) == (True, "failed", "exit-code")
    assert "result" not in refused


def mirror() -> Path | None:
    """Return a folder that has the AWS provider of Terraform, None where this machine has none."""
    roots = (Path("/opt"), Path("/usr/share/terraform"), Path("/usr/local/share/terraform"), Path("/var/lib"))
    found = (place.parents[2] for root in roots for place in root.glob("*/registry.terraform.io/hashicorp/aws"))
    return next(found, None)


@pytest.mark.skipif(mirror() is None, reason="no mirror of the AWS provider on this machine")
def test_aws_provider(audited: Console, git_repo: GitRepo, aws: str, tmp_path: Path) -> None:
    """A provider that really applies: type, provider and address of what it made are in the record."""
    require_tool("terraform")
    config = tmp_path / "terraform.rc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror()}" }}\n}}\n')
    env = {"TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1", "NO_PROXY": "127.0.0.1"}
    git_repo.commit({"main.tf": PROVIDER.replace("URL", aws).encode(), ".gitignore": b".terraform*\n*.tfstate*\n"})
    init = ["terraform", "init", "-input=false"]
    subprocess.run(init, cwd=audited.directory, env={**os.environ, **env}, check=True, capture_output=True)

    ran = exec_(audited, "terraform", "apply", "-auto-approve", "-no-color", env=env)

    assert ran.code == 0, ran
    assert last(audited)["result"]["resources"]["items"] == [
        {
            "action": "create",
            "address": "aws_sqs_queue.jobs",
            "provider": "registry.terraform.io/hashicorp/aws",
            "result": "succeeded",
            "type": "aws_sqs_queue",
        }
    ]
