"""From the text of HCL to nested values: what a file says, without its comments and its white space.

The parser is tree-sitter. It mends what is broken, which takes time with the square of its size where a stranger means
it to: the text is handed over in pieces, so that it can be told to stop. Nothing in here recurses: a file nests as
deeply as its author likes.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from itertools import pairwise
from typing import TYPE_CHECKING

import tree_sitter_hcl
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node, Point

    Rest = list[tuple[Node, dict[str, object] | list[object]]]

MAX_INTEGER_DIGITS = 15
"""Longer numbers, and those with a fraction, are expressions."""

PIECE_BYTES = 512
"""Of the text that the parser is given at a time; it took at most 50 ms between two, in a second of the worst file."""

_LANGUAGE = Language(tree_sitter_hcl.language())
_TEMPLATES = frozenset({"quoted_template", "heredoc_template", "template_for", "template_if"})
"""Nodes in which white space is content."""
_NAMED_VALUES: dict[bytes, object] = {b"true": True, b"false": False, b"null": None}


def read(data: bytes, late: Callable[[], bool]) -> dict[str, object] | None:
    """Return what a file says, None where it is not UTF-8, has a syntax error, or `late` says so meanwhile.

    Linear in the size of a file without errors. `late` is asked for every `PIECE_BYTES`.

    A body is a dict: attributes by name, and by its type a list of what the blocks of that type say, in order; labels
    are dicts with one key around the body. Objects are dicts and tuples lists. A literal string is its text between the
    quotes, escapes as they are written. Short integers, `true`, `false` and `null` are those of Python. All else, such
    as a call, a template or a conditional, is an expression: `${`, its tokens with one space after each, and `}`.
    """
    source = data.removeprefix(BOM_UTF8) + b"\n"  # a heredoc at the end needs it
    try:
        source.decode()
    except UnicodeDecodeError:
        return None
    root = _parsed(source, late)
    if root is None:
        return None
    document: dict[str, object] = {}
    rest: Rest = []
    for child in root.children:
        if child.type == "object":  # the JSON form, in a file that is not called so
            return None
        if child.type == "body":
            rest.append((child, document))
    while rest:
        node, into = rest.pop()
        if isinstance(into, list):
            into.extend(_value(child, source, rest) for child in node.children if child.type == "expression")
        else:
            _fill(into, node, source, rest)
    return document


def _parsed(source: bytes, late: Callable[[], bool]) -> Node | None:
    """Return the root of a text without syntax errors, None where there is one or it became too late."""
    stopped = False

    def piece(offset: int, _point: Point) -> bytes:
        nonlocal stopped
        stopped = stopped or late()
        return b"" if stopped else source[offset : offset + PIECE_BYTES]

    root = Parser(_LANGUAGE).parse(piece).root_node
    return None if stopped or root.has_error else root


def _fill(into: dict[str, object], node: Node, source: bytes, rest: Rest) -> None:
    """Enter what a body or an object says; of a name that is there twice, the last counts, but for blocks."""
    for child in node.children:
        kind = child.type
        if kind == "attribute":
            name, value = _parts(child)
            into[_text(name, source)] = _value(value, source, rest)
        elif kind == "object_elem":
            name, value = _parts(child)
            into[_key(name, source)] = _value(value, source, rest)
        elif kind == "block":
            kind, content = _block(child, source, rest)
            blocks = into.get(kind)
            if isinstance(blocks, list):
                blocks.append(content)
            else:
                into[kind] = [content]


def _block(node: Node, source: bytes, rest: Rest) -> tuple[str, dict[str, object]]:
    """Return type and content of a block; the content is empty until the rest is done."""
    names: list[str] = []
    body: dict[str, object] = {}
    for child in node.named_children:
        kind = child.type
        if kind == "identifier":
            names.append(_text(child, source))
        elif kind == "string_lit":
            names.append(_quoted(child, source))
        elif kind == "body":
            rest.append((child, body))
    content = body
    for label in reversed(names[1:]):
        content = {label: content}
    return names[0], content


def _parts(node: Node) -> list[Node]:
    """Return name and value, without the comments between them."""
    return [child for child in node.named_children if child.type != "comment"]


def _value(node: Node, source: bytes, rest: Rest) -> object:
    """Return what an expression says; an object and a tuple are empty until the rest is done."""
    only = node.child(0) if node.child_count == 1 else node
    kind = only.type
    if kind == "literal_value":
        return _literal(only, source)
    if kind == "collection_value":
        collection = only.child(0)
        value: dict[str, object] | list[object] = {} if collection.type == "object" else []
        rest.append((collection, value))
        return value
    return _expression(node, source)


def _literal(node: Node, source: bytes) -> object:
    text = source[node.start_byte : node.end_byte]
    if text.startswith(b'"'):
        return text[1:-1].decode()
    if text in _NAMED_VALUES:
        return _NAMED_VALUES[text]
    return int(text) if text.isdigit() and len(text) <= MAX_INTEGER_DIGITS else _expression(node, source)


def _key(node: Node, source: bytes) -> str:
    """Return the key of an object: the word or the literal, a string without its quotes, else the expression."""
    only = node.child(0) if node.child_count == 1 else node
    if only.type not in ("variable_expr", "literal_value"):
        return _expression(node, source)
    text = _text(only, source)
    return text[1:-1] if text.startswith('"') else text


def _expression(node: Node, source: bytes) -> str:
    """Return the tokens of an expression, each with a space after it; in templates, white space stays as it is."""
    parts: list[bytes] = []
    rest: list[Node | bytes] = [node]
    while rest:
        item = rest.pop()
        if isinstance(item, bytes):
            parts.append(item)
            continue
        children = item.children
        kind = item.type
        if kind == "comment":
            continue
        if not children or kind == "string_lit":
            parts.append(source[item.start_byte : item.end_byte])
            if kind != "template_literal":
                parts.append(b" ")
        elif kind in _TEMPLATES:
            rest.append(children[-1])
            for before, after in pairwise(reversed(children)):
                rest += (source[after.end_byte : before.start_byte], after)
        else:
            rest += reversed(children)
    return f"${{{b''.join(parts).decode().rstrip(' ')}}}"


def _quoted(node: Node, source: bytes) -> str:
    return source[node.start_byte + 1 : node.end_byte - 1].decode()


def _text(node: Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode()
