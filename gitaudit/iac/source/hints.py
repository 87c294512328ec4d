"""Hints about a changed file: its tool, the blocks of it that change, and flags for a reviewer. Names only.

They depend on libraries and on tables that grow, so two versions of this program may see a file differently.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.iac.names import ELLIPSIS, visible
from gitaudit.iac.patterns import tool_of
from gitaudit.iac.source import hcl
from gitaudit.iac.source.flags import Fact, Flag, facts, flags_of, plain, removed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_TEXT_BYTES = 256 * 1024
"""Size of a file whose lines are looked at."""
MAX_BLOCKS = 32
"""Names of blocks that a hint has."""

_HCL = (b".tf", b".tofu", b".hcl", b".tfvars", b".nomad")
_HCL_JSON = (b".tf.json", b".tofu.json", b".tfvars.json", b".pkr.json")
_TEXTS = (b".yaml", b".yml", b".json", b".template", b".bicep", b".bicepparam")
_VERSION = rb'^[ \t]*"?apiVersion"?:[ \t]*"?'
_CONTENTS = (
    ("crossplane", re.compile(_VERSION + rb"[a-z0-9.-]*(crossplane|upbound)\.io/", re.MULTILINE)),
    ("argocd", re.compile(_VERSION + rb"argoproj\.io/", re.MULTILINE)),
    ("kubernetes", re.compile(_VERSION + rb"([a-z0-9.-]+/)?v[0-9][a-z0-9]*", re.MULTILINE)),
    ("cloudformation", re.compile(rb'^[ \t]*"?(AWSTemplateFormatVersion|Type"?:[ \t]*"?AWS::\w+::\w+)', re.MULTILINE)),
    ("docker-compose", re.compile(rb"^services:[ \t\r]*$", re.MULTILINE)),
    ("ansible", re.compile(rb"^-[ \t]+(name:[^\n]*\n[ \t]+)?hosts:[ \t]", re.MULTILINE)),
)
"""Tools that a file's own words tell where its name does not; the first that matches counts.

Blanks are matched within a line only: over lines, a file of blank lines would take forever.
"""
_SAID = re.compile(r"""^\s*(?:-\s+)?["']?([A-Za-z][A-Za-z0-9_.-]{0,63})["']?\s*[:=]\s*["']?([^"',#\s][^"',#]*)""")
_TYPE = re.compile(r"\bAWS::\w+::\w+|\bMicrosoft\.\w+/\w+")


class Hints(NamedTuple):
    """What is to be said of a changed file.

    Attributes:
        tool: whose file it is; None where neither name nor content tells.
        blocks: addresses of the blocks that come, go or change, at most `MAX_BLOCKS`, made safe to show; the last one
            says how many more there are.
        flags: for a reviewer.
    """

    tool: str | None = None
    blocks: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()


def hints_of(
    path: bytes,
    before: bytes | None,
    after: bytes | None,
    parse: Callable[[bytes, bool], hcl.Blocks | None] = lambda data, is_json: hcl.parse(data, is_json=is_json),
) -> Hints:
    """Return the hints about a file.

    Args:
        path: as Git has it.
        before: its content before, None where it is new.
        after: its content now, None where it is gone; both None where it is not looked at.
        parse: returns the blocks of a file, of HCL or of its JSON form; for callers that bound the work.
    """
    tool = tool_of(path) or _told(path, after or before or b"")
    is_json = path.endswith(_HCL_JSON)
    if is_json or path.endswith(_HCL):
        old, new = (parse(data, is_json) if data is not None else {} for data in (before, after))
        if old is None or new is None:
            return Hints(tool=tool)
        return _of_blocks(tool, old, new)
    if path.endswith(_TEXTS) and max(len(before or b""), len(after or b"")) <= MAX_TEXT_BYTES:
        return Hints(tool=tool, flags=_of_lines(before or b"", after or b""))
    return Hints(tool=tool)


def _told(path: bytes, content: bytes) -> str | None:
    if not path.endswith(_TEXTS) or len(content) > MAX_TEXT_BYTES:
        return None
    return next((tool for tool, pattern in _CONTENTS if pattern.search(content)), None)


def _of_blocks(tool: str | None, old: hcl.Blocks, new: hcl.Blocks) -> Hints:
    addresses = hcl.touched(old, new)
    came: set[Fact] = set()
    went: set[Fact] = set()
    for address in addresses:
        said_before, said_now = (
            {fact for part in blocks.get(address, []) for fact in facts(part, _context(address, part))}
            for blocks in (old, new)
        )
        came |= said_now - said_before
        if address in new:
            went |= said_before - said_now
    resources = [address for address in addresses if address.startswith("resource.")]
    gone = removed(address.split(".")[1] for address in resources if address not in new)
    flags = flags_of(came, went, (address.split(".")[1] for address in resources))
    shown = [visible(address) for address in addresses[:MAX_BLOCKS]]
    if len(addresses) > MAX_BLOCKS:
        shown[-1] = f"{ELLIPSIS} and {len(addresses) - MAX_BLOCKS + 1} more"
    return Hints(tool=tool, blocks=tuple(shown), flags=tuple(dict.fromkeys((*flags, *gone))))


def _context(address: str, content: object) -> tuple[str, ...]:
    """Return what has to be known of a block to judge what it says: the type of a resource, and whether it is egress.

    Not its name: a bucket may be called `access_logs` and say nothing of logging.
    """
    kind = address.split(".")[1:2] if address.startswith("resource.") else []
    egress = ["egress"] if isinstance(content, dict) and content.get("type") == "egress" else []
    return tuple(map(plain, kind + egress))


def _of_lines(before: bytes, after: bytes) -> tuple[Flag, ...]:
    """Return the flags of a text, from the lines that come and go; the order of lines does not count."""
    old, new = (frozenset(data.decode("utf-8", "replace").splitlines()) for data in (before, after))
    came, went = new - old, old - new
    types = [match.group() for line in came for match in _TYPE.finditer(line)]
    return flags_of(_said(came), _said(went), types)


def _said(lines: frozenset[str]) -> Iterator[Fact]:
    for line in lines:
        match = _SAID.match(line)
        if match is not None:
            yield Fact(path=(plain(match[1]),), value=match[2].strip().lower())
