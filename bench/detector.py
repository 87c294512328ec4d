"""Measure what the scan of a record catches, and where it raises a false alarm: `python -m bench.detector [SAMPLES]`.

Secrets of some fifty kinds are made up from seeds, ten of each, and looked for as each kind of field that a record has.
False alarms are counted over every text of the records that the files below SAMPLES give (plans and results of public
projects; `../shared/samples` if none are named), those of this project's own tests, and the examples of every record
type. Prints Markdown; times are those of this machine.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitaudit.adapters.detector import LibraryScanner
from gitaudit.errors import InputError
from gitaudit.iac import summarize_plan, summarize_result
from gitaudit.iac import text as iac_text
from gitaudit.model import RECORD_TYPES
from gitaudit.redaction.known import is_plain
from gitaudit.redaction.marked import marked_values
from gitaudit.redaction.places import texts
from gitaudit.redaction.shapes import Strictness, could_hold, tell
from tests.schemas.examples import example
from tests.support.secrets import made_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[1]
SAMPLES = CHECKOUT.parents[1] / "shared" / "samples"
NAMED = frozenset(
    {
        *("address", "addr", "module", "module_address", "name", "parent", "provider", "provider_name", "resource"),
        *("type", "resource_type", "urn", "LogicalResourceId", "ResourceType", "StackName", "task", "task_action"),
        *("play", "chart", "html_url", "ref", "environment", "key", "action", "implied_provider"),
    }
)
SEEDS = range(10)
SENTENCE = "rotate it, {} was in the log"
COST = """
import time
import base64, json, urllib.parse
import gitaudit.cli.wiring, gitaudit.log.paths, gitaudit.model, gitaudit.ports
started = time.perf_counter()
from gitaudit.cli.confidential import Confidential
from gitaudit.model import Draft
body = {"environment": {"id": "prod"}, "outcome": "succeeded", "reason": "a larger database, as asked"}
links = [{"rel": "run", "href": "https://github.com/acme/infra/actions/runs/123456789/job/3"}]
draft = Draft(document={"type": "x", "redaction": {"dropped": 0, "scrubbed": 0}, "body": body, "links": links})
Confidential().clean(draft)
print(time.perf_counter() - started)
"""


def main() -> None:
    """Measure and print."""
    samples = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    scanner = LibraryScanner()
    print("| field | by its looks | by the library | either | missed |\n|---|---|---|---|---|")
    for strictness in Strictness:
        print(_catches(strictness, scanner))
    print("\n| records of | files | texts | false alarms | texts shown to the library |\n|---|---|---|---|---|")
    print(_alarms("samples", _of_files(samples.rglob("*")), scanner))
    print(_alarms("names in the samples, whatever they are of", iter([("all", _names_in(samples))]), scanner))
    print(_alarms("this project's real plans and results", _of_files((CHECKOUT / "tests/iac/data").iterdir()), scanner))
    print(_alarms("examples of every type", ((kind, example(kind, full=True)) for kind in RECORD_TYPES), scanner))
    print(f"\n{_marked(samples, scanner)}")
    print(f"\n{_cost()}")


def _catches(strictness: Strictness, scanner: LibraryScanner) -> str:
    every = [(kind, SENTENCE.format(secret)) for seed in SEEDS for kind, secret in made_secrets(seed).items()]
    looks = [tell(text, strictness) is not None for _, text in every]
    library = [could_hold(text) and scanner.find(text) is not None for _, text in every]
    either = [one or other for one, other in zip(looks, library, strict=True)]
    missed = sorted({kind for (kind, _), is_found in zip(every, either, strict=True) if not is_found})
    counts = [f"{sum(found)} of {len(every)}" for found in (looks, library, either)]
    return f"| {strictness.name.lower()} | {' | '.join(counts)} | {'; '.join(missed) or '-'} |"


def _of_files(paths: Iterator[Path]) -> Iterator[tuple[str, object]]:
    """Yield the summaries that files give, as they stand in a record."""
    for path in sorted(paths):
        for name, summarize in (("plan", summarize_plan), ("result", summarize_result)):
            try:
                yield path.name, {"body": {name: summarize(path.read_bytes()).to_body()}}
            except (InputError, IsADirectoryError):
                continue


def _names_in(samples: Path) -> dict[str, list[str]]:
    """Return every address, URN, type, task, URL and the like that stands anywhere in the samples, once."""
    found: dict[str, set[str]] = {"name": set(), "url": set()}

    def walk(value: object, key: str = "") -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                walk(item, name)
        elif isinstance(value, list):
            for item in value:
                walk(item, key)
        elif isinstance(value, str) and key in NAMED:
            found["url" if value.startswith("https://") else "name"].add(value)

    for path in sorted(samples.rglob("*")):
        with suppress(InputError, IsADirectoryError):
            walk(list(iac_text.read(path.read_bytes()).objects))
    return {name: sorted(values) for name, values in found.items()}


def _alarms(name: str, documents: Iterator[tuple[str, object]], scanner: LibraryScanner) -> str:
    files, looked_at, alarms, shown = 0, 0, 0, 0
    for _, document in documents:
        files += 1
        for one in texts(document):
            looked_at += 1
            asks = could_hold(one.value)
            shown += asks
            found = tell(one.value, one.strictness) or (scanner.find(one.value) if asks else None)
            alarms += found is not None
    return f"| {name} | {files} | {looked_at} | {alarms} | {shown} |"


def _marked(samples: Path, scanner: LibraryScanner) -> str:
    """Say how many of the values that samples mark as secret the scan would know without the mark."""
    values: set[str] = set()
    for path in samples.rglob("*"):
        try:
            values |= marked_values(path.read_bytes()).secret if path.is_file() else set()
        except InputError:
            continue
    free = Strictness.TEXT
    caught = [one for one in values if tell(one, free) or (could_hold(one) and scanner.find(one))]
    plain = sum(is_plain(one) for one in values)
    return (
        f"Values that the samples mark as secret: {len(values)}, of which {plain} are ordinary words. All are taken "
        f"out of free text because they are known; the scan alone would know {len(caught)} of them."
    )


def _cost() -> str:
    first = min(float(_timed(COST)[1]) for _ in range(9))
    loaded = min(_timed("import gitaudit.adapters.detector as d; d.LibraryScanner().detectors")[0] for _ in range(5))
    empty = min(_timed("import gitaudit.adapters.detector")[0] for _ in range(5))
    return (
        f"First record of a process, imports included: {first * 1000:.1f} ms at best of 9. "
        f"Loading the library, where a text asks for it: {(loaded - empty) * 1000:.0f} ms at best of 5."
    )


def _timed(program: str) -> tuple[float, str]:
    """Return how long a program took, and what it printed."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    return time.perf_counter() - started, done.stdout


if __name__ == "__main__":
    main()
