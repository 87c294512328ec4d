"""Runs gitaudit many times without starting Python many times: a process that has imported everything, and forks.

It reads one JSON object a line, `{"argv", "cwd", "env", "out", "err", "wait"}`, and forks for each. The child waits for
a byte in the pipe `wait` where one is named, so that a tracer can be attached before anything happens; then it runs the
command line. The answer is two lines of JSON: `{"pid"}` at once, `{"status"}` (as of waitpid) at the end.

Nobody races in these runs, so the pauses between attempts are left out.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from typing import Any

import gitaudit
from gitaudit.adapters import clock


def main() -> None:
    """Serve until standard input ends."""
    for module in pkgutil.walk_packages(gitaudit.__path__, "gitaudit."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("gnupg", "jsonschema_rs", "pygit2", "pysequoia"):
        importlib.import_module(name)
    clock.PAUSE_SCALE = 0.0
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(job)
        _answer(pid=pid)
        _answer(status=os.waitpid(pid, 0)[1])


def _answer(**fields: int) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def _run(job: dict[str, Any]) -> None:
    from gitaudit.cli.boundary import run

    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    if job.get("wait"):
        os.read(os.open(job["wait"], os.O_RDONLY), 1)
    status = 70
    try:
        status = run(job["argv"])
        sys.stdout.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
