"""Logs whose records stand in another order: the ways in which somebody without the keys would write them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gitaudit.log import paths
from gitaudit.log.commit import CommitText, format_commit, format_payload, parse_commit, sha256_hex
from gitaudit.log.merkle import Frontier, format_frontier
from gitaudit.log.message import format_message
from gitaudit.log.record import Record, link, unlink
from gitaudit.log.tree import FILE_MODE, FOLDER_MODE, Entry, format_tree
from gitaudit.model import Draft, Head
from gitaudit.usecases.position import read_tree
from tests.tamper.relinking import Objects, Overlay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitaudit.ports import ObjectReader
    from tests.tamper.sample import Writer

Files = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One commit of a log, taken out of it.

    Attributes:
        raw: the commit object.
        record: that it adds.
        brought: object ids by path of what it adds or changes.
        signer: name of the key that signed it.
    """

    raw: bytes
    record: Record
    brought: Files
    signer: str


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """All commits of a log, and the ways to put some of them together again."""

    log: Writer

    @cached_property
    def all(self) -> list[Piece]:
        """The commits, oldest first."""
        before: Files = {}
        pieces = []
        for commit, record, signer in zip(self.log.commits, self.log.records, self.log.signers, strict=True):
            raw = self.log.store.read(commit)[1]
            files = dict(flat(self.log.store, raw[5:45].decode()))
            brought = {path: oid for path, oid in files.items() if before.get(path) != oid}
            pieces.append(Piece(raw=raw, record=record, brought=brought, signer=signer))
            before = files
        return pieces

    def spliced(self, order: Sequence[Piece]) -> tuple[Overlay, list[str]]:
        """Link commits in this order; their trees and all else of them stay."""
        above: Objects = {}
        commits: list[str] = []
        for piece in order:
            commits.append(put(above, "commit", with_parent(piece.raw, commits[-1] if commits else None)))
        return self._store(above), commits

    def rebuilt(self, order: Sequence[Piece], *, renamed: bool) -> tuple[Overlay, list[str]]:
        """Link commits in this order, each on a tree of what they bring; `renamed` gives records fitting names."""
        above: Objects = {}
        commits: list[str] = []
        files: Files = {}
        for index, piece in enumerate(order):
            for path, oid in piece.brought.items():
                name = paths.record_path(index, piece.record.type) if path.startswith("records/") and renamed else path
                files[name] = oid
            tree = put_tree(above, files)
            raw = piece.raw[:5] + tree.encode() + piece.raw[45:]
            commits.append(put(above, "commit", with_parent(raw, commits[-1] if commits else None)))
        return self._store(above), commits

    def rewritten(self, order: Sequence[Piece], insider: str | None = None) -> tuple[Overlay, list[str]]:
        """Write each record anew for its place, with frontier, message and tree that fit.

        Signatures stay as they were, but those of `insider`, who signs anew.
        """
        above: Objects = {}
        commits: list[str] = []
        files: Files = {}
        head: Head | None = None
        frontier = Frontier()
        for index, piece in enumerate(order):
            record = link(Draft(document=unlink(piece.record)), head)
            frontier = frontier.append(record.raw)
            kept = {path: oid for path, oid in piece.brought.items() if not path.startswith("records/")}
            files |= kept
            files[paths.record_path(index, record.type)] = put(above, "blob", record.raw)
            files[paths.FRONTIER] = put(above, "blob", format_frontier(frontier))
            text = parse_commit(piece.raw).text._replace(
                tree=put_tree(above, files),
                parent=None if head is None else head.commit,
                message=format_message(record, index + 1, frontier.root()),
            )
            raw = self._signed(piece, text, insider)
            head = Head(commit=put(above, "commit", raw), sha256=sha256_hex(raw), size=index + 1)
            commits.append(head.commit)
        return self._store(above), commits

    def _signed(self, piece: Piece, text: CommitText, insider: str | None) -> bytes:
        armored = parse_commit(piece.raw).armored
        if piece.signer == insider:
            armored = self.log.keys[insider].sign(format_payload(text), text.committed)
        return format_commit(text, armored)

    def _store(self, above: Objects) -> Overlay:
        return Overlay(self.log.store.objects, above, {})  # type: ignore[attr-defined]  # the store is in memory


def flat(store: ObjectReader, tree: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and object id of every file below a tree."""
    for name, entry in read_tree(store, tree).items():
        if entry.is_folder:
            yield from flat(store, entry.oid.hex(), f"{prefix}{name.decode()}/")
        else:
            yield prefix + name.decode(), entry.oid.hex()


def put(above: Objects, kind: str, content: bytes) -> str:
    """Keep an object and return its id."""
    from gitaudit.log.commit import object_id

    oid = object_id(kind, content)
    above[oid] = (kind, content)  # type: ignore[assignment]  # the kinds used here are kinds
    return oid


def put_tree(above: Objects, files: Files) -> str:
    """Keep the trees of files by path, and return the id of the topmost."""
    entries: dict[bytes, Entry] = {}
    below: dict[str, Files] = {}
    for path, oid in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = oid
        else:
            entries[name.encode()] = Entry(FILE_MODE, bytes.fromhex(oid))
    for name, inner in below.items():
        entries[name.encode()] = Entry(FOLDER_MODE, bytes.fromhex(put_tree(above, inner)))
    return put(above, "tree", format_tree(entries))


def with_parent(raw: bytes, parent: str | None) -> bytes:
    """Return a commit object with this parent alone."""
    head, mark, rest = raw.partition(b"\nauthor ")
    line = b"" if parent is None else b"\nparent " + parent.encode()
    return head.split(b"\nparent ")[0] + line + mark + rest
