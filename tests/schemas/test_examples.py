"""The examples are accepted, and exactly the fields that they mark as optional may be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitaudit.model import RECORD_TYPES
from tests.schemas.examples import BODIES, build, example, policy_example, templates
from tests.schemas.libraries import FILES, accepts, file_of, load
from tests.schemas.places import removed, replaced, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.schemas.examples import Template
    from tests.schemas.places import Path

TEMPLATES = templates()


def optional_places(template: Any, path: Path = ()) -> Iterator[Path]:  # noqa: ANN401 -- any part of one
    """Yield the places of a full example that its template marks as optional."""
    for step, value in template.items() if isinstance(template, dict) else enumerate(template):
        here = (*path, step.removesuffix("?") if isinstance(step, str) else step)
        if isinstance(step, str) and step.endswith("?"):
            yield here
        if isinstance(value, (dict, list)):
            yield from optional_places(value, here)


def parts(name: str) -> Iterator[tuple[str, Template]]:
    """Yield JSON pointer in its schema and template of each part of an example that no other example stands for.

    For the fields that all records have, `waiver` stands.
    """
    template = TEMPLATES[name]
    if "body" in template:
        yield "/properties/body", template["body"]
    if "body" not in template or name == "waiver":
        yield "", template


def named_fields(schema: Any) -> Iterator[str]:  # noqa: ANN401 -- any JSON value
    """Yield the names of the fields that a schema describes."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for keyword, value in schema.items():
            if keyword not in {"if", "then", "else"}:
                yield from named_fields(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from named_fields(value)


def test_every_record_type_has_an_example() -> None:
    """No record type of format 1 is without one."""
    assert set(BODIES) == set(RECORD_TYPES)


@pytest.mark.parametrize("full", [False, True], ids=["minimal", "full"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_example_is_accepted(name: str, *, full: bool) -> None:
    """Both libraries accept every example."""
    document = build(TEMPLATES[name], full=full)
    assert accepts(file_of(document), document)


@pytest.mark.parametrize("name", TEMPLATES)
def test_required_field_is_missed(name: str) -> None:
    """An example without a field that is not marked as optional is refused."""
    file = file_of(build(TEMPLATES[name]))
    for pointer, template in parts(name):
        optional = set(optional_places(template))
        document = build(template, full=True)
        for path, _ in walk(document):
            if isinstance(path[-1], str) and path not in optional:
                assert not accepts(file, removed(document, path), pointer), path


@pytest.mark.parametrize("name", TEMPLATES)
def test_optional_field_is_not_missed(name: str) -> None:
    """An example without a field that is marked as optional is accepted."""
    file = file_of(build(TEMPLATES[name]))
    for pointer, template in parts(name):
        document = build(template, full=True)
        for path in optional_places(template):
            assert accepts(file, removed(document, path), pointer), path


@pytest.mark.parametrize("name", TEMPLATES)
def test_unknown_field_is_kept(name: str) -> None:
    """An additive change keeps the number, so a field that nobody knows yet is accepted at every level."""
    file = file_of(build(TEMPLATES[name]))
    for pointer, template in parts(name):
        document = build(template, full=True)
        places: list[Path] = [(), *(path for path, value in walk(document) if isinstance(value, dict))]
        for path in places:
            assert accepts(file, replaced(document, (*path, "from_the_future"), {"x": [None]}), pointer), path


@pytest.mark.parametrize("name", TEMPLATES)
def test_subject_is_required_where_the_example_says_so(name: str) -> None:
    """Changes and deployments are about a commit; other records may be."""
    document = build(TEMPLATES[name], full=True)
    if "subject" in document:
        assert accepts(file_of(document), removed(document, ("subject",))) == ("subject?" in TEMPLATES[name])


def test_examples_show_every_field() -> None:
    """Every field that a schema describes stands in an example, so the systematic tests below reach it."""
    shown = {step for template in TEMPLATES.values() for path, _ in walk(build(template, full=True)) for step in path}
    described = {name for file in FILES for name in named_fields(load(file))}
    assert described - shown == set()


def test_example_is_made_anew() -> None:
    """A test that changes its example does not change anybody else's."""
    example("change")["actor"]["id"] = "somebody else"
    policy_example()["keys"].clear()
    assert example("change")["actor"]["id"] != "somebody else"
    assert policy_example()["keys"]
