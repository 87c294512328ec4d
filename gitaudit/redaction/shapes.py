"""What looks like a secret: the first pass over every text of a record, and the part of the scan that is decided here.

Two questions, each answered in microseconds. `tell` names what a text surely or very likely holds: a private key, the
password of a URL, a value assigned to a secret-like name, or characters too random to be a name. `could_hold` says
whether a text could hold anything that the library behind the port `SecretScanner` knows; where it could not, the
library is not even loaded. `tests/redaction/test_first_pass.py` holds that against the library's own patterns.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from enum import Enum
from functools import lru_cache

PRIVATE_KEY = "private key"
URL_PASSWORD = "password in a URL"  # noqa: S105 - the name of a finding
ASSIGNED = "value of a secret-like name"
RANDOM = "random characters"


class Strictness(Enum):
    """How a text is judged, by the kind of field that it stands in."""

    TEXT = "free text: people write it, in sentences"
    NAME = "a name that people or tools chose"
    LINK = "a URL: digests are usual in its path, not in its query"
    PATH = "a name of a file or artifact, where digests and generated parts are usual"


MIN_RANDOM = 20
"""Characters that do not read as words, in one run, from which on they count as random."""
MIN_MIXED = 16
"""The same where upper case, lower case and digits mix."""
MIN_ENTROPY = 3.0
"""Bits a character, by Shannon, of those characters; `0000-1111` has fewer."""
MIN_PART = 3.0
"""Average length, in words, of the parts of a name: `CloudWatchLogs` has parts of 5, random letters and digits of 2."""
SHORT = 5

_COULD_HOLD = re.compile(
    r"://[^\s/]*@"
    r"|[A-Za-z0-9]{20}|[A-Za-z0-9+/]{86}==|PRIVATE KEY|PuTTY-User-Key|AKC[A-Za-z0-9]{10}|AP[\dA-F][A-Za-z0-9]{8}"
    r"|eyJ[\w=-]+\.|gh[pousr]_|npm_|[sr]k_live_|SG\.[\w-]{22}|sq0csp-|_authToken|NPM[ _-]?TOKEN"
    r"|[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27}"
    r"|(?i:xox[abposr]-|hooks\.slack\.com|api\.softlayer\.com"
    r"|aws.{0,20}?(?:key|pw|pass|token).{0,24}?[0-9a-z/+]{40}"
    r"|(?:key|token|pw|pwd|pass|password)[\s=:>\"'\[\]]+[\w-]{24})"
)
# Patterns that most records never need are texts here: they are compiled when they are first used.
_PRIVATE_KEY = re.compile(r"BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY|PuTTY-User-Key-File|AGE-SECRET-KEY-1")
_URL_PASSWORD = re.compile(r"://[^\s/:@\"']*:([^\s/@\"']+)@")
_ASSIGNED = re.compile(
    r"(?:passw(?:or)?d|passphrase|passwd|pwd|secrets?|token|credentials?|(?:api|access|private|secret|account)[_.-]?key)"
    r"[\"'\]]{0,2}(?:\s*(?P<equals>:?=>?)\s*|:\s+|\s+is\s+|:(?=[\"']))(?P<quote>[\"'])?(?P<value>[^\s\"',;]{4,})(?P<rest>\s+\w)?",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?:Bearer|Basic)\s+(?P<value>[A-Za-z0-9+/=._~-]{16,})")
_PLACEHOLDER = (
    r"(?i:\$|<|\*|x{3,}|\.{3}|\[redacted|\(?(?:true|false|null|none|nil|empty|required|optional|sensitive|redacted|unknown)\b"
    r"|(?:var|local|data|module|secrets?|env|vault|ssm|aws|azurerm|google)\.|ref\+|arn:|projects/|@)"
)
_PROSE = r"[a-z]+[.!?)]?|[A-Z]?[a-z]+"

_UUID = r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"
_UUID_IN_NAME = r"(?<![0-9A-Za-z])[A-Z][A-Za-z]{2,40}[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}(?=[0-9A-F]{8}\b|\b)"
"""As CDK names what there is once in a stack, such as `LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a`."""
_ULID = r"(?<![0-9A-Za-z])0[1-3][0-9A-HJKMNP-TV-Z]{24}(?![0-9A-Za-z])"
_TOOL_ID = (
    r"(?<![0-9A-Za-z])(?:(?:run|ws|plan|apply|cv|sv|org|prj|team|user|pol|polset|task|tst|ts|varset|nc|ce|stack|st)-"
    r"[1-9A-HJ-NP-Za-km-z]{16}|[a-z]{1,12}-[0-9a-f]{17})(?![0-9A-Za-z])"
)
"""Ids of runs and workspaces at HCP Terraform, and of resources at AWS."""
_DIGEST = (
    r"(?<![0-9A-Za-z_-])(?:[0-9a-f]{128}|[0-9a-f]{96}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9A-F]{64}|[0-9A-F]{40})"
    r"(?![0-9A-Za-z])"
)
_NAMED_DIGEST = (
    r"(?i:(?:sha-?[0-9]{1,3}|md5|digest|checksum|etag|commits?|compare|tree|blob|raw|rev|revision|reverts?|reverted|asset"
    r"|fingerprint|openpgp|0x|picked from|merges?|refs?)[\s:/@=._-]{0,3}(?:[0-9a-f]{40,64}\.{2,3})?"
    r"(?:[0-9a-f]{128}|[0-9a-f]{96}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}))(?![0-9A-Za-z])"
)
_RUN = re.compile(r"[A-Za-z0-9_+=~-]{16,}")
_SEGMENT = re.compile(r"[A-Za-z0-9]+")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_LOGICAL_ID = r"(?<=[a-z0-9])[0-9A-F]{8}\Z"
"""The end that CDK gives to the names it generates."""
_MIXED = (r"[a-z]", r"[A-Z]", r"[0-9]")


def could_hold(text: str) -> bool:
    """Return whether a text could hold a secret that the library knows; where not, the library finds none."""
    return _COULD_HOLD.search(text) is not None


def tell(text: str, strictness: Strictness) -> str | None:
    """Return what kind of secret a text holds, by its looks; None where it looks like none.

    Args:
        text: a field of a record.
        strictness: what is usual there.
    """
    if _PRIVATE_KEY.search(text):
        return PRIVATE_KEY
    if any(not re.match(_PLACEHOLDER, value) for value in _URL_PASSWORD.findall(text)):
        return URL_PASSWORD
    if any(_is_value(match) for match in _ASSIGNED.finditer(text)):
        return ASSIGNED
    if any(not is_wordy(match["value"]) for match in _BEARER.finditer(text)):
        return ASSIGNED
    return RANDOM if _is_random(text, strictness) else None


def is_wordy(text: str) -> bool:
    """Return whether every part of a text between separators reads as words, such as a path."""
    return all(_weight(segment) == 0 for segment in _SEGMENT.findall(text))


def _is_value(match: re.Match[str]) -> bool:
    """Return whether what follows a secret-like name is a value, and no placeholder, reference or sentence."""
    value = match["value"]
    if re.match(_PLACEHOLDER, value):
        return False
    if match["equals"] or match["quote"]:
        return True
    is_prose = re.fullmatch(_PROSE, value) is not None and len(value) < MIN_MIXED
    return not (is_prose and (match["rest"] or len(value) < SHORT + 3))


def _is_random(text: str, strictness: Strictness) -> bool:
    if not any(_is_random_run(run, strictness) for run in _RUN.findall(text)):
        return False
    for usual in (_UUID, _UUID_IN_NAME, _ULID, _TOOL_ID, _NAMED_DIGEST):
        text = re.sub(usual, " ", text)
    if strictness is Strictness.LINK:
        path, mark, query = text.partition("?")
        text = re.sub(_DIGEST, " ", path) + mark + query
    return any(_is_random_run(run, strictness) for run in _RUN.findall(text))


def _is_random_run(run: str, strictness: Strictness) -> bool:
    odd = "".join(segment for segment in _SEGMENT.findall(run) if _weight(segment))
    if len(odd) < MIN_MIXED or entropy(odd) < MIN_ENTROPY:
        return False
    mixed = all(re.search(kind, odd) for kind in _MIXED)
    if strictness is Strictness.PATH:
        return mixed and len(odd) >= MIN_RANDOM
    return mixed or len(odd) >= MIN_RANDOM


@lru_cache(maxsize=8192)
def _weight(segment: str) -> int:
    """Return the length of a segment that does not read as words, 0 for one that does."""
    stem = re.sub(_LOGICAL_ID, "", segment) if len(segment) > len("FCDC14AE") else segment
    parts = _PART.findall(stem)
    if len(stem) < SHORT or len(parts) < 3:  # noqa: PLR2004 - a word, a word with a number
        return 0
    numbers = sum(part.isdigit() for part in parts)
    many = numbers > 2 and len(stem) >= MIN_RANDOM  # noqa: PLR2004 - names have one number, or two
    return len(segment) if many or len(stem) / len(parts) < MIN_PART else 0


def entropy(text: str) -> float:
    """Return Shannon's entropy of a text's characters, in bits a character; 0 for the empty text."""
    return -sum(number / len(text) * math.log2(number / len(text)) for number in Counter(text).values())
