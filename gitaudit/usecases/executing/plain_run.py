"""A run of any tool: it is told to write its events where it can, or asked afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitaudit import iac
from gitaudit.errors import InputError
from gitaudit.iac.commands.model import FILE
from gitaudit.usecases.executing.model import After, Before

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.iac.commands.model import Events, Invocation, Question
    from gitaudit.iac.model import Summary
    from gitaudit.model import Ended
    from gitaudit.ports import Machine


class PlainRun:
    """Fits `ToolRun` for every tool that keeps no state of its own."""

    def __init__(self, machine: Machine, invocation: Invocation, more: Mapping[str, str] | None = None) -> None:
        """Take the command.

        Args:
            machine: that it runs on.
            invocation: what it is.
            more: variables that its events need besides, such as where a callback is found.
        """
        self._machine = machine
        self.invocation = invocation
        self._more = more or {}
        self._events: EventFile | None = None
        self._known: frozenset[str] = frozenset()

    def before(self) -> Before:
        """Put in what makes the tool write its events."""
        command = self.invocation.command
        question = self.invocation.question
        if question is not None and question.twice:
            self._known = _event_ids(self._answer(question))
        self._events = event_file(self._machine, self.invocation)
        if self._events is None:
            return Before(words=command.words)
        words = command.with_arguments(self._events.put_into(self.invocation, command.arguments))
        return Before(words=words, variables={**self._events.variables, **self._more})

    def after(self, ended: Ended) -> After:  # noqa: ARG002 - the interface's
        """Read the events, or ask."""
        if self._events is not None:
            return After(result=self._events.summary(self._machine))
        question = self.invocation.question
        if question is None:
            return After()
        answer = self._answer(question)
        return After(result=summary_of(_only_new(answer, self._known) if question.twice else answer, question.format))

    def _answer(self, question: Question) -> bytes:
        answer = self._machine.ask(self.invocation.command.with_arguments(question.arguments), variables={})
        return answer.output if answer.code == 0 else b""


class EventFile:
    """A file that a tool writes its events to."""

    def __init__(self, events: Events, path: str) -> None:
        self._path = path
        self._format = events.format
        self.options = tuple(one.replace(FILE, path) for one in events.options)
        self.variables = {name: value.replace(FILE, path) for name, value in events.variables}

    def put_into(self, invocation: Invocation, arguments: tuple[str, ...]) -> tuple[str, ...]:
        """Return the arguments with the option that names the file."""
        at = invocation.insert_at
        return (*arguments[:at], *self.options, *arguments[at:])

    def summary(self, machine: Machine) -> Summary | None:
        """Return what the events say, None where there are none."""
        return summary_of(machine.content(self._path) or b"", self._format)


def event_file(machine: Machine, invocation: Invocation) -> EventFile | None:
    """Return the file that the tool can write its events to; None where it cannot, or the user has one already."""
    events, words = invocation.events, invocation.command.arguments
    if events is None or any(word.partition("=")[0] in events.unless for word in words):
        return None
    if events.asks:
        answer = machine.ask(invocation.command.with_arguments(events.asks), variables={})
        if events.options[0].partition("=")[0].encode() not in answer.output:
            return None
    return EventFile(events, machine.new_file("events"))


def summary_of(data: bytes, name: str) -> Summary | None:
    """Return what a tool's output says, None where there is none or this version cannot read it."""
    if not data.strip() or name not in iac.format_names():
        return None
    try:
        return iac.summarize_result(data, format=name)
    except InputError:
        return None


def _event_ids(answer: bytes) -> frozenset[str]:
    return frozenset(str(one.get("EventId")) for one in _stack_events(answer))


def _only_new(answer: bytes, known: frozenset[str]) -> bytes:
    """Return the same answer without the events of earlier operations, which CloudFormation lists too."""
    new = [one for one in _stack_events(answer) if str(one.get("EventId")) not in known]
    return json.dumps({"StackEvents": new}).encode() if new else b""


def _stack_events(answer: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(answer)["StackEvents"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
