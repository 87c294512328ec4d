"""Names that tools wrote are kept, or changed visibly."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitaudit.iac.names import visible, word


@pytest.mark.parametrize(
    "name",
    [
        "aws_instance.web",
        'module.a["key with spaces"].aws_iam_user.u["jürgen@example.com"]',
        r'null_resource.x["C:\\users\n"]',
        "鍵.\N{GRINNING FACE}",
    ],
)
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    """Printable text, backslashes and quotes included, is not touched."""
    assert visible(name) == name


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x00", r"\u{0000}"),
        ("\n", r"\u{000A}"),
        ("\x1b", r"\u{001B}"),
        ("\x7f", r"\u{007F}"),
        ("\x9b", r"\u{009B}"),
        ("\u061c", r"\u{061C}"),
        ("\u200b", r"\u{200B}"),
        ("\u2028", r"\u{2028}"),
        ("\u202e", r"\u{202E}"),
        ("\u2069", r"\u{2069}"),
        ("\ufeff", r"\u{FEFF}"),
        ("\ud800", r"\u{D800}"),
        ("\U000e0041", r"\u{E0041}"),
    ],
)
def test_an_invisible_character_is_written_out(character: str, shown: str) -> None:
    """Controls, bidi controls, zero widths, tags and surrogates become escapes."""
    assert visible(f"a{character}b") == f"a{shown}b"


def test_an_empty_name_can_be_seen() -> None:
    """JSON allows the empty key, and a record has no empty names."""
    assert visible("") == r"\u{}"
    assert visible(r"\u{}") == r"\u{005C}u{}"


def test_what_reads_like_an_escape_is_escaped() -> None:
    """A name that has the text of an escape differs from one that has the character."""
    assert visible(r"a\u{202E}b") == r"a\u{005C}u{202E}b"


def test_two_long_names_stay_distinct() -> None:
    """What is cut says so, keeps to the limit and ends with a digest."""
    one, other = visible("a" * 2000 + "1", 100), visible("a" * 2000 + "2", 100)
    assert one != other
    assert len(one) == len(other) == 100
    assert re.fullmatch("a{87}…[0-9a-f]{12}", one)


def test_a_name_cannot_pretend_to_be_a_cut_one() -> None:
    """A name that is written like the short form of another one is itself shortened."""
    cut = visible("a" * 2000, 100)
    assert visible(cut, 100) != cut


def test_a_name_at_the_limit_is_kept() -> None:
    """The limit itself is allowed."""
    assert visible("a" * 100, 100) == "a" * 100


@given(st.text(st.characters(), max_size=60), st.text(st.characters(), max_size=60))
def test_escaping_is_one_to_one(one: str, other: str) -> None:
    """Different names come out differently, bounded, and as text that UTF-8 can hold."""
    shown = visible(one, 40)
    shown.encode("utf-8")
    assert len(shown) <= 40
    assert (shown == visible(other, 40)) == (one == other)


@given(st.text(st.sampled_from("\\u{}0A\n"), max_size=12))
def test_an_escaped_name_can_be_read_back(name: str) -> None:
    """Undoing every escape gives the name: nothing else looks like one."""
    undone = re.sub(r"\\u\{([0-9A-F]*)\}", lambda match: chr(int(match[1], 16)) if match[1] else "", visible(name))
    assert undone == name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.11.4", "1.11.4"),
        ("1.2.0-rc1+meta", "1.2.0-rc1+meta"),
        ("replace_because_tainted", "replace_because_tainted"),
        ("a" * 65, "unrecognised"),
        ("two words", "unrecognised"),
        ("-x", "unrecognised"),
        ("1.0\n", "unrecognised"),
        ("", None),
        (None, None),
        (1, None),
    ],
)
def test_a_word_is_kept_only_in_the_shape_of_one(value: object, expected: str | None) -> None:
    """Versions and reasons are short words; free text does not get through in their place."""
    assert word(value) == expected
