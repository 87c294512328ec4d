"""What `gitaudit init` does, in steps; each prints what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitaudit.cli.output import escape
from gitaudit.cli.reading.fields import head_fields, pinned_fields
from gitaudit.cli.reading.render import counted
from gitaudit.errors import KeyProblemError, RemoteError, SetupError
from gitaudit.policy.config import BRANCH_PREFIX, FILE_NAME, Config, format_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session
    from gitaudit.model import Head
    from gitaudit.usecases.governing.start import Situation, Wishes

ONLY_AT_THE_START = ("origin", "iac", "environments", "protect", "key_name", "email")
"""Options that say what a new log shall be like."""


def start_or_join(session: Session, output: Output, options: Mapping[str, Any]) -> None:
    """Look for a log in the repository and on the remote, then join it or start one."""
    from gitaudit.usecases.governing.start import choose
    from gitaudit.usecases.pin import check_pin

    if session.store.work_tree is None:
        raise SetupError(
            f"expected a working tree to put {FILE_NAME} into, found a bare repository",
            hint="run `gitaudit init` in a clone and push from there",
        )
    found, theirs = _look(session, output, options)
    if found.config is not None:
        check_pin(found.config, found.remembered)
    config = choose(session.store, found, options["trust"], lambda: _own_key(session))
    if config is None:
        _start(session, output, options)
        _install_hooks(session, output, options)
        return
    ignored = [f"--{name.replace('environments', 'env')}" for name in ONLY_AT_THE_START if options[name]]
    if ignored:
        output.warn(
            f"the log is there already, so {', '.join(ignored).replace('key_name', 'name')} changes nothing",
            "change the policy with `gitaudit policy`",
        )
    if options["dry_run"]:
        _tell_dry_run(output, {"action": "join", **pinned_fields(config)}, f"would join the log of {config.origin}")
        return
    _join(
        session, output, config, theirs, push=options["push"], write=found.config is None, new=found.remembered is None
    )
    _install_hooks(session, output, options)


def _install_hooks(session: Session, output: Output, options: Mapping[str, Any]) -> None:
    """Install the hooks, as `gitaudit hooks install` does, unless that is not wanted.

    The log is there by now, so what is in the way of a hook is told and ends nothing. In JSON, the document is printed.
    """
    from gitaudit.adapters.hooks.installed import stubs
    from gitaudit.adapters.hooks.installed.install import install
    from gitaudit.adapters.hooks.installed.status import status

    if options["no_hooks"] or options["dry_run"]:
        return
    try:
        changes = install(session.store, stubs.NAMES, log=session.config.log)
        missing = [state for state in status(session.store) if state.problem is not None]
    except SetupError as error:
        if not output.json:
            output.warn(f"the hooks are not installed: {error.message}", error.hint)
        return
    if output.json:
        return
    for state in missing:
        output.warn(f"git does not run {state.name}: {escape(state.path)} {state.problem}", state.hint)
    if changes:
        output.note("installed git hooks: `git push` records changes from now on; see `gitaudit hooks status`")


def _look(
    session: Session, output: Output, options: Mapping[str, Any]
) -> tuple[Situation, dict[str, str | None] | None]:
    """Return what there is, and the heads that the remote has, None where there is no remote."""
    from gitaudit.usecases.governing.start import Situation
    from gitaudit.usecases.pin import config_of

    config, remembered = session.found_config(), session.memory.load()
    known = config or config_of(remembered)
    ref = known.log if known else BRANCH_PREFIX + options["branch"]
    refs = (ref, known.notes if known else ref.replace(BRANCH_PREFIX, "refs/notes/", 1))
    theirs: dict[str, str | None] | None = None
    if session.remote is not None:
        theirs = {name: session.last_seen(session.remote, name) for name in refs}
        try:
            if not options["dry_run"]:
                theirs = dict(session.remote.fetch(refs))
        except RemoteError as error:
            if options["push"]:
                raise
            output.warn(f"{error.message}; whether it has a log already is not known")
    head = None if theirs is None else theirs[ref]
    return Situation(ref=ref, config=config, remembered=remembered, here=session.store.ref(ref), theirs=head), theirs


def _own_key(session: Session) -> str | None:
    try:
        return session.signer.fingerprint
    except KeyProblemError:
        return None  # whoever has no key may read the log all the same


def _join(
    session: Session,
    output: Output,
    config: Config,
    theirs: dict[str, str | None] | None,
    *,
    push: bool,
    write: bool,
    new: bool,
) -> None:
    from gitaudit.usecases.verifying.trust import join

    report = join(session.log_verifier(config, output), session.store, session.memory, theirs)
    if write:
        _write_config(session, config)
    shared = theirs is None or theirs[config.log] is not None
    if not shared and push:
        result = session.log_of(config).sync()
        if result.problem is not None:
            raise result.problem
        shared = result.shared
    _tell(output, "joined" if new else "present", config, report.position.head, shared=shared, key=None, wrote=write)
    if output.json:
        return
    verb = "joined" if new else "this clone has"
    output.text(f"{verb} the log of {escape(config.origin)}: {counted(report.position.size, 'record')}, all good")
    output.text(f"genesis {config.genesis_commit} SHA-256 {config.genesis_sha256}")
    if write:
        output.note(f"wrote {FILE_NAME}; next: git add {FILE_NAME} && git commit -m 'Pin the audit log'")


def _start(session: Session, output: Output, options: Mapping[str, Any]) -> None:
    from gitaudit.usecases.governing.start import begin, check_wishes

    wishes = _wishes(session, options)
    check_wishes(wishes)
    session.check_room(BRANCH_PREFIX + wishes.branch)
    if options["dry_run"]:
        fields = {"action": "start", "origin": wishes.origin, "log": BRANCH_PREFIX + wishes.branch, "genesis": None}
        _tell_dry_run(output, fields, f"would start the log of {wishes.origin} on branch {wishes.branch}")
        return
    remote = session.remote if options["push"] else None
    config, position = begin(session.tools, wishes, session.memory, remote)
    _write_config(session, config)
    shared = session.remote is None or remote is not None
    key = session.signer.fingerprint
    _tell(output, "started", config, position.head, shared=shared, key=key, wrote=True)
    if output.json:
        return
    output.text(f"started the log of {config.origin} on branch {wishes.branch}")
    output.text(f"genesis {config.genesis_commit} SHA-256 {config.genesis_sha256}")
    output.text(f"admin   openpgp:{key}")
    where = f"pushed to {remote.name}" if remote else "only in this clone, `gitaudit sync` publishes it"
    output.note("the log is in place" if session.remote is None else f"the log is in place, {where}")
    then = "gitaudit record-change" if options["no_hooks"] else "git push"
    output.note(f"next: git add {FILE_NAME} && git commit -m 'Pin the audit log' && {then}")


def _wishes(session: Session, options: Mapping[str, Any]) -> Wishes:
    """Return what the user asked for, completed from the repository."""
    from gitaudit.adapters.schemas import record_schema_files
    from gitaudit.iac.patterns import DEFAULT_PATTERNS
    from gitaudit.log.commit import DEFAULT_EMAIL
    from gitaudit.usecases.governing.origin import origin_from_url
    from gitaudit.usecases.governing.start import Wishes

    url = session.store.remotes().get(session.remote.name) if session.remote is not None else None
    protected = tuple(options["protect"]) or ((session.store.head_ref() or "refs/heads/main"),)
    return Wishes(
        origin=options["origin"] or origin_from_url(url or f"{session.store.work_tree}"),
        branch=options["branch"],
        key_name=options["key_name"] or "owner",
        email=options["email"] or DEFAULT_EMAIL,
        environments=tuple(options["environments"]),
        protected_refs=tuple(session.full_ref(one) for one in protected),
        iac=tuple(options["iac"]) or DEFAULT_PATTERNS,
        schemas=dict(record_schema_files()),
    )


def _write_config(session: Session, config: Config) -> None:
    from gitaudit.adapters.files import write_plainly

    if session.store.work_tree is not None:
        write_plainly(session.store.work_tree / FILE_NAME, format_config(config))


def _tell(
    output: Output, action: str, config: Config, head: Head | None, *, shared: bool, key: str | None, wrote: bool
) -> None:
    """Print the JSON document, where that is wanted."""
    if not output.json:
        return
    more = {"head": head_fields(head), "shared": shared, "admin": key and f"openpgp:{key}", "wrote_config": wrote}
    output.document({"dry_run": False, "action": action, **pinned_fields(config), **more})


def _tell_dry_run(output: Output, fields: Mapping[str, object], text: str) -> None:
    if output.json:
        output.document({"dry_run": True, **fields})
        return
    output.text(text)
    output.note("dry run: nothing was written, and the remote was not asked")
