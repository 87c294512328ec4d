"""Many writers at once without starting Python for each record: a process that has everything imported, and forks.

    python crowd.py TIMES CLONE [TIMES CLONE]...

A child for each clone records so many deployments one after the other, as fast as it can, and waits for each to be
published. Printed is a line of JSON for each: the exit codes of its commands, and the last line that it printed.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from contextlib import redirect_stdout
from io import StringIO

import gitaudit

COMMAND = ("record-deploy", "--env", "prod", "--outcome", "succeeded")


def main() -> None:
    """Fork a writer for each pair of arguments, and wait for all."""
    for module in pkgutil.walk_packages(gitaudit.__path__, "gitaudit."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("gnupg", "jsonschema_rs", "pygit2", "pysequoia"):
        importlib.import_module(name)
    words = sys.argv[1:]
    children = [_start(int(times), clone) for times, clone in zip(words[::2], words[1::2], strict=True)]
    for child in children:
        os.waitpid(child, 0)


def _start(times: int, clone: str) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _write(times, clone)
        finally:
            os._exit(0)
    return pid


def _write(times: int, clone: str) -> None:
    from gitaudit.cli.boundary import run

    codes, last = [], ""
    for _ in range(times):
        told = StringIO()
        with redirect_stdout(told):
            codes.append(run(["-C", clone, *COMMAND]))
        last = told.getvalue().strip()
    os.write(1, (json.dumps({"clone": clone, "codes": codes, "last": last}) + "\n").encode())


if __name__ == "__main__":
    main()
