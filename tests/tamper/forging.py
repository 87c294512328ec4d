"""Making records that gitaudit would refuse to write: every part of a commit can be chosen, all others fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitaudit.log import paths
from gitaudit.log.canonical import encode
from gitaudit.log.commit import CommitText, format_commit, format_payload
from gitaudit.log.merkle import format_frontier
from gitaudit.log.message import format_message
from gitaudit.log.record import Record, link
from gitaudit.log.times import epoch, parse_time
from gitaudit.log.tree import FOLDER_MODE, Entry, format_tree, parse_tree
from gitaudit.usecases.writing.build import file_digests, write_files
from tests.tamper.sample import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitaudit.model import Draft
    from gitaudit.ports import ObjectStore
    from gitaudit.usecases.position import Position
    from tests.support.openpgp import SignatureOptions, TestKey
    from tests.tamper.sample import Writer

FILE, FOLDER = b"100644", b"40000"
"""The modes that a tree of a log has."""


@dataclass(frozen=True, kw_only=True)
class Forgery:
    """How a commit differs from the one that gitaudit would write.

    Attributes:
        fields: of the record, set after it is linked.
        record: bytes of the record, instead of those of its fields.
        path: of the record in the tree.
        entries: mode and id by path of the tree, set last; None takes an entry away.
        frontier: bytes of `merkle/frontier`.
        message: of the commit.
        email: of author and committer.
        authored: author date, seconds since 1970.
        committed: committer date, likewise; that of the signature too, unless `signed` is given.
        signed: time of the signature.
        how: further options of the signature.
        sign: makes the armor from the payload, instead of the key.
        parent: of the commit.
        commit: changes the whole commit object in the end.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    record: bytes | None = None
    path: str | None = None
    entries: Mapping[str, tuple[bytes, str] | None] = field(default_factory=dict)
    frontier: bytes | None = None
    message: bytes | None = None
    email: str | None = None
    authored: int | None = None
    committed: int | None = None
    signed: int | None = None
    how: SignatureOptions = field(default_factory=dict)  # type: ignore[assignment]  # no option at all is one
    sign: Callable[[bytes], bytes] | None = None
    parent: str | None = None
    commit: Callable[[bytes], bytes] = lambda raw: raw


HONEST = Forgery()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """A commit that was forged: its id, the index and id of its record."""

    commit: str
    index: int
    id: str

    @property
    def place(self) -> tuple[int, str]:
        """What a finding about it names."""
        return (self.index, self.id)


def forge(log: Writer, who: str, draft: Draft, forgery: Forgery = HONEST, *, before: Position | None = None) -> Forged:
    """Append a commit with the record of `draft`, signed by the key of `who`, and return it; no ref moves."""
    before = log.position if before is None else before
    assert before.frontier is not None
    document = {**link(draft, before.head).document, **forgery.fields}
    document = {name: value for name, value in document.items() if value is not MISSING}
    raw = encode(document) if forgery.record is None else forgery.record
    record = Record(raw=raw, document=document)
    frontier = before.frontier.append(raw)
    files = dict(draft.files)
    files[forgery.path or paths.record_path(before.size, record.type)] = raw
    files[paths.FRONTIER] = format_frontier(frontier) if forgery.frontier is None else forgery.frontier
    tree = write_files(log.store, before.tree, files)
    for path, entry in forgery.entries.items():
        tree = with_entry(log.store, tree, path.encode().split(b"/"), entry)
    message = format_message(record, frontier.size, frontier.root())
    commit = _commit(log, who, forgery, before, tree, message)
    return Forged(commit=commit, index=before.size, id=record.id)


def _commit(log: Writer, who: str, forgery: Forgery, before: Position, tree: str, message: bytes) -> str:
    now = epoch(log.clock.now())
    committed = now if forgery.committed is None else forgery.committed
    parent = None if before.head is None else before.head.commit
    text = CommitText(
        tree=tree,
        parent=forgery.parent or parent,
        email=forgery.email or "audit@gitaudit.invalid",
        authored=now if forgery.authored is None else forgery.authored,
        committed=committed,
        message=message if forgery.message is None else forgery.message,
    )
    payload = format_payload(text)
    if forgery.sign is not None:
        armored = forgery.sign(payload)
    else:
        at = committed if forgery.signed is None else forgery.signed
        armored = log.keys[who].sign(payload, at, **forgery.how)
    return log.store.write("commit", forgery.commit(format_commit(text, armored)))


def with_entry(store: ObjectStore, tree: str | None, names: Sequence[bytes], entry: tuple[bytes, str] | None) -> str:
    """Return the tree with an entry set or taken away, folders above it made as needed; names may be any bytes."""
    entries = {} if tree is None else dict(parse_tree(store.read(tree)[1]))
    first, *rest = names
    if rest:
        old = entries.get(first)
        below = with_entry(store, old.oid.hex() if old and old.is_folder else None, rest, entry)
        entries[first] = Entry(FOLDER_MODE, bytes.fromhex(below))
    elif entry is None:
        del entries[first]
    else:
        entries[first] = Entry(entry[0], bytes.fromhex(entry[1]))
    return store.write("tree", format_tree(entries))


def drift(log: Writer, who: str = "ci", **more: object) -> Draft:
    """Return the draft of a record that the pipeline may sign."""
    body = {"environment": ENVIRONMENT, "detected": False, "source": "terraform plan", **more}
    return log.author(who).draft("drift", body)


def again(log: Writer) -> Draft:
    """Return the draft of `drift` as it was the last time, so that the bytes of its record are known."""
    log.clock._made -= 1
    return drift(log)


def tree_of(log: Writer, commit: str) -> str:
    """Return the id of a commit's tree."""
    return log.store.read(commit)[1][5:45].decode()


def redated(draft: Draft, **times: str) -> Draft:
    """Return a draft with other times, such as `recorded_at`."""
    return draft._replace(document={**draft.document, **times})


def with_files(draft: Draft, files: Mapping[str, bytes]) -> Draft:
    """Return a draft that brings files along and lists them."""
    return draft._replace(document={**draft.document, "files": file_digests(files)}, files=files)


def seconds(text: str) -> int:
    """Return an RFC 3339 time as seconds since 1970."""
    return epoch(parse_time(text))


def two_packets(key: TestKey, at: int) -> Callable[[bytes], bytes]:
    """Return what signs twice, both packets in one armor."""
    from tests.support.openpgp import armor

    return lambda payload: armor(key.signature(payload, at) + key.signature(payload, at + 1))


MISSING = object()
"""As the value of a field: the record lacks it."""
