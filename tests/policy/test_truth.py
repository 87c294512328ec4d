"""Whether a policy record says what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitaudit.errors import ConfigError
from gitaudit.policy.policy import Key, Policy, parse_policy, with_key, without_key
from gitaudit.policy.truth import untruths
from tests.policy.test_policy import DEV, OTHER, OWNER, document, policy, role

if TYPE_CHECKING:
    from collections.abc import Mapping

Document = dict[str, Any]
FINGERPRINTS = (OWNER, DEV, OTHER)
NAMES = ("dev", "ops")


def said(change: str, key: str | None = None, roles: list[str] | None = None) -> dict[str, Any]:
    """Return the body of a policy record."""
    fields = {"change": change, "key": key, "roles": roles}
    return {name: value for name, value in fields.items() if value is not None}


def messages(body: Mapping[str, object], after: Policy, before: Policy | None = None, *keys: str) -> list[str]:
    """Return what is not so in a record that sets `after`."""
    return [one.message for one in untruths(body, before or policy(), after, keys)]


def test_what_this_program_writes_is_true() -> None:
    """Admitting, extending, renaming and removing a key are what they say."""
    before = policy(roles=[role("dev", ["change"], ["*"], [DEV]), role("ops", ["drift"], [], [])], unknown=[{"a": 1}])
    new = parse_policy(with_key(before, Key(OTHER, "other", "o@x"), ("dev",), admin=True))
    assert messages(said("add-key", OTHER, ["dev", "admin"]), new, before, OTHER) == []
    more = parse_policy(with_key(before, Key(DEV, "renamed"), ("ops",), admin=False))
    assert messages(said("add-key", DEV, ["ops"]), more, before, DEV) == []
    assert messages(said("add-key", DEV, ["ops", "dev"]), more, before) == []
    assert messages(said("add-key", DEV), more, before) == []
    assert messages(said("remove-key", DEV), parse_policy(without_key(more, DEV)), more) == []


def test_a_record_that_changes_nothing_is_true_where_the_policy_is_so_already() -> None:
    """What a record says need not be new."""
    for body in (said("set"), said("add-key", DEV, ["dev"]), said("add-key", DEV, []), said("remove-key", OTHER)):
        assert messages(body, policy()) == []


def test_all_findings_name_what_was_expected_and_found() -> None:
    """A finding says which key changed, and how."""
    keys = [{"fingerprint": OWNER, "name": "owner"}, {"fingerprint": OTHER, "name": "x"}]
    after = policy(keys=keys, roles=[role("dev", ["change"], ["*"], [OWNER, OTHER])], iac=["*"])
    found = list(untruths(said("remove-key", DEV), policy(), after))
    assert [(one.message, one.expected, one.found) for one in found] == [
        (
            f"the record says remove-key {DEV}, and the commit changes another key",
            f"no change but of {DEV}",
            f"{OWNER}: admin, dev instead of admin; {OTHER}: admitted as dev",
        ),
        (f"the record says remove-key {DEV}, and the policy changes its settings", "no other change", "iac, roles"),
    ]


def test_many_keys_are_not_all_named() -> None:
    """A finding stays short, however many keys change."""
    keys = [{"fingerprint": f"{at:040X}", "name": "x"} for at in range(100)]
    after = policy(keys=[*keys, *document()["keys"]])
    (untruth,) = untruths(said("set"), policy(), after)
    assert untruth.found.endswith("; 97 more")
    assert len(untruth.found) < 300


def test_settings_are_compared_with_their_types() -> None:
    """What a later version may read as a number is not the same as a boolean; the order of fields plays no part."""
    before = policy(future={"a": True, "b": "1"})
    body = said("add-key", DEV, ["dev"])
    assert messages(body, policy(future={"b": "1", "a": True}), before) == []
    assert len(messages(body, policy(future={"a": 1, "b": "1"}), before)) == 1
    assert len(messages(body, policy(future={"a": True, "b": 1}), before)) == 1


def test_a_role_with_the_name_of_the_admins() -> None:
    """Where a role is called admin, the word stands for both; a key that becomes an admin is still told."""
    roles = [role("admin", ["change"], ["*"], [DEV])]
    before = policy(roles=roles)
    after = policy(roles=roles, admins={"threshold": 1, "keys": [OWNER, DEV]})
    assert messages(said("add-key", DEV, ["admin"]), after, before) == []
    assert len(messages(said("add-key", DEV, []), after, before)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"change": ["set"]},
        {"change": "other"},
        {"change": "add-key"},
        {"change": "add-key", "key": 1},
        {"change": "remove-key", "key": None},
        {"change": "add-key", "key": DEV, "roles": "dev"},
        {"change": "add-key", "key": DEV, "roles": ["dev", 1]},
    ],
)
def test_a_body_that_its_schema_refuses_is_left_to_that(body: dict[str, object]) -> None:
    """Nothing is said of fields that are of no use, and nothing breaks."""
    assert messages(body, policy()) == []


def owners(one: Document) -> list[Document]:
    """Return what lists keys in a policy."""
    return [one["admins"], *one["roles"]]


def subsets(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """Return a strategy for lists of some of the values, in any order."""
    return st.lists(st.sampled_from(values), unique=True)


@st.composite
def policies(draw: st.DrawFn) -> Document:
    """Draw a policy with some of three keys."""
    keys = draw(st.lists(st.sampled_from(FINGERPRINTS), unique=True, min_size=1))
    some = subsets(tuple(keys))
    return document(
        keys=[{"fingerprint": key, "name": draw(st.sampled_from("ab"))} for key in keys],
        admins={"threshold": 1, "keys": draw(some) or keys[:1]},
        roles=[role(name, ["change"], ["*"], draw(some)) for name in NAMES],
        iac=draw(st.sampled_from([["*.tf"], ["x"]])),
    )


ROLES = subsets((*NAMES, "admin"))
BODIES = st.one_of(
    st.just(said("set")),
    st.builds(said, st.just("remove-key"), st.sampled_from(FINGERPRINTS)),
    st.builds(said, st.just("add-key"), st.sampled_from(FINGERPRINTS), ROLES),
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Document, Document, dict[str, Any]]:
    """Draw two policies and the body of a record: any, or such that mostly the record's key differs."""
    before, after, body = draw(policies()), draw(policies()), draw(BODIES)
    if draw(st.integers(0, 9)):
        key = body.get("key")
        own = [entry for entry in after["keys"] if entry["fingerprint"] == key]
        others = [entry for entry in before["keys"] if entry["fingerprint"] != key]
        lists = [
            [one for one in old["keys"] if one != key] + [one for one in new["keys"] if one == key]
            for old, new in zip(owners(before), owners(after), strict=True)
        ]
        assume(lists[0])
        roles = [{**one, "keys": keys} for one, keys in zip(before["roles"], lists[1:], strict=True)]
        admins = {"threshold": 1, "keys": lists[0]}
        iac = before["iac"] if draw(st.integers(0, 9)) else after["iac"]
        after = {**before, "keys": others + own, "roles": roles, "admins": admins, "iac": iac}
    return before, after, body


def ordered(one: Document) -> Document:
    """Return a policy with its keys in order."""
    return {
        **one,
        "keys": sorted(one["keys"], key=lambda entry: str(entry["fingerprint"])),
        "admins": {**one["admins"], "keys": sorted(one["admins"]["keys"])},
        "roles": [{**entry, "keys": sorted(entry["keys"])} for entry in one["roles"]],
    }


def replayed(body: dict[str, Any], before: Document, after: Document) -> Document | None:
    """Return what doing as a record says makes of a policy, with what it does not say taken from the other one."""
    parsed, now, key = parse_policy(before), parse_policy(after), str(body.get("key"))
    if body["change"] == "set":
        roles = [{**one, "keys": old["keys"]} for one, old in zip(after["roles"], before["roles"], strict=True)]
        admins = {**after["admins"], "keys": before["admins"]["keys"]}
        return {**after, "keys": before["keys"], "roles": roles, "admins": admins}
    if body["change"] == "remove-key":
        try:
            return without_key(parsed, key) if key in parsed.keys else before
        except ConfigError:
            return None
    if key not in now.keys:
        return None
    listed = body["roles"]
    return with_key(parsed, now.keys[key], tuple({*listed} - {"admin"}), admin="admin" in listed)


@settings(max_examples=600)
@given(changes())
def test_a_record_is_true_exactly_if_doing_as_it_says_makes_the_policy(
    change: tuple[Document, Document, dict[str, Any]],
) -> None:
    """The rule and the commands, which were written apart, agree on any two policies."""
    before, after, body = change
    wanted = replayed(body, before, after)
    true = wanted is not None and ordered(wanted) == ordered(after)
    assert (messages(body, parse_policy(after), parse_policy(before)) == []) == true
