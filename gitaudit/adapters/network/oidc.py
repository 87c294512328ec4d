"""Identity tokens of OpenID Connect: the one door to PyJWT, and to the addresses where issuers publish their keys.

A token is a secret while it lives: it is never written, logged or part of a message.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitaudit.errors import InputError, RemoteError, SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures only: with an HMAC, whoever can check a token could make one."""
LEEWAY_SECONDS = 60
MAX_TOKEN = 16_384
MAX_KEYS = 1024 * 1024
SECONDS = 10
_DISCOVERY = "/.well-known/openid-configuration"
_HTTPS = "https://"
_HINT = "ask the issuer for a fresh token for this audience"


def verify_token(token: str, *, issuer: str, audience: str, keys: str | None, directory: Path) -> Mapping[str, object]:
    """Return the claims of a token after checking it: signature, algorithm, issuer, audience, expiry and subject.

    Args:
        token: in compact form.
        issuer: that it must be from, exactly.
        audience: that it must be for.
        keys: file or https URL of the issuer's keys (JWKS); None to ask the issuer where they are.
        directory: what a relative path counts from.

    Raises:
        InputError: the token is not good, or no key of the issuer fits it.
        RemoteError: the keys cannot be fetched.
        SetupError: the library is not installed.
    """
    try:
        import jwt
    except ImportError as error:
        raise SetupError(
            "expected the package PyJWT to check an identity token, found none", hint="pip install 'gitaudit[oidc]'"
        ) from error
    token = token.strip()
    if not issuer.startswith(_HTTPS):
        raise InputError("expected the issuer to be an https URL, found another", hint="give it as the token has it")
    if len(token) > MAX_TOKEN:
        raise InputError(f"expected a token of at most {MAX_TOKEN} characters, found more", hint=_HINT)
    found = _key_set(keys, issuer, directory)
    try:
        key = _key_for(found, jwt.get_unverified_header(token))
        claims: dict[str, object] = jwt.decode(
            token,
            key=key,
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "verify_iat": True, "verify_nbf": True},
        )
    except jwt.PyJWTError as error:
        raise InputError(f"the identity token is not good: {_reason(error)}", hint=_HINT) from error
    return claims


def _reason(error: Exception) -> str:
    """Return what is wrong, in words of this program: those of the library could quote the token."""
    reasons = {
        "ExpiredSignatureError": "it has expired",
        "ImmatureSignatureError": "it is not valid yet",
        "InvalidIssuedAtError": "it was issued in the future",
        "InvalidIssuerError": "it is from another issuer",
        "InvalidAudienceError": "it is for another audience",
        "InvalidSignatureError": "its signature is wrong",
        "InvalidAlgorithmError": f"it is signed by none of {', '.join(ALGORITHMS)}",
        "MissingRequiredClaimError": "it lacks a claim of exp, iat, iss, aud and sub",
        "DecodeError": "it is malformed",
    }
    return reasons.get(type(error).__name__, "it cannot be checked")


def _key_for(document: object, header: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a key of the library
    """Return the one key that a token's header names; without a name, the only key there is."""
    import jwt

    if header.get("alg") not in ALGORITHMS:
        raise jwt.InvalidAlgorithmError
    entries = document.get("keys") if isinstance(document, dict) else None
    listed = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    named = [one for one in listed if one.get("kid") == header.get("kid")] if "kid" in header else listed
    usable = [one for one in named if one.get("use", "sig") == "sig"]
    if len(usable) != 1:
        raise InputError(
            f"expected one key of the issuer that fits the token, found {len(usable)}",
            hint="check that --oidc-jwks has the current keys of the issuer",
        )
    return jwt.PyJWK(usable[0], algorithm=header["alg"])


def _key_set(keys: str | None, issuer: str, directory: Path) -> object:
    if keys is None:
        found = _fetched(f"{issuer.rstrip('/')}{_DISCOVERY}")
        address = found.get("jwks_uri") if isinstance(found, dict) else None
        if not isinstance(address, str) or not address.startswith(_HTTPS):
            raise InputError(
                "expected the issuer to name an https address of its keys, found none",
                hint="give the keys with --oidc-jwks",
            )
        return _fetched(address)
    if "://" in keys:
        if not keys.startswith(_HTTPS):
            raise InputError("expected --oidc-jwks to be a file or an https URL, found another URL", hint="use https")
        return _fetched(keys)
    from gitaudit.adapters.inputs import read_input

    return _parsed(read_input(keys, "--oidc-jwks", directory)[: MAX_KEYS + 1], "--oidc-jwks")


def _fetched(address: str) -> object:
    """Return the JSON document at an https address; it must stand there: a redirection is not followed."""
    from urllib.request import HTTPRedirectHandler, build_opener

    class Nowhere(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """Follow none, which makes it an error."""

    try:
        with build_opener(Nowhere()).open(address, timeout=SECONDS) as answer:
            data: bytes = answer.read(MAX_KEYS + 1)
    except (OSError, ValueError) as error:
        raise RemoteError(
            f"cannot fetch the issuer's keys: {type(error).__name__}",
            hint="check the address and the network, or give the keys as a file with --oidc-jwks",
        ) from error
    return _parsed(data, "the issuer's answer")


def _parsed(data: bytes, what: str) -> object:
    if len(data) > MAX_KEYS:
        raise InputError(f"{what}: expected at most {MAX_KEYS} bytes, found more")
    try:
        found: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what}: expected JSON, found something else", hint="give the issuer's JWKS") from error
    return found
