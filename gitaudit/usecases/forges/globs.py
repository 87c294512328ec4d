"""Patterns of branch names as forges have them, matched without regular expressions that a pattern could slow down."""

from __future__ import annotations


def matches_stars(pattern: str, name: str) -> bool:
    """Return whether a name matches a pattern in which `*` stands for any characters, slashes too.

    Cost: pattern times name in the worst case, with one step back at most at a time.
    """
    at, start, star, mark = 0, 0, -1, 0
    while start < len(name):
        if at < len(pattern) and pattern[at] == "*":
            star, mark = at, start
            at += 1
        elif at < len(pattern) and pattern[at] == name[start]:
            at, start = at + 1, start + 1
        elif star >= 0:
            mark += 1
            at, start = star + 1, mark
        else:
            return False
    return all(char == "*" for char in pattern[at:])
