"""Walking through the schemas: their parts, and what these refer to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.schemas.libraries import load

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = re.compile(r"([a-z0-9.]*)(?:#/\$defs/([a-z0-9_]+))?")
CONDITIONS = {"if", "then", "else", "not", "anyOf", "oneOf"}
"""Keywords whose schemas only add a condition to what is described beside them."""


def subschemas(
    schema: Any,  # noqa: ANN401 -- a schema, or nothing where a keyword is absent
    path: tuple[str, ...] = (),
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield every schema within a schema, with the keywords and names that lead to it."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for keyword in ("properties", "$defs"):
        for name, inner in schema.get(keyword, {}).items():
            yield from subschemas(inner, (*path, keyword, name))
    for keyword in ("items", "if", "then", "else", "not"):
        yield from subschemas(schema.get(keyword), (*path, keyword))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(keyword, []):
            yield from subschemas(inner, (*path, keyword))


def resolve(file: str, reference: str) -> tuple[str, dict[str, Any]]:
    """Return the file and the schema that a reference in `file` names."""
    match = REFERENCE.fullmatch(reference)
    assert match, reference
    target = match[1] or file
    schema: dict[str, Any] = load(target)["$defs"][match[2]] if match[2] else load(target)
    return target, schema


def with_references(file: str, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and those that it refers to, one after the other."""
    yield schema
    while "$ref" in schema:
        file, schema = resolve(file, schema["$ref"])
        yield schema


def described(file: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield the schemas of a file but for those that only add a condition to what is described beside them."""
    return ((path, schema) for path, schema in subschemas(load(file)) if not CONDITIONS & set(path))


def kind_of(file: str, schema: dict[str, Any]) -> object:
    """Return the JSON type that a schema asks for, itself or through what it refers to; None where it asks for none."""
    return next((one["type"] for one in with_references(file, schema) if "type" in one), None)
