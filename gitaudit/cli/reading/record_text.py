"""A whole record as text: what happened first, the envelope last, at most 100 columns."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from gitaudit.cli.output import Output, escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS = 100
INDENT = 2
MAX_NAME = 24

FIRST = ("type", "occurred_at", "actor", "body", "subject", "links", "files")
"""Fields of a record that tell what happened; the rest is the envelope."""
ENVELOPE = ("id", "origin", "index", "prev", "recorded_at", "recorded_by", "redaction", "tool", "schema")
# fmt: off
ORDER = (
    "environment", "stack", "event", "decision", "state", "change", "key", "roles", "corrects", "fields", "control",
    "outcome", "outcome_source", "exit_code", "signal", "reason", "ticket", "started_at", "finished_at", "dirty",
    "author", "committer", "authored_at", "committed_at", "counts", "plan", "result",
    "action", "status", "address", "path", "path_base64", "rel", "href", "name", "changed",
    "create", "update", "replace", "delete", "read", "forget", "move", "import", "no-op", "previous_address",
    "tool", "tool_version", "errored", "complete", "errors", "warnings", "resources", "outputs", "drift",
    "unknown_messages", "commit", "ref", "tree", "repository", "before", "after",
    "blob", "size", "sha256", "type", "provider",
)
# fmt: on
"""Names in the order in which they are shown, in a body and in what is in it; others follow by name."""
BARE = ("action", "status", "address", "path", "rel", "href", "name", "result")
"""Fields of a list's item that need no name beside their value."""
ACTOR = {"kind", "id", "auth"}
WRITER = {"name", "version"}


def record_lines(document: Mapping[str, object], output: Output, commit: str | None = None) -> Iterator[str]:
    """Yield a record, or a draft of one, as lines; `commit` is the audit commit that added it."""
    happened = {name: document[name] for name in FIRST if name in document}
    rest = {name: document[name] for name in document if name not in happened}
    envelope = {name: rest[name] for name in ENVELOPE if name in rest} | rest
    yield from _fields(happened, 1, output)
    yield ""
    yield from _fields(envelope if commit is None else {**envelope, "audit_commit": commit}, 1, output)


def _fields(fields: Mapping[str, object], depth: int, output: Output) -> Iterator[str]:
    """Yield named values, lined up."""
    width = min(MAX_NAME, max((len(escape(name)) for name in fields), default=0))
    for name, value in fields.items():
        pad = " " * (INDENT * depth)
        label = output.style(escape(name).ljust(width), "dim")
        text = None if name == "body" else _inline(value)
        room = COLUMNS - len(pad) - width - INDENT
        if text is not None and (not isinstance(value, dict) or len(text) <= room):
            lines = _wrapped(text, room)
            yield f"{pad}{label}  {lines[0]}".rstrip()
            yield from (f"{pad}{' ' * width}  {line}" for line in lines[1:])
        elif isinstance(value, dict) and isinstance(items := value.get("items"), list):
            yield f"{pad}{label}  {_heading(value, len(items))}"
            yield from _items(items, depth + 1)
            yield from _fields({"sha256": value["sha256"]} if "sha256" in value else {}, depth + 1, output)
        elif isinstance(value, dict):
            yield f"{pad}{label}".rstrip()
            yield from _fields(_sorted(value), depth + 1, output)
        elif isinstance(value, list):
            yield f"{pad}{label}".rstrip()
            yield from _items(value, depth + 1)


def _heading(listed: Mapping[str, object], shown: int) -> str:
    total = listed.get("total")
    return escape(total) if total == shown else f"{escape(total)}, the first {shown} here"


def _items(items: Sequence[object], depth: int) -> Iterator[str]:
    """Yield a list with a dash before each item."""
    pad = " " * (INDENT * depth)
    for item in items:
        text = _item(item) if isinstance(item, dict) else _inline(item)
        lines = _wrapped(text or "", COLUMNS - len(pad) - INDENT)
        yield f"{pad}- {lines[0]}".rstrip()
        yield from (f"{pad}  {line}" for line in lines[1:])


def _item(item: Mapping[str, object]) -> str:
    """Return an object of a list in one long line: what needs no name first, then names and values."""
    ordered = _sorted(item)
    bare = [text for name in BARE if name in item and (text := _inline(item[name]))]
    named = []
    for name, value in ordered.items():
        if name in BARE:
            continue
        text = _item(value) if isinstance(value, dict) else _inline(value)
        named.append(f"{escape(name)} {text}")
    return " ".join(bare) + (f" ({'; '.join(named)})" if bare and named else "; ".join(named))


def _inline(value: object) -> str | None:
    """Return a value that fits into a line, None for one that needs several."""
    if isinstance(value, dict):
        return None if any(isinstance(item, dict | list) for item in value.values()) else _object(value)
    if isinstance(value, list):
        if any(isinstance(item, dict | list) for item in value):
            return None
        return ", ".join(_inline(item) or "" for item in value) or "none"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    return escape(value)


def _object(value: Mapping[str, object]) -> str:
    """Return an object of plain values; some small ones are so common that they have a short form."""
    names = set(value)
    if names == {"id"}:
        return escape(value["id"])
    if names == ACTOR:
        return escape(f"{value['id']} ({value['kind']}, {value['auth']})")
    if names == WRITER:
        return escape(f"{value['name']} {value['version']}")
    return ", ".join(f"{escape(name)} {_inline(item)}" for name, item in _sorted(value).items()) or "none"


def _sorted(fields: Mapping[str, object]) -> dict[str, object]:
    names = sorted(fields, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return {name: fields[name] for name in names}


def _wrapped(text: str, room: int) -> list[str]:
    return wrap(text, max(room, 20), break_on_hyphens=False, drop_whitespace=True) or [""]
