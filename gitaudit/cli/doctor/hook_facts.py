"""What git would run at a push here, read and not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.adapters.hooks.installed.managers import in_use
from gitaudit.adapters.hooks.installed.status import status
from gitaudit.usecases.doctor.hooks import HookFacts

if TYPE_CHECKING:
    from gitaudit.adapters.git.store import GitStore


def hook_facts(store: GitStore) -> HookFacts:
    """Return what git does at a push of a clone with a work tree, as `gitaudit hooks status` tells it."""
    [state] = status(store, ["pre-push"])
    return HookFacts(
        path=state.path,
        via=state.via,
        problem=state.problem,
        passed_over=state.passed_over,
        limit=state.limit,
        mend=state.mend,
        hooks_path=store.config("core.hookspath"),
        managers=() if store.work_tree is None else in_use(store.work_tree),
    )
