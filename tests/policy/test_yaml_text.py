"""The YAML subset: what it takes, and that nothing is taken which two readers could understand differently."""

from __future__ import annotations

import pytest
import yaml

from gitaudit.errors import ConfigError
from gitaudit.policy import yaml_text
from gitaudit.policy.yaml_text import MAX_BYTES, MAX_DEPTH, dump, load
from tests.vectors.making.texts import YAML_BAD, YAML_GOOD

AMBIGUOUS = (
    "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "yes", "Yes", "no", "on", "Off", "y", "Y", "n",
    "1", "0", "-1", "+1", "08", "017", "0o17", "0x1f", "0b11", "1_000", "1:30", "1.0", "1.", ".5", "1e5", "1E5",
    "1.5e+10", ".inf", "-.inf", ".nan", "2026-01-01", "2026-01-01T00:00:00Z", "=", "<<", "12345678901234567890123E4",
    "-", "?", ":", "a: b", "a #b", "#a", "&a", "*a", "!a", "!!str a", "|", ">", "%a", "@a", "`a", "'a'", '"a"', "[a]",
    " a", "a ", "a\nb", "\n", "\t", "a\tb", "\x85", "\u2028", "\u2029", "\ufeff", "\x00", "\x1b", "\x7f", "---", "- a",
    "...", "{a}", "a\r\nb", "\r", "a?b", "\ufffe", "\uffff", "\u00e9", "\U0001f600", "x" * 500, "x y " * 100, "a\n\n b",
)  # fmt: skip
"""Texts that mean something else, or nothing, where they stand in YAML as they are."""


@pytest.fixture(autouse=True, params=["CSafeLoader", "SafeLoader"])
def _each_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test with libyaml and with PyYAML's own parser: which of them there is must make no difference."""
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yaml_text, "_Loader", getattr(yaml, request.param))


def loaded(text: str) -> object:
    """Return what stands under `a` in a text."""
    return load(text.encode(), "x")["a"]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_texts_survive(text: str) -> None:
    """Any text is written so that it is read back as the same, by this reader and by PyYAML itself."""
    data = dump({"a": text, "b": [text], "c": {"d": text}})
    expected = {"a": text, "b": [text], "c": {"d": text}}
    assert load(data, "x") == expected
    assert yaml.safe_load(data) == expected


def test_other_values_survive() -> None:
    """Integers, booleans, null, nesting and the order of keys are kept."""
    value = {"z": 1, "a": [True, False, None, 0, 999_999_999_999_999], "m": {"y": {}, "x": []}}
    assert load(dump(value), "x") == value
    assert list(load(dump(value), "x")) == ["z", "a", "m"]


def test_a_value_that_stands_twice() -> None:
    """One list at two places is written twice, not as an alias."""
    keys = ["A", "B"]
    assert b"&" not in dump({"a": keys, "b": keys})
    assert load(dump({"a": keys, "b": keys}), "x") == {"a": keys, "b": keys}


@pytest.mark.parametrize("name", YAML_GOOD)
def test_within_the_subset(name: str) -> None:
    """What is in the subset reads as PyYAML reads it."""
    assert load(YAML_GOOD[name], "x") == yaml.safe_load(YAML_GOOD[name])


@pytest.mark.parametrize("name", YAML_BAD)
def test_outside_the_subset(name: str) -> None:
    """What is not in the subset is refused, and the message names the file and nothing of its content."""
    with pytest.raises(ConfigError) as caught:
        load(YAML_BAD[name][0], "some.yml")
    assert caught.value.message.startswith("some.yml: expected ")
    assert "x-more" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [("a: 5", 5), ("a: '5'", "5"), ('a: "5"', "5"), ("a: 0", 0), ("a: v1", "v1"), ("a:", None), ("a: ~", None)],
)  # fmt: skip
def test_types(text: str, value: object) -> None:
    """Only plain scalars are anything else than text."""
    assert loaded(text) == value
    assert type(loaded(text)) is type(value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a mapping, found an empty file"),
        (b"# nothing\n", "a mapping, found an empty file"),
        (b"- a\n", "a mapping at the top"),
        (b"a\n", "a mapping at the top"),
        (b"a: 1\n  b: 2\n", "YAML, found a fault at line 2"),
        (b"a: [\n", "YAML, found a fault at line 2"),
        (b"a: &x 1\n", "YAML, found a fault at line 1"),
        (b"a: 1\nb: yes\n", "at line 2"),
        (b"a: 1\na: 1\n", "each key once, found one twice at line 2"),
        (b"1: a\n", "a string as key at line 1"),
        (b"a: \xff\n", "UTF-8, found another byte at offset 3"),
        (b"\xef\xbb\xbfa: 1\n", "without tabs and control characters, found one at line 1"),
        (b"a: 1\nb:\t1\n", "without tabs and control characters, found one at line 2"),
        (b"a: |\n  b\n", "no block of text, found one at line 1"),
        (b"a: 1\nb: [c]\n", "instead of brackets, found them at line 2"),
        (b'a: "\\udfff"\n', ""),
        (b"a: " + b"x" * MAX_BYTES, "at most 262144 bytes"),
    ],
)
def test_messages(data: bytes, message: str) -> None:
    """The place of a fault is told."""
    with pytest.raises(ConfigError) as caught:
        load(data, "x")
    assert message in caught.value.message


def test_what_looks_like_something_else_has_a_hint() -> None:
    """Who wrote a word of YAML 1.1 is told about quotation marks."""
    with pytest.raises(ConfigError) as caught:
        load(b"a: no\n", "x")
    assert caught.value.hint == "put quotation marks around the value if it is text"


def nested(levels: int) -> bytes:
    """Return mappings within each other."""
    return b"".join(b"  " * level + b"a:\n" for level in range(levels - 1)) + b"  " * (levels - 1) + b"a: 1\n"


def test_depth() -> None:
    """Sixteen levels are read with their scalars in the last, one more is refused, and so is bottomless nesting."""
    load(nested(MAX_DEPTH - 1), "x")
    with pytest.raises(ConfigError, match="16 deep"):
        load(nested(MAX_DEPTH), "x")
    with pytest.raises(ConfigError):
        load(b"a: " + b"[" * 100_000, "x")


def test_a_bomb_of_aliases() -> None:
    """Aliases are refused before anything grows."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    with pytest.raises(ConfigError):
        load("\n".join(lines).encode(), "x")
