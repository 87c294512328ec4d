"""Running the commands of a document, comparing what they print, and writing it into the document anew.

    python -m tests.docs.running [DOCUMENT]...    runs them and writes what the console blocks print

Ids, times, hashes and fingerprints differ from run to run and count as equal. A line `...` stands for any lines.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docs.blocks import Block, Command, Run, runs
from tests.docs.worlds import CHECKOUT, World, Worlds, worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

_END = "\x01"
_CHANGING = (
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b[0-9A-F]{16,40}\b"), "KEY"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "OBJECT"),
    (re.compile(r"\b[0-9a-f]{7,8}\b"), "SHORT"),
    (re.compile(r"\b[A-Za-z0-9+/]{43}="), "BASE64"),
    (re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]+ [0-9:]{8} [0-9]{4} \+0000"), "DATE"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "DAY"),
)


def script_of(blocks: tuple[Block, ...]) -> str:
    """Return a script of bash that runs the commands of blocks and says after each how it ended."""
    lines = ["exec 2>&1"]
    for block in blocks:
        careful = "set -eo pipefail" if block.language == "sh" and block.exit_code == 0 else ":"
        for command in block.commands():
            # By eval, so that an open quote ends with its command.
            lines.append(f"{careful}\neval {shlex.quote(command.text)}\n__code=$?; set +e +o pipefail")
            lines.append("printf '%s%s\\n' $'\\x01' \"$__code\"")
    return "\n".join(lines) + "\n"


def execute(world: World, blocks: tuple[Block, ...]) -> Iterator[tuple[Block, Command, int, str]]:
    """Run the commands of blocks in one shell; yield each with its exit code and what it printed."""
    done = world.attempt(script_of(blocks))
    parts = re.split(rf"{_END}([0-9]+)\n", done.stdout)
    printed, codes = parts[::2], parts[1::2]
    wanted = [(block, command) for block in blocks for command in block.commands()]
    for number, (block, command) in enumerate(wanted):
        code = int(codes[number]) if number < len(codes) else done.returncode
        if number > len(codes):
            message = f"the shell ended before line {block.line}"
            raise AssertionError(message)
        yield block, command, code, printed[number].replace(str(world.root), "/home/ada")


def normalized(text: str) -> str:
    """Return a text in which everything that changes from run to run is a word."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return text


def fits(said: str, printed: str) -> bool:
    """Return whether a command printed what it is said to print."""
    pieces = [re.escape(one) for one in re.split(r"(?m)^ *\.\.\.\n", normalized(said))]
    return re.fullmatch(r"(?:.*\n)*?".join(pieces), normalized(printed)) is not None


def document_with(text: str, results: list[tuple[Block, list[tuple[Command, str]]]]) -> str:
    """Return a document with what its console blocks printed; a block that still fits stays as it is."""
    lines = text.splitlines(keepends=True)
    for block, printed in sorted(results, key=lambda one: -one[0].line):
        if all(fits(command.output or "", output) for command, output in printed):
            continue
        new = []
        for command, output in printed:
            first, *rest = command.text.splitlines()
            new += [f"$ {first}\n", *(f"> {line}\n" for line in rest), *output.splitlines(keepends=True)]
        end = next(at for at in range(block.line, len(lines)) if lines[at].startswith("```"))
        lines[block.line : end] = new
    return "".join(lines)


def write(document: Path, made: Worlds) -> None:
    """Run a document's commands and write what its console blocks print."""
    results: dict[int, tuple[Block, list[tuple[Command, str]]]] = {}
    for run in runs(document):
        blocks = tuple(block for block in run.blocks if block.not_run is None)
        for block, command, code, printed in execute(made.new(run.world), blocks):
            print(f"{document.name}:{block.line}: exit code {code}: {command.text.splitlines()[0]}")  # noqa: T201
            if block.language == "sh":
                print(printed)  # noqa: T201
            else:
                results.setdefault(block.line, (block, []))[1].append((command, printed))
    text = document.read_text("utf-8")
    document.write_text(document_with(text, list(results.values())), "utf-8")


def documents() -> list[Path]:
    """Return the documents whose commands are run."""
    return [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def run_id(run: Run) -> str:
    """Return a name for a run."""
    return f"{run.document.name}-{run.blocks[0].line if run.blocks else 0}-{run.world}"


if __name__ == "__main__":
    with worlds() as all_worlds:
        for name in sys.argv[1:]:
            write(Path(name), all_worlds)
