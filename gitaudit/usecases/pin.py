"""The pin of a log: what `.gitaudit.yml` says, held against what the clone remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import LogError
from gitaudit.model import Head
from gitaudit.policy.config import FILE_NAME, Config

if TYPE_CHECKING:
    from gitaudit.model import Remembered


def pinned(config: Config) -> Head:
    """Return the genesis head that a configuration pins."""
    return Head(commit=config.genesis_commit, sha256=config.genesis_sha256, size=1)


def config_of(remembered: Remembered | None) -> Config | None:
    """Return what a clone remembers as a configuration, None where it remembers nothing."""
    if remembered is None:
        return None
    return Config(
        log=remembered.log,
        origin=remembered.origin,
        genesis_commit=remembered.genesis.commit,
        genesis_sha256=remembered.genesis.sha256,
    )


def check_pin(config: Config, remembered: Remembered | None) -> None:
    """Refuse a `.gitaudit.yml` that names another log than the one this clone has joined.

    Raises:
        LogError: it does; both are told.
    """
    if remembered is None or config_of(remembered) == config:
        return
    raise LogError(
        f"{FILE_NAME} now pins another log: expected {remembered.origin} with genesis {remembered.genesis.commit}, "
        f"found {config.origin} with genesis {config.genesis_commit}",
        hint=f"ask who changed {FILE_NAME} and why; if this is right, remove the file gitaudit/memory.json of the "
        "Git directory and join again with `gitaudit init`",
    )
