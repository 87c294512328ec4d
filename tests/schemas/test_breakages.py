"""What must be refused, tried at every place of the full examples; both libraries must refuse it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from gitaudit.model import RECORD_TYPES
from tests.schemas.examples import DEPLOY, build, example, templates
from tests.schemas.libraries import accepts, file_of
from tests.schemas.places import replaced, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.schemas.places import Path

TEMPLATES = templates()
BODY = "/properties/body"
ONE_OF_EACH_TYPE: tuple[object, ...] = (None, True, 7, 1.5, "text", ["text"], {"text": "text"})
CONTROLS = "\n\r\t\x00\x1b\x7f\x80\x85\x9b"
DEPLOYED = set(build(DEPLOY, full=True))
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def places(name: str) -> Iterator[tuple[Path, Any, Callable[[object], bool]]]:
    """Yield every place of a full example: path, value, and a judge of what the example is with another value there.

    The example is minimal but for the field that the place belongs to, and of a record only the body is judged: for
    the fields that all records have, `waiver` stands, for those that both records of a deployment have,
    `deploy.started`.
    """
    small, full = build(TEMPLATES[name]), build(TEMPLATES[name], full=True)
    file = file_of(small)
    fields = [("", small, (field,), full[field]) for field in full if field != "body"]
    if "body" in full:
        fields = fields if name == "waiver" else []
        own = set(full["body"]) - (DEPLOYED if name == "deploy.finished" else set())
        fields += [(BODY, small["body"], (field,), full["body"][field]) for field in sorted(own)]
    for pointer, smallest, field, content in fields:
        document = replaced(smallest, field, content)
        for path, value in ((field, content), *(walk(content, field) if isinstance(content, (dict, list)) else ())):
            yield path, value, functools.partial(_is_accepted, file, pointer, document, path)


@pytest.mark.parametrize("name", TEMPLATES)
def test_wrong_type(name: str) -> None:
    """A value of another JSON type is refused at every place."""
    for path, value, is_accepted in places(name):
        for other in ONE_OF_EACH_TYPE:
            if type(other) is not type(value):
                assert not is_accepted(other), (path, other)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("where", ["start", "middle", "end"])
def test_control_and_bidi_characters(name: str, where: str) -> None:
    """No string holds a control character or a bidirectional control anywhere, also not one final newline."""
    bad = CONTROLS + BIDI if name == "waiver" and where == "end" else "\n\u202e"
    for path, value, is_accepted in places(name):
        if isinstance(value, str):
            cut = {"start": 0, "middle": len(value) // 2, "end": len(value)}[where]
            for one in bad:
                text = value[:cut] + one + value[cut:]
                assert not is_accepted(text), (path, ascii(text))


@pytest.mark.parametrize("name", TEMPLATES)
def test_endless_string(name: str) -> None:
    """Every string has a bound."""
    for path, value, is_accepted in places(name):
        if isinstance(value, str):
            assert not is_accepted((value or "x") + (value or "x")[-1] * 10_000), path


@pytest.mark.parametrize("name", TEMPLATES)
def test_empty_string(name: str) -> None:
    """No string is empty but an argument of a command."""
    for path, value, is_accepted in places(name):
        if isinstance(value, str) and "argv" not in path:
            assert not is_accepted(""), path


@pytest.mark.parametrize("name", TEMPLATES)
def test_integer_out_of_bounds(name: str) -> None:
    """No number is negative, has a fraction, or is 2^53 or more."""
    for path, value, is_accepted in places(name):
        if type(value) is int:
            for bad in (-1, 0.5, 2**53, 2**64, 10**30, 1e300):
                assert not is_accepted(bad), (path, bad)


@pytest.mark.parametrize("name", TEMPLATES)
def test_endless_list(name: str) -> None:
    """Every list has a bound."""
    for path, value, is_accepted in places(name):
        if isinstance(value, list):
            longer = [_numbered(value[0] if value else "x", number) for number in range(4097)]
            assert not is_accepted(longer), path


@pytest.mark.parametrize("name", TEMPLATES)
def test_body_alone_is_judged_like_the_record(name: str) -> None:
    """What the tests above refuse of a body is refused of the record with this body."""
    document = build(TEMPLATES[name], full=True)
    for field in document.get("body", {}):
        assert not accepts(file_of(document), replaced(document, ("body", field), "\u202e")), field


@pytest.mark.parametrize("body", [None, True, 7, "text", [], {}])
def test_body_that_is_none(body: object) -> None:
    """A body of another type, or an empty one, is refused for every record type."""
    for kind in RECORD_TYPES:
        document = example(kind) | {"body": body}
        assert not accepts(file_of(document), document), kind


@pytest.mark.parametrize("kind", ["genesis", "change"])
def test_swapped_type_and_schema(kind: str) -> None:
    """A record is only what both its schema and its type say."""
    document = example(kind)
    file = file_of(document)
    assert not accepts(file, document | {"type": "waiver"})
    assert not accepts(file, document | {"schema": "gitaudit/waiver/1"})
    assert not accepts(file, document | {"schema": f"gitaudit/{kind}/2"})


def _numbered(item: object, number: int) -> object:
    """Return a variant of a list's item: different, so that the list is not refused for a repetition alone."""
    if isinstance(item, dict):
        return item | {"number": number}
    return f"{number:08x}{str(item)[8:]}"


def _is_accepted(file: str, pointer: str, document: object, path: Path, value: object) -> bool:
    return accepts(file, replaced(document, path, value), pointer)
