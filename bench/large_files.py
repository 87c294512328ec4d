"""Measure summaries of files of 200 MB: `python -m bench.large_files [--megabytes N]`, in the project's environment.

Each file is read by a process of its own, and by one that only calls `json.loads` on it, or on each of its lines. A
Markdown table with seconds and peak memory of both is printed. Nothing outside a new temporary folder is touched.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.frame import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS = """
import resource, sys, time
from gitaudit import iac
from gitaudit.errors import InputError
data = open(sys.argv[1], "rb").read()
start = time.perf_counter()
try:
    summary = getattr(iac, "summarize_" + sys.argv[2])(data)
    summary.to_body()
    told = f"{len(summary.resources)} resources"
except InputError:
    told = "refused"
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, told)
"""
THEIRS = """
import json, resource, sys, time
data = open(sys.argv[1], "rb").read()
start = time.perf_counter()
if sys.argv[1].endswith("l"):
    for line in data.decode().split("\\n"):
        line and json.loads(line)
else:
    json.loads(data)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "-")
"""


class Run(NamedTuple):
    """What a process needed: seconds, MiB, and what it made of the file."""

    seconds: float
    peak: int
    told: str


def plan() -> Iterator[str]:
    """Yield a plan, resource by resource, of twenty attributes each."""
    yield '{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{},"resource_changes":['
    number = 0
    while True:
        before = {f"attribute_{key}": f"value {number} {key}" * 2 for key in range(20)} | {"tags": {"n": number}}
        change = {"actions": ["update"], "before": before, "after": before | {"attribute_3": "new"}}
        item = {"address": f"aws_instance.web[{number}]", "type": "aws_instance", "change": change}
        yield ("," if number else "") + json.dumps(item)
        number += 1


def stream() -> Iterator[str]:
    """Yield the messages of an apply."""
    number = 0
    while True:
        named = {"addr": f"aws_instance.web[{number}]", "resource_type": "aws_instance", "resource_name": "web"}
        hook = {"resource": named, "action": "create", "id_value": f"i-{number}", "elapsed_seconds": 3}
        for kind in ("apply_start", "apply_complete"):
            here = {"@level": "info", "@message": "text " * 20, "@module": "terraform.ui", "type": kind, "hook": hook}
            yield json.dumps(here) + "\n"
        number += 1


def events() -> Iterator[str]:
    """Yield the events of a Pulumi update, with the states that they have."""
    number = 0
    while True:
        kind = "aws:s3/bucket:Bucket"
        state = {"type": kind, "inputs": {f"input{key}": "x" * 40 for key in range(20)}, "outputs": {"a": "b"}}
        metadata = {
            "op": "update",
            "urn": f"urn:pulumi:a::b::{kind}::{number}",
            "type": kind,
            "old": state,
            "new": state,
        }
        for name in ("resourcePreEvent", "resOutputsEvent"):
            yield json.dumps({"sequence": number, "timestamp": number, name: {"metadata": metadata}}) + "\n"
        number += 1


def tasks() -> Iterator[str]:
    """Yield the events of an Ansible run on many hosts."""
    number = 0
    while True:
        result = {"action": "ansible.builtin.command", "changed": True, "stdout": "x" * 400, "cmd": ["a"] * 5}
        task = {"path": f"/srv/site.yml:{number % 90}", "duration": {"start": "2026-11-22T19:51:42.491894Z"}}
        yield json.dumps({"_event": "v2_runner_on_ok", "hosts": {f"web{number}": result}, "task": task}) + "\n"
        number += 1


def nothings() -> Iterator[str]:
    """Yield objects with nothing in them, which take many times their length in memory."""
    yield "["
    while True:
        yield "{}," * 1000


FILES: tuple[tuple[str, str, str, Callable[[], Iterator[str]], str], ...] = (
    ("terraform plan", "plan.json", "plan", plan, "]}"),
    ("terraform apply -json", "apply.jsonl", "result", stream, ""),
    ("pulumi event log", "events.jsonl", "result", events, ""),
    ("ansible jsonl", "tasks.jsonl", "result", tasks, ""),
    ("a list of `{}`", "nothings.json", "plan", nothings, "{}]"),
)


def write(path: Path, parts: Iterator[str], end: str, size: int) -> None:
    """Write parts into a file until it has its size."""
    with path.open("w") as file:
        written = 0
        for part in parts:
            file.write(part)
            written += len(part)
            if written > size:
                break
        file.write(end)


def run(script: str, *arguments: str) -> Run:
    """Run a script that prints seconds, MiB and a word."""
    done = subprocess.run([sys.executable, "-c", script, *arguments], check=True, stdout=subprocess.PIPE)
    seconds, peak, told = done.stdout.decode().split(maxsplit=2)
    return Run(float(seconds), int(peak), told.strip())


def main() -> None:
    """Make the files one after the other, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    size = parser.parse_args().megabytes * 1_000_000
    print(f"{machine()}\n")
    print("| file | gitaudit | peak | `json.loads` alone | peak | ratio of time | |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for label, name, kind, parts, end in FILES:
            path = Path(folder, name)
            write(path, parts(), end, size)
            ours, theirs = run(OURS, str(path), kind), run(THEIRS, str(path))
            path.unlink()
            print(
                f"| {label} | {ours.seconds:.1f} s | {ours.peak} MiB | {theirs.seconds:.1f} s | {theirs.peak} MiB"
                f" | {ours.seconds / theirs.seconds:.1f} | {ours.told} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
