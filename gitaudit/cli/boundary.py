"""The single error boundary: whatever happens becomes an exit code and a message that says what to do.

0 done, 1 the log is bad, 2 wrong usage or input, 3 could not do it or cannot tell, 4 a bug here, 130 interrupted,
141 the reader of the output went away (as git ends by SIGPIPE).
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn, cast

from gitaudit.adapters.environment import variable
from gitaudit.cli.output import ARGUMENTS, JSON_WANTED, Unfinished, print_error
from gitaudit.errors import GitauditError, LogError, RefusedError, SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from click import ClickException

INTERRUPTED = 130
READER_GONE = 141
PROGRAM = "gitaudit"
COMPLETE_VARIABLE = "_GITAUDIT_COMPLETE"
"""Set by the completion scripts; `cli/completing.py` answers them."""


HINTS: dict[type[GitauditError], str] = {
    LogError: "run `gitaudit verify --full` to see what is wrong with the log",
    RefusedError: "correct that, or leave it out",
}
"""What to do where an error itself does not know."""


class InterruptedRunError(GitauditError):
    """The user pressed Ctrl-C."""

    kind = "interrupted"
    exit_code = INTERRUPTED


def main() -> NoReturn:
    """Run the command line and end the process."""
    interrupts: list[int] = []

    def note(signum: int, _frame: FrameType | None) -> None:
        interrupts.append(signum)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    if code < 0 and not interrupts:
        from gitaudit.adapters.running.signals import end_like

        end_like(-code)
    # A library may turn the interrupt into an error of its own; what came of that is no verdict. Python is not asked to
    # take itself apart first: that takes longer than a signature, and everything is written and closed by now.
    os._exit(INTERRUPTED if interrupts else code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code, negative to end by that signal; nothing is raised."""
    meta: dict[str, object] = {}
    try:
        code = _run(arguments, meta)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - a panic in a Rust library derives from BaseException alone
        code = _fail(error, arguments, meta)
    _give_up_broken_streams()
    return code


def _run(arguments: Sequence[str], meta: dict[str, object]) -> int:
    if arguments[:1] == ["hook"] and arguments[1:]:
        from gitaudit.adapters.hooks.quick import HOOKS

        if arguments[1] in HOOKS:
            from gitaudit.cli.hooks.hooking import run_hook

            return run_hook(arguments[1], arguments[2:])
    import click

    from gitaudit.cli.commands import cli

    if variable(COMPLETE_VARIABLE) is not None:
        from gitaudit.cli.completing import answer

        return answer(cli, PROGRAM)
    try:
        with cli.make_context(PROGRAM, list(arguments)) as ctx:
            ctx.meta["gitaudit.run"] = meta
            ctx.meta[ARGUMENTS] = tuple(arguments)
            try:
                result = cli.invoke(ctx)
            finally:
                meta[JSON_WANTED] = ctx.meta.get(JSON_WANTED, False)
    except click.exceptions.Exit as done:
        return done.exit_code
    return result if isinstance(result, int) else 0


def _fail(error: BaseException, arguments: Sequence[str], meta: dict[str, object]) -> int:
    """Print what ended a run, as far as anybody can read it, and return the exit code."""
    if isinstance(error, BrokenPipeError) or (isinstance(error, OSError) and error.errno == errno.EPIPE):
        return READER_GONE
    as_json = bool(meta.get(JSON_WANTED))
    document = error.document if isinstance(error, Unfinished) else None
    if _is_of_click(error, "ClickException"):
        from gitaudit.cli.usage import is_json_wanted

        as_json = as_json or is_json_wanted(cast("ClickException", error), arguments)
    told = _concealed(_as_ours(error.error if isinstance(error, Unfinished) else error, arguments), arguments)
    try:
        if _is_of_click(error, "NoArgsIsHelpError"):
            sys.stderr.write(f"{cast('ClickException', error).format_message()}\n")
        else:
            print_error(told, as_json=as_json, document=document)
    except BrokenPipeError:
        return READER_GONE
    except OSError:
        pass  # the exit code says it
    return told.exit_code


def _concealed(error: GitauditError, arguments: Sequence[str]) -> GitauditError:
    """Return an error without secrets that the user typed; where that cannot be told, a bug without its text."""
    try:
        from gitaudit.cli.confidential import conceal

        conceal(error, arguments)
    except Exception as fault:  # noqa: BLE001 - what broke here must not let the message out
        from gitaudit.cli.bugs import bug_error

        return bug_error(fault)
    return error


def _as_ours(error: BaseException, arguments: Sequence[str]) -> GitauditError:
    """Return whatever ended a run as an error of this program."""
    if isinstance(error, GitauditError):
        error.hint = error.hint or next((hint for kind, hint in HINTS.items() if isinstance(error, kind)), None)
        return error
    if _is_of_click(error, "ClickException"):
        from gitaudit.cli.usage import usage_error

        return usage_error(cast("ClickException", error), arguments)
    if isinstance(error, KeyboardInterrupt) or _is_of_click(error, "Abort"):
        return InterruptedRunError("interrupted", hint="what was recorded before is kept; see `gitaudit log -n 3`")
    if isinstance(error, MemoryError):
        return SetupError("there is not enough memory", hint="close other programs, or run it on a larger machine")
    if isinstance(error, OSError):
        return _from_os(error)
    from gitaudit.cli.bugs import bug_error

    return bug_error(error)


def _is_of_click(error: BaseException, name: str) -> bool:
    """Return whether an error is one of click's of this name; where click was not loaded, as by a hook, none is."""
    exceptions = sys.modules.get("click.exceptions")
    return exceptions is not None and isinstance(error, getattr(exceptions, name))


def _from_os(error: OSError) -> GitauditError:
    where = f" {error.filename}" if error.filename else ""
    reason = error.strerror or type(error).__name__
    return SetupError(f"the system refused{where}: {reason}", hint="check free space and permissions")


def _give_up_broken_streams() -> None:
    """Send what still waits in a stream nowhere, so that Python does not complain of it while it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            except (OSError, ValueError):
                continue
