"""From the options of `record-deploy` to a draft."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.cli.wiring import Session
    from gitaudit.iac.model import Summary
    from gitaudit.model import Draft
    from gitaudit.usecases.record_deploy import Deployment

SAME = ("environment", "outcome", "stack", "started", "finished", "reason", "ticket", "exit_code")
IDS = ("supersedes", "rolls_back", "retries")


def deploy_draft(session: Session, options: Mapping[str, Any]) -> Draft:
    """Return the draft of the record that the options of `record-deploy` ask for."""
    from gitaudit.usecases.drafts import subject_of
    from gitaudit.usecases.record_deploy import deploy_body, parse_link

    policy = session.policy()
    commit = session.commit(options["revision"])
    links = [parse_link(text) for text in options["links"]]
    deployment = _deployment(session, options, commit)
    body = deploy_body(deployment, policy)
    head = session.store.head_ref()
    ref = head if head is not None and session.store.ref(head) == commit else None
    return session.author().draft(
        "deploy.finished",
        body,
        occurred_at=deployment.finished,
        subject=subject_of(session.config.origin, commit, session.tree_of(commit), ref),
        links=links,
    )


def _deployment(session: Session, options: Mapping[str, Any], commit: str) -> Deployment:
    from gitaudit.usecases.record_deploy import Deployment, Evidence

    given = [options[name] for name in ("plan", "result", "state")] + list(options["evidence"])
    if given.count("-") > 1:
        raise InputError("expected standard input to be one file, found - twice", hint="give the others as files")
    return Deployment(
        **{name: options[name] for name in SAME},
        **{name: _record_id(session, name, options[name]) for name in IDS if options[name] is not None},
        plan=_summary(session, "plan", options),
        result=_summary(session, "result", options),
        state=_summary(session, "state", options),
        artifacts=tuple(options["artifacts"]),
        evidence=tuple(
            Evidence(name="stdin" if one == "-" else PurePath(one).name, content=session.read(one, "--evidence"))
            for one in options["evidence"]
        ),
        dirty=session.is_checked_out(commit) and session.store.is_dirty(),
    )


def _record_id(session: Session, name: str, given: str) -> Any:  # noqa: ANN401 - `Deployment` takes it by its name
    from gitaudit.usecases.query import find_record_id

    return find_record_id(session.store, session.head(), f"--{name.replace('_', '-')}", given)


def _summary(session: Session, name: str, options: Mapping[str, Any]) -> Summary | None:
    from gitaudit import iac

    if options[name] is None:
        return None
    data = session.read(options[name], f"--{name}")
    from gitaudit.redaction.marked import marked_values

    summarize = {"plan": iac.summarize_plan, "result": iac.summarize_result, "state": iac.summarize_state}[name]
    try:
        summary = summarize(data, format=options["tool_format"])
        session.confidential.learn(marked_values(data))
    except InputError as error:
        hint = error.hint or "check that it is the right file, and whole"
        raise InputError(f"--{name}: {error.message}", hint=hint) from error
    return summary
