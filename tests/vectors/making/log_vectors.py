"""The log vectors: what is wrong with each, and what a verifier must find."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.vectors.making import base_log as base
from tests.vectors.making.base_log import deploy_body
from tests.vectors.making.forge import FPR, KEYS, Forge, Json, digest

if TYPE_CHECKING:
    from collections.abc import Callable

NEXT = 6
"""Index of the first record after the base log."""
MOVED = ("notes-stale warning -",)
"""What every log that went on after its notes were written has besides."""
WHY = {"reason": "test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVector:
    """One log.

    Attributes:
        name: of its file.
        about: what is special, for people.
        make: writes it.
        findings: `rule severity index`, with `-` where a finding is about no record.
        maybe: findings that a verifier may report besides.
        undecided: a verifier stops and says that it cannot judge.
    """

    name: str
    about: str
    make: Callable[[], Forge]
    findings: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    undecided: bool = False


VECTORS: list[LogVector] = []


def add_log(name: str, about: str, change: Callable[[Forge], None], *findings: str, **more: Any) -> None:  # noqa: ANN401 - fields of LogVector
    """Add a log: the base log, changed by a function."""

    def make() -> Forge:
        log = started()
        change(log)
        return log

    file = name.replace("_", "-")
    VECTORS.append(LogVector(name=file, about=about, make=make, findings=findings, **more))


def vector(*findings: str, **more: Any) -> Callable[[Callable[[Forge], None]], Callable[[Forge], None]]:  # noqa: ANN401 - fields of LogVector
    """Add the log that the decorated function makes of the base log; its name and docstring are the log's."""

    def add(change: Callable[[Forge], None]) -> Callable[[Forge], None]:
        about = (change.__doc__ or "").removesuffix(".")
        add_log(change.__name__, about[0].lower() + about[1:], change, *findings, **more)
        return change

    return add


@functools.cache
def _base() -> Forge:
    return base.base_log()


def started() -> Forge:
    """Return a copy of the base log."""
    return _base().copy()


def freeze(log: Forge, **how: Any) -> None:  # noqa: ANN401 - those of `Forge.add`
    """Append the simplest record."""
    log.add("ops", "freeze", {"state": "begin", **WHY}, **how)


def deploy(log: Forge, who: str = "ci", environment: str = "prod", **how: Any) -> None:  # noqa: ANN401 - the same
    """Append a deployment of the commit that the base log speaks of."""
    about = log.records[2].document["subject"]
    assert isinstance(about, dict)
    log.add(who, "deploy.finished", deploy_body(environment=environment), subject=about, **how)


def fields(**values: object) -> Callable[[Json], Json]:
    """Return a change of a document: fields set, or removed where the value is None."""
    return lambda document: {name: value for name, value in (document | values).items() if value is not None}


def body_fields(**values: object) -> Callable[[Json], Json]:
    """Return a change of a document: fields of its body set."""
    return lambda document: {**document, "body": {**document["body"], **values}}


def simple(name: str, about: str, *findings: str, maybe: tuple[str, ...] = (), **how: Any) -> None:  # noqa: ANN401 - those of `Forge.add`
    """Add a log: the base log and one more record, made as `how` says."""

    def change(log: Forge) -> None:
        freeze(log, **how)

    add_log(name, about, change, *(f"{one} error {NEXT}" for one in findings), *MOVED, maybe=maybe)


def with_key_listed(listed: list[Json]) -> list[Json]:
    """Return the files of a record with a key that is there already, unchanged."""
    key = {"path": f"keys/{FPR['temp']}.asc", "sha256": digest(KEYS["temp"].certificate())}
    return sorted([*listed, key], key=lambda one: str(one["path"]))
