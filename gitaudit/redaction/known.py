"""Values that are known to be secret, or that may be: from variables, arguments and the markers in a tool's files."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MIN_LENGTH = 6
"""Characters that a value has at least: shorter ones occur in texts by chance."""
MAX_DEPTH = 64

_SECRET_NAME = re.compile(
    r"passw(or)?d|passphrase|passwd|(^|[_.-])(pass|pw|pwd|pat|psk|dsn|auth|creds?)($|[_.-])|secret|token|credential"
    r"|(api|access|private|signing|encryption|master|account|shared|storage|license|secret|auth)[_.-]?key|connection[_.-]?string|database[_.-]?url|webhook|bearer|cookie",
    re.IGNORECASE,
)
_CAMEL = r"(?<=[a-z0-9])(?=[A-Z])"
_NO_SECRET_NAME = re.compile(
    r"[_.-](file|path|dir|names?|arn|enabled|type|length|version|policy|count|expiry|ttl|tokens)$|askpass|^(old)?pwd$",
    re.IGNORECASE,
)
_URL_USER = r"://[^/\s:@]*:([^/\s@]+)@"
_PLAIN = r"[A-Za-z]?[a-z]*|[a-z]{0,3}[0-9]{1,2}[a-z]?|[0-9]{3}"
_COMMON = frozenset({"default", "enabled", "disabled", "unknown", "(sensitive value)", "[secret]", "sensitive"})


class Known(NamedTuple):
    """Values that must not be in a record.

    Attributes:
        secret: said to be secret by a marker, or by the name they have. They may stand nowhere.
        given: other values of variables. They are taken out of free text, and may be names of things.
    """

    secret: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()

    def __or__(self, other: Known) -> Known:
        """Return the values of both."""
        return Known(secret=self.secret | other.secret, given=self.given | other.given)


NOTHING = Known()


def known(*, secret: Iterable[str] = (), given: Iterable[str] = ()) -> Known:
    """Return values worth looking for: without short and common ones, with the lines and passwords in the others."""
    return Known(
        secret=frozenset(part for value in secret for part in _parts(value)),
        given=frozenset(part for value in given for part in _parts(value)),
    )


@lru_cache(maxsize=4096)  # a large plan has few names, each many times
def is_secret_name(name: str) -> bool:
    """Return whether a variable, option or attribute of this name is likely to have a secret as its value."""
    words = re.sub(_CAMEL, "_", name)
    return _SECRET_NAME.search(words) is not None and _NO_SECRET_NAME.search(words) is None


def is_plain(value: str) -> bool:
    """Return whether a value is made of ordinary words and small numbers, such as `postgres` or `eu-west-1a`.

    Such a value, secret or not, is also the name of many things; finding it in a name says nothing.
    """
    return all(re.fullmatch(_PLAIN, part) for part in re.split(r"[^A-Za-z0-9]", value))


def from_variables(variables: Mapping[str, str]) -> Known:
    """Return the values of secret-like environment variables, and of those that Terraform takes as its own."""
    found = Known()
    for name, value in variables.items():
        if name.startswith("GITAUDIT_"):
            continue  # options of this program; what they hold is looked at like any other text
        if is_secret_name(name) or name.upper().endswith("_KEY"):
            found |= _of_secret(value)
        elif name.startswith("TF_VAR_"):
            found |= known(given=[value])
    return found


def strings_of(value: object, depth: int = MAX_DEPTH) -> list[str]:
    """Return the texts and numbers, as text, anywhere in a JSON value; no keys."""
    if isinstance(value, str):
        return [value]
    if depth <= 0 or value is None or isinstance(value, bool):
        return []
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings_of(item, depth - 1)]
    if isinstance(value, list):
        return [text for item in value for text in strings_of(item, depth - 1)]
    return [str(getattr(value, "text", value))]


def _of_secret(value: str) -> Known:
    """Return a secret variable's value; of a JSON object, only what has a secret-like name counts as secret."""
    try:
        document = json.loads(value) if value.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return known(secret=[value])
    secret = [text for key, item in document.items() if is_secret_name(str(key)) for text in strings_of(item)]
    return known(secret=[value, *secret], given=strings_of(document))


def _parts(value: str) -> list[str]:
    """Return a value, its longer lines and the password of a URL in it; nothing of what is too short or common."""
    whole = value.strip()
    lines = [line.strip() for line in whole.splitlines()] if "\n" in whole else []
    every = [whole, *lines, *re.findall(_URL_USER, whole)]
    return [part for part in every if len(part) >= MIN_LENGTH and part.lower() not in _COMMON]
