"""The rules about who signed a record, whether they may, and when (docs/format.md, "The signature")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitaudit.errors import LogError
from gitaudit.log.openpgp import STRONG_HASHES, Signature
from gitaudit.log.times import epoch, format_time, from_epoch, parse_time
from gitaudit.policy.policy import DEFAULT_TOLERANCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitaudit.log.commit import SignedCommit
    from gitaudit.log.record import Record
    from gitaudit.policy.policy import Policy
    from gitaudit.usecases.verifying.ahead import Ahead

PROBLEMS = {
    "unknown-key": "made by no key that the policy admits at this position",
    "bad": "not over these bytes",
    "expired": "made after its key had expired",
    "unusable": "made by a key that may not sign, is revoked or too weak",
}


class ErrorSink(Protocol):
    """Takes findings."""

    def error(self, rule: str, message: str, *, expected: str | None = None, found: str | None = None) -> None:
        """Add a finding that makes the log bad."""


def check_signature(
    commit: SignedCommit,
    record: Record | None,
    *,
    policy: Policy | None,
    certificates: Mapping[str, bytes],
    signed_before: int,
    verifier: Ahead,
    now: datetime,
    report: ErrorSink,
) -> None:
    """Check signature, signer, grant, identity and times of a commit.

    Args:
        commit: the parsed commit.
        record: its record, None where it could not be read.
        policy: the parent's, by which the signer is judged; None where it could not be read.
        certificates: the keys that policy admits.
        signed_before: time of the parent's signature, seconds since 1970; 0 for genesis.
        verifier: judges the signature itself.
        now: the time of verification.
        report: where findings go.
    """
    tolerance = DEFAULT_TOLERANCE_SECONDS if policy is None else policy.tolerance_seconds
    _check_times(commit, record, signed_before, epoch(now), tolerance, report)
    try:
        signature = verifier.signature(commit.armored)
    except LogError as error:
        report.error("signature", error.message)
        return
    _check_form(commit, signature, report)
    if signature.hash_algorithm in STRONG_HASHES and not signature.fits(commit.payload):
        report.error("signature", f"the signature is {PROBLEMS['bad']}", found=signature.issuer)
        return
    verdict = verifier.verify(commit.payload, signature, certificates)
    if verdict.fingerprint is None:
        problem = PROBLEMS[verdict.problem or "bad"]
        report.error("signature", f"the signature is {problem}", found=signature.issuer)
        return
    if policy is not None:
        _check_signer(commit, record, policy, verdict.fingerprint, report)


def _check_form(commit: SignedCommit, signature: Signature, report: ErrorSink) -> None:
    if signature.hash_algorithm not in STRONG_HASHES:
        report.error(
            "signature-hash",
            "the signature uses a weak hash",
            expected="SHA-256 or stronger",
            found=signature.hash_name,
        )
    if signature.created != commit.text.committed:
        report.error(
            "time",
            "the committer date is not the time of the signature",
            expected=str(signature.created),
            found=str(commit.text.committed),
        )


def _check_signer(
    commit: SignedCommit, record: Record | None, policy: Policy, fingerprint: str, report: ErrorSink
) -> None:
    email = policy.email_of(fingerprint)
    if commit.text.email != email:
        report.error("identity", "the commit carries another e-mail", expected=email, found=commit.text.email)
    if record is None:
        return
    signer = f"openpgp:{fingerprint}"
    if record.text("recorded_by") != signer:
        report.error("signer", "another key signed the record", expected=record.text("recorded_by"), found=signer)
    actor = record.mapping("actor")
    identity = actor.get("id")
    named = isinstance(identity, str) and identity.startswith("openpgp:")
    if (actor.get("auth") == "gpg") != (identity == signer) or (named and identity != signer):
        expected = "auth gpg exactly where the actor is the signer, and the id of no other key"
        report.error("actor", "the actor is not proved", expected=expected, found=f"{identity}")
    if not policy.may_sign(fingerprint, record.type, record.environment):
        place = f" of environment {record.environment}" if record.environment else ""
        report.error("grant", f"the policy does not grant {record.type}{place} to this key", found=signer)


def _check_times(
    commit: SignedCommit, record: Record | None, signed_before: int, now: int, tolerance: int, report: ErrorSink
) -> None:
    signed = commit.text.committed
    if signed < signed_before - tolerance:
        report.error("time", "signed before its parent", expected=_at(signed_before), found=_at(signed))
    if signed > now + tolerance:
        report.error("time", "signed in the future", expected=f"at most {_at(now)}", found=_at(signed))
    if record is None:
        return
    try:
        recorded = epoch(parse_time(record.text("recorded_at")))
        occurred = epoch(parse_time(record.text("occurred_at")))
    except LogError as error:
        report.error("time", error.message)
        return
    if commit.text.authored != recorded:
        report.error(
            "time", "the author date is not recorded_at", expected=_at(recorded), found=_at(commit.text.authored)
        )
    if signed < recorded - tolerance:
        report.error("time", "signed before it was recorded", expected=_at(recorded), found=_at(signed))
    if occurred > recorded + tolerance:
        report.error("time", "recorded before it occurred", expected=_at(occurred), found=_at(recorded))


def _at(seconds: int) -> str:
    try:
        return format_time(from_epoch(seconds))
    except LogError:
        return f"{seconds} seconds since 1970"
