"""The schema files themselves: valid, documented, bounded, self-contained, and the same to every regex engine."""

from __future__ import annotations

import re

import jsonschema
import jsonschema_rs
import pytest

from gitaudit.model import RECORD_TYPES
from tests.schemas.libraries import FILES, FOLDER, load
from tests.schemas.walking import described, kind_of, resolve, subschemas, with_references

BASE = "https://gitaudit.invalid/schemas/"
# What Python's re, ECMAScript (with and without its u flag) and Rust's regex read in the same way: ASCII literals,
# classes of ASCII characters and \uXXXX, groups, alternation, greedy repetition, and the two anchors.
CLASS = r"\[\^?(?:\\u[0-9a-f]{4}|\\[\\\[\]]|[ -Z^-~])+\]"
TOKEN = re.compile(
    CLASS + r"|\\[.*{\\]|[A-Za-z0-9/:@_=, -]|\((?!\?)|[)|^$]|[*+?](?![?+])|\{[0-9]+(?:,[0-9]+)?\}(?![?+])"
)
SET_OPERATORS = ("--", "&&", "~~", "||")


def is_portable(pattern: str) -> bool:
    """Return whether a pattern uses only what all regex engines agree on."""
    end = 0
    while match := TOKEN.match(pattern, end):
        end = match.end()
    return end == len(pattern) and not any(operator in pattern for operator in SET_OPERATORS)


def outside_of_groups(pattern: str) -> str:
    """Return a pattern without its classes and groups."""
    rest = re.sub(CLASS + r"|\\.", "", pattern)
    while (shorter := re.sub(r"\([^()]*\)", "", rest)) != rest:
        rest = shorter
    return rest


def test_there_is_a_schema_for_every_document() -> None:
    """Each record type, the policy and the configuration have a schema, and there is no other."""
    types = {"record.policy" if kind == "policy" else kind for kind in RECORD_TYPES}
    assert set(FILES) == {f"{name}.v1.json" for name in types | {"record", "policy", "config"}}


@pytest.mark.parametrize("file", FILES)
def test_schema_is_valid(file: str) -> None:
    """Both libraries find each schema to be one of draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(load(file))
    jsonschema_rs.meta.validate(load(file))


@pytest.mark.parametrize("file", FILES)
def test_schema_says_what_it_is(file: str) -> None:
    """Each schema names its draft, its address, a title and a description."""
    schema = load(file)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == BASE + file
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("file", FILES)
def test_schema_is_plain_text(file: str) -> None:
    """A schema is ASCII with LF line ends and two spaces of indent, so that it reads the same everywhere."""
    text = (FOLDER / file).read_bytes()
    assert text.isascii()
    assert text.endswith(b"}\n")
    assert b"\r" not in text
    assert b"\t" not in text


@pytest.mark.parametrize("file", FILES)
def test_field_has_a_description(file: str) -> None:
    """Every field and every shared shape says in one line what it is."""
    for path, schema in described(file):
        for keyword in ("properties", "$defs"):
            for name, inner in schema.get(keyword, {}).items():
                assert inner.get("description", "").endswith("."), (*path, keyword, name)
                assert "\n" not in inner["description"], (*path, keyword, name)


@pytest.mark.parametrize("file", FILES)
def test_reference_stays_inside(file: str) -> None:
    """References lead to the same file or to record.v1.json, so nothing has to be fetched."""
    for path, schema in subschemas(load(file)):
        assert "$dynamicRef" not in schema, path
        if "$ref" in schema:
            target, _ = resolve(file, schema["$ref"])
            assert target in {file, "record.v1.json"}, path


@pytest.mark.parametrize("file", FILES)
def test_values_are_bounded(file: str) -> None:
    """Every string, integer and list has an upper bound, and every string is `text`."""
    for path, schema in described(file):
        chain = list(with_references(file, schema))
        kind = kind_of(file, schema)
        bounds = {name for one in chain for name in one}
        if kind == "string":
            assert chain[-1] is load("record.v1.json")["$defs"]["text"], path
            assert "maxLength" in bounds or path[-1] in {"text", "base64"}, path
        if kind == "integer":
            assert {"minimum", "maximum"} <= bounds, path
        if kind == "array":
            assert "maxItems" in bounds, path


@pytest.mark.parametrize("file", FILES)
def test_length_is_judged_first(file: str) -> None:
    """`maxItems` comes before `uniqueItems`: the explaining library stops there, and compares no endless list."""
    for path, schema in subschemas(load(file)):
        if "uniqueItems" in schema:
            names = list(schema)
            assert names.index("maxItems") < names.index("uniqueItems"), path


@pytest.mark.parametrize("file", FILES)
def test_fields_may_be_added(file: str) -> None:
    """No schema closes an object: an additive change keeps the number."""
    for path, schema in subschemas(load(file)):
        assert not {"additionalProperties", "unevaluatedProperties", "maxProperties"} & set(schema), path


@pytest.mark.parametrize("file", FILES)
def test_pattern_means_the_same_everywhere(file: str) -> None:
    """A pattern uses only what all regex engines agree on, and binds the whole string."""
    for path, schema in subschemas(load(file)):
        if "pattern" in schema:
            pattern = schema["pattern"]
            assert is_portable(pattern), (path, pattern)
            whole = pattern.startswith("^") and pattern.endswith("$") and "|" not in outside_of_groups(pattern)
            assert whole or path[-1] == "not", (path, pattern)


@pytest.mark.parametrize(
    "pattern", [r"^\d+$", r"^\w$", r"^\s$", "^.$", "^[é]$", r"^a\Z", "^(?=a)a$", "^(?:a)$", "^a*?$", "^[a&&b]$"]
)
def test_pattern_that_engines_read_differently_is_found(pattern: str) -> None:
    """The check of patterns does find them."""
    assert not is_portable(pattern)
