"""The policy: who may sign what, where; and changes of it."""

from __future__ import annotations

from typing import Any

import pytest

from gitaudit.adapters.schemas import SchemaSet
from gitaudit.errors import ConfigError
from gitaudit.log.commit import DEFAULT_EMAIL
from gitaudit.model import GOVERNING_TYPES, RECORD_TYPES
from gitaudit.policy import yaml_text
from gitaudit.policy.policy import Key, Policy, first_policy, parse_policy, with_key, without_key

OWNER, DEV, OTHER = "A" * 40, "B" * 40, "C" * 40
SCHEMAS = SchemaSet()
TYPES = ["change", "deploy.finished", "approval", "override", "freeze", "drift"]


def document(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    """Return the document of a policy with one admin and one developer, some fields replaced."""
    return {
        "format": "gitaudit.policy/1",
        "origin": "example.com/infra",
        "admins": {"threshold": 1, "keys": [OWNER]},
        "keys": [{"fingerprint": OWNER, "name": "owner"}, {"fingerprint": DEV, "name": "dev", "email": "dev@x"}],
        "roles": [
            role("dev", TYPES, ["eu/*", "prod"], [DEV]),
        ],
        "environments": [{"name": "prod"}, {"name": "eu/west"}],
        "protected_refs": ["refs/heads/main"],
        "iac": ["*.tf"],
        "clock": {"tolerance_seconds": 60},
        "critical": [],
        **changes,
    }  # fmt: skip


def role(name: str, types: list[str], environments: list[str], keys: list[str]) -> dict[str, Any]:
    """Return a role."""
    return {"name": name, "types": types, "environments": environments, "keys": keys}


def policy(**changes: Any) -> Policy:  # noqa: ANN401 - JSON values
    """Return a policy that its schema accepts."""
    wanted = document(**changes)
    assert SCHEMAS.check_policy(wanted) == []
    return parse_policy(wanted)


def test_fields() -> None:
    """Every field can be asked for, and the document is kept."""
    found = policy(unknown={"a": 1})
    assert (found.origin, found.admins, found.threshold) == ("example.com/infra", (OWNER,), 1)
    assert (found.environments, found.protected_refs, found.iac) == (
        ("prod", "eu/west"),
        ("refs/heads/main",),
        ("*.tf",),
    )
    assert (found.tolerance_seconds, found.critical) == (60, ())
    assert found.document == document(unknown={"a": 1})


def test_emails() -> None:
    """A key's commits carry its own address, or the one that all others share."""
    found = policy()
    assert [found.email_of(one) for one in (DEV, OWNER, OTHER)] == ["dev@x", DEFAULT_EMAIL, DEFAULT_EMAIL]


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_admins_sign_what_governs_and_nothing_else(kind: str) -> None:
    """Being an admin is no role, and no role makes an admin."""
    found = policy(roles=[role("all", list(RECORD_TYPES), ["*"], [DEV])])
    assert found.may_sign(OWNER, kind, None) == (kind in GOVERNING_TYPES)
    assert found.may_sign(DEV, kind, None) == (kind not in GOVERNING_TYPES)
    assert not found.may_sign(OTHER, kind, None)


@pytest.mark.parametrize(
    ("environment", "granted"),
    [("prod", True), ("production", False), ("pro", False), ("eu/west", True), ("eu/", True), ("eu", False)],
)  # fmt: skip
def test_environments(environment: str, granted: bool) -> None:  # noqa: FBT001 - the case
    """An environment is covered by its name, or by the start of it and a star."""
    assert policy().may_sign(DEV, "deploy.finished", environment) == granted


def test_any_environment() -> None:
    """A star alone covers all."""
    found = policy(roles=[role("dev", ["freeze"], ["*"], [DEV])])
    assert found.may_sign(DEV, "freeze", "anything")
    assert found.may_sign(DEV, "freeze", None)


@pytest.mark.parametrize(
    ("kind", "granted"),
    [("change", True), ("drift", True), ("approval", False), ("override", False), ("freeze", False)],
)
def test_records_that_name_no_environment(kind: str, granted: bool) -> None:  # noqa: FBT001 - the case
    """Where naming none means all, only a role that covers all may sign it."""
    assert policy().may_sign(DEV, kind, None) == granted


def test_a_type_that_a_role_does_not_have() -> None:
    """A role grants its types and no others."""
    assert not policy().may_sign(DEV, "waiver", None)


def test_roles_are_not_added_up() -> None:
    """The type of one role and the environment of another grant nothing together."""
    found = policy(roles=[role("one", ["freeze"], ["a"], [DEV]), role("two", ["drift"], ["b"], [DEV])])
    assert found.may_sign(DEV, "freeze", "a")
    assert not found.may_sign(DEV, "freeze", "b")


def test_features_that_need_a_newer_reader() -> None:
    """More than one admin, revocations and unknown critical features are told."""
    revocation = {"key": DEV, "reason": "compromised", "since_index": 3}
    found = policy(
        admins={"threshold": 2, "keys": [OWNER]}, critical=["anchors"], revocations=[revocation]
    )  # fmt: skip
    assert found.unknown_features() == ("anchors", "threshold 2", "revocations")
    assert policy(revocations=[]).unknown_features() == ()


KEYS = document()["keys"]
ROLE = document()["roles"][0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keys": [*KEYS, {"fingerprint": DEV, "name": "again"}]}, f"each of the keys once, found {DEV} twice"),
        ({"roles": [ROLE, {**ROLE, "keys": []}]}, "each of the roles once, found dev twice"),
        ({"environments": [{"name": "a"}, {"name": "a", "tier": "other"}]}, "each of the environments once, found a"),
        ({"admins": {"threshold": 1, "keys": [OTHER]}}, f"keys that stand under keys, found {OTHER}"),
        ({"roles": [{**ROLE, "keys": [OTHER]}]}, f"keys that stand under keys, found {OTHER}"),
        ({"keys": [KEYS[0], {**KEYS[1], "email": "é" * 126 + "@xyz"}]}, "an email of at most 254 bytes, found 256"),
    ],
)
def test_what_the_schema_cannot_say(changes: dict[str, Any], message: str) -> None:
    """Names that stand twice, keys that stand nowhere and addresses that no commit could carry are refused."""
    assert SCHEMAS.check_policy(document(**changes)) == []
    with pytest.raises(ConfigError) as caught:
        parse_policy(document(**changes))
    assert message in caught.value.message


def made(key: Key, **changes: Any) -> Policy:  # noqa: ANN401 - arguments of `first_policy`
    """Return the first policy of a log, read back from its text."""
    arguments = {"environments": ("prod",), "protected_refs": ("refs/heads/main",), "iac": ("*.tf",), **changes}
    text = yaml_text.dump(first_policy(origin="example.com/infra", key=key, **arguments))
    found = yaml_text.load(text, "policy.yml")
    assert SCHEMAS.check_policy(found) == []
    return parse_policy(found)


def test_first_policy() -> None:
    """Who begins a log is its admin and may sign everything; further roles wait for keys."""
    found = made(Key(fingerprint=OWNER, name="owner", email="o@x"))
    assert all(found.may_sign(OWNER, kind, "prod") for kind in RECORD_TYPES)
    assert {one.name: one.keys for one in found.roles} == {"owner": (OWNER,), "developer": (), "ci": (), "release": ()}
    assert (found.email_of(OWNER), found.tolerance_seconds) == ("o@x", 600)
    assert "email" not in made(Key(fingerprint=OWNER, name="owner")).document["keys"][0]  # type: ignore[index]  # a list


@pytest.mark.parametrize("name", ["1e5", "y", "on", "0o17", "null", "-", "2026"])
def test_first_policy_with_awkward_names(name: str) -> None:
    """An environment may be called what YAML would take for something else."""
    if name != "-":
        assert made(Key(fingerprint=OWNER, name="owner"), environments=(name,)).environments == (name,)


def test_admitting_a_key() -> None:
    """A key comes under keys, into its roles, and to the admins if wished; all else stays."""
    before = policy()
    found = parse_policy(with_key(before, Key(fingerprint=OTHER, name="new"), ("dev",), admin=True))
    assert found.may_sign(OTHER, "change", None)
    assert found.admins == (OWNER, OTHER)
    assert found.keys[OTHER] == Key(fingerprint=OTHER, name="new")
    assert before.document == document()
    plain = with_key(before, Key(fingerprint=OTHER, name="new"), (), admin=False)
    assert plain == {**document(), "keys": [*KEYS, {"fingerprint": OTHER, "name": "new"}]}


def test_admitting_a_key_again() -> None:
    """A key that is there already is not there twice, and may change its name."""
    found = parse_policy(with_key(policy(), Key(fingerprint=DEV, name="ci"), ("dev",), admin=False))
    assert found.keys[DEV] == Key(fingerprint=DEV, name="ci")
    assert found.roles[0].keys == (DEV,)
    assert parse_policy(with_key(found, Key(fingerprint=OWNER, name="o"), (), admin=True)).admins == (OWNER,)


def test_admitting_a_key_to_no_such_role() -> None:
    """A role that the policy does not have is refused, and those it has are named."""
    with pytest.raises(ConfigError, match="found 'ops'") as caught:
        with_key(policy(), Key(fingerprint=OTHER, name="new"), ("dev", "ops"), admin=False)
    assert caught.value.hint == "the roles are: dev"


def test_removing_a_key() -> None:
    """A key goes out of everything."""
    both = parse_policy(with_key(policy(), Key(fingerprint=DEV, name="dev"), ("dev",), admin=True))
    found = parse_policy(without_key(both, DEV))
    assert (DEV in found.keys, found.roles[0].keys, found.admins) == (False, (), (OWNER,))


def test_removing_what_is_not_there() -> None:
    """A key that the policy does not have cannot be removed."""
    with pytest.raises(ConfigError, match=f"found {OTHER}"):
        without_key(policy(), OTHER)


def test_removing_the_last_admin() -> None:
    """A log always has an admin."""
    with pytest.raises(ConfigError, match="another admin to remain"):
        without_key(policy(), OWNER)


def test_who_writes_change_records() -> None:
    """A policy that says nothing leaves it to the developer, whose push is blocked without a record."""
    silent = parse_policy(document())
    told = parse_policy(document(change_records={"writer": "ci", "on_failure": "warn"}))

    assert (silent.change_writer, silent.on_failure) == ("developer", "block")
    assert (told.change_writer, told.on_failure) == ("ci", "warn")


@pytest.mark.parametrize(
    ("ref", "protected"),
    [
        ("refs/heads/main", True),
        ("refs/heads/main2", False),
        ("refs/heads/release/1", True),
        ("refs/heads/release/1/x", True),
        ("refs/heads/release", False),
        ("main", False),
    ],
)
def test_protected_refs(ref: str, protected: bool) -> None:  # noqa: FBT001 - a column of the table
    """A full name is one ref; one that ends with `/*` is every ref below it."""
    policy = parse_policy(document(protected_refs=["refs/heads/main", "refs/heads/release/*"]))

    assert policy.protects(ref) is protected
