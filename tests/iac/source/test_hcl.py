"""Blocks of HCL, by address."""

from __future__ import annotations

import json

import pytest

from gitaudit.iac.source import hcl

FILE = b"""
# a comment
terraform {
  required_version = ">= 1.7"
}
locals {
  a = 1
}
provider "aws" { region = "a" }
provider "aws" {
  alias  = "b"
  region = "b"
}
variable "secret" { default = "SENTINEL" }
module "net" { source = "./net" }
data "aws_ami" "image" { owners = ["self"] }
resource "aws_s3_bucket" "logs" {
  bucket = "logs-${var.env}"
  dynamic "rule" {
    for_each = var.rules
    content { id = rule.key }
  }
}
output "url" { value = aws_s3_bucket.logs.id }
"""
ADDRESSES = [
    *("data.aws_ami.image", "locals", "module.net", "output.url", "provider.aws", "resource.aws_s3_bucket.logs"),
    *("terraform", "variable.secret"),
]


def blocks(data: bytes, *, is_json: bool = False) -> hcl.Blocks:
    """Return the blocks of a file that can be parsed."""
    found = hcl.parse(data, is_json=is_json)
    assert found is not None
    return found


def test_every_block_has_its_address() -> None:
    """One that occurs twice has one address."""
    assert sorted(blocks(FILE)) == ADDRESSES
    assert len(blocks(FILE)["provider.aws"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "touched"),
    [
        (b"# a comment", b"# another comment", []),
        (b'region = "a"', b'region   =    "a" /* why */', []),
        (b'region = "b"', b'region = "c"', ["provider.aws"]),
        (b"a = 1", b"a = 1\n  b = 2", ["locals"]),
        (b"id = rule.key", b"id = rule.value", ["resource.aws_s3_bucket.logs"]),
        (
            b'"aws_s3_bucket" "logs"',
            b'"aws_s3_bucket" "log"',
            ["resource.aws_s3_bucket.log", "resource.aws_s3_bucket.logs"],
        ),
        (b'output "url" { value = aws_s3_bucket.logs.id }', b"", ["output.url"]),
    ],
)
def test_a_block_is_touched_where_its_content_differs(old: bytes, new: bytes, touched: list[str]) -> None:
    """Comments and white space are no content."""
    assert old in FILE
    assert hcl.touched(blocks(FILE), blocks(FILE.replace(old, new))) == touched


def test_the_json_form_has_the_same_addresses() -> None:
    """`*.tf.json`, with a list where a block occurs twice."""
    document = {
        "resource": {"aws_s3_bucket": {"logs": {"bucket": "a"}}},
        "provider": {"aws": [{"region": "a"}, {"alias": "b"}]},
        "locals": {"a": 1},
    }
    found = blocks(json.dumps(document).encode(), is_json=True)
    assert sorted(found) == ["locals", "provider.aws", "resource.aws_s3_bucket.logs"]
    assert len(found["provider.aws"]) == 2


def test_attributes_outside_of_blocks_are_named() -> None:
    """As `*.tfvars` and Terragrunt have them."""
    assert sorted(blocks(b'region = "a"\ninputs = { password = "SENTINEL" }\n')) == ["inputs", "region"]


@pytest.mark.parametrize(
    "data",
    [
        b"resource {",
        b"\xff\xfe",
        b"a = " + b"[" * 5_000,
        b"a = " + b"1+" * 5_000 + b"1",
        b"a" * (hcl.MAX_BYTES + 1),
        b"<<EOT\n" * 100,
    ],
)
def test_what_cannot_be_parsed_has_no_blocks(data: bytes) -> None:
    """Whatever the parser makes of it: half a file, another encoding, no end, a size that would take too long."""
    assert hcl.parse(data) is None


def test_broken_json_has_no_blocks() -> None:
    """The same of the other form."""
    for data in (b"{", b"[1]", b'{"a":1,"a":2}', b'{"a":1}{"b":2}'):
        assert hcl.parse(data, is_json=True) is None


def test_a_file_of_too_many_blocks_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would have to be compared."""
    monkeypatch.setattr(hcl, "MAX_BLOCKS", 2)
    assert hcl.parse(b"a = 1\nb = 1\n") is not None
    assert hcl.parse(b"a = 1\nb = 1\nc = 1\n") is None
