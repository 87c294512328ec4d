"""What every `Verifier` keeps to: Sequoia in process, and gpg as a second opinion, must come to the same verdict."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.gnupg.verifier import GpgVerifier
from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.log.openpgp import parse_armored
from gitaudit.model import Problem, Verdict
from tests.support import openpgp
from tests.support.openpgp import TestKey
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitaudit.ports import Verifier

POLICY_URI = 26
"""Type of a subpacket that may have any length, RFC 9580, section 5.2.3.28."""
CREATED, SIGNED = 1_600_000_000, 1_700_000_000
DATA = b"what is signed\n"
ALICE = TestKey.from_seed(b"alice", CREATED, "Alice <alice@example.com>")
BOB = TestKey.from_seed(b"bob", CREATED, "Bob <bob@example.com>")
SUBKEY = TestKey.from_seed(b"carol", CREATED, "Carol <carol@example.com>", signing_subkey_seed=b"carol's subkey")
ENDING = TestKey.from_seed(b"ending", CREATED, "Ending <ending@example.com>", expires=SIGNED)
HOSTILE_UID = "x\n[GNUPG:] VALIDSIG A\x85[GNUPG:] GOODSIG B\u2028fpr\x85\x85pub <hostile@example.com>"


@pytest.fixture(params=["sequoia", "gpg"])
def verifier(request: pytest.FixtureRequest, sandbox_home: Path) -> Verifier:
    """Give each engine."""
    if request.param == "sequoia":
        return SequoiaVerifier()
    require_tool("gpg")
    return GpgVerifier(sandbox_home)


@pytest.fixture
def sandbox_home(tmp_path: Path) -> Path:
    """Give an empty folder for keyrings."""
    place = tmp_path / "rings"
    place.mkdir(mode=0o700)
    return place


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A signature, what it is judged by, and the verdict.

    Attributes:
        armored: the signature.
        certificates: in the order given.
        good: the primary fingerprint to be found, None where the signature must not count.
        problems: what an engine may say of it; several where the port leaves it to the engine.
        data: what it is judged over.
    """

    armored: bytes
    certificates: tuple[bytes, ...]
    good: str | None = None
    problems: tuple[Problem, ...] = ()
    data: bytes = DATA


def issuer_and_time(key: openpgp.KeyMaterial, at: int) -> bytes:
    """Return the subpackets of a signature by a key at a time."""
    fingerprint = openpgp.subpacket(openpgp.ISSUER_FINGERPRINT, b"\x04" + bytes.fromhex(key.fingerprint))
    return fingerprint + openpgp.subpacket(openpgp.CREATED, struct.pack(">I", at))


def key_id(key: openpgp.KeyMaterial) -> bytes:
    """Return the subpacket that names the key id."""
    return openpgp.subpacket(openpgp.ISSUER, bytes.fromhex(key.fingerprint)[-8:])


def certificate(
    key: TestKey,
    *,
    flags: int = openpgp.CERTIFY | openpgp.SIGN,
    hash: str = "SHA512",  # noqa: A002 - the word of the format
    subkey: openpgp.KeyMaterial | None = None,
    subkey_flags: int = openpgp.SIGN,
    subkey_expires: int | None = None,
    consent: bool = True,
    with_user_id: bool = True,
) -> bytes:
    """Return a certificate as gpg would never make it."""

    def own(signed: bytes, kind: int, fields: bytes, unhashed: bytes = b"") -> bytes:
        hashed = issuer_and_time(key.primary, CREATED) + fields
        unhashed = key_id(key.primary) + unhashed
        return openpgp.signature_packet(key.primary, signed, hashed=hashed, unhashed=unhashed, kind=kind, hash=hash)

    packets = openpgp.packet(openpgp.PUBLIC_KEY, key.primary.public_body)
    if with_user_id:
        uid = key.uid.encode()
        signed = key.primary.framed + b"\xb4" + struct.pack(">I", len(uid)) + uid
        usage = openpgp.subpacket(openpgp.KEY_FLAGS, bytes([flags]))
        packets += openpgp.packet(openpgp.USER_ID, uid) + own(signed, openpgp.POSITIVE_CERTIFICATION, usage)
    if subkey is not None:
        signed = key.primary.framed + subkey.framed
        back = openpgp.signature_packet(
            subkey,
            signed,
            hashed=issuer_and_time(subkey, CREATED),
            unhashed=key_id(subkey),
            kind=openpgp.PRIMARY_BINDING,
            hash="SHA512",
        )
        fields = openpgp.subpacket(openpgp.KEY_FLAGS, bytes([subkey_flags]))
        if subkey_expires is not None:
            fields += openpgp.subpacket(openpgp.KEY_EXPIRES, struct.pack(">I", subkey_expires - CREATED))
        unhashed = openpgp.subpacket(openpgp.EMBEDDED, back[2:]) if consent else b""
        packets += openpgp.packet(openpgp.PUBLIC_SUBKEY, subkey.public_body)
        packets += own(signed, openpgp.SUBKEY_BINDING, fields, unhashed)
    return openpgp.armor(packets, "PUBLIC KEY BLOCK")


def by_subkey(at: int = SIGNED) -> bytes:
    """Return a signature by the subkey of `SUBKEY`."""
    return SUBKEY.sign(DATA, at)


def good(key: TestKey, *certificates: bytes, at: int = SIGNED) -> Case:
    """Return the case of a signature that counts."""
    return Case(armored=key.sign(DATA, at), certificates=certificates or (key.certificate(),), good=key.fingerprint)


def refused(*problems: Problem, armored: bytes, by: tuple[bytes, ...], data: bytes = DATA) -> Case:
    """Return the case of a signature that does not count."""
    return Case(armored=armored, certificates=by, problems=problems, data=data)


def revoked(key: TestKey, at: int, reason: int) -> bytes:
    """Return the certificate of a key that is revoked."""
    return key.certificate(revocation=key.revocation(at, reason=reason))


FORGED = openpgp.armor(
    openpgp.signature_packet(
        BOB.primary, DATA, hashed=issuer_and_time(ALICE.primary, SIGNED), unhashed=key_id(ALICE.primary)
    )
)
"""By Bob, saying it is by Alice."""
UNBOUND = certificate(SUBKEY, subkey=SUBKEY.subkey, consent=False)
HOSTILE = replace(ALICE, uid=HOSTILE_UID)
TWO = openpgp.armor(ALICE.packets() + BOB.packets(), "PUBLIC KEY BLOCK")

CASES = {
    "primary key": good(ALICE),
    "subkey": good(SUBKEY),
    "primary key beside a subkey": Case(
        armored=replace(SUBKEY, subkey=None).sign(DATA, SIGNED),
        certificates=(SUBKEY.certificate(),),
        good=SUBKEY.fingerprint,
    ),
    "one of several certificates": good(BOB, ALICE.certificate(), SUBKEY.certificate(), BOB.certificate()),
    "beside garbage": good(ALICE, b"", b"garbage", openpgp.armor(b"garbage", "PUBLIC KEY BLOCK"), ALICE.certificate()),
    "before expiry": good(ENDING, at=SIGNED - 1),
    "at the creation of the key": good(ALICE, at=CREATED),
    "SHA-384": Case(
        armored=ALICE.sign(DATA, SIGNED, hash="SHA384"), certificates=(ALICE.certificate(),), good=ALICE.fingerprint
    ),
    "SHA-512": Case(
        armored=ALICE.sign(DATA, SIGNED, hash="SHA512"), certificates=(ALICE.certificate(),), good=ALICE.fingerprint
    ),
    "without key id": Case(
        armored=ALICE.sign(DATA, SIGNED, issuer_id=False), certificates=(ALICE.certificate(),), good=ALICE.fingerprint
    ),
    "key id alone": Case(
        armored=ALICE.sign(DATA, SIGNED, issuer_fpr=False), certificates=(ALICE.certificate(),), good=ALICE.fingerprint
    ),
    "hostile user id": good(HOSTILE),
    "superseded later": good(ALICE, revoked(ALICE, SIGNED + 1, openpgp.SUPERSEDED)),
    "retired later": good(ALICE, revoked(ALICE, SIGNED + 1, openpgp.RETIRED)),
    "subkey of a key superseded later": good(SUBKEY, revoked(SUBKEY, SIGNED + 1, openpgp.SUPERSEDED)),
    "subkey expires later": good(SUBKEY, certificate(SUBKEY, subkey=SUBKEY.subkey, subkey_expires=SIGNED + 1)),
    "other data": refused("bad", armored=ALICE.sign(DATA, SIGNED), by=(ALICE.certificate(),), data=b"other\n"),
    "no data": refused("bad", armored=ALICE.sign(DATA, SIGNED), by=(ALICE.certificate(),), data=b""),
    "hostile user id, other data": refused("bad", armored=HOSTILE.sign(b"x", SIGNED), by=(HOSTILE.certificate(),)),
    "forged": refused("bad", armored=FORGED, by=(ALICE.certificate(), BOB.certificate())),
    "another key": refused("unknown-key", armored=ALICE.sign(DATA, SIGNED), by=(BOB.certificate(),)),
    "no certificate": refused("unknown-key", armored=ALICE.sign(DATA, SIGNED), by=()),
    "garbage for a certificate": refused("unknown-key", armored=ALICE.sign(DATA, SIGNED), by=(b"garbage",)),
    "cut certificate": refused("unknown-key", armored=ALICE.sign(DATA, SIGNED), by=(ALICE.certificate()[:-70],)),
    "two keys in one": refused("unknown-key", armored=ALICE.sign(DATA, SIGNED), by=(TWO,)),
    "two armors in one": refused(
        "unknown-key", armored=ALICE.sign(DATA, SIGNED), by=(ALICE.certificate() + BOB.certificate(),)
    ),
    "no issuer": refused(
        "unknown-key", armored=ALICE.sign(DATA, SIGNED, issuer_fpr=False, issuer_id=False), by=(ALICE.certificate(),)
    ),
    "at the second of expiry": refused("expired", armored=ENDING.sign(DATA, SIGNED), by=(ENDING.certificate(),)),
    "after expiry": refused("expired", armored=ENDING.sign(DATA, SIGNED + 9), by=(ENDING.certificate(),)),
    "subkey of an expired key": refused(
        "expired", armored=by_subkey(), by=(replace(SUBKEY, expires=SIGNED - 1).certificate(),)
    ),
    "compromised before": refused(
        "unusable", armored=ALICE.sign(DATA, SIGNED), by=(revoked(ALICE, SIGNED - 1, openpgp.COMPROMISED),)
    ),
    "compromised later": refused(
        "unusable", armored=ALICE.sign(DATA, SIGNED), by=(revoked(ALICE, SIGNED + 1, openpgp.COMPROMISED),)
    ),
    "revoked without a reason": refused(
        "unusable", armored=ALICE.sign(DATA, SIGNED), by=(revoked(ALICE, SIGNED + 1, openpgp.NO_REASON),)
    ),
    "superseded before": refused(
        "unusable", armored=ALICE.sign(DATA, SIGNED), by=(revoked(ALICE, SIGNED - 1, openpgp.SUPERSEDED),)
    ),
    "superseded at that second": refused(
        "unusable", armored=ALICE.sign(DATA, SIGNED), by=(revoked(ALICE, SIGNED, openpgp.SUPERSEDED),)
    ),
    "superseded later, expired before": refused(
        "expired",
        "unusable",
        armored=ENDING.sign(DATA, SIGNED + 5),
        by=(revoked(ENDING, SIGNED + 9, openpgp.SUPERSEDED),),
    ),
    "subkey of a compromised key": refused(
        "unusable", armored=by_subkey(), by=(revoked(SUBKEY, SIGNED + 1, openpgp.COMPROMISED),)
    ),
    "MD5": refused("bad", armored=ALICE.sign(DATA, SIGNED, hash="MD5"), by=(ALICE.certificate(),)),
    "SHA-1": refused("bad", armored=ALICE.sign(DATA, SIGNED, hash="SHA1"), by=(ALICE.certificate(),)),
    "before the key was made": refused("bad", armored=ALICE.sign(DATA, CREATED - 1), by=(ALICE.certificate(),)),
    "key that only certifies": refused(
        "bad", "unusable", armored=ALICE.sign(DATA, SIGNED), by=(certificate(ALICE, flags=openpgp.CERTIFY),)
    ),
    "key that only encrypts": refused(
        "bad", "unusable", armored=ALICE.sign(DATA, SIGNED), by=(certificate(ALICE, flags=0x0C),)
    ),
    "subkey that only authenticates": refused(
        "bad", "unusable", armored=by_subkey(), by=(certificate(SUBKEY, subkey=SUBKEY.subkey, subkey_flags=0x20),)
    ),
    "subkey without its consent": refused("bad", "unusable", armored=by_subkey(), by=(UNBOUND,)),
    "expired subkey": refused(
        "bad",
        "expired",
        armored=by_subkey(),
        by=(certificate(SUBKEY, subkey=SUBKEY.subkey, subkey_expires=SIGNED),),
    ),
    "self-signature by SHA-1": refused(
        "bad", "unusable", "unknown-key", armored=ALICE.sign(DATA, SIGNED), by=(certificate(ALICE, hash="SHA1"),)
    ),
    "no user id": refused(
        "bad", "unusable", "unknown-key", armored=ALICE.sign(DATA, SIGNED), by=(certificate(ALICE, with_user_id=False),)
    ),
}


def judge(verifier: Verifier, case: Case) -> Verdict:
    """Judge the signature of a case by its certificates."""
    signature = parse_armored(case.armored, canonical=False)
    return verifier.verify(case.data, signature, {str(at): one for at, one in enumerate(case.certificates)})


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_verdict(verifier: Verifier, case: Case) -> None:
    """Both engines say the same: who made it, or why it does not count."""
    verdict = judge(verifier, case)

    assert verdict.fingerprint == case.good
    assert (verdict.problem in case.problems) if case.good is None else (verdict.problem is None)


@pytest.mark.parametrize("more", range(3))
def test_every_length_of_signature(verifier: Verifier, more: int) -> None:
    """The canonical armor of a packet of any length is taken: base64 ends in two, one or no equals signs."""
    packet = ALICE.signature(DATA, SIGNED, extra=openpgp.subpacket(POLICY_URI, b"x" * (more + 1)))
    signature = parse_armored(openpgp.armor(packet), canonical=False)

    assert verifier.verify(DATA, signature, {"a": ALICE.certificate()}).fingerprint == ALICE.fingerprint


def test_every_bit_counts(verifier: Verifier) -> None:
    """A signature with any one bit of its numbers turned does not count, and the verdicts do not disturb each other."""
    certificates = {"a": ALICE.certificate()}
    packet = ALICE.signature(DATA, SIGNED)
    for back in (1, 20, 40, 60):
        turned = bytearray(packet)
        turned[-back] ^= 1
        signature = parse_armored(openpgp.armor(bytes(turned)), canonical=False)

        assert verifier.verify(DATA, signature, certificates) == Verdict(fingerprint=None, problem="bad")
    assert judge(verifier, CASES["primary key"]).fingerprint == ALICE.fingerprint


def test_only_the_certificates_given_count(verifier: Verifier) -> None:
    """A certificate that was given before, or another version of it, plays no part in the next verdict."""
    fresh = ENDING.expiring(None).certificate()
    steps: list[tuple[Mapping[str, bytes], Problem | None]] = [
        ({"e": ENDING.certificate()}, "expired"),
        ({"e": fresh}, None),
        ({"a": ALICE.certificate()}, "unknown-key"),
        ({"e": revoked(ENDING.expiring(None), SIGNED - 1, openpgp.COMPROMISED)}, "unusable"),
        ({"e": ENDING.certificate()}, "expired"),
    ]
    signature = parse_armored(ENDING.sign(DATA, SIGNED), canonical=False)

    for certificates, problem in steps:
        assert verifier.verify(DATA, signature, certificates).problem == problem


CERTIFICATES = {
    "right": (ALICE.certificate(), ALICE.fingerprint, None),
    "with a subkey": (SUBKEY.certificate(), SUBKEY.fingerprint, None),
    "hostile user id": (HOSTILE.certificate(), HOSTILE.fingerprint, None),
    "another key": (BOB.certificate(), ALICE.fingerprint, f"found {BOB.fingerprint}"),
    "fingerprint of the subkey": (SUBKEY.certificate(), SUBKEY.signer_fingerprint, f"found {SUBKEY.fingerprint}"),
    "two keys": (TWO, ALICE.fingerprint, "found something else"),
    "two armors": (ALICE.certificate() + BOB.certificate(), ALICE.fingerprint, "found something else"),
    "empty": (b"", ALICE.fingerprint, "found something else"),
    "garbage": (b"garbage", ALICE.fingerprint, "found something else"),
    "armored garbage": (openpgp.armor(b"garbage", "PUBLIC KEY BLOCK"), ALICE.fingerprint, "found"),
    "text before": (b"hello\n" + ALICE.certificate(), ALICE.fingerprint, "found something else"),
    "cut": (ALICE.certificate()[:-70], ALICE.fingerprint, "found"),
    "signature": (ALICE.sign(DATA, SIGNED), ALICE.fingerprint, "found something else"),
    "secret key": (ALICE.secret_certificate(), ALICE.fingerprint, "found"),
    "secret key under another name": (
        openpgp.armor(openpgp.dearmor(ALICE.secret_certificate()), "PUBLIC KEY BLOCK"),
        ALICE.fingerprint,
        "found secret key material",
    ),
    "too long": (ALICE.certificate() + b"\n" * 65_536, ALICE.fingerprint, "expected at most 65536 bytes"),
}


@pytest.mark.parametrize(("content", "fingerprint", "problem"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificate(verifier: Verifier, content: bytes, fingerprint: str, problem: str | None) -> None:
    """Both engines take one armored public key of that fingerprint, and say what else they found."""
    found = verifier.certificate_problem(content, fingerprint)

    assert (found is None) == (problem is None)
    assert (problem or "") in (found or "")
