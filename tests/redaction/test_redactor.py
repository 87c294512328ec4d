"""The last door before a draft is kept: what it takes out, what it refuses, and what it says."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitaudit.errors import InputError, RefusedError
from gitaudit.model import RECORD_TYPES, Draft
from gitaudit.redaction.known import known
from gitaudit.usecases.writing.redact import Redactor
from tests.schemas.examples import example
from tests.support.logs import SCANNER, LogMaker
from tests.support.secrets import made_secrets

SECRET = made_secrets()["GitHub token"]
KEY_ID = made_secrets()["AWS key id"]
"""Only the library knows it."""


def draft(body: dict[str, Any] | None = None, *, kind: str = "deploy.finished", **more: object) -> Draft:
    """Return a draft with a body, and with fields of its own."""
    document = {"type": kind, "body": body or {}, "redaction": {"dropped": 2, "scrubbed": 0}, **more}
    return Draft(document=document)


def refusal(one: Draft, **options: Any) -> RefusedError:  # noqa: ANN401 - what a Redactor takes
    """Return the error for a draft that is refused; neither it nor its hint holds a secret."""
    with pytest.raises(RefusedError) as caught:
        Redactor(scanner=SCANNER, **options).clean(one)
    assert not any(secret in f"{caught.value.message} {caught.value.hint}" for secret in (SECRET, KEY_ID))
    assert caught.value.exit_code == 2
    return caught.value


def items(*names: str) -> dict[str, Any]:
    """Return the body of a deployment whose plan has resources of these addresses."""
    return {"plan": {"resources": {"total": 9, "items": [{"address": name, "action": "create"} for name in names]}}}


@pytest.mark.parametrize("secret", [SECRET, KEY_ID], ids=["by its looks", "by the library"])
@pytest.mark.parametrize(
    ("body", "more", "pointer"),
    [
        ({"reason": "x {}"}, {}, "/body/reason"),
        ({"ticket": "{}"}, {}, "/body/ticket"),
        ({}, {"links": [{"rel": "a", "href": "https://a"}, {"rel": "b", "href": "https://b/?t={}"}]}, "/links/1/href"),
        ({"environment": {"id": "{}"}}, {}, "/body/environment/id"),
        ({"stack": {"name": "{}"}}, {}, "/body/stack/name"),
        ({"evidence": [{"name": "{}.json"}]}, {}, "/body/evidence/0/name"),
        ({"plan": {"outputs": {"items": [{"name": "{}"}]}}}, {}, "/body/plan/outputs/items/0/name"),
        ({"future_field": [{"x": ["{}"]}]}, {}, "/body/future_field/0/x/0"),
        ({"argv": ["terraform", "{}"]}, {}, "/body/argv/1"),
        ({}, {"subject": {"ref": "refs/heads/{}"}}, "/subject/ref"),
        ({}, {"actor": {"id": "{}"}}, "/actor/id"),
        ({}, {"origin": "{}"}, "/origin"),
        ({"files": {"items": [{"path": "live/{}.tf"}]}}, {}, "/body/files/items/0/path"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_secret_in_any_field_is_refused(secret: str, body: dict[str, Any], more: dict[str, Any], pointer: str) -> None:
    """The message names the field as a JSON pointer, and never the value."""

    def filled(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return {name: filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [filled(item) for item in value]
        return value.replace("{}", secret)

    assert f"would hold a secret at {pointer} (" in refusal(draft(filled(body), **filled(more))).message


def test_path_in_base64() -> None:
    """It is looked at as what it stands for."""
    path = base64.b64encode(f"live/\x01{SECRET}.tf".encode()).decode()
    assert "/path_base64 (" in refusal(draft({"files": [{"path_base64": path}]}, kind="change")).message


def test_secret_as_the_name_of_a_field() -> None:
    """Nobody names fields so, but a tool's file may; no part of the pointer tells it either."""
    found = refusal(draft({"counts": {SECRET: KEY_ID}}))
    assert "at /body/counts (" in found.message
    assert "/body/counts/* (AWS" in found.message


def test_many_places() -> None:
    """Five are named, the others are counted."""
    found = refusal(draft(items(*[SECRET] * 9)))
    assert "/body/plan/resources/items/4/address" in found.message
    assert "and 4 more places" in found.message
    assert "items/5" not in found.message


@pytest.mark.parametrize("before", ["token=", "the secret is", "password: '", "Bearer", "aws key", "a://b:", "x"])
def test_no_field_hides_the_next_one(before: str) -> None:
    """Fields are looked at together first; what one ends with must not swallow what another begins with."""
    for secret in (f"<x>password={SECRET}", "<x>password=hunter2", f"$A {KEY_ID}", "-----BEGIN PRIVATE KEY-----"):
        found = refusal(draft({"reason": before, "ticket": secret}))
        assert "/body/ticket (" in found.message


@pytest.mark.parametrize(
    ("one", "hint"),
    [
        (draft({"reason": SECRET}), "write it without the secret, or go on without the field: --redact /body/reason"),
        (draft(items(SECRET)), "rename that thing and replace the secret"),
        (draft(items(SECRET)), "--redact /body/plan/resources/items/0/address"),
        (
            draft({"files": [{"path": SECRET}]}, kind="change"),
            "rename the file, rewrite the commit before it is pushed",
        ),
        (draft(subject={"ref": SECRET}, kind="change"), "rename the branch"),
        (draft(origin=SECRET), "write it without the secret; what was given is kept nowhere"),
    ],
)
def test_hint_says_what_to_do(one: Draft, hint: str) -> None:
    """What helps depends on where the secret stands."""
    assert hint in str(refusal(one).hint)


def test_known_values_are_taken_out_of_free_text() -> None:
    """Secret and given ones, in every form, counted; names stay as they are."""
    body = {"reason": "used hunter2pass, aHVudGVyMnBhc3M=, eu-west-1", "environment": {"id": "eu-west-1"}}
    links = [{"rel": "x", "href": "https://a/?p=hunter2pass"}]
    redactor = Redactor(scanner=SCANNER, known=known(secret=["hunter2pass"], given=["eu-west-1"]))

    cleaned = redactor.clean(draft(body, links=links)).document

    assert cleaned["body"] == {
        "reason": "used [redacted], [redacted], [redacted]",
        "environment": {"id": "eu-west-1"},
    }
    assert cleaned["links"] == [{"rel": "x", "href": "https://a/?p=[redacted]"}]
    assert cleaned["redaction"] == {"dropped": 2, "scrubbed": 4}
    assert redactor.clean(Draft(document=cleaned)).document == cleaned


def test_links_keep_ordinary_words() -> None:
    """A link without the name of the environment would lead nowhere; without a password it should."""
    links = [{"rel": "run", "href": "https://ci.example.com/production/tulip-2026?pin=t0ps3cret"}]
    values = known(secret=["t0ps3cret"], given=["production", "tulip-2026"])
    cleaned = Redactor(scanner=SCANNER, known=values).clean(draft({"reason": "production"}, links=links)).document
    assert cleaned["links"] == [{"rel": "run", "href": "https://ci.example.com/production/[redacted]?pin=[redacted]"}]
    assert cleaned["body"] == {"reason": "[redacted]"}


def test_known_secret_in_a_name_is_refused() -> None:
    """A name cannot be changed for the record; an ordinary word, though secret, is a name all the same."""
    found = refusal(draft(items('x["hunter2pass"]')), known=known(secret=["hunter2pass"]))
    assert "items/0/address (a value that is known to be secret)" in found.message
    assert "hunter2pass" not in f"{found.message}{found.hint}"
    plain = draft(items("aws_db_instance.postgres"))
    assert Redactor(scanner=SCANNER, known=known(secret=["postgres"])).clean(plain) == plain
    given = draft(items("hunter2pass"))
    assert Redactor(scanner=SCANNER, known=known(given=["hunter2pass"])).clean(given) == given


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        (["/body/reason"], {"ticket": "T-1", "argv": ["a", "b"]}),
        (["reason"], {"ticket": "T-1", "argv": ["a", "b"]}),
        (["body.reason", "ticket"], {"argv": ["a", "b"]}),
        (["/body/argv/1"], {"reason": "r", "ticket": "T-1", "argv": ["a", "[redacted]"]}),
    ],
)
def test_leaving_fields_out(fields: list[str], left: dict[str, Any]) -> None:
    """By pointer, as the refusal names them, or by name; each counts as dropped."""
    one = draft({"reason": "r", "ticket": "T-1", "argv": ["a", "b"]})
    cleaned = Redactor(scanner=SCANNER, leave_out=tuple(fields)).clean(one).document
    assert cleaned["body"] == left
    assert cleaned["redaction"] == {"dropped": 2 + len(fields), "scrubbed": 0}


def test_leaving_a_name_out_of_a_list() -> None:
    """The item stays, so that the numbers of the list stay true."""
    one = draft(items("a", SECRET))
    cleaned = Redactor(scanner=SCANNER, leave_out=("/body/plan/resources/items/1/address",)).clean(one)
    assert cleaned.document["body"] == items("a", "[redacted]")


def test_leaving_links_out() -> None:
    """One link goes whole, since none can do without its address; or all of them."""
    links = [{"rel": "a", "href": "https://a"}, {"rel": "b", "href": f"https://b/?t={SECRET}"}]
    for name, left in (("/links/1/href", links[:1]), ("/links/1", links[:1]), ("links", None)):
        cleaned = Redactor(scanner=SCANNER, leave_out=(name,)).clean(draft(links=links)).document
        assert cleaned.get("links") == left


@pytest.mark.parametrize(
    "name", ["", "/", "nothing", "/body", "body", "type", "/redaction/dropped", "/body/argv/7", "x/y"]
)
def test_fields_that_cannot_be_left_out(name: str) -> None:
    """A mistake in the name must not leave the secret in, nor take the record apart."""
    with pytest.raises(InputError, match="expected --redact to name a field"):
        Redactor(scanner=SCANNER, leave_out=(name,)).clean(draft({"argv": ["a"]}))


def test_the_rest_is_still_looked_at() -> None:
    """Leaving one field out does not let another pass."""
    one = draft({"reason": SECRET, "ticket": SECRET})
    assert "at /body/ticket" in refusal(one, leave_out=("reason",)).message


@pytest.mark.parametrize("path", ["policy.yml", "attachments/x", "keys/x.asc"])
def test_files_that_come_with_a_record(path: str) -> None:
    """By line; a private key in the place of a public one too."""
    one = Draft(document=draft().document, files={path: b"# fine\nkey: -----BEGIN PGP PRIVATE KEY BLOCK-----\n"})
    assert f"at {path}:2 (private key)" in refusal(one).message


def test_a_log_begins_without_an_alarm() -> None:
    """Policy with fingerprints, keys, schemas and README are files that every log has."""
    assert LogMaker().position.size == 1


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_examples_of_every_type_pass(kind: str) -> None:
    """With every optional field and without."""
    for document in (example(kind, full=True), example(kind)):
        assert Redactor(scanner=SCANNER).clean(Draft(document=document)).document == document


WORDS = st.text(max_size=30) | st.sampled_from(sorted(made_secrets().values()))
JSON = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["reason", "argv", "plan", "path_base64"]) | WORDS, JSON, max_size=3))
def test_whatever_a_draft_holds(body: dict[str, Any]) -> None:
    """It is kept or refused, never a bug; what is kept passes again unchanged, and what is refused is not told."""
    redactor = Redactor(scanner=SCANNER, known=known(secret=["hunter2pass"], given=["production"]))
    try:
        kept = redactor.clean(draft(body))
    except RefusedError as error:
        told = f"{error.message} {error.hint}"
        assert not [one for one in made_secrets().values() if len(one) > 8 and one in told]
    else:
        assert redactor.clean(kept) == kept
