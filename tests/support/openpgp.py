"""Makes OpenPGP keys and signatures whose every byte is chosen: version 4, EdDSA over Ed25519 (algorithm 22).

A seed, a time and a user id give the same certificate and the same signatures on every machine, in the layout of
gpg 2.2: old-format packet headers, subpackets in its order, its armor. The building blocks (`packet`, `subpacket`,
`signature_packet`, `armor`) also make what gpg would not: weak hashes, two signatures in one armor, junk.

Format: RFC 9580, sections 4.2 (packet headers), 5.2.3 (version 4 signatures), 5.5.2.2 (version 4 keys), 6 (armor) and
the Ed25519Legacy curve of section 9.2. Nothing here is used by gitaudit itself, so it can check what gitaudit does.
"""
# ruff: noqa: A002 - `hash` is the word of the format and of gpg

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypedDict, Unpack

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

EDDSA_LEGACY = 22
HASHES = {"MD5": 1, "SHA1": 2, "SHA256": 8, "SHA384": 9, "SHA512": 10, "SHA224": 11}
"""Names for `hash=`, and their numbers of RFC 9580, section 9.5."""

BINARY, POSITIVE_CERTIFICATION, SUBKEY_BINDING, PRIMARY_BINDING, KEY_REVOCATION = 0x00, 0x13, 0x18, 0x19, 0x20
"""Signature types of RFC 9580, section 5.2.1."""

CREATED, SIGNATURE_EXPIRES, KEY_EXPIRES, ISSUER, KEY_FLAGS, REVOCATION_REASON, EMBEDDED, ISSUER_FINGERPRINT = (
    2,
    3,
    9,
    16,
    27,
    29,
    32,
    33,
)
"""Subpacket types of RFC 9580, section 5.2.3.7."""

CERTIFY, SIGN = 0x01, 0x02
"""Key flags of RFC 9580, section 5.2.3.29."""

NO_REASON, SUPERSEDED, COMPROMISED, RETIRED = 0, 1, 2, 3
"""Reasons for a revocation, RFC 9580, section 5.2.3.31. `SUPERSEDED` and `RETIRED` are soft, the others hard."""

SECRET_KEY, SIGNATURE, PUBLIC_KEY, SECRET_SUBKEY, USER_ID, PUBLIC_SUBKEY = 5, 2, 6, 7, 13, 14
"""Packet types of RFC 9580, section 5."""

_ED25519_OID = bytes.fromhex("092B06010401DA470F01")
_DOCUMENT_TAIL = b"\x04\xff"


def packet(tag: int, body: bytes) -> bytes:
    """Return a packet with an old-format header, as gpg 2.2 writes; `tag` is at most 15."""
    if len(body) < 0x100:
        return bytes([0x80 | tag << 2, len(body)]) + body
    return bytes([0x81 | tag << 2]) + struct.pack(">H", len(body)) + body


def subpacket(kind: int, data: bytes) -> bytes:
    """Return a signature subpacket; `data` has at most 8382 bytes."""
    size = len(data) + 1
    length = bytes([size]) if size < 192 else struct.pack(">H", size - 192 + 0xC000)
    return length + bytes([kind]) + data


def mpi(number: bytes) -> bytes:
    """Return a multiprecision integer: two octets with the count of bits, then the octets without leading zeros."""
    stripped = number.lstrip(b"\0")
    return struct.pack(">H", int.from_bytes(stripped, "big").bit_length()) + stripped


def crc24(data: bytes) -> bytes:
    """Return the checksum of an armor, three octets, computed bit by bit (RFC 9580, section 6.1)."""
    crc = 0xB704CE
    for octet in data:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc.to_bytes(3, "big")


def armor(packets: bytes, kind: str = "SIGNATURE") -> bytes:
    """Return packets in gpg's armor: no headers, 64 characters a line, checksum, LF.

    Args:
        kind: "SIGNATURE", "PUBLIC KEY BLOCK" or "PRIVATE KEY BLOCK".
    """
    text = base64.b64encode(packets).decode("ascii")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    checksum = "=" + base64.b64encode(crc24(packets)).decode("ascii")
    return "\n".join([f"-----BEGIN PGP {kind}-----", "", *lines, checksum, f"-----END PGP {kind}-----", ""]).encode()


def dearmor(armored: bytes) -> bytes:
    """Return the packets in an armor that `armor` or gpg made; the checksum is not looked at."""
    lines = armored.replace(b"\r", b"").split(b"\n\n", 1)[1].split(b"\n")
    body = lines[: next(at for at, line in enumerate(lines) if line.startswith((b"=", b"-")))]
    return base64.b64decode(b"".join(body), validate=True)


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """One Ed25519 key pair as OpenPGP knows it: 32 octets of seed and a time."""

    seed: bytes = field(repr=False)
    created: int

    @property
    def public_body(self) -> bytes:
        """Body of the public key packet or public subkey packet."""
        point = b"\x40" + self._private.public_key().public_bytes_raw()
        return b"\x04" + struct.pack(">IB", self.created, EDDSA_LEGACY) + _ED25519_OID + mpi(point)

    @property
    def secret_body(self) -> bytes:
        """Body of the secret key packet, not encrypted (RFC 9580, section 5.5.3)."""
        secret = mpi(self.seed)
        return self.public_body + b"\0" + secret + struct.pack(">H", sum(secret) & 0xFFFF)

    @property
    def framed(self) -> bytes:
        """What stands for the key where it is hashed: 0x99, two octets of length, the public body."""
        body = self.public_body
        return b"\x99" + struct.pack(">H", len(body)) + body

    @property
    def fingerprint(self) -> str:
        """SHA-1 over `framed`, 40 upper-case hex digits."""
        return hashlib.sha1(self.framed, usedforsecurity=False).hexdigest().upper()

    def sign_digest(self, digest: bytes) -> bytes:
        """Return both numbers of an EdDSA signature, as multiprecision integers."""
        made = self._private.sign(digest)
        return mpi(made[:32]) + mpi(made[32:])

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def signature_packet(
    key: KeyMaterial, signed: bytes, *, hashed: bytes, unhashed: bytes = b"", kind: int = BINARY, hash: str = "SHA256"
) -> bytes:
    """Return a signature packet.

    Args:
        key: that signs.
        signed: what is signed, as it is hashed: the document, or framed keys and user ids.
        hashed: subpackets that the signature covers.
        unhashed: subpackets that it does not cover.
        kind: signature type.
        hash: a name of `HASHES`.
    """
    head = bytes([4, kind, EDDSA_LEGACY, HASHES[hash]]) + struct.pack(">H", len(hashed)) + hashed
    digest = hashlib.new(hash, signed + head + _DOCUMENT_TAIL + struct.pack(">I", len(head)), usedforsecurity=False)
    tail = struct.pack(">H", len(unhashed)) + unhashed + digest.digest()[:2]
    return packet(SIGNATURE, head + tail + key.sign_digest(digest.digest()))


class SignatureOptions(TypedDict, total=False):
    """What `TestKey.signature` takes by keyword."""

    hash: str
    issuer_fpr: bool
    issuer_id: bool
    expires: int | None
    kind: int
    extra: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TestKey:
    """A key pair with one user id, and at will one signing subkey.

    Attributes:
        primary: certifies, and signs where there is no subkey.
        subkey: signs, or None.
        uid: user id, UTF-8 when written.
        expires: seconds since 1970 from which the primary key has expired, or None.
    """

    __test__: ClassVar[bool] = False  # pytest: this is no test, whatever its name says

    primary: KeyMaterial
    subkey: KeyMaterial | None
    uid: str
    expires: int | None

    @classmethod
    def from_seed(
        cls,
        seed: bytes,
        created: int,
        uid: str,
        expires: int | None = None,
        signing_subkey_seed: bytes | None = None,
    ) -> TestKey:
        """Return the key of a seed; the same arguments give the same bytes everywhere.

        Args:
            seed: any bytes; its SHA-256 is the Ed25519 secret key.
            created: seconds since 1970, for the primary key and its subkey.
            expires: seconds since 1970, after `created`; None means never.
            signing_subkey_seed: gives the key a signing subkey, which then makes its signatures.
        """
        subkey = None if signing_subkey_seed is None else _material(signing_subkey_seed, created)
        return cls(primary=_material(seed, created), subkey=subkey, uid=uid, expires=expires)

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the primary key, 40 upper-case hex digits."""
        return self.primary.fingerprint

    @property
    def signer(self) -> KeyMaterial:
        """What makes the key's signatures: the subkey, or else the primary key."""
        return self.subkey or self.primary

    @property
    def signer_fingerprint(self) -> str:
        """Fingerprint that stands in the key's signatures, 40 upper-case hex digits."""
        return self.signer.fingerprint

    @property
    def created(self) -> int:
        """When the key was made, seconds since 1970."""
        return self.primary.created

    def expiring(self, at: int | None) -> TestKey:
        """Return the same key with another expiry."""
        return replace(self, expires=at)

    def certificate(self, *, revocation: bytes = b"") -> bytes:
        """Return the armored public key block.

        Args:
            revocation: a packet of `revocation`, which then stands after the primary key.
        """
        return armor(self.packets(revocation=revocation), "PUBLIC KEY BLOCK")

    def packets(self, *, revocation: bytes = b"") -> bytes:
        """Return the packets of `certificate`, without armor."""
        return self._transferable(PUBLIC_KEY, self.primary.public_body, revocation, self._public_subkey())

    def secret_certificate(self) -> bytes:
        """Return the armored secret key block, without a passphrase, for `gpg --import`."""
        packets = self._transferable(SECRET_KEY, self.primary.secret_body, b"", self._secret_subkey())
        return armor(packets, "PRIVATE KEY BLOCK")

    def sign(self, data: bytes, at: int, **how: Unpack[SignatureOptions]) -> bytes:
        """Return the armored detached signature over `data`; arguments as of `signature`."""
        return armor(self.signature(data, at, **how))

    def signature(
        self,
        data: bytes,
        at: int,
        *,
        hash: str = "SHA256",
        issuer_fpr: bool = True,
        issuer_id: bool = True,
        expires: int | None = None,
        kind: int = BINARY,
        extra: bytes = b"",
    ) -> bytes:
        """Return the packet of a detached signature, byte for byte as gpg 2.2 would write it.

        Args:
            at: time of the signature, seconds since 1970.
            hash: a name of `HASHES`, weak ones too.
            issuer_fpr: name the signer's fingerprint in the hashed area.
            issuer_id: name the signer's key id in the unhashed area.
            expires: seconds since 1970 from which the signature has expired; None means never.
            kind: signature type; another than `BINARY` does not change how `data` is hashed.
            extra: further subpackets for the hashed area.
        """
        hashed = _issuer_and_time(self.signer, at) if issuer_fpr else _time(at)
        if expires is not None:
            hashed += subpacket(SIGNATURE_EXPIRES, struct.pack(">I", expires - at))
        unhashed = _issuer(self.signer) if issuer_id else b""
        return signature_packet(self.signer, data, hashed=hashed + extra, unhashed=unhashed, kind=kind, hash=hash)

    def revocation(self, at: int, *, reason: int = COMPROMISED, text: str = "") -> bytes:
        """Return the packet by which the primary key revokes itself.

        Args:
            at: time of the revocation, seconds since 1970.
            reason: `NO_REASON` or `COMPROMISED` are hard: nothing the key ever signed counts for Sequoia.
        """
        why = subpacket(REVOCATION_REASON, bytes([reason]) + text.encode())
        return self._self_signature(self.primary.framed, KEY_REVOCATION, at, why)

    def _transferable(self, tag: int, body: bytes, revocation: bytes, subkey: bytes) -> bytes:
        uid = self.uid.encode()
        signed = self.primary.framed + b"\xb4" + struct.pack(">I", len(uid)) + uid
        flags = subpacket(KEY_FLAGS, bytes([CERTIFY | SIGN]))
        if self.expires is not None:
            flags += subpacket(KEY_EXPIRES, struct.pack(">I", self.expires - self.created))
        binding = self._self_signature(signed, POSITIVE_CERTIFICATION, self.created, flags)
        return packet(tag, body) + revocation + packet(USER_ID, uid) + binding + subkey

    def _public_subkey(self) -> bytes:
        return b"" if self.subkey is None else packet(PUBLIC_SUBKEY, self.subkey.public_body) + self._binding()

    def _secret_subkey(self) -> bytes:
        return b"" if self.subkey is None else packet(SECRET_SUBKEY, self.subkey.secret_body) + self._binding()

    def _binding(self) -> bytes:
        """Return the signature that makes the subkey ours, with the subkey's own consent in it."""
        signed = self.primary.framed + self.signer.framed
        hashed = _issuer_and_time(self.signer, self.created)
        back = signature_packet(
            self.signer, signed, hashed=hashed, unhashed=_issuer(self.signer), kind=PRIMARY_BINDING, hash="SHA512"
        )
        consent = subpacket(EMBEDDED, back[2:])
        return self._self_signature(
            signed, SUBKEY_BINDING, self.created, subpacket(KEY_FLAGS, bytes([SIGN])), unhashed=consent
        )

    def _self_signature(self, signed: bytes, kind: int, at: int, fields: bytes, unhashed: bytes = b"") -> bytes:
        hashed = _issuer_and_time(self.primary, at) + fields
        return signature_packet(
            self.primary, signed, hashed=hashed, unhashed=_issuer(self.primary) + unhashed, kind=kind, hash="SHA512"
        )


def _material(seed: bytes, created: int) -> KeyMaterial:
    return KeyMaterial(hashlib.sha256(seed).digest(), created)


def _time(at: int) -> bytes:
    return subpacket(CREATED, struct.pack(">I", at))


def _issuer_and_time(key: KeyMaterial, at: int) -> bytes:
    return subpacket(ISSUER_FINGERPRINT, b"\x04" + bytes.fromhex(key.fingerprint)) + _time(at)


def _issuer(key: KeyMaterial) -> bytes:
    return subpacket(ISSUER, bytes.fromhex(key.fingerprint)[-8:])
