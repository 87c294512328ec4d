"""What every `Signer` keeps to: the one with the user's gpg, and the one with a key of the tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.gnupg.signer import GpgSigner
from gitaudit.adapters.sequoia import SequoiaVerifier, fingerprint_of
from gitaudit.log.openpgp import STRONG_HASHES, Signature, parse_armored
from gitaudit.testing import SteppingClock
from tests.support.gpg import PASSPHRASE, GpgHome
from tests.support.logs import KeySigner, make_key

if TYPE_CHECKING:
    from gitaudit.ports import Signer
    from tests.support.gpg import GpgKeys
    from tests.support.isolation import Sandbox

PAYLOADS = {
    "empty": b"",
    "text": b"tree 0\n\nmessage\n",
    "bytes": bytes(range(256)),
    "line ends": b"a\r\nb\rc\n\n",
    "no line end": b"- dashes -----BEGIN",
    "long": b"0123456789abcdef" * 20_000,
}


@pytest.fixture(params=["test key", "gpg", "gpg with passphrase", "gpg subkey"])
def signer(request: pytest.FixtureRequest, sandbox: Sandbox) -> Signer:
    """Give each kind of signer, ready to sign."""
    if request.param == "test key":
        return KeySigner(make_key(), SteppingClock())
    keys: GpgKeys = request.getfixturevalue("gpg_keys")
    home = GpgHome(sandbox.gnupg)
    key = {"gpg": keys.plain, "gpg with passphrase": keys.with_passphrase, "gpg subkey": keys.with_subkey}[
        request.param
    ]
    home.add(key)
    return GpgSigner(key.fingerprint, passphrase=PASSPHRASE if key.passphrase else None)


def signature_of(signer: Signer, payload: bytes) -> Signature:
    """Sign, and return the one signature in the armor."""
    return parse_armored(signer.sign(payload), canonical=False)


def is_good(signer: Signer, payload: bytes, signature: Signature) -> bool:
    """Return whether Sequoia takes a signature by the signer's certificate, and says the signer's fingerprint."""
    certificates = {signer.fingerprint: signer.certificate()}
    return SequoiaVerifier().verify(payload, signature, certificates).fingerprint == signer.fingerprint


def test_fingerprint_is_the_primary_one(signer: Signer) -> None:
    """It is 40 upper-case hex digits, stays, and is that of the certificate."""
    assert re.fullmatch(r"[0-9A-F]{40}", signer.fingerprint)
    assert signer.fingerprint == signer.fingerprint
    assert fingerprint_of(signer.certificate()) == signer.fingerprint


def test_certificate_is_one_public_key(signer: Signer) -> None:
    """What goes into the log is one armored public key and nothing secret, the same each time."""
    certificate = signer.certificate()

    assert SequoiaVerifier().certificate_problem(certificate, signer.fingerprint) is None
    assert certificate == signer.certificate()
    assert b"\r" not in certificate


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_signature_is_over_the_very_bytes(signer: Signer, payload: bytes) -> None:
    """Whatever bytes are signed, the signature is good over them, and over no others."""
    signature = signature_of(signer, payload)

    assert is_good(signer, payload, signature)
    assert not is_good(signer, payload + b"\n", signature)
    assert not is_good(signer, b"x" + payload, signature)


def test_signature_is_one_that_a_log_takes(signer: Signer) -> None:
    """It is one packet, of a strong hash, names its maker, and does not expire (which `parse_armored` would refuse)."""
    signature = signature_of(signer, b"payload")

    assert signature.hash_algorithm in STRONG_HASHES
    assert signature.issuer is not None
    assert signature.created > 0


def test_signatures_do_not_wear_out(signer: Signer) -> None:
    """One signer signs again and again."""
    for payload in (b"first", b"second", b"first"):
        assert is_good(signer, payload, signature_of(signer, payload))
