"""Command lines of Terraform and OpenTofu.

An apply is cut in two, so that what is applied is provably what is recorded: `plan -out=FILE` with the options that
planning takes, then `apply FILE` with the rest. The words that do that are made here; nothing is run.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gitaudit.iac.commands.model import FILE, Arguments, Events, Invocation, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.iac.commands.wrappers import Unwrapped

_CHANGING = frozenset({"apply", "destroy", "import", "refresh", "taint", "untaint", "force-unlock"})
_GROUPS = {
    "state": frozenset({"rm", "mv", "push", "replace-provider"}),
    "workspace": frozenset({"new", "delete"}),
}
"""Subcommands with subcommands of their own, and those of them that change something."""

_PLAN_VALUED = frozenset(
    {
        *("-var", "-var-file", "-target", "-target-file", "-exclude", "-exclude-file", "-replace", "-parallelism"),
        *("-lock-timeout", "-state", "-generate-config-out"),
    }
)
_PLAN_FLAGS = frozenset(
    {
        *("-destroy", "-refresh-only", "-refresh", "-lock", "-input", "-no-color", "-compact-warnings", "-json"),
        *("-concise", "-show-sensitive", "-deprecation"),
    }
)
_APPLY_VALUED = frozenset({"-parallelism", "-lock-timeout", "-state", "-state-out", "-backup", "-json-into"})
_APPLY_FLAGS = frozenset(
    {"-lock", "-input", "-no-color", "-compact-warnings", "-json", "-concise", "-show-sensitive", "-deprecation"}
)
_VARIABLES = frozenset({"-var", "-var-file"})
_VALUED = _PLAN_VALUED | _APPLY_VALUED | {"-out", "-from", "-chdir"}
_SHOWN = _PLAN_VALUED | _PLAN_FLAGS | _APPLY_VALUED | _APPLY_FLAGS | {"-auto-approve", "-chdir", "-out", "-force"}
_DETAILED = "-detailed-exitcode"
_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.")
_EPHEMERAL = {"terraform": (1, 10), "opentofu": (1, 11)}
"""Versions since which there are ephemeral values."""
OFF = frozenset({"false", "0", "f", "F", "False", "FALSE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """An apply or destroy, and how to make it in two steps.

    Attributes:
        plan_file: the saved plan that it names, None where it plans by itself.
        plan_at: where that stands among the arguments of the command.
        destroys: it is to destroy everything.
        asks: it would ask before it changes anything.
        state_file: the state that `-state` names, None where the backend has it.
        plan_options: for `plan`.
        apply_options: for `apply` of a saved plan.
        variables: options that set variables, which `apply` needs again where some are ephemeral.
        inherited: what the environment adds to `plan` and to `apply`.
        whole: it can be made in two steps at all.
    """

    plan_file: str | None
    plan_at: int | None
    destroys: bool
    asks: bool
    state_file: str | None
    plan_options: tuple[str, ...]
    apply_options: tuple[str, ...]
    variables: tuple[str, ...]
    inherited: _Inherited
    whole: bool

    def plan(self, out: str) -> tuple[str, ...]:
        """Return the arguments of the step that plans, to a file."""
        mode = ("-destroy",) if self.destroys and "-destroy" not in self.plan_options else ()
        return ("plan", *self.plan_options, *mode, f"-out={out}")

    def apply(self, plan: str, *, with_variables: bool) -> tuple[str, ...]:
        """Return the arguments of the step that applies the file."""
        return ("apply", *self.apply_options, *(self.variables if with_variables else ()), plan)

    def inherited_by_apply(self, *, with_variables: bool) -> tuple[str, ...]:
        """Return the words that the environment has to add to the step that applies."""
        return (*self.inherited.apply, *(self.inherited.variables if with_variables else ()))


class _Inherited(NamedTuple):
    """Words from the environment, by what takes them."""

    plan: tuple[str, ...]
    apply: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What applying a plan depends on: whether there is anything to do, and whether it takes variables again."""

    has_changes: bool
    takes_variables: bool


def read(command: Unwrapped) -> Invocation:
    """Return what a command line of terraform or tofu will do."""
    tool = command.tool or "terraform"
    before, at = _global_options(command.arguments)
    directory = next((word.partition("=")[2] for word in reversed(before) if word.startswith("-chdir=")), "")
    rest = command.arguments[at:]
    name = rest[0] if rest else ""
    group = _GROUPS.get(name)
    inner = rest[1] if group is not None and len(rest) > 1 and not rest[1].startswith("-") else None
    arguments = split(_normal(rest[1:]), _VALUED)
    known = name in _ALL
    changing = name in _CHANGING if group is None else inner in group
    subcommands = [name] if known else []
    if group is not None and inner in _INNER:
        subcommands.append(str(inner))
    shown = [tool, *(["-chdir"] if directory else []), *subcommands, *arguments.names(_SHOWN | {_DETAILED})]
    return Invocation(
        command=command,
        tool="opentofu" if tool == "tofu" else tool,
        action="-".join(subcommands) or None,
        shown=tuple(shown),
        directory=directory,
        reads_only=not changing,
        good_codes=frozenset({0, 2}) if name == "plan" and arguments.has(_DETAILED) else frozenset({0}),
        insert_at=at + 1,
        events=_events(tool, name),
        state="terraform" if changing else None,
    )


def apply_of(invocation: Invocation, inherited: Sequence[str] = ()) -> Apply | None:
    """Return how an apply or destroy is made in two steps, None for any other subcommand.

    Args:
        invocation: as `read` returned it.
        inherited: words of the variable TF_CLI_ARGS_apply or TF_CLI_ARGS_destroy, which count as given first.
    """
    rest = invocation.command.arguments[invocation.insert_at - 1 :]
    if not rest or rest[0] not in {"apply", "destroy"}:
        return None
    own, more = split(_normal(rest[1:]), _VALUED), split(_normal(inherited), _VALUED)
    both = Arguments(options=(*more.options, *own.options), positional=own.positional, places=own.places)
    approved = both.has("-auto-approve")
    saved = own.positional[0] if own.positional else None
    allowed = _PLAN_VALUED | _PLAN_FLAGS | _APPLY_VALUED | _APPLY_FLAGS | {"-auto-approve"}
    strange = [option.name for option in both.options if option.name not in allowed]
    mute = both.value("-input") in OFF or both.has("-json")
    return Apply(
        plan_file=saved,
        plan_at=invocation.insert_at + own.places[0] if saved is not None else None,
        destroys=saved is None and (rest[0] == "destroy" or both.has("-destroy")),
        asks=not approved and saved is None,
        state_file=both.value("-state"),
        plan_options=_picked(own, _PLAN_VALUED | _PLAN_FLAGS),
        apply_options=_picked(own, _APPLY_VALUED | _APPLY_FLAGS),
        variables=_picked(own, _VARIABLES),
        inherited=_Inherited(
            plan=_picked(more, _PLAN_VALUED | _PLAN_FLAGS),
            apply=_picked(more, _APPLY_VALUED | _APPLY_FLAGS),
            variables=_picked(more, _VARIABLES),
        ),
        # Without a way to ask, or with an option that is not known here, terraform itself has the say.
        whole=not strange and len(own.positional) <= 1 and (approved or saved is not None or not mute),
    )


def plan_facts(shown: bytes, tool: str) -> PlanFacts:
    """Return what applying a plan depends on, from `show -json`; where that cannot be read, that it has changes.

    Versions that know ephemeral values, which no plan file holds, want them again with the plan, and take the others
    besides as long as they are the same; versions before those refuse any.
    """
    try:
        plan: Any = json.loads(shown)
        found = _VERSION.match(str(plan.get("terraform_version")))
        version = (int(found[1]), int(found[2])) if found else (0, 0)
        return PlanFacts(has_changes=_has_changes(plan), takes_variables=version >= _EPHEMERAL[tool])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return PlanFacts(has_changes=True, takes_variables=False)


def _has_changes(plan: dict[str, Any]) -> bool:
    said = plan.get("applyable")
    if isinstance(said, bool):
        return said
    changes = [one["change"] for one in plan.get("resource_changes", ())]
    changes += plan.get("output_changes", {}).values()
    return any(one.get("actions") != ["no-op"] or one.get("importing") for one in changes)


def global_words(invocation: Invocation) -> tuple[str, ...]:
    """Return the words before the subcommand, such as `-chdir=live`."""
    return invocation.command.arguments[: invocation.insert_at - 1]


_ALL = frozenset(
    {
        *("apply", "console", "destroy", "fmt", "force-unlock", "get", "graph", "import", "init", "login", "logout"),
        *("metadata", "modules", "output", "plan", "providers", "query", "refresh", "show", "stacks", "state"),
        *("taint", "test", "untaint", "validate", "version", "workspace"),
    }
)
_INNER = frozenset(
    {"list", "mv", "pull", "push", "replace-provider", "rm", "show", "new", "delete", "select", "identities"}
)


def _global_options(words: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """Return the options before the subcommand, and where that stands."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 1
    return tuple(words[:at]), at


def _normal(words: Sequence[str]) -> list[str]:
    """Return options with one dash: Go's flags take `--var` for `-var`."""
    return [word[1:] if word.startswith("--") and word != "--" else word for word in words]


def _picked(arguments: Arguments, names: frozenset[str]) -> tuple[str, ...]:
    return tuple(
        option.name if option.value is None else f"{option.name}={option.value}"
        for option in arguments.options
        if option.name in names
    )


def _events(tool: str, name: str) -> Events | None:
    if tool != "tofu" or name not in {"apply", "destroy"}:
        return None
    return Events(
        format="terraform",
        options=(f"-json-into={FILE}",),
        unless=("-json-into", "-json"),
        asks=("apply", "-help"),
    )
