"""The parts of `docs/cli.md` that the program itself knows: usage, description, arguments and options of each command.

    python -m tests.docs.cli_tables --check    says whether the page has them as they are now
    python -m tests.docs.cli_tables --write    writes them into the page

A part stands between `<!-- generated: COMMAND -->` and `<!-- end -->`.
"""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING

import click

from gitaudit.cli.commands import cli
from tests.docs.worlds import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = CHECKOUT / "docs/cli.md"
SHARED = ("json", "jsonl", "quiet", "help")
"""Options of every command, described once at the top of the page."""
PART = re.compile(r"(?P<head><!-- generated: (?P<name>[a-z -]+) -->\n).*?(?P<tail><!-- end -->)", re.DOTALL)


def commands(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command by its name, such as `policy add-key`; groups only by their commands."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        elif command is not None and not command.hidden:
            yield prefix + name, command


def part(name: str, command: click.Command) -> str:
    """Return what the page has to say of a command."""
    context = click.Context(command, info_name=f"gitaudit {name}")
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    rows = [row for option in options(command) if (row := _row(option, context))]
    usage = " ".join([f"gitaudit {name}", *(one.make_metavar(context) for one in command.params if _is_argument(one))])
    lines = [f"`{usage}`", ""]
    lines += ["\n\n".join(one for one in paragraphs if not one.startswith("\b")), ""]
    if rows:
        lines += ["| option | what it says |", "|---|---|", *rows, ""]
    lines += [f"JSON: {_schemas(name, command)}.", ""]
    return "\n".join(lines)


def options(command: click.Command) -> list[click.Option]:
    """Return the options of a command that are not those of every command."""
    found = [option for option in command.params if isinstance(option, click.Option)]
    return [option for option in found if not option.hidden and _long(option) not in SHARED]


def document(text: str) -> str:
    """Return the page with every part as it has to be."""
    known = dict(commands())
    return PART.sub(lambda found: f"{found['head']}{part(found['name'], known[found['name']])}{found['tail']}", text)


def _row(option: click.Option, context: click.Context) -> str | None:
    record = option.get_help_record(context)
    if record is None:
        return None
    names, told = (text.replace("|", "\\|") for text in record)
    return f"| `{names}` | {re.sub(r'  .(default: .*|required|.*<=.*).$', _told, told)} |"


def _told(found: re.Match[str]) -> str:
    words = {"x>=1": "at least 1", "x>=0": "at least 0"}
    return f" ({words.get(found[1], found[1].replace('<', '&lt;'))})"


def _schemas(name: str, command: click.Command) -> str:
    own = name.replace(" ", "-")
    kinds = [own if (CHECKOUT / f"schemas/output/{own}.v1.json").exists() else name.partition(" ")[0]]
    if any(_long(option) == "jsonl" for option in command.params if isinstance(option, click.Option)):
        kinds.append(f"{kinds[0]}-line")
    return ", ".join(f"[`gitaudit.{kind}/1`](../schemas/output/{kind}.v1.json)" for kind in kinds)


def _is_argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def _long(option: click.Option) -> str:
    return max(option.opts, key=len).lstrip("-")


if __name__ == "__main__":
    old = PAGE.read_text("utf-8")
    new = document(old)
    if "--write" in sys.argv:
        PAGE.write_text(new, "utf-8")
    elif new != old:
        sys.exit("docs/cli.md: not as the program is; run: python -m tests.docs.cli_tables --write")
