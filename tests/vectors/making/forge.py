"""Writes logs record by record, good ones and ones that break exactly one rule; the same to the byte everywhere.

The parts come from the package, and the tests hold them against files that were written before; what joins the parts
is written here a second time, so that every step of it can go wrong on purpose.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gitaudit.errors import MalformedError
from gitaudit.log import paths
from gitaudit.log.canonical import encode
from gitaudit.log.commit import CommitText, format_commit, format_payload, object_id
from gitaudit.log.merkle import Frontier, format_frontier
from gitaudit.log.message import format_message
from gitaudit.log.note import format_note_line, format_notes_message, note_path
from gitaudit.log.openpgp import parse_armored
from gitaudit.log.record import Record
from gitaudit.log.times import format_time, from_epoch
from gitaudit.log.tree import FILE_MODE, FOLDER_MODE, Entry, format_tree
from gitaudit.log.uuid7 import make_uuid7
from tests.support.openpgp import TestKey, armor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

START = 1_767_225_600
"""2026-01-01T00:00:00Z, when the first record is made; each further one is a minute later."""
ORIGIN = "example.com/infra"
LOG, NOTES = "refs/heads/audit", "refs/notes/audit"
EMAIL = "audit@gitaudit.invalid"
KEY_CREATED = 1_700_000_000
KEY_EXPIRES = START + 600

Json = dict[str, Any]
Files = dict[str, tuple[bytes, bytes]]
"""Mode and content by path."""
Objects = dict[str, tuple[str, bytes]]
"""Kind and content by object id, in the order they were made."""


def make_key(name: str) -> TestKey:
    """Return a signer: `ci` signs with a subkey, `temp` expires ten minutes after the start."""
    return TestKey.from_seed(
        f"vectors {name}".encode(),
        KEY_CREATED,
        f"{name} <{name}@example.invalid>",
        expires=KEY_EXPIRES if name == "temp" else None,
        signing_subkey_seed=b"vectors ci, subkey" if name == "ci" else None,
    )


KEYS = {name: make_key(name) for name in ("owner", "dev", "ci", "ops", "temp", "mallory")}
FPR = {name: key.fingerprint for name, key in KEYS.items()}


def same(value: Any) -> Any:  # noqa: ANN401 - whatever is handed through
    """Return the value: nothing goes wrong here."""
    return value


@dataclass(kw_only=True)
class Forge:
    """A log that grows, and everything around it that a verifier reads.

    Attributes:
        objects: all Git objects.
        files: the tree of the last audit commit.
        size: number of records.
        head: id of the last audit commit, "" before the first.
        frontier: of the Merkle tree.
        records: all records, oldest first.
        now: when verification happens, seconds since 1970.
    """

    objects: Objects = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    size: int = 0
    head: str = ""
    frontier: Frontier = field(default_factory=Frontier)
    records: list[Record] = field(default_factory=list)
    genesis: str = ""
    notes: str = ""
    origin: str = ORIGIN
    now: int = START + 86_400

    def copy(self) -> Forge:
        """Return a log that can go on without changing this one."""
        return copy.deepcopy(self)

    @property
    def time(self) -> int:
        """When the next record is made."""
        return START + 60 * self.size

    def put(self, kind: str, content: bytes) -> str:
        """Keep an object and return its id."""
        oid = object_id(kind, content)
        self.objects.setdefault(oid, (kind, content))
        return oid

    def put_files(self, files: Files) -> str:
        """Write the trees and blobs of files and return the id of the tree."""
        entries = {}
        folders: dict[str, Files] = {}
        for path, (mode, content) in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = (mode, content)
            else:
                entries[name.encode()] = Entry(mode, bytes.fromhex(self.put("blob", content)))
        for name, below in folders.items():
            entries[name.encode()] = Entry(FOLDER_MODE, bytes.fromhex(self.put_files(below)))
        return self.put("tree", format_tree(entries))

    def document(self, who: str, kind: str, body: Json, subject: Json | None = None) -> Json:
        """Return a record as it should be."""
        prev = None if not self.head else {"commit": self.head, "sha256": digest(self.objects[self.head][1])}
        signer = f"openpgp:{FPR[who]}"
        return {
            "schema": f"gitaudit/{kind}/1",
            "id": make_uuid7(self.time * 1000, self.size.to_bytes(10, "big")),
            "origin": self.origin,
            "index": self.size,
            "prev": prev,
            "type": kind,
            "occurred_at": format_time(from_epoch(self.time)),
            "recorded_at": format_time(from_epoch(self.time)),
            "recorded_by": signer,
            "actor": {"kind": "human", "id": signer, "auth": "gpg"},
            "body": body,
            "redaction": {"dropped": 0, "scrubbed": 0},
            "tool": {"name": "gitaudit", "version": "0.1.0"},
            **({} if subject is None else {"subject": subject}),
        }

    def add(
        self,
        who: str,
        kind: str,
        body: Json,
        *,
        subject: Json | None = None,
        files: Mapping[str, bytes] | None = None,
        listed: Callable[[list[Json]], list[Json]] = same,
        document: Callable[[Json], Json] = same,
        raw: Callable[[bytes], bytes] = same,
        path: Callable[[str], str] = same,
        frontier: Callable[[bytes], bytes] = same,
        tree: Callable[[Files], Files] = same,
        **signing: Any,  # noqa: ANN401 - those of `sign`
    ) -> str:
        """Append a record and return its commit; each function gets a part and returns what takes its place.

        Args:
            who: the signer, by name.
            kind: record type.
            body: of the record.
            subject: of the record.
            files: that come along.
            listed: of the record's `files` field.
            document: of the record.
            raw: of the record's bytes.
            path: of the record.
            frontier: of `merkle/frontier`.
            tree: of the whole tree.
        """
        record = self.document(who, kind, body, subject)
        brought = dict(files or {})
        entries = listed([{"path": name, "sha256": digest(brought[name])} for name in sorted(brought)])
        if entries:
            record["files"] = entries
        made = document(record)
        content = raw(encode(made))
        parsed = Record(raw=content, document=made)
        self.frontier = self.frontier.append(content)
        self.files |= {name: (FILE_MODE, data) for name, data in brought.items()}
        self.files[path(paths.record_path(self.size, kind))] = (FILE_MODE, content)
        self.files[paths.FRONTIER] = (FILE_MODE, frontier(format_frontier(self.frontier)))
        self.files = tree(self.files)
        message = format_message(parsed, self.size + 1, self.frontier.root())
        self.head = self.sign(who, self.put_files(self.files), message, self.head, **signing)
        self.size += 1
        self.records.append(parsed)
        self.genesis = self.genesis or self.head
        return self.head

    def sign(
        self,
        who: str,
        tree: str,
        message: bytes,
        parent: str,
        *,
        key: str | None = None,
        text: Callable[[bytes], bytes] = same,
        email: str = EMAIL,
        authored: int | None = None,
        committed: int | None = None,
        signed: int | None = None,
        packet: Callable[[bytes], bytes] = same,
        armored: Callable[[bytes], bytes] = same,
        commit: Callable[[bytes], bytes] = same,
        hash: str = "SHA256",  # noqa: A002 - the word of the format
    ) -> str:
        """Write a signed commit and return its id.

        Args:
            who: the signer that is meant.
            tree: of the commit.
            message: of the commit.
            parent: of the commit, "" for none.
            key: the signer in truth.
            text: of the message.
            email: of both identities.
            authored: author date.
            committed: committer date.
            signed: time of the signature.
            packet: of the signature packet.
            armored: of the canonical armor.
            commit: of the whole commit object.
            hash: of the signature.
        """
        moment = self.time
        parts = CommitText(
            tree=tree,
            parent=parent or None,
            email=email,
            authored=moment if authored is None else authored,
            committed=moment if committed is None else committed,
            message=text(message),
        )
        at = parts.committed if signed is None else signed
        found = packet(KEYS[key or who].signature(format_payload(parts), at, hash=hash))
        return self.put("commit", commit(format_commit(parts, armored(canonical_armor(found)))))

    def write_notes(self, who: str = "owner", *, edit: Callable[[Files], Files] = same, **signing: Any) -> None:  # noqa: ANN401 - those of `sign`
        """Write the notes of all records so far."""
        files: Files = {}
        for record in self.records:
            commit = record.subject.get("commit")
            if isinstance(commit, str):
                old = files.get(note_path(commit), (FILE_MODE, b""))[1]
                files[note_path(commit)] = (FILE_MODE, old + format_note_line(record))
        message = format_notes_message(self.origin, self.head, self.size)
        self.notes = self.sign(who, self.put_files(edit(files)), message, self.notes, **signing)


def canonical_armor(packet: bytes) -> bytes:
    """Return a signature packet as commits hold it, one that is none in plain armor."""
    try:
        return parse_armored(armor(packet), canonical=False).armored
    except MalformedError:
        return armor(packet)


def digest(content: bytes) -> str:
    """Return SHA-256 in hex."""
    return sha256(content).hexdigest()
