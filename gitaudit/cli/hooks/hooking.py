"""What `gitaudit hook` does where the short way does not settle it, in steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitaudit.adapters.hooks import intended, places, quick, rewritten, scan
from gitaudit.cli.reading.render import counted
from gitaudit.errors import GitauditError, KeyProblemError, LogError, SetupError
from gitaudit.usecases.changes.pushing import PushedRef, parse_pushed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session
    from gitaudit.model import Draft
    from gitaudit.policy.policy import Policy
    from gitaudit.usecases.changes.arrival import Tips
    from gitaudit.usecases.changes.pushing import PushRecorder
    from gitaudit.usecases.changes.record_change import ChangeRecorder
    from gitaudit.usecases.position import Position

WAY_ROUND = "to push without a record all the same: git push --no-verify"


def run_hook(name: str, arguments: Sequence[str]) -> int:
    """Do the work of a hook in the folder where git runs it, and return its exit code. click is not loaded for it."""
    from gitaudit.adapters.environment import variable
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session

    session = Session(Path(), variable("GITAUDIT_KEY"), variable("GITAUDIT_REMOTE"))
    output = Output(command="hook")
    given = quick.standard_input()
    if name == "pre-push":
        return pre_push(session, output, arguments, given)
    return quick.settle([name, *arguments]) or 0


def pre_push(session: Session, output: Output, arguments: Sequence[str], given: bytes) -> int:
    """Record what a push is about to publish; return the exit code, where not 0 ends the push.

    Args:
        session: of the repository that is pushed from.
        output: messages go to stderr; stdout belongs to `git push`.
        arguments: name and address of the remote; none where pre-commit runs the hook.
        given: what git gives on standard input.
    """
    from gitaudit.adapters.environment import lend_terminal, of_pre_commit, variable

    if variable(quick.AT_WORK) or not _has_log(session):
        return 0
    if not given and not arguments:
        arguments, given = of_pre_commit(session.store.resolve)
    pushed = _audited(session, parse_pushed(given))
    if not pushed or len(arguments) < 2:  # noqa: PLR2004 - name and address
        return 0
    lend_terminal()
    policy: Policy | None = None
    try:
        position = session.position()
        policy = position.policy
        keep_copy(session, position)
        if policy is None or policy.change_writer != "developer":
            return 0
        _record(session, output, position, pushed, scan.Remote(str(session.store.common_dir), *arguments[:2]))
    except LogError:
        raise
    except GitauditError as error:
        if policy is not None and policy.on_failure == "warn":
            output.warn(f"{error.message}; the push goes on without a record", error.hint)
            return 0
        error.hint = f"{error.hint}; {WAY_ROUND}" if error.hint else WAY_ROUND
        raise
    return 0


def _audited(session: Session, pushed: Sequence[PushedRef]) -> list[PushedRef]:
    """Return the refs of a push that the log is about: all but its own."""
    log = session.config.log.encode("utf-8", "surrogateescape")
    return [one for one in pushed if not places.is_own(one.ref.encode("utf-8", "surrogateescape"), log)]


def _has_log(session: Session) -> bool:
    return session.found_config() is not None or session.memory.load() is not None


def keep_copy(session: Session, position: Position) -> None:
    """Keep a copy of the policy for the short way of the hooks, where it has another one."""
    from gitaudit.adapters.hooks import copy
    from gitaudit.log import paths
    from gitaudit.usecases.position import find_entry

    blob = None if position.tree is None else find_entry(session.store, position.tree, paths.POLICY)
    known = places.read_cache(str(session.store.common_dir))
    if blob is None or position.policy is None or (known is not None and known.policy == blob.encode("ascii")):
        return
    copy.write(session.store.common_dir, session.config.log, blob, position.policy)


def _record(
    session: Session,
    output: Output,
    position: Position,
    pushed: Sequence[PushedRef],
    remote: scan.Remote,
) -> None:
    """Make the records of a push and publish them, with what waits in the clone."""
    log = session.config.log.encode("utf-8", "surrogateescape")
    recorder = push_recorder(session, output, position)
    refs, dry_run = _told_apart(session, pushed, remote, recorder)
    commits = quick.found()
    if commits is None:
        commits = _published(position, pushed, remote, log)
    drafts = recorder.drafts(refs, commits, _there(session, pushed, remote.name))
    corrections, still = given_up(session, recorder.changes)
    if dry_run:
        output.note(f"dry run: {counted(len(drafts), 'record')} would be made")
    elif drafts or corrections:
        result = session.log(output.progress("sign")).append([*drafts, *corrections])
        remember_drafts(session, drafts, result.known, still)
        if result.problem is not None:
            raise result.problem
        _tell(output, drafts)
    elif session.outbox.entries():
        waiting = session.log().sync()
        for draft_id, error in waiting.refused:
            output.warn(f"record {draft_id} cannot be written: {error.message}", error.hint)
        if waiting.problem is not None and commits:
            raise waiting.problem  # a record of this very push may be among those that wait
        if waiting.problem is not None:
            output.warn(f"records wait in this clone: {waiting.problem.message}", "they go out with `gitaudit sync`")


def _published(position: Position, pushed: Sequence[PushedRef], remote: scan.Remote, log: bytes) -> list[str]:
    """Return the commits that a push publishes and that change infrastructure as code, parents first."""
    from gitaudit.iac.patterns import PathMatcher

    matcher = PathMatcher(() if position.policy is None else position.policy.iac)
    seen: dict[bytes, bool] = {}

    def wanted(path: bytes) -> bool:
        found = seen.get(path)
        if found is None:
            found = seen[path] = matcher.matches(path)
        return found

    tips = [one.new.encode("ascii") for one in pushed if one.new]
    old = [(one.old or "0" * 40).encode("ascii") for one in pushed]
    try:
        return scan.commits(tips, old, remote, log, wanted)
    except (scan.ScanError, OSError) as error:
        raise SetupError(
            "git could not list the commits of this push", hint="check the repository with: git fsck"
        ) from error


def _told_apart(
    session: Session, pushed: Sequence[PushedRef], remote: scan.Remote, recorder: PushRecorder
) -> tuple[list[PushedRef], bool]:
    """Return the refs of a push, and whether it only shows what it would do.

    A protected branch of the remote may have commits that are not here. Git refuses such a push unless it is forced,
    but only after the hook; where the system tells that it is not, nothing is overwritten. Else the commits are fetched
    so that the record can name them.
    """
    from gitaudit.adapters.git.program import run_git
    from gitaudit.adapters.hooks.command_line import push_options

    options = push_options()
    config = session.store.config
    always = config(f"remote.{remote.name}.mirror") == "true" or (config(f"remote.{remote.name}.push") or "")[:1] == "+"
    policy = recorder.changes.position.policy
    found = []
    for one in pushed:
        unknown = (
            one.old is not None
            and policy is not None
            and policy.protects(one.ref)
            and _peeled(session, one.old) is None
        )
        if unknown and one.new is not None and options is not None and not (options.forced or always):
            found.append(one._replace(old=None))
            continue
        if unknown:
            quiet = ["--no-tags", "--refmap=", "--no-write-fetch-head", "--no-auto-maintenance"]
            run_git(["fetch", *quiet, remote.address, one.ref], git_dir=session.store.git_dir)
        found.append(one)
    return found, options is not None and options.dry_run


def _there(session: Session, pushed: Sequence[PushedRef], name: str) -> list[str]:
    """Return commits that the remote is known to have."""
    known = [target for _, target in session.store.refs(f"refs/remotes/{name}/")]
    return known + [commit for one in pushed if one.old is not None and (commit := _peeled(session, one.old))]


def _tell(output: Output, drafts: Sequence[Draft]) -> None:
    changes = [draft for draft in drafts if draft.document["type"] == "change"]
    if changes:
        output.note(f"recorded {counted(len(changes), 'change')} in the audit log")


def push_recorder(session: Session, output: Output, position: Position) -> PushRecorder:
    """Return what makes the records of a push."""
    from gitaudit.usecases.changes.pushing import PushRecorder

    return PushRecorder(
        changes=change_recorder(session, output, position),
        between=session.store.commits_between,
        peel=session.store.resolve,
        began=_began(session),
    )


def change_recorder(session: Session, output: Output, position: Position) -> ChangeRecorder:
    """Return what makes change records, with what this clone remembers of amended and rebased commits."""
    from gitaudit.usecases.changes.record_change import ChangeRecorder

    return ChangeRecorder(
        store=session.store,
        verifier=session.verifier,
        author=session.author(),
        position=position,
        rewritten=rewritten.read(str(session.store.common_dir)),
        progress=output.progress("read"),
    )


def _began(session: Session) -> int:
    """Return when the log began, seconds since 1970."""
    from gitaudit.iac.source.commit import parse_source_commit

    raw = session.store.read(session.config.genesis_commit)[1]
    return parse_source_commit(raw).committed or 0


def given_up(session: Session, changes: ChangeRecorder) -> tuple[list[Draft], dict[str, str]]:
    """Return corrections of records whose commit this clone has given up, and the intentions that are open.

    None are made where the policy does not grant corrections to the user's key.
    """
    from gitaudit.usecases.changes.arrival import settle

    known = intended.read(session.store.common_dir)
    policy = changes.position.policy
    if not known or policy is None or not policy.may_sign(changes.author.fingerprint, "correction", None):
        return [], known
    return settle(session.store, changes.author, known, tips_of(session), changes.rewritten)


def tips_of(session: Session) -> Tips:
    """Return what the refs of this clone point at."""
    from gitaudit.adapters.hooks.checkouts import checked_out
    from gitaudit.usecases.changes.arrival import Tips

    store, log = session.store, session.config.log

    def here() -> list[str]:
        skipped = ("refs/remotes/", "refs/notes/", "refs/gitaudit/")
        named = [name for name, _ in store.refs("refs/") if name != log and not name.startswith(skipped)]
        return [commit for name in [*named, *checked_out(store.common_dir)] if (commit := _peeled(session, name))]

    return Tips(there=tuple(remote_branches(session)), here=here, between=store.commits_between)


def remote_branches(session: Session) -> list[str]:
    """Return the commits of the remotes' branches as last seen, those of the log left out."""
    short = session.config.log.removeprefix("refs/heads/")
    own = {f"refs/remotes/{name}/{short}" for name in session.store.remotes()}
    return [target for name, target in session.store.refs("refs/remotes/") if name not in own]


def _peeled(session: Session, name: str) -> str | None:
    try:
        return session.store.resolve(name)
    except LookupError:
        return None


def remember_drafts(
    session: Session, drafts: Sequence[Draft], known: Sequence[str], still: Mapping[str, str] | None = None
) -> None:
    """Remember what has been recorded and is to be seen to arrive; what a new record replaces is explained.

    Args:
        session: of the clone.
        drafts: that became records.
        known: ids of those that did not, because the log had a record of their commit.
        still: what is still to be seen to arrive, None for all that is remembered.
    """
    if not session.store.remotes():
        return
    before = intended.read(session.store.common_dir)
    entries = dict(before if still is None else still)
    for draft in drafts:
        body, subject = draft.document["body"], draft.document.get("subject")
        if not isinstance(body, dict) or not isinstance(subject, dict) or draft.id in known:
            continue
        for old in body.get("replaces", ()):
            entries.pop(old, None)
        if body.get("event") == "commit":
            entries[str(subject["commit"])] = draft.id
    if entries != before:
        intended.write(session.store.common_dir, entries)


def corrections(session: Session, output: Output) -> tuple[list[Draft], dict[str, str]]:
    """Return the same as `given_up`, for commands other than the hook; nothing where nothing is remembered."""
    known = intended.read(session.store.common_dir)
    if not known:
        return [], {}
    try:
        return given_up(session, change_recorder(session, output, session.position()))
    except KeyProblemError:
        return [], known  # without a key, what waits can still be fetched
