"""Clones that share a log through a remote, all in memory: every race and fault happens exactly when a test says so."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.errors import GitauditError, KeyProblemError, LogError, RemoteError
from gitaudit.model import PushResult
from gitaudit.policy.policy import Key
from gitaudit.testing import ForgetfulMemory, MemoryOutbox, MemoryStore
from gitaudit.usecases.chain import parent_of
from gitaudit.usecases.changes.record_change import ChangeRecorder
from gitaudit.usecases.governing.change_policy import add_key_draft, current_policy, remove_key_draft
from gitaudit.usecases.position import Position, position_at
from gitaudit.usecases.verifying.stretch import StretchChecker
from gitaudit.usecases.verifying.verify import LogVerifier
from gitaudit.usecases.writing.build import Tools
from gitaudit.usecases.writing.drafts import Author, subject_of
from gitaudit.usecases.writing.notes import record_of, records_since
from gitaudit.usecases.writing.publish import Log
from gitaudit.usecases.writing.redact import Redactor
from tests.support.logs import LOG, NOTES, SCANNER, SCHEMAS, KeySigner, LogMaker, make_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitaudit.log.record import Record
    from gitaudit.model import Draft, Finding
    from gitaudit.ports import ObjectReader
    from gitaudit.usecases.writing.publish import Published
    from tests.support.openpgp import TestKey

BRANCHES = "refs/heads/"
VERIFIER = SequoiaVerifier()


class LockedSigner(KeySigner):
    """A key that makes no signatures while `locked`; fits the port `Signer`."""

    locked = False

    def sign(self, payload: bytes, meanwhile: Callable[[], None] | None = None) -> bytes:
        """Return a signature, or raise as gpg without a pinentry does."""
        if self.locked:
            raise KeyProblemError(f"the key {self.fingerprint} is locked", hint="unlock it")
        return super().sign(payload, meanwhile)


class BusyLock:
    """A lock that others may hold first; fits the port `Lock`."""

    def __init__(self) -> None:
        self.first: list[Callable[[], object]] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let one of those who were here first do its work, then hold the lock."""
        if self.first:
            self.first.pop(0)()
        yield


@dataclass
class Server:
    """A bare repository that many clones push to.

    Attributes:
        refs: what its refs point at.
        objects: everything that was ever pushed.
        offline: nobody reaches it.
        refusal: what its hook says to every push, None to let them pass.
        breaks_off: it takes the next push, and then the line goes dead.
        before_push: called one at a time, each just before a push arrives: others who were faster.
        pushes: the refs that each push wanted to move.
    """

    refs: dict[str, str] = field(default_factory=dict)
    objects: MemoryStore = field(default_factory=MemoryStore)
    offline: bool = False
    refusal: str | None = None
    breaks_off: bool = False
    before_push: list[Callable[[], object]] = field(default_factory=list)
    pushes: list[dict[str, str]] = field(default_factory=list)


@dataclass
class FakeRemote:
    """One clone's way to a `Server`; fits the port `Remote`."""

    store: MemoryStore
    server: Server
    name: str = "origin"

    def tracking(self, ref: str) -> str:
        """Return the name of the tracking ref."""
        return f"refs/gitaudit/remotes/{self.name}/{ref.removeprefix('refs/')}"

    def fetch(self, refs: Sequence[str]) -> Mapping[str, str | None]:
        """Copy what the server has; branches only move forward."""
        self._connect()
        self.store.objects.update(self.server.objects.objects)
        for ref in refs:
            new, old = self.server.refs.get(ref), self.store.ref(self.tracking(ref))
            if new is None:
                continue
            if ref.startswith(BRANCHES) and old is not None and not descends(self.store, new, old):
                raise LogError(f"the log on {self.name} was rewound or forked: expected {old}, found {new}")
            self.store.refs[self.tracking(ref)] = new
        return {ref: self.server.refs.get(ref) for ref in refs}

    def push(self, moves: Mapping[str, str]) -> PushResult:
        """Move all refs forward, or none."""
        self._connect()
        if self.server.before_push:
            self.server.before_push.pop(0)()
        self.server.pushes.append(dict(moves))
        if self.server.refusal is not None:
            return PushResult(accepted=False, reason=self.server.refusal)
        for ref, new in moves.items():
            old = self.server.refs.get(ref)
            if old is not None and not descends(self.store, new, old):
                return PushResult(accepted=False, race=True, reason="[rejected] (fetch first)")
        self.server.objects.objects.update(self.store.objects)
        self.server.refs.update(moves)
        if self.server.breaks_off:
            self.server.breaks_off = False
            raise RemoteError("the line went dead")
        return PushResult(accepted=True)

    def _connect(self) -> None:
        if self.server.offline:
            raise RemoteError(f"cannot reach the remote {self.name}: no route", hint="check the network")


def descends(store: ObjectReader, commit: str | None, ancestor: str) -> bool:
    """Return whether a commit is another or comes after it, by first parents."""
    while commit is not None and commit != ancestor:
        commit = parent_of(store.read(commit)[1])
    return commit == ancestor


class Clone:
    """One clone: its own objects, refs, outbox and memory."""

    def __init__(self, world: World, key: TestKey, *, shared: bool = True) -> None:
        self.world = world
        self.store = MemoryStore()
        self.signer = LockedSigner(key, world.maker.clock)
        self.outbox = MemoryOutbox()
        self.memory = ForgetfulMemory()
        self.lock = BusyLock()
        self.remote = FakeRemote(self.store, world.server) if shared else None
        self.store.objects.update(world.origin_store.objects)

    @property
    def log(self) -> Log:
        """What the commands work with."""
        tools = Tools(
            store=self.store,
            signer=self.signer,
            clock=self.world.maker.clock,
            schemas=SCHEMAS,
            verifier=SequoiaVerifier(),
            scanner=SCANNER,
        )
        return Log(
            tools=tools,
            config=self.world.maker.config,
            outbox=self.outbox,
            memory=self.memory,
            lock=self.lock,
            remote=self.remote,
            redactor=Redactor(scanner=SCANNER),
        )

    @property
    def author(self) -> Author:
        """Makes drafts."""
        clock = self.world.maker.clock
        return Author(origin=self.world.maker.origin, fingerprint=self.signer.fingerprint, clock=clock)

    def deploy(self, outcome: str = "succeeded") -> Draft:
        """Return the draft of a deployment of the world's commit."""
        body = {"environment": {"id": "prod"}, "outcome": outcome, "outcome_source": "stated", "dirty": False}
        return self.author.draft("deploy.finished", body, subject=self.world.subject)

    def freeze(self) -> Draft:
        """Return the draft of a record that is about no commit."""
        return self.author.draft("freeze", {"state": "begin", "reason": "holidays"})

    def change(self) -> Draft:
        """Return the draft of the change record of the world's commit."""
        recorder = ChangeRecorder(
            store=self.store,
            verifier=VERIFIER,
            author=self.author,
            position=self.position(),
        )
        (draft,) = recorder.drafts([str(self.world.subject["commit"])], "refs/heads/main")
        return draft

    def admit(self, key: TestKey) -> Draft:
        """Return the draft of the policy record that admits a key."""
        policy, base = current_policy(self.store, self.position())
        entry = Key(fingerprint=key.fingerprint, name=f"key {key.fingerprint[-4:]}")
        return add_key_draft(self.author, policy, base, entry, key.certificate(), ("owner",), admin=True)

    def dismiss(self, fingerprint: str) -> Draft:
        """Return the draft of the policy record that removes a key."""
        policy, base = current_policy(self.store, self.position())
        return remove_key_draft(self.author, policy, base, fingerprint, None)

    def append(self, *drafts: Draft, push: bool = True) -> Published:
        """Append drafts as a command does."""
        return self.log.append(drafts, push=push)

    def position(self) -> Position:
        """Return the position at this clone's head."""
        return position_at(self.store, SCHEMAS, self.head or self.world.maker.genesis.commit)

    def twin(self) -> Clone:
        """Return this clone as another process sees it: the same repository, another lock holder."""
        twin = Clone(self.world, self.signer.key, shared=self.remote is not None)
        twin.store, twin.outbox, twin.memory, twin.remote = self.store, self.outbox, self.memory, self.remote
        return twin

    @property
    def head(self) -> str | None:
        """The local head."""
        return self.store.ref(LOG)

    @property
    def waiting(self) -> list[str]:
        """Ids in the outbox."""
        return [draft.id for draft, _ in self.outbox.entries()]


class World:
    """A log that was just started, its server, and the clones that tests make of it."""

    def __init__(self) -> None:
        self.origin_store = MemoryStore()
        self.maker = LogMaker(store=self.origin_store, environments=("prod",))
        self.server = Server()
        blob = self.origin_store.write("blob", b"resource {}\n")
        tree = self.origin_store.write("tree", b"100644 main.tf\0" + bytes.fromhex(blob))
        who = b"A <a@example.com> 1700000000 +0000"
        text = b"tree %s\nauthor %s\ncommitter %s\n\nfirst\n" % (tree.encode(), who, who)
        self.subject = subject_of(self.maker.origin, self.origin_store.write("commit", text), tree, None)
        self.maker.finish()
        self.server.objects.objects.update(self.origin_store.objects)
        self.server.refs.update(self.origin_store.refs)

    def clone(self, key: TestKey | None = None, *, shared: bool = True) -> Clone:
        """Return a clone that has fetched everything; not `shared` means that it knows no remote."""
        clone = Clone(self, key or self.maker.key, shared=shared)
        clone.store.refs.update(self.server.refs)
        if shared:
            clone.log.sync()
        return clone

    def records(self, store: ObjectReader | None = None) -> list[Record]:
        """Return the records that the server has, or a clone, oldest first."""
        where: ObjectReader = self.server.objects if store is None else store
        head = self.server.refs[LOG] if store is None else store.ref(LOG)
        assert head is not None
        return list(records_since(where, head, 0))

    def ids(self) -> list[str]:
        """Return the ids of the records that the server has after genesis."""
        return [record.id for record in self.records()[1:]]

    def findings(self, clone: Clone | None = None) -> list[Finding]:
        """Return all that verification finds in the server's log, or in a clone's; empty where it is good."""
        store = self.server.objects if clone is None else clone.store
        if clone is None:
            store.refs = dict(self.server.refs)
        head = store.ref(LOG)
        assert head is not None
        checker = StretchChecker(
            store=store, verifier=VERIFIER, schemas=SCHEMAS, config=self.maker.config, now=self.maker.clock.now()
        )
        return list(LogVerifier(checker=checker).verify(head, Position()).findings)

    def nobody(self) -> None:
        """Do nothing: the push at this place in `Server.before_push` meets no other."""

    def rewind(self, steps: int = 1) -> str:
        """Let the server's log lose its last records, and return the head that it had."""
        head = self.server.refs[LOG]
        for _ in range(steps):
            before = parent_of(self.server.objects.read(self.server.refs[LOG])[1])
            assert before is not None
            self.server.refs[LOG] = before
        return head


def raised(action: Callable[[], object]) -> GitauditError:
    """Return the error that an action must end with."""
    try:
        action()
    except GitauditError as error:
        return error
    message = "expected an error, found none"
    raise AssertionError(message)


__all__ = [
    "LOG",
    "NOTES",
    "Clone",
    "FakeRemote",
    "ForgetfulMemory",
    "Server",
    "World",
    "make_key",
    "raised",
    "record_of",
]
