"""What the hooks of a server work with, and how they talk to whoever pushes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from gitaudit.adapters.environment import variable
from gitaudit.cli.output import escape
from gitaudit.errors import ConfigError, GitauditError
from gitaudit.policy.config import BRANCH_PREFIX, DEFAULT_BRANCH, Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.cli.wiring import Session
    from gitaudit.usecases.server.gate import Gate
    from gitaudit.usecases.server.pushes import RefUpdate, Refusal
    from gitaudit.usecases.server.writer import ServerWriter
    from gitaudit.usecases.writing.publish import Published

WRITER_LOCK_SECONDS = 60.0
MAX_SHOWN = 20
_GENESIS = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{64})", re.ASCII)


def protected_log(session: Session) -> tuple[str, str]:
    """Return the refs that are protected: of the log and of its notes."""
    log = session.store.config("gitaudit.protect") or BRANCH_PREFIX + DEFAULT_BRANCH
    return log, "refs/notes/" + log.removeprefix(BRANCH_PREFIX)


def pinned_log(session: Session) -> Config | None:
    """Return the log that this server keeps, None where it has not seen one yet.

    Git's configuration says so, not `.gitaudit.yml`, which whoever may push can change.

    Raises:
        ConfigError: the configuration is not as `gitaudit protect server` writes it.
    """
    origin, genesis = session.store.config("gitaudit.origin"), session.store.config("gitaudit.genesis")
    if origin is None and genesis is None:
        return None
    found = _GENESIS.fullmatch(genesis or "")
    if origin is None or found is None:
        raise ConfigError(
            "expected gitaudit.origin and gitaudit.genesis in the configuration of the server, found another form",
            hint="an admin of the server writes them anew: gitaudit protect server PATH --trust GENESIS",
        )
    log, _ = protected_log(session)
    return Config(log=log, origin=origin, genesis_commit=found[1], genesis_sha256=found[2])


def gate(session: Session) -> Gate:
    """Return what judges pushes."""
    from gitaudit.usecases.server.gate import Gate

    log, _ = protected_log(session)
    return Gate(
        store=session.store,
        verifier=lambda: session.verifier,
        schemas=session.schemas,
        log=log,
        config=pinned_log(session),
        now=session.clock.now(),
        commits_between=session.store.commits_between,
        refs=session.store.refs,
        resolved=session.store.resolved,
    )


def pin_first_log(session: Session, updates: Sequence[RefUpdate]) -> Config | None:
    """Return the log that this server keeps, after writing it down where a push has just brought the first one."""
    from gitaudit.adapters.git.server_settings import look_up, write_setting
    from gitaudit.usecases.server.growth import pushed_config

    known = pinned_log(session)
    log, _ = protected_log(session)
    head = session.store.ref(log)
    if known is not None or head is None or log not in {update.ref for update in updates}:
        return known
    config = pushed_config(session.store, log, head)
    wanted = [
        ("gitaudit.origin", config.origin),
        ("gitaudit.genesis", f"{config.genesis_commit} {config.genesis_sha256}"),
    ]
    for setting in look_up(session.store.git_dir, wanted):
        write_setting(session.store.git_dir, setting)
    say(f"this server now keeps the log of {config.origin}, which begins with SHA-256 {config.genesis_sha256}")
    return config


def server_writer(session: Session, config: Config) -> ServerWriter:
    """Return what records the commits that were pushed, where the policy lets the server do so."""
    from gitaudit.adapters.files import FileLock
    from gitaudit.usecases.changes.record_change import ChangeRecorder
    from gitaudit.usecases.position import Position, position_at
    from gitaudit.usecases.server.writer import ServerWriter
    from gitaudit.usecases.writing.drafts import Author

    def recorder(position: Position) -> ChangeRecorder:
        author = Author(
            origin=config.origin, fingerprint=session.signer.fingerprint, clock=session.clock, kind="system"
        )
        return ChangeRecorder(store=session.store, verifier=session.verifier, author=author, position=position)

    return ServerWriter(
        store=session.store,
        log=lambda: session.log_of(config),
        config=config,
        lock=FileLock(session.store.common_dir, WRITER_LOCK_SECONDS, "writer.lock"),
        position=lambda: position_at(session.store, session.schemas, session.head_of(config)),
        recorder=recorder,
        commits_between=session.store.commits_between,
        refs=session.store.refs,
    )


def say_recorded(published: Published | None) -> None:
    """Tell whoever pushed what was recorded."""
    from gitaudit.log.message import subject_line

    for record in published.records if published else ():
        say(f"recorded #{record.index} {subject_line(record)} {record.id}")
    for draft_id, error in published.refused if published else ():
        say(f"record {draft_id} cannot be written: {error.message}")


def judged(session: Session, updates: Sequence[RefUpdate]) -> int:
    """Judge a push, tell whoever pushed why it is refused, and return the exit code; in doubt it is refused."""
    try:
        return say_refused(gate(session).refusals(updates))
    except GitauditError as error:
        say(f"error: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
        return error.exit_code


def say_refused(refusals: Sequence[Refusal]) -> int:
    """Tell whoever pushed why, each hint once, and return the exit code."""
    shown = refusals[:MAX_SHOWN]
    for number, refusal in enumerate(shown):
        say(f"refused {refusal.ref}: {refusal.message}")
        if refusal.hint not in {other.hint for other in shown[number + 1 :]}:
            say(f"hint: {refusal.hint}")
    if len(refusals) > len(shown):
        say(f"and {len(refusals) - len(shown)} more refusals")
    return 1 if refusals else 0


def say(text: str) -> None:
    """Print a line to standard error, which Git sends to whoever pushed; GitLab shows lines that are marked."""
    mark = "" if variable("GL_ID") is None else "GL-HOOK-ERR: "
    click.echo(f"{mark}gitaudit: {escape(text)}", err=True)
