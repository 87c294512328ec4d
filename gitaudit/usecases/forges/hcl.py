"""Terraform code in the form that `terraform fmt` would give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Value = str | int | bool | Sequence[str] | Sequence[int]


class Raw(str):
    """An expression, such as `data.gitlab_project.log.id`, instead of a text in quotes."""

    __slots__ = ()


def block(head: str, *parts: Mapping[str, Value] | str, labels: Sequence[str] = ()) -> str:
    """Return a block.

    Args:
        head: its type, such as `resource`.
        parts: groups of arguments, and blocks in it, an empty line between them.
        labels: in quotes behind the type.
    """
    name = " ".join([head, *(quote(label) for label in labels)])
    body = "\n".join(_indent(_arguments(part) if isinstance(part, Mapping) else part) for part in parts)
    return f"{name} {{\n{body}}}\n"


def quote(text: str) -> str:
    """Return a text in quotes; nothing in it is taken for a template or an escape."""
    for found, written in (("\\", "\\\\"), ('"', '\\"'), ("${", "$${"), ("%{", "%%{"), ("\n", "\\n")):
        text = text.replace(found, written)
    return f'"{text}"'


def provider(name: str, source: str, version: str, **arguments: Value) -> list[str]:
    """Return the blocks that say which provider is used, and how."""
    wanted = block("required_providers", {name: Raw(f'{{\n  source  = "{source}"\n  version = "{version}"\n}}')})
    return [block("terraform", wanted), *([block("provider", arguments, labels=[name])] if arguments else [])]


def document(comment: str, blocks: Sequence[str]) -> str:
    """Return a file: a comment, then blocks, an empty line between them."""
    return "\n".join(["".join(f"# {line}\n" for line in comment.splitlines()), *blocks])


def _arguments(values: Mapping[str, Value]) -> str:
    width = max(map(len, values), default=0)
    return "".join(f"{name.ljust(width)} = {_value(value)}\n" for name, value in values.items())


def _value(value: Value) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return f"[{', '.join(_value(one) for one in value)}]"


def _indent(text: str) -> str:
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())
