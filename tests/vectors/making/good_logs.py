"""Log vectors that are good."""

from __future__ import annotations

from tests.vectors.making import base_log as base
from tests.vectors.making.base_log import policy, set_policy
from tests.vectors.making.forge import FPR, KEYS, START, Forge
from tests.vectors.making.log_vectors import (
    MOVED,
    WHY,
    deploy,
    fields,
    freeze,
    vector,
    with_key_listed,
)


@vector()
def good(log: Forge) -> None:
    """Six records, a key that comes and goes, notes."""


@vector(*MOVED)
def good_notes_stale(log: Forge) -> None:
    """The notes cover all but the last record."""
    freeze(log)


@vector()
def good_no_notes(log: Forge) -> None:
    """A log whose notes ref does not exist."""
    freeze(log)
    log.notes = ""


@vector()
def good_tolerance(log: Forge) -> None:
    """A record made at the earliest and a signature at the latest time that the tolerance allows."""
    freeze(log, committed=log.time - 600, authored=log.time)
    log.now = log.time + 60
    freeze(log, committed=log.now + 600, authored=log.time)
    log.write_notes(committed=log.now, authored=log.now)


@vector()
def good_late(log: Forge) -> None:
    """A record that waited a week offline: recorded late, signed now."""
    early = {"occurred_at": "2025-12-20T00:00:00Z", "recorded_at": "2025-12-24T00:00:00Z"}
    freeze(log, document=fields(**early), authored=START - 8 * 86_400)
    log.write_notes()


@vector()
def good_unknown_fields(log: Forge) -> None:
    """Unknown fields at every level, which a reader keeps."""
    freeze(log, document=lambda one: {**one, "zeta": {"a": [1, None, "\u0001"]}, "body": {**one["body"], "x": -1}})
    log.write_notes()


@vector()
def good_key_again(log: Forge) -> None:
    """A removed key that is admitted again, and a policy record that changes keys/ alone."""
    set_policy(log, policy(base.WITH_TEMP), "add-key", fields={"key": FPR["temp"]}, listed=with_key_listed)
    unchanged = log.files["policy.yml"][1]
    renewed = KEYS["temp"].expiring(START + 10**7).certificate()
    body = base.policy_body("add-key", unchanged, unchanged, key=FPR["temp"])
    log.add("owner", "policy", body, files={f"keys/{FPR['temp']}.asc": renewed})
    log.add("temp", "waiver", {"commits": ["1" * 40], **WHY})
    log.write_notes()


@vector()
def good_unlisted_environment(log: Forge) -> None:
    """An environment that the policy does not list: the writer refuses it, no verifier does."""
    deploy(log, environment="eu/north")
    log.write_notes()


@vector("notes-stale warning -")
def good_notes_old_signer(log: Forge) -> None:
    """Notes signed by a key that the policy admitted once."""
    log.write_notes(key="temp", committed=START + 400)
