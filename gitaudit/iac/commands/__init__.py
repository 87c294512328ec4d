"""What a command line is going to do: which tool, which action, on what, and how to find out what came of it.

One module a tool, each with `PROGRAMS` and `read`; what they leave to the world stands in an `Invocation`, so nothing
here starts a program or looks at a file. Of the words of a command only names that are on a list come out: a value of
`-var`, `--set` or `-e`, a header or a password never has a way into a record.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from gitaudit.iac.commands.model import Invocation
from gitaudit.iac.commands.wrappers import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitaudit.iac.commands.wrappers import Unwrapped

MODULES = {
    "terraform": "gitaudit.iac.commands.terraform",
    "tofu": "gitaudit.iac.commands.terraform",
    "terragrunt": "gitaudit.iac.commands.terragrunt",
    "ansible-playbook": "gitaudit.iac.commands.ansible",
    "pulumi": "gitaudit.iac.commands.pulumi",
    "aws": "gitaudit.iac.commands.cloudformation",
    "cdk": "gitaudit.iac.commands.cloudformation",
    "helm": "gitaudit.iac.commands.kubernetes",
    "kubectl": "gitaudit.iac.commands.kubernetes",
    "argocd": "gitaudit.iac.commands.kubernetes",
}
"""Programs that are known, and the module that reads their arguments; `--tool` takes these names."""


class CommandTool(Protocol):
    """A module that reads the command lines of a tool."""

    def read(self, command: Unwrapped) -> Invocation:
        """Return what a command will do; its `tool` is one of `MODULES`. Nothing is refused: the tool will do that."""


def read_command(
    words: Sequence[str], *, tool: str | None = None, real_name: Callable[[str], str | None] = lambda _name: None
) -> Invocation:
    """Return what a command line is going to do.

    Args:
        words: the command as it was given, at least one word.
        tool: one of `MODULES` where the user says so, for a script around a tool that takes the tool's arguments.
        real_name: returns the name of the file that a program's name leads to, so that a link named `tf` is known.
    """
    command = unwrap(words)
    known = tool or tool_named(command.program) or tool_named(real_name(command.program) or "")
    if known is None:
        return Invocation(command=command, tool=command.shown_program, shown=(command.shown_program,))
    module = cast("CommandTool", import_module(MODULES[known]))
    return module.read(command.as_tool(known))


def tool_named(program: str) -> str | None:
    """Return the tool that a program's path names, None where none does; `terraform-1.11.exe` is terraform."""
    name = program.rpartition("/")[2].removesuffix(".exe")
    if name in MODULES:
        return name
    stem = name.rstrip("0123456789.").rstrip("-_v")
    return stem if stem in MODULES else None
