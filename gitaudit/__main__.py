"""Run the command line as `python -m gitaudit`."""

from __future__ import annotations

from gitaudit.cli import main

if __name__ == "__main__":
    main()
