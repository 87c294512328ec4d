"""Logs made for tests: deterministic to the byte, in memory or in a real repository, of every record type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitaudit.adapters.detector import LibraryScanner
from gitaudit.adapters.schemas import SchemaSet, record_schema_files
from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.log.times import epoch
from gitaudit.model import RefMove
from gitaudit.policy.config import Config
from gitaudit.testing import MemoryStore, SteppingClock
from gitaudit.usecases.governing.start import Wishes, genesis_draft
from gitaudit.usecases.position import Position
from gitaudit.usecases.writing.build import Tools, add_record
from gitaudit.usecases.writing.drafts import Author
from gitaudit.usecases.writing.notes import extend_notes
from tests.schemas.examples import example
from tests.support.openpgp import TestKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitaudit.log.record import Record
    from gitaudit.model import Draft, Head
    from gitaudit.ports import ObjectStore

ORIGIN = "example.com/infra"
LOG, NOTES = "refs/heads/audit", "refs/notes/audit"
KEY_CREATED = 1_700_000_000


def make_key(name: str = "alice", *, expires: int | None = None) -> TestKey:
    """Return a key that depends on its name alone."""
    return TestKey.from_seed(
        name.encode().ljust(32, b"."), KEY_CREATED, f"{name} <{name}@example.invalid>", expires=expires
    )


@dataclass
class KeySigner:
    """Signs with a test key at the time of a clock; fits the port `Signer`."""

    key: TestKey
    clock: SteppingClock

    @property
    def fingerprint(self) -> str:
        """Primary fingerprint."""
        return self.key.fingerprint

    def sign(self, payload: bytes, meanwhile: Callable[[], None] | None = None) -> bytes:
        """Return an armored signature."""
        if meanwhile is not None:
            meanwhile()
        return self.key.sign(payload, epoch(self.clock.now()))

    def certificate(self) -> bytes:
        """Return the armored certificate."""
        return self.key.certificate()


@dataclass
class LogMaker:
    """A log that grows in `store`, one minute a record."""

    store: ObjectStore = field(default_factory=MemoryStore)
    key: TestKey = field(default_factory=make_key)
    clock: SteppingClock = field(default_factory=SteppingClock)
    origin: str = ORIGIN
    environments: tuple[str, ...] = ()
    iac: tuple[str, ...] = ("*.tf",)

    def __post_init__(self) -> None:
        """Write the genesis record."""
        self.signer = KeySigner(self.key, self.clock)
        self.position = Position()
        self.records: list[Record] = []
        wishes = Wishes(
            origin=self.origin,
            branch="audit",
            key_name="owner",
            environments=self.environments,
            protected_refs=("refs/heads/main",),
            iac=self.iac,
            schemas=dict(record_schema_files()),
        )
        self.add(genesis_draft(self.tools, wishes))
        self.genesis = self.head

    @property
    def tools(self) -> Tools:
        """What building needs."""
        return Tools(
            store=self.store,
            signer=self.signer,
            clock=self.clock,
            schemas=SCHEMAS,
            verifier=VERIFIER,
            scanner=SCANNER,
        )

    @property
    def author(self) -> Author:
        """Makes drafts for this log."""
        return Author(origin=self.origin, fingerprint=self.signer.fingerprint, clock=self.clock)

    @property
    def head(self) -> Head:
        """The last audit commit."""
        assert self.position.head is not None
        return self.position.head

    @property
    def config(self) -> Config:
        """What `.gitaudit.yml` says of this log."""
        return Config(
            log=LOG, origin=self.origin, genesis_commit=self.genesis.commit, genesis_sha256=self.genesis.sha256
        )

    def add(self, draft: Draft) -> Record:
        """Append one draft and return its record."""
        self.position, record = add_record(self.tools, self.position, draft)
        self.records.append(record)
        self.clock.step()
        return record

    def add_body(
        self, record_type: str, body: Mapping[str, object], subject: Mapping[str, object] | None = None
    ) -> Record:
        """Append a record of a type with a body of your own."""
        return self.add(self.author.draft(record_type, body, subject=subject))

    def add_example(self, record_type: str, subject: Mapping[str, object] | None = None) -> Record:
        """Append the example record of a type; its subject is left out unless you give one that exists."""
        body = example(record_type)["body"]
        assert isinstance(body, dict)
        return self.add_body(record_type, body, subject)

    def finish(self, *, notes: bool = True) -> str:
        """Let the refs point at the log and its notes, and return the head."""
        moves = [RefMove(name=LOG, old=self.store.ref(LOG), new=self.head.commit)]
        if notes:
            made = extend_notes(self.tools, self.store.ref(NOTES), self.position)
            if made is not None:
                moves.append(RefMove(name=NOTES, old=self.store.ref(NOTES), new=made))
        self.store.move_refs([move for move in moves if move.old != move.new], "test")
        return self.head.commit


SCHEMAS = SchemaSet()
VERIFIER = SequoiaVerifier()
SCANNER = LibraryScanner()
