"""The log that is tampered with: 30 records of every type, five signers, two of whom come and go, small bodies.

It is made in memory, the same to the byte on every machine, so that mutants can be named and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from gitaudit.adapters.schemas import SchemaSet, record_schema_files
from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.log import paths
from gitaudit.model import RefMove
from gitaudit.policy import yaml_text
from gitaudit.policy.config import Config
from gitaudit.policy.policy import Key, first_policy
from gitaudit.testing import MemoryStore, SteppingClock
from gitaudit.usecases.changes.record_change import ChangeRecorder
from gitaudit.usecases.governing.change_policy import add_key_draft, current_policy, remove_key_draft, set_draft
from gitaudit.usecases.position import Position
from gitaudit.usecases.writing.build import Tools, add_record
from gitaudit.usecases.writing.drafts import Author, subject_of
from gitaudit.usecases.writing.notes import extend_notes
from tests.support.logs import LOG, NOTES, ORIGIN, SCANNER, KeySigner, make_key
from tests.support.openpgp import TestKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitaudit.log.record import Record
    from gitaudit.model import Draft, Head
    from gitaudit.ports import ObjectStore

ENVIRONMENT = {"id": "prod"}
SMALL_SCHEMAS = ("deploy.started.v1.json",)
"""The log carries these alone: all of them would be most of its bytes, and are checked alike."""
ROLES = (
    ("dev", ("change", "waiver", "correction"), ()),
    ("ci", ("deploy.started", "deploy.finished", "drift"), ("prod", "eu/*")),
    ("ops", ("deploy.started", "deploy.finished", "approval", "override", "freeze"), ("*",)),
)


def sample_keys() -> dict[str, TestKey]:
    """Return the signers by name: two admins, a pipeline with a signing subkey, and others."""
    keys = {name: make_key(name) for name in ("alice", "carol", "release", "dev", "temp", "mallory")}
    keys["ci"] = TestKey.from_seed(b"ci", 1_700_000_000, "ci <ci@example.invalid>", signing_subkey_seed=b"ci sub")
    return keys


@dataclass
class Writer:
    """Appends records to a log in `store`, each signed by the key that is named.

    Attributes:
        before: the position before each record, by index.
    """

    store: ObjectStore = field(default_factory=MemoryStore)
    origin: str = ORIGIN
    keys: dict[str, TestKey] = field(default_factory=sample_keys)
    clock: SteppingClock = field(default_factory=SteppingClock)
    schemas: tuple[str, ...] = SMALL_SCHEMAS
    position: Position = field(default_factory=Position)
    before: list[Position] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)
    signers: list[str] = field(default_factory=list)

    def tools(self, who: str) -> Tools:
        """Return what building needs, with the key of `who`."""
        signer = KeySigner(self.keys[who], self.clock)
        return Tools(
            store=self.store,
            signer=signer,
            clock=self.clock,
            schemas=SCHEMAS,
            verifier=SequoiaVerifier(),
            scanner=SCANNER,
        )

    def author(self, who: str) -> Author:
        """Return who makes the drafts of `who`."""
        return Author(origin=self.origin, fingerprint=self.keys[who].fingerprint, clock=self.clock)

    def begin(self, who: str = "alice") -> Record:
        """Write the genesis record."""
        schemas = dict(record_schema_files())
        policy = yaml_text.dump(self.first_policy(who))
        files = {
            paths.README: b"An audit log.\n",
            paths.POLICY: policy,
            paths.key_path(self.keys[who].fingerprint): self.keys[who].certificate(),
            **{paths.schema_path(name): schemas[name] for name in self.schemas},
        }
        return self.write(who, "genesis", {"policy_sha256": sha256(policy).hexdigest()}, files=files)

    def first_policy(self, who: str) -> dict[str, object]:
        """Return the policy that the log begins with: what `init` writes, with fewer roles."""
        fingerprint = self.keys[who].fingerprint
        document = first_policy(
            origin=self.origin,
            key=Key(fingerprint=fingerprint, name=who),
            environments=("prod",),
            protected_refs=("refs/heads/main",),
            iac=("*.tf",),
        )
        roles = [
            {"name": name, "types": list(types), "environments": list(environments), "keys": []}
            for name, types, environments in ROLES
        ]
        return {**document, "roles": roles}

    def add(self, who: str, draft: Draft) -> Record:
        """Append a draft."""
        self.before.append(self.position)
        self.position, record = add_record(self.tools(who), self.position, draft)
        assert self.position.head is not None
        self.commits.append(self.position.head.commit)
        self.records.append(record)
        self.signers.append(who)
        self.clock.step()
        return record

    def write(
        self,
        who: str,
        record_type: str,
        body: Mapping[str, object],
        subject: Mapping[str, object] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Record:
        """Append a record with a body of your own."""
        return self.add(who, self.author(who).draft(record_type, body, subject=subject, files=files))

    def admit(self, who: str, name: str, *roles: str, admin: bool = False) -> Record:
        """Append the policy record by which `who` admits the key of `name`."""
        key = Key(fingerprint=self.keys[name].fingerprint, name=name)
        certificate = self.keys[name].certificate()
        policy = current_policy(self.store, self.position)
        return self.add(who, add_key_draft(self.author(who), *policy, key, certificate, roles, admin=admin))

    def remove(self, who: str, name: str) -> Record:
        """Append the policy record by which `who` removes the key of `name`."""
        policy = current_policy(self.store, self.position)
        draft = remove_key_draft(self.author(who), *policy, self.keys[name].fingerprint, "left the team")
        return self.add(who, draft)

    def set_policy(self, who: str, **lists: tuple[str, ...]) -> Record:
        """Append the policy record by which `who` changes lists of the policy."""
        return self.add(who, set_draft(self.author(who), *current_policy(self.store, self.position), lists))

    def change(self, who: str, commit: str) -> Record:
        """Append the change record about a commit of the audited repository."""
        recorder = ChangeRecorder(store=self.store, verifier=VERIFIER, author=self.author(who), position=self.position)
        (draft,) = recorder.drafts([commit], "refs/heads/main")
        return self.add(who, draft)

    @property
    def head(self) -> Head:
        """The last audit commit."""
        assert self.position.head is not None
        return self.position.head

    @property
    def genesis(self) -> Head:
        """The first audit commit."""
        head = self.before[1].head if len(self.before) > 1 else self.position.head
        assert head is not None
        return head

    @property
    def config(self) -> Config:
        """What `.gitaudit.yml` says of this log."""
        genesis = self.genesis
        return Config(log=LOG, origin=self.origin, genesis_commit=genesis.commit, genesis_sha256=genesis.sha256)

    @property
    def now(self) -> datetime:
        """When verification happens: an hour after the last record."""
        return self.clock.now() + timedelta(hours=1)

    @property
    def memory(self) -> MemoryStore:
        """The store, where it is one in memory whose objects and refs can be changed."""
        assert isinstance(self.store, MemoryStore)
        return self.store

    def finish(self, who: str = "carol") -> str:
        """Write notes, let the refs point at log and notes, and return the head."""
        notes = extend_notes(self.tools(who), self.store.ref(NOTES), self.position)
        moves = [RefMove(name=LOG, old=self.store.ref(LOG), new=self.head.commit)]
        if notes is not None:
            moves.append(RefMove(name=NOTES, old=self.store.ref(NOTES), new=notes))
        self.store.move_refs([move for move in moves if move.old != move.new], "test")
        return self.head.commit


@dataclass
class Repository:
    """The audited history, made in the store of a log: four commits on two branches, and their merge."""

    store: ObjectStore
    moment: int = 1_760_000_000

    def commit(self, files: Mapping[str, bytes], *parents: str, author: str = "Dev <dev@example.invalid>") -> str:
        """Write a commit with exactly these files at its top, and return its id."""
        entries = [
            b"100644 %b\0%b" % (name.encode(), bytes.fromhex(self.store.write("blob", files[name])))
            for name in sorted(files)
        ]
        self.moment += 60
        lines = [f"tree {self.store.write('tree', b''.join(entries))}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {author} {self.moment} +0100", f"committer {author} {self.moment} +0100", "", "change", ""]
        return self.store.write("commit", "\n".join(lines).encode())


def sample_log(writer: Writer | None = None, *, pause: int = 0) -> Writer:
    """Return a finished log of 30 records of every type; `pause` comes after the fourth, in seconds."""
    log = Writer() if writer is None else writer
    repository = Repository(log.store)
    first = repository.commit({"main.tf": b"a\n"})
    left = repository.commit({"main.tf": b"b\n", "notes.txt": b"no code\n"}, first)
    right = repository.commit({"main.tf": b"a\n", "net.tf": b"c\n"}, first)
    merge = repository.commit({"main.tf": b"d\n", "net.tf": b"e\n"}, left, right)
    last = repository.commit({"main.tf": b"f\n"}, merge)
    _begin(log)
    log.clock.step(pause)
    _first_release(log, first, left)
    _second_release(log, right, merge)
    _end(log, last)
    log.finish()
    return log


def about(log: Writer, commit: str) -> dict[str, object]:
    """Return the subject of a record about a commit in the log's store."""
    tree = log.store.read(commit)[1][5:45].decode("ascii")
    return subject_of(log.origin, commit, tree, "refs/heads/main")


def attachment(content: bytes) -> dict[str, bytes]:
    """Return a file to attach, by its path."""
    return {f"{paths.ATTACHMENTS}/{sha256(content).hexdigest()}": content}


def _begin(log: Writer) -> None:
    log.begin()
    log.admit("alice", "ci", "ci")
    log.admit("alice", "release", "ops")
    log.admit("alice", "dev", "dev")


def _first_release(log: Writer, first: str, left: str) -> None:
    log.change("dev", first)
    _deploy(log, "ci", first, "succeeded", attachment(b"applied\n"))
    log.change("dev", left)
    log.write("release", "approval", {"environment": ENVIRONMENT, "decision": "approved", "target": {"commit": left}})
    failed = _deploy(log, "ci", left, "failed")
    log.write(
        "release",
        "override",
        {
            "environment": ENVIRONMENT,
            "control": "two approvals",
            "reason": "outage",
            "expires_at": "2026-02-01T00:00:00Z",
            "review": {"due_at": "2026-03-01T00:00:00Z"},
        },
    )
    log.write("ci", "drift", {"environment": ENVIRONMENT, "detected": False, "source": "terraform plan"})
    log.write("release", "freeze", {"state": "begin", "reason": "year end"})
    log.write("dev", "waiver", {"commits": [left], "reason": "imported"})
    log.write("dev", "correction", {"corrects": failed.id, "reason": "wrong ticket"})


def _second_release(log: Writer, right: str, merge: str) -> None:
    log.admit("alice", "temp", "dev")
    log.change("temp", right)
    log.remove("alice", "temp")
    log.change("dev", merge)
    log.admit("alice", "carol", admin=True)
    log.write("release", "freeze", {"state": "end", "reason": "year end"}, files=attachment(b"minutes\n"))


def _end(log: Writer, last: str) -> None:
    log.change("dev", last)
    log.write("dev", "waiver", {"range": {"from": last, "to": last}, "reason": "imported"}, about(log, last))
    log.remove("carol", "alice")
    _deploy(log, "release", last, "partial")
    log.admit("carol", "temp", "dev")
    log.write("temp", "correction", {"corrects": log.records[4].id, "reason": "typing error"})
    log.set_policy("carol", environments=("prod", "dev"))


def _deploy(log: Writer, who: str, commit: str, outcome: str, files: Mapping[str, bytes] | None = None) -> Record:
    subject = about(log, commit)
    log.write(who, "deploy.started", {"environment": ENVIRONMENT}, subject)
    body = {"environment": ENVIRONMENT, "outcome": outcome, "outcome_source": "stated"}
    return log.write(who, "deploy.finished", body, subject, files)


def copy_of(log: Writer) -> Writer:
    """Return a log that can be changed without changing this one."""
    store = MemoryStore()
    store.objects, store.refs = dict(log.memory.objects), dict(log.memory.refs)
    clock = SteppingClock(log.clock.time)
    clock._made = log.clock._made
    return replace(
        log,
        store=store,
        clock=clock,
        before=list(log.before),
        records=list(log.records),
        commits=list(log.commits),
        signers=list(log.signers),
    )


SCHEMAS = SchemaSet()
VERIFIER = SequoiaVerifier()
