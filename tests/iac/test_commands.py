"""Command lines, understood: the tool behind wrappers, what it will do, and how that can be found out."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitaudit.iac.commands import MODULES, read_command, tool_named
from gitaudit.iac.commands.terraform import apply_of, plan_facts
from gitaudit.iac.commands.wrappers import unwrap


@pytest.mark.parametrize(
    ("line", "tool", "action", "shown", "stack"),
    [
        ("terraform apply -auto-approve", "terraform", "apply", "terraform apply -auto-approve", None),
        ("terraform -chdir=live destroy", "terraform", "destroy", "terraform -chdir destroy", None),
        ("terraform state rm aws_x.y", "terraform", "state-rm", "terraform state rm", None),
        ("tofu apply --var x=secret p", "opentofu", "apply", "tofu apply -var", None),
        ("terraform-1.5.7 apply", "terraform", "apply", "terraform apply", None),
        ("terraform nonsense --secret", "terraform", None, "terraform", None),
        ("terragrunt run --all -- apply", "terragrunt", "apply", "terragrunt run apply --all", None),
        ("terragrunt run-all apply", "terragrunt", "apply", "terragrunt run-all apply", None),
        ("pulumi up -s prod -y", "pulumi", "up", "pulumi up --stack --yes", "prod"),
        ("pulumi destroy --stack=org/app/prod", "pulumi", "destroy", "pulumi destroy --stack", "org/app/prod"),
        ("aws s3 rm s3://bucket/secret", "aws", None, "aws", None),
        ("cdk deploy Web --all", "cdk", "deploy", "cdk deploy --all", "Web"),
        ("helm upgrade --install web ./chart -n x", "helm", "upgrade", "helm upgrade --install --namespace", "web"),
        ("helm template web ./chart", "helm", "template", "helm template", None),
        ("kubectl apply -f x.yml --prune", "kubectl", "apply", "kubectl apply --filename --prune", None),
        ("argocd app sync web --prune", "argocd", "sync", "argocd app sync --prune", "web"),
        ("ansible-playbook -C site.yml", "ansible", "check", "ansible-playbook --check", None),
        ("./deploy.sh secret", "deploy.sh", None, "deploy.sh", None),
        ("pa$$word", "command", None, "command", None),
    ],
)
def test_what_is_read(line: str, tool: str, action: str | None, shown: str, stack: str | None) -> None:
    """Tool, action, the names that may be recorded, and the stack."""
    found = read_command(shlex.split(line))

    assert (found.tool, found.action, " ".join(found.shown), found.stack) == (tool, action, shown, stack)


@pytest.mark.parametrize(
    ("line", "dropped"),
    [
        ("terraform apply -auto-approve", 0),
        ("argocd app sync web --prune", 1),
        ("helm template web ./chart", 2),
        ("./deploy.sh secret", 2),
        ("pa$$word", 1),
    ],
)
def test_words_that_are_kept_out_are_counted(line: str, dropped: int) -> None:
    """Every word of a command that is not recorded as it stands counts for `redaction.dropped`."""
    assert read_command(shlex.split(line)).dropped == dropped


@pytest.mark.parametrize(
    "line",
    [
        "terraform plan",
        "terraform output -json",
        "pulumi preview",
        "kubectl get pods",
        "kubectl apply --dry-run=server -f x",
        "helm upgrade a b --dry-run",
        "argocd app diff web",
        "aws cloudformation describe-stacks",
        "ansible-playbook --check x.yml",
        "cdk diff",
    ],
)
def test_what_only_reads(line: str) -> None:
    """What changes nothing is known as such."""
    assert read_command(line.split()).reads_only


@pytest.mark.parametrize(
    ("line", "program", "limited"),
    [
        ("sudo -u root -E terraform apply", "terraform", False),
        ("sudo A=b terraform apply", "terraform", False),
        ("env -u X A=b C=d terraform apply", "terraform", False),
        ("timeout -k 5 --signal=INT 10m terraform apply", "terraform", True),
        ("nice -n 5 ionice -c 3 nohup terraform apply", "terraform", False),
        ("aws-vault exec prod -- terraform apply", "terraform", False),
        ("op run --env-file x -- terraform apply", "terraform", False),
        ("aws-vault list", "aws-vault", False),
        ("env", "env", False),
        ("sudo -u", "sudo", False),
        ("timeout 5", "timeout", True),
        ("npx cdk deploy", "cdk", False),
    ],
)
def test_wrappers_are_looked_through(line: str, program: str, limited: bool) -> None:  # noqa: FBT001 - a column of the table
    """The command begins behind them; a wrapper that starts nothing is the command itself."""
    found = unwrap(line.split())

    assert (found.program, found.limited or program == "timeout") == (program, limited)
    assert " ".join(found.words) == line


@pytest.mark.parametrize(("name", "tool"), [("/usr/bin/terraform", "terraform"), ("tofu1.9", "tofu"), ("tf", None)])
def test_names_of_programs(name: str, tool: str | None) -> None:
    """By the file's name, with a version behind it or not."""
    assert tool_named(name) == tool


def test_link_and_choice() -> None:
    """A link is known by its file; what the user says goes first."""
    assert read_command(["tf", "apply"], real_name=lambda _: "terraform").action == "apply"
    assert read_command(["./x", "upgrade", "web", "c"], tool="helm").stack == "web"


@pytest.mark.parametrize(
    ("line", "plan", "apply"),
    [
        ("apply", "plan -out=P", "apply P"),
        (
            "apply -auto-approve -var a=b -lock=false",
            "plan -var=a=b -lock=false -out=P",
            "apply -lock=false -var=a=b P",
        ),
        (
            "destroy -target x.y -parallelism=3",
            "plan -target=x.y -parallelism=3 -destroy -out=P",
            "apply -parallelism=3 P",
        ),
        ("apply -destroy -backup=-", "plan -destroy -out=P", "apply -backup=- P"),
        ("apply --refresh-only -no-color", "plan -refresh-only -no-color -out=P", "apply -no-color P"),
    ],
)
def test_apply_in_two_steps(line: str, plan: str, apply: str) -> None:
    """Each option goes to the step that takes it."""
    found = apply_of(read_command(["terraform", *line.split()]))

    assert found is not None
    assert found.whole
    assert " ".join(found.plan("P")) == plan
    assert " ".join(found.apply("P", with_variables=True)) == apply


@pytest.mark.parametrize("line", ["apply -input=false", "apply -json", "apply -new-option", "apply a b"])
def test_what_is_left_to_terraform(line: str) -> None:
    """Where it could not ask, or with words that are not known, the command is run as it is."""
    found = apply_of(read_command(["terraform", *line.split()]))

    assert found is not None
    assert not found.whole


def test_facts_of_a_plan() -> None:
    """An old plan says by its actions whether there is anything to do; what cannot be read has changes."""
    old = b'{"resource_changes": [{"change": {"actions": ["no-op"]}}], "terraform_version": "1.9.8"}'
    new = b'{"applyable": true, "terraform_version": "1.10.0"}'

    assert not plan_facts(old, "terraform").has_changes
    assert (plan_facts(new, "terraform").takes_variables, plan_facts(old, "terraform").takes_variables) == (True, False)
    assert not plan_facts(new, "opentofu").takes_variables
    assert plan_facts(b"nonsense", "terraform").has_changes


WORD = st.sampled_from(
    [
        *MODULES,
        "apply",
        "up",
        "deploy",
        "sync",
        "cloudformation",
        "app",
        "sudo",
        "env",
        "timeout",
        "--",
        "-",
        "",
        "-e",
        "=",
    ]
) | st.text(max_size=12)


@given(st.lists(WORD, min_size=1, max_size=9))
def test_any_words(words: list[Any]) -> None:
    """Nothing is refused, the words stay what they are, and only names that are known come out."""
    found = read_command(words)

    assert list(found.command.words) == words
    known = {*words, *(word.partition("=")[0] for word in words)}
    allowed = {"command", "ansible-playbook", *MODULES}
    assert all(one in known or one in allowed or one.startswith("-") for one in found.shown)
    apply_of(found) if found.state else None
