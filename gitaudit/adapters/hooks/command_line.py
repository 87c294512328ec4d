"""What the `git push` that runs a hook was asked to do, where the system tells: git itself does not say it to hooks.

It is asked only where git gives a hook the same for different things: a dry run, and a push over commits that are not
in this clone, which git refuses afterwards unless it was forced.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

MAX_ANCESTORS = 16
_WITH_VALUE = frozenset({"-o", "--push-option", "--repo", "--receive-pack", "--exec", "--recurse-submodules"})
_GLOBAL_WITH_VALUE = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"})


class PushOptions(NamedTuple):
    """Whether a push only shows what it would do, and whether it may overwrite."""

    dry_run: bool = False
    forced: bool = False


def push_options() -> PushOptions | None:
    """Return the options of the `git push` among the processes above this one, None where that cannot be seen."""
    process = os.getppid()
    for _ in range(MAX_ANCESTORS):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[:-1]
            status = Path(f"/proc/{process}/stat").read_bytes()
        except OSError:
            return None
        options = parse_push([os.fsdecode(word) for word in words])
        if options is not None:
            return options
        process = int(status.rpartition(b")")[2].split()[1])
    return None


def parse_push(words: list[str]) -> PushOptions | None:
    """Return the options of a command line, None where it is none of `git push`."""
    if not words or words[0].rpartition("/")[2] not in {"git", "git-push"}:
        return None
    rest = words[1:]
    while words[0].endswith("git") and rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in _GLOBAL_WITH_VALUE else rest[1:]
    if words[0].endswith("git"):
        if not rest or rest[0] != "push":
            return None
        rest = rest[1:]
    return _options(rest)


def _options(words: list[str]) -> PushOptions:
    dry_run = forced = plain = False
    at = 0
    while at < len(words):
        word = words[at]
        at += 2 if word in _WITH_VALUE and not plain else 1
        if plain or not word.startswith("-"):
            forced |= word.startswith("+")
        elif word == "--":
            plain = True
        elif word.startswith("--"):
            dry_run |= word == "--dry-run"
            forced |= word.startswith(("--force", "--mirror"))
        else:
            letters = word[1:].partition("o")[0]  # what follows an o is its value
            dry_run |= "n" in letters
            forced |= "f" in letters
    return PushOptions(dry_run=dry_run, forced=forced)
