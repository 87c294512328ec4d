"""The OpenPGP maker of the tests, held to real gpg and Sequoia: what it makes must be what they make and take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia
import pytest

from tests.support import isolation, openpgp
from tests.support.gpg import GpgHome
from tests.support.openpgp import TestKey
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Sequence

CREATED = 1_600_000_000
SIGNED = 1_700_000_000
DATA = b"what is signed\n"

PLAIN = TestKey.from_seed(b"plain", CREATED, "Plain <plain@example.com>")
EXPIRING = TestKey.from_seed(b"expiring", CREATED, "Expiring <expiring@example.com>", expires=SIGNED + 100)
WITH_SUBKEY = TestKey.from_seed(b"main", CREATED, "Sub <sub@example.com>", signing_subkey_seed=b"sub")
KEYS = pytest.mark.parametrize("key", [PLAIN, EXPIRING, WITH_SUBKEY], ids=["plain", "expiring", "subkey"])


@pytest.fixture
def empty_gpg(sandbox: isolation.Sandbox) -> GpgHome:
    """Give the test's GNUPGHOME without any key."""
    require_tool("gpg")
    return GpgHome(sandbox.gnupg)


def words(status: Sequence[str]) -> set[str]:
    """Return the first word of each status line."""
    return {line.split(" ")[0] for line in status}


def sequoia_takes(certificate: bytes, signature: bytes, data: bytes = DATA) -> bool:
    """Return whether Sequoia says the signature is good."""
    cert = pysequoia.Cert.from_bytes(certificate)
    try:
        pysequoia.verify(bytes=data, store=lambda _: [cert], signature=pysequoia.Sig.from_bytes(signature))
    except RuntimeError:
        return False
    return True


@KEYS
def test_gpg_reads_the_certificate(empty_gpg: GpgHome, key: TestKey) -> None:
    """Gpg sees the same fingerprints, user id and expiry."""
    empty_gpg.receive(key.certificate())

    assert empty_gpg.fingerprints()[0] == key.fingerprint
    assert empty_gpg.fingerprints()[-1] == key.signer_fingerprint
    listing = empty_gpg.run("--list-keys", "--with-colons").decode().splitlines()
    public = next(line.split(":") for line in listing if line.startswith("pub:"))
    assert public[5] == str(CREATED)
    assert public[6] == ("" if key.expires is None else str(key.expires))
    assert key.uid in "\n".join(listing).replace("\\x3a", ":")


@KEYS
def test_gpg_takes_the_signature(empty_gpg: GpgHome, key: TestKey) -> None:
    """Gpg calls it good at its time, and names signer, time and primary key."""
    empty_gpg.receive(key.certificate())

    status = empty_gpg.verify(DATA, key.sign(DATA, SIGNED), at=SIGNED + 1)

    assert "GOODSIG" in words(status)
    fields = next(line.split(" ") for line in status if line.startswith("VALIDSIG"))
    assert fields[1] == key.signer_fingerprint
    assert fields[3] == str(SIGNED)
    assert fields[-1] == key.fingerprint


@KEYS
@pytest.mark.parametrize("hash_name", ["SHA256", "SHA384", "SHA512", "SHA224", "SHA1"])
def test_bytes_are_those_of_gpg(empty_gpg: GpgHome, key: TestKey, hash_name: str) -> None:
    """Gpg, with the same secret key and clock, writes the very same armored signature."""
    empty_gpg.receive(key.secret_certificate())

    by_gpg = empty_gpg.run(
        *("--armor", "--digest-algo", hash_name, "--detach-sign", "--local-user", key.signer_fingerprint + "!"),
        stdin=DATA,
        at=SIGNED,
    )

    assert key.sign(DATA, SIGNED, hash=hash_name) == by_gpg


def test_numbers_with_leading_zeros_are_those_of_gpg(empty_gpg: GpgHome) -> None:
    """A signature half that starts with a zero octet is written without it."""
    empty_gpg.receive(PLAIN.secret_certificate())
    short = next(at for at in range(SIGNED, SIGNED + 5000) if len(PLAIN.signature(DATA, at)) < 119)

    by_gpg = empty_gpg.sign(DATA, PLAIN.fingerprint, at=short)

    assert PLAIN.sign(DATA, short) == by_gpg


@KEYS
def test_sequoia_takes_the_signature(key: TestKey) -> None:
    """Sequoia calls it good, and reads the same fields."""
    signature = key.sign(DATA, SIGNED)

    assert sequoia_takes(key.certificate(), signature)
    sig = pysequoia.Sig.from_bytes(signature)
    assert sig.issuer_fingerprint == key.signer_fingerprint.lower()
    assert sig.created is not None
    assert int(sig.created.timestamp()) == SIGNED


@KEYS
def test_other_data_is_refused(empty_gpg: GpgHome, key: TestKey) -> None:
    """Neither gpg nor Sequoia takes the signature for other bytes."""
    empty_gpg.receive(key.certificate())
    signature = key.sign(DATA, SIGNED)

    assert "BADSIG" in words(empty_gpg.verify(DATA + b"!", signature, at=SIGNED + 1))
    assert not sequoia_takes(key.certificate(), signature, DATA + b"!")


def test_expired_key(empty_gpg: GpgHome) -> None:
    """After the key's expiry gpg calls the key expired, and Sequoia still judges at the signature's time."""
    empty_gpg.receive(EXPIRING.certificate())
    before, after = EXPIRING.sign(DATA, SIGNED), EXPIRING.sign(DATA, SIGNED + 200)

    assert "EXPKEYSIG" in words(empty_gpg.verify(DATA, before, at=SIGNED + 300))
    assert sequoia_takes(EXPIRING.certificate(), before)
    assert not sequoia_takes(EXPIRING.certificate(), after)


def test_expired_signature(empty_gpg: GpgHome) -> None:
    """A signature that says it has ended is expired for both."""
    empty_gpg.receive(PLAIN.certificate())
    signature = PLAIN.sign(DATA, SIGNED, expires=SIGNED + 10)

    assert "GOODSIG" in words(empty_gpg.verify(DATA, signature, at=SIGNED + 5))
    assert "EXPSIG" in words(empty_gpg.verify(DATA, signature, at=SIGNED + 20))
    assert not sequoia_takes(PLAIN.certificate(), signature)


def test_hard_revocation(empty_gpg: GpgHome) -> None:
    """A compromised key's earlier signatures count neither for gpg nor for Sequoia."""
    certificate = PLAIN.certificate(revocation=PLAIN.revocation(SIGNED + 50))
    empty_gpg.receive(certificate)
    signature = PLAIN.sign(DATA, SIGNED)

    assert "REVKEYSIG" in words(empty_gpg.verify(DATA, signature, at=SIGNED + 100))
    assert not sequoia_takes(certificate, signature)


def test_soft_revocation() -> None:
    """A superseded key's earlier signatures still count for Sequoia."""
    certificate = PLAIN.certificate(revocation=PLAIN.revocation(SIGNED + 50, reason=openpgp.SUPERSEDED))

    assert sequoia_takes(certificate, PLAIN.sign(DATA, SIGNED))
    assert not sequoia_takes(certificate, PLAIN.sign(DATA, SIGNED + 60))


def test_md5_is_refused(empty_gpg: GpgHome) -> None:
    """A signature over an MD5 digest can be made, and gpg and Sequoia refuse it."""
    empty_gpg.receive(PLAIN.certificate())
    signature = PLAIN.sign(DATA, SIGNED, hash="MD5")

    assert "GOODSIG" not in words(empty_gpg.verify(DATA, signature, at=SIGNED + 1))
    assert not sequoia_takes(PLAIN.certificate(), signature)


def test_two_signatures_in_one_armor(empty_gpg: GpgHome) -> None:
    """Packets can be strung together, and gpg then looks at both."""
    empty_gpg.receive(PLAIN.certificate())
    empty_gpg.receive(WITH_SUBKEY.certificate())
    both = openpgp.armor(PLAIN.signature(DATA, SIGNED) + WITH_SUBKEY.signature(DATA, SIGNED))

    status = empty_gpg.verify(DATA, both, at=SIGNED + 1)

    assert sum(line.startswith("NEWSIG") for line in status) == 2


def test_issuer_can_be_left_out() -> None:
    """Without issuer fingerprint and key id, Sequoia finds neither."""
    signature = PLAIN.sign(DATA, SIGNED, issuer_fpr=False, issuer_id=False)

    assert pysequoia.Sig.from_bytes(signature).issuer_fingerprint is None


def test_everything_is_reproducible() -> None:
    """The bytes are fixed: these are what the first machine made."""
    assert PLAIN.fingerprint == "E6B0B85866B0F27EC0FD1D8952D468F6D86B92E1"
    assert openpgp.dearmor(PLAIN.sign(DATA, SIGNED)).hex() == (
        "887504001608001d162104e6b0b85866b0f27ec0fd1d8952d468f6d86b92e105026553f100000a091052d468f6d86b92e17a77"
        "0100dfc8661c42fe29c1446927789405d88cd4f3da938a1794f8d9b08126519bffaa00fd187e11c468e84275ceab6c219b421a"
        "89f618cbe6e54bfc535d134e99fb7f8005"
    )
    assert openpgp.armor(openpgp.dearmor(PLAIN.sign(DATA, SIGNED))) == PLAIN.sign(DATA, SIGNED)


def test_checksum() -> None:
    """CRC-24 gives the check value of its published definition."""
    assert openpgp.crc24(b"123456789").hex() == "21cf02"
