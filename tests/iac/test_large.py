"""Files of the greatest size, read with no more memory than a small machine has."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIMIT = 1_500_000_000
"""Address space of the process that reads, in bytes: Python, the file, its text, and what is kept of it."""
MEASURED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
from gitaudit import iac
from gitaudit.errors import InputError
{make}
try:
    summary = iac.{summarize}(data)
    summary.to_body()
    print(len(summary.resources) > 1000, "summary")
except InputError as error:
    print(error.message)
"""
SIZE = 200_000_000
STREAM = """
line = b'{"@level":"info","@message":"' + b"x" * 300 + b'","type":"apply_%s","hook":{"resource":{"addr":"a.b[%d]",'
line += b'"resource_type":"a"},"action":"create","elapsed_seconds":1}}\\n'
kinds = (b"start", b"complete")
data = b"".join(line % (kind, number) for number in range(200_000) for kind in kinds)
"""
PLAN = """
item = b'{"address":"a.b[%d]","type":"a","change":{"actions":["update"],"before":{"k":"' + b"x" * 900 + b'"},'
item += b'"after":{"k":"' + b"y" * 900 + b'"}}}'
data = b'{"format_version":"1.2","resource_changes":[' + b",".join(item % number for number in range(100_000)) + b"]}"
"""
NOTHING = "data = b'[' + b'%s,' * (200_000_000 // %d) + b'%s]'"


def ran(make: str, summarize: str) -> str:
    """Summarise a file in a process with little memory, and return what it printed."""
    script = MEASURED.format(make=make, summarize=summarize, limit=LIMIT)
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize(("make", "summarize"), [(STREAM, "summarize_result"), (PLAN, "summarize_plan")])
def test_a_file_of_200_megabytes_is_read(make: str, summarize: str) -> None:
    """With every resource of it."""
    assert ran(make, summarize) == "True summary"


@pytest.mark.slow
@pytest.mark.parametrize("part", ["{}", "[]", "1", '"a"', "{}\\n{}"])
def test_a_file_that_would_take_gigabytes_is_refused(part: str) -> None:
    """Before any of it is parsed."""
    told = ran(NOTHING % (part, len(part) + 1, part), "summarize_plan")
    assert told == "expected at most 20000000 JSON values and lines, found more"


@pytest.mark.slow
@pytest.mark.parametrize("part", ["[", '{"a":', "{\\n", " ", "x\\n", "\\0", "\\xff"])
def test_a_file_of_nothing_but_one_thing_is_refused(part: str) -> None:
    """Depth, blanks, lines without end, bytes that are no text: an error of input each."""
    make = f"part = b'{part}'\ndata = part * ({SIZE} // len(part))"
    assert ran(make, "summarize_result").startswith("expected ")
