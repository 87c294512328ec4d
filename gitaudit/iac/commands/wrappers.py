"""Programs that start another one: `sudo`, `env`, `timeout` and the like, and where the command itself begins."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
UNNAMED = "command"
"""Shown for a program whose name is no plain name."""
MAX_DEPTH = 8


class Wrapper(NamedTuple):
    """How a wrapper's own words are passed over.

    Attributes:
        valued: its options that take the next word.
        words: how many words of its own come before the command, besides options.
        separator: the command begins after `--`, whatever stands before it.
    """

    valued: frozenset[str] = frozenset()
    words: int = 0
    separator: bool = False


def _valued(text: str) -> frozenset[str]:
    return frozenset(text.split())


WRAPPERS = {
    "sudo": Wrapper(_valued("-u --user -g --group -h --host -p --prompt -C -r -t -T -U -D --chdir -R --chroot")),
    "doas": Wrapper(_valued("-u -C")),
    "env": Wrapper(_valued("-u --unset -C --chdir -S --split-string")),
    "nice": Wrapper(_valued("-n --adjustment")),
    "ionice": Wrapper(_valued("-c -n -p -P -u --class --classdata")),
    "nohup": Wrapper(),
    "setsid": Wrapper(),
    "stdbuf": Wrapper(_valued("-i -o -e --input --output --error")),
    "time": Wrapper(_valued("-o -f --output --format")),
    "timeout": Wrapper(_valued("-k --kill-after -s --signal"), words=1),
    "chronic": Wrapper(),
    "unbuffer": Wrapper(),
    "caffeinate": Wrapper(_valued("-t -w")),
    "aws-vault": Wrapper(separator=True),
    "aws-okta": Wrapper(separator=True),
    "op": Wrapper(separator=True),
    "doppler": Wrapper(separator=True),
    "infisical": Wrapper(separator=True),
    "chamber": Wrapper(separator=True),
    "vault-env": Wrapper(),
    "direnv": Wrapper(words=2),
    "mise": Wrapper(separator=True),
    "asdf": Wrapper(words=1),
    "uv": Wrapper(words=1),
    "poetry": Wrapper(words=1),
    "pipenv": Wrapper(words=1),
    "npx": Wrapper(_valued("-p --package")),
    "bunx": Wrapper(),
    "pnpm": Wrapper(words=1),
}
"""Wrappers by name. One that is not here is a program like any other, and is recorded with less detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """A command line, with the wrappers in front of the command told apart.

    Attributes:
        prefix: the words of all wrappers.
        program: the program itself, as it was given.
        arguments: what follows it.
        limited: `timeout` is among the wrappers, so exit code 124 says that time ran out.
        wrappers: names of the wrappers.
        tool: the tool that the program is, where it is known.
    """

    prefix: tuple[str, ...]
    program: str
    arguments: tuple[str, ...]
    limited: bool = False
    wrappers: tuple[str, ...] = ()
    tool: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The whole command line as it was given."""
        return (*self.prefix, self.program, *self.arguments)

    @property
    def shown_program(self) -> str:
        """The tool, or the program's plain name, as a record may hold it."""
        name = self.tool or self.program.rpartition("/")[2]
        return name if _PROGRAM.fullmatch(name) else UNNAMED

    def with_arguments(self, arguments: Sequence[str]) -> tuple[str, ...]:
        """Return the command line with other arguments, the wrappers as they are."""
        return (*self.prefix, self.program, *arguments)

    def as_tool(self, tool: str) -> Unwrapped:
        """Return the same, known to be a tool."""
        return replace(self, tool=tool)


def unwrap(words: Sequence[str]) -> Unwrapped:
    """Return a command line without its wrappers; at most `MAX_DEPTH` of them are taken off."""
    at = 0
    names: list[str] = []
    for _ in range(MAX_DEPTH):
        name = words[at].rpartition("/")[2]
        wrapper = WRAPPERS.get(name)
        begin = None if wrapper is None else _command_after(words, at + 1, wrapper, name)
        if begin is None:
            break
        names.append(name)
        at = begin
    return Unwrapped(
        prefix=tuple(words[:at]),
        program=words[at],
        arguments=tuple(words[at + 1 :]),
        limited="timeout" in names,
        wrappers=tuple(names),
    )


def _command_after(words: Sequence[str], at: int, wrapper: Wrapper, name: str) -> int | None:
    """Return where the wrapped command begins, None where the wrapper starts none."""
    if wrapper.separator:
        return words.index("--", at) + 1 if "--" in words[at:-1] else None
    own = wrapper.words
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            break
        if word.startswith("-") and word != "-":
            at += 2 if word in wrapper.valued else 1
        elif name in {"env", "sudo"} and _ASSIGNMENT.fullmatch(word):
            at += 1
        elif own:
            own -= 1
            at += 1
        else:
            break
    return at if at < len(words) else None
