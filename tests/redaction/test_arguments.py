"""The values that a command line carries are known, whatever tool it is for."""

from __future__ import annotations

import pytest

from gitaudit.redaction.arguments import values_of
from gitaudit.redaction.known import Known


@pytest.mark.parametrize(
    ("argv", "values"),
    [
        (
            ["terraform", "-chdir=live/prod", "apply", "-var", "pin=hunter2a", "-var-file=x.tfvars", "plan.bin"],
            "hunter2a",
        ),
        (["tofu", "plan", "-var=pin=hunter2a", "-out=plan.bin"], "hunter2a"),
        (["tofu", "init", "-backend-config=access=hunter2a"], "hunter2a"),
        (["tofu", "init", "-backend-config", "access=hunter2a", "-upgrade"], "hunter2a"),
        (
            ["helm", "upgrade", "app", ".", "--set", "a.b=hunter2a,c[0]=hunter2b", "-f", "values.yml"],
            "hunter2a hunter2b",
        ),
        (["helm", "upgrade", "--set-json", 'a={"x":"hunter2a"}'], '{"x":"hunter2a"}'),
        (["ansible-playbook", "site.yml", "-e", "pin=hunter2a user=hunter2b", "-e", "@vars.yml"], "hunter2a hunter2b"),
        (["ansible-playbook", "--extra-vars", '{"x": "hunter2a", "n": {"y": "hunter2b"}}', "-v"], "hunter2a hunter2b"),
        (["ansible-playbook", "-e", "hunter2a: yaml", "-v"], "hunter2a: yaml"),
        (["aws", "x", "--parameter-overrides", "A=hunter2a", "B=hunter2b", "--stack-name", "s"], "hunter2a hunter2b"),
        (["aws", "x", "--parameters", "ParameterKey=P,ParameterValue=hunter2a", "--output", "j"], "hunter2a"),
        (["pulumi", "up", "--config", "aws:x=hunter2a", "--yes"], "hunter2a"),
        (["argocd", "login", "--password", "hunter2a", "host.example.com"], "hunter2a"),
        (["kubectl", "apply", "--token=hunter2a", "-f", "all.yml"], "hunter2a"),
        (["DB_PASSWORD=hunter2a", "make", "deploy", "ENVIRONMENT=production"], "hunter2a"),
        (["kubectl", "apply", "-f", "-", "--dry-run=client"], ""),
        (["x", "-e"], ""),
        ([], ""),
    ],
)
def test_values(argv: list[str], values: str) -> None:
    """And nothing that is no value, such as the name of a file."""
    found = values_of(argv)
    every = found.secret | found.given
    wanted = {values} if ":" in values else set(values.split())
    assert wanted <= every
    assert all(any(one in value for one in wanted) for value in every)


def test_a_value_with_commas_is_known_whole() -> None:
    """A comma may divide assignments or be a part of a value."""
    found = values_of(["helm", "upgrade", "--set", "password=one-part,two=other-part"])
    assert found.secret == {"one-part", "one-part,two=other-part"}
    assert found.given == {"other-part"}


def test_secret_by_its_name() -> None:
    """A variable with a secret-like name is secret, another is given."""
    found = values_of(["terraform", "apply", "-var", "db_password=hunter2a", "-var", "region=eu-west-1"])
    assert found == Known(secret=frozenset({"hunter2a"}), given=frozenset({"eu-west-1"}))
