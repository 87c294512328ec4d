"""Plans of Ansible: what a run with `--check` prints through the same callbacks; what would change counts as an update.

The files do not say that it was a check: whoever gives one with `--plan` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.iac.formats.ansible import events
from gitaudit.iac.model import Kind, ResourceChange, Summary

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

NAME = "ansible"
KIND: Kind = "plan"
EXPECTED = "the output of ansible-playbook --check"
HINT = "run: ANSIBLE_STDOUT_CALLBACK=ansible.posix.jsonl ansible-playbook --check site.yml > plan.jsonl"

detect = events.detect


def parse(document: Document) -> Summary:
    """Return the summary of a check; `errored` where a task failed, or where the run did not come to its end.

    Raises:
        InputError: no event among the objects.
    """
    play = events.read(document)
    resources = events.resources_of(play, results=False)
    return Summary(
        kind=KIND,
        tool=NAME,
        sha256=document.sha256,
        size=document.size,
        counts=events.counts_of(play),
        resources=tuple(sorted(resources, key=ResourceChange.order)),
        errored=play.stats is None or events.failures(play) > 0,
    )
