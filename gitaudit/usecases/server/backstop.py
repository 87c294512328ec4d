"""What a server says to any move of a ref by any Git program, also to those of its own admin.

A hook `reference-transaction` is called by pushes, `git update-ref`, `git branch`, `git gc` and the like. It is the
second line: a push is judged, and answered in words, by `gate`. Here the log may only move to a later record; whether
that is a good one is for `gate` and `gitaudit verify` to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.usecases.chain import contains, read_link
from gitaudit.usecases.server.pushes import RefUpdate, Refusal
from gitaudit.usecases.writing.notes import descends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitaudit.ports import ObjectReader

HINT = "if the log has to be repaired, keep a copy of the repository, then set the hook aside for that one command"


def move_refusals(
    store: ObjectReader, updates: Iterable[RefUpdate], log: str, notes: str, is_packed: Callable[[str, str], bool]
) -> list[Refusal]:
    """Return why refs may not move, empty where they may.

    Args:
        store: the repository.
        updates: the moves that are prepared; only those of the log and its notes are judged.
        log: full name of the log's ref.
        notes: full name of its notes' ref.
        is_packed: returns whether `packed-refs` holds a ref at a value: then deleting the loose file deletes nothing.
    """
    refusals = []
    for update in updates:
        if update.ref not in {log, notes}:
            continue
        comes_after = _is_later if update.ref == log else descends
        why = _refusal(store, update, comes_after, is_packed)
        if why is not None:
            refusals.append(Refusal(ref=update.ref, message=why, hint=HINT))
    return refusals


def _refusal(
    store: ObjectReader,
    update: RefUpdate,
    comes_after: Callable[[ObjectReader, str, str], bool],
    is_packed: Callable[[str, str], bool],
) -> str | None:
    if update.new is None:
        # `git pack-refs` prunes the loose file of a ref that it has just packed; a true deletion names no old value,
        # or comes with one that does not.
        pruned = update.old is not None and is_packed(update.ref, update.old)
        return None if pruned else "it cannot be deleted"
    if update.new.startswith("ref:"):
        return "it cannot become another name of a branch"
    try:
        current = store.ref(update.ref)
        if current is None or current == update.new or comes_after(store, update.new, current):
            return None
    except LogError as error:
        return error.message
    return f"it only moves forward, and {update.new} does not come after {current}"


def _is_later(store: ObjectReader, new: str, current: str) -> bool:
    """Return whether a record comes after another in its own chain."""
    return contains(store, new, current, read_link(store, current).size)
