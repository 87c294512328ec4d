"""Linking what is not published yet on top of what is (docs/format.md, "Concurrency"): ids and contents stay.

A record that lost a race gets another index, parent and root, and is signed anew. Nothing leaves the clone here, and
nothing leaves the outbox but what the log already has.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import ConflictError, GitauditError, LogError, ObjectError, RefusedError
from gitaudit.log import paths
from gitaudit.log.record import Record, unlink
from gitaudit.model import Draft, Head, RefMove
from gitaudit.usecases.chain import Link, last_record, read_link, split, tree_of, walk_back
from gitaudit.usecases.position import Position, find_entry, position_at, read_blob
from gitaudit.usecases.writing.build import Tools, add_record, check_policy_base
from gitaudit.usecases.writing.notes import descends, extend_notes, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from gitaudit.policy.config import Config
    from gitaudit.ports import ObjectReader, Outbox, Remote

    Entries = Sequence[tuple[Draft, str | None]]
    Refused = tuple[str, GitauditError]


class Linked(NamedTuple):
    """What came of linking.

    Attributes:
        head: the local head of the log, None where there is none.
        records: those that were linked now, in order of the log.
        unpublished: number of records that only this clone has.
        refused: ids and reasons of drafts that cannot be written now.
        known: ids of change drafts that were let go because the log already has a record of their commit.
    """

    head: Head | None
    records: tuple[Record, ...] = ()
    unpublished: int = 0
    refused: tuple[Refused, ...] = ()
    known: tuple[str, ...] = ()


class Linker(NamedTuple):
    """Brings the records that wait in one clone into its log."""

    tools: Tools
    config: Config
    outbox: Outbox
    remote: Remote | None
    progress: Callable[[int, int], None]

    def link(self, published: str | None, absent: GitauditError) -> Linked:
        """Link all that is not published on top of what is, and move the local refs there.

        Args:
            published: the head that the remote is known to have, or the local one without a remote.
            absent: what to raise where drafts wait and there is no log to link them to.

        Raises:
            LogError: the local log cannot be read, or the remote has lost records that it has.
            RefMovedError: somebody moved the local refs meanwhile.
            KeyProblemError, SetupError: nothing was moved.
        """
        store = self.tools.store
        local = store.ref(self.config.log)
        mine, theirs = self._split(local, published)
        entries = self.outbox.entries()
        kept = [] if theirs else mine
        linked = [*theirs, *since(store, published, entries), *kept]
        ids = {link.record_id for link in linked}
        drafts = self._rebuilt(mine, ids, entries) if theirs else []
        ids |= {draft.id for draft in drafts}
        drafts += [draft for draft, _ in entries if draft.id not in ids]
        drafts, known = _without_recorded(store, drafts, linked)
        base = published if theirs else local
        if base is None and drafts:
            raise absent
        position = Position() if base is None else position_at(store, self.tools.schemas, base)
        position, records, refused = self._build(position, drafts)
        self._move(local, position, note=bool(records or kept or self.remote is None))
        # Only now is it so: what a draft was in conflict with could still not have come into the log.
        self.outbox.remove([*known, *(draft for draft, error in refused if isinstance(error, ConflictError))])
        return Linked(
            head=position.head,
            records=tuple(records),
            unpublished=0 if self.remote is None else len(kept) + len(records),
            refused=tuple(refused),
            known=tuple(known),
        )

    def _split(self, local: str | None, published: str | None) -> tuple[list[Link], list[Link]]:
        """Return the links that only this clone has and that only the remote has, newest first."""
        try:
            return split(self.tools.store, local, published)
        except ObjectError:
            raise
        except LogError as error:
            back = last_record(self.tools.store, local)
            raise LogError(
                f"{self.config.log} has commits that are no records: {error.message}",
                hint="somebody committed or merged on the branch itself; put it back where it was: "
                f"git update-ref {self.config.log} {back}",
            ) from error

    def _rebuilt(self, mine: Sequence[Link], published: AbstractSet[str], entries: Entries) -> list[Draft]:
        """Return the drafts of the records that only this clone has, oldest first; they are in the outbox afterwards.

        Raises:
            LogError: one of them is not this clone's: the remote has lost a record of somebody else.
        """
        waiting = {draft.id for draft, _ in entries}
        drafts = []
        for link in reversed(mine):
            if link.record_id in published:
                continue
            draft = _draft_of(self.tools.store, link)
            if draft.id not in waiting:
                if draft.document.get("recorded_by") != f"openpgp:{self.tools.signer.fingerprint}":
                    raise _lost(link)
                self.outbox.put(draft, None)
            drafts.append(draft)
        return drafts

    def _build(
        self, position: Position, drafts: Sequence[Draft]
    ) -> tuple[Position, list[Record], list[tuple[str, GitauditError]]]:
        records: list[Record] = []
        refused: list[tuple[str, GitauditError]] = []
        # A single record is stored while gpg signs it; many are kept for one pack.
        meanwhile = self.tools.store.flush if len(drafts) == 1 else None
        for number, draft in enumerate(drafts):
            self.progress(number, len(drafts))
            try:
                self._check_policy_base(position, draft)
                position, record = add_record(self.tools, position, draft, meanwhile)
            except (RefusedError, ConflictError) as error:
                refused.append((draft.id, error))
            else:
                records.append(record)
        if drafts:
            self.progress(len(drafts), len(drafts))
        return position, records, refused

    def _check_policy_base(self, position: Position, draft: Draft) -> None:
        entry = None if position.tree is None else find_entry(self.tools.store, position.tree, paths.POLICY)
        if entry is not None and paths.POLICY in draft.files:
            check_policy_base(draft, read_blob(self.tools.store, entry))

    def _move(self, local: str | None, position: Position, *, note: bool) -> None:
        """Move log and notes together; the notes go on from the remote's, so that they can be pushed.

        Args:
            local: where the log stood.
            position: where it shall stand.
            note: bring the notes up to date; nothing is signed where they are.
        """
        if position.head is None:
            return
        store = self.tools.store
        old = store.ref(self.config.notes)
        theirs = None if self.remote is None else store.ref(self.remote.tracking(self.config.notes))
        new = old if descends(store, old, theirs) else theirs
        # Who has just taken out their own key may not sign notes any more: the next writer brings them up to date.
        if note and (position.policy is None or self.tools.signer.fingerprint in position.policy.keys):
            new = extend_notes(self.tools, new, position)
        moves = [
            RefMove(name=name, old=before, new=after)
            for name, before, after in (
                (self.config.log, local, position.head.commit),
                (self.config.notes, old, new),
            )
            if after is not None and after != before
        ]
        if moves:
            store.move_refs(moves, f"{position.size} records")


def size_of(store: ObjectReader, base: str | None) -> int:
    """Return the number of records up to a commit; 0 where it is not to be found any more."""
    try:
        return 0 if base is None else read_link(store, base).size
    except LogError:
        return 0


def since(store: ObjectReader, head: str | None, entries: Entries) -> list[Link]:
    """Return the links of the log that ends at `head` as far back as any entry of the outbox could be among them."""
    if not entries or head is None:
        return []
    size = min(size_of(store, base) for _, base in entries)
    return list(takewhile(lambda link: link.size > size, walk_back(store, head)))


def _draft_of(store: ObjectReader, link: Link) -> Draft:
    """Return the draft that an unpublished record was made from."""
    record = record_of(store, link.commit)
    tree = tree_of(store.read(link.commit)[1])
    files = {}
    for path in record.listed_files():
        entry = find_entry(store, tree, path)
        if entry is None:
            raise LogError(f"commit {link.commit}: expected a file {path}, found none")
        files[path] = read_blob(store, entry)
    return Draft(document=unlink(record), files=files)


def _without_recorded(
    store: ObjectReader, drafts: Sequence[Draft], linked: Sequence[Link]
) -> tuple[list[Draft], list[str]]:
    """Return drafts without the change drafts of commits that have a record among `linked`, and the ids of those.

    Two clones may have drafted a record of the same commit, or one may have done it twice after a fault.
    """
    wanted = {commit for draft in drafts if (commit := _changed_commit(draft.document)) is not None}
    recorded = (record_of(store, link.commit).document for link in linked if link.changed in wanted)
    seen = {_changed_commit(document) for document in recorded} - {None}
    fresh: list[Draft] = []
    known: list[str] = []
    for draft in drafts:
        commit = _changed_commit(draft.document)
        if commit in seen:
            known.append(draft.id)
        else:
            fresh.append(draft)
            seen |= {commit} - {None}
    return fresh, known


def _changed_commit(document: Mapping[str, object]) -> str | None:
    """Return the commit that a record or draft says to have been made, None where it is about something else."""
    subject, body = document.get("subject"), document.get("body")
    if document.get("type") != "change" or not isinstance(subject, dict) or not isinstance(body, dict):
        return None
    return subject.get("commit") if body.get("event", "commit") == "commit" else None


def _lost(link: Link) -> LogError:
    return LogError(
        f"the remote lacks a record that somebody else made and this clone has: {link.record_id}, commit {link.commit}",
        hint="the log was rewound or forked: keep this clone as evidence and run `gitaudit verify`",
    )
