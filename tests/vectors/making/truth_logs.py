"""Log vectors about policy records that say what they do, and such that do something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.policy import yaml_text
from tests.vectors.making import base_log as base
from tests.vectors.making.base_log import key_files, policy, set_policy
from tests.vectors.making.forge import FPR, KEYS, START, Forge, Json
from tests.vectors.making.log_vectors import MOVED, add_log, vector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOUND = ("policy error 6", *MOVED)
DEV, TEMP, MALLORY = FPR["dev"], FPR["temp"], FPR["mallory"]
UNCHANGED = policy(base.FIRST)
NO_DEV = {name: roles for name, roles in base.FIRST.items() if name != "dev"}
RENEWED = {f"keys/{DEV}.asc": KEYS["dev"].expiring(START + 10**7).certificate()}


def edited(text: bytes, change: Callable[[Json], object]) -> bytes:
    """Return a policy whose document was changed."""
    document = dict(yaml_text.load(text, "policy.yml"))
    change(document)
    return yaml_text.dump(document)


def renamed(document: Json) -> None:
    """Give a key another name and address, and put it elsewhere."""
    entry = next(one for one in document["keys"] if one["fingerprint"] == DEV)
    document["keys"].remove(entry)
    document["keys"].insert(0, {**entry, "name": "lead", "email": "lead@example.invalid"})


def other_settings(document: Json) -> None:
    """Change all that is no key: a role that nobody has, types of another, lists, a field of the future."""
    document["roles"][0]["types"].append("drift")
    document["roles"].append({"name": "new", "types": ["drift"], "environments": [], "keys": []})
    document["environments"].pop()
    document["future"] = {"a": 1}
    for owner in (document["admins"], *document["roles"]):
        owner["keys"].reverse()


@vector()
def good_policy_changes(log: Forge) -> None:
    """Each change that a policy record may say, with all that it may change besides."""
    keys = {**base.FIRST, "dev": ("dev", "ops")}
    lead = edited(policy(keys, admins=("owner", "dev")), renamed)
    set_policy(log, lead, "add-key", fields={"key": DEV, "roles": ["ops", "admin"]}, files=RENEWED)
    set_policy(log, lead, "add-key", fields={"key": DEV, "roles": ["dev"]})
    set_policy(log, lead, "add-key", fields={"key": DEV, "roles": []})
    set_policy(log, edited(lead, other_settings))
    set_policy(log, edited(lead, other_settings), files={"README.md": b"Another text.\n"})
    gone = edited(policy(NO_DEV), other_settings)
    set_policy(log, gone, "remove-key", fields={"key": DEV, "roles": []})
    set_policy(log, gone, "remove-key", fields={"key": DEV})
    log.write_notes()


def lie(
    name: str,
    about: str,
    change: str,
    text: bytes,
    *,
    key: str | None = None,
    roles: tuple[str, ...] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> None:
    """Add a log: the base log and a policy record that says `change`, `key` and `roles`, and sets another policy."""
    fields = {"key": key, "roles": None if roles is None else list(roles)}
    said = {field: value for field, value in fields.items() if value is not None}

    def add(log: Forge) -> None:
        set_policy(log, text, change, fields=said, files=dict(files or {}))

    add_log(f"policy-says-{name}", about, add, *FOUND)


lie("add-removes", "says add-key, and removes the key", "add-key", policy(NO_DEV), key=DEV, roles=("dev",))
lie("add-nothing", "says add-key, and does not admit the key", "add-key", UNCHANGED, key=TEMP, roles=("dev",))
lie(
    "add-another",
    "says add-key, and admits another key",
    "add-key",
    policy({**base.FIRST, "mallory": ("dev",)}),
    key=TEMP,
    files=key_files("mallory"),
)
lie(
    "add-two",
    "says add-key, and admits another key besides",
    "add-key",
    policy({**base.WITH_TEMP, "mallory": ("dev",)}),
    key=TEMP,
    roles=("dev",),
    files=key_files("mallory"),
)
lie(
    "add-other-grant",
    "says add-key, and gives another key a role",
    "add-key",
    policy({**base.WITH_TEMP, "ci": ("ci", "ops")}),
    key=TEMP,
    roles=("dev",),
)
lie(
    "add-other-certificate",
    "says add-key, and exchanges the certificate of another key",
    "add-key",
    policy(base.WITH_TEMP),
    key=TEMP,
    roles=("dev",),
    files=RENEWED,
)
lie(
    "add-more-roles",
    "says add-key, and lists fewer roles than the key gets",
    "add-key",
    policy({**base.FIRST, "temp": ("dev", "ops")}),
    key=TEMP,
    roles=("dev",),
)
lie(
    "add-no-roles",
    "says add-key, and lists no role for a key that gets one",
    "add-key",
    policy(base.WITH_TEMP),
    key=TEMP,
    roles=(),
)
lie(
    "add-fewer-roles",
    "says add-key, and lists a role that the key does not get",
    "add-key",
    policy(base.WITH_TEMP),
    key=TEMP,
    roles=("dev", "ops"),
)
lie(
    "add-admin",
    "says add-key, and makes the key an admin unsaid",
    "add-key",
    policy(base.WITH_TEMP, admins=("owner", "temp")),
    key=TEMP,
    roles=("dev",),
)
lie(
    "add-not-admin",
    "says add-key, and lists admin for a key that becomes none",
    "add-key",
    policy(base.WITH_TEMP),
    key=TEMP,
    roles=("dev", "admin"),
)
lie(
    "add-takes-role",
    "says add-key, and takes a role from the key",
    "add-key",
    policy({**base.FIRST, "dev": ("ops",)}),
    key=DEV,
    roles=("ops",),
)
lie(
    "add-settings",
    "says add-key, and changes what completeness is judged by",
    "add-key",
    policy(base.WITH_TEMP, iac=["none"]),
    key=TEMP,
    roles=("dev",),
)
lie("remove-leaves", "says remove-key, and leaves the key", "remove-key", UNCHANGED, key=DEV)
lie(
    "remove-leaves-entry",
    "says remove-key, and only takes the roles of the key",
    "remove-key",
    policy({**base.FIRST, "dev": ()}),
    key=DEV,
)
lie("remove-another", "says remove-key, and removes another key", "remove-key", policy(NO_DEV), key=TEMP)
lie(
    "remove-admits",
    "says remove-key, and admits another key besides",
    "remove-key",
    policy({**NO_DEV, "mallory": ("dev",)}),
    key=DEV,
    files=key_files("mallory"),
)
lie(
    "remove-settings",
    "says remove-key, and changes a role",
    "remove-key",
    policy(NO_DEV).replace(b"  - freeze\n", b"  - freeze\n  - drift\n"),
    key=DEV,
)
lie("remove-roles", "says remove-key, and lists a role", "remove-key", policy(NO_DEV), key=DEV, roles=("dev",))
lie("set-admits", "says set, and admits a key", "set", policy(base.WITH_TEMP))
lie("set-removes", "says set, and removes a key", "set", policy(NO_DEV))
lie("set-grants", "says set, and gives a key a role", "set", policy({**base.FIRST, "dev": ("dev", "ops")}))
lie("set-admin", "says set, and makes a key an admin", "set", policy(base.FIRST, admins=("owner", "dev")))
lie("set-renames", "says set, and gives a key another name", "set", edited(UNCHANGED, renamed))
lie("set-certificate", "says set, and exchanges a certificate", "set", UNCHANGED, files=RENEWED)
lie("set-unused-key", "says set, and brings a key that is not admitted", "set", UNCHANGED, files=key_files("mallory"))
lie("set-key", "says set, and names a key", "set", UNCHANGED, key=DEV)
lie("set-roles", "says set, and lists a role", "set", UNCHANGED, roles=("dev",))
lie("revoke", "says revoke-key, and revokes nothing", "revoke-key", policy(NO_DEV), key=DEV)
