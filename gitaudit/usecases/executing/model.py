"""What is known before and after a command runs, and the one small interface between tools and the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.iac.commands.model import Invocation
    from gitaudit.iac.model import Summary
    from gitaudit.iac.state import State
    from gitaudit.model import Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a tool has made ready.

    Attributes:
        words: the command line to run.
        variables: of the environment to set for it.
        plan: that it will apply, None where there is none.
        state: before the command, None where the tool keeps none or it could not be read.
        workspace: of the tool, where it has several.
        ended: planning has failed, and this is how; the command is not run.
        declined: the user was asked and did not agree; the command is not run, and nothing is recorded.
    """

    words: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    plan: Summary | None = None
    state: State | None = None
    workspace: str | None = None
    ended: Ended | None = None
    declined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What came of a command, as the tool tells it.

    Attributes:
        result: names only, None where the tool does not tell.
        state: after the command, None where there is none or it could not be read.
        applied: what ran was exactly the plan that was recorded; None where there was no plan.
    """

    result: Summary | None = None
    state: State | None = None
    applied: bool | None = None


class Tell(Protocol):
    """Tells the user something that went otherwise than expected, and what to do about it."""

    def __call__(self, text: str, hint: str | None = None, /) -> None:
        """Tell it."""


class ToolRun(Protocol):
    """One run of a command of some tool."""

    @property
    def invocation(self) -> Invocation:
        """What the command is."""

    def before(self) -> Before:
        """Make ready what the command needs, and find out what it will do."""

    def after(self, ended: Ended) -> After:
        """Find out what it has done."""
