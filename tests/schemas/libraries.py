"""The schemas as files, and the judgement of two independent libraries on a document."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import referencing
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parents[2] / "schemas"
FILES = tuple(sorted(path.name for path in FOLDER.glob("*.json")))


@functools.cache
def load(name: str) -> Any:  # noqa: ANN401 -- a JSON value
    """Return a schema by file name."""
    return json.loads((FOLDER / name).read_bytes())


def file_of(document: dict[str, Any]) -> str:
    """Return the file name of the schema that a document should be judged by."""
    kind = document.get("type") or document["format"].split("/")[0].removeprefix("gitaudit.") + ".yml"
    names = {"policy": "record.policy.v1.json", "policy.yml": "policy.v1.json", "config.yml": "config.v1.json"}
    return names.get(kind, f"{kind}.v1.json")


def accepts(name: str, document: object, pointer: str = "") -> bool:
    """Return whether a schema, or its part at a JSON pointer, accepts a document; fails where the libraries differ."""
    fast = _fast(name, pointer).is_valid(document)
    slow = _slow(name, pointer).is_valid(document)
    assert fast == slow, f"jsonschema_rs says {fast}, jsonschema {slow} of {document!r}"
    return fast


@functools.cache
def _fast(name: str, pointer: str) -> jsonschema_rs.Draft202012Validator:
    # The default regex engine, not the one that gitaudit chooses: the patterns must not depend on it.
    registry = jsonschema_rs.Registry([(load(file)["$id"], load(file)) for file in FILES])
    return jsonschema_rs.Draft202012Validator(_part(name, pointer), registry=registry)


@functools.cache
def _slow(name: str, pointer: str) -> jsonschema.Draft202012Validator:
    empty: referencing.Registry[Any] = referencing.Registry()
    resources = [(load(file)["$id"], DRAFT202012.create_resource(load(file))) for file in FILES]
    return jsonschema.Draft202012Validator(_part(name, pointer), registry=empty.with_resources(resources))


def _part(name: str, pointer: str) -> dict[str, Any]:
    schema: dict[str, Any] = load(name)
    return {"$ref": f"{schema['$id']}#{pointer}"} if pointer else schema
