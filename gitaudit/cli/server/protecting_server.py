"""What `gitaudit protect server` does, in steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitaudit.cli.output import escape
from gitaudit.cli.reading.fields import pinned_fields
from gitaudit.cli.server.guarding import pinned_log, protected_log
from gitaudit.cli.wiring import Session
from gitaudit.errors import InputError, LogError, SetupError
from gitaudit.policy.config import BRANCH_PREFIX, Config

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.adapters.git.receive_pack import Answer
    from gitaudit.adapters.git.server_hooks import HookFile, Layout
    from gitaudit.adapters.git.server_settings import Setting
    from gitaudit.cli.output import Output
    from gitaudit.usecases.server.pushes import Refusal

CHANGES = {"missing": "written", "foreign": "written", "outdated": "renewed", "current": "unchanged", "managed": "none"}
"""What becomes of a hook, by what stands in its place."""
NOT_PROTECTED = 2
"""Exit code of `--check`, as of `gitaudit protect` for forges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A bare repository, what it keeps, and what has to be in it."""

    session: Session
    path: Path
    layout: Layout
    log: str
    config: Config | None
    settings: tuple[Setting, ...]
    hooks: tuple[HookFile, ...]

    @property
    def notes(self) -> str:
        """Full name of the notes' ref."""
        return "refs/notes/" + self.log.removeprefix(BRANCH_PREFIX)


def protect_server(session: Session, output: Output, options: Mapping[str, Any]) -> int:
    """Write settings and hooks, and print what was changed."""
    from gitaudit.adapters.git.server_hooks import check_room, write_hook
    from gitaudit.adapters.git.server_settings import write_setting

    server = _look(session, options)
    for hook in server.hooks:
        check_room(hook)
    if server.config is not None:
        _verify(server, output)
    if not options["dry_run"]:
        for setting in server.settings:
            write_setting(server.path, setting)
        for hook in server.hooks:
            write_hook(hook)
    _report(server, output, dry_run=options["dry_run"])
    return 0


def check_server(session: Session, output: Output, options: Mapping[str, Any]) -> int:
    """Try attacks, look for what is missing, print both, and return the exit code."""
    server = _look(session, options)
    if server.layout == "gitlab":
        raise SetupError(
            "expected a repository whose hooks Git itself runs, found one of GitLab, whose hooks Gitaly runs",
            hint="try it by pushing to GitLab: the table in docs/administrators.md says what has to be refused",
        )
    tried = _try(server)
    missing = [f"{one.name} is not {one.value}" for one in server.settings if not one.present]
    missing += [f"{hook.path} is {hook.state}" for hook in server.hooks if hook.state != "current"]
    odd = _odd_refs(server)
    good = all(answer.refused for _, _, answer in tried) and not odd
    if output.json:
        output.document(
            {
                **_fields(server, "check", dry_run=False),
                "good": good,
                "tried": [
                    {"attack": attack, "ref": ref, "refused": answer.refused, "answer": answer.said}
                    for attack, ref, answer in tried
                ],
                "missing": missing,
                "unfit_refs": [one.ref for one in odd],
            }
        )
        return 0 if good else NOT_PROTECTED
    for attack, ref, answer in tried:
        verdict = output.style("refused ", "green") if answer.refused else output.style("ACCEPTED", "red")
        output.text(f"{verdict} {attack}: {escape(ref)}{': ' if answer.said else ''}{escape(answer.said)}")
    for text in missing:
        output.text(f"{output.style('missing ', 'yellow')} {escape(text)}")
    for one in odd:
        output.text(f"{output.style('unfit   ', 'red')} {escape(one.ref)}: {escape(one.message)}")
    _say_what_to_do(server, output, odd, write=bool(missing) or not all(answer.refused for _, _, answer in tried))
    return 0 if good else NOT_PROTECTED


def _say_what_to_do(server: Server, output: Output, odd: Sequence[Refusal], *, write: bool) -> None:
    if write:
        output.note(f"to set up what is missing: gitaudit protect server {server.path}")
    if odd:
        output.note(f"to remove a ref: git -C {server.path} update-ref -d REF")
    if server.session.store.ref(server.log) is None:
        output.note(f"there is no log at {server.log} yet, so nothing could be tried on it")


def _look(session: Session, options: Mapping[str, Any]) -> Server:
    """Return a repository with what stands in it and what has to."""
    from gitaudit.adapters.git.server_hooks import find_hooks, find_layout
    from gitaudit.adapters.git.server_settings import look_up, wanted_settings
    from gitaudit.usecases.governing.start import check_branch_name

    inside = Session(session.directory / options["path"])
    path = inside.store.git_dir.resolve()
    if inside.store.work_tree is not None or path != inside.directory.resolve():
        raise InputError(
            f"expected PATH to be a bare repository, found {options['path']}, which is none",
            hint="give the folder on the server that people push to, such as /srv/git/infra.git",
        )
    log, _ = protected_log(inside)
    if options["branch"] is not None:
        check_branch_name(options["branch"])
        log = BRANCH_PREFIX + options["branch"]
    layout = find_layout(path) if options["layout"] == "auto" else options["layout"]
    config = _config(inside, log, options["trust"])
    home = None if options["gnupg_home"] is None else Path(options["gnupg_home"]).absolute()
    wanted = list(wanted_settings(log, config, key=options["server_key"], all_branches=options["all_branches"]))
    notes = "refs/notes/" + log.removeprefix(BRANCH_PREFIX)
    return Server(
        session=inside,
        path=path,
        layout=layout,
        log=log,
        config=config,
        settings=tuple(look_up(path, wanted)),
        hooks=tuple(find_hooks(path, layout, log, notes, home)),
    )


def _config(inside: Session, log: str, trust: str | None) -> Config | None:
    """Return the log that the server keeps or shall keep, None where none was pushed yet."""
    from gitaudit.usecases.governing.start import trusted_log
    from gitaudit.usecases.server.growth import pushed_config

    head = inside.store.ref(log)
    if trust is not None:
        return trusted_log(inside.store, trust, log, {} if head is None else {log: head})
    known = pinned_log(inside)
    if known is not None and known.log == log:
        return known
    found = inside.found_config()
    if found is not None and found.log == log:
        return found
    return None if head is None else pushed_config(inside.store, log, head)


def _verify(server: Server, output: Output) -> None:
    """Refuse to protect a log that is bad. Raises `LogError`."""
    from gitaudit.usecases.position import Position

    head = server.session.store.ref(server.log)
    if head is None or server.config is None:
        return
    report = server.session.log_verifier(server.config, output).verify(head, Position())
    # A record may come before the commit that it is about, and notes are no evidence.
    bad = [one for one in report.findings if one.severity == "error" and one.rule not in {"notes", "subject-missing"}]
    if bad:
        raise LogError(
            f"the log in {server.path} is not good: {bad[0].rule}: {bad[0].message}",
            hint="see everything that is wrong with `gitaudit verify --full` in a clone; protect it when it is mended",
        )


def _try(server: Server) -> list[tuple[str, str, Answer]]:
    """Try every attack that the repository allows to be tried; return attack, ref and answer of each."""
    from gitaudit.adapters.git.receive_pack import try_move, try_push
    from gitaudit.usecases.position import position_at
    from gitaudit.usecases.server.probes import log_probes, name_probes, unrecorded_probe

    store, head = server.session.store, server.session.store.ref(server.log)
    probes = name_probes(server.log)
    moves = []
    if head is not None and server.config is not None:
        probes = [*log_probes(store, server.log, head), *probes]
        policy = position_at(store, server.session.schemas, head).policy
        tips = [(name, oid) for name, oid in store.refs(BRANCH_PREFIX) if policy is not None and policy.protects(name)]
        more = unrecorded_probe(store, policy, tips)
        probes += [] if more is None else [more]
        moves = [("delete the log on the server itself", f"delete {server.log}")]
        if head != server.config.genesis_commit:
            back = f"update {server.log} {server.config.genesis_commit} {head}"
            moves.append(("move the log back on the server itself", back))
    answers = [(one.attack, one.ref, try_push(server.path, one.ref, one.old, one.new, one.objects)) for one in probes]
    return answers + [(attack, server.log, try_move(server.path, command)) for attack, command in moves]


def _odd_refs(server: Server) -> list[Refusal]:
    """Return the refs that are there and that no push may create any more."""
    from gitaudit.usecases.server.names import RECORDED, name_refusal

    names = [name for name, _ in server.session.store.refs("refs/") if not name.startswith(RECORDED)]
    return [found for name in names if (found := name_refusal(name, server.log, server.notes)) is not None]


def _fields(server: Server, action: str, *, dry_run: bool) -> dict[str, object]:
    return {
        "action": action,
        "dry_run": dry_run,
        "path": str(server.path),
        "layout": server.layout,
        "protects": server.log,
        "pinned": None if server.config is None else pinned_fields(server.config),
        "settings": [{"name": one.name, "value": one.value, "changed": not one.present} for one in server.settings],
        "hooks": [
            {"name": hook.name, "path": str(hook.path), "change": CHANGES[hook.state], "calls_another": hook.chained}
            for hook in server.hooks
        ],
    }


def _report(server: Server, output: Output, *, dry_run: bool) -> None:
    for odd in _odd_refs(server):
        output.warn(f"{odd.ref} is there: {odd.message}", f"remove it: git -C {server.path} update-ref -d {odd.ref}")
    if output.json:
        output.document(_fields(server, "protect", dry_run=dry_run))
        return
    for one in server.settings:
        if not one.present:
            output.text(f"set  {escape(one.name)} = {escape(one.value)}")
    for hook in server.hooks:
        also = ", calls the one that was there" if hook.chained else ""
        if CHANGES[hook.state] != "unchanged":
            output.text(f"hook {escape(hook.path)} ({CHANGES[hook.state]}{also})")
    origin = "the first log that is pushed" if server.config is None else f"the log of {server.config.origin}"
    if dry_run:
        output.note(f"dry run: {server.path} would protect {origin}; nothing was written")
        return
    output.text(f"protected: {escape(server.path)} keeps {escape(origin)} on {escape(server.log)}")
    if server.layout == "gitlab":
        output.note("Gitaly calls no reference-transaction hook and may ignore settings: protect the branch there, too")
