"""Tool, blocks and flags of a changed file."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitaudit.iac.source.flags import FLAGS, MAX_DEPTH
from gitaudit.iac.source.hints import MAX_BLOCKS, Hints, hints_of

SENTINEL = "SENTINEL"


def resource(kind: str, *lines: str) -> bytes:
    """Return a resource named `a` with these lines in it."""
    return f'resource "{kind}" "a" {{\n  name = "{SENTINEL}"\n  {chr(10).join(lines)}\n}}\n'.encode()


@pytest.mark.parametrize(
    ("before", "after", "flags"),
    [
        (None, resource("aws_iam_role"), ["iam"]),
        (None, resource("aws_s3_bucket_policy"), ["iam"]),
        (None, resource("google_project_iam_member"), ["iam"]),
        (None, resource("azurerm_role_assignment"), ["iam"]),
        (resource("aws_iam_role"), None, ["iam"]),
        (
            None,
            resource("aws_security_group", 'ingress {\n cidr_blocks = ["10.0.0.0/8", "0.0.0.0/0"]\n}'),
            ["open-ingress"],
        ),
        (None, resource("aws_vpc_security_group_ingress_rule", 'cidr_ipv4 = "0.0.0.0/0"'), ["open-ingress"]),
        (None, resource("google_compute_firewall", 'source_ranges = ["0.0.0.0/0"]'), ["open-ingress"]),
        (None, resource("azurerm_network_security_rule", 'source_address_prefix = "*"'), ["open-ingress"]),
        (None, resource("aws_security_group", 'egress {\n cidr_blocks = ["0.0.0.0/0"]\n}'), []),
        (None, resource("aws_security_group_rule", 'type = "ingress"', 'cidr_blocks = ["::/0"]'), ["open-ingress"]),
        (None, resource("aws_security_group_rule", 'type = "egress"', 'cidr_blocks = ["::/0"]'), []),
        (None, resource("aws_vpc_security_group_egress_rule", 'cidr_ipv4 = "0.0.0.0/0"'), []),
        (
            resource("aws_s3_bucket", "a = 1").replace(b'"a" {', b'"access_logs" {'),
            b'resource "aws_s3_bucket" "access_logs" {}\n',
            [],
        ),
        (None, resource("aws_route", 'destination_cidr_block = "0.0.0.0/0"'), []),
        (None, resource("aws_db_instance", "storage_encrypted = false"), ["encryption-off"]),
        (None, resource("aws_db_instance", "storage_encrypted = true"), []),
        (resource("aws_db_instance", "storage_encrypted = true"), resource("aws_db_instance"), ["encryption-off"]),
        (resource("aws_db_instance", "storage_encrypted = false"), resource("aws_db_instance"), []),
        (resource("aws_s3_bucket", 'logging {\n target_bucket = "b"\n}'), resource("aws_s3_bucket"), ["logging-off"]),
        (None, resource("aws_cloudtrail", "enable_logging = false"), ["logging-off"]),
        (resource("aws_cloudtrail"), None, ["logging-off"]),
        (resource("aws_flow_log"), None, ["logging-off"]),
        (None, resource("aws_db_instance", "publicly_accessible = true"), ["public-access"]),
        (None, resource("aws_s3_bucket", 'acl = "public-read"'), ["public-access"]),
        (None, resource("aws_s3_bucket_public_access_block", "block_public_acls = false"), ["public-access"]),
        (None, resource("google_storage_bucket_acl", 'role_entity = "allUsers"'), ["public-access"]),
        (None, resource("aws_instance", 'instance_type = "t3.micro"'), []),
        (
            resource("aws_db_instance", "storage_encrypted = false"),
            resource("aws_db_instance", "storage_encrypted = false", "a = 1"),
            [],
        ),
    ],
)
def test_a_change_of_hcl_is_flagged(before: bytes | None, after: bytes | None, flags: list[str]) -> None:
    """By what comes and what goes, not by what was so before."""
    assert list(hints_of(b"main.tf", before, after).flags) == flags


@pytest.mark.parametrize(
    ("path", "before", "after", "flags"),
    [
        (b"stack.yaml", b"", b"  Role:\n    Type: AWS::IAM::Role\n", ["iam"]),
        (b"stack.json", b"", b'{\n "Type": "AWS::IAM::Policy"\n}\n', ["iam"]),
        (b"rbac.yaml", b"", b"kind: ClusterRoleBinding\n", ["iam"]),
        (b"stack.yaml", b"", b"      - CidrIp: 0.0.0.0/0\n", ["open-ingress"]),
        (b"stack.yaml", b"- CidrIp: 0.0.0.0/0\n", b"- CidrIp: 0.0.0.0/0\n- CidrIp: 10.0.0.0/8\n", []),
        (b"stack.yaml", b"StorageEncrypted: true\n", b"StorageEncrypted: false\n", ["encryption-off"]),
        (b"stack.yaml", b"KmsKeyId: alias/a\nA: 1\n", b"A: 1\n", ["encryption-off"]),
        (b"stack.yaml", b"", b"PubliclyAccessible: 'true'\n", ["public-access"]),
        (b"main.bicep", b"", b"publicNetworkAccessEnabled: true\n", ["public-access"]),
        (b"play.yml", b"", b"- name: x\n  hosts: all\n", []),
    ],
)
def test_a_change_of_lines_is_flagged(path: bytes, before: bytes, after: bytes, flags: list[str]) -> None:
    """Where there is no parser of the file, its lines are compared."""
    assert list(hints_of(path, before, after).flags) == flags


@pytest.mark.parametrize(
    ("path", "content", "tool"),
    [
        (b"a/main.tf", b"", "terraform"),
        (b"compose.yaml", b"", "docker-compose"),
        (b"app/deploy.yaml", b"apiVersion: apps/v1\nkind: Deployment\n", "kubernetes"),
        (b"app/bucket.yaml", b"apiVersion: s3.aws.crossplane.io/v1beta1\nkind: Bucket\n", "crossplane"),
        (b"app/app.yaml", b"apiVersion: argoproj.io/v1alpha1\nkind: Application\n", "argocd"),
        (b"app/stack.yaml", b"AWSTemplateFormatVersion: '2010-09-09'\n", "cloudformation"),
        (b"app/stack.json", b'{\n  "Type": "AWS::SNS::Topic"\n}\n', "cloudformation"),
        (b"app/dev.yml", b"services:\n  web:\n    image: a\n", "docker-compose"),
        (b"app/play.yml", b"---\n- name: Set up\n  hosts: web\n", "ansible"),
        (b"app/play.yml", b"- hosts: web\n", "ansible"),
        (b"app/other.yml", b"a: 1\n", None),
        (b"app/other.py", b"apiVersion: apps/v1\n", None),
    ],
)
def test_the_tool_is_told_by_name_or_content(path: bytes, content: bytes, tool: str | None) -> None:
    """A policy may take in files of any name."""
    assert hints_of(path, None, content).tool == tool
    assert hints_of(path, content, None).tool == tool


def test_blocks_are_named_and_bounded() -> None:
    """The last one says how many more there are; no value of any is shown."""
    many = b"".join(f'variable "v{number:03}" {{ default = "{SENTINEL}" }}\n'.encode() for number in range(100))
    hints = hints_of(b"main.tf", None, many)
    assert len(hints.blocks) == MAX_BLOCKS
    assert (hints.blocks[0], hints.blocks[-1]) == ("variable.v000", "\N{HORIZONTAL ELLIPSIS} and 69 more")
    assert SENTINEL not in repr(hints)


def test_a_label_is_made_safe_to_show() -> None:
    """A repository is a stranger's."""
    assert hints_of(b"a.tf", None, 'variable "a\u202eb" {}\n'.encode()).blocks == (r"variable.a\u{202E}b",)


def test_a_file_that_cannot_be_parsed_has_its_tool_alone() -> None:
    """Before or after."""
    good = resource("aws_iam_role")
    for before, after in ((good, b"broken {"), (b"broken {", good)):
        assert hints_of(b"main.tf", before, after) == Hints(tool="terraform")


@pytest.mark.parametrize("part", [b"\n", b"- ", b" ", b"apiVersion: \n", b"- name:\n", b'"', b"Type: AWS::", b"a: b\n"])
@pytest.mark.parametrize("path", [b"a.yaml", b"a.json", b"a.tf"])
def test_no_content_takes_long(path: bytes, part: bytes) -> None:
    """A pattern that goes back over a file of the greatest size would not come to an end here."""
    assert hints_of(path, None, part * (250_000 // len(part))).flags == ()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from([b"a.tf", b"a.tf.json", b"a.yaml", b"a.json", b"a.tfvars", b"\xff.tf"]),
    before=st.none() | st.binary(max_size=60),
    after=st.none()
    | st.binary(max_size=60)
    | st.lists(
        st.sampled_from(['resource "aws_iam_role" "a" {', "}", "a = 1", "a = [", "]", '"', "{", "\n", "<<E", "${"])
    ).map(lambda parts: "\n".join(parts).encode()),
)
def test_any_content_has_hints(path: bytes, before: bytes | None, after: bytes | None) -> None:
    """Never an error: a hint that cannot be given is left out."""
    hints = hints_of(path, before, after)
    assert set(hints.flags) <= set(FLAGS)
    assert all(0 < len(block) <= 255 for block in hints.blocks)


def test_what_lies_deep_is_not_looked_at() -> None:
    """The names that lead to it would have to be compared each time, all of them."""
    for depth, flags in ((MAX_DEPTH, ["open-ingress"]), (MAX_DEPTH + 1, []), (8_000, [])):
        inner = b'{ cidr = "0.0.0.0/0" }'
        deep = b"a = " + b"{ b = 1, c = " * (depth - 1) + inner + b"}" * (depth - 1)
        assert list(hints_of(b"a.tfvars", None, deep).flags) == flags


def test_the_parser_is_loaded_only_for_hcl() -> None:
    """A hook is felt with every push."""
    script = (
        "import sys; from gitaudit.iac.source.hints import hints_of\n"
        "hints_of(b'a.yaml', None, b'a: 1'); print('tree_sitter' in sys.modules)\n"
        "hints_of(b'a.tf', None, b'a = 1'); print('tree_sitter' in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout == "False\nTrue\n"
