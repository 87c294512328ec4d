"""The Merkle tree of RFC 6962 and its frontier."""

from __future__ import annotations

import hashlib

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.merkle import Frontier, format_frontier, format_hash, leaf_hash, node_hash, parse_frontier, parse_hash

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]
"""The leaves that implementations of Certificate Transparency test with."""
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Their published tree hashes, for none to all eight of them."""
MANY = [f"leaf {number}".encode() for number in range(130)]


def tree_hash(leaves: list[bytes]) -> bytes:
    """Return MTH as section 2.1 of RFC 6962 defines it, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def frontier_of(leaves: list[bytes]) -> Frontier:
    """Return the frontier of some leaves."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    """The roots of the well-known leaves are those that are published."""
    assert frontier_of(LEAVES[:size]).root().hex() == ROOTS[size]


def test_against_the_definition() -> None:
    """Every frontier of up to 130 leaves has the root of the recursive definition, and a hash a binary one."""
    for size in range(131):
        frontier = frontier_of(MANY[:size])
        assert frontier.root() == tree_hash(MANY[:size])
        assert (frontier.size, len(frontier.hashes)) == (size, size.bit_count())


def test_hashes_are_of_perfect_subtrees_largest_first() -> None:
    """A frontier of seven leaves holds the roots over the first four, the next two and the last."""
    assert frontier_of(MANY[:7]).hashes == (tree_hash(MANY[:4]), tree_hash(MANY[4:6]), tree_hash(MANY[6:7]))


def test_leaf_and_node_differ() -> None:
    """A node never has the hash of a leaf of the same bytes."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)


@pytest.mark.parametrize("size", [*range(10), 63, 64, 100])
def test_frontier_as_bytes(size: int) -> None:
    """A frontier is written as 45 bytes a hash and read back as the same."""
    frontier = frontier_of(MANY[:size])
    data = format_frontier(frontier)
    assert len(data) == 45 * size.bit_count()
    assert parse_frontier(data, size) == frontier


def test_a_frontier_goes_on_from_its_bytes() -> None:
    """Appending needs nothing but the size and the bytes of the frontier."""
    stored = format_frontier(frontier_of(MANY[:99]))
    assert parse_frontier(stored, 99).append(MANY[99]).root() == tree_hash(MANY[:100])


THREE = format_frontier(frontier_of(MANY[:3]))


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (THREE, 4),
        (THREE[:-1], 3),
        (THREE + b"\n", 3),
        (THREE[:44] + b" " + THREE[45:], 3),
        (THREE[:40] + b"\n" + THREE[41:], 3),
        (THREE[:20] + b"\xff" + THREE[21:], 3),
        (THREE[:20] + b"-" + THREE[21:], 3),
        (THREE[:42] + b"==\n" + THREE[45:], 3),
        (THREE[:42] + b"x=\n" + THREE[45:], 3),
        (b"", 1),
        (b"x", 0),
    ],
)
def test_refused_frontiers(data: bytes, size: int) -> None:
    """Another length than the size asks for, and lines that are no canonical hash, are refused."""
    with pytest.raises(MalformedError):
        parse_frontier(data, size)


def test_hash_as_text() -> None:
    """A hash is 44 characters of base64, and only the canonical ones are read."""
    text = format_hash(bytes(range(32)))
    assert (len(text), parse_hash(text)) == (44, bytes(range(32)))
    for wrong in (text[:-1], text + "=", text[:-2] + "9=", text.replace("A", "\u0410", 1), "", text[:4]):
        with pytest.raises(MalformedError):
            parse_hash(wrong)
