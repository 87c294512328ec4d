"""The raw commit object of a record (docs/format.md, "The commit").

All of it but the signature and the time of signing is a function of the record, the tree and the parent: a reader
rebuilds it and compares bytes. Headers in this order and no others; exactly one signature; both identities the same.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from gitaudit.errors import MalformedError

NAME = "gitaudit"
DEFAULT_EMAIL = "audit@gitaudit.invalid"
MAX_COMMIT_BYTES = 32_768

_KINDS = {kind: kind.encode("ascii") for kind in ("blob", "tree", "commit", "tag")}

_COMMIT = re.compile(
    rb"tree ([0-9a-f]{40})\n"
    rb"(?:parent ([0-9a-f]{40})\n)?"
    rb"author gitaudit <([^<>\x00-\x1f\x7f]{1,254})> ([0-9]{1,12}) \+0000\n"
    rb"committer gitaudit <([^<>\x00-\x1f\x7f]{1,254})> ([0-9]{1,12}) \+0000\n"
    rb"gpgsig (-----BEGIN PGP SIGNATURE-----\n(?: [^\n]*\n)+)\n"
)


class CommitText(NamedTuple):
    """What a commit says, without its signature.

    Attributes:
        tree: object id of its tree, 40 lower-case hex digits.
        parent: object id of its parent, None for the genesis commit.
        email: of author and committer alike; their name is always `gitaudit`.
        authored: seconds since 1970: when the record was made.
        committed: seconds since 1970: when it was signed.
        message: the whole message, with a final LF.
    """

    tree: str
    parent: str | None
    email: str
    authored: int
    committed: int
    message: bytes


class SignedCommit(NamedTuple):
    """A parsed audit commit: its text, the bytes that are signed, and the signature's armor."""

    text: CommitText
    payload: bytes
    armored: bytes


def format_payload(text: CommitText) -> bytes:
    """Return the bytes that the signature covers: the commit object without its `gpgsig` header."""
    return _headers(text) + b"\n" + text.message


def format_commit(text: CommitText, armored: bytes) -> bytes:
    """Return the commit object with the armored signature as its `gpgsig` header, lines folded with a space."""
    folded = armored.removesuffix(b"\n").replace(b"\n", b"\n ")
    return _headers(text) + b"gpgsig " + folded + b"\n\n" + text.message


def parse_commit(raw: bytes) -> SignedCommit:
    """Return the audit commit whose object content is `raw`.

    Raises:
        MalformedError: too long, or not the bytes that `format_commit` writes: unsigned, another header, a merge,
            another name, another time zone, a number with a leading zero.
    """
    if len(raw) > MAX_COMMIT_BYTES:
        raise MalformedError(f"expected a commit of at most {MAX_COMMIT_BYTES} bytes, found {len(raw)}")
    match = _COMMIT.match(raw)
    if match is None:
        raise MalformedError(_why(raw))
    tree, parent, author, authored, committer, committed, folded = match.groups()
    if author != committer:
        raise MalformedError("expected the author and the committer to be the same, found two")
    text = CommitText(
        tree=tree.decode(),
        parent=None if parent is None else parent.decode(),
        email=_text(author),
        authored=int(authored),
        committed=int(committed),
        message=raw[match.end() :],
    )
    armored = folded.replace(b"\n ", b"\n")
    if format_commit(text, armored) != raw:
        raise MalformedError("expected canonical commit headers, found another form")
    return SignedCommit(text=text, payload=format_payload(text), armored=armored)


def object_id(kind: str, content: bytes) -> str:
    """Return the SHA-1 id of a Git object, 40 lower-case hex digits."""
    digest = hashlib.sha1(b"%b %d\0" % (_KINDS[kind], len(content)), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def sha256_hex(content: bytes) -> str:
    """Return SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def _headers(text: CommitText) -> bytes:
    parent = "" if text.parent is None else f"parent {text.parent}\n"
    who = f"{NAME} <{text.email}>"
    return (
        f"tree {text.tree}\n{parent}author {who} {text.authored} +0000\ncommitter {who} {text.committed} +0000\n"
    ).encode()


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("expected UTF-8 in the commit's e-mail address") from error


def _why(raw: bytes) -> str:
    """Say which rule the headers of a commit break, for the common cases."""
    headers = raw.split(b"\n\n", 1)[0]
    if headers.count(b"\nparent ") > 1:
        return "expected one parent, found a merge commit"
    if b"\ngpgsig " not in headers and b"\ngpgsig-sha256 " not in headers:
        return "expected a signed commit, found no signature"
    if headers.count(b"-----BEGIN PGP SIGNATURE-----") > 1:
        return "expected exactly one signature, found more"
    return "expected the headers tree, parent, author, committer and gpgsig of an audit commit, found others"
