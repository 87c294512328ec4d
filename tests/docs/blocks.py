"""The commands of the documentation: what is to be run, where, and what it is said to print.

A block of shell is marked ```` ```sh ```` (run as a whole, every command must succeed) or ```` ```console ````
(commands behind `$ `, each with what it prints). HTML comments before it say how to run it:

    <!-- run in: NAME -->       the blocks from here on run one after the other in one shell, in a new world NAME
    <!-- exit: N -->            the last command of the next block ends with exit code N
    <!-- needs: PROGRAM -->     the next block is left out where the program is missing, and so is the rest of its run
    <!-- not run: REASON -->    the next block is not run
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMENT = re.compile(r"<!-- (run in|exit|needs|not run): (.*?) -->")
_FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,})(?P<language>[a-z]*) *")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of a block: its text, and what it is said to print, None where nothing is said."""

    text: str
    output: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of shell.

    Attributes:
        line: of its opening fence, counted from 1.
        language: sh or console.
        text: between the fences, without their indent.
        exit_code: of its last command.
        needs: a program that it cannot do without, or None.
        not_run: why it is not run, or None.
    """

    line: int
    language: str
    text: str
    exit_code: int = 0
    needs: str | None = None
    not_run: str | None = None

    def commands(self) -> list[Command]:
        """Return its commands; a block in sh is one."""
        if self.language == "sh":
            return [Command(text=self.text, output=None)]
        found: list[Command] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append(Command(text=line[2:] + "\n", output=""))
            elif not found:
                raise ValueError(f"line {self.line}: expected a console block to begin with '$ '")
            elif line.startswith("> ") and not found[-1].output:
                found[-1] = Command(text=f"{found[-1].text}{line[2:]}\n", output="")
            else:
                found[-1] = Command(text=found[-1].text, output=f"{found[-1].output}{line}\n")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Blocks of one document that run in one shell."""

    document: Path
    world: str
    blocks: tuple[Block, ...]


def parse(text: str) -> Iterator[tuple[str | None, Block]]:
    """Yield each block of shell, with the world that begins at it, None where it goes on in the one before."""
    world: str | None = None
    marks: dict[str, str] = {}
    fence, indent, start, language, lines = "", "", 0, "", list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            if line.strip() != fence:
                lines.append(line.removeprefix(indent))
                continue
            if language in {"sh", "console"}:
                yield world, _block(start, language, lines, marks)
                world, marks = None, {}
            fence = ""
        elif opening := _FENCE.fullmatch(line):
            fence, indent, language = opening["ticks"], opening["indent"], opening["language"]
            start, lines = number, []
        else:
            for name, value in _COMMENT.findall(line):
                if name == "run in":
                    world = value
                else:
                    marks[name] = value


def _block(line: int, language: str, lines: list[str], marks: dict[str, str]) -> Block:
    return Block(
        line=line,
        language=language,
        text="".join(f"{one}\n" for one in lines),
        exit_code=int(marks.get("exit", "0")),
        needs=marks.get("needs"),
        not_run=marks.get("not run"),
    )


def runs(document: Path) -> list[Run]:
    """Return the runs of a document. Raises `ValueError` for a block that no world is named for."""
    found: list[Run] = []
    for world, block in parse(document.read_text("utf-8")):
        if world is not None:
            found.append(Run(document=document, world=world, blocks=()))
        if not found:
            if block.not_run is None:
                raise ValueError(f"{document.name}, line {block.line}: expected <!-- run in: NAME --> before it")
            continue
        last = found.pop()
        found.append(Run(document=document, world=last.world, blocks=(*last.blocks, block)))
    return [one for one in found if any(block.not_run is None for block in one.blocks)]
