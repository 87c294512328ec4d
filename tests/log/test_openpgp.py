"""The one signature of a commit: read from real gpg, brought into one form, and nothing else let through."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.openpgp import MAX_ARMOR_BYTES, STRONG_HASHES, armor, parse_armored
from tests.support import openpgp as make
from tests.support.gpg import GpgHome
from tests.support.logs import make_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.gpg import GpgKeys
    from tests.support.isolation import Sandbox

DATA, AT = b"payload", 1_760_000_000
KEY = make_key()
CI = make.TestKey.from_seed(b"ci", 1_700_000_000, "ci", signing_subkey_seed=b"sub")
PACKET = parse_armored(KEY.sign(DATA, AT), canonical=False).packet
BODY = PACKET[2:]
AREA = 6 + int.from_bytes(BODY[4:6], "big")
"""Where the unhashed area begins."""
REST = BODY[AREA + 12 :]
"""What stands behind it: the start of the digest and the two numbers."""


def as_found(packet: bytes) -> bytes:
    """Return a packet in an armor, which is canonical if the packet is."""
    return armor(packet)


@pytest.mark.parametrize("key", [KEY, CI], ids=["primary", "subkey"])
@pytest.mark.parametrize("name", ["SHA256", "SHA384", "SHA512"])
def test_facts(key: make.TestKey, name: str) -> None:
    """Time, issuer and hash are read from the hashed area, and the canonical form is read back alike."""
    found = parse_armored(key.sign(DATA, AT, hash=name), canonical=False)
    assert (found.created, found.issuer, found.hash_algorithm) == (AT, key.signer_fingerprint, make.HASHES[name])
    assert found.hash_name == f"SHA-{name[3:]}"
    assert found.hash_algorithm in STRONG_HASHES
    again = parse_armored(found.armored)
    assert (again.armored, again.packet, again.created) == (found.armored, found.packet, AT)
    assert found.fits(DATA)
    assert not found.fits(DATA + b" ")


def test_armor() -> None:
    """The canonical armor has no headers, 64 characters a line and the checksum of RFC 9580."""
    lines = armor(bytes(100)).split(b"\n")
    assert lines[:2] == [b"-----BEGIN PGP SIGNATURE-----", b""]
    assert [len(line) for line in lines[2:5]] == [64, 64, 8]
    assert lines[5:] == [b"=" + base64.b64encode(make.crc24(bytes(100))), b"-----END PGP SIGNATURE-----", b""]
    assert base64.b64decode(b"".join(lines[2:5])) == bytes(100)
    assert armor(bytes(range(256))) == make.armor(bytes(range(256)))


@pytest.mark.parametrize("name", ["MD5", "SHA1", "SHA224"])
def test_weak_hashes(name: str) -> None:
    """A weak hash is told by name, and its digest is never compared."""
    found = parse_armored(KEY.sign(DATA, AT, hash=name), canonical=False)
    assert found.hash_algorithm not in STRONG_HASHES
    assert found.hash_name == {"MD5": "MD5", "SHA1": "SHA-1", "SHA224": "SHA-224"}[name]
    assert not found.fits(DATA)


def test_unknown_hash() -> None:
    """A hash without a name is told by its number."""
    packet = make.packet(2, BODY[:3] + b"\x63" + BODY[4:])
    assert parse_armored(as_found(packet)).hash_name == "number 99"


def test_start_of_the_digest() -> None:
    """The two octets that no signature covers have to be right as well."""
    wrong = bytes([REST[0] ^ 1]) + REST[1:]
    assert not parse_armored(as_found(make.packet(2, BODY[: AREA + 12] + wrong))).fits(DATA)


NOTATION = make.subpacket(20, b"\x80\0\0\0\0\x01\0\x01ab")
UNHASHED = BODY[AREA + 2 : AREA + 12]
FORMS: dict[str, Callable[[], bytes]] = {
    "new header": lambda: as_found(b"\xc2" + PACKET[1:]),
    "new header of five octets": lambda: as_found(b"\xc2\xff" + len(BODY).to_bytes(4, "big") + BODY),
    "old header of two octets": lambda: as_found(b"\x89\0" + PACKET[1:]),
    "no unhashed area": lambda: as_found(make.packet(2, BODY[:AREA] + b"\0\0" + REST)),
    "another key id": lambda: as_found(make.packet(2, BODY[: AREA + 4] + bytes(8) + REST)),
    "more in the unhashed area": lambda: as_found(
        make.packet(2, BODY[:AREA] + (10 + len(NOTATION)).to_bytes(2, "big") + UNHASHED + NOTATION + REST)
    ),
    "no checksum": lambda: armor(PACKET)[:-34] + armor(PACKET)[-28:],
    "another checksum": lambda: armor(PACKET)[:-34] + b"=AAAA\n" + armor(PACKET)[-28:],
    "armor header": lambda: armor(PACKET).replace(b"\n\n", b"\nVersion: x\n\n", 1),
    "CR LF": lambda: armor(PACKET).replace(b"\n", b"\r\n"),
    "one long line": lambda: b"-----BEGIN PGP SIGNATURE-----\n\n%b\n-----END" % base64.b64encode(PACKET),
    "text behind": lambda: armor(PACKET) + b"more\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_other_forms_of_a_signature(form: str) -> None:
    """What the signature does not cover has one form in a commit, and any on its way from a program."""
    found = FORMS[form]()
    assert parse_armored(found, canonical=False).armored == armor(PACKET)
    with pytest.raises(MalformedError, match="canonical form"):
        parse_armored(found)


def test_no_fingerprint() -> None:
    """A signature that does not name its key is read, but stands in no commit."""
    found = KEY.sign(DATA, AT, issuer_fpr=False)
    assert parse_armored(found, canonical=False).issuer is None
    with pytest.raises(MalformedError, match="fingerprint of the key"):
        parse_armored(parse_armored(found, canonical=False).armored)


def test_fingerprint_of_another_version() -> None:
    """The issuer of a key of version 6 is not known to this format."""
    issuer = make.subpacket(33, b"\x06" + bytes(32))
    made = make.signature_packet(KEY.primary, DATA, hashed=make.subpacket(2, AT.to_bytes(4, "big")) + issuer)
    assert parse_armored(armor(made), canonical=False).issuer is None


def test_long_packets() -> None:
    """A packet of 256 octets and more has two octets of length, and subpackets of 192 and more have two as well."""
    long = make.subpacket(20, bytes(300))
    found = parse_armored(KEY.sign(DATA, AT, extra=long), canonical=False)
    assert found.packet[:1] == b"\x89"
    assert parse_armored(found.armored).packet == found.packet
    new = as_found(b"\xc2" + (len(found.packet) - 3 - 192 + 0xC000).to_bytes(2, "big") + found.packet[3:])
    assert parse_armored(new, canonical=False).armored == found.armored
    wide = b"\xff" + (301).to_bytes(4, "big") + b"\x14" + bytes(300)
    assert parse_armored(KEY.sign(DATA, AT, extra=wide), canonical=False).created == AT


PADDED = (int.from_bytes(REST[2:4], "big") + 8).to_bytes(2, "big") + b"\0" + REST[4:]
"""Both numbers, the first of which claims eight bits more than it has."""
BAD: dict[str, tuple[bytes, str]] = {
    "no armor": (b"hello\n", "an armored PGP signature"),
    "no empty line": (b"-----BEGIN PGP SIGNATURE-----", "an armored PGP signature"),
    "a public key": (KEY.certificate(), "an armored PGP signature"),
    "a message": (armor(PACKET).replace(b"SIGNATURE", b"MESSAGE"), "an armored PGP signature"),
    "not base64": (armor(PACKET).replace(b"\n\n", b"\n\n*", 1), "base64"),
    "nothing": (armor(b""), "a signature packet"),
    "one octet": (armor(b"\xc2"), "a signature packet"),
    "another packet": (armor(make.packet(11, BODY)), "a signature packet"),
    "two packets": (armor(PACKET * 2), "exactly one"),
    "a part": (armor(PACKET[:-1]), "exactly one"),
    "partial length": (armor(b"\xc2\xe1" + BODY), "definite length"),
    "indefinite length": (armor(b"\x8b" + BODY), "a signature packet"),
    "version 3": (armor(make.packet(2, b"\x03" + BODY[1:])), "version 4"),
    "short body": (armor(make.packet(2, BODY[:9])), "version 4"),
    "text": (armor(KEY.signature(DATA, AT, kind=1)), "binary document, found type 1"),
    "hashed area too long": (armor(make.packet(2, BODY[:4] + b"\xff\xff" + BODY[6:])), "whole signature packet"),
    "no unhashed area": (armor(make.packet(2, BODY[:AREA] + b"\0")), "whole signature packet"),
    "subpacket too long": (armor(KEY.signature(DATA, AT, extra=b"\x09\x10")), "whole subpackets"),
    "subpacket of nothing": (armor(KEY.signature(DATA, AT, extra=b"\x00")), "whole subpackets"),
    "subpacket twice": (armor(KEY.signature(DATA, AT, extra=NOTATION * 2)), "each subpacket once"),
    "critical and not": (armor(KEY.signature(DATA, AT, extra=NOTATION + b"\x02\x94x")), "each subpacket once"),
    "expires": (armor(KEY.signature(DATA, AT, expires=AT + 1)), "does not expire"),
    "no time": (armor(make.signature_packet(KEY.primary, DATA, hashed=b"")), "time of the signature"),
    "short time": (
        armor(make.signature_packet(KEY.primary, DATA, hashed=make.subpacket(2, b"\0\0"))),
        "time of the signature",
    ),
    "algorithm": (armor(make.packet(2, BODY[:2] + b"\x10" + BODY[3:])), "RSA, DSA, ECDSA or EdDSA, found algorithm 16"),
    "number with leading zeros": (armor(make.packet(2, BODY[: AREA + 14] + PADDED)), "canonical integers"),
    "octets behind the numbers": (armor(make.packet(2, BODY + b"\0")), "nothing after the numbers"),
    "number cut": (armor(make.packet(2, BODY[:-1])), "canonical integers"),
    "too long": (b"-----BEGIN PGP SIGNATURE-----\n\n" + b"A" * MAX_ARMOR_BYTES, "at most 16384 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("canonical", [True, False])
def test_refusals(name: str, canonical: bool) -> None:  # noqa: FBT001 - the case
    """What is not one whole signature over a binary document is refused from any program."""
    armored, message = BAD[name]
    with pytest.raises(MalformedError) as caught:
        parse_armored(armored, canonical=canonical)
    assert message in caught.value.message


@pytest.mark.parametrize(("algorithm", "size"), [(27, 64), (28, 114)])
def test_algorithms_of_plain_octets(algorithm: int, size: int) -> None:
    """Ed25519 and Ed448 of RFC 9580 have a fixed number of octets instead of integers."""
    head = BODY[:2] + bytes([algorithm]) + BODY[3 : AREA + 14]
    assert parse_armored(armor(make.packet(2, head + bytes(size)))).created == AT
    with pytest.raises(MalformedError, match="nothing after the numbers"):
        parse_armored(armor(make.packet(2, head + bytes(size + 1))))


@pytest.fixture(scope="module")
def foreign(_isolated_session: Sandbox) -> Iterator[GpgHome]:
    """Give a home with an RSA and an ECDSA key, made by gpg."""
    from tests.support import isolation

    with isolation.sandbox() as made:
        home = GpgHome(made.gnupg)
        for name, algorithm in (("rsa", "rsa2048"), ("ecdsa", "nistp256")):
            home.run("--quick-generate-key", f"{name} <{name}@example.com>", algorithm, "sign", "never")
        yield home


@pytest.mark.parametrize("name", ["rsa", "ecdsa"])
@pytest.mark.parametrize("options", [(), ("--digest-algo", "SHA512"), ("--sig-notation", "a@example.com=b")])
def test_signatures_of_gpg(foreign: GpgHome, name: str, options: tuple[str, ...]) -> None:
    """Gpg's own signatures of every algorithm are read, and verify as well in their canonical form."""
    fingerprint = foreign.fingerprints(name)[0]
    made = foreign.run("--armor", "--local-user", fingerprint, *options, "--detach-sign", stdin=DATA)
    found = parse_armored(made, canonical=False)
    assert found.issuer == fingerprint
    assert parse_armored(found.armored).armored == found.armored
    assert found.fits(DATA)
    assert any(line.startswith(f"VALIDSIG {fingerprint}") for line in foreign.verify(DATA, found.armored))


def test_signatures_by_subkeys_of_gpg(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """A signature by a subkey names the subkey."""
    key = gpg_keys.with_subkey
    gpg_home.add(key)
    found = parse_armored(gpg_home.sign(DATA, key.fingerprint), canonical=False)
    assert (found.issuer, found.fits(DATA)) == (key.subkey, True)


def test_clear_text_signature_of_gpg(gpg_home: GpgHome, signing_key: str) -> None:
    """A signature over text is refused."""
    made = gpg_home.run("--armor", "--textmode", "--local-user", signing_key, "--detach-sign", stdin=DATA)
    with pytest.raises(MalformedError, match="binary document"):
        parse_armored(made, canonical=False)
