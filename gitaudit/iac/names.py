r"""Names that tools wrote, made safe to show: a plan file is a stranger's text.

A name is kept as it is, but for two things that stay visible: characters that a terminal, a browser or a reader's eye
would not see are written as `\u{XXXX}`, one to one, and what is too long is cut, marked and told apart by a digest of
48 bits: enough against accidents, not against somebody who looks for two names that collide.
"""

from __future__ import annotations

import hashlib
import re

ADDRESS_LIMIT = 1024
NAME_LIMIT = 255
ATTRIBUTE_LIMIT = 64

DIGEST_DIGITS = 12
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

# Fixed ranges, not Unicode categories: those change with the Unicode version of Python, and a list's digest would too.
# C0, DEL and C1, soft hyphen, Arabic letter mark, Mongolian vowel separator, zero width and bidi controls, line and
# paragraph separators, invisible operators, byte order mark, interlinear marks, surrogates, tags and variation
# selectors of plane 14. A backslash is escaped only where it would read as an escape.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
    r"|\\(?=u\{)"
)
_EMPTY = r"\u{}"
_WORD = re.compile(r"[0-9A-Za-z][0-9A-Za-z+._-]{0,63}")
_SHORTENED = re.compile(rf"{ELLIPSIS}[0-9a-f]{{{DIGEST_DIGITS}}}\Z")


def visible(text: str, limit: int = NAME_LIMIT) -> str:
    r"""Return `text` with invisible characters escaped, in at most `limit` characters.

    Args:
        text: any string, lone surrogates included.
        limit: characters of the result, more than 13.

    Returns:
        The text with every control, bidi control and other invisible character as `\u{XXXX}`, and a backslash in front
        of `u{` as `\u{005C}`; the empty text as `\u{}`. Where that is longer than `limit`, it ends with an ellipsis and
        the first 12 hexadecimal digits of the SHA-256 of the whole in UTF-8; so does a name that only pretends to have
        been cut.
    """
    escaped = _UNSAFE.sub(_escape, text) or _EMPTY
    pretends = len(escaped) == limit and _SHORTENED.search(escaped) is not None
    if len(escaped) <= limit and not pretends:
        return escaped
    digest = hashlib.sha256(escaped.encode("utf-8")).hexdigest()[:DIGEST_DIGITS]
    return f"{escaped[: limit - DIGEST_DIGITS - len(ELLIPSIS)]}{ELLIPSIS}{digest}"


def word(value: object) -> str | None:
    """Return `value` where it is a version or a word of a tool's own vocabulary.

    Returns:
        The text, at most 64 letters, digits and `+-._`; `unrecognised` for any other text; None for no text.
    """
    if not isinstance(value, str) or not value:
        return None
    return value if _WORD.fullmatch(value) else "unrecognised"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{{{ord(match.group()):04X}}}"
