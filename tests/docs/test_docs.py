"""The documentation: its commands do what it says, its links lead somewhere, its words are fit to print."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import Run, parse, runs
from tests.docs.running import documents, execute, fits, run_id
from tests.docs.worlds import BASES, CHECKOUT, Worlds
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [*documents(), *sorted((CHECKOUT / "docs/adr").glob("*.md")), CHECKOUT / "CHANGELOG.md"]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (?P<text>.*)$", re.MULTILINE)
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
UNFIT = {
    "a path of one machine": r"/work/|/tmp/venv|/root/",
    "a number of an issue": r"\bissues? #?[0-9]+\b",
    "a promise that no log can keep": r"\b(tamper|bullet|fool)-?proof\b|\bimpossible to\b|\bguarantees compliance\b",
    "a claim to be compliant": r"\b(is|are|be|being|makes? \w+|fully) \S*-?compliant\b",
    "advertising": r"\b(seamless|robust|powerful|blazing|cutting-edge|world-class|effortless|state-of-the-art)(ly)?\b",
    "something left to do": r"\b(TODO|FIXME|XXX|TBD)\b",
    "a British word spelt otherwise": r"\b(behavior|authorization|honor)s?\b",
}


def all_runs() -> list[Run]:
    """Return the runs of all documents; those of a page that does not say where to run have a test of their own."""
    found: list[Run] = []
    for document in documents():
        with suppress(ValueError):
            found += runs(document)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("run", all_runs(), ids=run_id)
def test_the_commands_do_what_the_page_says(run: Run, worlds: Worlds) -> None:
    """Every command ends as its page says, and a transcript prints what stands below it."""
    for tool in {block.needs for block in run.blocks} - {None}:
        require_tool(str(tool))
    blocks = tuple(block for block in run.blocks if block.not_run is None)
    for block, command, code, printed in execute(worlds.new(run.world), blocks):
        where = f"{run.document.name}:{block.line}: {command.text}"
        wanted = block.exit_code if command == block.commands()[-1] else 0
        assert code == wanted, f"{where}exit code {code}\n{printed}"
        if command.output is not None:
            assert fits(command.output, printed), f"{where}prints otherwise:\n{printed}"


def test_only_what_cannot_be_run_is_not_run() -> None:
    """Blocks that are not run are few, and each says why."""
    left_out = [
        block.not_run
        for document in documents()
        for _, block in parse(document.read_text("utf-8"))
        if block.not_run is not None
    ]
    assert len(left_out) <= 4
    assert all(reason and len(reason) > 10 for reason in left_out)


@pytest.mark.parametrize("page", documents(), ids=lambda page: page.name)
def test_every_run_names_a_world(page: Path) -> None:
    """A page says of each of its blocks where it runs."""
    assert {run.world for run in runs(page)} <= BASES.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link within the project names a file that exists, and a heading that the file has."""
    for match in LINK.finditer(FENCED.sub("", page.read_text("utf-8"))):
        target, _, anchor = match["target"].partition("#")
        if target.startswith(("https://", "mailto:")):
            continue
        place = page if not target else page.parent / target
        assert place.exists(), f"{page.name}: {match[0]}"
        if anchor:
            assert anchor in anchors(place), f"{page.name}: {match[0]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_words_are_fit_to_print(page: Path) -> None:
    """No page names this machine, promises what a log cannot keep, or advertises."""
    text = FENCED.sub("", page.read_text("utf-8"))
    found = {why: match[0] for why, pattern in UNFIT.items() if (match := re.search(pattern, text, re.IGNORECASE))}
    assert found == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_have_a_readable_length(page: Path) -> None:
    """Prose is wrapped at 120 characters; tables and blocks are not."""
    text = FENCED.sub("", page.read_text("utf-8"))
    assert [line for line in text.splitlines() if len(line) > 120 and not line.startswith("|")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_have_rows_of_one_width(page: Path) -> None:
    """Every row of a table has as many cells as its head, or it would be shown cut."""
    text = FENCED.sub("", page.read_text("utf-8"))
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        widths = [len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()]
        assert len(set(widths)) == 1, table


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page: those that a forge gives to headings, and those written out."""
    text = FENCED.sub("", page.read_text("utf-8"))
    named = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}
    return named | set(re.findall(r'<a id="([^"]+)">', text))


def test_every_finding_is_explained() -> None:
    """The auditors' table has every rule that verification reports, and no other."""
    page = (CHECKOUT / "docs/auditors.md").read_text("utf-8")
    section = page.partition("## What a finding means")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    told = [rule for cell in cells for rule in re.findall(r"`([a-z-]+)`", cell)]
    assert sorted(told) == sorted(set(told))
    assert set(told) == reported_rules()


def reported_rules() -> set[str]:
    """Return the names of rules in the sources: first arguments of what reports, and arguments named `rule`."""
    names: set[str] = set()
    rooms = (
        "usecases/verifying/check*.py",
        "usecases/verifying/complete.py",
        "usecases/deploys/deployments.py",
        "usecases/verifying/trust.py",
        "usecases/verifying/verify.py",
        "cli/verifying/steps.py",
    )
    for place in (one for room in rooms for one in (CHECKOUT / "gitaudit").glob(room)):
        for node in ast.walk(ast.parse(place.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
                places = [one.value for one in node.keywords if one.arg == "rule"]
                places += node.args[:1] if called in {"error", "add", "_add", "compare", "finding"} else []
                names.update(text for one in places for text in constants(one))
            elif isinstance(node, ast.FunctionDef):
                names.update(text for one in node.args.defaults for text in constants(one) if node.name == "_finding")
    fixed = {name for name in names if not name.endswith("-")}
    return fixed | ({"subject-author", "subject-committer"} if "subject-" in names else set())


def constants(node: ast.expr) -> list[str]:
    """Return the texts of an expression that look like names of rules; a call's result is none."""
    if isinstance(node, ast.Call):
        return []
    found = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return [text for text in found if re.fullmatch(r"[a-z]+(-[a-z]+)*-?", text)]
