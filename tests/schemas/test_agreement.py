"""Two independent libraries judge arbitrary mutations of valid documents alike, so no record depends on one of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.schemas.examples import build, templates
from tests.schemas.libraries import FILES, accepts, file_of
from tests.schemas.places import at, removed, replaced, walk
from tests.schemas.walking import described, kind_of, with_references

DOCUMENTS = [build(template, full=full) for template in templates().values() for full in (False, True)]
# Strings that stand in a schema or in an example: a value at the wrong place is the likeliest mistake.
USUAL = sorted({value for document in DOCUMENTS for _, value in walk(document) if isinstance(value, str)})
ODD_CHARACTERS = "\n\r\0\x7f\x85\u200f\u2028\u202e\u0661\u0130\ufeff\U0001f600-~^$:/@ "
TEXTS = st.one_of(
    st.sampled_from(USUAL),
    st.text(max_size=40),
    st.text(alphabet=ODD_CHARACTERS + "aA0fF", max_size=70),
    st.builds(str.__mul__, st.sampled_from("aA0😀"), st.integers(0, 600)),
)
NUMBERS = st.one_of(
    st.integers(-2, 40),
    st.integers(),
    st.sampled_from([2**53 - 1, 2**53, 2**63, 2**64, 99_999_999, 100_000_000, 4_294_967_296]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-2, 100).map(float),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=6,
)


def mutated(data: st.DataObject, document: Any) -> Any:  # noqa: ANN401 -- any JSON value
    """Return a document with one place removed, replaced, repeated, or given another text."""
    path, value = data.draw(st.sampled_from(list(walk(document))))
    how = data.draw(st.sampled_from(["replace", "remove", "swap", "edit"]))
    if how == "remove":
        return removed(document, path)
    if how == "swap":
        return replaced(document, path, at(document, data.draw(st.sampled_from(list(walk(document))))[0]))
    if how == "edit" and isinstance(value, str):
        cut = data.draw(st.integers(0, len(value)))
        return replaced(document, path, value[:cut] + data.draw(TEXTS) + value[cut:])
    if how == "edit" and isinstance(value, list):
        return replaced(document, path, value + value)
    return replaced(document, path, data.draw(VALUES))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_mutated_documents(data: st.DataObject) -> None:
    """Whatever is done to a valid document, the libraries agree on it."""
    document = data.draw(st.sampled_from(DOCUMENTS))
    file = file_of(document)
    for _ in range(data.draw(st.integers(1, 3))):
        document = mutated(data, document)
        if not isinstance(document, dict) or not document:
            break
    accepts(file, document)


def string_shapes() -> list[tuple[str, str]]:
    """Return file and JSON pointer of each different shape that the schemas have for a string."""
    shapes: dict[str, tuple[str, str]] = {}
    for file in FILES:
        for path, schema in described(file):
            chain = list(with_references(file, schema))
            if kind_of(file, schema) == "string":
                rules = [{name: one[name] for name in one if name not in {"description", "$ref"}} for one in chain]
                shapes.setdefault(
                    json.dumps([rule for rule in rules if rule]), (file, "".join(f"/{step}" for step in path))
                )
    return list(shapes.values())


SHAPES = string_shapes()


@settings(max_examples=300)
@given(text=TEXTS)
def test_texts_in_every_shape(text: str) -> None:
    """Whatever a string is, the libraries agree on it for every shape of string that the schemas know."""
    for file, pointer in SHAPES:
        accepts(file, text, pointer)


def test_shapes_are_found() -> None:
    """The test above has something to try: object ids, times, texts of several lengths and more."""
    assert len(SHAPES) > 30
