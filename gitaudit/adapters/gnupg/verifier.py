"""A second opinion on signatures, by gpg. It shares no code with the other engine, and is about 50 times slower.

gpg judges a key at the current time, so it is told the time of the signature. What the other engine refuses and gpg
would take is switched off: digests by SHA-1 and RIPEMD-160. The keyring, trust settings and gpg.conf of the reader play
no part, and no agent is started.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitaudit.adapters.gnupg.listing import ListedKey, parse_listing
from gitaudit.adapters.gnupg.program import GpgProgram
from gitaudit.errors import SetupError
from gitaudit.model import Problem, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.adapters.gnupg.program import Done
    from gitaudit.log.openpgp import Signature

MAX_CERTIFICATE_BYTES = 65_536
_BEGIN = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_OPTIONS = (
    "--no-options",
    "--no-autostart",
    "--disable-dirmngr",
    "--no-auto-key-retrieve",
    *("--trust-model", "always"),
    *("--weak-digest", "SHA1"),
    *("--weak-digest", "RIPEMD160"),
)
_LAST_SECOND = 0xFFFF_FFFF
_SECRETS = 9
"""Which number of the status `IMPORT_RES` counts secret keys."""
_NO_PUBLIC_KEY, _WRONG_USE = "9", "125"
"""Codes of the status `ERRSIG`, as of libgpg-error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ring:
    """A keyring with one certificate, as gpg sees it."""

    gpg: GpgProgram
    key: ListedKey
    had_secrets: bool

    def holds(self, fingerprint: str) -> bool:
        """Return whether the primary key or a subkey has a fingerprint."""
        return any(part.fingerprint == fingerprint for part in self.key.parts)


class GpgVerifier:
    """Judges signatures with the gpg program; fits the port `Verifier`.

    One gpg process a signature (12 ms), and two for each certificate that it meets for the first time. What is not
    exactly one key counts as no certificate.
    """

    def __init__(self, home: Path, *, program: str = "gpg") -> None:
        """Use `home`, an empty folder of mode 0700 that the caller removes, for keyrings."""
        self._home = home
        self._program = program
        self._rings: dict[bytes, _Ring | None] = {}

    def verify(self, payload: bytes, signature: Signature, certificates: Mapping[str, bytes]) -> Verdict:
        """Judge one signature; raises `SetupError` where there is no gpg."""
        rings = [ring for content in certificates.values() if (ring := self._ring(content)) is not None]
        verdict = Verdict(fingerprint=None, problem="unknown-key")
        for ring in rings:
            if signature.issuer is None or ring.holds(signature.issuer):
                verdict = self._judge(payload, signature, ring)
                if verdict.problem != "unknown-key":
                    return verdict
        return verdict

    def certificate_problem(self, certificate: bytes, fingerprint: str) -> str | None:
        """Return why an armored text is not the one public key of that fingerprint; `SetupError` without gpg."""
        if len(certificate) > MAX_CERTIFICATE_BYTES:
            return f"expected at most {MAX_CERTIFICATE_BYTES} bytes, found {len(certificate)}"
        if certificate.count(_BEGIN) != 1 or not certificate.startswith(_BEGIN):
            return "expected one armored public key, found something else"
        ring = self._ring(certificate)
        if ring is None:
            return "expected one armored public key, found something else"
        if ring.had_secrets:
            return "expected a public key, found secret key material"
        if ring.key.fingerprint != fingerprint:
            return f"expected the key {fingerprint}, found {ring.key.fingerprint}"
        return None

    def _ring(self, certificate: bytes) -> _Ring | None:
        if certificate not in self._rings:
            self._rings[certificate] = self._made(certificate)
        return self._rings[certificate]

    def _made(self, certificate: bytes) -> _Ring | None:
        home = Path(tempfile.mkdtemp(dir=self._home))
        gpg = GpgProgram(self._program, fault=SetupError, home=home, options=_OPTIONS)
        counts = gpg.receive(certificate).all("IMPORT_RES")
        if not counts:
            gpg.check()
        keys = parse_listing(gpg.list_keys([], signatures=True).output)
        had_secrets = any(line[_SECRETS] != "0" for line in counts if len(line) > _SECRETS)
        return _Ring(gpg=gpg, key=keys[0], had_secrets=had_secrets) if len(keys) == 1 else None

    def _judge(self, payload: bytes, signature: Signature, ring: _Ring) -> Verdict:
        # A key has expired at the very second that it names; gpg says so one second later.
        now = min(signature.created + 1, _LAST_SECOND)
        with tempfile.NamedTemporaryFile(dir=self._home, suffix=".asc") as stream:
            stream.write(signature.armored)
            stream.flush()
            done = ring.gpg.verify(payload, Path(stream.name), ["--faked-system-time", f"{now}!"])
        valid = done.all("VALIDSIG")
        good = done.says("GOODSIG") or (done.says("REVKEYSIG") and _still_counts(signature, valid, ring.key))
        if good and len(valid) == 1 and len(done.all("NEWSIG")) == 1 and done.exit_code == 0:
            return Verdict(fingerprint=valid[0][-1])
        return Verdict(fingerprint=None, problem=_problem(done))


def _still_counts(signature: Signature, valid: Sequence[Sequence[str]], key: ListedKey) -> bool:
    """Return whether a key that is revoked by now was good when it signed: superseded or retired, and only later.

    gpg itself lets no signature of a revoked key count.
    """
    signers = {fingerprint for line in valid for fingerprint in (line[0], line[-1])}
    parts = [part for part in key.parts if part.fingerprint in signers]
    revocations = [revocation for part in parts for revocation in part.revocations]
    expired = any(part.expires is not None and part.expires <= signature.created for part in parts)
    return (
        bool(revocations)
        and not expired
        and all(revocation.soft and revocation.at > signature.created for revocation in revocations)
    )


def _problem(done: Done) -> Problem:
    if done.says("EXPKEYSIG"):
        return "expired"
    if done.says("REVKEYSIG"):
        return "unusable"
    codes = {code for arguments in done.all("ERRSIG") for code in arguments[5:6]}
    if _NO_PUBLIC_KEY in codes:
        return "unknown-key"
    return "unusable" if _WRONG_USE in codes else "bad"
