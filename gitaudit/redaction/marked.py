"""Values that a tool's own file calls sensitive, wherever the mark stands: they are looked for in everything else.

A mark is not relied on to keep a value out; nothing but names is taken from these files. It says what to look for in
the texts of people: the reason, a link, a name. Terraform loses marks, as from an input to the computed output that
repeats it, so a value is collected wherever one of its copies is marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.iac import text
from gitaudit.redaction.known import MAX_DEPTH, Known, is_secret_name, known, strings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MASKS = {
    "before": "before_sensitive",
    "after": "after_sensitive",
    "values": "sensitive_values",
}
"""Fields of Terraform's plans and states, and the field beside each that says which parts are sensitive."""
_PULUMI_KEY, _PULUMI_SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_VALUES = ("value", "default", "plaintext", "ciphertext")
_CONSTANTS = ("constant_value", "default")


def marked_values(data: bytes) -> Known:
    """Return the values that are marked as sensitive in a plan, a state or a result, and those of its variables.

    Literals of attributes with a secret-like name are never marked, and are returned as given. Raises `InputError` as
    `gitaudit.iac.text.read`.
    """
    secret: list[str] = []
    given: list[str] = []
    for document in text.read(data).objects:
        flagged = _sensitive_variables(document)
        variables = document.get("variables")
        for name, variable in variables.items() if isinstance(variables, dict) else ():
            is_secret = name in flagged or is_secret_name(name)
            (secret if is_secret else given).extend(strings_of(variable))
        for is_marked, value in _walk(document, MAX_DEPTH):
            (secret if is_marked else given).append(value)
    return known(secret=secret, given=given)


def _sensitive_variables(document: Mapping[str, object]) -> frozenset[str]:
    """Return the variables of the root module that its configuration calls sensitive or ephemeral."""
    place: object = document
    for key in ("configuration", "root_module", "variables"):
        place = place.get(key) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        return frozenset()
    return frozenset(
        name
        for name, variable in place.items()
        if isinstance(variable, dict) and (variable.get("sensitive") is True or variable.get("ephemeral") is True)
    )


def _walk(value: object, depth: int) -> Iterator[tuple[bool, str]]:
    """Yield the values below a JSON value that are marked, or only named like a secret."""
    if depth <= 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth - 1)
    if not isinstance(value, dict):
        return
    if value.get(_PULUMI_KEY) == _PULUMI_SECRET or value.get("sensitive") is True:
        yield from ((True, found) for name in _VALUES for found in strings_of(value.get(name)))
    for name, mask in _MASKS.items():
        yield from ((True, found) for found in _masked(value.get(name), value.get(mask), depth))
    for name, item in value.items():
        if is_secret_name(name) and isinstance(item, str | list | dict):
            yield from ((False, found) for found in _direct(item))
        yield from _walk(item, depth - 1)


def _direct(item: object) -> list[str]:
    """Return the texts that a secret-like name has: itself, those of a list, or a constant of Terraform's."""
    if isinstance(item, dict):
        return [found for name in _CONSTANTS for found in strings_of(item.get(name))]
    return [one for one in (item if isinstance(item, list) else [item]) if isinstance(one, str)]


def _masked(value: object, mask: object, depth: int) -> Iterator[str]:
    """Yield the texts of a value where its mask, of the same shape, is true."""
    if mask is True:
        yield from strings_of(value, depth)
    elif isinstance(mask, dict) and isinstance(value, dict):
        for name, inner in mask.items():
            yield from _masked(value.get(name), inner, depth - 1)
    elif isinstance(mask, list) and isinstance(value, list):
        for item, inner in zip(value, mask, strict=False):
            yield from _masked(item, inner, depth - 1)
