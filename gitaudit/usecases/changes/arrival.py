"""Which recorded commits arrived at the remote: a record made before a push says only what was intended.

A push that is refused, a commit that is amended, squashed or given up afterwards: the record stays, its commit never
comes. `log` marks it; a change record that says it replaces the commit, or a correction, explains it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import LogError
from gitaudit.usecases.chain import walk_back
from gitaudit.usecases.writing.notes import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitaudit.log.record import Record
    from gitaudit.model import Draft
    from gitaudit.ports import ObjectReader
    from gitaudit.usecases.chain import Link
    from gitaudit.usecases.writing.drafts import Author

    Between = Callable[[Sequence[str], Sequence[str]], Iterable[str]]

REASON = "the commit never arrived: no branch of the clone that recorded it has it any more"


class Tips(NamedTuple):
    """The commits that refs point at.

    Attributes:
        there: branches of the remotes, as last seen.
        here: returns everything else in this clone that keeps a commit: branches, tags, stash, what is checked out
            anywhere; asked only where something has not arrived.
        between: yields what is reachable from some commits and not from others.
    """

    there: tuple[str, ...]
    here: Callable[[], Sequence[str]]
    between: Between

    def lacking(self, store: ObjectReader, commits: Iterable[str], tips: Sequence[str]) -> set[str]:
        """Return those of `commits` that none of `tips` reaches; one that is not in the clone is one of them."""
        asked = set(commits)
        present = [oid for oid in asked if exists(store, oid)]
        reached = set(present) - set(self.between(present, tips) if present else ())
        return asked - reached


def exists(store: ObjectReader, oid: str) -> bool:
    """Return whether an object is in the clone, undamaged."""
    try:
        store.read(oid)
    except LogError:
        return False
    return True


class Arrived:
    """The commits that the branches of a remote have, as far as this clone has seen them; fits `Container`.

    The history is walked as far as it is asked for: a recent commit that arrived is found at once, one that did not
    costs one walk through all of it, some 0.02 ms a commit.
    """

    def __init__(self, history: Iterable[str]) -> None:
        """Take the commits that the branches reach, newest first."""
        self._history = iter(history)
        self._seen: set[str] = set()

    def __contains__(self, commit: object) -> bool:
        """Return whether a branch has the commit."""
        if commit in self._seen:
            return True
        for one in self._history:
            self._seen.add(one)
            if one == commit:
                return True
        return False


def not_arrived(store: ObjectReader, head: str | None, arrived: Callable[[Record], bool | None]) -> Iterator[Link]:
    """Yield the change records whose commit no branch of the remote has and that no later record explains.

    Each is what somebody intended to push and, as far as this clone has seen of the remote, has not pushed: it may be
    under way, refused, or given up. To be used for what is due; `log` marks single records by `arrived` alone.

    Args:
        store: the repository.
        head: of the log, None where there is none.
        arrived: says of a record whether its commit arrived, None where that is not known; `Arrivals.of` of
            `gitaudit.cli.reading.arrivals` is one.

    Yields:
        Links of audit commits, newest first; `changed` is the commit that did not arrive.

    Raises:
        LogError: the log cannot be read.
        SetupError: a shallow clone has cut it off.
    """
    corrected: set[str] = set()
    replaced: set[str] = set()
    for link in walk_back(store, head):
        if link.changed is None and b"\nAudit-Type: correction\n" not in store.read(link.commit)[1]:
            continue
        record = record_of(store, link.commit)
        corrected.add(str(record.body.get("corrects")))
        replaces = record.body.get("replaces")
        replaced |= {str(one) for one in replaces} if isinstance(replaces, list) else set()
        explained = record.id in corrected or link.changed in replaced
        if link.changed is not None and not explained and arrived(record) is False:
            yield link


def settle(
    store: ObjectReader,
    author: Author,
    intended: Mapping[str, str],
    refs: Tips,
    rewritten: Mapping[str, Sequence[str]],
) -> tuple[list[Draft], dict[str, str]]:
    """Return corrections of records whose commit was given up, and the intentions of this clone that are still open.

    A commit is given up where nothing in the clone that recorded it has it any more, and no amended or rebased one is
    about to be pushed in its place. Elsewhere nobody can tell, so only that clone says it.

    Args:
        store: the repository.
        author: of the corrections.
        intended: ids of records that this clone has made, by the commits that they are about.
        refs: what remotes and this clone have.
        rewritten: the commits that a commit was made of.
    """
    made_of: dict[str, list[str]] = {}
    for new, olds in rewritten.items():
        for old in olds:
            made_of.setdefault(old, []).append(new)
    waiting = refs.lacking(store, intended, refs.there)
    if not waiting:
        return [], {}
    here = refs.here()
    given_up = refs.lacking(store, waiting, [*refs.there, *here])
    drafts: list[Draft] = []
    still = {}
    for commit, record in intended.items():
        if commit not in waiting:
            continue
        later = _later(made_of, commit)
        if commit not in given_up or refs.lacking(store, later, refs.there) - refs.lacking(store, later, here):
            still[commit] = record
        else:
            drafts.append(author.draft("correction", {"corrects": record, "reason": REASON}))
    return drafts, still


def _later(made_of: Mapping[str, Sequence[str]], commit: str) -> list[str]:
    """Return the commits that were made of one, and of those, and so on."""
    found: dict[str, None] = {}
    waiting = [commit]
    while waiting:
        for new in made_of.get(waiting.pop(), ()):
            if new not in found:
                found[new] = None
                waiting.append(new)
    return list(found)
