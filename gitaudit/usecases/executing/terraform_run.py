"""A run of Terraform or OpenTofu: what is applied is the very file that was recorded, and the state says what came."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitaudit import iac
from gitaudit.errors import InputError
from gitaudit.iac.commands.terraform import PlanFacts, apply_of, global_words, plan_facts
from gitaudit.iac.state import State, parse_state, result_of
from gitaudit.usecases.executing.model import After, Before
from gitaudit.usecases.executing.plain_run import event_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.iac.commands.model import Invocation
    from gitaudit.iac.commands.terraform import Apply
    from gitaudit.iac.model import Summary
    from gitaudit.model import Ended
    from gitaudit.ports import Machine
    from gitaudit.usecases.executing.model import Tell
    from gitaudit.usecases.executing.plain_run import EventFile

DEFAULT_WORKSPACE = "default"
_QUIET = {"TF_CLI_ARGS": "", "TF_INPUT": "0"}
"""For commands whose output is read here: options that the user has for all commands could change it."""
_QUESTION = """
Do you want to {what}?
  gitaudit has recorded nothing yet. It will apply exactly the plan above,
  whose SHA-256 is {digest}.
  Only 'yes' will be accepted to approve.

  Enter a value: """
_APPLY, _DESTROY = "perform these actions", "really destroy all resources"


class TerraformRun:
    """Fits `ToolRun`."""

    def __init__(
        self,
        machine: Machine,
        invocation: Invocation,
        tell: Tell,
        *,
        as_is: bool = False,
        learn: Callable[[bytes], None] = lambda _plan: None,
    ) -> None:
        """Take the command.

        Args:
            machine: that it runs on.
            invocation: what it is.
            tell: told where something cannot be found out.
            as_is: do not plan to a file of our own.
            learn: takes what `show -json` prints of a plan, to find out which values in it are secret.
        """
        self._machine = machine
        self.invocation = invocation
        self._tell = tell
        self._as_is = as_is
        self._learn = learn
        self._apply = apply_of(invocation, self._inherited())
        self._before: State | None = None
        self._plan: Summary | None = None
        self._plan_file: str | None = None
        self._events: EventFile | None = None

    def before(self) -> Before:
        """Read the state, and make the plan or take a copy of the saved one."""
        self._before = self._read_state("before")
        apply = self._apply
        if apply is None or not apply.whole or (self._as_is and apply.plan_file is None):
            return self._ready(self.invocation.command.words)
        if apply.plan_file is not None:
            return self._saved(apply, self._path(apply.plan_file))
        return self._planned(apply)

    def after(self, ended: Ended) -> After:
        """Read the state again, and say what the plan has become."""
        state = self._read_state("after") if self._before is not None else None
        result = self._events.summary(self._machine) if self._events is not None else None
        if result is None and self._before is not None and state is not None:
            known = self._plan is not None or self._apply is None
            if known:
                result = result_of(
                    self._plan,
                    self._before,
                    state,
                    good=ended.code in self.invocation.good_codes,
                    action=self.invocation.action or "",
                    tool=self.invocation.tool,
                )
        return After(result=result, state=state, applied=self._is_same_plan())

    def _saved(self, apply: Apply, path: str) -> Before:
        """Apply a private copy of a saved plan: a file that is exchanged meanwhile is not what was recorded."""
        arguments = self.invocation.command.arguments
        kept = self._machine.keep(path, "plan")
        if kept is None or apply.plan_at is None:
            return self._ready(self.invocation.command.words)  # terraform will say what is wrong with it
        self._take_plan(kept)
        return self._ready(
            self.invocation.command.with_arguments((*arguments[: apply.plan_at], kept, *arguments[apply.plan_at + 1 :]))
        )

    def _planned(self, apply: Apply) -> Before:
        command = self.invocation.command
        out = self._machine.new_file("plan")
        words = command.with_arguments((*global_words(self.invocation), *apply.plan(out)))
        ended = self._machine.run(
            words,
            variables={"TF_CLI_ARGS_plan": shlex.join(apply.inherited.plan)},
            # The answer to the question waits there; terraform must not take it for something else.
            silent_input=apply.asks and not self._machine.is_on_terminal(),
        )
        if ended.code != 0 or self._machine.interrupted():
            return replace(self._ready(words), ended=ended)
        facts = self._take_plan(out)
        if apply.asks and facts.has_changes and not self._agreed(apply):
            return replace(self._ready(words), declined=True)
        again = facts.takes_variables
        run, added = apply.apply(out, with_variables=again), apply.inherited_by_apply(with_variables=again)
        ready = self._ready(command.with_arguments((*global_words(self.invocation), *run)))
        return replace(ready, variables={**ready.variables, "TF_CLI_ARGS_apply": shlex.join(added)})

    def _ready(self, words: tuple[str, ...]) -> Before:
        self._events = event_file(self._machine, self.invocation)
        if self._events is not None:
            command = self.invocation.command
            arguments = words[len(command.prefix) + 1 :]
            words = command.with_arguments(self._events.put_into(self.invocation, arguments))
        return Before(words=words, plan=self._plan, state=self._before, workspace=self._workspace())

    def _agreed(self, apply: Apply) -> bool:
        digest = "" if self._plan is None else self._plan.sha256
        question = _QUESTION.format(what=_DESTROY if apply.destroys else _APPLY, digest=digest or "not known")
        answer = self._machine.confirm(question)
        return answer is not None and answer.strip() == "yes"

    def _take_plan(self, path: str) -> PlanFacts:
        """Remember a plan by its digest and by what it says."""
        self._plan_file = path
        shown = self._ask("show", "-json", path)
        self._learn(shown)
        found = self._machine.digest(path)
        try:
            summary = iac.summarize_plan(shown, format="terraform")
        except InputError as error:
            self._tell(f"the plan cannot be read: {error.message}", "its resources are not recorded")
            return plan_facts(b"", self.invocation.tool)
        if found is not None:
            self._plan = replace(summary, sha256=found[0], size=found[1])
        return plan_facts(shown, self.invocation.tool)

    def _is_same_plan(self) -> bool | None:
        if self._plan is None or self._plan_file is None:
            return None
        found = self._machine.digest(self._plan_file)
        return found is not None and found[0] == self._plan.sha256

    def _read_state(self, when: str) -> State | None:
        if self.invocation.state is None:
            return None
        named = self._apply.state_file if self._apply is not None else None
        if named is not None:
            data: bytes | None = self._machine.content(self._path(named)) or b""
        else:
            words = self.invocation.command.with_arguments((*global_words(self.invocation), "state", "pull"))
            answer = self._machine.ask(words, variables=_QUIET)
            data = answer.output if answer.code == 0 else None
        try:
            return None if data is None else parse_state(data)
        except InputError as error:
            self._tell(f"the state {when} the run cannot be read: {error.message}", "it is recorded without")
            return None

    def _ask(self, *arguments: str) -> bytes:
        words = self.invocation.command.with_arguments((*global_words(self.invocation), *arguments))
        return self._machine.ask(words, variables=_QUIET).output

    def _workspace(self) -> str | None:
        named = self._machine.variables.get("TF_WORKSPACE")
        folder = self._machine.variables.get("TF_DATA_DIR") or ".terraform"
        chosen = named or (self._machine.content(self._path(f"{folder}/environment")) or b"").decode("utf-8", "replace")
        return chosen.strip() if chosen.strip() not in {"", DEFAULT_WORKSPACE} else None

    def _path(self, name: str) -> str:
        return str(PurePosixPath(self.invocation.directory) / name)

    def _inherited(self) -> tuple[str, ...]:
        """Return what the environment adds to the subcommand."""
        text = self._machine.variables.get(f"TF_CLI_ARGS_{self.invocation.action}", "")
        try:
            return tuple(shlex.split(text))
        except ValueError:
            return ("-unreadable",)  # no option that is known, so that the command is run as it is
