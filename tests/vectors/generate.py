"""Writes the vectors anew, or compares them with what stands there.

python -m tests.vectors.generate            write them
python -m tests.vectors.generate --check    exit 1 where a file differs, is missing or too many
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from gitaudit.log.times import format_time, from_epoch
from tests.vectors.making import commit_logs, good_logs, policy_logs, record_logs, subject_logs, truth_logs
from tests.vectors.making.forge import LOG, NOTES, Forge, digest
from tests.vectors.making.log_vectors import VECTORS, LogVector, started
from tests.vectors.making.singles import SingleVector, all_singles
from tests.vectors.making.tables import all_tables
from tests.vectors.reading import BASE, FOLDER, LOGS, SINGLES, TABLES, format_objects, format_single

if TYPE_CHECKING:
    from pathlib import Path

MODULES = (good_logs, commit_logs, record_logs, policy_logs, truth_logs, subject_logs)
"""Imported because they add to `VECTORS`."""


def wanted_files() -> dict[Path, bytes]:
    """Return the contents of all vectors by path."""
    files = {SINGLES / one.kind / f"{one.name}.vec": _single(one) for one in all_singles()}
    for name, rows in all_tables().items():
        lines = [json.dumps(row, ensure_ascii=True) + "\n" for row in rows]
        files[TABLES / f"{name}.jsonl"] = "".join(lines).encode("ascii")
    common = started()
    files[LOGS / BASE] = format_objects(common.objects)
    for vector in VECTORS:
        files[LOGS / f"{vector.name}.log"] = _log(vector, common)
    return files


def differences(wanted: dict[Path, bytes]) -> list[str]:
    """Return the names of files that are not what they should be."""
    present = {path for folder in (SINGLES, TABLES, LOGS) for path in folder.rglob("*") if path.is_file()}
    wrong = {path for path in present & wanted.keys() if path.read_bytes() != wanted[path]}
    return sorted(path.relative_to(FOLDER).as_posix() for path in wrong | (present ^ wanted.keys()))


def main() -> int:
    """Write or check."""
    wanted = wanted_files()
    wrong = differences(wanted)
    if sys.argv[1:] == ["--check"]:
        sys.stdout.writelines(f"{name}\n" for name in wrong)
        return 1 if wrong else 0
    for name in wrong:
        path = FOLDER / name
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[path])
        else:
            path.unlink()
    return 0


def _single(vector: SingleVector) -> bytes:
    header = {"kind": vector.kind, "expect": vector.expect, "reason": vector.reason, **dict(vector.facts)}
    return format_single(header, vector.body)


def _log(vector: LogVector, common: Forge) -> bytes:
    log = vector.make()
    expect = "undecided" if vector.undecided else "good" if not _errors(vector) else "bad"
    lines = [
        f"expect: {expect}",
        f"about: {vector.about}",
        f"now: {format_time(from_epoch(log.now))}",
        f"origin: {log.origin}",
        f"genesis: {log.genesis} {digest(log.objects[log.genesis][1])}",
        f"{LOG}: {log.head}",
        *([f"{NOTES}: {log.notes}"] if log.notes else []),
        *(f"finding: {finding}" for finding in vector.findings),
        *(f"maybe: {finding}" for finding in vector.maybe),
    ]
    own = {oid: log.objects[oid] for oid in log.objects if oid not in common.objects}
    return "\n".join(lines).encode() + b"\n\n" + format_objects(own)


def _errors(vector: LogVector) -> list[str]:
    return [finding for finding in vector.findings if " error " in finding]


if __name__ == "__main__":
    sys.exit(main())
