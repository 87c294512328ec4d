"""Faults at every system call: kills a process, or lets the call fail, exactly there (strace), and tells what was done.

A record is appended by several processes: gitaudit itself, the git programs that it starts, and those that they start,
also on the side of the remote. Programs of git are found through a folder of our own (GIT_EXEC_PATH), where one script
stands for all of them, counts them by name, and runs the one that is meant under strace. gitaudit is forked from a
process that has everything imported, and strace attaches to it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAIN = "gitaudit"
TRACED = (
    "openat,open,creat,write,writev,pwrite64,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,"
    "mkdir,mkdirat,rmdir,ftruncate,fsync,fdatasync"
)
_SET = ",".join(f"?{name}" for name in TRACED.split(","))
"""A question mark lets strace do without the calls that this machine's architecture does not have."""
_CALL = re.compile(r"^(?P<name>[a-z0-9_]+)\((?P<text>.*)$")

_SCRIPT = """\
#!/bin/sh
name=${0##*/}
[ "$name" = git ] && for name in "$@"; do
    case $name in -*|*=*) ;; *) break ;; esac
done
name=${name#git-}
printf . >>"$FAULTS/$name.count"
number=$(wc -c <"$FAULTS/$name.count")
[ "${0##*/}" = git ] || set -- "${0##*/git-}" "$@"
if [ "$FAULT_AT" = all ]; then
    trace=$FAULTS/$name.$number.trace
    exec "$STRACE" -y -s 0 -o "$trace" -e "trace=$CALLS" "$REAL_GIT" "$@"
elif [ "$FAULT_AT" = "$name.$number" ]; then
    exec "$STRACE" -o "$FAULTS/fired" -e "trace=$CALLS" -e "inject=$FAULT" "$REAL_GIT" "$@"
fi
exec "$REAL_GIT" "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One system call of one process.

    Attributes:
        process: `gitaudit`, or a program of git and its number, such as `update-ref.2`.
        call: name of the system call.
        number: counted by process and name, from 1.
        text: the call's arguments, as strace prints them.
    """

    process: str
    call: str
    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended: exit code (negative: a signal), standard output and error, and whether the fault struck."""

    code: int
    out: str
    err: str
    struck: bool = False


class Runner:
    """Runs gitaudit in forks of one warm process, with or without a fault."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._strace = require_tool("strace")
        self._env = dict(os.environ)  # of the fixture: a test has another home
        self._shadow = folder / "exec"
        self._traces = folder / "traces"
        self._pipe = folder / "pipe"
        self._make_shadow()
        os.mkfifo(self._pipe)
        command = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
        self._zygote = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        """End the warm process."""
        self._zygote.communicate()

    def run(self, cwd: Path, *argv: str) -> Ended:
        """Run a command as it is."""
        return self._run(cwd, argv, at="", fault="")

    def strike(self, point: Point, fault: str, cwd: Path, *argv: str) -> Ended:
        """Run a command with a fault at a point: `signal=KILL`, or `error=ENOSPC` and the like."""
        return self._run(cwd, argv, at=point.process, fault=f"{point.call}:{fault}:when={point.number}")

    def points(self, cwd: Path, *argv: str) -> list[Point]:
        """Run a command and return every call by which one of its processes changes or syncs files, in their order."""
        ended = self._run(cwd, argv, at="all", fault="")
        assert ended.code == 0, ended
        return [point for path in sorted(self._traces.glob("*.trace")) for point in _read_trace(path, cwd.parent)]

    def _run(self, cwd: Path, argv: Sequence[str], *, at: str, fault: str) -> Ended:
        shutil.rmtree(self._traces, ignore_errors=True)
        self._traces.mkdir()
        env = dict(self._env)
        if at not in {"", MAIN}:
            env |= {
                "GIT_EXEC_PATH": str(self._shadow),
                "PATH": f"{self._shadow}:{env['PATH']}",
                "STRACE": self._strace,
                "REAL_GIT": shutil.which("git") or "git",
                "FAULTS": str(self._traces),
                "CALLS": _SET,
                "FAULT_AT": at,
                "FAULT": fault,
            }
        traced = at in {"all", MAIN}
        out, err = self._folder / "out", self._folder / "err"
        job = {
            "argv": ["-C", str(cwd), *argv],
            "cwd": str(cwd),
            "env": env,
            "out": str(out),
            "err": str(err),
            "wait": str(self._pipe) if traced else "",
        }
        pid = int(self._ask(job)["pid"])
        tracer = self._attach(pid, fault) if traced else None
        status = int(self._hear()["status"])
        if tracer is not None:
            tracer.communicate()
        fired = self._traces / "fired"
        return Ended(
            code=os.waitstatus_to_exitcode(status),
            out=out.read_text(encoding="utf-8"),
            err=err.read_text(encoding="utf-8"),
            struck=fired.exists() and ("INJECTED" in (text := fired.read_text("utf-8")) or "killed by" in text),
        )

    def _attach(self, pid: int, fault: str) -> subprocess.Popen[bytes]:
        """Trace a child of the warm process, then let it run."""
        command = [self._strace, "-p", str(pid), "-e", f"trace={_SET}"]
        if fault:
            command += ["-o", str(self._traces / "fired"), "-e", f"inject={fault}"]
        else:
            command += ["-y", "-s", "0", "-o", str(self._traces / f"{MAIN}.trace")]
        tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text("ascii"):
            os.sched_yield()
        self._pipe.write_bytes(b".")
        return tracer

    def _ask(self, job: object) -> dict[str, int]:
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(json.dumps(job) + "\n")
        self._zygote.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, int]:
        assert self._zygote.stdout is not None
        answer: dict[str, int] = json.loads(self._zygote.stdout.readline())
        return answer

    def _make_shadow(self) -> None:
        self._shadow.mkdir()
        real = Path(subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip())
        for path in real.iterdir():
            (self._shadow / path.name).symlink_to(path)
        for name in ("git", "git-receive-pack", "git-upload-pack"):
            (self._shadow / name).unlink(missing_ok=True)
            (self._shadow / name).write_text(_SCRIPT, encoding="ascii")
            (self._shadow / name).chmod(0o755)


def _read_trace(path: Path, root: Path) -> Iterator[Point]:
    """Yield the calls of a trace that change or sync files below `root`; all of them count for the numbers."""
    counts: dict[str, int] = {}
    for line in path.read_text("utf-8", "replace").splitlines():
        match = _CALL.match(line)
        if match is None:
            continue
        name, text = match["name"], match["text"]
        counts[name] = counts.get(name, 0) + 1
        if _matters(name, text, str(root)):
            yield Point(process=path.name.removesuffix(".trace"), call=name, number=counts[name], text=text)


def _matters(name: str, text: str, root: str) -> bool:
    if name in {"open", "openat", "creat"} and not re.search(r"O_CREAT|O_WRONLY|O_RDWR|O_TRUNC", text):
        return False
    if name in {"write", "writev", "pwrite64", "fsync", "fdatasync", "ftruncate"}:
        return f"<{root}/" in text
    paths = re.findall(r'"([^"]*)"', text)
    return "= -1 E" not in text and any(not path.startswith("/") or path.startswith(f"{root}/") for path in paths)
