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
        b'{"a": 1}',
        b'a = "b\\/c"',
        b'a = "\0"',
        b"a = 1e5",
        b"a" * (hcl.MAX_BYTES + 1),
        b"<<EOT\n" * 100,
    ],
)
def test_what_cannot_be_parsed_has_no_blocks(data: bytes) -> None:
    """Whatever the parser makes of it: half a file, another encoding, no end, too large, what only Terraform reads."""
    assert hcl.parse(data) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"b"', "b"),
        (r'"b\"c"', r"b\"c"),
        ("[true, false, null, 12]", [True, False, None, 12]),
        ("1.50", "${1.50}"),
        ("1234567890123456", "${1234567890123456}"),
        ('{ b = 1, "c" : 2\n (d) = 3 }', {"b": 1, "c": 2, "${( d )}": 3}),
        ('{ "${b}" = [] }', {'${" ${ b } "}': []}),
        ("var.b", "${var . b}"),
        ("b?c : f( d , e... )", "${b ? c : f ( d , e ... )}"),
        ("provider::b::c(1)", "${provider::b::c ( 1 )}"),
        ("[for b in c :\n b if d]", "${[ for b in c : b if d ]}"),
        ('" b  ${ c+d } "', '${"  b  ${ c + d }  "}'),
        ('"%{ if b ~} c %{ endif }"', '${" %{ if b ~ }  c %{ endif } "}'),
        ("f( # why\n b /* what */ )", "${f ( b )}"),
        ("<<-EOT\n  # b\n  EOT", "${<<- EOT \n  # b\n  EOT}"),
    ],
)
def test_a_value_is_what_it_says(text: str, said: object) -> None:
    """Literals and collections as such, all else by its tokens; white space counts in strings and templates alone."""
    assert blocks(f"a {{\n  b = {text}\n}}".encode()) == {"a": [{"b": said}]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", {}),
        (b"\xef\xbb\xbfa = 1", {"a": [1]}),
        (b"a {\r\n  b = 1\r\n}\r\n", {"a": [{"b": 1}]}),
        (
            'resource b "\N{LATIN SMALL LETTER E WITH ACUTE}" {}'.encode(),
            {"resource.b.\N{LATIN SMALL LETTER E WITH ACUTE}": [{}]},
        ),
        (b"a {\n b c {}\n b d {}\n}", {"a": [{"b": [{"c": {}}, {"d": {}}]}]}),
        (b"a /**/ = /**/ 1 /**/", {"a": [1]}),
        (b"a = 1\na = 2", {"a": [2]}),
    ],
)
def test_a_file_may_be_written_in_many_ways(data: bytes, said: hcl.Blocks) -> None:
    """Nothing in it, a byte order mark, other line ends, words of any script, comments anywhere."""
    assert blocks(data) == said


def test_a_file_is_handed_to_the_parser_in_pieces() -> None:
    """A character that two pieces share is still one."""
    for shift in range(4):
        text = "b" * shift + "\N{GRINNING FACE}" * 1000
        assert blocks(f'a = "{text}"'.encode()) == {"a": [text]}


@pytest.mark.parametrize(
    ("left", "inner", "right"),
    [
        *((b"[", b"", b"]"), (b"{a=", b"1", b"}"), (b"(", b"1", b")"), (b"f(", b"1", b")"), (b"!", b"a", b"")),
        *((b"1+", b"1", b""), (b"a?b:", b"c", b""), (b"", b"a", b".b"), (b"", b"a", b"[0]")),
    ],
)
def test_a_file_may_nest_as_deeply_as_it_likes(left: bytes, inner: bytes, right: bytes) -> None:
    """Nothing recurses."""
    for name in (b"a = ", b"resource a b { c = "):
        found = blocks(name + left * 10_000 + inner + right * 10_000 + b"}" * name.count(b"{"))
        assert hcl.touched(found, found) == []


@pytest.mark.parametrize(
    ("left", "right", "known", "too_much"),
    [(b'"${', b'}"', 60, 64), (b"<<" + b"E" * 127 + b"\n${", b"}\n" + b"E" * 127 + b"\n", 6, 9)],
)
def test_what_the_parser_cannot_remember_has_no_blocks(left: bytes, right: bytes, known: int, too_much: int) -> None:
    """It has 1024 bytes for the templates that it is in, and for the marks of their ends, and ends in order."""
    for count in (known, too_much, 300):
        found = hcl.parse(b"a = " + left * count + b"1" + right * count)
        assert (found is not None) == (count == known)
    for length, ends in ((127, True), (128, False), (2_000, False), (60_000, False)):
        found = hcl.parse(b"a = <<" + b"E" * length + b"\nb\n" + b"E" * length)
        assert (found is not None) == ends


def test_the_parser_stops_when_it_is_late() -> None:
    """This file would take it half a minute, as it mends each line together with all that it mended before."""
    asked = 0

    def late() -> bool:
        nonlocal asked
        asked += 1
        return asked > 10

    assert hcl.parse(b"a = " + b'"\n' * 60_000, late=late) is None
    assert asked == 11


def test_broken_json_has_no_blocks() -> None:
    """The same of the other form."""
    for data in (b"{", b"[1]", b'{"a":1,"a":2}', b'{"a":1}{"b":2}'):
        assert hcl.parse(data, is_json=True) is None


def test_a_file_of_too_many_blocks_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would have to be compared."""
    monkeypatch.setattr(hcl, "MAX_BLOCKS", 2)
    assert hcl.parse(b"a = 1\nb = 1\n") is not None
    assert hcl.parse(b"a = 1\nb = 1\nc = 1\n") is None
