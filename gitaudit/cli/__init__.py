"""The command line: one file a command, one error boundary, no domain logic."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line and end the process; whoever interrupts it while it still starts sees no trace either."""
    gc.set_threshold(50_000, 50, 100)  # a run is short: Python would look for garbage a hundred times while it starts
    try:
        from gitaudit.cli.boundary import main as begin
    except KeyboardInterrupt:
        sys.exit(130)
    begin()
