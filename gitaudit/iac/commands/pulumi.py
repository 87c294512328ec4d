"""Command lines of Pulumi, which writes its engine's events to a file beside its usual output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.iac.commands.model import FILE, Events, Invocation, split, stack_name

if TYPE_CHECKING:
    from gitaudit.iac.commands.wrappers import Unwrapped

_ALIASES = {"-s": "--stack", "-C": "--cwd", "-m": "--message", "-c": "--config", "-y": "--yes", "-t": "--target"}
_VALUED = frozenset(
    {
        *("--stack", "--cwd", "--message", "--config", "--config-file", "--target", "--replace", "--parallel"),
        *(
            "--event-log",
            "--policy-pack",
            "--policy-pack-config",
            "--save-plan",
            "--plan",
            "--color",
            "--secrets-provider",
        ),
        *("--secrets-provider", "--target-replace", "--exclude", "--import-file"),
    }
)
_SHOWN = _VALUED | {
    *("--yes", "--skip-preview", "--refresh", "--target-dependents", "--continue-on-error", "--diff", "--json"),
    *("--preview-only", "--non-interactive", "--remove", "--run-program", "--show-secrets"),
}
_ACTIONS = {"up": "up", "update": "up", "destroy": "destroy", "down": "destroy", "dn": "destroy", "refresh": "refresh"}
_ACTIONS |= {"import": "import", "cancel": "cancel", "preview": "preview", "pre": "preview", "watch": "watch"}
_WITH_EVENTS = frozenset({"up", "destroy", "refresh", "preview", "import"})


def read(command: Unwrapped) -> Invocation:
    """Return what a command line of pulumi will do."""
    arguments = split(command.arguments, _VALUED, aliases=_ALIASES)
    word = arguments.positional[0] if arguments.positional else ""
    action = _ACTIONS.get(word)
    changing = action in {"up", "destroy", "refresh", "import", "cancel", "watch"}
    return Invocation(
        command=command,
        tool="pulumi",
        action=action,
        shown=("pulumi", *([word] if action else []), *arguments.names(_SHOWN)),
        stack=stack_name(arguments.value("--stack")),
        directory=arguments.value("--cwd") or "",
        reads_only=action == "preview" or arguments.has("--preview-only"),
        insert_at=arguments.places[0] + 1 if arguments.places else 0,
        events=Events(format="pulumi", options=("--event-log", FILE), unless=("--event-log",))
        if action in _WITH_EVENTS and changing
        else None,
    )
