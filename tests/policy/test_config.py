"""The pin of a log: `.gitaudit.yml` as text and as a value."""

from __future__ import annotations

import pytest

from gitaudit.adapters.schemas import SchemaSet
from gitaudit.policy import yaml_text
from gitaudit.policy.config import FILE_NAME, Config, format_config, parse_config

PLAIN = Config(log="refs/heads/audit", origin="example.com/infra", genesis_commit="ab" * 20, genesis_sha256="cd" * 32)


@pytest.mark.parametrize(
    "config",
    [
        PLAIN,
        PLAIN._replace(log="refs/heads/team/audit-2"),
        PLAIN._replace(genesis_commit="12" * 20, genesis_sha256="34" * 32),
        PLAIN._replace(genesis_commit="1234567890" * 3 + "123456789e", genesis_sha256="0" * 64),
        PLAIN._replace(origin="127.0.0.1/x"),
        PLAIN._replace(origin="1e5"),
    ],
)
def test_round_trip(config: Config) -> None:
    """What is written is accepted by its schema and read back, also where an id looks like a number."""
    document = yaml_text.load(format_config(config), FILE_NAME)
    assert SchemaSet().check_config(document) == []
    assert parse_config(document) == config


def test_text() -> None:
    """The file says what it is for, and holds nothing that changes from one machine to the next."""
    assert format_config(PLAIN).decode() == (
        "# This repository has an audit log. This file pins its first record, so that nobody can exchange the log.\n"
        "# Commit it, and review every change to it.\n"
        "format: gitaudit.config/1\nlog: refs/heads/audit\norigin: example.com/infra\n"
        f"genesis:\n  commit: {'ab' * 20}\n  sha256: {'cd' * 32}\n"
    )


def test_notes() -> None:
    """The notes stand under the name of the branch."""
    assert PLAIN.notes == "refs/notes/audit"
    assert PLAIN._replace(log="refs/heads/team/x").notes == "refs/notes/team/x"
