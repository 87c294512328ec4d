"""A callback of Ansible that writes what became of each task to a file, beside whatever the user sees.

It runs within Ansible, of whatever version and Python that has, so it imports nothing of this project. The lines are
those of the callback `ansible.posix.jsonl`, cut down to names: no argument, no result, no output, no variable.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: gitaudit_events
type: aggregate
short_description: names of tasks and what became of them
description: Writes a line for each task and host to the file that GITAUDIT_ANSIBLE_EVENTS names.
"""

_VARIABLE = "GITAUDIT_ANSIBLE_EVENTS"


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible ships no types
    """The callback; Ansible calls it for every event."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "gitaudit_events"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Ansible calls it
        super().__init__(*args, **kwargs)
        self._path = os.environ.get(_VARIABLE)
        self._begun: dict[str, str] = {}
        self.disabled = self._path is None

    def v2_playbook_on_play_start(self, play: Any) -> None:  # noqa: ANN401 - of Ansible
        """Write where the play is."""
        self._write("v2_playbook_on_play_start", {"play": {"path": _place(play)}})

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ANN401, ARG002, FBT001 - of Ansible
        """Remember when a task began."""
        self._begun[task._uuid] = _now()  # noqa: SLF001 - Ansible has no other name for it

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:  # noqa: ANN401 - of Ansible
        """Remember when a handler began."""
        self._begun[task._uuid] = _now()  # noqa: SLF001 - the same

    def v2_runner_on_ok(self, result: Any) -> None:  # noqa: ANN401 - of Ansible
        """Write that a task went well."""
        self._end("v2_runner_on_ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ANN401, ARG002, FBT001, FBT002 - of Ansible
        """Write that a task failed."""
        self._end("v2_runner_on_failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:  # noqa: ANN401 - of Ansible
        """Write that a task was skipped."""
        self._end("v2_runner_on_skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:  # noqa: ANN401 - of Ansible
        """Write that a host could not be reached."""
        self._end("v2_runner_on_unreachable", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ANN401 - of Ansible
        """Write the totals."""
        names = ("changed", "failures", "ignored", "ok", "rescued", "skipped", "unreachable")
        totals = {host: {name: stats.summarize(host).get(name, 0) for name in names} for host in stats.processed}
        self._write("v2_playbook_on_stats", {"stats": totals})

    def _end(self, event: str, result: Any) -> None:  # noqa: ANN401 - of Ansible
        task, host = result._task, result._host.get_name()  # noqa: SLF001 - the same
        said = {"action": task.action, "changed": bool(result._result.get("changed", False))}  # noqa: SLF001 - the same
        duration = {"start": self._begun.get(task._uuid, _now()), "end": _now()}  # noqa: SLF001 - the same
        self._write(event, {"hosts": {host: said}, "task": {"path": _place(task), "duration": duration}})

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        line = json.dumps({"_event": event, "_timestamp": _now(), **fields})
        with open(str(self._path), "a", encoding="utf-8") as stream:  # noqa: PTH123 - as old as Ansible's oldest Python
            stream.write(line + "\n")


def _place(item: Any) -> str:  # noqa: ANN401 - of Ansible
    """Return file and line of a play or a task."""
    return str(item.get_path() or "")


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: UP017 - Ansible's Python may be older
