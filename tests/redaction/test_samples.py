"""Records of real plans and results: no false alarm, and none of the secrets that stand in the files.

Files of public projects are looked for in `../shared/samples` and are not part of the project.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result
from gitaudit.iac.text import decode
from gitaudit.redaction.marked import marked_values
from gitaudit.redaction.scrub import REDACTED, forms
from gitaudit.testing import MemoryStore
from gitaudit.usecases.writing.redact import Redactor
from tests.iac.documents import DATA, SAMPLES
from tests.support.logs import SCANNER, LogMaker

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(path for folder in (DATA, SAMPLES) for path in folder.rglob("*") if path.is_file())
SENTINEL = re.compile(r"[A-Za-z-]*SENTINEL[A-Za-z-]*|my-secret")
SUBJECT = {"repository": "x", "commit": "3f2a9c14" * 5, "tree": "5c" * 20, "object_format": "sha1"}


def bodies(path: Path) -> list[dict[str, object]]:
    """Return what a file gives to the body of a deployment, as a plan or as a result; nothing where it is neither."""
    found: list[dict[str, object]] = []
    for name, summarize in (("plan", summarize_plan), ("result", summarize_result)):
        try:
            found.append({name: summarize(path.read_bytes()).to_body()})
        except InputError:
            continue
    return found


def test_records_of_all_files_pass_and_hold_no_secret() -> None:
    """With a reason that repeats every sentinel of the file, which the marks, or nothing but the name, make known.

    All records go into one log; every object of it is searched for every sentinel in every form.
    """
    store = MemoryStore()
    log = LogMaker(store=store)
    sentinels: set[str] = set()
    alarms: list[str] = []
    for path in FILES:
        for body in bodies(path):
            found = set(SENTINEL.findall(decode(path.read_bytes())))
            values = marked_values(path.read_bytes())
            marked = sorted(one for one in found if one in values.secret)
            more = {"environment": {"id": "prod"}, "outcome": "unknown", "outcome_source": "stated"}
            reason = {"reason": f"it said {' and '.join(marked)}"[:500]} if marked else {}
            draft = log.author.draft("deploy.finished", {**more, **body, **reason}, subject=SUBJECT)
            try:
                cleaned = Redactor(scanner=SCANNER, known=values).clean(draft)
            except InputError as error:
                alarms.append(f"{path.name}: {error.message}")
                continue
            assert not marked or REDACTED in str(cleaned.document)
            log.add(cleaned)
            sentinels |= found
    assert alarms == []
    assert len(log.records) > 10
    assert "SENTINEL-variable" in sentinels
    objects = b"\n".join(content for _, content in store.objects.values())
    assert [one for one in sorted(sentinels) for form in forms(one) if form.encode() in objects] == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples beside the checkout")
def test_the_samples_are_among_them() -> None:
    """So that the test above does not pass for want of files."""
    assert sum(bool(bodies(path)) for path in FILES if SAMPLES in path.parents) >= 25
