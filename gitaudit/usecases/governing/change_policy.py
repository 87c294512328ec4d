"""Changing the policy: admitting and removing keys, and the lists that completeness is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitaudit.errors import InputError
from gitaudit.iac.patterns import PathMatcher
from gitaudit.log import paths
from gitaudit.log.commit import sha256_hex
from gitaudit.policy import yaml_text
from gitaudit.policy.change_records import change_fields
from gitaudit.policy.names import check_environment_name, check_key_name
from gitaudit.policy.policy import Key, Policy, with_key, without_key
from gitaudit.usecases.position import Position, find_entry, read_blob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.model import Draft
    from gitaudit.ports import ObjectReader
    from gitaudit.usecases.writing.drafts import Author

MIN_SUFFIX = 8
"""Digits at the end of a fingerprint that name a key; fewer are too easily another one's."""


def current_policy(store: ObjectReader, position: Position) -> tuple[Policy, bytes]:
    """Return the policy in force and its bytes. Raises `LogError` where there is none."""
    entry = None if position.tree is None else find_entry(store, position.tree, paths.POLICY)
    if position.policy is None or entry is None:
        raise InputError("expected a log with a policy, found none", hint="start one with: gitaudit init")
    return position.policy, read_blob(store, entry)


def add_key_draft(
    author: Author,
    policy: Policy,
    base: bytes,
    key: Key,
    certificate: bytes,
    roles: tuple[str, ...],
    *,
    admin: bool,
    admitted: bytes | None = None,
) -> Draft:
    """Return the draft of the record that admits a key; `admitted` is the certificate that the log has of it now.

    Raises:
        ConfigError: a role that the policy does not have.
        InputError: neither a role nor admin, a name that no policy may hold, or nothing that the log does not have.
    """
    if not roles and not admin:
        names = ", ".join(role.name for role in policy.roles)
        raise InputError("expected a role for the key, found none", hint=f"give --role, one of: {names}; or --admin")
    check_key_name(key.name)
    document = with_key(policy, key, roles, admin=admin)
    if admitted == certificate and _in_any_order(document) == _in_any_order(policy.document):
        raise InputError(
            f"expected a key that is not admitted so yet, found that {key.fingerprint} is",
            hint="`gitaudit policy show` has the keys and their roles",
        )
    granted = [*roles, *(["admin"] if admin else [])]
    fields = {"key": key.fingerprint, "roles": granted}
    return _draft(author, "add-key", base, document, fields=fields, certificates={key.fingerprint: certificate})


def _in_any_order(document: Mapping[str, object]) -> dict[str, object]:
    """Return a policy in which the order of its keys plays no part."""
    keys = cast("list[dict[str, object]]", document["keys"])
    return {**document, "keys": sorted(keys, key=lambda entry: str(entry["fingerprint"]))}


def remove_key_draft(author: Author, policy: Policy, base: bytes, fingerprint: str, reason: str | None) -> Draft:
    """Return the draft of the record that removes a key. Raises `ConfigError`: not there, or the last admin."""
    fields: dict[str, object] = {"key": fingerprint}
    if reason is not None:
        fields["reason"] = reason
    return _draft(author, "remove-key", base, without_key(policy, fingerprint), fields=fields)


def set_draft(
    author: Author,
    policy: Policy,
    base: bytes,
    lists: Mapping[str, tuple[str, ...]],
    change_records: Mapping[str, object] | None = None,
    starts: Mapping[str, str] | None = None,
) -> Draft:
    """Return the draft of the record that replaces the lists named: `environments`, `iac`, `protected_refs`.

    An environment that stays keeps what else the policy says of it.

    Args:
        author: of the record.
        policy: in force.
        base: the bytes of the policy in force.
        lists: by name.
        change_records: new `writer`, `on_failure` or `required`; what is not given stays as it is.
        starts: by environment, what to do where the start of a deployment cannot be published: `warn` or `block`.

    Raises:
        InputError: a list that no policy may hold, or nothing that changes the policy.
    """
    for name in lists.get("environments", ()):
        check_environment_name(name)
    PathMatcher(lists.get("iac", ()))
    document = dict(policy.document)
    entries = cast("list[dict[str, object]]", policy.document["environments"])
    known = {entry["name"]: entry for entry in entries}
    for name, values in lists.items():
        document[name] = [known.get(one, {"name": one}) for one in values] if name == "environments" else list(values)
    if change_records:
        records = {"writer": policy.change_writer, "on_failure": policy.on_failure}
        document["change_records"] = {**records, **change_fields(policy), **change_records}
    if starts:
        document["environments"] = _with_starts(cast("list[dict[str, object]]", document["environments"]), starts)
    if document == policy.document:
        raise InputError(
            "expected a change of the policy, found none",
            hint="give an option another value than `gitaudit policy show` has",
        )
    return _draft(author, "set", base, document)


def _with_starts(entries: list[dict[str, object]], starts: Mapping[str, str]) -> list[dict[str, object]]:
    missing = [name for name in starts if name not in {entry["name"] for entry in entries}]
    if missing:
        raise InputError(
            f"expected an environment of the policy, found {missing[0]!r}",
            hint="--env lists the environments, all of them; `gitaudit policy show` shows those that there are",
        )
    return [
        {**entry, "unpublished_start": starts[str(entry["name"])]} if entry["name"] in starts else entry
        for entry in entries
    ]


def find_key(policy: Policy, text: str) -> str:
    """Return the fingerprint of the key of the policy that `text` names: by name, fingerprint, or the end of that.

    Raises:
        InputError: none, or more than one.
    """
    wanted = text.upper().removeprefix("0X").replace(" ", "")
    is_suffix = len(wanted) >= MIN_SUFFIX
    found = [
        key.fingerprint
        for key in policy.keys.values()
        if key.name == text or (is_suffix and key.fingerprint.endswith(wanted))
    ]
    if len(found) != 1:
        raise InputError(
            f"expected {text!r} to name one key of the policy, found {len(found)}",
            hint=f"give its name, its fingerprint, or its last {MIN_SUFFIX} digits or more; see `gitaudit policy show`",
        )
    return found[0]


def _draft(
    author: Author,
    change: str,
    base: bytes,
    document: Mapping[str, object],
    *,
    fields: Mapping[str, object] | None = None,
    certificates: Mapping[str, bytes] | None = None,
) -> Draft:
    text = yaml_text.dump(document)
    files = {paths.POLICY: text, **{paths.key_path(one): data for one, data in (certificates or {}).items()}}
    digests = {"policy_sha256": sha256_hex(text), "previous_sha256": sha256_hex(base)}
    body = {"change": change, **digests, **(fields or {})}
    return author.draft("policy", body, files=files)
