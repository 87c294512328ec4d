"""Runs of `gitaudit exec` as a program, and what they left in the log."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.cli.console import Console, Ran, program, script

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENV = ("--env", "prod")


def exec_(
    console: Console, *words: str, options: tuple[str, ...] = ENV, env: Mapping[str, str] | None = None, stdin: str = ""
) -> Ran:
    """Run a command by `gitaudit exec` and return how that ended."""
    ran = program("exec", *options, "--", *words, cwd=console.directory, env=env, stdin=stdin.encode())
    return Ran(code=ran.returncode, out=ran.stdout.decode(), err=ran.stderr.decode())


def start(console: Console, *words: str, **more: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - as Popen's own
    """Begin a run, with its output to be read, and return its process."""
    command = [script(), "exec", *ENV, "--", *words]
    return subprocess.Popen(command, cwd=console.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def python(code: str) -> tuple[str, ...]:
    """Return a command that runs a piece of Python."""
    return (sys.executable, "-c", code)


def records(console: Console, *filters: str) -> list[dict[str, Any]]:
    """Return the records of deployments, oldest first."""
    document = console.json("log", *(filters or ("--type", "deploy")))
    return [one["record"] for one in document["records"]][::-1]


def last(console: Console) -> dict[str, Any]:
    """Return the body of the newest record, which is the end of a deployment; the log must be good."""
    record = records(console)[-1]
    assert record["type"] == "deploy.finished"
    assert console.run("verify").code == 0
    body: dict[str, Any] = record["body"]
    return body


def document(ran: Ran) -> dict[str, Any]:
    """Return the JSON document that a run with `--json` printed last on stderr."""
    found: dict[str, Any] = json.loads(ran.err[ran.err.index("{") :])
    return found


def text_of(path: Path) -> str:
    """Return the content of a text file."""
    return path.read_text("utf-8")
