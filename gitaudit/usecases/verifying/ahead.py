"""Working ahead for a block of commits: the same kind of work for all of them at once, before the rules are applied.

The rules look at one commit after the other. Reading, parsing and judging signatures for a block in tight loops first
keeps each kind of work in the processor's caches, which halves the time of a long verification. Nothing is decided
here: what was not worked out ahead, or fails here, is done when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gitaudit.errors import LogError
from gitaudit.log.commit import SignedCommit, parse_commit
from gitaudit.log.openpgp import Signature, parse_armored
from gitaudit.log.record import Record, parse_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitaudit.model import Kind, Verdict
    from gitaudit.ports import ObjectReader, SchemaProblem, Schemas, Verifier

Value = TypeVar("Value")

BLOCK_COMMITS = 64
RECORD_FOLDERS = 4
"""`records`, and three folders of two digits below it."""


class Ahead:
    """Fits `ObjectReader`, and stands before a `Verifier` and `Schemas`, with what was worked out for one block."""

    def __init__(self, store: ObjectReader, verifier: Verifier, schemas: Schemas) -> None:
        self._store = store
        self._verifier = verifier
        self._schemas = schemas
        self._forget()

    def _forget(self) -> None:
        self._objects: dict[str, tuple[Kind, bytes]] = {}
        self._commits: dict[bytes, SignedCommit] = {}
        self._records: dict[bytes, Record] = {}
        self._signatures: dict[bytes, Signature] = {}
        self._verdicts: dict[tuple[bytes, bytes], tuple[Mapping[str, bytes], Verdict]] = {}
        self._fitting: dict[int, object] = {}

    def prepare(self, oids: Sequence[str], certificates: Mapping[str, bytes]) -> None:
        """Work ahead for commits that follow each other; `certificates` are those that most likely judge them."""
        self._forget()
        raws = [content for kind, content in self._read_all(oids) if kind == "commit"]
        commits = _each(parse_commit, raws)
        self._commits = dict(commits)
        blobs = self._read_trees([commit.text.tree for _, commit in commits])
        self._records = dict(_each(parse_record, blobs))
        self._signatures = dict(_each(parse_armored, [commit.armored for _, commit in commits]))
        for _, commit in commits:
            signature = self._signatures.get(commit.armored)
            if signature is not None:
                verdict = self._verifier.verify(commit.payload, signature, certificates)
                self._verdicts[commit.payload, signature.packet] = (certificates, verdict)
        for record in self._records.values():
            if not self._schemas.check_record(record.document):
                self._fitting[id(record.document)] = record.document

    def read(self, oid: str) -> tuple[Kind, bytes]:
        """Return an object as the store does."""
        found = self._objects.get(oid)
        return self._store.read(oid) if found is None else found

    def ref(self, name: str) -> str | None:
        """Return what a ref points at."""
        return self._store.ref(name)

    def is_cut(self, oid: str) -> bool:
        """Return whether a shallow clone left out a commit's parents."""
        return self._store.is_cut(oid)

    def is_partial(self) -> bool:
        """Return whether objects may rightly be missing."""
        return self._store.is_partial()

    def commit(self, raw: bytes) -> SignedCommit:
        """Return a parsed audit commit. Raises `MalformedError`."""
        return self._commits.get(raw) or parse_commit(raw)

    def record(self, raw: bytes) -> Record:
        """Return a parsed record. Raises `MalformedError`."""
        return self._records.get(raw) or parse_record(raw)

    def signature(self, armored: bytes) -> Signature:
        """Return a parsed signature. Raises `MalformedError`."""
        return self._signatures.get(armored) or parse_armored(armored)

    def verify(self, payload: bytes, signature: Signature, certificates: Mapping[str, bytes]) -> Verdict:
        """Judge a signature as the verifier does."""
        found = self._verdicts.get((payload, signature.packet))
        if found is not None and found[0] == certificates:
            return found[1]
        return self._verifier.verify(payload, signature, certificates)

    def certificate_problem(self, certificate: bytes, fingerprint: str) -> str | None:
        """Return why a text is not the public key of that fingerprint."""
        return self._verifier.certificate_problem(certificate, fingerprint)

    def check_record(self, document: object) -> Sequence[SchemaProblem]:
        """Return how a record breaks its schema."""
        return () if self._fitting.get(id(document)) is document else self._schemas.check_record(document)

    def read_policy(self, data: bytes) -> Mapping[str, object]:
        """Return the content of `policy.yml`. Raises `ConfigError`."""
        return self._schemas.read_policy(data)

    def read_config(self, data: bytes) -> Mapping[str, object]:
        """Return the content of `.gitaudit.yml`. Raises `ConfigError`."""
        return self._schemas.read_config(data)

    def keep(self) -> None:
        """Keep nothing of what a block was worked out from."""

    def _read_all(self, oids: Iterable[str]) -> list[tuple[Kind, bytes]]:
        """Read objects into the block, and return those that could be read."""
        found = []
        for oid in oids:
            try:
                item = self._objects.get(oid) or self._store.read(oid)
            except LogError:
                continue  # told when the rules ask for it
            self._objects[oid] = item
            found.append(item)
        return found

    def _read_trees(self, trees: Sequence[str]) -> list[bytes]:
        """Read the trees of audit commits level by level, with the frontiers; return the contents of the records."""
        roots = [content for kind, content in self._read_all(trees) if kind == "tree"]
        merkle = self._read_all(_named(roots, b"merkle"))
        self._read_all(_last(content for kind, content in merkle if kind == "tree"))
        level = _named(roots, b"records")
        for _ in range(RECORD_FOLDERS):
            level = _last(content for kind, content in self._read_all(level) if kind == "tree")
        return [content for kind, content in self._read_all(level) if kind == "blob"]


def _each(parse: Callable[[bytes], Value], raws: Iterable[bytes]) -> list[tuple[bytes, Value]]:
    """Return each text with what it parses to; those that do not parse are left for later."""
    found = []
    for raw in raws:
        try:
            found.append((raw, parse(raw)))
        except LogError:
            continue  # told when the rules ask for it
    return found


def _named(trees: Iterable[bytes], name: bytes) -> list[str]:
    """Return the object ids of folders of this name in raw trees."""
    mark = b"40000 " + name + b"\0"
    places = ((tree, tree.find(mark) + len(mark)) for tree in trees)
    return [tree[at : at + 20].hex() for tree, at in places if at >= len(mark) and len(tree) >= at + 20]


def _last(trees: Iterable[bytes]) -> list[str]:
    """Return the object ids that raw trees end with: those of the newest entries."""
    return [tree[-20:].hex() for tree in trees if len(tree) > 20]  # noqa: PLR2004 - an object id
