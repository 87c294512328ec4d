"""Checking stretches of a long log side by side, one process for each processor.

Processes, because the judge of signatures holds Python's lock. Each opens the repository itself and gets object ids.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

from gitaudit.errors import GitauditError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import ProcessPoolExecutor
    from datetime import datetime
    from pathlib import Path

    from gitaudit.policy.config import Config
    from gitaudit.usecases.verifying.stretch import Stretch, StretchChecker, StretchResult

MAX_WORKERS = 8
_checkers: list[StretchChecker] = []
"""The one checker of a worker process."""


def side_by_side(
    git_dir: Path, config: Config, now: datetime
) -> Callable[[Sequence[Stretch]], Iterator[StretchResult | None]] | None:
    """Return what checks stretches in worker processes, None on a machine with one processor."""
    count = min(os.cpu_count() or 1, MAX_WORKERS)
    if count == 1:
        return None

    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    def run(stretches: Sequence[Stretch]) -> Iterator[StretchResult | None]:
        # Linux can copy this process, which spares each worker the start of Python; elsewhere libraries forbid it.
        context = get_context("fork" if sys.platform == "linux" else "spawn")
        pool = ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=(git_dir, config, now))
        try:
            yield from _begun_without_interrupts(pool, stretches)
        except BrokenProcessPool:
            return  # a worker was killed, for memory perhaps: what is left is checked in this process
        finally:
            pool.shutdown(cancel_futures=True)

    return run


def _begun_without_interrupts(
    pool: ProcessPoolExecutor, stretches: Sequence[Stretch]
) -> Iterator[StretchResult | None]:
    """Start the workers with Ctrl-C blocked, which they inherit: it is for this process to end them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.map(_check, stretches)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def collect_garbage_seldom() -> None:
    """Let Python not look at what is there already when it looks for cycles of garbage; few come to it from here on."""
    gc.freeze()


def _start(git_dir: Path, config: Config, now: datetime) -> None:
    collect_garbage_seldom()
    from gitaudit.adapters.git.core import tune_for_long_reading
    from gitaudit.adapters.git.store import find_repository
    from gitaudit.adapters.schemas import SchemaSet
    from gitaudit.adapters.sequoia import SequoiaVerifier
    from gitaudit.usecases.verifying.stretch import StretchChecker

    tune_for_long_reading()
    _checkers.append(
        StretchChecker(
            store=find_repository(git_dir), verifier=SequoiaVerifier(), schemas=SchemaSet(), config=config, now=now
        )
    )


def _check(stretch: Stretch) -> StretchResult | None:
    """Return the result, None for whatever cannot be checked here: the parent process then meets the same fault."""
    try:
        return _checkers[0].check_alone(stretch)
    except GitauditError:
        return None
