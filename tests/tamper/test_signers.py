"""Who signs, when, and in whose name: what the log must not take from anybody, by rule, index and record id."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gitaudit.log.times import epoch, format_time, from_epoch
from tests.support.logs import NOTES
from tests.support.openpgp import TestKey, armor
from tests.tamper.forging import Forgery, drift, forge, two_packets
from tests.tamper.judging import BAD, DONE, accepted, found, judge_log
from tests.tamper.sample import ENVIRONMENT, about

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.model import Draft
    from tests.tamper.sample import Writer

TOLERANCE = 600
FINISHED = {"environment": ENVIRONMENT, "outcome": "succeeded", "outcome_source": "stated"}


def test_honest_forgery_is_accepted(log: Writer) -> None:
    """What these tests forge with nothing changed is a good record: each test below changes one thing."""
    accepted(log, forge(log, "ci", drift(log)))


def test_key_that_was_never_admitted(log: Writer) -> None:
    """A record signed by an unknown key is found."""
    verdict = found(log, forge(log, "mallory", drift(log, "mallory")), "signature")
    assert "no key that the policy admits" in verdict.errors[0].message


def test_key_admitted_for_other_types(log: Writer) -> None:
    """A developer's key may not sign a deployment."""
    subject = about(log, _last_subject(log))
    found(log, forge(log, "dev", log.author("dev").draft("deploy.finished", FINISHED, subject=subject)), "grant")


def _last_subject(log: Writer) -> str:
    return str([record.subject["commit"] for record in log.records if record.subject][-1])


def test_key_admitted_for_other_environments(log: Writer) -> None:
    """The pipeline's key may sign for `prod` and `eu/*`, so not for `dev`."""
    found(log, forge(log, "ci", drift(log, environment={"id": "dev"})), "grant")
    accepted(log, forge(log, "ci", drift(log, environment={"id": "eu/west"})))


def test_key_that_was_removed(log: Writer) -> None:
    """A removed admin signs nothing any more."""
    found(log, forge(log, "alice", drift(log, "alice")), "signature")


def test_removed_key_that_backdates(log: Writer) -> None:
    """A removed key gains nothing by dating its signature to when it was admitted."""
    at = log.before[10].signed_at
    draft = _recorded(drift(log, "alice"), at)
    found(log, forge(log, "alice", draft, Forgery(authored=at, committed=at)), "signature", "time")


def test_key_that_was_admitted_later(log: Writer) -> None:
    """Authority is judged by position: a key admitted at index 2 signs nothing at index 2."""
    forged = forge(log, "release", drift(log, "release"), before=log.before[2])
    del log.memory.refs[NOTES]  # they are of later records, which is another matter
    found(log, forged, "signature")


@pytest.fixture
def expiring(log: Writer) -> TestKey:
    """Give the key of `brief`, admitted with an expiry an hour ahead."""
    at = epoch(log.clock.now()) + 3600
    log.keys["brief"] = TestKey.from_seed(b"brief", 1_700_000_000, "b <b@example.invalid>", expires=at)
    log.admit("carol", "brief", "ci")
    return log.keys["brief"]


def test_key_that_has_expired_when_it_signs(log: Writer, expiring: TestKey) -> None:
    """A signature after the key's expiry is found."""
    assert expiring.expires is not None
    log.clock.time += timedelta(hours=2)
    verdict = found(log, forge(log, "brief", drift(log, "brief")), "signature")
    assert "expired" in verdict.errors[0].message


def test_key_that_expires_later(log: Writer, expiring: TestKey) -> None:
    """What a key signed before its expiry stays good after it."""
    assert expiring.expires is not None
    forged = forge(log, "brief", drift(log, "brief"))
    verdict = judge_log(log, forged.commit, now=log.clock.now() + timedelta(days=365))
    assert (verdict.code, verdict.errors) == (DONE, ())


def test_unsigned(log: Writer) -> None:
    """A commit without a signature is found, at its index."""
    forged = forge(log, "ci", drift(log), Forgery(commit=_without_signature))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, verdict.named("commit-form")) == (BAD, [(forged.index, None)])
    assert "no signature" in verdict.errors[0].message


def _without_signature(raw: bytes) -> bytes:
    head, _, rest = raw.partition(b"\ngpgsig ")
    return head + rest[rest.index(b"\n\n") :]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(lambda raw, sig: raw.replace(sig, sig + sig), "commit-form", id="two-headers"),
        pytest.param(
            lambda raw, sig: raw.replace(sig, sig + sig.replace(b"gpgsig", b"gpgsig-sha256")),
            "commit-form",
            id="sha256",
        ),
        pytest.param(
            lambda raw, sig: raw.replace(sig, sig + sig.replace(b"gpgsig ", b" ")), "signature", id="two-armors"
        ),
        pytest.param(
            lambda raw, _: raw.replace(b"\n\n", b"\n \n\n", 1).replace(b"\n \n\n", b"\n \n \n\n"),
            "signature",
            id="blank",
        ),
        pytest.param(
            lambda raw, _: raw.replace(b"SIGNATURE-----\n \n", b"SIGNATURE-----\n Version: 1\n \n"),
            "signature",
            id="armor-header",
        ),
        pytest.param(
            lambda raw, sig: raw.replace(sig, re.sub(rb"\n =[^\n]*", b"", sig)), "signature", id="no-checksum"
        ),
    ],
)
def test_signature_in_another_form(log: Writer, change: Callable[[bytes, bytes], bytes], rule: str) -> None:
    """There is one form of exactly one signature: no second one, no room for anything unsigned."""
    forged = forge(log, "ci", drift(log), Forgery(commit=lambda raw: change(raw, _header(raw))))
    assert log.store.read(forged.commit)[1] != log.store.read(forge(log, "ci", drift(log)).commit)[1]
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, [index for index, _ in verdict.named(rule)]) == (BAD, [forged.index])


def _header(raw: bytes) -> bytes:
    start = raw.index(b"gpgsig ")
    return raw[start : raw.index(b"\n\n", start) + 1]


def test_two_packets_in_one_armor(log: Writer) -> None:
    """Two signatures by the same key in one armor are one too many."""
    sign = two_packets(log.keys["ci"], epoch(log.clock.now()))
    found(log, forge(log, "ci", drift(log), Forgery(sign=sign)), "signature")


@pytest.mark.parametrize("name", ["MD5", "SHA1", "SHA224"])
def test_weak_hash(log: Writer, name: str) -> None:
    """A signature over a weak hash is named as that, whatever the judge of signatures makes of it."""
    forged = forge(log, "ci", drift(log), Forgery(how={"hash": name}))
    verdict = judge_log(log, forged.commit)
    assert verdict.code == BAD
    assert verdict.named("signature-hash") == [forged.place]


@pytest.mark.parametrize("name", ["SHA384", "SHA512"])
def test_strong_hashes(log: Writer, name: str) -> None:
    """Other strong hashes than SHA-256 are as good."""
    accepted(log, forge(log, "ci", drift(log), Forgery(how={"hash": name})))


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"expires": 2_000_000_000}, id="expires"),
        pytest.param({"issuer_fpr": False}, id="no-fingerprint"),
        pytest.param({"kind": 0x01}, id="text-signature"),
        pytest.param({"kind": 0x10}, id="certification"),
    ],
)
def test_signature_of_another_kind(log: Writer, how: dict[str, object]) -> None:
    """A signature that expires, names no key, or is not over a document is found."""
    found(log, forge(log, "ci", drift(log), Forgery(how=how)), "signature")  # type: ignore[arg-type]


def test_signature_over_another_commit(log: Writer) -> None:
    """A genuine signature is good for its own commit alone."""
    armored = log.keys["ci"].sign(b"something else", epoch(log.clock.now()))
    found(log, forge(log, "ci", drift(log), Forgery(sign=lambda _: armored)), "signature")


def test_another_name_than_the_signers(log: Writer) -> None:
    """`recorded_by` must be the key that signs."""
    forged = forge(log, "ci", drift(log, "release"))
    found(log, forged, "signer", "actor")


@pytest.mark.parametrize("auth", ["gpg", "oidc", "unverified"])
def test_actor_is_another_signer(log: Writer, auth: str) -> None:
    """No record speaks for another key, however it says that it knows."""
    other = f"openpgp:{log.keys['release'].fingerprint}"
    forged = forge(log, "ci", drift(log), Forgery(fields={"actor": {"kind": "human", "id": other, "auth": auth}}))
    found(log, forged, "actor")


@pytest.mark.parametrize(
    ("identity", "auth"), [("github:583231", "gpg"), ("self", "unverified"), ("self", "oidc")], ids="-".join
)
def test_actor_by_another_proof(log: Writer, identity: str, auth: str) -> None:
    """`gpg` is said exactly of the signer."""
    identity = f"openpgp:{log.keys['ci'].fingerprint}" if identity == "self" else identity
    forged = forge(log, "ci", drift(log), Forgery(fields={"actor": {"kind": "human", "id": identity, "auth": auth}}))
    found(log, forged, "actor")


def test_actor_without_a_key(log: Writer) -> None:
    """What a pipeline's variables say of who acted is kept as unverified, and is no fault."""
    actor = {"kind": "workload", "id": "github:583231", "auth": "unverified"}
    accepted(log, forge(log, "ci", drift(log), Forgery(fields={"actor": actor})))


def test_another_email(log: Writer) -> None:
    """A commit carries the e-mail address that the policy gives its key."""
    found(log, forge(log, "ci", drift(log), Forgery(email="mallory@example.invalid")), "identity")


def _recorded(draft: Draft, at: int) -> Draft:
    moment = format_time(from_epoch(at))
    return draft._replace(document={**draft.document, "recorded_at": moment, "occurred_at": moment})


@pytest.mark.parametrize(("early", "good"), [(TOLERANCE, True), (TOLERANCE + 1, False)])
def test_signed_before_its_parent(log: Writer, early: int, *, good: bool) -> None:
    """A signature may be dated before its parent's by the tolerance, and by no second more."""
    at = log.position.signed_at - early
    forged = forge(log, "ci", _recorded(drift(log), at), Forgery(authored=at, committed=at))
    accepted(log, forged) if good else found(log, forged, "time")


@pytest.mark.parametrize(("late", "good"), [(TOLERANCE, True), (TOLERANCE + 1, False)])
def test_signed_in_the_future(log: Writer, late: int, *, good: bool) -> None:
    """A signature may be dated after the time of verification by the tolerance, and by no second more."""
    at = epoch(log.now) + late
    forged = forge(log, "ci", _recorded(drift(log), at), Forgery(authored=at, committed=at))
    accepted(log, forged) if good else found(log, forged, "time")


@pytest.mark.parametrize(("early", "good"), [(TOLERANCE, True), (TOLERANCE + 1, False)])
def test_signed_before_it_was_recorded(log: Writer, early: int, *, good: bool) -> None:
    """A record cannot be signed before it was made."""
    at = epoch(log.clock.now())
    forged = forge(log, "ci", _recorded(drift(log), at + early), Forgery(authored=at + early, committed=at))
    accepted(log, forged) if good else found(log, forged, "time")


@pytest.mark.parametrize(("late", "good"), [(TOLERANCE, True), (TOLERANCE + 1, False)])
def test_occurred_after_it_was_recorded(log: Writer, late: int, *, good: bool) -> None:
    """A record cannot tell what is yet to happen."""
    draft = drift(log)
    moment = format_time(log.clock.now() + timedelta(seconds=late))
    draft = draft._replace(document={**draft.document, "occurred_at": moment})
    accepted(log, forge(log, "ci", draft)) if good else found(log, forge(log, "ci", draft), "time")


def test_record_that_waited(log: Writer) -> None:
    """A record made a week before it could be signed shows as late, and is no fault."""
    at = epoch(log.clock.now())
    accepted(log, forge(log, "ci", _recorded(drift(log), at - 604_800), Forgery(authored=at - 604_800)))


def test_author_date_is_another_than_recorded_at(log: Writer) -> None:
    """The author date repeats `recorded_at`."""
    found(log, forge(log, "ci", drift(log), Forgery(authored=epoch(log.clock.now()) - 1)), "time")


def test_committer_date_is_another_than_the_signatures(log: Writer) -> None:
    """The committer date repeats the time of the signature."""
    found(log, forge(log, "ci", drift(log), Forgery(signed=epoch(log.clock.now()) + 1)), "time")


@pytest.mark.parametrize("at", [0, 1, 253_402_300_800, 999_999_999_999], ids=str)
def test_times_that_no_clock_shows(log: Writer, at: int) -> None:
    """Dates of 1970 and after the year 9999 are findings, not faults of the program."""
    forged = forge(log, "ci", drift(log), Forgery(authored=at, committed=at, signed=min(at, 2**32 - 1)))
    assert "time" in judge_log(log, forged.commit).rules


def test_policy_by_another_than_an_admin(log: Writer) -> None:
    """A policy record that a developer signs is found, whatever it grants."""
    from gitaudit.usecases.governing.change_policy import current_policy, set_draft

    policy = current_policy(log.store, log.position)
    draft = set_draft(log.author("dev"), *policy, {"environments": ("prod", "mine")})
    found(log, forge(log, "dev", draft), "grant")


def test_key_that_admits_itself(log: Writer) -> None:
    """A policy record is judged by the policy before it: an outsider cannot let itself in."""
    from gitaudit.policy.policy import Key
    from gitaudit.usecases.governing.change_policy import add_key_draft, current_policy

    mallory = log.keys["mallory"]
    policy = current_policy(log.store, log.position)
    key = Key(fingerprint=mallory.fingerprint, name="mallory")
    draft = add_key_draft(log.author("mallory"), *policy, key, mallory.certificate(), ("dev",), admin=True)
    found(log, forge(log, "mallory", draft), "signature")


def test_forged_certificate(log: Writer) -> None:
    """A key file that holds another key than its name says is found."""
    from gitaudit.policy.policy import Key
    from gitaudit.usecases.governing.change_policy import add_key_draft, current_policy

    policy = current_policy(log.store, log.position)
    key = Key(fingerprint=log.keys["mallory"].fingerprint, name="mallory")
    draft = add_key_draft(log.author("carol"), *policy, key, log.keys["dev"].certificate(), ("dev",), admin=False)
    found(log, forge(log, "carol", draft), "policy")


def test_armor_of_another_packet(log: Writer) -> None:
    """An armor that holds a key instead of a signature is found."""
    packet = armor(log.keys["ci"].packets())
    found(log, forge(log, "ci", drift(log), Forgery(sign=lambda _: packet)), "signature")
