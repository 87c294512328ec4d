"""OpenPGP verification in process with Sequoia. The only importer of pysequoia.

Sequoia judges a key at the time of the signature, so a key that expired later does not break yesterday's records. The
keyring and trust settings of the reader play no part: only the certificates given count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia

from gitaudit.errors import InputError
from gitaudit.model import Problem, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitaudit.log.openpgp import Signature

BEGIN = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
MAX_CERTIFICATE_BYTES = 65_536


class SequoiaVerifier:
    """Fits the port `Verifier`; parsed certificates are kept, as a log has few keys and many records."""

    def __init__(self) -> None:
        self._parsed: dict[bytes, pysequoia.Cert | None] = {}
        self._problems: dict[tuple[bytes, str], str | None] = {}

    def verify(self, payload: bytes, signature: Signature, certificates: Mapping[str, bytes]) -> Verdict:
        """Judge one signature; about 0.25 ms for Ed25519."""
        certs = [cert for data in certificates.values() if (cert := self._parse(data)) is not None]
        try:
            parsed = pysequoia.Sig.from_bytes(signature.packet)
            result = pysequoia.verify(bytes=payload, store=lambda _ids: certs, signature=parsed)
        except (RuntimeError, TypeError, ValueError):
            return Verdict(fingerprint=None, problem=self._problem(signature, certs))
        # A signature counts once; sequoia only lists signatures that are good at their time.
        if len(result.valid_sigs) != 1:
            return Verdict(fingerprint=None, problem="bad")
        return Verdict(fingerprint=str(result.valid_sigs[0].certificate).upper())

    def certificate_problem(self, certificate: bytes, fingerprint: str) -> str | None:
        """Return why an armored text is not the one public key of that fingerprint."""
        known = (certificate, fingerprint)
        if known not in self._problems:
            self._problems[known] = self._find_problem(certificate, fingerprint)
        return self._problems[known]

    def _find_problem(self, certificate: bytes, fingerprint: str) -> str | None:
        if len(certificate) > MAX_CERTIFICATE_BYTES:
            return f"expected at most {MAX_CERTIFICATE_BYTES} bytes, found {len(certificate)}"
        armored = certificate.count(BEGIN) == 1 and certificate.startswith(BEGIN)
        cert = self._parse(certificate) if armored else None
        if cert is None:
            return "expected one armored public key, found something else"
        try:
            if _has_secrets(certificate):
                return "expected a public key, found secret key material"
        except RuntimeError:
            return "expected one armored public key, found a broken one"
        if str(cert.fingerprint).upper() != fingerprint:
            return f"expected the key {fingerprint}, found {str(cert.fingerprint).upper()}"
        return None

    def _parse(self, data: bytes) -> pysequoia.Cert | None:
        if data not in self._parsed:
            try:
                found = pysequoia.Cert.split_bytes(data)
            except (RuntimeError, ValueError):
                found = []
            self._parsed[data] = found[0] if len(found) == 1 else None
        return self._parsed[data]

    @staticmethod
    def _problem(signature: Signature, certs: list[pysequoia.Cert]) -> Problem:
        """Say by structure, not by Sequoia's message, why a signature did not verify."""
        try:
            owner = next((cert for cert in certs if _holds(cert, signature.issuer)), None)
            if owner is None:
                return "unknown-key"
            expires = owner.expiration
            revoked = owner.is_revoked
        except RuntimeError:
            return "unusable"  # a certificate that is broken: a self-signature in it, or a packet
        if expires is not None and expires.timestamp() <= signature.created:
            return "expired"
        return "unusable" if revoked else "bad"


def fingerprint_of(certificate: bytes) -> str:
    """Return the primary fingerprint, upper-case hex, of the one armored public key in `certificate`.

    Raises:
        InputError: it is not one armored public key, or holds secret key material.
    """
    hint = "export it with: gpg --armor --export-options export-minimal --export KEY"
    verifier = SequoiaVerifier()
    try:
        found = pysequoia.Cert.split_bytes(certificate)
    except (RuntimeError, ValueError) as error:
        raise InputError("expected an armored public key, found something else", hint=hint) from error
    if len(found) != 1:
        raise InputError(f"expected one public key, found {len(found)}", hint=hint)
    fingerprint = str(found[0].fingerprint).upper()
    problem = verifier.certificate_problem(certificate, fingerprint)
    if problem is not None:
        raise InputError(problem, hint=hint)
    return fingerprint


def expiration_of(certificate: bytes) -> datetime | None:
    """Return when the primary key of an armored certificate ends, aware, UTC; None for never, or where it is broken."""
    try:
        return pysequoia.Cert.from_bytes(certificate).expiration
    except (RuntimeError, ValueError):
        return None


def holds_key(certificate: bytes, fingerprint: str) -> bool:
    """Return whether an armored certificate has a key or subkey of this fingerprint; False where it is broken."""
    try:
        return _holds(pysequoia.Cert.from_bytes(certificate), fingerprint)
    except (RuntimeError, ValueError):
        return False


def _has_secrets(certificate: bytes) -> bool:
    """Return whether there is a secret key among the packets, whatever the armor calls them."""
    secret = (pysequoia.packet.Tag.SecretKey, pysequoia.packet.Tag.SecretSubkey)
    return any(packet.tag in secret for packet in pysequoia.packet.PacketPile.from_bytes(certificate))


def _holds(cert: pysequoia.Cert, fingerprint: str | None) -> bool:
    """Return whether a certificate has a key of this fingerprint, primary or subkey."""
    pile = pysequoia.packet.PacketPile.from_bytes(bytes(cert))
    wanted = (fingerprint or "").lower()
    return any(packet.fingerprint == wanted for packet in pile if packet.fingerprint)
