"""`policy.yml`: who may sign what, and what completeness means (docs/format.md, "The policy").

A policy is judged by position: the one that stands in a commit's parent grants what the commit may be. Its form is
checked by `schemas/policy.v1.json` before `parse_policy` reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from gitaudit.errors import ConfigError
from gitaudit.log.commit import DEFAULT_EMAIL
from gitaudit.model import GOVERNING_TYPES, RECORD_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "gitaudit.policy/1"
DEFAULT_TOLERANCE_SECONDS = 600
ANY_ENVIRONMENT = "*"
MAX_EMAIL_BYTES = 254
BLOCK, WARN = "block", "warn"
"""What an environment may say of deployments whose start cannot be published."""
UNLIMITED_TYPES = frozenset({"approval", "override", "freeze"})
"""Records of these types that name no environment speak of all, so their signer must be trusted in all."""
KNOWN_FEATURES: frozenset[str] = frozenset()
"""Names that this version understands in a policy's `critical` list."""

DEFAULT_WRITER, DEFAULT_ON_FAILURE = "developer", "block"
WRITERS = (DEFAULT_WRITER, "ci", "server")
"""Who may be the one to write change records: the pre-push hook, a job on the protected branch, or the server."""
ON_FAILURE = (DEFAULT_ON_FAILURE, "warn")
"""What the pre-push hook does where the log cannot be written."""

DEFAULT_ROLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("developer", ("change", "waiver", "correction")),
    ("ci", ("change", "deploy.started", "deploy.finished", "drift", "waiver", "correction")),
    (
        "release",
        ("deploy.started", "deploy.finished", "approval", "override", "drift", "freeze", "waiver", "correction"),
    ),
)
"""Roles that `init` writes, with the record types each may sign."""


class Key(NamedTuple):
    """A key that the log knows: primary fingerprint in upper-case hex, a name for people, the e-mail of its commits."""

    fingerprint: str
    name: str
    email: str = DEFAULT_EMAIL


class Role(NamedTuple):
    """What the keys of a role may sign: record types, and the environments they may name (`*`, `prod` or `eu/*`)."""

    name: str
    types: tuple[str, ...]
    environments: tuple[str, ...]
    keys: tuple[str, ...]

    def covers(self, environment: str | None, record_type: str) -> bool:
        """Return whether the role may sign records of `environment`; None is for records that name none."""
        if environment is None:
            return record_type not in UNLIMITED_TYPES or ANY_ENVIRONMENT in self.environments
        return any(_matches(pattern, environment) for pattern in self.environments)


class Policy(NamedTuple):
    """A parsed policy; `document` keeps every field, also those that this version does not know.

    Attributes:
        change_writer: one of `WRITERS`.
        on_failure: one of `ON_FAILURE`.
    """

    document: Mapping[str, object]
    origin: str
    admins: tuple[str, ...]
    threshold: int
    keys: Mapping[str, Key]
    roles: tuple[Role, ...]
    environments: tuple[str, ...]
    protected_refs: tuple[str, ...]
    iac: tuple[str, ...]
    tolerance_seconds: int
    critical: tuple[str, ...]
    change_writer: str = DEFAULT_WRITER
    on_failure: str = DEFAULT_ON_FAILURE

    def protects(self, ref: str) -> bool:
        """Return whether a full ref name is that of a protected ref, or lies below one that ends with `/*`."""
        return any(
            ref.startswith(pattern[:-1]) if pattern.endswith("/*") else ref == pattern
            for pattern in self.protected_refs
        )

    def email_of(self, fingerprint: str) -> str:
        """Return the e-mail address that commits of a key carry."""
        key = self.keys.get(fingerprint)
        return DEFAULT_EMAIL if key is None else key.email

    def may_sign(self, fingerprint: str, record_type: str, environment: str | None) -> bool:
        """Return whether a key may sign a record of this type and environment after this policy."""
        if fingerprint not in self.keys:
            return False
        if record_type in GOVERNING_TYPES:
            return fingerprint in self.admins
        return any(
            fingerprint in role.keys and record_type in role.types and role.covers(environment, record_type)
            for role in self.roles
        )

    def blocks_unpublished(self, environment: str) -> bool:
        """Return whether nothing may be deployed to an environment before its start is published."""
        entries = cast("list[Mapping[str, object]]", self.document.get("environments") or [])
        return any(one.get("name") == environment and one.get("unpublished_start") == BLOCK for one in entries)

    def unknown_features(self) -> tuple[str, ...]:
        """Return what this version would have to understand to judge by this policy, and does not."""
        unknown = [name for name in self.critical if name not in KNOWN_FEATURES]
        if self.threshold != 1:
            unknown.append(f"threshold {self.threshold}")
        if self.document.get("revocations"):
            unknown.append("revocations")
        return tuple(unknown)


def parse_policy(document: Mapping[str, object]) -> Policy:
    """Return the policy that a document is; `schemas/policy.v1.json` has accepted it.

    Raises:
        ConfigError: a role or the admins name a key that `keys` does not hold, a key, role or environment stands twice,
            or an e-mail address is too long for a commit.
    """
    fields = cast("Mapping[str, Any]", document)
    for kind, field in (("keys", "fingerprint"), ("roles", "name"), ("environments", "name")):
        _check_unique(kind, [entry[field] for entry in fields[kind]])
    keys = {entry["fingerprint"]: _key(entry) for entry in fields["keys"]}
    roles = tuple(
        Role(
            name=role["name"],
            types=tuple(role["types"]),
            environments=tuple(role["environments"]),
            keys=tuple(role["keys"]),
        )
        for role in fields["roles"]
    )
    admins = tuple(fields["admins"]["keys"])
    for fingerprint in (*admins, *(one for role in roles for one in role.keys)):
        if fingerprint not in keys:
            raise ConfigError(f"policy.yml: expected only keys that stand under keys, found {fingerprint}")
    return Policy(
        document=document,
        origin=fields["origin"],
        admins=admins,
        threshold=fields["admins"]["threshold"],
        keys=keys,
        roles=roles,
        environments=tuple(entry["name"] for entry in fields["environments"]),
        protected_refs=tuple(fields["protected_refs"]),
        iac=tuple(fields["iac"]),
        tolerance_seconds=fields["clock"]["tolerance_seconds"],
        critical=tuple(fields["critical"]),
        change_writer=fields.get("change_records", {}).get("writer", DEFAULT_WRITER),
        on_failure=fields.get("change_records", {}).get("on_failure", DEFAULT_ON_FAILURE),
    )


def first_policy(
    *, origin: str, key: Key, environments: tuple[str, ...], protected_refs: tuple[str, ...], iac: tuple[str, ...]
) -> dict[str, object]:
    """Return the document of the policy that `init` writes: one admin key, which may also sign everything."""
    owner = ("owner", tuple(name for name in RECORD_TYPES if name not in GOVERNING_TYPES))
    return {
        "format": FORMAT,
        "origin": origin,
        "admins": {"threshold": 1, "keys": [key.fingerprint]},
        "keys": [_key_entry(key)],
        "roles": [
            {
                "name": name,
                "types": list(types),
                "environments": [ANY_ENVIRONMENT],
                "keys": [key.fingerprint] if name == owner[0] else [],
            }
            for name, types in (owner, *DEFAULT_ROLES)
        ],
        "environments": [{"name": name} for name in environments],
        "protected_refs": list(protected_refs),
        "iac": list(iac),
        "clock": {"tolerance_seconds": DEFAULT_TOLERANCE_SECONDS},
        "critical": [],
    }


def with_key(policy: Policy, key: Key, roles: tuple[str, ...], *, admin: bool) -> dict[str, object]:
    """Return the policy's document with `key` admitted to `roles`, and to the admins if `admin`.

    Raises:
        ConfigError: a role that the policy does not have.
    """
    names = tuple(role.name for role in policy.roles)
    missing = [name for name in roles if name not in names]
    if missing:
        raise ConfigError(
            f"expected a role of the policy, found {missing[0]!r}", hint=f"the roles are: {', '.join(names)}"
        )
    document = cast("dict[str, Any]", dict(policy.document))
    others = [entry for entry in document["keys"] if entry["fingerprint"] != key.fingerprint]
    document["keys"] = [*others, _key_entry(key)]
    document["roles"] = [
        {**role, "keys": _with(role["keys"], key.fingerprint) if role["name"] in roles else role["keys"]}
        for role in document["roles"]
    ]
    if admin:
        document["admins"] = {**document["admins"], "keys": _with(document["admins"]["keys"], key.fingerprint)}
    return document


def without_key(policy: Policy, fingerprint: str) -> dict[str, object]:
    """Return the policy's document with a key taken out of everything.

    Raises:
        ConfigError: the key is not in the policy, or it is the last admin.
    """
    if fingerprint not in policy.keys:
        raise ConfigError(
            f"expected a key of the policy, found {fingerprint}", hint="see `gitaudit policy show` for the keys"
        )
    if policy.admins == (fingerprint,):
        raise ConfigError(
            "expected another admin to remain, found this key to be the last one",
            hint="admit another admin first: gitaudit policy add-key KEY --admin",
        )
    document = cast("dict[str, Any]", dict(policy.document))
    document["keys"] = [entry for entry in document["keys"] if entry["fingerprint"] != fingerprint]
    document["roles"] = [{**role, "keys": _less(role["keys"], fingerprint)} for role in document["roles"]]
    document["admins"] = {**document["admins"], "keys": _less(document["admins"]["keys"], fingerprint)}
    return document


def _check_unique(kind: str, names: list[str]) -> None:
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise ConfigError(f"policy.yml: expected each of the {kind} once, found {twice} twice")


def _key(entry: Mapping[str, str]) -> Key:
    key = Key(fingerprint=entry["fingerprint"], name=entry["name"], email=entry.get("email", DEFAULT_EMAIL))
    size = len(key.email.encode("utf-8"))
    if size > MAX_EMAIL_BYTES:
        raise ConfigError(f"policy.yml: expected an email of at most {MAX_EMAIL_BYTES} bytes, found {size}")
    return key


def _matches(pattern: str, environment: str) -> bool:
    if pattern.endswith("*"):
        return environment.startswith(pattern[:-1])
    return pattern == environment


def _key_entry(key: Key) -> dict[str, object]:
    entry: dict[str, object] = {"fingerprint": key.fingerprint, "name": key.name}
    if key.email != DEFAULT_EMAIL:
        entry["email"] = key.email
    return entry


def _with(keys: list[str], fingerprint: str) -> list[str]:
    return keys if fingerprint in keys else [*keys, fingerprint]


def _less(keys: list[str], fingerprint: str) -> list[str]:
    return [key for key in keys if key != fingerprint]
