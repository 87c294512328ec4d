"""What an error says of the drafts of its command: which stand, which are kept, and how they go out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitaudit.errors import GitauditError


def first_refused(error: GitauditError, *, others: int) -> GitauditError:
    """Return the error of a draft that was let go, which says what became of the others of the same command."""
    if others:
        error.message += f"; the {others} other records stand" if others > 1 else "; the other record stands"
        error.args = (error.message,)
    return error


def tell_kept(error: GitauditError, number: int) -> None:
    """Say in an error that drafts are in the outbox, and by which command they go out."""
    if not number:
        return
    kept = "the record is" if number == 1 else f"the {number} records are"
    error.message += f"; {kept} kept in the outbox of this clone"
    error.args = (error.message,)
    # It would be recorded twice.
    hint = (error.hint or "").removesuffix(", then run it again").removeprefix("run the command again and ")
    if "gitaudit sync" not in hint:
        error.hint = f"{hint}; then `gitaudit sync` writes what is kept" if hint else "run `gitaudit sync`"
