"""Results of Ansible: what the callbacks `ansible.posix.jsonl` and `ansible.posix.json` print, and runner job events.

A resource is a task on a host. Its address is the host and the place of the task in the playbook's files, such as
`web1:roles/nginx/tasks/main.yml:7`, never its name: Ansible fills in the variables of names, secret ones included.
What stands in these files besides and never in a summary: results of modules, arguments, items, output, facts.

Source: plugins/callback of github.com/ansible-collections/ansible.posix; ansible-runner's job events.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac.fields import between, count, mapping, moment, objects, seconds, text
from gitaudit.iac.model import Action, Kind, Outcome, ResourceChange, Result, Summary, tally
from gitaudit.iac.names import ADDRESS_LIMIT, visible

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

NAME = "ansible"
KIND: Kind = "result"
EXPECTED = "the output of an Ansible playbook"
HINT = "run: ANSIBLE_STDOUT_CALLBACK=ansible.posix.jsonl ansible-playbook site.yml > result.jsonl"

_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,8}")
_ENDS: dict[str, str] = {
    "v2_runner_on_ok": "ok",
    "v2_runner_on_failed": "failed",
    "v2_runner_on_unreachable": "unreachable",
    "v2_runner_on_skipped": "skipped",
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_on_skipped": "skipped",
    "runner_on_async_failed": "failed",
}
_ANCHORS = ("/ansible_collections/", "/roles/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What became of one task on one host; `status` is `ok`, `failed`, `unreachable` or `skipped`."""

    host: str
    module: str
    path: str
    status: str
    changed: bool
    elapsed_s: int | None


@dataclass(slots=True, kw_only=True)
class Play:
    """What a file says of a run.

    Attributes:
        tasks: every end of a task on a host, in order.
        stats: the tool's own totals, by host; None where the run did not come to its end.
        folder: of the playbook.
        unknown: number of objects and lines that are no event.
    """

    tasks: list[Task] = field(default_factory=list)
    stats: dict[str, int] | None = None
    folder: str = ""
    unknown: int = 0


def detect(document: Document) -> bool:
    """Return whether the first object is what the callback `json` prints, or any of the first is an event."""
    return any(_shape(item) for item in document.head)


def parse(document: Document) -> Summary:
    """Return the summary of a run.

    Its `outcome` comes from the totals at the end: `failed` or `partial` where a host failed or could not be reached,
    `succeeded` otherwise; failures that the playbook ignores or rescues are none. Without totals it is `unknown`.

    Raises:
        InputError: no event among the objects.
    """
    play = read(document)
    resources = resources_of(play)
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        counts=counts_of(play),
        resources=tuple(sorted(resources, key=ResourceChange.order)),
        outcome=_outcome(play),
        errors=failures(play),
        unknown_messages=play.unknown + document.other,
    )


def read(document: Document) -> Play:
    """Return what the file says of a run, of whatever shape it is. Raises `InputError`."""
    if not detect(document):
        raise InputError(f"expected {EXPECTED}, found none", hint=HINT)
    play = Play()
    for item in document.objects:
        shape = _shape(item)
        if shape == "json":
            _take_report(play, item)
        elif shape == "jsonl":
            _take_event(play, text(item, "_event"), item)
        elif shape == "runner":
            _take_job_event(play, text(item, "event"), mapping(item, "event_data"))
        else:
            play.unknown += 1
    return play


def resources_of(play: Play, *, results: bool = True) -> list[ResourceChange]:
    """Return the tasks that changed or failed, in the order of the run."""
    found = []
    for task in play.tasks:
        bad = task.status in ("failed", "unreachable")
        if bad or (task.changed and task.status == "ok"):
            result: Result = "failed" if bad else "succeeded"
            found.append(
                ResourceChange(
                    address=visible(f"{task.host}:{_shown(task.path, play.folder)}", ADDRESS_LIMIT),
                    type=task.module,
                    action="update",
                    reason="unreachable" if task.status == "unreachable" else None,
                    result=result if results else None,
                    elapsed_s=task.elapsed_s if results else None,
                )
            )
    return found


def counts_of(play: Play) -> tuple[tuple[Action, int], ...]:
    """Return changed tasks as updates, and the others that did not fail as no-op: of the totals where there are any."""
    if play.stats is None:
        return tally("update" if task.changed else "no-op" for task in play.tasks if task.status in ("ok", "skipped"))
    changed = play.stats.get("changed", 0)
    rest = max(0, play.stats.get("ok", 0) - changed) + play.stats.get("skipped", 0)
    numbers: tuple[tuple[Action, int], ...] = (("update", changed), ("no-op", rest))
    return tuple((action, number) for action, number in numbers if number)


def failures(play: Play) -> int:
    """Return the number of failures that count: of the totals where there are any, else of all tasks."""
    if play.stats is None:
        return sum(task.status in ("failed", "unreachable") for task in play.tasks)
    return play.stats.get("failures", 0) + play.stats.get("unreachable", 0)


def _outcome(play: Play) -> Outcome:
    if play.stats is None:
        return "unknown"
    if failures(play):
        return "partial" if play.stats.get("changed", 0) else "failed"
    return "succeeded"


def _shape(item: dict[str, object]) -> str:
    """Return `json`, `jsonl` or `runner` for an object that one of them writes, and nothing for any other."""
    if isinstance(item.get("plays"), list) and isinstance(item.get("stats"), dict):
        return "json"
    if text(item, "_event").startswith("v2_"):
        return "jsonl"
    return "runner" if text(item, "event") and "counter" in item and isinstance(item.get("event_data"), dict) else ""


def _take_report(play: Play, report: dict[str, object]) -> None:
    """Take in what the callback `json` prints at the end: plays with their tasks with their hosts."""
    for number, part in enumerate(objects(report.get("plays"))):
        _set_folder(play, text(mapping(part, "play"), "path"))
        for position, task in enumerate(objects(part.get("tasks"))):
            hosts = mapping(task, "hosts")
            for host in hosts:
                result = mapping(hosts, host)
                status = next((name for name in ("unreachable", "failed", "skipped") if result.get(name) is True), "ok")
                _take_task(play, host, mapping(task, "task"), result, status, f"plays[{number}].tasks[{position}]")
    _set_stats(play, mapping(report, "stats"))


def _take_event(play: Play, event: str, item: dict[str, object]) -> None:
    """Take in an event of the callback `jsonl`."""
    if event == "v2_playbook_on_stats":
        _set_stats(play, mapping(item, "stats"))
    elif event == "v2_playbook_on_play_start":
        _set_folder(play, text(mapping(item, "play"), "path"))
    elif event in _ENDS:
        hosts = mapping(item, "hosts")
        for host in hosts:
            _take_task(play, host, mapping(item, "task"), mapping(hosts, host), _ENDS[event], "task")


def _take_job_event(play: Play, event: str, data: dict[str, object]) -> None:
    """Take in a job event of ansible-runner; its totals are by status, then by host."""
    if event == "playbook_on_stats":
        totals: dict[str, int] = {}
        for status, key in (
            ("unreachable", "dark"),
            *((name, name) for name in ("ok", "changed", "failures", "skipped")),
        ):
            hosts = mapping(data, key)
            totals[status] = sum(count(hosts, host) for host in hosts)
        play.stats = totals
    elif event in _ENDS:
        path = text(data, "task_path")
        playbook = text(data, "playbook")
        file = path.rpartition(":")[0]
        if playbook and file.endswith(f"/{playbook}"):
            play.folder = play.folder or file.removesuffix(f"/{playbook}")
        play.tasks.append(
            Task(
                host=text(data, "host") or "unknown",
                module=_module(data.get("task_action")),
                path=path or "task",
                status=_ENDS[event],
                changed=mapping(data, "res").get("changed") is True,
                elapsed_s=seconds(data.get("duration")),
            )
        )


def _take_task(
    play: Play, host: str, task: dict[str, object], result: dict[str, object], status: str, place: str
) -> None:
    duration = mapping(task, "duration")
    play.tasks.append(
        Task(
            host=host,
            module=_module(result.get("action")),
            path=text(task, "path") or place,
            status=status,
            changed=result.get("changed") is True,
            elapsed_s=between(moment(duration.get("start")), moment(duration.get("end"))),
        )
    )


def _set_stats(play: Play, hosts: dict[str, object]) -> None:
    play.stats = {
        name: sum(count(mapping(hosts, host), name) for host in hosts)
        for name in ("ok", "changed", "failures", "unreachable", "skipped")
    }


def _set_folder(play: Play, path: str) -> None:
    play.folder = play.folder or path.rpartition(":")[0].rpartition("/")[0]


def _module(value: object) -> str:
    """Return the name of a module; a task may compute it, so anything that is no name is left out."""
    return value if isinstance(value, str) and len(value) <= 255 and _MODULE.fullmatch(value) else "unknown"  # noqa: PLR2004 - schemas/record.v1.json


def _shown(path: str, folder: str) -> str:
    """Return the place of a task without the folders of whoever ran it: from the playbook's, a role or a collection."""
    if folder and path.startswith(f"{folder}/"):
        return path[len(folder) + 1 :]
    starts = [path.rfind(anchor) for anchor in _ANCHORS if anchor in path]
    return path[min(starts) + 1 :] if starts else path.rpartition("/")[2]
