"""Reading the log: newest first, filtered, one record at a time. Nothing is verified here unless asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitaudit.errors import InputError, LogError
from gitaudit.iac.patterns import PathMatcher
from gitaudit.log.times import parse_time
from gitaudit.model import RECORD_TYPES
from gitaudit.usecases.chain import read_link, walk_back
from gitaudit.usecases.entry import Entry
from gitaudit.usecases.position import Position, position_at
from gitaudit.usecases.verifying.check import CommitChecker
from gitaudit.usecases.writing.notes import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from gitaudit.log.record import Record
    from gitaudit.model import Finding
    from gitaudit.policy.policy import Policy
    from gitaudit.ports import ObjectReader, Schemas, Verifier

_INDEX = re.compile(r"#?(0|[1-9][0-9]{0,7})", re.ASCII)
_ID_START = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f-]{0,27})?", re.ASCII)
MIN_PREFIX = 8
TYPE_NAMES = tuple(dict.fromkeys([*(name.partition(".")[0] for name in RECORD_TYPES), *RECORD_TYPES]))
"""What a filter may be asked for: record types, and the part before the dot for all that begin with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which records to list; None takes all. Several conditions all hold."""

    types: tuple[str, ...] = ()
    environment: str | None = None
    actor: str | None = None
    outcome: str | None = None
    commit: str | None = None
    path: str | None = None
    resource: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def accepts(self, record: Record, policy: Policy | None) -> bool:
        """Return whether a record is one to list; `policy` gives keys their names."""
        if self.types and not any(record.type == name or record.type.startswith(f"{name}.") for name in self.types):
            return False
        if self.environment is not None and record.environment != self.environment:
            return False
        if self.outcome is not None and record.outcome != self.outcome:
            return False
        if self.commit is not None and record.subject.get("commit") != self.commit:
            return False
        return (
            self._accepts_time(record)
            and (self.actor is None or _has_actor(record, self.actor, policy))
            and (self.path is None or _has_path(record, self.path))
            and (self.resource is None or _has_resource(record, self.resource))
        )

    def _accepts_time(self, record: Record) -> bool:
        if self.since is None and self.until is None:
            return True
        occurred = parse_time(record.text("occurred_at"))
        return (self.since is None or occurred >= self.since) and (self.until is None or occurred <= self.until)


def entries(store: ObjectReader, head: str, wanted: Filter, policy: Policy | None) -> Iterator[Entry]:
    """Yield the records that a filter accepts, newest first; about 0.2 ms for each that is read. Raises `LogError`."""
    for link in walk_back(store, head):
        record = record_of(store, link.commit)
        if wanted.accepts(record, policy):
            yield Entry(commit=link.commit, record=record)


def find_by_index(store: ObjectReader, head: str, index: int) -> Entry:
    """Return the record at an index. Raises `InputError` where the log is shorter."""
    size = read_link(store, head).size
    if index >= size:
        raise InputError(
            f"expected an index of the log, which ends at {size - 1}, found {index}",
            hint="see `gitaudit log`; `gitaudit sync` brings those of others",
        )
    for link in walk_back(store, head):
        if link.size == index + 1:
            return Entry(commit=link.commit, record=record_of(store, link.commit))
    raise LogError(f"expected a record {index}, found none", hint="run `gitaudit verify --full`")


def find_by_id(store: ObjectReader, head: str, text: str) -> Entry | None:
    """Return the record whose id is or starts with `text`, None where there is none. Raises `InputError`: several."""
    found = [link for link in walk_back(store, head) if link.record_id.startswith(text.lower())]
    if len(found) > 1:
        raise InputError(
            f"expected one record whose id starts with {text}, found {len(found)}",
            hint="give more of it: an id begins with its time",
        )
    return Entry(commit=found[0].commit, record=record_of(store, found[0].commit)) if found else None


def find_by_commit(store: ObjectReader, head: str, commit: str) -> list[Entry]:
    """Return all records about a commit of the repository, oldest first."""
    mark = f"\nAudit-Commit: {commit}\n".encode("ascii")
    found = [link.commit for link in walk_back(store, head) if mark in store.read(link.commit)[1]]
    return [Entry(commit=one, record=record_of(store, one)) for one in reversed(found)]


def find(store: ObjectReader, head: str, text: str, commit_of: Callable[[str], str]) -> list[Entry]:
    """Return the records that a text names, oldest first; at least one.

    Args:
        store: the repository.
        head: of the log.
        text: an index (`42`, `#42`), an id or at least eight digits from its start, an audit commit, or a revision
            that records are about.
        commit_of: returns the commit that a revision names; raises `LookupError` for none.

    Raises:
        InputError: there is none, or it is not clear which one is meant.
    """
    index = _INDEX.fullmatch(text)
    if index is not None:
        return [find_by_index(store, head, int(index[1]))]
    if _ID_START.fullmatch(text.lower()):
        entry = find_by_id(store, head, text)
        if entry is not None:
            return [entry]
    try:
        commit = commit_of(text)
    except LookupError as error:
        raise InputError(
            f"expected an index, an id or a revision, found {text!r}",
            hint="`gitaudit log` shows indexes and ids; an id may be cut to its first eight digits or more",
        ) from error
    found = find_by_commit(store, head, commit) or find_by_audit_commit(store, head, commit)
    if not found:
        raise InputError(
            f"expected records about {text} ({commit}), found none",
            hint="record it with: gitaudit record-change, or gitaudit record-deploy --commit",
        )
    return found


def find_record_id(store: ObjectReader, head: str, option: str, text: str) -> str:
    """Return the id of the record that an index, an id or the start of one names: no typing error becomes a reference.

    Raises:
        InputError: it names none; `option` is told.
    """
    try:
        return find(store, head, text, _no_commit)[0].record.id
    except InputError as error:
        raise InputError(
            f"expected {option} to name a record by index or id, found {text!r}",
            hint="see `gitaudit log`; `gitaudit sync` brings those of others",
        ) from error


def _no_commit(revision: str) -> str:
    raise LookupError(revision)


def find_by_audit_commit(store: ObjectReader, head: str, commit: str) -> list[Entry]:
    """Return the record that an audit commit added, as a list; empty where the log does not have that commit."""
    found = [link.commit for link in walk_back(store, head) if link.commit == commit]
    return [Entry(commit=one, record=record_of(store, one)) for one in found]


def check_type(name: str) -> None:
    """Refuse a record type that there is none of. Raises `InputError`."""
    if name not in TYPE_NAMES:
        close = next(iter(get_close_matches(name, TYPE_NAMES, n=1)), None)
        meant = f"did you mean {close}? " if close else ""
        raise InputError(
            f"expected a record type, found {name!r}", hint=f"{meant}the types are: {', '.join(TYPE_NAMES)}"
        )


def check_one(
    store: ObjectReader, verifier: Verifier, schemas: Schemas, *, now: datetime, entry: Entry, origin: str
) -> tuple[Finding, ...]:
    """Return the findings about one record, judged by the position before it as the repository tells it.

    A good record here still needs the rest of the log, which `verify` checks, to be in its place rightfully.
    """
    link = read_link(store, entry.commit)
    before = Position() if link.parent is None else position_at(store, schemas, link.parent)
    return CommitChecker(store, verifier, schemas, now).check(before, entry.commit, origin).findings


def _has_actor(record: Record, actor: str, policy: Policy | None) -> bool:
    """Return whether the actor or signer is the one meant: by id, by fingerprint or its end, or by the key's name."""
    ids = {str(record.mapping("actor").get("id")), record.text("recorded_by")}
    for name in ("author", "committer", "executor", "triggered_by"):
        value = record.body.get(name)
        if isinstance(value, dict):
            ids.add(str(value.get("id")))
    names = {f"openpgp:{key.fingerprint}" for key in policy.keys.values() if key.name == actor} if policy else set()
    wanted = actor.upper().removeprefix("0X")
    short = len(wanted) >= MIN_PREFIX
    return bool(ids & (names | {actor})) or any(short and one.upper().endswith(wanted) for one in ids)


def _has_path(record: Record, pattern: str) -> bool:
    matcher = PathMatcher((pattern,))
    return any(matcher.matches(str(item.get("path", "")).encode()) for item in _items(record.body.get("files")))


def _has_resource(record: Record, address: str) -> bool:
    sources = [record.body, record.body.get("plan"), record.body.get("result")]
    lists = [source.get("resources") for source in sources if isinstance(source, dict)]
    found = {str(item.get("address", "")) for one in lists for item in _items(one)}
    hints = record.body.get("hints")
    for item in _items(hints.get("files")) if isinstance(hints, dict) else ():
        blocks = item.get("blocks")
        found |= {str(block).removeprefix("resource.") for block in blocks} if isinstance(blocks, list) else set()
    return any(one == address or fnmatchcase(one, address) for one in found)


def _items(listed: object) -> list[dict[str, object]]:
    items = listed.get("items") if isinstance(listed, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
