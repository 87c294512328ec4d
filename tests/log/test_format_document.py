"""docs/format.md is held against the schemas and the code: its tables, its rules, its links."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from gitaudit.iac.patterns import PathMatcher
from gitaudit.log import canonical, commit, openpgp, paths
from gitaudit.model import RECORD_TYPES
from gitaudit.policy import policy, yaml_text
from gitaudit.usecases.changes import source_files, tree_changes
from tests.log import format_doc
from tests.log.format_doc import DOCUMENT, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = DOCUMENT.read_text(encoding="utf-8")
SLUG = re.compile(r"[a-z]+(?:-[a-z]+)*")
METHODS = {"error": 0, "add": 0, "compare": 0, "finding": 0, "_add": 0}
"""What makes findings in the use cases, and which argument is the rule."""


def test_tables_are_those_of_the_schemas() -> None:
    """Every table of fields says what the schema says; `python -m tests.log.format_doc` writes them anew."""
    assert format_doc.with_tables() == TEXT


def test_every_object_of_the_schemas_has_a_table() -> None:
    """No record type, and no object that has a name, is left out."""
    files = [*(format_doc_file(kind) for kind in RECORD_TYPES), "record.v1.json", "policy.v1.json", "config.v1.json"]
    wanted = [(name, pointer) for name in files for pointer in format_doc.objects(name)]
    assert sorted(format_doc.marked()) == sorted(wanted)


def format_doc_file(kind: str) -> str:
    """Return the name of the schema of a record type."""
    return "record.policy.v1.json" if kind == "policy" else f"{kind}.v1.json"


def test_every_record_type_has_a_section() -> None:
    """The sections about types are those of the types there are."""
    section = TEXT.partition("## Record types\n")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^### (.*)$", section, re.MULTILINE)) == RECORD_TYPES


def rules_in_table() -> list[str]:
    """Return the slugs of the table of rules, in its order."""
    section = TEXT.partition("### Rules\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)


def rules_in_code() -> Iterator[str]:
    """Yield every rule that a use case may report, as a pattern where a part of it is computed."""
    for path in sorted((ROOT / "gitaudit" / "usecases").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from rules_of_call(node)


def rules_of_call(node: ast.Call) -> Iterator[str]:
    """Yield the rules that a call names, if it makes a finding."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "Finding":
        yield from (rule for word in node.keywords if word.arg == "rule" for rule in texts(word.value))
    elif name in METHODS and len(node.args) >= 2:
        yield from texts(node.args[0])


def texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may have, as patterns."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and SLUG.fullmatch(node.value):
        yield re.escape(node.value)
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body), *texts(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z]+" for part in node.values]
        yield "".join(parts)


def test_rules_are_those_of_the_code() -> None:
    """Every rule that the code reports is in the table, and every rule in the table is reported by some code."""
    table = rules_in_table()
    code = {pattern for pattern in rules_in_code() if pattern != re.escape("error")}
    assert len(table) == len(set(table)) > 30
    assert sorted(pattern for pattern in code if not any(re.fullmatch(pattern, rule) for rule in table)) == []
    assert [rule for rule in table if not any(re.fullmatch(pattern, rule) for pattern in code)] == []


def test_every_rule_stands_where_it_is_explained() -> None:
    """Each rule is named in the text before the table."""
    before = TEXT.partition("### Rules\n")[0]
    assert [rule for rule in rules_in_table() if f"`{rule}`" not in before] == []


def headings() -> list[str]:
    """Return where the headings stand, as GitHub names the places."""
    titles = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    return [re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles]


def test_links() -> None:
    """Every link within the document has its goal, and every link to a file its file."""
    goals = {*headings(), *re.findall(r'<a id="([^"]+)">', TEXT)}
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in goals, target
        else:
            assert (DOCUMENT.parent / target).is_file(), target


def test_no_goal_stands_twice() -> None:
    """A link leads to one place."""
    goals = [*headings(), *re.findall(r'<a id="([^"]+)">', TEXT)]
    assert sorted(goals) == sorted(set(goals))


@pytest.mark.parametrize(
    "number",
    [
        canonical.MAX_BYTES, canonical.MAX_DEPTH, commit.MAX_COMMIT_BYTES, openpgp.MAX_ARMOR_BYTES, paths.MAX_INDEX + 1,
        yaml_text.MAX_BYTES, yaml_text.MAX_DEPTH, policy.MAX_EMAIL_BYTES, policy.DEFAULT_TOLERANCE_SECONDS,
        source_files.MAX_ITEMS, source_files.MAX_LIST_BYTES, source_files.MAX_DEPTH, tree_changes.MAX_CHANGES,
        tree_changes.MAX_DEPTH,
    ],
)  # fmt: skip
def test_bounds(number: int) -> None:
    """The bounds of the code stand in the document."""
    assert re.search(rf"\b{number:,}\b", TEXT) or re.search(rf"\b{number}\b", TEXT)


def test_examples_of_patterns() -> None:
    """What the text says of patterns is so."""
    for written, full in (("*.tf", "**/*.tf"), ("infra/", "**/infra/**"), ("live/prod/", "live/prod/**")):
        assert f"`{written}` is `{full}`" in TEXT
        assert PathMatcher([written]).patterns == PathMatcher([full]).patterns
