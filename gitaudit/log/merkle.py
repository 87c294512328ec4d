"""The Merkle tree over the record bytes, kept as a frontier (RFC 6962, section 2.1).

A frontier is the compact range of the first `size` leaves: the roots of the perfect subtrees that the binary digits
of `size` name, largest first. Appending a leaf needs the frontier alone, so the cost does not grow with the log.
"""

from __future__ import annotations

import binascii
import hashlib
from typing import NamedTuple

from gitaudit.errors import MalformedError

HASH_BYTES = 32
LINE_BYTES = 45
"""A base64 line of a SHA-256 hash: 44 characters and a line feed."""


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 || data), 32 bytes (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right), 32 bytes (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier(NamedTuple):
    """The compact range of the leaves 0 to size - 1.

    Attributes:
        size: number of leaves, 0 or more.
        hashes: one 32-byte hash for each binary 1 in `size`, largest subtree first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, data: bytes) -> Frontier:
        """Return the frontier with `data` as the next leaf; at most log2(size) + 1 hashes are computed."""
        node = leaf_hash(data)
        hashes = list(self.hashes)
        rest = self.size
        while rest & 1:
            node = node_hash(hashes.pop(), node)
            rest >>= 1
        hashes.append(node)
        return Frontier(size=self.size + 1, hashes=tuple(hashes))

    def root(self) -> bytes:
        """Return the tree hash, 32 bytes: MTH of RFC 6962, section 2.1; SHA-256 of nothing for no leaves."""
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def format_hash(digest: bytes) -> str:
    """Return a 32-byte hash as 44 characters of base64 (RFC 4648, section 4, with padding)."""
    return binascii.b2a_base64(digest, newline=False).decode("ascii")


def parse_hash(text: str) -> bytes:
    """Return the 32-byte hash that `format_hash` wrote as `text`.

    Raises:
        MalformedError: not the canonical base64 of 32 bytes.
    """
    try:
        digest = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise MalformedError("expected the base64 of a SHA-256 hash") from error
    if len(digest) != HASH_BYTES or format_hash(digest) != text:
        raise MalformedError("expected the canonical base64 of a SHA-256 hash")
    return digest


def format_frontier(frontier: Frontier) -> bytes:
    """Return the bytes of `merkle/frontier`: a base64 hash a line, largest subtree first."""
    return "".join(f"{format_hash(digest)}\n" for digest in frontier.hashes).encode("ascii")


def parse_frontier(data: bytes, size: int) -> Frontier:
    """Return the frontier of `size` leaves that `format_frontier` wrote as `data`.

    Raises:
        MalformedError: another number of lines than `size` has binary ones, or a line that is no canonical hash.
    """
    expected = size.bit_count() * LINE_BYTES
    if len(data) != expected:
        raise MalformedError(f"expected a frontier of {expected} bytes for {size} records, found {len(data)}")
    lines = data.split(b"\n")
    if lines.pop() != b"" or any(len(line) != LINE_BYTES - 1 for line in lines):
        raise MalformedError("expected a frontier of one base64 hash a line")
    return Frontier(size=size, hashes=tuple(parse_hash(line.decode("latin-1")) for line in lines))
