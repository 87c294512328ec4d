"""Reads the vectors: what a second implementation has to write first. See README.md beside this file."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from gitaudit.log.commit import object_id

FOLDER = Path(__file__).parent
SINGLES, TABLES, LOGS = FOLDER / "single", FOLDER / "tables", FOLDER / "logs"
BASE = "base.objects"

Objects = dict[str, tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One value: header fields by name, and the bytes that are the value."""

    header: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLog:
    """One log: header fields by name, its findings, and all its objects by id."""

    header: dict[str, str]
    findings: tuple[str, ...]
    maybe: tuple[str, ...]
    objects: Objects


def format_single(header: dict[str, str], body: bytes) -> bytes:
    """Return the bytes of a `.vec` file."""
    lines = [f"{name}: {value}\n" for name, value in header.items()]
    return "".join(lines).encode() + b"\n" + body


def parse_single(data: bytes) -> Single:
    """Return what a `.vec` file holds."""
    head, _, body = data.partition(b"\n\n")
    return Single(header=dict(line.split(": ", 1) for line in head.decode().split("\n")), body=body)


def format_objects(objects: Objects) -> bytes:
    """Return a line of kind and base64 for each object."""
    return b"".join(kind.encode() + b" " + base64.b64encode(content) + b"\n" for kind, content in objects.values())


def parse_objects(data: bytes) -> Objects:
    """Return the objects of lines that `format_objects` wrote, by id."""
    found: Objects = {}
    for line in data.splitlines():
        kind, _, text = line.decode("ascii").partition(" ")
        content = base64.b64decode(text, validate=True)
        found[object_id(kind, content)] = (kind, content)
    return found


def read_log(name: str) -> StoredLog:
    """Return a log by the name of its file."""
    head, _, lines = (LOGS / f"{name}.log").read_bytes().partition(b"\n\n")
    pairs = [line.split(": ", 1) for line in head.decode().split("\n")]
    return StoredLog(
        header={key: value for key, value in pairs if key not in {"finding", "maybe"}},
        findings=tuple(value for key, value in pairs if key == "finding"),
        maybe=tuple(value for key, value in pairs if key == "maybe"),
        objects=parse_objects((LOGS / BASE).read_bytes()) | parse_objects(lines),
    )


def log_names() -> list[str]:
    """Return the names of all logs."""
    return sorted(path.stem for path in LOGS.glob("*.log"))


def single_names() -> list[str]:
    """Return the paths of all single vectors, such as `json/float`."""
    return sorted(path.relative_to(SINGLES).with_suffix("").as_posix() for path in SINGLES.glob("*/*.vec"))
