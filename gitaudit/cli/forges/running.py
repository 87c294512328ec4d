"""What `gitaudit protect` does with a forge, in steps."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gitaudit.cli.output import escape, to_json
from gitaudit.cli.reading.render import counted
from gitaudit.errors import InputError, SetupError
from gitaudit.policy.config import BRANCH_PREFIX, DEFAULT_BRANCH
from gitaudit.usecases.forges.model import Wanted, parse_writer
from gitaudit.usecases.forges.place import api_base, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitaudit.adapters.network.forge_http import ForgeHttp
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session
    from gitaudit.usecases.forges.model import Change, Forge, Request, Rule
    from gitaudit.usecases.forges.place import RemotePlace

MODES = ("terraform", "apply", "check")
MISSING = 2
"""Exit code where a rule is missing: the configuration of the forge is wrong. It says nothing of the log."""
UNKNOWN = 3


def run_protection(kind: str, session: Session, output: Output, options: Mapping[str, Any]) -> int:
    """Print, apply or check what protects the log on a forge, and return the exit code."""
    modes = [mode for mode in MODES if options[mode]]
    if len(modes) > 1:
        raise InputError(
            f"expected one of --terraform, --apply and --check, found {' and '.join(modes)}",
            hint="run it once for each",
        )
    if options["dry_run"] and modes != ["apply"]:
        raise InputError("expected --apply beside --dry-run, found none", hint="without --apply, nothing is written")
    forge, wanted = _forge(kind, session, options)
    action = modes[0] if modes else "show"
    head: dict[str, object] = {
        "action": action,
        "forge": kind,
        "repository": wanted.path,
        "branch": wanted.branch,
        "api": wanted.base,
    }
    if action == "show":
        _show(output, head, wanted.base, forge.requests())
        return 0
    if action == "terraform":
        code = forge.terraform()
        if output.json:
            output.document({**head, "terraform": code})
        else:
            output.text("\n".join(map(escape, code.removesuffix("\n").split("\n"))))
        return 0
    with _api(session, kind, wanted.base) as api:
        if action == "apply":
            _tell_changes(output, head, forge.apply(api, dry_run=options["dry_run"]), dry_run=options["dry_run"])
            return 0
        return _tell_rules(output, head, forge.check(api))


def _forge(kind: str, session: Session, options: Mapping[str, Any]) -> tuple[Forge, Wanted]:
    place = None if options["repo"] and options["api"] else _place(session, options["repo"])
    path = options["repo"] or (place.path if place else None)
    if path is None:
        raise InputError(
            "expected a remote on a forge, found none", hint="name the repository with --repo, such as acme/infra"
        )
    base = api_base(kind, options["api"], place)
    make, kinds = _kind(kind, base)
    wanted = Wanted(
        path=path.strip("/").removesuffix(".git"),
        branch=options["branch"] or _pinned_branch(session),
        base=base,
        writers=tuple(parse_writer(text, kinds) for text in options["writers"]),
        signed=options["signed"],
    )
    return make(wanted), wanted


def _kind(kind: str, base: str) -> tuple[type[Any], Mapping[str, str]]:
    """Return the class for a kind of forge, and the writers that it knows."""
    from gitaudit.usecases.forges import bitbucket, bitbucket_server, gitea, github, gitlab

    if kind == "bitbucket":
        if base.endswith("/2.0"):
            return bitbucket.BitbucketCloud, bitbucket.WRITERS
        if base.endswith("/rest"):
            return bitbucket_server.BitbucketServer, bitbucket_server.WRITERS
        raise InputError(
            "expected --api to end in /2.0 (Bitbucket Cloud) or /rest (Data Center), found neither",
            hint="such as https://bitbucket.example.com/rest",
        )
    found: dict[str, tuple[type[Any], Mapping[str, str]]] = {
        "github": (github.GitHub, github.WRITERS),
        "gitlab": (gitlab.GitLab, gitlab.WRITERS),
        "gitea": (gitea.Gitea, gitea.WRITERS),
    }
    return found[kind]


def _place(session: Session, repository: str | None) -> RemotePlace | None:
    """Return where the remote is; None where that is not known, and a repository on the forge is named anyway."""
    try:
        remote = session.remote
    except SetupError:
        if repository is None:
            raise
        return None
    url = None if remote is None else session.store.remotes().get(remote.name)
    return None if url is None else place_of(url)


def _pinned_branch(session: Session) -> str:
    try:
        config = session.found_config()
    except SetupError:
        config = None  # outside of a repository
    return DEFAULT_BRANCH if config is None else config.log.removeprefix(BRANCH_PREFIX)


@contextmanager
def _api(session: Session, kind: str, base: str) -> Iterator[ForgeHttp]:
    from gitaudit.adapters.clock import wait
    from gitaudit.adapters.network.forge_access import access_to
    from gitaudit.adapters.network.forge_http import ForgeHttp

    api = ForgeHttp(access_to(kind, base), now=session.clock.now, pause=session.clock.pause, wait=wait)
    try:
        yield api
    finally:
        api.close()


def _request_fields(request: Request | None) -> dict[str, object] | None:
    return None if request is None else {"method": request.method, "path": request.path, "body": request.body}


def _show(output: Output, head: Mapping[str, object], base: str, requests: Sequence[Request]) -> None:
    if output.json:
        output.document({**head, "requests": [_request_fields(one) for one in requests]})
        return
    for request in requests:
        output.text(escape(f"{request.method} {base}{request.path}"))
        output.text(to_json(request.body, indent=2))
        output.text()
    output.note("nothing was asked of the forge; --apply does it, --terraform prints code for it")


def _tell_changes(output: Output, head: Mapping[str, object], changes: Sequence[Change], *, dry_run: bool) -> None:
    if output.json:
        fields = [{"name": one.name, "action": one.action, "request": _request_fields(one.request)} for one in changes]
        output.document({**head, "dry_run": dry_run, "changes": fields})
        return
    verbs = {"created": "would create", "changed": "would change", "kept": "would keep"} if dry_run else {}
    for one in changes:
        output.text(f"{verbs.get(one.action, one.action)} {escape(one.name)}")
        if dry_run and one.request is not None:
            output.text(f"    {escape(json.dumps(one.request.body, ensure_ascii=False))}")
    if dry_run:
        output.note("dry run: nothing was changed on the forge")


def _tell_rules(output: Output, head: Mapping[str, object], rules: Sequence[Rule]) -> int:
    needed = [rule for rule in rules if rule.required]
    missing = [rule for rule in needed if rule.held is False]
    unknown = [rule for rule in needed if rule.held is None]
    protected = False if missing else None if unknown else True
    if output.json:
        fields = [
            {"name": rule.name, "required": rule.required, "held": rule.held, "told": rule.told} for rule in rules
        ]
        output.document({**head, "protected": protected, "rules": fields})
    else:
        for rule in rules:
            output.text(_rule_line(output, rule))
        verdict, color = ("protected", "green") if protected else ("cannot tell", "yellow")
        if missing:
            verdict, color = "not protected", "red"
        told = f": {counted(len(missing or unknown), 'rule')} {'missing' if missing else 'unclear'}" if needed else ""
        output.text(f"{output.style(verdict, color)}{'' if protected else told}")
        if missing:
            output.note(f"bring it about with: gitaudit protect {head['forge']} --apply")
    return 0 if protected else MISSING if missing else UNKNOWN


def _rule_line(output: Output, rule: Rule) -> str:
    if rule.held:
        word, color = "holds", "green"
    elif not rule.required:
        word, color = "advice", "yellow"
    else:
        word, color = ("missing", "red") if rule.held is False else ("unclear", "yellow")
    return f"{output.style(word.ljust(8), color)} {rule.name}: {escape(rule.told)}"
