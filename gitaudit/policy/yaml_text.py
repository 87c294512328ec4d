"""Strict YAML: the subset that policy and configuration files are written in. The only importer of PyYAML.

Mappings with string keys, sequences, strings, integers, booleans and null. No aliases (and so no bombs), tags,
directives, duplicate keys, floats, second document, blocks of text, and no brackets but `[]` and `{}`. Bytes that two
readers could understand differently are refused: what YAML 1.1 or YAML 1.2 would take for something else than text
stands in quotation marks; tabs, lone CR and other characters that libyaml and PyYAML itself disagree about stand only
there, as escapes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import yaml

from gitaudit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 262_144
MAX_DEPTH = 16

_INTEGER = re.compile(r"(?:0|[1-9][0-9]{0,14})", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None, "": None, "~": None}
_AMBIGUOUS = re.compile(r"[yYnN]|0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
"""Plain scalars that PyYAML takes for text and another reader for a boolean (YAML 1.1) or a number (YAML 1.2)."""
_FORBIDDEN = re.compile(
    "\r(?!\n)|[^\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Control characters, lone CR, U+2028 and U+2029, the byte order mark, surrogates and what is no character."""
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def load(data: bytes, what: str) -> dict[str, object]:
    """Return the mapping that a YAML text is.

    Args:
        data: at most `MAX_BYTES` of UTF-8.
        what: the file's name, for messages.

    Raises:
        ConfigError: too long, not UTF-8, not YAML, or outside the subset that this module names.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{what}: expected at most {MAX_BYTES} bytes, found {len(data)}")
    try:
        text = data.decode("utf-8")
        if (odd := _FORBIDDEN.search(text)) is not None:
            line = text.count("\n", 0, odd.start()) + 1
            raise ConfigError(f"{what}: expected text without tabs and control characters, found one at line {line}")
        value = _read(text, what)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{what}: expected UTF-8, found another byte at offset {error.start}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{what}: expected YAML, found a fault{_place(error)}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{what}: expected a mapping at the top, found something else")
    return value


def dump(value: Mapping[str, object]) -> bytes:
    """Return a mapping as YAML in UTF-8, keys in the given order, that `load` reads back as the same."""
    text = yaml.dump(
        dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False
    )
    return text.encode("utf-8")


class _Dumper(yaml.SafeDumper):
    """PyYAML's own dumper, with quotation marks around what another reader could take for something else than text."""

    def ignore_aliases(self, data: object) -> bool:
        """Write a value that stands twice in full, as `load` takes no aliases."""
        del data
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text or "\r" in text or _FORBIDDEN.search(text):
        style = '"'
    elif _AMBIGUOUS.fullmatch(text):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


class _Source:
    """The events of a YAML text, one after the other, by libyaml where PyYAML was built with it."""

    def __init__(self, text: str, what: str) -> None:
        self.what = what
        self._loader = _Loader(text)

    def next(self) -> yaml.Event:
        """Return the next event, with aliases, anchors, tags and directives refused."""
        event: yaml.Event = self._loader.get_event()
        if isinstance(event, yaml.DocumentStartEvent) and (event.version is not None or event.tags):
            raise _refused("a directive", event)
        if isinstance(event, yaml.NodeEvent) and (
            isinstance(event, yaml.AliasEvent) or event.anchor is not None or getattr(event, "tag", None) is not None
        ):
            raise _refused("an anchor, alias or tag", event)
        return event

    def close(self) -> None:
        """Let go of the parser."""
        self._loader.dispose()


def _refused(problem: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=cast("yaml.Mark | None", event.start_mark))


def _line(event: yaml.Event) -> int:
    """Return the number of the line that an event begins in."""
    return 1 if event.start_mark is None else event.start_mark.line + 1


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
"""Says what YAML 1.1 takes a plain scalar for."""


def _read(text: str, what: str) -> object:
    """Return the one document of a YAML text."""
    source = _Source(text, what)
    try:
        source.next()  # the stream starts
        if isinstance(source.next(), yaml.StreamEndEvent):
            raise ConfigError(f"{what}: expected a mapping, found an empty file")
        value = _value(source, source.next(), MAX_DEPTH)
        source.next()  # the document ends
        if not isinstance(source.next(), yaml.StreamEndEvent):
            raise ConfigError(f"{what}: expected one document, found another after it")
    finally:
        source.close()
    return value


def _value(source: _Source, event: yaml.Event, depth: int) -> object:
    if depth == 0:
        raise ConfigError(f"{source.what}: expected YAML nested at most {MAX_DEPTH} deep, found more")
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(source, event, depth)
    if isinstance(event, yaml.SequenceStartEvent):
        return _sequence(source, event, depth)
    return _scalar(source, cast("yaml.ScalarEvent", event))


def _sequence(source: _Source, start: yaml.SequenceStartEvent, depth: int) -> list[object]:
    items: list[object] = []
    while not isinstance(event := source.next(), yaml.SequenceEndEvent):
        _check_block(source, start)
        items.append(_value(source, event, depth - 1))
    return items


def _mapping(source: _Source, start: yaml.MappingStartEvent, depth: int) -> dict[str, object]:
    result: dict[str, object] = {}
    while not isinstance(event := source.next(), yaml.MappingEndEvent):
        _check_block(source, start)
        line = _line(event)
        key = _value(source, event, depth - 1)
        if not isinstance(key, str):
            raise ConfigError(f"{source.what}: expected a string as key at line {line}, found something else")
        if key in result:
            raise ConfigError(f"{source.what}: expected each key once, found one twice at line {line}")
        result[key] = _value(source, source.next(), depth - 1)
    return result


def _check_block(source: _Source, start: yaml.CollectionStartEvent) -> None:
    """Refuse brackets with something in them, which libyaml and PyYAML itself do not always read alike."""
    if start.flow_style:
        line = _line(start)
        raise ConfigError(
            f"{source.what}: expected a line for each item instead of brackets, found them at line {line}"
        )


def _scalar(source: _Source, event: yaml.ScalarEvent) -> object:
    """Return a plain or quoted scalar; what looks like a number or a word of YAML but is no plain one is refused."""
    text, line = str(event.value), _line(event)
    if event.style in ("|", ">"):
        raise ConfigError(f"{source.what}: expected no block of text, found one at line {line}")
    plain = not event.style
    if plain and _INTEGER.fullmatch(text):
        return int(text)
    if plain and text in _WORDS:
        return _WORDS[text]
    if plain and (
        _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str" or _AMBIGUOUS.fullmatch(text)
    ):
        raise ConfigError(
            f"{source.what}: expected text, a decimal integer, true, false or null at line {line}, found another",
            hint="put quotation marks around the value if it is text",
        )
    if _SURROGATE.search(text):
        raise ConfigError(f"{source.what}: expected Unicode text at line {line}, found a lone surrogate")
    return text


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return "" if mark is None else f" at line {mark.line + 1}"
