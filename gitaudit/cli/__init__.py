"""The command line: one file a command, one error boundary, no domain logic."""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False  # importing `typing` would cost each hook two milliseconds
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line and end the process; whoever interrupts it while it still starts sees no trace either."""
    gc.set_threshold(50_000, 50, 100)  # a run is short: Python would look for garbage a hundred times while it starts
    try:
        if sys.argv[1:2] == ["hook"]:
            _end_short_hook()
        from gitaudit.cli.boundary import main as begin
    except KeyboardInterrupt:
        sys.exit(130)
    begin()


def _end_short_hook() -> None:
    """End the process where a hook has nothing to record; go on where the command `hook` has to look."""
    from gitaudit.adapters.hooks import quick

    try:
        code = quick.settle(sys.argv[2:])
    except Exception:  # noqa: BLE001 - what goes wrong on the short way is told, or done right, by the long way
        code = None
    if code is not None:
        sys.exit(code)
