"""What a clone trusts of its log: where verification may go on from, what is remembered after it, and joining.

A clone only ever moves forward: a log that lacks a head it has seen was rewound or forked, and both heads are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import InputError, LogError, SetupError
from gitaudit.model import Finding, RefMove, Remembered
from gitaudit.policy.config import FILE_NAME, Config
from gitaudit.usecases.chain import contains, read_link, walk_back
from gitaudit.usecases.pin import pinned
from gitaudit.usecases.position import Position, position_at
from gitaudit.usecases.verifying.verify import LogVerifier, Report, remember, trusted_position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.ports import Memory, ObjectReader, ObjectStore, Schemas


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where verification begins.

    Attributes:
        position: the position to go on from.
        vouched: something outside the log vouches for it, so what is found good may be remembered.
        notice: what the user should know about it, None where there is nothing.
    """

    position: Position
    vouched: bool = True
    notice: str | None = None


def start_at(store: ObjectReader, schemas: Schemas, head: str, index: int) -> Start:
    """Return the start for checking from record `index` on. Raises `InputError` where the log is shorter."""
    if index == 0:
        return Start(position=Position())
    for link in walk_back(store, head):
        if link.size == index:
            notice = f"checking from record {index} on; the records before it are taken as they stand"
            return Start(position=position_at(store, schemas, link.commit), vouched=False, notice=notice)
    raise InputError(
        f"expected --since to name a record of the log, found {index}", hint="see `gitaudit log -n 1` for the last one"
    )


def start_remembered(store: ObjectReader, schemas: Schemas, remembered: Remembered | None) -> Start:
    """Return the start at the head that this clone last found good, or at genesis where that cannot be relied on."""
    if remembered is None:
        return Start(position=Position())
    try:
        return Start(position=trusted_position(store, schemas, remembered) or Position())
    except LogError as error:
        return Start(position=Position(), notice=f"{error.message}; verifying everything")


def rewind_finding(store: ObjectReader, remembered: Remembered | None, head: str) -> Finding | None:
    """Return the finding for a log that lacks the head this clone has seen, None where it has it."""
    if remembered is None:
        return None
    seen = remembered.seen
    try:
        size = read_link(store, head).size
        if contains(store, head, seen.commit, seen.size):
            return None
    except LogError:
        return None  # the walk of verification tells what is wrong with these commits
    try:
        behind = contains(store, seen.commit, head, size)
    except LogError:
        behind = False
    return Finding(
        rule="rollback" if behind else "fork",
        severity="error",
        message="the log lacks a head that this clone has seen",
        commit=head,
        expected=f"{seen.commit} ({seen.size} records)",
        found=f"{head} ({size} records)",
    )


def remember_good(memory: Memory, config: Config, report: Report, published: str | None) -> None:
    """Remember a head found good, if the remote has it: what it does not have may still be linked anew.

    Where a commit may still arrive, the head is remembered as seen, and what was checked is checked again next time.
    """
    head = report.position.head
    if head is None or head.commit != published:
        return
    known = memory.load()
    base = known or Remembered(origin=config.origin, log=config.log, genesis=pinned(config), seen=head)
    changed = remember(base, report.position, head)
    if not report.settled:
        changed = base._replace(seen=changed.seen)
    if changed != known:
        memory.save(changed)


def join(verifier: LogVerifier, store: ObjectStore, memory: Memory, theirs: Mapping[str, str | None] | None) -> Report:
    """Take over the log that a configuration pins, after checking all of it.

    Args:
        verifier: of the log; its configuration says which.
        store: the repository.
        memory: of the clone.
        theirs: heads on the remote by ref, None where there is no remote to share the log through.

    Raises:
        LogError: it is not good, or the remote no longer has it; nothing is moved or remembered then.
        SetupError: there is nothing to join.
    """
    config = verifier.checker.config
    published = store.ref(config.log) if theirs is None else theirs.get(config.log)
    head = published or store.ref(config.log)
    known = memory.load()
    if published is None and known is not None and (known.seen.size > 1 or head is None):
        raise LogError(
            f"the log is gone: expected {config.log} at {known.seen.commit} or later, found no such branch",
            hint=f"ask who deleted it; to restore it from this clone: git push origin {known.seen.commit}:{config.log}",
        )
    if head is None:
        raise SetupError(
            f"expected the log {config.log} that {FILE_NAME} names, found none to join",
            hint="fetch it from where it was pushed, or name the remote with --remote",
        )
    rewind = rewind_finding(store, known, head)
    report = verifier.verify(head, Position())
    bad = [finding for finding in report.findings if finding.severity == "error" and finding.rule != "notes"]
    if rewind is not None:
        bad.insert(0, rewind)
    if bad:
        raise LogError(
            f"the log of {config.origin} is not good: {bad[0].rule}: {bad[0].message}",
            hint="see everything that is wrong with: gitaudit verify --full",
        )
    wanted = {} if theirs is None else {name: theirs.get(name) for name in (config.log, config.notes)}
    moves = [RefMove(name=name, old=None, new=new) for name, new in wanted.items() if new and store.ref(name) is None]
    if moves:
        store.move_refs(moves, "joined the log")
    if known is None:
        memory.save(Remembered(origin=config.origin, log=config.log, genesis=pinned(config), seen=pinned(config)))
    remember_good(memory, config, report, published)
    return report
