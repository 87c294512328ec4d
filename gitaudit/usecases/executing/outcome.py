"""How a command ended, from what really happened: signals, exit code, and the tool's own events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitaudit.iac.commands.model import Invocation
    from gitaudit.iac.model import Summary
    from gitaudit.model import Ended

STOPPING = frozenset({1, 2, 3, 15})
"""SIGHUP, SIGINT, SIGQUIT and SIGTERM: somebody wanted it to end."""
_TOLD = frozenset({"succeeded", "failed", "partial", "canceled"})
TIME_IS_UP = 124
"""Exit code of `timeout` (coreutils) where it ended the command."""


def outcome_of(invocation: Invocation, ended: Ended, result: Summary | None) -> tuple[str, str]:
    """Return the outcome of a run and what it was derived from: `signal`, `result` or `exit-code`.

    A good exit code is believed unless the tool's own events tell of a failure; a bad one is never made good by them.
    A run that somebody stopped is canceled, whatever it had done by then: the resources tell that.
    """
    good = ended.code in invocation.good_codes
    told = None if result is None else result.outcome
    if good:
        return (told, "result") if told in _TOLD else ("succeeded", "exit-code")
    if ended.interrupts or ended.signal in STOPPING:
        return "canceled", "signal"
    if invocation.command.limited and ended.code == TIME_IS_UP:
        return "timed_out", "exit-code"
    if told in {"failed", "partial", "canceled"}:
        return told, "result"
    if ended.signal is not None:
        return "failed", "signal"
    return "partial" if ended.code in invocation.partial_codes else "failed", "exit-code"
