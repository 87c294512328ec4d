"""What the schema of a record cannot say: fields that must fit each other."""

from __future__ import annotations

from typing import Any

import pytest

from gitaudit.log.canonical import encode
from gitaudit.log.record import parse_record
from gitaudit.usecases.verifying.consistency import contradictions

SIGNER = "openpgp:" + "A" * 40
DIGEST = "ab" * 32


def told(**body: Any) -> list[str]:  # noqa: ANN401 - JSON values
    """Return what is wrong with a record of a body."""
    files = [{"path": f"attachments/{DIGEST}", "sha256": DIGEST}]
    return contradictions(parse_record(encode({"recorded_by": SIGNER, "body": body, "files": files})))


@pytest.mark.parametrize("listed", [{"total": 0, "items": []}, {"total": 2, "items": [1], "sha256": DIGEST}])
@pytest.mark.parametrize("holder", ["files", "resources", "plan", "result"])
def test_good_lists(holder: str, listed: dict[str, object]) -> None:
    """A whole list has no SHA-256, a cut one has."""
    body = {holder: listed if holder in {"files", "resources"} else {"resources": listed, "outputs": listed}}
    assert told(**body) == []


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ({"total": 0, "items": [1]}, "at most as many items in {} as its total, found 1"),
        ({"total": 1, "items": [1], "sha256": DIGEST}, "sha256 in {} exactly where items holds fewer"),
        ({"total": 2, "items": [1]}, "sha256 in {} exactly where items holds fewer"),
    ],
)
@pytest.mark.parametrize("place", ["files", "resources", "plan.drift", "plan.outputs", "result.resources"])
def test_bad_lists(place: str, listed: dict[str, object], message: str) -> None:
    """More items than in total, and a SHA-256 too many or too few, are told wherever a list stands."""
    outer, _, inner = place.partition(".")
    (found,) = told(**{outer: {inner: listed} if inner else listed})
    assert message.format(place) in found


@pytest.mark.parametrize(
    "name", ["started_at", "finished_at", "expires_at", "from", "until", "authored_at", "committed_at"]
)
def test_times(name: str) -> None:
    """A time that does not exist is told by the name of its field."""
    assert told(**{name: "2024-02-29T00:00:00Z"}) == []
    (found,) = told(**{name: "2026-02-29T00:00:00Z"})
    assert found.startswith(f"{name}: expected a time")


def test_times_of_a_review() -> None:
    """The times of a review are looked at as well."""
    (found,) = told(review={"due_at": "2026-04-31T00:00:00Z", "reviewed_at": "2026-04-30T00:00:00Z"})
    assert found.startswith("review.due_at: ")


def test_actors() -> None:
    """Who ran or triggered a deployment is proved by GPG only where it is the signer."""
    other = {"kind": "human", "id": "openpgp:" + "B" * 40, "auth": "gpg"}
    assert told(executor={**other, "id": SIGNER}, triggered_by={**other, "auth": "unverified"}) == []
    assert told(executor=other) == ["expected auth gpg of executor only where it is the signer"]
    assert told(triggered_by=other) == ["expected auth gpg of triggered_by only where it is the signer"]


def test_evidence() -> None:
    """Evidence that is said to be stored is among the files."""
    assert told(evidence=[{"stored": "attachment", "sha256": DIGEST}, {"stored": "none", "sha256": "cd" * 32}]) == []
    (found,) = told(evidence=[{"stored": "attachment", "sha256": "cd" * 32}])
    assert "among files as an attachment" in found


@pytest.mark.parametrize("odd", [None, True, 1, "x", [], {}, [None, 1, {}], {"total": "1", "items": 1}])
def test_odd_values(odd: object) -> None:
    """What the schema refuses anyway is left to it, whatever it is."""
    names = ("files", "resources", "plan", "result", "review", "executor", "evidence")
    assert told(**dict.fromkeys(names, odd)) == []
    assert told(expires_at=5, review={"due_at": None}) == []
    assert contradictions(parse_record(encode({"body": odd, "files": odd}))) == []
