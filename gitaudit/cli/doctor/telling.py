"""Printing what the doctor found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.cli.output import escape
from gitaudit.cli.reading.render import counted
from gitaudit.usecases.doctor.model import exit_code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitaudit.cli.output import Output
    from gitaudit.usecases.doctor.model import Check

_COLORS = {"ok": "green", "warning": "yellow", "problem": "red", "bad": "red", "skipped": "dim"}
_WIDTH = 14


def tell(output: Output, checks: Iterable[Check]) -> int:
    """Print checks as they come, or as one document, and return the exit code."""
    found: list[Check] = []
    for check in checks:
        found.append(check)
        if not output.json:
            _tell_one(output, check)
    code = exit_code(found)
    if output.json:
        output.document({"healthy": code == 0, "checks": [_fields(check) for check in found]})
        return code
    number = {status: sum(check.status == status for check in found) for status in ("bad", "problem", "warning")}
    if number["bad"]:
        output.text(f"{output.style('bad', 'red')}: the log itself; run `gitaudit verify --full` for all findings")
    elif code:
        output.text(f"{output.style('unwell', 'red')}: {counted(number['problem'], 'problem')}")
    else:
        more = f", {counted(number['warning'], 'warning')}" if number["warning"] else ""
        output.text(f"{output.style('healthy', 'green')}: {counted(len(found), 'check')}{more}")
    return code


def _tell_one(output: Output, check: Check) -> None:
    status = output.style(check.status.ljust(8), _COLORS[check.status])
    output.text(f"{status} {check.name.ljust(_WIDTH)} {escape(check.told)}")
    for one in check.mend:
        output.text(f"    {output.style('$', 'dim')} {escape(one)}")
    if check.hint is not None and check.status != "ok":
        output.text(f"    {escape(check.hint)}")


def _fields(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "status": check.status,
        "told": check.told,
        "mend": list(check.mend),
        "hint": check.hint,
    }
