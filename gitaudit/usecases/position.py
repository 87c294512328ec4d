"""Where verification stands: all that the rules need to know of the log up to one commit.

A position is either carried forward from genesis, and then every part of it is verified, or read from the repository
at some commit to start in the middle, and then it is worth what vouches for that commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import ConfigError, LogError, MalformedError, SetupError
from gitaudit.log import paths
from gitaudit.log.commit import parse_commit, sha256_hex
from gitaudit.log.merkle import Frontier, parse_frontier
from gitaudit.log.message import parse_size_and_root
from gitaudit.log.tree import Entries, parse_tree
from gitaudit.model import Head
from gitaudit.policy.policy import Policy, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.ports import ObjectReader, Schemas


KEPT_POLICIES = 2
"""A record that changes the policy is held against the one before it."""


class Position(NamedTuple):
    """The log up to and with its commit number `size`.

    Attributes:
        size: number of records so far.
        head: the last commit, None before genesis.
        tree: id of its tree; None where it is not known, after a commit that could not be read.
        frontier: of the Merkle tree; None where it is not known.
        signed_at: time of the last signature, seconds since 1970.
        policy: that judges the next record; None before genesis or where it is not known.
        certificates: armored keys that the policy admits, by fingerprint.
    """

    size: int = 0
    head: Head | None = None
    tree: str | None = None
    frontier: Frontier | None = Frontier()
    signed_at: int = 0
    policy: Policy | None = None
    certificates: Mapping[str, bytes] = {}


def load_policy(data: bytes, schemas: Schemas) -> Policy:
    """Return the policy that the bytes of `policy.yml` are.

    Raises:
        ConfigError: not YAML, or not as the schema says.
        SetupError: it needs something that this version does not understand.
    """
    known = _policies.get(data)
    if known is not None:
        return known
    policy = parse_policy(schemas.read_policy(data))
    unknown = policy.unknown_features()
    if unknown:
        raise SetupError(
            f"the policy needs what this version of gitaudit does not understand: {', '.join(unknown)}",
            hint="install a newer version of gitaudit",
        )
    while len(_policies) >= KEPT_POLICIES:
        del _policies[next(iter(_policies))]
    _policies[data] = policy
    return policy


_policies: dict[bytes, Policy] = {}
"""The policies read last, by their bytes: one command looks at the same one several times."""


def read_tree(store: ObjectReader, oid: str) -> Entries:
    """Return the entries of a tree.

    Raises:
        LogError: missing, damaged, malformed, or not a tree.
    """
    kind, content = store.read(oid)
    if kind != "tree":
        raise MalformedError(f"expected object {oid} to be a tree, found a {kind}")
    return parse_tree(content)


def read_blob(store: ObjectReader, oid: str) -> bytes:
    """Return the content of a blob.

    Raises:
        LogError: missing, damaged, or not a blob.
    """
    kind, content = store.read(oid)
    if kind != "blob":
        raise MalformedError(f"expected object {oid} to be a blob, found a {kind}")
    return content


def find_entry(store: ObjectReader, tree: str, path: str) -> str | None:
    """Return the object id at `path` below a tree, None where there is nothing. Raises `LogError`."""
    oid = tree
    for name in path.split("/"):
        entry = read_tree(store, oid).get(name.encode())
        if entry is None:
            return None
        oid = entry.oid.hex()
    return oid


def certificates_at(store: ObjectReader, tree: str, policy: Policy) -> dict[str, bytes]:
    """Return the armored keys, by fingerprint, that a policy admits and `keys/` of a tree holds. Raises `LogError`."""
    folder = find_entry(store, tree, paths.KEYS)
    entries = {} if folder is None else read_tree(store, folder)
    found = {}
    for fingerprint in policy.keys:
        entry = entries.get(f"{fingerprint}.asc".encode())
        if entry is not None:
            found[fingerprint] = read_blob(store, entry.oid.hex())
    return found


def position_at(store: ObjectReader, schemas: Schemas, oid: str) -> Position:
    """Return the position after a commit, as the repository tells it; at most about 20 objects are read.

    Raises:
        LogError: the commit or a file that a position is made of is missing or malformed.
    """
    kind, raw = store.read(oid)
    if kind != "commit":
        raise MalformedError(f"expected {oid} to be an audit commit, found a {kind}")
    commit = parse_commit(raw)
    size, root = parse_size_and_root(commit.text.message)
    files = {path: find_entry(store, commit.text.tree, path) for path in (paths.FRONTIER, paths.POLICY)}
    missing = [path for path, entry in files.items() if entry is None]
    if missing:
        raise LogError(f"commit {oid}: expected a file {missing[0]}, found none")
    frontier = parse_frontier(read_blob(store, files[paths.FRONTIER] or ""), size)
    if frontier.root() != root:
        raise LogError(f"commit {oid}: expected {paths.FRONTIER} to have the root of the message, found another")
    try:
        policy = load_policy(read_blob(store, files[paths.POLICY] or ""), schemas)
    except ConfigError as error:
        raise LogError(f"commit {oid}: {error.message}", hint=error.hint) from error
    return Position(
        size=size,
        head=Head(commit=oid, sha256=sha256_hex(raw), size=size),
        tree=commit.text.tree,
        frontier=frontier,
        signed_at=commit.text.committed,
        policy=policy,
        certificates=certificates_at(store, commit.text.tree, policy),
    )
