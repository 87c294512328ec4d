"""Finding the key to sign with: what the keyring has of it, which part gpg will take, and why none where it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.adapters.gnupg.failures import NO_AGENT, NO_SECRET_KEY, failure, failure_code
from gitaudit.adapters.gnupg.listing import KeyPart, ListedKey, parse_listing
from gitaudit.errors import KeyProblemError

if TYPE_CHECKING:
    from gitaudit.adapters.gnupg.program import Done, GpgProgram

ANOTHER_KEY = "sign with another key: --key FPR, or git config gitaudit.key FPR"
_ID = re.compile(r"(?:0x)?([0-9a-f]{40}|[0-9a-f]{16}|[0-9a-f]{8})(!?)", re.ASCII | re.IGNORECASE)
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


def find_signing_key(program: GpgProgram, wanted: str) -> SigningKey:
    """Return the key of the keyring that a name stands for, as `GpgSigner` takes it; one gpg process.

    Raises:
        KeyProblemError: none, several, or one that cannot sign; a few more processes may be needed to tell.
    """
    named = _ID.fullmatch(wanted.replace(" ", ""))
    forced = named[1].upper() if named and named[2] else None
    names = [] if not wanted else [wanted]
    done = program.list_keys(names, secret=True)
    keys = parse_listing(done.output)
    if not keys:
        raise _none_found(program, done, names)
    found = [_choose(key, forced) for key in keys]
    able = [one for one in found if isinstance(one, SigningKey)]
    usable = [one for one in able if one.absent is None] or able
    if len(usable) == 1:
        return usable[0]
    raise _not_one(usable, found, keys)


def _none_found(program: GpgProgram, done: Done, names: list[str]) -> KeyProblemError:
    wanted = names[0] if names else ""
    code = failure_code(done)
    if code is None:
        program.check()
        if done.exit_code != 0:
            return KeyProblemError(
                f"gpg could not list the secret keys and did not say why (exit code {done.exit_code})",
                hint="run `gpg --list-secret-keys` to see why",
            )
    elif code.number != NO_SECRET_KEY:
        return failure(done, wanted, wanted)
    public = parse_listing(program.list_keys(names).output)
    if public and not names:  # without a name, gpg lists nothing and is silent where no agent answers
        again = program.list_keys([public[0].fingerprint], secret=True)
        answer = failure_code(again)
        if answer is not None and answer.number == NO_AGENT:
            return failure(again, wanted, wanted)
    return _no_key(wanted, public)


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
        return KeyProblemError(f"{name} is revoked", hint=ANOTHER_KEY)
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
            hint="name the one to use with --key FPR or: git config gitaudit.key FPR",
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
        hint="run `gpg --list-secret-keys`, then name one with --key FPR or: git config gitaudit.key FPR",
    )
