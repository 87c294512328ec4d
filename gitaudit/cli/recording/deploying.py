"""From the options of `record-deploy` to a draft, and what `exec` shares of it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from gitaudit.cli.recording.identity import who_is_it
from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.cli.wiring import Session
    from gitaudit.iac.model import Summary
    from gitaudit.model import Draft
    from gitaudit.usecases.deploys.record_deploy import Deployment
    from gitaudit.usecases.deploys.who import Who
    from gitaudit.usecases.writing.drafts import Author

SAME = ("environment", "outcome", "stack", "started", "finished", "reason", "ticket", "exit_code")
IDS = ("supersedes", "rolls_back", "retries", "finishes")


def deploy_draft(session: Session, options: Mapping[str, Any]) -> Draft:
    """Return the draft of the record that the options of `record-deploy` ask for."""
    from gitaudit.usecases.deploys.record_deploy import all_links, deploy_body

    policy = session.policy()
    commit = session.commit(options["revision"])
    who = who_is_it(session, options)
    deployment = _deployment(session, options, commit, who)
    return author_for(session, who).draft(
        "deploy.finished",
        deploy_body(deployment, policy),
        occurred_at=deployment.finished,
        subject=subject_at(session, commit),
        links=all_links(options["links"], who),
    )


def author_for(session: Session, who: Who) -> Author:
    """Return who makes the record: a person, or a pipeline that holds the key."""
    return session.author()._replace(kind="human" if who.executor is None else "workload")


def subject_at(session: Session, commit: str) -> dict[str, object]:
    """Return the `subject` of a record about a commit, with the branch where that is checked out."""
    from gitaudit.usecases.writing.drafts import subject_of

    head = session.store.head_ref()
    ref = head if head is not None and session.store.ref(head) == commit else None
    return subject_of(session.config.origin, commit, session.tree_of(commit), ref)


def is_dirty(session: Session, commit: str) -> bool | None:
    """Return whether the work tree has changes that a commit, which is checked out, does not hold; None without one."""
    if session.store.work_tree is None:
        return None
    return session.is_checked_out(commit) and session.store.is_dirty()


def same_ids(session: Session, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids of the records that options name by index or id. Raises `InputError` for one that names none."""
    given = {name: options[name] for name in IDS if options.get(name) is not None}
    if not given:
        return {}
    from gitaudit.usecases.query import find_record_id

    return {
        name: find_record_id(session.store, session.head(), f"--{name.replace('_', '-')}", text)
        for name, text in given.items()
    }


def _deployment(session: Session, options: Mapping[str, Any], commit: str, who: Who) -> Deployment:
    from gitaudit.usecases.deploys.record_deploy import Deployment, Evidence

    given = [options[name] for name in ("plan", "result", "state", "oidc_token")] + list(options["evidence"])
    if given.count("-") > 1:
        raise InputError("expected standard input to be one file, found - twice", hint="give the others as files")
    ids: dict[str, Any] = same_ids(session, options)
    return Deployment(
        **{name: options[name] for name in SAME},
        **ids,
        plan=_summary(session, "plan", options),
        result=_summary(session, "result", options),
        state=_summary(session, "state", options),
        artifacts=tuple(options["artifacts"]),
        evidence=tuple(
            Evidence.of("stdin" if one == "-" else PurePath(one).name, session.read(one, "--evidence"))
            for one in options["evidence"]
        ),
        dirty=is_dirty(session, commit),
        who=who,
    )


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
