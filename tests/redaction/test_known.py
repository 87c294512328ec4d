"""Which values a run knows to be secret."""

from __future__ import annotations

import pytest

from gitaudit.redaction.arguments import from_environment
from gitaudit.redaction.known import from_variables, is_plain, is_secret_name, known, strings_of


@pytest.mark.parametrize(
    "name",
    [
        *("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "CI_JOB_TOKEN"),
        *("PULUMI_CONFIG_PASSPHRASE", "ARM_CLIENT_SECRET", "DATABASE_URL", "SLACK_WEBHOOK_URL", "SENTRY_AUTH"),
        *("clientSecret", "apiKey", "private_key", "administrator_login_password", "access_key", "GH_PAT"),
    ],
)
def test_secret_names(name: str) -> None:
    """Of variables, options and attributes."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("PWD", "OLDPWD", "HOME", "PATH", "GIT_ASKPASS", "SSH_ASKPASS", "http_tokens", "token_type", "key_name"),
        *("password_policy", "hash_key", "provider_config_key", "GOOGLE_TOKEN_FILE", "environment", "author"),
    ],
)
def test_names_of_nothing_secret(name: str) -> None:
    """Words that only look alike."""
    assert not is_secret_name(name)


@pytest.mark.parametrize("value", ["postgres", "eu-west-1a", "my-app", "Production", "10.0.0.0", "main", "v2"])
def test_plain_values(value: str) -> None:
    """They are names of things as well."""
    assert is_plain(value)


@pytest.mark.parametrize("value", ["hunter2pass", "VARSECRET-SENTINEL", "Tr0ub4dor", "12345678", "pASS-word"])
def test_values_that_are_no_names(value: str) -> None:
    """Where one of these stands in a name, it is the value."""
    assert not is_plain(value)


def test_environment() -> None:
    """Secret-like variables are secret, Terraform's are given, this program's options are neither."""
    found = from_environment(
        {
            "MY_TOKEN": "hunter2pass",
            "STRIPE_KEY": "key-of-stripe",
            "TF_VAR_region": "eu-west-1",
            "TF_VAR_db_password": "in-a-tf-var",
            "TF_CLI_ARGS_plan": "-var 'pin=1234567' -var db_password=from-args",
            "TF_CLI_ARGS_apply": "-var 'quote=unclosed",
            "GITAUDIT_RECORD_DEPLOY_REASON": "token",
            "SHORT_TOKEN": "abc",
            "EMPTY_TOKEN": "",
            "DATABASE_URL": "postgres://app:inner-password@db/app",
            "LANG": "C.UTF-8",
        }
    )
    assert found.secret == {
        *("hunter2pass", "key-of-stripe", "in-a-tf-var", "from-args"),
        *("postgres://app:inner-password@db/app", "inner-password"),
    }
    assert found.given == {"eu-west-1", "1234567", "'quote=unclosed"}


def test_json_in_a_variable() -> None:
    """Only what has a secret-like name in it is secret by itself."""
    text = '{"clientId": "0000-client", "clientSecret": "the-secret-part", "url": "https://example.com/"}'
    found = from_variables({"AZURE_CREDENTIALS": text, "OTHER_CREDENTIALS": "{broken json"})
    assert found.secret == {text, "the-secret-part", "{broken json"}
    assert "https://example.com/" in found.given


def test_parts_of_a_value() -> None:
    """Its lines too, since a tool may print only one; nothing short or common."""
    found = known(secret=["first line\nsecond line\nend", "true", "  padded value ", "default", "(sensitive value)"])
    assert found.secret == {"first line\nsecond line\nend", "first line", "second line", "padded value"}


def test_strings_of_a_value() -> None:
    """Texts and numbers at any depth, no names, no booleans."""
    assert strings_of({"name": ["a", 5, {"x": "b"}, True, None]}) == ["a", "5", "b"]
    deep: object = "bottom"
    for _ in range(100):
        deep = [deep]
    assert strings_of(deep) == []
