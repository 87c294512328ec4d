"""Faults in a command line, as click finds them, in the words of this program: expected, found, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.adapters.environment import variable
from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


class CommandLineError(InputError):
    """A fault in the command line."""

    kind = "usage"


class UnknownCommand(click.UsageError):
    """A command that there is none of; `close` is what may have been meant."""

    def __init__(self, name: str, close: str | None, ctx: click.Context) -> None:
        super().__init__(f"{ctx.command_path} has no command {name!r}", ctx)
        self.close = close


def usage_error(error: click.ClickException, arguments: Sequence[str]) -> CommandLineError:
    """Return what click found, as an error of this program."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    name = context.command_path if context is not None else _command_in(arguments)
    see = f"see `{name} --help`"
    if isinstance(error, UnknownCommand):
        return CommandLineError(error.message, hint=f"{_meant(error.close)}{see}")
    if isinstance(error, click.NoSuchOption):
        close = _meant(_closest(error.option_name, error.possibilities or ()))
        return CommandLineError(f"{name} has no option {error.option_name}", hint=f"{close}{see}")
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return CommandLineError(f"expected {_named(error.param)}, found none", hint=see)
    if isinstance(error, click.BadParameter):
        where = f"{_named(error.param)}: " if error.param is not None else ""
        return CommandLineError(f"{where}{_plain(error.message)}", hint=see)
    return CommandLineError(_plain(error.format_message()), hint=see)


def is_json_wanted(error: click.ClickException, arguments: Sequence[str]) -> bool:
    """Return whether a command line that could not be read to its end asks for JSON."""
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in words or "--jsonl" in words:
        return True
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return False
    return any(_is_true(variable(f"{context.auto_envvar_prefix}_{name}")) for name in ("JSON", "JSONL"))


def _command_in(arguments: Sequence[str]) -> str:
    """Return the command that a command line names, where click does not say which one it was reading."""
    from gitaudit.cli.commands import LazyGroup, cli

    names = ["gitaudit"]
    group: click.Command = cli
    for word in arguments:
        found = group.get_command(click.Context(group), word) if isinstance(group, LazyGroup) else None
        if found is not None:
            names.append(word)
            group = found
    return " ".join(names)


def _is_true(text: str | None) -> bool:
    return text is not None and text.lower() in {"1", "true", "t", "yes", "y", "on"}


def _closest(name: str, possibilities: Sequence[str]) -> str | None:
    from gitaudit.cli.options import close_to

    return close_to(name, possibilities)


def _meant(close: str | None) -> str:
    return "" if close is None else f"did you mean {close}? "


def _named(param: click.Parameter) -> str:
    """Return what a parameter is called on the command line."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return param.make_metavar(click.Context(click.Command("gitaudit"))).strip("{}")


def _plain(message: str) -> str:
    """Return a message of click in lower case and without a full stop."""
    text = message.strip().removesuffix(".").replace("valid integer range", "valid integer")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
