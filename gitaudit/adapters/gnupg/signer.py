"""Signing with the user's gpg, agent, keyring and gpg.conf.

What a signature needs that gpg.conf could spoil is set on the command line (digest, expiry, text mode, armor). The
rest is the user's: another `agent-program`, a `keyring`, whom to trust (`trust-model`, which plays no part in
signing), `cert-digest-algo` (which neither). Two lines of gpg.conf cannot be undone and are told of instead:
`local-user`, by which gpg signs a second time with another key, and `faked-system-time`, where the one who asked for
the signature sees that it carries another time. A passphrase is only ever written to gpg's standard input; it is in no
argument, message or log.

Processes: one to look a key up, unless its primary fingerprint is known, and one a signature; a failure may take a few
more to be told exactly. Nothing here waits for a terminal, but gpg waits for the agent's pinentry as long as a person
needs.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitaudit.adapters.environment import variable
from gitaudit.adapters.gnupg.program import GpgProgram
from gitaudit.errors import KeyProblemError, MalformedError
from gitaudit.log.openpgp import parse_armored

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from gitaudit.adapters.gnupg.keys import SigningKey
    from gitaudit.adapters.gnupg.program import Done

MAX_PASSPHRASE_BYTES = 255
"""What gpg-agent takes."""

_FINGERPRINT = re.compile(r"[0-9A-F]{40}", re.ASCII)


class GpgSigner:
    """Signs with one key of the user through python-gnupg; fits the port `Signer`."""

    def __init__(
        self,
        key: str | None,
        *,
        program: str = "gpg",
        passphrase: str | None = None,
        admitted: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """Name the key; gpg is not asked before it is needed.

        Args:
            key: whatever gpg takes: a fingerprint or an id (8, 16 or 40 hex digits, `0x` before or not) of the primary
                key or a subkey, an e-mail address or a user id, as in `user.signingkey`. An exclamation mark after a
                fingerprint or id forces exactly that key or subkey; else gpg takes the newest subkey that can sign,
                or the primary key. None takes the only key that can sign.
            program: the gpg program, a path or a name on PATH; one that wraps gpg must hand on arguments, standard
                input and descriptors.
            passphrase: for a key that nobody unlocks in the agent's pinentry.
            admitted: gives primary fingerprints that are known to be such. One of them needs no look into the keyring;
                who asks for the signature then has to see that it is by that key, as for all signatures.
        """
        self._admitted = admitted
        self._wanted = (key or "").strip()
        self._passphrase = None if passphrase is None else _as_bytes_of_gpg(passphrase)
        self._program = GpgProgram(program, fault=KeyProblemError)

    @property
    def is_part_named(self) -> bool:
        """Whether an exclamation mark forces one part of the key, so that gpg does not choose."""
        return self._wanted.endswith("!")

    @property
    def fingerprint(self) -> str:
        """Primary fingerprint, 40 upper-case hex digits. Raises `KeyProblemError`."""
        return self._primary or self._key.fingerprint

    def sign(self, payload: bytes, meanwhile: Callable[[], None] | None = None) -> bytes:
        """Return the detached signature over any bytes, SHA-512, in canonical armor; one gpg process.

        Args:
            payload: any bytes.
            meanwhile: done while gpg is at work, which takes some milliseconds, or as long as a person needs.

        Raises:
            KeyProblemError: no signature, or not exactly one by the key that was named.
        """
        selector = self._primary or self._key.selector
        done = self._program.sign(payload, selector, self._passphrase, _terminal_options(), meanwhile)
        made = [arguments[-1] for arguments in done.all("SIG_CREATED")]
        if not made:
            raise self._no_signature(done)
        if len(made) > 1:
            raise KeyProblemError(
                f"expected one signature, found {len(made)}", hint="remove every `local-user` from gpg.conf"
            )
        if self._primary is None and made[0] not in self._key.signers:
            raise _by_another(selector, made[0])
        return _checked(done.output, made[0])

    def certificate(self) -> bytes:
        """Return the armored public key, without third-party signatures and photographs. Raises `KeyProblemError`."""
        return self.export(self.fingerprint)

    def export(self, name: str) -> bytes:
        """Return the armored public keys, made likewise, that a name stands for. Raises `KeyProblemError`."""
        certificate = self._program.export(name)
        if not certificate:
            self._program.check()
            raise KeyProblemError(
                f"expected a public key {name!r} in the keyring or as a file, found none",
                hint="import it with `gpg --import FILE`, or give the file itself",
            )
        return certificate

    @cached_property
    def _primary(self) -> str | None:
        """The fingerprint that was named, where it is known to be that of a primary key."""
        named = self._wanted.replace(" ", "").removeprefix("0x").upper()
        return named if _FINGERPRINT.fullmatch(named) and named in self._admitted() else None

    @cached_property
    def _key(self) -> SigningKey:
        """The key that was named; one gpg process."""
        from gitaudit.adapters.gnupg.keys import find_signing_key

        return find_signing_key(self._program, self._wanted)

    def _no_signature(self, done: Done) -> KeyProblemError:
        from gitaudit.adapters.gnupg.failures import NO_SECRET_KEY, UNUSABLE_KEY, failure, failure_code

        code = failure_code(done)
        if code is None and not done.statuses:
            self._program.check()
        if code is not None and code.number in {NO_SECRET_KEY, UNUSABLE_KEY}:
            self.__dict__.pop("_key", None)  # it changed, or never was good: looking again tells why
        try:
            key = self._key
        except KeyProblemError as error:
            return error
        return failure(done, key.fingerprint, key.selector, on_card=key.on_card, absent=key.absent)


def passphrase_from(path: str | None) -> str | None:
    """Return the first line of the file that holds a passphrase, None where no file is named.

    Raises:
        KeyProblemError: the file cannot be read, or its first line is empty or longer than gpg-agent takes.
    """
    if path is None:
        return None
    try:
        with Path(path).open("rb") as stream:
            line = stream.readline(MAX_PASSPHRASE_BYTES + 3)
    except OSError as error:
        raise KeyProblemError(
            f"cannot read the passphrase file {path}", hint="correct GITAUDIT_PASSPHRASE_FILE"
        ) from error
    passphrase = line.removesuffix(b"\n").removesuffix(b"\r")
    if not 0 < len(passphrase) <= MAX_PASSPHRASE_BYTES or b"\0" in passphrase or b"\r" in passphrase:
        raise KeyProblemError(
            f"expected a passphrase of 1 to {MAX_PASSPHRASE_BYTES} bytes in the first line of {path}, found none",
            hint="write it there, or unset GITAUDIT_PASSPHRASE_FILE",
        )
    return passphrase.decode("utf-8", "surrogateescape")


def _as_bytes_of_gpg(passphrase: str) -> str:
    """Return the passphrase so that python-gnupg, which writes Latin-1, writes its UTF-8."""
    data = passphrase.encode("utf-8", "surrogateescape")
    if not data or any(octet in b"\r\n\0" for octet in data):
        raise KeyProblemError("expected a passphrase of one line, found another text", hint="give it in one line")
    return data.decode("latin-1")


def _terminal_options() -> tuple[str, ...]:
    """Return what lets pinentry find the user's terminal where GPG_TTY does not say: git's hooks have one at stderr."""
    told = variable("GPG_TTY")
    if told is not None and Path(told).exists():
        return ()
    for descriptor in (0, 1, 2):
        try:
            return ("--ttyname", os.ttyname(descriptor))
        except OSError:
            continue
    return ()


def _checked(armored: bytes, signer: str) -> bytes:
    """Return what gpg wrote in canonical armor, if it is the one signature by `signer` that a log takes."""
    try:
        signature = parse_armored(armored, canonical=False)
    except MalformedError as error:
        raise KeyProblemError(
            f"gpg made a signature that no log takes: {error.message}",
            hint="look into gpg.conf for what changes signatures, such as sig-notation",
        ) from error
    if signature.issuer not in {None, signer}:
        raise _by_another(signer, signature.issuer)
    return signature.armored


def _by_another(wanted: str, found: str | None) -> KeyProblemError:
    from gitaudit.adapters.gnupg.keys import ANOTHER_KEY

    return KeyProblemError(f"expected a signature by {wanted}, found one by {found}", hint=ANOTHER_KEY)
