"""The one OpenPGP signature of an audit commit, as bytes (RFC 9580, sections 5.2 and 6).

This module reads what a signature says of itself and holds it to one canonical form, as the signature does not cover
its own packet header, its unhashed area and its armor: without that, anybody could make another commit id of the same
record. Whether the signature is right is for the `Verifier` port to say.
"""

from __future__ import annotations

import binascii
import hashlib
from binascii import b2a_base64
from typing import NamedTuple

from gitaudit.errors import MalformedError

BEGIN = b"-----BEGIN PGP SIGNATURE-----\n\n"
END = b"-----END PGP SIGNATURE-----\n"
MAX_ARMOR_BYTES = 16_384

HASH_NAMES = {1: "MD5", 2: "SHA-1", 3: "RIPEMD-160", 8: "SHA-256", 9: "SHA-384", 10: "SHA-512", 11: "SHA-224"}
"""RFC 9580, section 9.5, without the SHA-3 family, which gpg does not write."""
STRONG_HASHES = frozenset({8, 9, 10})
_HASHLIB_NAMES = {8: "sha256", 9: "sha384", 10: "sha512"}

_VERSION = 4
_BINARY_DOCUMENT = 0
_CREATED, _EXPIRES, _ISSUER_FINGERPRINT = 2, 3, 33
_FINGERPRINT_OF_V4 = 21
"""Octets of the issuer fingerprint subpacket of a version 4 key: the version, then the fingerprint."""
_ISSUER_HEAD = b"\x09\x10"
"""Length and type of an issuer subpacket, which has the last eight octets of the fingerprint."""
_INTEGERS = {1: 1, 3: 1, 17: 2, 19: 2, 22: 2}
"""How many multiprecision integers a signature of an algorithm holds: RSA, RSA sign-only, DSA, ECDSA, EdDSA."""
_FIXED = {27: 64, 28: 114}
"""How many plain octets it holds: Ed25519, Ed448."""


class Signature(NamedTuple):
    """What a signature packet says of itself.

    Attributes:
        armored: the canonical form in its armor, as it stands in the commit after unfolding.
        packet: the one packet as it was found, header included.
        created: seconds since 1970, from the hashed area.
        hash_algorithm: number of RFC 9580, section 9.5.
        issuer: fingerprint of the signing (sub)key in upper-case hex, from the hashed area, or None.
        hashed: the part of the packet that is hashed after the signed bytes.
        digest_start: the first two octets of the hash, as the packet has them for a quick check.
    """

    armored: bytes
    packet: bytes
    created: int
    hash_algorithm: int
    issuer: str | None
    hashed: bytes
    digest_start: bytes

    @property
    def hash_name(self) -> str:
        """Name of the hash algorithm, or its number."""
        return HASH_NAMES.get(self.hash_algorithm, f"number {self.hash_algorithm}")

    def fits(self, payload: bytes) -> bool:
        """Return whether `digest_start` is that of a strong hash over `payload` (RFC 9580, section 5.2.4).

        The signature does not cover these two octets, and not every judge of signatures looks at them.
        """
        name = _HASHLIB_NAMES.get(self.hash_algorithm)
        if name is None:
            return False
        trailer = b"\x04\xff" + len(self.hashed).to_bytes(4, "big")
        return hashlib.new(name, payload + self.hashed + trailer).digest()[:2] == self.digest_start


def armor(packet: bytes) -> bytes:
    """Return the canonical armor of a signature packet: no headers, 64 characters a line, CRC-24, LF.

    RFC 9580, section 6.1, makes the checksum optional, but GnuPG 2.2 misreads an armor without it where the base64 ends
    without padding.
    """
    lines = b"".join([b2a_base64(packet[at : at + 48]) for at in range(0, len(packet), 48)])
    return b"%b%b=%b%b" % (BEGIN, lines, b2a_base64(_crc24(packet).to_bytes(3, "big")), END)


def _crc24(data: bytes) -> int:
    crc = 0xB704CE
    for octet in data:
        crc = (crc & 0xFFFF) << 8 ^ _CRC_TABLE[crc >> 16 ^ octet]
    return crc


def _crc_entry(octet: int) -> int:
    crc = octet << 16
    for _ in range(8):
        crc = crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc


_CRC_TABLE = tuple(_crc_entry(octet) for octet in range(256))
"""CRC-24 of RFC 9580, section 6.1, an octet at a time."""


def parse_armored(armored: bytes, *, canonical: bool = True) -> Signature:
    """Return the signature in an armor.

    Args:
        armored: at most `MAX_ARMOR_BYTES`.
        canonical: refuse every other form than the `armored` of what is returned; False takes what any program writes.

    Raises:
        MalformedError: not one version 4 signature packet over a binary document, made of whole fields.
    """
    if len(armored) > MAX_ARMOR_BYTES:
        raise MalformedError(f"expected a signature of at most {MAX_ARMOR_BYTES} bytes, found {len(armored)}")
    signature = _parse_packet(_dearmor(armored))
    if canonical and signature.armored != armored:
        raise MalformedError("expected a signature in canonical form, found another")
    if canonical and signature.issuer is None:
        raise MalformedError("expected the fingerprint of the key in the hashed area of the signature, found none")
    return signature


def _dearmor(armored: bytes) -> bytes:
    lines = armored.replace(b"\r\n", b"\n").split(b"\n")
    if lines[0] != BEGIN[:-2] or b"" not in lines:
        raise MalformedError("expected an armored PGP signature, found another text")
    body: list[bytes] = []
    for line in lines[lines.index(b"") + 1 :]:
        if line.startswith((b"=", b"-")):
            break
        body.append(line)
    try:
        return binascii.a2b_base64(b"".join(body), strict_mode=True)
    except binascii.Error as error:
        raise MalformedError("expected base64 in the signature's armor") from error


def _parse_packet(packet: bytes) -> Signature:
    body = _packet_body(packet)
    if len(body) < 10 or body[0] != _VERSION:  # noqa: PLR2004 - the fixed fields of RFC 9580, section 5.2.3
        raise MalformedError("expected a signature packet of version 4, found another")
    if body[1] != _BINARY_DOCUMENT:
        raise MalformedError(f"expected a signature over a binary document, found type {body[1]}")
    hashed, end = _area(body, 4)
    _, rest = _area(body, end)
    _check_integers(body, rest + 2, body[2])
    fields = _subpackets(hashed)
    if _EXPIRES in fields:
        raise MalformedError("expected a signature that does not expire, found one that does")
    created = fields.get(_CREATED, b"")
    if len(created) != 4:  # noqa: PLR2004 - four octets of RFC 9580, section 5.2.3.11
        raise MalformedError("expected the time of the signature in its hashed area, found none")
    issuer = fields.get(_ISSUER_FINGERPRINT, b"")
    known = len(issuer) == _FINGERPRINT_OF_V4 and issuer[0] == _VERSION
    return Signature(
        armored=armor(_canonical(body, end, rest, issuer) if known else packet),
        packet=packet,
        created=int.from_bytes(created, "big"),
        hash_algorithm=body[3],
        issuer=issuer[1:].hex().upper() if known else None,
        hashed=body[:end],
        digest_start=body[rest : rest + 2],
    )


def _canonical(body: bytes, end: int, rest: int, issuer: bytes) -> bytes:
    """Return the packet as gpg writes it: a header of the old form, the key's id alone in the unhashed area."""
    unhashed = _ISSUER_HEAD + issuer[-8:]
    written = body[:end] + len(unhashed).to_bytes(2, "big") + unhashed + body[rest:]
    short = len(written) < 0x100  # noqa: PLR2004 - what one octet of length can tell
    return (b"\x88" if short else b"\x89") + len(written).to_bytes(1 if short else 2, "big") + written


def _packet_body(packet: bytes) -> bytes:
    """Return the body of the one signature packet (tag 2, RFC 9580, section 4.2)."""
    header = packet[:6]
    if header[:1] == b"\xc2" and len(header) > 1:
        start, length = _length(packet, 1)
    elif header[:1] == b"\x88" and len(header) > 1:
        start, length = 2, packet[1]
    elif header[:1] == b"\x89" and len(header) > 2:  # noqa: PLR2004 - old form, two octets of length
        start, length = 3, int.from_bytes(packet[1:3], "big")
    else:
        raise MalformedError("expected a signature packet, found another")
    if start + length != len(packet):
        raise MalformedError("expected exactly one signature packet, found more or a part of one")
    return packet[start:]


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return where the content starts and its length (RFC 9580, section 4.2.1); partial lengths are refused."""
    first = data[at]
    if first < 192:  # noqa: PLR2004 - the bounds of RFC 9580, section 4.2.1
        return at + 1, first
    if first < 224:  # noqa: PLR2004 - the same
        return at + 2, ((first - 192) << 8) + int.from_bytes(data[at + 1 : at + 2], "big") + 192
    if first == 255:  # noqa: PLR2004 - the same
        return at + 5, int.from_bytes(data[at + 1 : at + 5], "big")
    raise MalformedError("expected a packet of definite length")


def _area(body: bytes, at: int) -> tuple[bytes, int]:
    """Return a subpacket area that starts with two octets of length at `at`, and the offset after it."""
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    if end > len(body) or at + 2 > len(body):
        raise MalformedError("expected a whole signature packet, found a part of one")
    return body[at + 2 : end], end


def _subpackets(area: bytes) -> dict[int, bytes]:
    """Return the subpackets of an area by type (RFC 9580, section 5.2.3.7); no type may stand twice."""
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(area):
        start, length = _length(area, at)
        if length < 1 or start + length > len(area):
            raise MalformedError("expected whole subpackets in the signature")
        kind = area[start] & 0x7F
        if kind in fields:
            raise MalformedError(f"expected each subpacket once in the signature, found type {kind} twice")
        fields[kind] = area[start + 1 : start + length]
        at = start + length
    return fields


def _check_integers(body: bytes, at: int, algorithm: int) -> None:
    """Refuse a signature whose numbers do not end exactly where the packet does."""
    if algorithm in _FIXED:
        at += _FIXED[algorithm]
    elif algorithm in _INTEGERS:
        for _ in range(_INTEGERS[algorithm]):
            bits = int.from_bytes(body[at : at + 2], "big")
            number = body[at + 2 : at + 2 + (bits + 7) // 8]
            if int.from_bytes(number, "big").bit_length() != bits:
                raise MalformedError("expected canonical integers in the signature")
            at += 2 + (bits + 7) // 8
    else:
        raise MalformedError(f"expected a signature of RSA, DSA, ECDSA or EdDSA, found algorithm {algorithm}")
    if at != len(body):
        raise MalformedError("expected nothing after the numbers of the signature")
