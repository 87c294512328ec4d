"""Log vectors about the policy and the notes."""

from __future__ import annotations

from tests.vectors.making import base_log as base
from tests.vectors.making.base_log import policy, set_policy
from tests.vectors.making.forge import FPR, KEYS, Files, Forge
from tests.vectors.making.log_vectors import MOVED, body_fields, vector


@vector("policy error 6", *MOVED)
def policy_digest(log: Forge) -> None:
    """A policy record that names another policy.yml."""
    set_policy(log, policy(base.FIRST, iac=["*.tofu"]), document=body_fields(policy_sha256="1" * 64))


@vector("policy error 6", *MOVED)
def policy_digest_alone(log: Forge) -> None:
    """A policy record that changes no policy.yml and names another."""
    body = base.policy_body("set", b"another", log.files["policy.yml"][1])
    log.add("owner", "policy", body, files={"README.md": b"Another text.\n"})


@vector("policy error 6", *MOVED)
def policy_previous(log: Forge) -> None:
    """A policy record made against another policy.yml than the one before it."""
    set_policy(log, policy(base.FIRST, iac=["*.tofu"]), document=body_fields(previous_sha256="1" * 64))


@vector("policy error 6", *MOVED)
def policy_origin(log: Forge) -> None:
    """The policy of another log."""
    set_policy(log, policy(base.FIRST, origin="example.com/other"))


@vector("policy error 6", *MOVED)
def policy_pattern(log: Forge) -> None:
    """A policy with a path pattern that cannot be used."""
    set_policy(log, policy(base.FIRST, iac=["[a-z].tf"]))


@vector("policy error 6", *MOVED)
def policy_role_twice(log: Forge) -> None:
    """A policy with two roles of one name."""
    set_policy(log, policy(base.FIRST).replace(b"- name: ops\n  types:", b"- name: ci\n  types:"))


@vector("policy error 6", *MOVED)
def policy_yaml(log: Forge) -> None:
    """A policy.yml with a YAML alias."""
    set_policy(log, policy(base.FIRST).replace(b'- "*.tf"', b'- &a "*.tf"'))


@vector("policy error 6", *MOVED)
def policy_schema(log: Forge) -> None:
    """A policy.yml that its schema refuses."""
    set_policy(log, policy(base.FIRST).replace(b"tolerance_seconds: 600", b"tolerance_seconds: 86401"))


@vector("policy error 6", *MOVED)
def policy_key_missing(log: Forge) -> None:
    """A policy that admits a key which keys/ does not hold."""
    set_policy(log, policy({**base.FIRST, "mallory": ("dev",)}), "add-key", fields={"key": FPR["mallory"]})


@vector("policy error 6", *MOVED)
def policy_key_swapped(log: Forge) -> None:
    """A file in keys/ that holds another key than its name says."""
    files = {f"keys/{FPR['temp']}.asc": KEYS["mallory"].certificate()}
    set_policy(log, policy(base.WITH_TEMP), "add-key", fields={"key": FPR["temp"]}, files=files)


@vector(undecided=True)
def undecided_threshold(log: Forge) -> None:
    """A policy that asks for two admins."""
    set_policy(log, policy(base.FIRST, admins=("owner", "ops"), threshold=2))


@vector(undecided=True)
def undecided_critical(log: Forge) -> None:
    """A policy with a critical feature that version 1 does not know."""
    set_policy(log, policy(base.FIRST, more="critical:\n- anchors\n"))


@vector(undecided=True)
def undecided_revocations(log: Forge) -> None:
    """A policy with revocations."""
    text = policy(base.FIRST, more=f"critical: []\nrevocations:\n- key: {FPR['temp']}\n  reason: superseded\n")
    set_policy(log, text)


@vector("notes error -")
def notes_forged(log: Forge) -> None:
    """A note with one line more than the log gives."""
    log.write_notes(
        edit=lambda files: {name: (mode, data + b"9 all is well\n") for name, (mode, data) in files.items()}
    )


@vector("notes error 3", "notes error -")
def notes_lacking(log: Forge) -> None:
    """A note that lacks a record's line."""
    log.write_notes(edit=shortened)


def shortened(files: Files) -> Files:
    """Return notes without their last lines."""
    return {name: (mode, b"".join(data.splitlines(keepends=True)[:-1])) for name, (mode, data) in files.items()}


@vector("notes error -")
def notes_signer(log: Forge) -> None:
    """Notes signed by a key that the policy does not have."""
    log.write_notes(key="mallory")


@vector("notes error -")
def notes_message(log: Forge) -> None:
    """A notes commit with another message."""
    log.write_notes(text=lambda _: b"Notes added by 'git notes add'\n")


@vector("notes error -")
def notes_tail(log: Forge) -> None:
    """A note with text behind its last line."""
    log.write_notes(edit=lambda files: {name: (mode, data + b"all is well") for name, (mode, data) in files.items()})


@vector("notes error -")
def notes_stray(log: Forge) -> None:
    """A file among the notes that is no note."""
    log.write_notes(edit=lambda files: {**files, "README": (b"100644", b"x")})


@vector("notes error -")
def notes_link(log: Forge) -> None:
    """A note that is a symbolic link."""
    log.write_notes(edit=lambda files: {name: (b"120000", data) for name, (_, data) in files.items()})


@vector("notes error -")
def notes_origin(log: Forge) -> None:
    """Notes of another log."""
    log.write_notes(text=lambda one: one.replace(b"example.com/infra", b"example.com/other"))
