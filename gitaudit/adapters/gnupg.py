"""Signing with the user's gpg, agent, keyring and gpg.conf.

What a signature needs that gpg.conf could spoil is set on the command line (digest, expiry, text mode, armor). The
rest is the user's: another `agent-program`, a `keyring`, whom to trust (`trust-model`, which plays no part in
signing), `cert-digest-algo` (which neither). Two lines of gpg.conf cannot be undone and are told of instead:
`local-user`, by which gpg signs a second time with another key, and `faked-system-time`, where the one who asked for
the signature sees that it carries another time. A passphrase is only ever written to gpg's standard input; it is in no
argument, message or log.

Processes: one to look a key up, the first time, and one a signature; a failure may take a few more to be told exactly.
Nothing here waits for a terminal, but gpg waits for the agent's pinentry as long as a person needs.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gitaudit.adapters.environment import variable
from gitaudit.adapters.gnupg_failures import NO_AGENT, NO_SECRET_KEY, UNUSABLE_KEY, failure, failure_code
from gitaudit.adapters.gnupg_program import Done, GpgProgram, KeyPart, ListedKey, parse_listing
from gitaudit.adapters.gnupg_verifier import GpgVerifier
from gitaudit.errors import KeyProblemError, MalformedError
from gitaudit.log.openpgp import parse_armored

__all__ = ["GpgSigner", "GpgVerifier", "passphrase_from"]

MAX_PASSPHRASE_BYTES = 255
"""What gpg-agent takes."""

_ID = re.compile(r"(?:0x)?([0-9a-f]{40}|[0-9a-f]{16}|[0-9a-f]{8})(!?)", re.ASCII | re.IGNORECASE)
_ANOTHER = "sign with another key: --key FPR, or git config user.signingkey FPR"
_LIST = "run `gpg --list-secret-keys --with-subkey-fingerprint` to see the keys and what they may do"
_MAX_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that can sign.

    Attributes:
        fingerprint: of the primary key.
        selector: what gpg is told to use: the fingerprint, or `FPR!` for exactly that part.
        signers: fingerprints of which one must have made the signature.
        on_card: the part that gpg will take is on a card.
        absent: what to tell if gpg cannot sign after all, where the agent says that no secret half is here. An agent
            that is forwarded from another machine (`extra-socket`) says so of all keys, and signs.
    """

    fingerprint: str
    selector: str
    signers: tuple[str, ...]
    on_card: bool
    absent: KeyProblemError | None


class GpgSigner:
    """Signs with one key of the user through python-gnupg; fits the port `Signer`."""

    def __init__(self, key: str | None, *, program: str = "gpg", passphrase: str | None = None) -> None:
        """Name the key; gpg is not asked before it is needed.

        Args:
            key: whatever gpg takes: a fingerprint or an id (8, 16 or 40 hex digits, `0x` before or not) of the primary
                key or a subkey, an e-mail address or a user id, as in `user.signingkey`. An exclamation mark after a
                fingerprint or id forces exactly that key or subkey; else gpg takes the newest subkey that can sign,
                or the primary key. None takes the only key that can sign.
            program: the gpg program, a path or a name on PATH; one that wraps gpg must hand on arguments, standard
                input and descriptors.
            passphrase: for a key that nobody unlocks in the agent's pinentry.
        """
        self._wanted = (key or "").strip()
        self._passphrase = None if passphrase is None else _as_bytes_of_gpg(passphrase)
        self._program = GpgProgram(program, fault=KeyProblemError)

    @property
    def fingerprint(self) -> str:
        """Primary fingerprint, 40 upper-case hex digits. Raises `KeyProblemError`."""
        return self._key.fingerprint

    def sign(self, payload: bytes) -> bytes:
        """Return the detached signature over any bytes, SHA-512, in canonical armor; one gpg process.

        Raises:
            KeyProblemError: no signature, or not exactly one by the key that was named.
        """
        key = self._key
        done = self._program.sign(payload, key.selector, self._passphrase, _terminal_options())
        made = [arguments[-1] for arguments in done.all("SIG_CREATED")]
        if not made:
            raise self._no_signature(done, key)
        if len(made) > 1:
            raise KeyProblemError(
                f"expected one signature, found {len(made)}", hint="remove every `local-user` from gpg.conf"
            )
        if made[0] not in key.signers:
            raise KeyProblemError(f"expected a signature by {key.selector}, found one by {made[0]}", hint=_ANOTHER)
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
    def _key(self) -> SigningKey:
        """The key that was named; one gpg process."""
        named = _ID.fullmatch(self._wanted.replace(" ", ""))
        forced = named[1].upper() if named and named[2] else None
        names = [] if not self._wanted else [self._wanted]
        done = self._program.list_keys(names, secret=True)
        keys = parse_listing(done.output)
        if not keys:
            raise self._none_found(done, names)
        found = [_choose(key, forced) for key in keys]
        able = [one for one in found if isinstance(one, SigningKey)]
        usable = [one for one in able if one.absent is None] or able
        if len(usable) == 1:
            return usable[0]
        raise _not_one(usable, found, keys)

    def _none_found(self, done: Done, names: list[str]) -> KeyProblemError:
        code = failure_code(done)
        if code is None:
            self._program.check()
            if done.exit_code != 0:
                return KeyProblemError(
                    f"gpg could not list the secret keys and did not say why (exit code {done.exit_code})",
                    hint="run `gpg --list-secret-keys` to see why",
                )
        elif code.number != NO_SECRET_KEY:
            return failure(done, self._wanted, self._wanted)
        public = parse_listing(self._program.list_keys(names).output)
        if public and not names:  # without a name, gpg lists nothing and is silent where no agent answers
            again = self._program.list_keys([public[0].fingerprint], secret=True)
            answer = failure_code(again)
            if answer is not None and answer.number == NO_AGENT:
                return failure(again, self._wanted, self._wanted)
        return _no_key(self._wanted, public)

    def _no_signature(self, done: Done, key: SigningKey) -> KeyProblemError:
        code = failure_code(done)
        if code is None and not done.statuses:
            self._program.check()
        if code is not None and code.number in {NO_SECRET_KEY, UNUSABLE_KEY}:
            del self._key  # it changed, or never was good: looking again tells why
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
        raise KeyProblemError(f"expected a signature by {signer}, found one by {signature.issuer}", hint=_ANOTHER)
    return signature.armored


def _choose(key: ListedKey, forced: str | None) -> SigningKey | KeyProblemError:
    """Return the part of a key to sign with, as gpg would choose it, or why there is none."""
    if forced is not None:
        part = next((part for part in key.parts if part.fingerprint.endswith(forced)), key.parts[0])
        return _problem(part, key) or _signing_key(key, [part], f"{part.fingerprint}!")
    able = [part for part in key.parts if "s" in part.usage]
    good = [part for part in able if _problem(part, key) is None]
    if good:
        return _signing_key(key, good, key.fingerprint)
    return _problem(max(able or key.parts[:1], key=lambda part: part.created), key) or _cannot_sign(key.parts[0], key)


def _signing_key(key: ListedKey, parts: list[KeyPart], selector: str) -> SigningKey:
    held = [part for part in parts if part.held != "#"]
    subkeys = [part for part in held or parts if part is not key.parts[0]]
    first = max(subkeys or parts, key=lambda part: part.created)
    return SigningKey(
        fingerprint=key.fingerprint,
        selector=selector,
        signers=tuple(part.fingerprint for part in parts),
        on_card=first.held not in {"", "+", "#"},
        absent=None if held else _absent(first, key),
    )


def _absent(part: KeyPart, key: ListedKey) -> KeyProblemError:
    return KeyProblemError(
        f"the secret half of {_name(part, key)} is not here",
        hint="import it, or, where it is on a card, insert that and run `gpg --card-status`",
    )


def _problem(part: KeyPart, key: ListedKey) -> KeyProblemError | None:
    """Return why a part of a key may not sign, None where it may."""
    name = _name(part, key)
    if part.validity == "r":
        return KeyProblemError(f"{name} is revoked", hint=_ANOTHER)
    if part.validity == "e":
        subkey = "" if part is key.parts[0] else f" {part.fingerprint}"
        return KeyProblemError(
            f"{name} has expired", hint=f"extend it with: gpg --quick-set-expire {key.fingerprint} 1y{subkey}"
        )
    if part.validity == "i":
        return KeyProblemError(
            f"{name} is not valid for gpg",
            hint="check the clock, and gpg.conf for what refuses it (faked-system-time, weak-digest)",
        )
    return None if "s" in part.usage else _cannot_sign(part, key)


def _cannot_sign(part: KeyPart, key: ListedKey) -> KeyProblemError:
    return KeyProblemError(
        f"{_name(part, key)} may not sign: it is for other uses",
        hint=f"give it a subkey that may: gpg --quick-add-key {key.fingerprint} ed25519 sign",
    )


def _name(part: KeyPart, key: ListedKey) -> str:
    whose = "" if part is key.parts[0] else f" of {key.fingerprint}"
    return f"the {'sub' if whose else ''}key {part.fingerprint}{whose}"


def _not_one(
    usable: list[SigningKey], found: list[SigningKey | KeyProblemError], keys: tuple[ListedKey, ...]
) -> KeyProblemError:
    """Return the error for no key that can sign, or several."""
    only = found[0]
    if len(found) == 1 and isinstance(only, KeyProblemError):
        return only
    fingerprints = [key.fingerprint for key in usable or keys]
    listed = ", ".join(fingerprints[:_MAX_NAMED]) + (", …" if len(fingerprints) > _MAX_NAMED else "")
    if usable:
        return KeyProblemError(
            f"expected one key to sign with, found {len(usable)}: {listed}",
            hint="name the one to use with --key FPR or: git config user.signingkey FPR",
        )
    return KeyProblemError(f"expected a key that can sign, found none among {len(keys)}: {listed}", hint=_LIST)


def _no_key(wanted: str, public: tuple[ListedKey, ...]) -> KeyProblemError:
    if not wanted:
        return KeyProblemError(
            "expected a secret key to sign with, found none in the keyring",
            hint="make one with `gpg --quick-gen-key NAME ed25519 sign`, or import yours",
        )
    if public:
        return KeyProblemError(
            f"expected the secret key of {wanted!r}, found only its public half",
            hint="import the secret key, or, where it is on a card, insert that and run `gpg --card-status`",
        )
    return KeyProblemError(
        f"expected a secret key {wanted!r} in the keyring, found none",
        hint="run `gpg --list-secret-keys`, then name one with --key FPR or: git config user.signingkey FPR",
    )
