"""What `gitaudit verify` does, in steps."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitaudit.cli.output import escape
from gitaudit.cli.reading.fields import finding_fields, head_fields
from gitaudit.cli.reading.render import counted, finding_lines
from gitaudit.cli.verifying.workers import collect_garbage_seldom
from gitaudit.errors import InputError, LogError, SetupError
from gitaudit.model import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session
    from gitaudit.policy.config import Config
    from gitaudit.ports import Verifier
    from gitaudit.usecases.verifying.trust import Start
    from gitaudit.usecases.verifying.verify import Report


def run_verification(session: Session, output: Output, options: Mapping[str, Any]) -> int:
    """Verify, remember what was found good, print, and return the exit code.

    Whatever says that the log is bad is a finding, also where it keeps the rest from being looked at.
    """
    session.reads_anew = True
    report: Report | None = None
    complete: list[str] = []
    try:
        report, extra = _verify(session, output, options, complete)
    except LogError as error:
        extra = [_finding(error)]
    good = report is not None and report.good and not _errors(extra)
    _print(output, report, extra, complete, good=good)
    return 0 if good else 1


def _verify(
    session: Session, output: Output, options: Mapping[str, Any], complete: list[str]
) -> tuple[Report, list[Finding]]:
    """Return what was found in the log, and beside it; put the branches that were looked at into `complete`."""
    from gitaudit.usecases.verifying.trust import remember_good, rewind_finding

    if options["full"] and options["since"] is not None:
        raise InputError("expected --full or --since, found both", hint="--since 0 checks everything, too")
    if options["ref"] is not None and options["trust"] is None:
        raise InputError("expected --trust beside --ref, found none", hint="without it, .gitaudit.yml names the log")
    config = trusted_config(session, options["trust"], options["ref"])
    extra = _fetch(session, config)
    head = session.head_of(config)
    rewind = rewind_finding(session.store, session.memory.load(), head)
    start = _start(session, head, options, rewound=rewind is not None)
    if start.notice:
        output.warn(start.notice)
    with ExitStack() as stack:
        engine = _engine(options["engine"], stack)
        collect_garbage_seldom()
        report = session.log_verifier(config, output, engine).verify(head, start.position)
    extra += [] if rewind is None else [rewind]
    if options["complete"] is not None:
        extra += _incomplete(session, options["complete"], head, complete)
    if report.good and not _errors(extra) and start.vouched:
        try:
            remember_good(session.memory, config, report, session.published_of(config))
        except SetupError as error:
            output.warn(f"the verdict cannot be remembered: {error.message}")
    return report, extra


def trusted_config(session: Session, trust: str | None, ref: str | None) -> Config:
    """Return the log to verify: what `--trust` pins, else what the clone and `.gitaudit.yml` pin."""
    from gitaudit.usecases.governing.start import trusted_log

    if trust is None:
        return session.config
    return trusted_log(session.store, trust, ref, session.branch_candidates(ref))


def _fetch(session: Session, config: Config) -> list[Finding]:
    """Fetch from the remote that was named; a log there that was rewound or is gone is a finding."""
    if session.named_remote is None or session.remote is None:
        return []
    seen = session.store.ref(session.remote.tracking(config.log))
    try:
        theirs = session.remote.fetch([config.log, config.notes])[config.log]
    except LogError as error:
        return [_finding(error, "remote-log")]
    if theirs is not None:
        return []
    if seen is None:
        raise SetupError(f"expected the log {config.log} on {session.remote.name}, found none")
    message, expected = f"the log on {session.remote.name} is gone", f"{seen} or later"
    return [Finding(rule="remote-log", severity="error", message=message, expected=expected, found="no branch")]


def _finding(error: LogError, rule: str = "log") -> Finding:
    message = f"{error.message}; {error.hint}" if error.hint else error.message
    return Finding(rule=rule, severity="error", message=message)


def _start(session: Session, head: str, options: Mapping[str, Any], *, rewound: bool) -> Start:
    from gitaudit.usecases.position import Position
    from gitaudit.usecases.verifying.trust import Start, start_at, start_remembered

    if options["since"] is not None:
        return start_at(session.store, session.schemas, head, options["since"])
    if options["full"] or rewound or options["trust"] is not None:
        return Start(position=Position(), vouched=options["trust"] is None)
    return start_remembered(session.store, session.schemas, session.memory.load())


def _engine(name: str, stack: ExitStack) -> Verifier | None:
    if name == "sequoia":
        return None
    from gitaudit.adapters.gnupg.verifier import GpgVerifier

    # A short path: the agent's socket in it must stay below the limit of a socket's name.
    home = stack.enter_context(tempfile.TemporaryDirectory(prefix="ga-", dir="/tmp"))
    return GpgVerifier(Path(home))


def _incomplete(session: Session, ref: str, head: str, complete: list[str]) -> list[Finding]:
    from gitaudit.usecases.deploys.deployments import gap_findings
    from gitaudit.usecases.position import position_at
    from gitaudit.usecases.verifying.complete import incomplete_findings

    position = position_at(session.store, session.schemas, head)
    policy = position.policy
    patterns = () if policy is None else policy.protected_refs
    names = [ref] if ref else [name for pattern in patterns for name in session.branches_like(pattern)]
    tips = {name: tip for name in names if (tip := session.branch_tip(name)) is not None}
    if ref and not tips:
        session.commit(ref)
    if not tips:
        raise SetupError(
            f"expected a protected branch in this clone, found none of: {', '.join(names or patterns) or 'none named'}",
            hint="fetch it, or name a branch: gitaudit verify --complete REF",
        )
    complete += tips
    missing = incomplete_findings(session.store, position, tips, session.store.commits_between)
    return missing + gap_findings(session.store, head)


def _errors(findings: list[Finding]) -> int:
    """Return how many findings make the log bad."""
    return sum(finding.severity == "error" for finding in findings)


def _print(output: Output, report: Report | None, extra: list[Finding], complete: list[str], *, good: bool) -> None:
    findings = [*(report.findings if report else ()), *extra]
    errors = (report.errors if report else 0) + _errors(extra)
    warnings, unchecked = (report.warnings, report.unchecked_subjects) if report else (0, 0)
    warnings += len(extra) - _errors(extra)
    if output.json:
        output.document(
            {
                "good": good,
                "size": report.position.size if report else None,
                "checked": report.checked if report else 0,
                "types": report.types if report else {},
                "start": head_fields(report.start) if report else None,
                "head": head_fields(report.head) if report else None,
                "errors": errors,
                "warnings": warnings,
                "unchecked_subjects": unchecked,
                "complete_for": complete,
                "findings": [finding_fields(finding) for finding in findings],
            }
        )
        return
    for finding in findings:
        for line in finding_lines(finding, output):
            output.text(line)
    hidden = errors + warnings - len(findings)
    if hidden > 0:
        output.text(f"and {counted(hidden, 'more finding')}")
    if unchecked:
        output.note(f"{counted(unchecked, 'record')} about commits that this shallow or partial clone lacks")
    _print_verdict(output, report, errors, good=good)
    if good and complete:
        output.text(f"complete: no IaC commit of {', '.join(map(escape, complete))} lacks a record or a waiver")


def _print_verdict(output: Output, report: Report | None, errors: int, *, good: bool) -> None:
    told = "nothing checked"
    if report is not None:
        before = "" if report.start is None else f", {report.start.size} verified before"
        head = "" if report.head is None else f", head {report.head.commit}"
        told = f"{counted(report.checked, 'record')} checked{before}{head}"
    if good:
        output.text(f"{output.style('good', 'green')}: {told}")
    else:
        output.text(f"{output.style('bad', 'red')}: {counted(errors, 'finding')}, {told}")
