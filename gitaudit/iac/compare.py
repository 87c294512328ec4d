"""Questions about JSON values whose answers hold no value: are they the same, is anything in them true.

Without recursion, so that no file can exhaust the stack.
"""

from __future__ import annotations


def same(left: object, right: object) -> bool:
    """Return whether two JSON values are equal, types included (`true` is not `1`); linear in their size."""
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            pairs.extend((value, other[key]) for key, value in one.items())
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs.extend(zip(one, other, strict=True))
        elif one != other:
            return False
    return True


def holds_true(value: object) -> bool:
    """Return whether a JSON value is `true` or has it anywhere inside; linear in its size."""
    rest = [value]
    while rest:
        item = rest.pop()
        if item is True:
            return True
        if isinstance(item, dict):
            rest.extend(item.values())
        elif isinstance(item, list):
            rest.extend(item)
    return False
