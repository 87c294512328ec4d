"""Values that say what a command is going to do, names only where a record will hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gitaudit.iac.commands.wrappers import Unwrapped

STACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
"""What the name of a stack, release or application looks like; a word of another form is not recorded."""

FILE = "{file}"
"""Stands, in an `Event`'s options, for the file that the tool is told to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """A file that a tool can be told to write beside its usual output, which stays as it is.

    Attributes:
        format: what reads the file, one of `iac.format_names()`.
        options: to put in at `Invocation.insert_at`, `FILE` standing for the path.
        variables: of the environment to set, likewise.
        unless: options of the user's own with the same purpose; with one of them nothing is put in.
        asks: arguments that print the tool's help, where only newer versions know the option.
    """

    format: str
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    unless: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A command that only reads, whose answer tells what the tool has done.

    Attributes:
        format: what reads the answer, one of `iac.format_names()`.
        arguments: of the same program.
        twice: ask before the command too, and count only what is new.
    """

    format: str
    arguments: tuple[str, ...]
    twice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command line, understood.

    Attributes:
        command: the words, and the wrappers around them.
        tool: name of the tool, or of the program where it is none that is known.
        action: what is done, such as `apply`, `destroy` or `state-rm`; None where that is not known.
        shown: program, subcommands and names of options, as a record may hold them.
        stack: the stack, release or application that it names, None for none.
        directory: the folder that it works in, relative to where it is started.
        reads_only: it changes nothing, such as a plan or a diff.
        good_codes: exit codes that mean success.
        partial_codes: exit codes after which some of it was done.
        insert_at: place among `command.arguments` where options may be put in.
        events: how the tool tells what it does, where it can.
        question: how to ask it afterwards, where one can.
        state: it keeps a state that can be read before and after: Terraform and OpenTofu.
    """

    command: Unwrapped
    tool: str
    action: str | None = None
    shown: tuple[str, ...] = ()
    stack: str | None = None
    directory: str = ""
    reads_only: bool = False
    good_codes: frozenset[int] = field(default=frozenset({0}))
    partial_codes: frozenset[int] = field(default=frozenset())
    insert_at: int = 0
    events: Events | None = None
    question: Question | None = None
    state: Literal["terraform"] | None = None

    @property
    def dropped(self) -> int:
        """Number of words that `shown` leaves out, wholly or in part."""
        words = self.command.words
        return len(words) - sum(1 for word in self.shown if word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option among the words of a command: its name, its value where it has one, and where it stands."""

    name: str
    value: str | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The words after the program, told apart by a list of options that take a value."""

    options: tuple[Option, ...]
    positional: tuple[str, ...]
    places: tuple[int, ...]

    def value(self, *names: str) -> str | None:
        """Return the value of the last of the options named, None where none is there."""
        found = [option.value for option in self.options if option.name in names]
        return found[-1] if found else None

    def has(self, *names: str) -> bool:
        """Return whether one of the options is there, and is not switched off by `=false`."""
        found = [option for option in self.options if option.name in names]
        return bool(found) and found[-1].value not in {"false", "0", "f", "F", "False", "FALSE"}

    def names(self, known: Collection[str]) -> Iterator[str]:
        """Yield the names of the options that are on a list, each once, in order."""
        yield from dict.fromkeys(option.name for option in self.options if option.name in known)


def split(words: Sequence[str], valued: Collection[str], *, aliases: dict[str, str] | None = None) -> Arguments:
    """Tell options from other words.

    Args:
        words: the arguments of a program; `--` ends the options.
        valued: names of options whose value is the next word, where no `=` follows the name.
        aliases: short names, and the names that they stand for.
    """
    options: list[Option] = []
    positional: list[str] = []
    places: list[int] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            positional += words[at + 1 :]
            places += range(at + 1, len(words))
            break
        if not word.startswith("-") or word == "-":
            positional.append(word)
            places.append(at)
            at += 1
            continue
        name, equals, value = word.partition("=")
        name = (aliases or {}).get(name, name)
        takes_next = name in valued and not equals and at + 1 < len(words)
        options.append(Option(name=name, value=words[at + 1] if takes_next else value if equals else None, at=at))
        at += 2 if takes_next else 1
    return Arguments(options=tuple(options), positional=tuple(positional), places=tuple(places))


def stack_name(word: str | None) -> str | None:
    """Return a word that looks like the name of a stack, else None."""
    return word if word is not None and STACK_NAME.fullmatch(word) else None
