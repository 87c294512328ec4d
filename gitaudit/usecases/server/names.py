"""Ref names that no push may create, because some program would take them for the log, or for something else.

A file system may not tell letter cases or composed characters apart, so names are compared folded. Deleting such a
ref is no harm, so that a repository can be cleaned with a push.
"""

from __future__ import annotations

import unicodedata

from gitaudit.policy.config import BRANCH_PREFIX
from gitaudit.usecases.server.pushes import Refusal

REPLACE = "refs/replace/"
CLONE_ONLY = ("refs/remotes/", "refs/gitaudit/")
"""What a clone remembers of its remotes; only `git push --mirror` sends it."""
RECORDED = "refs/gitaudit/recorded/"
"""Below it, on the server, `heads/main` is the commit up to which the server itself has recorded `refs/heads/main`."""
PUSH_LESS = "push branches and tags, not everything: git push --all, then git push --tags"
HEADS = ("refs/heads/head", "refs/tags/head")


def name_refusal(ref: str, log: str, notes: str) -> Refusal | None:
    """Return why no push may create or move a ref of this name; None for the log, its notes and all harmless names.

    Args:
        ref: full name.
        log: full name of the log's ref.
        notes: full name of its notes' ref.
    """
    why = None if ref in {log, notes} else _why_not(fold(ref), log, notes)
    if why is None:
        return None
    short = log.removeprefix(BRANCH_PREFIX)
    clone_only = fold(ref).startswith(CLONE_ONLY)
    hint = PUSH_LESS if clone_only else f"choose another name; this server keeps an audit log on {short}"
    return Refusal(ref=ref, message=why, hint=hint)


def _why_not(folded: str, log: str, notes: str) -> str | None:
    """Return what is wrong with a folded name, None where nothing is."""
    if folded.startswith(REPLACE):
        return "replace refs let other programs see another history than the one that is stored"
    if folded.startswith(CLONE_ONLY):
        return "expected a branch or a tag, found what only a clone is to have"
    if folded in HEADS or folded.startswith("refs/heads/refs/"):
        return "a branch or tag of this name is taken for another one"
    if folded in lookalikes(log):
        return f"git may take this name for {log}"
    return next((why for own in (log, notes) if (why := _too_near(folded, own)) is not None), None)


def _too_near(folded: str, own: str) -> str | None:
    """Return why a folded name cannot stand beside one of our own."""
    base = fold(own)
    if folded == base:
        return f"another spelling of {own} is the same ref on some file systems"
    if folded.startswith(f"{base}/") or base.startswith(f"{folded}/"):
        return f"nothing may stand above or below {own}"
    return None


def lookalikes(log: str) -> frozenset[str]:
    """Return the names, folded, that Git may find where somebody asks for the log by a short name (gitrevisions(7))."""
    short = fold(log).removeprefix(BRANCH_PREFIX)
    names = (short, f"heads/{short}", f"refs/heads/{short}")
    found = {f"{place}{name}" for name in names for place in ("refs/", "refs/tags/", BRANCH_PREFIX)}
    return frozenset(found - {fold(log)})


def fold(name: str) -> str:
    """Return a ref name without what file systems do not tell apart: letter case, composition, invisible characters."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(char for char in plain if unicodedata.category(char) != "Cf")
