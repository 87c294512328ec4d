"""What looks like a secret, and what does not."""

from __future__ import annotations

import pytest

from gitaudit.adapters.detector import LibraryScanner
from gitaudit.redaction.shapes import ASSIGNED, PRIVATE_KEY, RANDOM, URL_PASSWORD, Strictness, could_hold, tell
from tests.support.secrets import made_secrets

SCANNER = LibraryScanner()
TEXT, NAME, LINK, PATH = Strictness.TEXT, Strictness.NAME, Strictness.LINK, Strictness.PATH
NOT_CAUGHT = {"password of 16 characters"}
"""Without a word that says so, a short password with punctuation is not to be told from a typing mistake."""


def found(text: str, strictness: Strictness) -> str | None:
    """Return what the whole scan says of a text."""
    return tell(text, strictness) or (SCANNER.find(text) if could_hold(text) else None)


@pytest.mark.parametrize("strictness", [TEXT, NAME])
@pytest.mark.parametrize("kind", sorted(made_secrets().keys() - NOT_CAUGHT))
def test_secret_in_a_sentence_is_found(kind: str, strictness: Strictness) -> None:
    """Three of each kind, alone and in a sentence."""
    for seed in (1, 2, 3):
        secret = made_secrets(seed)[kind]
        assert found(secret, strictness) is not None
        assert found(f"rotate it, {secret} was in the log", strictness) is not None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN EC PRIVATE KEY-----", PRIVATE_KEY),
        ("amqp://guest:guest2@mq/", URL_PASSWORD),
        ("DB_PASSWORD=hunter2", ASSIGNED),
        ('{"client_secret": "tulip tree"}', ASSIGNED),
        ("the password is hunter2-tree", ASSIGNED),
        ('terraform_data.x["token=tulip"]', ASSIGNED),
        ("passphrase: tulipsinwinter", ASSIGNED),
        ("AbC3dEf9GhJ2kLm5", RANDOM),
    ],
)
def test_kind_is_told(text: str, kind: str) -> None:
    """The message says what was found, without it."""
    assert tell(text, NAME) == kind


@pytest.mark.parametrize(
    "text",
    [
        "rotate the database password, as OPS-7 asks",
        "fix token: expired after the move",
        "the token is stored in Vault",
        "secret: see the runbook",
        "password=$DB_PASSWORD and token=${{ secrets.TOKEN }}",
        "passwords were <redacted>, token=[redacted]",
        "postgres://app:****@db/app",
        "reverts commit 3f2a9c143f2a9c143f2a9c143f2a9c143f2a9c14",
        "cherry picked from 3f2a9c143f2a9c143f2a9c143f2a9c143f2a9c14",
        "image app@sha256:" + "5c" * 32,
        "run 018f7b6e-3c00-7abc-8def-0123456789ab of the pipeline",
        "tag 2026.11.24-rc1+build.1234, 20261124T205836Z",
        "https://example.com/a@b and mail ops@example.com",
        "Größe der Datenbank-Instanz verdoppelt, siehe Ticket",
        "v1beta1/StatefulSet/kube-prometheus-stack-alertmanager",
    ],
)
def test_sentences_are_no_secrets(text: str) -> None:
    """What people write about secrets and versions."""
    assert found(text, TEXT) is None


@pytest.mark.parametrize(
    "text",
    [
        'module.platform["eu-west-1a"].aws_subnet.private["10.0.0.0/16"]',
        "aws_s3_bucket_server_side_encryption_configuration.cloudtrail_access_logs",
        "aws_iam_role_policy_attachment.AmazonEKSWorkerNodePolicy",
        "random_password.database_master_password",
        "aws_secretsmanager_secret_version.api_token",
        'aws_instance.by_id["i-0abc123def4567890"]',
        "subnet-0bb1c79de3aabbccd",
        "HandlerServiceRoleDefaultPolicyCBD0CC91",
        "LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8aFD4BFC8A",
        "AWS679f53fac002430cb0da5b7982bd2287",
        "urn:pulumi:prod::shop::aws:secretsmanager/secret:Secret::db-token",
        "aws:secretsmanager/secret:Secret",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
        "/subscriptions/018f7b6e-3c00-7abc-8def-0123456789ab/resourceGroups/rg-prod-westeurope-001",
        "registry.terraform.io/hashicorp/kubernetes",
        "nginx-7c5ddbdf54-x7k2p",
        "kube-prometheus-stack-kube-state-metrics-6d8f9b7c5-q2w4z",
        "kubernetes_config_map_v1.grafana_dashboards_k8s_resources_multicluster",
        "openpgp:CE3FF2D37FDA6AA43A378BD93B9489E1B822AEB2",
        "Install {{ package_name }} on Debian 12 | retry 3 times",
        "AWS::CloudFormation::CustomResource",
        "http_put_response_hop_limit",
    ],
)
def test_names_of_things_are_no_secrets(text: str) -> None:
    """Addresses, types, ids of resources, and the ends that tools add to names."""
    assert found(text, NAME) is None


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/infra/actions/runs/12345678901/job/23456789012?pr=7",
        "https://github.com/acme/infra/commit/3f2a9c143f2a9c143f2a9c143f2a9c143f2a9c14",
        "https://github.com/acme/infra/compare/" + "3f2a9c14" * 5 + "..." + "9c143f2a" * 5,
        "https://gitlab.example.com/acme/infra/-/jobs/123456789",
        "https://app.circleci.com/pipelines/github/acme/infra/7/workflows/018f7b6e-3c00-7abc-8def-0123456789ab",
        "https://dev.azure.com/acme/infra/_build/results?buildId=1234&view=logs",
        "https://buildkite.com/acme/infra/builds/42#018f7b6e-3c00-7abc-8def-0123456789ab",
        "https://bitbucket.org/acme/infra/pipelines/results/7/steps/%7B018f7b6e-3c00-7abc-8def-0123456789ab%7D",
        "https://acme.app.spacelift.io/stack/network/run/01HQ8ZKX5V3M2N7P9R4T6W8Y0B",
        "https://app.terraform.io/app/acme/workspaces/network/runs/run-CZcmD7eagjhyX1vN",
        "https://jenkins.example.com/job/infra/job/main/123/console",
        "https://argo.example.com/workflows/argo/deploy-x7k2p?tab=workflow",
        "https://acme.atlassian.net/browse/OPS-7?focusedCommentId=10042",
        "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups",
    ],
)
def test_links_of_ci_runs_are_no_secrets(text: str) -> None:
    """Ids in them look random and open nothing."""
    assert found(text, LINK) is None


def test_a_signed_link_is_a_secret() -> None:
    """Whoever has such a link can use it."""
    digits = made_secrets()["64 hex digits"]
    signed = f"https://bucket.s3.amazonaws.com/plan?X-Amz-Signature={digits}&X-Amz-Expires=900"
    assert found(signed, LINK) == RANDOM


@pytest.mark.parametrize(
    "text",
    [
        "cdk.out/asset." + "0f9a3c" * 10 + "1b2c.zip",
        "charts/app/secrets.enc.yaml",
        "environments/prod/database-password.tf",
        "modules/aws/ssh/keys/production/europe/networking/primary/vpc.tf",
        "migrations/20260101120000_add_index.sql.tf",
        "plan-" + "5c" * 32 + ".json",
        "refs/heads/dependabot/terraform/hashicorp/aws-5.31.0",
        "ghcr.io/acme/shop",
    ],
)
def test_names_of_files_are_no_secrets(text: str) -> None:
    """Digests are usual there."""
    assert found(text, PATH) is None


def test_a_token_in_the_name_of_a_file_is_found() -> None:
    """By its form, or because it mixes letters and digits as nobody names a file."""
    secrets = made_secrets()
    assert found(f"live/{secrets['GitHub token']}.tf", PATH) is not None
    assert found(f"live/{secrets['20 letters and digits']}.tf", PATH) == RANDOM
