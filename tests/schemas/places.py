"""Places in JSON documents: walking them, and copies with one place changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]


def walk(document: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 -- any JSON value
    """Yield every place below the top with what stands there."""
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for step, value in entries:
        yield (*path, step), value
        if isinstance(value, (dict, list)):
            yield from walk(value, (*path, step))


def replaced(document: Any, path: Path, value: object) -> Any:  # noqa: ANN401 -- any JSON value
    """Return a document with `value` at `path`, where a new name is added; it shares all else with the old one."""
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = value if len(path) == 1 else replaced(document[path[0]], path[1:], value)
    return copy


def removed(document: Any, path: Path) -> Any:  # noqa: ANN401 -- any JSON value
    """Return a document without what stands at `path`; it shares all else with the old one."""
    inner, last = path[:-1], path[-1]
    copy = at(document, inner).copy()
    del copy[last]
    return replaced(document, inner, copy)


def at(document: Any, path: Path) -> Any:  # noqa: ANN401 -- any JSON value
    """Return what stands at `path`."""
    for step in path:
        document = document[step]
    return document


def path_of(pointer: str) -> Path:
    """Return the path of a JSON pointer without escapes; a step of digits is an index."""
    return tuple(int(step) if step.isdecimal() else step for step in pointer.split("/")[1:])
