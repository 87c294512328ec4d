"""`.gitaudit.yml`: the file on the audited branch that pins the log (docs/format.md, "The pin")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = ".gitaudit.yml"
FORMAT = "gitaudit.config/1"
DEFAULT_BRANCH = "audit"
BRANCH_PREFIX = "refs/heads/"


class Config(NamedTuple):
    """Which log a repository has, and the genesis commit that it is trusted by.

    Attributes:
        log: full name of the ref, `refs/heads/audit` by default.
        origin: name of the log, a URL without a scheme.
        genesis_commit: object id of the first audit commit.
        genesis_sha256: SHA-256 of that raw commit object, lower-case hex.
    """

    log: str
    origin: str
    genesis_commit: str
    genesis_sha256: str

    @property
    def notes(self) -> str:
        """Full name of the notes ref, `refs/notes/audit` by default."""
        return "refs/notes/" + self.log.removeprefix(BRANCH_PREFIX)


def parse_config(document: Mapping[str, object]) -> Config:
    """Return the configuration that a document is; `schemas/config.v1.json` has accepted it."""
    fields = cast("Mapping[str, Any]", document)
    return Config(
        log=fields["log"],
        origin=fields["origin"],
        genesis_commit=fields["genesis"]["commit"],
        genesis_sha256=fields["genesis"]["sha256"],
    )


def format_config(config: Config) -> bytes:
    """Return the text of `.gitaudit.yml`."""
    from gitaudit.policy import yaml_text  # noqa: PLC0415 - PyYAML takes longer to load than a pin to read

    head = (
        b"# This repository has an audit log. This file pins its first record, so that nobody can exchange the log.\n"
        b"# Commit it, and review every change to it.\n"
    )
    return head + yaml_text.dump(
        {
            "format": FORMAT,
            "log": config.log,
            "origin": config.origin,
            "genesis": {"commit": config.genesis_commit, "sha256": config.genesis_sha256},
        }
    )
