"""The rules for `policy.yml`, the keys, and the records that govern them (docs/format.md, "policy", "The policy")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import ConfigError, LogError, SetupError
from gitaudit.log import paths
from gitaudit.log.commit import sha256_hex
from gitaudit.model import GOVERNING_TYPES
from gitaudit.policy.truth import untruths
from gitaudit.usecases.position import certificates_at, find_entry, load_policy, read_blob

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitaudit.log.record import Record
    from gitaudit.policy.policy import Policy
    from gitaudit.usecases.position import Position
    from gitaudit.usecases.verifying.ahead import Ahead
    from gitaudit.usecases.verifying.check import Report


def check_governing(
    store: Ahead, record: Record, before: str | None, tree: str, changed: Iterable[str], report: Report
) -> None:
    """Check that a governing record tells the policy it sets, the one it was made against, and what it changes.

    Args:
        store: what is read from.
        record: of any type.
        before: the parent's tree, None where there is none or it is not known.
        tree: of the record's own commit.
        changed: paths of the files that the commit changes.
        report: takes the findings.
    """
    if record.type not in GOVERNING_TYPES:
        return
    claims = [("policy_sha256", "sets", _policy_text(store, tree))]
    old = None if before is None else _policy_text(store, before)
    if "previous_sha256" in record.body and before is not None:
        claims.append(("previous_sha256", "follows", old))
    for name, verb, text in claims:
        digest = None if text is None else sha256_hex(text)
        if record.body.get(name) != digest:
            message = f"the record names another policy.yml than the one it {verb}"
            report.error("policy", message, expected=digest or "no policy.yml", found="another SHA-256")
    if record.type == "policy":
        was, now = _usable(store, old), _usable(store, claims[0][2])
        if was is not None and now is not None:
            for untruth in untruths(record.body, was, now, changed_keys(changed)):
                report.error("policy", untruth.message, expected=untruth.expected, found=untruth.found)


def changed_keys(changed: Iterable[str]) -> frozenset[str]:
    """Return the fingerprints of the keys whose files in `keys/` are among these paths."""
    prefix, suffix = f"{paths.KEYS}/", ".asc"
    return frozenset(
        path[len(prefix) : -len(suffix)] for path in changed if path.startswith(prefix) and paths.is_governed(path)
    )


def take_policy(store: Ahead, after: Position, tree: str, report: Report) -> Position:
    """Return the position with the policy and keys of its own tree.

    Raises:
        SetupError: the policy needs a newer version of this program.
    """
    try:
        entry = find_entry(store, tree, paths.POLICY)
        if entry is None:
            raise LogError(f"expected a file {paths.POLICY}, found none")
        policy = load_policy(read_blob(store, entry), store)
        certificates = certificates_at(store, tree, policy)
    except (LogError, ConfigError) as error:
        report.error("policy", error.message)
        return after
    for fingerprint in policy.keys:
        if fingerprint not in certificates:
            report.error("policy", f"expected the key {fingerprint} of the policy in keys/, found none")
            continue
        problem = store.certificate_problem(certificates[fingerprint], fingerprint)
        if problem is not None:
            report.error("policy", f"keys/{fingerprint}.asc: {problem}")
    return after._replace(policy=policy, certificates=certificates)


def check_policy_origin(after: Position, record: Record | None, report: Report) -> None:
    """Check that the policy in force is that of the record's log."""
    if after.policy is None or record is None or after.policy.origin == record.text("origin"):
        return
    expected, found = record.text("origin"), after.policy.origin
    report.error("policy", "policy.yml is of another log", expected=expected, found=found)


def _policy_text(store: Ahead, tree: str) -> bytes | None:
    """Return the bytes of `policy.yml` in a tree, None where it cannot be read."""
    try:
        entry = find_entry(store, tree, paths.POLICY)
        return None if entry is None else read_blob(store, entry)
    except LogError:
        return None


def _usable(store: Ahead, text: bytes | None) -> Policy | None:
    """Return a policy, None for one that is told elsewhere to be none, or to need a newer version."""
    try:
        return None if text is None else load_policy(text, store)
    except (ConfigError, SetupError):
        return None
