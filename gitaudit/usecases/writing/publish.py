"""Appending and publishing: nothing is lost, nothing is reordered silently (docs/format.md, "Concurrency").

A draft goes to the outbox first. Under the lock, what the remote has is fetched, every record that is not published
yet is linked on top of it and signed, the local refs move in one compare-and-swap, and both refs are pushed in one
atomic push. A lost race starts over. The outbox lets go of a draft only when it is where it belongs.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import (
    ConflictError,
    GitauditError,
    KeyProblemError,
    LogError,
    RefMovedError,
    RefusedError,
    RemoteError,
    SetupError,
)
from gitaudit.log.commit import sha256_hex
from gitaudit.model import Head, PushResult, RefMove, Remembered
from gitaudit.policy.config import BRANCH_PREFIX
from gitaudit.usecases.chain import Link, contains, read_link, split, walk_back
from gitaudit.usecases.position import position_at
from gitaudit.usecases.writing.kept import first_refused, tell_kept
from gitaudit.usecases.writing.notes import are_notes_of, extend_notes, record_of
from gitaudit.usecases.writing.relink import Linker, since, size_of
from gitaudit.usecases.writing.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitaudit.log.record import Record
    from gitaudit.model import Draft
    from gitaudit.policy.config import Config
    from gitaudit.ports import Cleaner, Lock, Memory, ObjectReader, Outbox, Remote
    from gitaudit.usecases.writing.build import Tools

MAX_ATTEMPTS = 20


class Published(NamedTuple):
    """What came of an append or a sync.

    Attributes:
        head: the local head of the log, None where there is none.
        records: those that this call linked, in order of the log.
        shared: the remote has them, or there is no remote to have them.
        unpublished: number of records that only this clone has.
        problem: why the remote does not have them, None where it does or was not asked.
        refused: ids and reasons of drafts in the outbox that cannot be written now; they stay there.
        known: ids of change drafts that were let go because the log already has a record of their commit.
        attempts: pushes made.
    """

    head: Head | None
    records: tuple[Record, ...] = ()
    shared: bool = True
    unpublished: int = 0
    problem: RemoteError | None = None
    refused: tuple[tuple[str, GitauditError], ...] = ()
    known: tuple[str, ...] = ()
    attempts: int = 0


class Log(NamedTuple):
    """One clone's log and everything that publishing it needs."""

    tools: Tools
    config: Config
    outbox: Outbox
    memory: Memory
    lock: Lock
    remote: Remote | None
    redactor: Cleaner
    progress: Callable[[int, int], None] = lambda _done, _total: None

    def append(self, drafts: Sequence[Draft], *, push: bool = True) -> Published:
        """Bring drafts into the log, in their order, and publish them.

        Args:
            drafts: already complete but for `index` and `prev`. Another process of this clone may be the one that
                links them; their records are in the result all the same.
            push: ask the remote; else the records stay here as unpublished until the next command that asks it.

        Raises:
            LogError: the log was rewound or forked.
            RefusedError: a draft may not be written, as one that holds a secret, which is kept nowhere; it is let go,
                the others stand.
            ConflictError: the lock or the race was given up, or somebody else changed the policy meanwhile.
            KeyProblemError, RemoteError, SetupError: likewise; the message says that the drafts are kept.
        """
        drafts, secret = self._cleaned(drafts)
        if secret is not None and not drafts:
            secret.message += "; nothing was recorded"
            secret.args = (secret.message,)
            raise secret
        size = self._keep(drafts)
        try:
            result = self.sync(push=push)
        except GitauditError as error:
            tell_kept(error, len(drafts) - self._let_go(drafts, error))
            raise
        refused = dict(result.refused)
        own = [draft.id for draft in drafts if draft.id in refused]
        if own:
            self.outbox.remove(own)
            raise first_refused(secret or refused[own[0]], others=len(drafts) - len(own))
        if secret is not None:
            raise first_refused(secret, others=len(drafts))
        return result._replace(records=self._found(drafts, result, size))

    def _let_go(self, drafts: Sequence[Draft], error: GitauditError) -> int:
        """Let go of policy changes that nobody could sign: what waits with one would be in conflict with it."""
        changes = [draft.id for draft in drafts if draft.document["type"] == "policy"]
        if not changes or not isinstance(error, KeyProblemError):
            return 0
        self.outbox.remove(changes)
        error.message += "; the policy is as it was"
        error.args = (error.message,)
        return len(changes)

    def sync(self, *, push: bool = True) -> Published:
        """Fetch, bring everything from the outbox into the log, and push. Raises as `append`."""
        with self.lock.held():
            remote = self.remote if push else None
            turns = Turns(self.tools.store, self.tools.clock)
            problem: RemoteError | None = None
            reason = ""

            def look() -> str | None:
                nonlocal problem
                problem = self._fetch(remote)
                return self._published_ref()

            for attempt in range(MAX_ATTEMPTS):
                if not turns.wait(attempt, self._published_ref(), look):
                    look()
                try:
                    done = self._attempt(remote, attempt, problem)
                except RefMovedError as error:
                    reason = error.message
                    continue
                if isinstance(done, Published):
                    return done
                reason = done.reason
            raise ConflictError(
                f"others were faster {MAX_ATTEMPTS} times; the last answer was: {reason}",
                hint="run `gitaudit sync` when the log is less busy; if it is not, look for a stale lock file there",
            )

    def _attempt(self, remote: Remote | None, attempt: int, problem: RemoteError | None) -> Published | PushResult:
        """Link and push once, unless the remote could not be asked; return the end, or the push that lost a race."""
        published = self._published_ref()
        remembered = self._ratchet(published)
        linked = self._linker.link(published, problem or self._no_log())
        if remembered is not None:
            self.memory.save(remembered)
        if linked.records:
            self.tools.schemas.keep()
        result = Published(
            head=linked.head,
            records=linked.records,
            unpublished=linked.unpublished,
            refused=linked.refused,
            known=linked.known,
        )
        if self.remote is None:
            self._settle(result.head)
            return result
        if remote is None or problem is not None or result.head is None:
            return result._replace(shared=result.unpublished == 0, problem=problem)
        return self._push(remote, result, attempt)

    def rebuild_notes(self, *, push: bool = True) -> Published:
        """Write all notes anew, on top of what the remote has of them, and publish them. Raises as `append`."""
        self.sync(push=push)
        with self.lock.held():
            store = self.tools.store
            local = store.ref(self.config.log)
            old = store.ref(self.config.notes)
            if local is not None:
                position = position_at(store, self.tools.schemas, local)
                new = extend_notes(self.tools, old, position, rebuild=True)
                if new is not None:
                    store.move_refs([RefMove(name=self.config.notes, old=old, new=new)], "notes rebuilt")
        return self.sync(push=push)

    def fetch(self) -> None:
        """Fetch what the remote has, without writing to the log. Raises `RemoteError`, `LogError`."""
        problem = self._fetch(self.remote)
        if problem is not None:
            raise problem

    def unpublished(self) -> list[Link]:
        """Return the links that the remote is not known to have, newest first; none where there is no remote."""
        if self.remote is None:
            return []
        mine, _ = split(self.tools.store, self.tools.store.ref(self.config.log), self._published_ref())
        return mine

    @property
    def _linker(self) -> Linker:
        return Linker(
            tools=self.tools, config=self.config, outbox=self.outbox, remote=self.remote, progress=self.progress
        )

    def _cleaned(self, drafts: Sequence[Draft]) -> tuple[Sequence[Draft], RefusedError | None]:
        """Return the drafts that may be kept, without known values, and why the first of the others may not."""
        kept, refused = [], None
        for draft in drafts:
            try:
                kept.append(self.redactor.clean(draft))
            except RefusedError as error:
                refused = refused or error
        return kept, refused

    def _keep(self, drafts: Sequence[Draft]) -> int:
        """Put drafts into the outbox, all or none; return how many records surely came before them."""
        base = self._common_ref()
        try:
            size = size_of(self.tools.store, base)
            for draft in drafts:
                self.outbox.put(draft, base)
        except GitauditError as error:
            self.outbox.remove([draft.id for draft in drafts])
            error.message += "; nothing was recorded"
            error.args = (error.message,)
            raise
        return size

    def _common_ref(self) -> str | None:
        """Return the last commit that the local log and the published one share: what drafts are made in view of."""
        published, local = self._published_ref(), self.tools.store.ref(self.config.log)
        if local is None or published is None:
            return None
        try:
            _, theirs = split(self.tools.store, local, published)
        except GitauditError:
            return None  # what is wrong is told when the drafts are linked; they are kept first
        return theirs[-1].parent if theirs else published

    def _published_ref(self) -> str | None:
        """Return the head that counts as published: what the remote last had, or the local one without a remote.

        A fresh clone has not fetched the log by itself yet; then it is what `git clone` has brought along.
        """
        store, log = self.tools.store, self.config.log
        if self.remote is None:
            return store.ref(log)
        cloned = f"refs/remotes/{self.remote.name}/{log.removeprefix(BRANCH_PREFIX)}"
        return store.ref(self.remote.tracking(log)) or store.ref(cloned)

    def _fetch(self, remote: Remote | None) -> RemoteError | None:
        if remote is None:
            return None
        seen = self.tools.store.ref(remote.tracking(self.config.log))
        try:
            theirs = remote.fetch([self.config.log, self.config.notes])
        except RemoteError as error:
            return error
        if seen is not None and theirs[self.config.log] is None:
            raise LogError(
                f"the log on {remote.name} is gone: expected {self.config.log} at {seen} or later, found none",
                hint="ask who deleted the branch; to restore it from this clone: "
                f"git push {remote.name} {seen}:{self.config.log}",
            )
        return None

    def _ratchet(self, published: str | None) -> Remembered | None:
        """Refuse a published head that lacks the head remembered, or the pinned genesis; return what to remember now.

        It must not be remembered before the local refs have it: a local log that lacks it counts as rewound.
        """
        known = self.memory.load()
        if published is None or (known is not None and published == known.seen.commit):
            return None
        store, link = self.tools.store, read_link(self.tools.store, published)
        if known is None:
            genesis = Head(commit=self.config.genesis_commit, sha256=self.config.genesis_sha256, size=1)
            if not _begins_with(store, published, genesis):
                return None
            known = Remembered(origin=self.config.origin, log=self.config.log, genesis=genesis, seen=genesis)
        elif not contains(store, published, known.seen.commit, known.seen.size):
            raise rewound(known.seen, link)
        return known._replace(seen=head_of(store, published, link.size))

    def _no_log(self) -> SetupError:
        where = "" if self.remote is None else f" and none on {self.remote.name}"
        return SetupError(
            f"expected the log at {self.config.log}, found none here{where}",
            hint="start or join it with: gitaudit init",
        )

    def _push(self, remote: Remote, result: Published, attempt: int) -> Published | PushResult:
        """Push what is new; return the end of the matter, or the push that lost a race."""
        store, head = self.tools.store, result.head
        moves = {} if head is None else self._unpushed(remote, head)
        if not moves:
            self._settle(head)
            return result._replace(unpublished=0, attempts=attempt)
        try:
            pushed = remote.push(moves)
        except RemoteError as error:
            return result._replace(shared=False, problem=error, attempts=attempt + 1)
        if pushed.accepted:
            names = {ref: remote.tracking(ref) for ref in moves}
            tracked = [RefMove(name=name, old=store.ref(name), new=moves[ref]) for ref, name in names.items()]
            with suppress(RefMovedError):  # another command has fetched them already
                store.move_refs(tracked, f"pushed to {remote.name}")
            self._settle(head)
            return result._replace(unpublished=0, attempts=attempt + 1)
        if pushed.race:
            return pushed
        problem = RemoteError(
            f"{remote.name} refused the records: {pushed.reason}",
            hint="they wait in this clone as unpublished; mend the reason, then run `gitaudit sync`",
        )
        return result._replace(shared=False, problem=problem, attempts=attempt + 1)

    def _unpushed(self, remote: Remote, head: Head) -> dict[str, str]:
        """Return what the remote lacks, by ref; what this program did not write of this log is not passed on."""
        store, notes = self.tools.store, self.tools.store.ref(self.config.notes)
        refs = {self.config.log: head.commit}
        if notes is not None and are_notes_of(store, notes, head.commit):
            refs[self.config.notes] = notes
        return {ref: value for ref, value in refs.items() if value != store.ref(remote.tracking(ref))}

    def _settle(self, head: Head | None) -> None:
        """Let go of the drafts that are in the log that ends at a published head, and remember it."""
        if head is None:
            return
        known = self.memory.load()
        if known is not None and known.seen.size < head.size:
            self.memory.save(known._replace(seen=head))
        store, entries = self.tools.store, self.outbox.entries()
        ids = {link.record_id for link in since(store, head.commit, entries)}
        self.outbox.remove([draft.id for draft, _ in entries if draft.id in ids])

    def _found(self, drafts: Sequence[Draft], result: Published, size: int) -> tuple[Record, ...]:
        """Return the records of a result with those of `drafts` that another process has linked, in order."""
        missing = {draft.id for draft in drafts} - {record.id for record in result.records} - set(result.known)
        if not missing or result.head is None:
            return result.records
        store = self.tools.store
        links = takewhile(lambda link: link.size > size, walk_back(store, result.head.commit))
        found = [record_of(store, link.commit) for link in links if link.record_id in missing]
        return tuple(sorted((*found, *result.records), key=lambda record: record.index))


def head_of(store: ObjectReader, commit: str, size: int) -> Head:
    """Return the head that a commit with `size` records is."""
    return Head(commit=commit, sha256=sha256_hex(store.read(commit)[1]), size=size)


def rewound(seen: Head, found: Link) -> LogError:
    """Return the error for a log that lacks the head this clone has seen."""
    return LogError(
        f"the log was rewound or forked: expected it to contain {seen.commit} ({seen.size} records), which this clone "
        f"has seen, found its head at {found.commit} ({found.size} records)",
        hint="keep this clone as evidence and run `gitaudit verify`; ask who moved the branch",
    )


def _begins_with(store: ObjectReader, head: str, genesis: Head) -> bool:
    """Return whether a log begins with the pinned genesis; False where a shallow clone cannot tell.

    Raises:
        LogError: it begins with another commit.
    """
    try:
        found = contains(store, head, genesis.commit, genesis.size)
    except SetupError:
        return False
    if not found or head_of(store, genesis.commit, genesis.size).sha256 != genesis.sha256:
        raise LogError(
            f"the log begins with another commit than .gitaudit.yml pins: expected {genesis.commit} below {head}",
            hint="ask who changed .gitaudit.yml or the branch; `gitaudit verify` tells more",
        )
    return True
