"""Known values are taken out of text in every form that tools write them in."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitaudit.redaction.scrub import REDACTED, Scrubber, forms, replace_all

VALUE = 'p@ss/w0rd+<&>"ä'
values = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=6, max_size=40)


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        quote(VALUE, safe=""),
        quote(VALUE),
        quote_plus(VALUE),
        quote(VALUE, safe="").lower(),
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        json.dumps(json.dumps({"value": VALUE})),
        json.dumps(VALUE, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
    ],
)
def test_each_form_goes(written: str) -> None:
    """Nothing of the value is left, and the rest stands."""
    text, count = Scrubber([VALUE]).scrub(f"before {written} after")

    assert count == 1
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert not [form for form in forms(VALUE) if form in text]


@given(values, st.binary(max_size=8), st.binary(max_size=8))
def test_base64_of_a_longer_text_with_the_value_in_it(value: str, before: bytes, after: bytes) -> None:
    """As the header of a basic authentication has it: the value may begin at any of the three offsets."""
    data = before + value.encode() + after
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        _, count = Scrubber([value]).scrub(encode(data).decode())
        assert count >= 1


@given(values, st.text(max_size=20), st.text(max_size=20))
def test_value_in_any_text(value: str, before: str, after: str) -> None:
    """What is left does not hold it, unless the mark itself does."""
    assume(value not in REDACTED)
    text, count = Scrubber([value]).scrub(f"{before}{value}{after}")
    assert count >= 1
    assert REDACTED in text


def test_longer_values_go_first() -> None:
    """A value that is a part of another does not leave the rest of it behind."""
    text, count = Scrubber(["hunter2", "hunter2-and-more"]).scrub("it was hunter2-and-more, then hunter2")
    assert (text, count) == (f"it was {REDACTED}, then {REDACTED}", 2)


def test_nothing_known_nothing_changed() -> None:
    """The common case."""
    assert Scrubber([]).scrub("some text") == ("some text", 0)
    assert Scrubber(["hunter2"]).scrub("some text") == ("some text", 0)
    assert replace_all("text", []) == ("text", 0)
