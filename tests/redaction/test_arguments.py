"""Command lines lose the values that they carry, and nothing else."""

from __future__ import annotations

import pytest

from gitaudit.redaction.arguments import clean_argv


@pytest.mark.parametrize(
    ("argv", "cleaned"),
    [
        (
            ["terraform", "-chdir=live/prod", "apply", "-var", "pin=hunter2a", "-var-file=x.tfvars", "plan.bin"],
            ["terraform", "-chdir=live/prod", "apply", "-var", "pin=[redacted]", "-var-file=x.tfvars", "plan.bin"],
        ),
        (["tofu", "plan", "-var=pin=hunter2a", "-out=p"], ["tofu", "plan", "-var=pin=[redacted]", "-out=p"]),
        (["tofu", "init", "-backend-config=k=hunter2a"], ["tofu", "init", "-backend-config=k=[redacted]"]),
        (
            ["helm", "upgrade", "app", ".", "--set", "a.b=hunter2a,c[0]=hunter2b", "-f", "values.yml"],
            ["helm", "upgrade", "app", ".", "--set", "a.b=[redacted],c[0]=[redacted]", "-f", "values.yml"],
        ),
        (
            ["ansible-playbook", "site.yml", "-e", "pw=hunter2a user=hunter2b", "-e", "@vars.yml"],
            ["ansible-playbook", "site.yml", "-e", "pw=[redacted],user=[redacted]", "-e", "@vars.yml"],
        ),
        (
            ["ansible-playbook", "--extra-vars", '{"pw": "hunter2a", "n": {"x": "hunter2b"}}', "-v"],
            ["ansible-playbook", "--extra-vars", "{pw=[redacted],n=[redacted]}", "-v"],
        ),
        (["ansible-playbook", "-e", "hunter2a: yaml", "-v"], ["ansible-playbook", "-e", "[redacted]", "-v"]),
        (
            [
                "aws",
                "cloudformation",
                "deploy",
                "--parameter-overrides",
                "A=hunter2a",
                "B=hunter2b",
                "--stack-name",
                "s",
            ],
            [
                "aws",
                "cloudformation",
                "deploy",
                "--parameter-overrides",
                "A=[redacted]",
                "B=[redacted]",
                "--stack-name",
                "s",
            ],
        ),
        (
            ["aws", "cloudformation", "x", "--parameters", "ParameterKey=P,ParameterValue=hunter2a"],
            ["aws", "cloudformation", "x", "--parameters", "ParameterKey=P,ParameterValue=[redacted]"],
        ),
        (
            ["pulumi", "up", "--config", "aws:x=hunter2a", "--yes"],
            ["pulumi", "up", "--config", "aws:x=[redacted]", "--yes"],
        ),
        (
            ["argocd", "login", "--password", "hunter2a", "host"],
            ["argocd", "login", "--password", "[redacted]", "host"],
        ),
        (["kubectl", "apply", "--token=hunter2a"], ["kubectl", "apply", "--token=[redacted]"]),
        (["kubectl", "apply", "-f", "-", "--dry-run=client"], ["kubectl", "apply", "-f", "-", "--dry-run=client"]),
        (["DB_PASSWORD=hunter2a", "make", "deploy"], ["DB_PASSWORD=[redacted]", "make", "deploy"]),
        (["make", "deploy", "ENV=prod"], ["make", "deploy", "ENV=prod"]),
        (["x", "-e"], ["x", "-e"]),
        ([], []),
    ],
)
def test_values_go_and_names_stay(argv: list[str], cleaned: list[str]) -> None:
    """As each tool takes them; every value is known afterwards."""
    found = clean_argv(argv)
    assert list(found.argv) == cleaned
    every = found.values.secret | found.values.given
    sentinels = [value for value in ("hunter2a", "hunter2b") if any(value in word for word in argv)]
    assert all(any(value in known for known in every) for value in sentinels)
    assert found.dropped >= len(sentinels)


def test_a_value_with_commas_is_known_whole() -> None:
    """A comma may divide assignments or be part of a value."""
    found = clean_argv(["helm", "upgrade", "--set", "password=one-part,two=other-part"])
    assert "one-part,two=other-part" in found.values.secret
    assert "one-part" in found.values.secret


def test_secret_by_its_name() -> None:
    """A variable with a secret-like name is secret, another is given."""
    found = clean_argv(["terraform", "apply", "-var", "db_password=hunter2a", "-var", "region=eu-west-1"]).values
    assert (found.secret, found.given) == ({"hunter2a"}, {"eu-west-1"})
