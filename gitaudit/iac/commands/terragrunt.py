"""Command lines of Terragrunt. It is run as it is: what it does to each unit stands in that unit's own state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.iac.commands.model import Invocation, split

if TYPE_CHECKING:
    from gitaudit.iac.commands.wrappers import Unwrapped

_VALUED = frozenset(
    {
        *("--working-dir", "--terragrunt-working-dir", "--config", "--terragrunt-config", "--tf-path", "--parallelism"),
        *("--terragrunt-parallelism", "--queue-include-dir", "--queue-exclude-dir", "--terragrunt-include-dir"),
        *("--terragrunt-exclude-dir", "--iam-assume-role", "--inputs-debug", "--report-file", "--report-format"),
        *("-var", "-var-file", "-target", "-replace", "-exclude"),
    }
)
_SHOWN = _VALUED | {
    *("--all", "--graph", "--non-interactive", "--terragrunt-non-interactive", "-auto-approve", "-destroy"),
    *("-refresh-only", "-refresh", "-lock", "-input", "-no-color"),
}
_ACTIONS = frozenset({"apply", "destroy", "import", "refresh", "taint", "untaint"})
_READING = frozenset({"plan", "show", "output", "validate", "validate-inputs", "init", "hclfmt", "graph-dependencies"})
_AROUND = frozenset({"run", "run-all", "graph", "stack"})
"""Subcommands whose next word is what is run."""


def read(command: Unwrapped) -> Invocation:
    """Return what a command line of terragrunt will do."""
    arguments = split(command.arguments, _VALUED)
    words = [word for word in arguments.positional if word in _ACTIONS | _READING | _AROUND][:2]
    action = next((word for word in words if word not in _AROUND), None)
    around = [word for word in words[:1] if word in _AROUND]
    return Invocation(
        command=command,
        tool="terragrunt",
        action=action,
        shown=("terragrunt", *around, *([action] if action else []), *arguments.names(_SHOWN)),
        directory=arguments.value("--working-dir", "--terragrunt-working-dir") or "",
        reads_only=action in _READING,
    )
