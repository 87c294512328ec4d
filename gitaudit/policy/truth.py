"""Whether a policy record says what it does: its body against the two policies (docs/format.md, "policy").

What a policy says of a key is its entry under `keys`, whether it is an admin, and the roles that list it; the file in
`keys/` belongs to it. All the rest, with fields that this version does not know, are settings. In lists of keys the
order plays no part.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from gitaudit.policy.policy import Policy

SET, ADD_KEY, REMOVE_KEY, REVOKE_KEY = "set", "add-key", "remove-key", "revoke-key"
ADMIN = "admin"
"""What stands for the admins among the `roles` of a record."""
MAX_NAMED = 3
MAX_NAME = 64


class Untruth(NamedTuple):
    """What a record says, and the commit does otherwise: a message, and what was expected and found."""

    message: str
    expected: str
    found: str


class _Standing(NamedTuple):
    """What a policy says of a key: its entry as text, and its roles, where None stands for the admins."""

    entry: str
    roles: frozenset[str | None]


def untruths(
    body: Mapping[str, object], before: Policy, after: Policy, certificates: Collection[str] = ()
) -> Iterator[Untruth]:
    """Yield what the body of a policy record says, and is not so; nothing of a body that its schema refuses.

    Args:
        body: of the record.
        before: the policy of the parent.
        after: the policy of the record's own commit.
        certificates: fingerprints of the keys whose file in `keys/` the commit changes.
    """
    change, key = body.get("change"), body.get("key")
    was, now = _standings(before), _standings(after)
    if change == SET:
        if "key" in body:
            yield Untruth("the record says set, and names a key", "no key", str(key))
        yield from _no_roles(SET, body)
        yield from _other_keys("set", None, was, now, certificates)
    elif change == REVOKE_KEY:
        yield Untruth("the record says revoke-key, and the policy revokes none", "a policy with revocations", "none")
    elif change in (ADD_KEY, REMOVE_KEY) and isinstance(key, str):
        says = f"{change} {key}"
        if change == ADD_KEY:
            yield from _admission(says, body, was.get(key), now.get(key))
        else:
            if key in now:
                roles = _named(now[key].roles)
                yield Untruth(f"the record says {says}, and the policy still has the key", "no such key", roles)
            yield from _no_roles(says, body)
        yield from _other_keys(says, key, was, now, certificates)
        yield from _settings_changed(says, before, after)


def _admission(
    says: str, body: Mapping[str, object], was: _Standing | None, now: _Standing | None
) -> Iterator[Untruth]:
    if now is None:
        yield Untruth(f"the record says {says}, and the policy does not have the key", "the key under keys", "none")
        return
    before = frozenset[str | None]() if was is None else was.roles
    if before - now.roles:
        message = f"the record says {says}, and the policy takes roles from the key"
        yield Untruth(message, f"at least {_named(before)}", _named(now.roles))
    roles = _roles(body)
    if roles is None:
        return
    gained, held = ({_name(role) for role in some} for some in (now.roles - before, now.roles))
    if not gained <= roles <= held:
        expected = _named(held) if gained == held else f"at least {_named(gained)}, at most {_named(held)}"
        yield Untruth(f"the record says {says}, and lists other roles than the key gets", expected, _named(roles))


def _no_roles(says: str, body: Mapping[str, object]) -> Iterator[Untruth]:
    roles = _roles(body)
    if roles:
        yield Untruth(f"the record says {says}, and lists roles that a key is admitted to", "no roles", _named(roles))


def _other_keys(
    says: str,
    key: str | None,
    was: Mapping[str, _Standing],
    now: Mapping[str, _Standing],
    certificates: Collection[str],
) -> Iterator[Untruth]:
    """Yield that the commit changes keys of which the record says nothing."""
    changed = []
    for other in sorted({*was, *now, *certificates} - {key}):
        what = _difference(was.get(other), now.get(other)) or ("another certificate" if other in certificates else "")
        if what:
            changed.append(f"{other}: {what}")
    if changed:
        which, expected = ("another key", f"no change but of {key}") if key else ("keys", "no change of keys")
        yield Untruth(f"the record says {says}, and the commit changes {which}", expected, _some(changed, "; "))


def _difference(was: _Standing | None, now: _Standing | None) -> str:
    """Return in words how what is said of a key differs, nothing where it does not."""
    if was == now:
        return ""
    if now is None:
        return "removed"
    if was is None:
        return f"admitted as {_named(now.roles)}"
    if was.roles != now.roles:
        return f"{_named(now.roles)} instead of {_named(was.roles)}"
    return "another name or address"


def _settings_changed(says: str, before: Policy, after: Policy) -> Iterator[Untruth]:
    was, now = _settings(before), _settings(after)
    changed = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    if changed:
        message = f"the record says {says}, and the policy changes its settings"
        yield Untruth(message, "no other change", _some([name[:MAX_NAME] for name in changed], ", "))


def _standings(policy: Policy) -> dict[str, _Standing]:
    """Return what a policy says of each key that it lists."""
    roles: dict[str, set[str | None]] = {fingerprint: set() for fingerprint in policy.keys}
    for fingerprint in policy.admins:
        roles[fingerprint].add(None)
    for role in policy.roles:
        for fingerprint in role.keys:
            roles[fingerprint].add(role.name)
    entries = cast("list[dict[str, object]]", policy.document["keys"])
    found = {str(entry["fingerprint"]): _text(entry) for entry in entries}
    return {fingerprint: _Standing(found[fingerprint], frozenset(names)) for fingerprint, names in roles.items()}


def _settings(policy: Policy) -> dict[str, str]:
    """Return the fields of a policy as texts, without what they say of keys."""
    fields = {name: value for name, value in policy.document.items() if name != "keys"}
    fields["admins"] = _without_keys(fields["admins"])
    fields["roles"] = [_without_keys(role) for role in cast("list[object]", fields["roles"])]
    return {name: _text(value) for name, value in fields.items()}


def _without_keys(entry: object) -> dict[str, object]:
    return {name: value for name, value in cast("Mapping[str, object]", entry).items() if name != "keys"}


def _text(value: object) -> str:
    """Return a value such that equal texts are equal values of equal types: `true` is not 1."""
    return json.dumps(value, sort_keys=True)


def _roles(body: Mapping[str, object]) -> set[str] | None:
    """Return the roles that a record lists, None where it lists none or its schema refuses them."""
    roles = body.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        return None
    return set(roles)


def _name(role: str | None) -> str:
    return ADMIN if role is None else role


def _named(roles: Iterable[str | None]) -> str:
    return ", ".join(sorted({_name(role) for role in roles})) or "no role"


def _some(texts: list[str], between: str) -> str:
    more = f"{between}{len(texts) - MAX_NAMED} more" if len(texts) > MAX_NAMED else ""
    return between.join(texts[:MAX_NAMED]) + more
