"""Command lines of ansible-playbook, which is told to write its events to a file by a callback of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.iac.commands.model import FILE, Events, Invocation, split

if TYPE_CHECKING:
    from gitaudit.iac.commands.wrappers import Unwrapped

EVENTS_VARIABLE = "GITAUDIT_ANSIBLE_EVENTS"
"""Names the file that the callback writes to."""
_ALIASES = {
    "-i": "--inventory",
    "-l": "--limit",
    "-t": "--tags",
    "-e": "--extra-vars",
    "-C": "--check",
    "-D": "--diff",
    "-b": "--become",
    "-u": "--user",
    "-f": "--forks",
    "-K": "--ask-become-pass",
    "-k": "--ask-pass",
    "-J": "--ask-vault-password",
    "-M": "--module-path",
    "-c": "--connection",
    "-T": "--timeout",
}
_VALUED = frozenset(
    {
        *("--inventory", "--inventory-file", "--limit", "--tags", "--skip-tags", "--extra-vars", "--user", "--forks"),
        *("--vault-id", "--vault-password-file", "--vault-pass-file", "--private-key", "--key-file", "--become-user"),
        *("--become-method", "--module-path", "--connection", "--timeout", "--start-at-task", "--ssh-common-args"),
        *("--ssh-extra-args", "--scp-extra-args", "--sftp-extra-args", "--become-password-file"),
        *("--connection-password-file", "--conn-pass-file", "--become-pass-file"),
    }
)
_SHOWN = _VALUED | {*("--check", "--diff", "--become", "--step", "--force-handlers", "--flush-cache"), *_ALIASES}
_READING = ("--check", "--syntax-check", "--list-hosts", "--list-tags", "--list-tasks", "--version", "--help")
FAILED_HOSTS, UNREACHABLE, BOTH = 2, 4, 6
"""Bits of the exit code: hosts failed, hosts could not be reached."""


def read(command: Unwrapped) -> Invocation:
    """Return what a command line of ansible-playbook will do."""
    arguments = split(command.arguments, _VALUED, aliases=_ALIASES)
    check = arguments.has("--check")
    return Invocation(
        command=command,
        tool="ansible",
        action="check" if check else "playbook",
        shown=("ansible-playbook", *arguments.names(_SHOWN)),
        reads_only=arguments.has(*_READING),
        events=Events(format="ansible", variables=((EVENTS_VARIABLE, FILE),)),
    )
