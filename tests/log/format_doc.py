"""The tables of docs/format.md that the schemas give: written into the document, or compared with it.

    python -m tests.log.format_doc            write them

A line `<!-- fields FILE#POINTER -->` stands before each table; FILE is the name of a schema, POINTER the place of an
object in it. `<!-- shapes FILE -->` stands before the table of the strings and integers that have a name.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "format.md"
MARK = re.compile(r"(<!-- (fields|shapes) (\S+?)(?:#(\S+))? -->\n)(?:\|.*\n)*")
Schema = dict[str, Any]

KEYWORDS = {
    "$ref", "type", "description", "properties", "required", "items", "enum", "const", "pattern", "not", "minLength",
    "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems", "allOf", "anyOf", "oneOf", "if", "then",
    "else", "$defs", "$schema", "$id", "title",
}  # fmt: skip
"""What the tables know how to tell; another one in a schema has to be thought about first."""


def load(name: str) -> Schema:
    """Return a schema by file name."""
    schema: Schema = json.loads((ROOT / "schemas" / name).read_bytes())
    return schema


def place(name: str, pointer: str) -> Schema:
    """Return the part of a schema at a JSON pointer."""
    schema: Schema = load(name)
    for step in pointer.split("/")[1:]:
        schema = schema[step]
    return schema


def resolve(name: str, schema: Schema) -> tuple[str, str, Schema]:
    """Return the file, name and content of what a schema refers to."""
    file, _, pointer = schema["$ref"].partition("#")
    return file or name, pointer.rpartition("/")[2], place(file or name, pointer)


def with_tables() -> str:
    """Return the document with every table as the schemas give it."""
    return MARK.sub(lambda mark: mark[1] + table(mark[2], mark[3], mark[4] or ""), DOCUMENT.read_text(encoding="utf-8"))


def table(what: str, name: str, pointer: str) -> str:
    """Return the lines of one table."""
    return "\n".join(shapes(name) if what == "shapes" else fields(name, pointer)) + "\n"


def marked() -> list[tuple[str, str]]:
    """Return schema and pointer of every table of fields in the document."""
    marks = MARK.finditer(DOCUMENT.read_text(encoding="utf-8"))
    return [(mark[3], mark[4] or "") for mark in marks if mark[2] == "fields"]


def fields(name: str, pointer: str) -> list[str]:
    """Return the table of an object's fields, those of objects without a name within it too."""
    schema = place(name, pointer)
    rows = ["| field | | type | meaning |", "|---|---|---|---|"]
    if "$ref" in schema:
        rows.append(f"| all fields of {link(name, schema)} | | | |")
    return [*rows, *_rows(name, schema, "")]


def _rows(name: str, schema: Schema, prefix: str) -> Iterator[str]:
    for field, inner in schema.get("properties", {}).items():
        assert inner.keys() <= KEYWORDS, inner
        told = "required" if field in schema.get("required", ()) else "optional"
        yield f"| `{prefix}{field}` | {told} | {kind(name, inner)} | {description(name, inner)} |"
        if "$ref" not in inner:
            yield from _rows(name, inner.get("items", inner), f"{prefix}{field}.")


def shapes(name: str) -> list[str]:
    """Return the table of the strings and integers that have a name."""
    rows = ["| name | rule | |", "|---|---|---|"]
    for shape, schema in load(name)["$defs"].items():
        if not is_object(name, schema) and "items" not in schema:
            told = f'<a id="{anchor(name, shape)}"></a>`{shape}`'
            rows.append(f"| {told} | {rule(name, schema)} | {description(name, schema)} |")
    return rows


def objects(name: str) -> list[str]:
    """Return the pointers of all objects that have a name, and of the body of a record type."""
    schema = load(name)
    named = [f"/$defs/{shape}" for shape, inner in schema.get("$defs", {}).items() if is_object(name, inner)]
    lists = {pointer for pointer in named if list_of(name, place(name, pointer))}
    whole = "/properties/body" if "allOf" in schema else ""
    return [whole, *(pointer for pointer in named if pointer not in lists)]


def is_object(name: str, schema: Schema) -> bool:
    """Return whether a schema describes an object."""
    if "$ref" in schema:
        file, _, inner = resolve(name, schema)
        return is_object(file, inner)
    return schema.get("type") == "object"


def anchor(name: str, shape: str) -> str:
    """Return where a named part of a schema stands in the document."""
    return shape if name == "record.v1.json" else f"{name.removesuffix('.v1.json')}-{shape}"


def link(name: str, schema: Schema) -> str:
    """Return a link to what a schema refers to."""
    file, shape, _ = resolve(name, schema)
    return f"[{shape}](#{anchor(file, shape)})"


def list_of(name: str, schema: Schema) -> str | None:
    """Return what a LIST has items of, None for what is no LIST."""
    if "$ref" not in schema:
        return None
    file, shape, inner = resolve(name, schema)
    if shape == "list":
        return kind(name, schema["properties"]["items"]["items"])
    return list_of(file, inner)


def kind(name: str, schema: Schema) -> str:
    """Return the type of a field."""
    items = list_of(name, schema)
    if "$ref" in schema and resolve(name, schema)[2].get("type") == "array":
        return kind(resolve(name, schema)[0], resolve(name, schema)[2])
    if "const" in schema:
        told = f"`{schema['const']}`"
    elif schema.get("type") == "array":
        told = f"list of {kind(name, schema['items']) if 'items' in schema else 'anything'}{bounds(schema)}"
    elif schema.get("not") == {}:
        told = "never there"
    elif schema.get("type") == ["object", "null"]:
        told = "object or null"
    elif items is not None:
        told = f"[LIST](#list) of {items}"
    elif is_object(name, schema):
        told = link(name, schema) if "$ref" in schema else "object"
    else:
        told = rule(name, schema)
    return told


def bounds(schema: Schema) -> str:
    """Return how many items a list may have."""
    least, most = schema.get("minItems", 0), schema["maxItems"]
    unique = ", each once" if schema.get("uniqueItems") else ""
    return f"; {least} to {most}{unique}" if least else f"; at most {most}{unique}"


def rule(name: str, schema: Schema) -> str:
    """Return what a string, number or boolean has to be."""
    if "enum" in schema:
        return " \\| ".join(f"`{value}`" for value in schema["enum"])
    parts = [link(name, schema)] if "$ref" in schema else [str(schema.get("type", "text"))]
    if "minimum" in schema:
        parts.append(f"{schema['minimum']} to {schema['maximum']}")
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if most is not None:
        parts.append(f"{least} to {most} characters" if least else f"at most {most} characters")
    elif least:
        parts.append(f"at least {least} characters")
    for word, pattern in (("matches", schema.get("pattern")), ("nowhere", schema.get("not", {}).get("pattern"))):
        if pattern is not None:
            parts.append(f"{word} `{escaped(pattern)}`")
    return ", ".join(parts)


def escaped(pattern: str) -> str:
    """Return a pattern as it can stand in a table."""
    return pattern.replace("|", "\\|")


def description(name: str, schema: Schema) -> str:
    """Return what a field means."""
    if "description" in schema:
        return str(schema["description"]).replace("<", "&lt;")
    file, _, inner = resolve(name, schema)
    return description(file, inner)


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(), encoding="utf-8")
