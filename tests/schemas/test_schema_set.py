"""`gitaudit.adapters.schemas`: what it tells of a document that is refused, and what it never tells."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from gitaudit.adapters import schemas
from gitaudit.adapters.schemas import MAX_PROBLEMS, SchemaProblem, SchemaSet, record_schema_files
from gitaudit.model import RECORD_TYPES
from tests.schemas.examples import SHA256, build, config_example, example, policy_example, templates
from tests.schemas.libraries import FOLDER, accepts, file_of
from tests.schemas.places import path_of, removed, replaced, walk

TEMPLATES = templates()
SCHEMAS = SchemaSet()


def problem(pointer: str, expected: str, found: str) -> SchemaProblem:
    """Return a problem, in fewer words."""
    return SchemaProblem(pointer=pointer, expected=expected, found=found)


def check(document: dict[str, Any]) -> list[SchemaProblem]:
    """Return what the check for a document of this kind finds."""
    if "body" in document or "type" in document:
        return SCHEMAS.check_record(document)
    return SCHEMAS.check_policy(document) if "admins" in document else SCHEMAS.check_config(document)


@pytest.mark.parametrize("full", [False, True], ids=["minimal", "full"])
@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_good_record(kind: str, *, full: bool) -> None:
    """A good record has no problems."""
    assert SCHEMAS.check_record(example(kind, full=full)) == []


def test_good_policy_and_configuration() -> None:
    """A good policy and a good configuration have no problems."""
    assert SCHEMAS.check_policy(policy_example(full=True)) == []
    assert SCHEMAS.check_config(config_example(full=True)) == []


@pytest.mark.parametrize(
    ("kind", "pointer", "value", "expected", "found"),
    [
        ("waiver", "/id", "x", "a UUID of version 7, lower case", "text of 1 characters"),
        ("waiver", "/index", 0, "at least 1", "an integer"),
        ("waiver", "/index", 1.5, "an integer", "a number that is no integer"),
        ("waiver", "/prev", [], "an object", "a list of 0 items"),
        ("waiver", "/actor/kind", "robot", "one of human, workload, system", "text of 5 characters"),
        ("waiver", "/body/reason", "", "at least 1 characters", "text of 0 characters"),
        ("waiver", "/body/reason", "x" * 501, "at most 500 characters", "text of 501 characters"),
        ("waiver", "/body/commits", [], "at least 1 items", "a list of 0 items"),
        ("waiver", "/body/range", {"from": "a" * 40, "to": "a" * 40}, "exactly one of the fields commits, range", ""),
        ("approval", "/body/target", {}, "at least one of the fields commit, record, plan_sha256", ""),
        ("deploy.started", "/body/dirty", 1, "true or false", "an integer"),
        ("deploy.finished", "/body/result", None, "an object", "null"),
        ("genesis", "/index", True, "0", "a boolean"),
    ],
)
def test_problem_in_words(kind: str, pointer: str, value: object, expected: str, found: str) -> None:
    """A problem says where it is, what the schema asks for and what stands there."""
    problems = SCHEMAS.check_record(replaced(example(kind, full=True), path_of(pointer), value))
    told = [(one.expected, one.found) for one in problems]
    assert any(one[0] == expected and found in one[1] for one in told), problems
    assert {one.pointer for one in problems} <= {pointer, pointer.rpartition("/")[0]}


def test_missing_fields() -> None:
    """Each missing field is one problem, at the object that should have it."""
    document = removed(removed(example("waiver"), ("tool",)), ("actor", "id"))
    assert SCHEMAS.check_record(document) == [
        problem("", "the field tool", "an object without it"),
        problem("/actor", "the field id", "an object without it"),
    ]


def test_problem_as_one_line() -> None:
    """A problem reads as one line for people."""
    assert str(problem("/index", "at least 1", "an integer")) == "/index: expected at least 1, found an integer"
    assert str(problem("", "an object", "null")) == "the document: expected an object, found null"


@pytest.mark.parametrize(
    ("schema", "expected", "found"),
    [
        (
            "gitaudit/change/2",
            "number 1, which this gitaudit reads (upgrade gitaudit to read others)",
            "a record of schema gitaudit/change/2",
        ),
        (
            "gitaudit/x/2",
            "number 1, which this gitaudit reads (upgrade gitaudit to read others)",
            "a record of schema gitaudit/x/2",
        ),
        (
            "gitaudit/anchor/1",
            "a type that number 1 has (anchor is reserved; upgrade gitaudit to read it)",
            "a record of schema gitaudit/anchor/1",
        ),
        ("gitaudit/change/01", "gitaudit/<type>/<number>", "text of 18 characters"),
        ("gitaudit/change/1\n", "gitaudit/<type>/<number>", "text of 18 characters"),
        ("gitaudit/\x1b[2J/1", "gitaudit/<type>/<number>", "text of 15 characters"),
        ("gitaudit/../../x/1", "gitaudit/<type>/<number>", "text of 18 characters"),
        (7, "gitaudit/<type>/<number>", "an integer"),
        (None, "gitaudit/<type>/<number>", "null"),
    ],
)
def test_schema_that_is_not_known(schema: object, expected: str, found: str) -> None:
    """A record of another schema is one clear problem, whatever else is in it."""
    assert SCHEMAS.check_record({"schema": schema, "body": 1}) == [problem("/schema", expected, found)]


def test_type_that_is_not_known() -> None:
    """A record of a type that nobody has heard of is told which types there are."""
    (only,) = SCHEMAS.check_record(example("change") | {"schema": "gitaudit/audit/1"})
    assert only.pointer == "/schema"
    assert "genesis, policy, change" in only.expected


@pytest.mark.parametrize("document", [None, [], "text", 1, True, {}])
def test_document_that_is_no_record(document: object) -> None:
    """What is no object, or an empty one, is refused by every check."""
    assert len(SCHEMAS.check_record(document)) == 1
    assert SCHEMAS.check_policy(document)
    assert SCHEMAS.check_config(document)


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_type_must_fit_the_schema(kind: str) -> None:
    """A record whose type is not the one of its schema is refused."""
    other = "waiver" if kind != "waiver" else "change"
    problems = SCHEMAS.check_record(example(kind) | {"type": other})
    assert problem("/type", kind, f"text of {len(other)} characters") in problems


@pytest.mark.parametrize("name", TEMPLATES)
def test_same_verdict_as_the_plain_libraries(name: str) -> None:
    """The check accepts what the libraries accept by themselves."""
    document = build(TEMPLATES[name])
    for path, _ in walk(document):
        if path[0] in {"body", "admins", "keys", "genesis"}:
            for value in ("\u202e", "prod"):
                changed = replaced(document, path, value)
                assert bool(check(changed)) == (not accepts(file_of(changed), changed)), (path, value)


@pytest.mark.parametrize("name", ["waiver", "freeze", "policy.yml", ".gitaudit.yml"])
def test_no_value_is_told(name: str) -> None:
    """No problem quotes anything of the document, whichever place is wrong."""
    secret = "hunter2-\x1b[31m\n"  # control characters, so that it is wrong everywhere
    document = build(TEMPLATES[name], full=True)
    for path, _ in walk(document):
        for value in (secret, [secret], {secret: secret}):  # the last is an object without known fields: it may pass
            told = [str(one) for one in check(replaced(document, path, value))]
            assert told or isinstance(value, dict), path
            assert not any("hunter2" in one or "\x1b" in one or "\n" in one for one in told), told


def test_number_of_problems_is_bounded() -> None:
    """A document that is wrong everywhere does not make a message without end."""
    policy = policy_example() | {"iac": [7 + number for number in range(256)]}
    assert len(SCHEMAS.check_policy(policy)) == MAX_PROBLEMS


def test_endless_list_is_not_compared() -> None:
    """A list that is too long is told as such, without comparing each item with each other (minutes for these)."""
    keys = [{"number": number} for number in range(20_000)]
    problems = SCHEMAS.check_policy(policy_example() | {"keys": keys})
    assert problem("/keys", "at most 256 items", "a list of 20000 items") in problems


@pytest.mark.parametrize(
    "value", [{1: 2}, "\ud800", {"\ud800": 1}, b"text", {"a"}, float("nan"), float("inf"), 10**400]
)
def test_what_no_json_holds(value: object) -> None:
    """Values that no JSON document can hold are refused where a field is known, and break nothing."""
    assert SCHEMAS.check_record(replaced(example("waiver"), ("actor", "id"), value))
    assert SCHEMAS.check_record(replaced(example("waiver"), ("redaction", "dropped"), value))


def test_refusal_stands_where_nobody_can_explain_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only the fast library refuses a record, it stays refused, with a problem that says so."""
    monkeypatch.setattr(jsonschema.Draft202012Validator, "iter_errors", lambda *_: iter(()))
    document = removed(example("waiver"), ("tool",))
    assert SchemaSet().check_record(document) == [problem("", "what waiver.v1.json allows", "something else")]


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference that leads outside of the package is an error, not a request."""
    stray = {"$id": "https://gitaudit.invalid/schemas/record.v1.json", "$ref": "http://127.0.0.1:9/x.json"}
    monkeypatch.setattr(schemas, "_load", lambda _: stray)
    with pytest.raises(ValueError, match="LookupError"):
        SchemaSet().check_config({})


def test_files_for_the_log() -> None:
    """A log explains itself by the record schemas and the one of its policy, as they are packaged, sorted by name."""
    files = record_schema_files()
    names = [name for name, _ in files]
    assert names == sorted(set(names))
    assert len(names) == len(RECORD_TYPES) + 2
    assert {"record.v1.json", "record.policy.v1.json", "policy.v1.json", "deploy.finished.v1.json"} <= set(names)
    assert "config.v1.json" not in names
    for name, content in files:
        assert content == (FOLDER / name).read_bytes()


def test_good_record_costs_no_slow_import() -> None:
    """Checking a good record does not import jsonschema, and importing the module imports neither."""
    program = """
import json, sys
from gitaudit.adapters import schemas
from gitaudit.adapters.schemas import SchemaSet
assert not {"jsonschema_rs", "jsonschema"} & set(sys.modules)
schemas = SchemaSet()
good, bad = json.loads(sys.stdin.read())
assert schemas.check_record(good) == []
assert "jsonschema" not in sys.modules
assert schemas.check_record(bad) != []
assert "jsonschema" in sys.modules
"""
    good = example("change")
    text = json.dumps([good, good | {"id": SHA256}])
    done = subprocess.run([sys.executable, "-c", program], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
