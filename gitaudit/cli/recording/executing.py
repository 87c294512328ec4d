"""What `gitaudit exec` does, in steps."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from gitaudit.cli.output import print_error
from gitaudit.cli.recording.deploying import author_for, is_dirty, same_ids, subject_at
from gitaudit.cli.recording.identity import who_is_it
from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session
    from gitaudit.iac.commands.model import Invocation
    from gitaudit.ports import Machine
    from gitaudit.usecases.deploys.record_deploy import Deployment, Evidence
    from gitaudit.usecases.executing.bodies import Facts
    from gitaudit.usecases.executing.execution import Done, Execution
    from gitaudit.usecases.executing.model import Before, Tell, ToolRun

NOT_FOUND = 127
"""Exit code of a shell for a program that is not there."""


def execute(session: Session, output: Output, words: tuple[str, ...], options: Mapping[str, Any]) -> int:
    """Run the command between its records, and return what gitaudit is to exit with (negative: by that signal)."""
    from gitaudit.adapters.running.machine import LocalMachine
    from gitaudit.iac.commands import read_command
    from gitaudit.redaction.arguments import values_of

    with LocalMachine(session.directory) as machine:
        invocation = read_command(words, tool=options["tool"], real_name=machine.real_name)
        missing = [one for one in (words[0], invocation.command.program) if machine.real_name(one) is None]
        if missing:
            error = InputError(
                f"expected a program on PATH, found none named {PurePath(missing[0]).name!r}",
                hint="an alias of your shell is not seen here: write out the command that it stands for",
            )
            print_error(error, as_json=output.json)
            return NOT_FOUND
        session.confidential.learn(values_of(words))
        execution = _execution(session, output, machine, invocation, options)
        if options["dry_run"]:
            from gitaudit.cli.reading.render import show_drafts

            show_drafts(session, output, [execution.preview()])
            return 0
        done = execution.run()
    _tell_done(output, done)
    return -done.ended.signal if done.ended is not None and done.ended.signal else done.code


def _execution(
    session: Session, output: Output, machine: Machine, invocation: Invocation, options: Mapping[str, Any]
) -> Execution:
    from gitaudit.usecases.deploys.record_deploy import Deployment, all_links, check_environment, parse_artifact
    from gitaudit.usecases.executing.execution import Execution

    policy = session.policy()
    check_environment(options["environment"], policy)
    for text in options["artifacts"]:
        parse_artifact(text)
    commit = session.commit(options["revision"])
    who = who_is_it(session, options)
    ids: dict[str, Any] = same_ids(session, options)
    deployment = Deployment(
        **{name: options[name] for name in ("environment", "reason", "ticket")},
        **ids,
        artifacts=tuple(options["artifacts"]),
        dirty=is_dirty(session, commit),
        who=who,
    )
    return Execution(
        log=session.log()._replace(redactor=session.confidential.where_there()),
        author=author_for(session, who),
        policy=policy,
        machine=machine,
        tool=_tool_run(session, machine, invocation, output.warn, as_is=options["as_is"]),
        facts_of=_facts(session, invocation, deployment, options["stack"]),
        subject=subject_at(session, commit),
        links=all_links(options["links"], who),
        tell=output.warn,
        push=options["push"],
        evidence=lambda: _evidence(machine, options["evidence"], output.warn),
    )


def _tool_run(session: Session, machine: Machine, invocation: Invocation, tell: Tell, *, as_is: bool) -> ToolRun:
    if invocation.state is not None:
        from gitaudit.usecases.executing.terraform_run import TerraformRun

        return TerraformRun(machine, invocation, tell, as_is=as_is, learn=lambda plan: _learn(session, plan))
    from gitaudit.usecases.executing.plain_run import PlainRun

    more: dict[str, str] = {}
    if invocation.tool == "ansible":
        from gitaudit.adapters.running.ansible import callback_variables

        more = callback_variables(machine.variables, session.directory)
    return PlainRun(machine, invocation, more)


def _learn(session: Session, plan: bytes) -> None:
    """Look from now on for what a plan marks as sensitive."""
    from gitaudit.redaction.marked import marked_values

    with suppress(InputError):  # it is no plan, which is told elsewhere
        session.confidential.learn(marked_values(plan))


def _facts(
    session: Session, invocation: Invocation, deployment: Deployment, stack: str | None
) -> Callable[[Before], Facts]:
    """Return what makes the facts of both records, once the tool has told which workspace it is in."""
    from gitaudit.usecases.executing.bodies import Facts, stack_object

    top, here = session.store.work_tree, Path(session.directory).absolute() / invocation.directory
    inside = top is not None and here.resolve().is_relative_to(top.resolve())
    folder = here.resolve().relative_to(top.resolve()).as_posix() if top is not None and inside else ""

    def facts(before: Before) -> Facts:
        place = stack_object(stack, invocation, before.workspace, "" if folder == "." else folder)
        return Facts(deployment=deployment, invocation=invocation, stack=place)

    return facts


def _evidence(machine: Machine, names: Sequence[str], tell: Tell) -> tuple[Evidence, ...]:
    """Return the files that support the record, as they are after the command."""
    from gitaudit.usecases.deploys.record_deploy import Evidence

    found = []
    for name in names:
        digest = machine.digest(name)
        if digest is None:
            tell(f"--evidence: cannot read {name}", "it is recorded without; add it with a correction")
        else:
            found.append(Evidence(name=PurePath(name).name, size=digest[1], sha256=digest[0]))
    return tuple(found)


def _tell_done(output: Output, done: Done) -> None:
    """Say what was recorded, on standard error: standard output is the command's."""
    if output.json:
        from gitaudit.cli.reading.fields import head_fields

        published = done.published
        recorded = {record.id: record.index for record in published.records} if published else {}
        output.document(
            {
                "dry_run": False,
                "outcome": done.outcome,
                "exit_code": done.code,
                "ran": done.ended is not None,
                "records": [
                    {"id": draft.id, "type": str(draft.document["type"]), "index": recorded.get(draft.id)}
                    for draft in done.drafts
                ],
                "head": head_fields(published.head) if published else None,
                "shared": published.shared if published else False,
                "unpublished": published.unpublished if published else None,
            },
            to_stderr=True,
        )
    elif done.outcome is not None:
        output.note(f"recorded: {done.outcome}, {done.drafts[-1].id}")
