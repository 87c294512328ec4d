"""Options that several commands share, as decorators, and the environment variable that each option has."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from gitaudit.adapters.environment import variable, wants_color
from gitaudit.cli.output import JSON_WANTED, Output
from gitaudit.cli.wiring import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Command = Any
"""A function on its way to becoming a click command; click's own decorators are typed no closer."""


class EnvOption(click.Option):
    """An option that a variable can set: `GITAUDIT_<COMMAND>_<OPTION>`, named after the option as it is typed.

    An empty variable counts as not set. Options that may be given several times take their values from the lines of
    the variable or, where it has only one line, from its words.

    Attributes:
        shared: a variable that sets the option in every command that has it, where no other says otherwise.
    """

    def __init__(self, *args: Any, shared: str | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - as click's own
        super().__init__(*args, **kwargs)
        self.shared = shared

    def variable_in(self, ctx: click.Context) -> str:
        """Return the name of the option's variable in a command."""
        longest = max(self.opts, key=len)
        name = longest.removeprefix("--") if longest.startswith("--") else self.name or ""
        return f"{ctx.auto_envvar_prefix}_{name}".upper().replace("-", "_")

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return what the environment says of the option, None where it says nothing."""
        return variable(self.variable_in(ctx)) or (variable(self.shared) if self.shared else None)

    def value_from_envvar(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click's own
        """Return the value or values that the environment gives."""
        found = self.resolve_envvar_value(ctx)
        if found is None or not self.multiple:
            return super().value_from_envvar(ctx)
        return tuple(line for line in found.splitlines() if line) if "\n" in found.strip() else tuple(found.split())


def option(*names: str, **attributes: Any) -> Callable[[Command], Command]:  # noqa: ANN401 - as click's own
    """Add an option that a variable can set too."""
    return click.option(*names, cls=EnvOption, **attributes)


class Moment(click.ParamType[datetime]):
    """A point in time: RFC 3339 with a zone, or a date, which is its midnight in UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return an aware time in UTC."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            if len(text) == len("2026-11-22"):
                return datetime.combine(date.fromisoformat(text), time(), tzinfo=UTC)
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"expected a time such as 2026-11-22T20:39:00Z or 2026-11-22, found {text!r}", param, ctx)
        return moment.astimezone(UTC)


def output_options(name: str, *, lines: bool = False) -> Callable[[Command], Command]:
    """Add `--json`, `--quiet` and, for listings, `--jsonl`; the command gets an `Output` as `output`."""

    def decorate(function: Command) -> Command:
        @option("--json", "as_json", is_flag=True, is_eager=True, callback=_note_json, help="Print one JSON document.")
        @option("-q", "--quiet", is_flag=True, help="Print no messages but errors and warnings.")
        @wraps(function)
        def wrapper(*args: object, as_json: bool, quiet: bool, as_jsonl: bool = False, **kwargs: object) -> object:
            if as_json and as_jsonl:
                raise click.UsageError("expected --json or --jsonl, found both", click.get_current_context())
            output = Output(command=name, json=as_json, jsonl=as_jsonl, quiet=quiet, color=wants_color())
            return function(*args, output=output, **kwargs)

        if lines:
            flags = {"is_flag": True, "is_eager": True, "callback": _note_json}
            return option("--jsonl", "as_jsonl", help="Print one JSON document a line.", **flags)(wrapper)
        return wrapper

    return decorate


def _note_json(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:  # noqa: FBT001 - click's own signature
    """Tell the error boundary early that errors are to be JSON, too."""
    if value:
        ctx.meta[JSON_WANTED] = True
    return value


def session_options(*, key: bool = False, remote: bool = False) -> Callable[[Command], Command]:
    """Add `--key` and `--remote` as asked; the command gets a `Session` as `session`."""

    def decorate(function: Command) -> Command:
        @wraps(function)
        @click.pass_context
        def wrapper(ctx: click.Context, /, *args: object, **kwargs: object) -> object:
            directory: Path = ctx.find_root().obj
            session = Session(directory, _text(kwargs.pop("key", None)), _text(kwargs.pop("remote", None)))
            return function(*args, session=session, **kwargs)

        if remote:
            wrapper = option(
                "--remote",
                metavar="R",
                shared="GITAUDIT_REMOTE",
                help="Share the log through this remote (default: origin, or the only one).",
            )(wrapper)
        if key:
            wrapper = option(
                "--key",
                metavar="FPR",
                shared="GITAUDIT_KEY",
                help="Sign with this key (default: git config gitaudit.key, else user.signingkey).",
            )(wrapper)
        return wrapper

    return decorate


def push_option(function: Command) -> Command:
    """Add `--no-push`; the command gets `push`."""

    @wraps(function)
    def wrapper(*args: object, no_push: bool, **kwargs: object) -> object:
        return function(*args, push=not no_push, **kwargs)

    add = option("--no-push", is_flag=True, help="Keep it in this clone until the next `gitaudit sync`.")
    return add(wrapper)


def dry_run_option(function: Command) -> Command:
    """Add `--dry-run`."""
    return option("--dry-run", is_flag=True, help="Write nothing; show what would be written.")(function)


def redact_option(function: Command) -> Command:
    """Add `--redact`, which the command's `Session` takes note of; it stands below `session_options`."""

    @wraps(function)
    def wrapper(*args: object, session: Session, redact: tuple[str, ...], **kwargs: object) -> object:
        session.confidential.leave_out = redact
        return function(*args, session=session, **kwargs)

    add = option("--redact", multiple=True, metavar="FIELD", help="Go on without this field, such as /body/reason.")
    return add(wrapper)


def close_to(name: str, names: Sequence[str]) -> str | None:
    """Return the one of `names` that somebody who typed `name` may have meant, None where none is like it."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, n=1)), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
