"""`gitaudit show`: one record, or all about one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session
    from gitaudit.model import Finding
    from gitaudit.policy.policy import Policy
    from gitaudit.usecases.entry import Entry


@click.command()
@click.argument("what", metavar="INDEX|ID|REV")
@session_options()
@output_options("show")
def command(session: Session, output: Output, what: str) -> int:
    """Show one record by index or id, or all records about one commit, each with what checking it alone says.

    An id may be cut to its first eight digits or more. Exit code 1: a record is not good; the findings say why.

    \b
    Examples:
      gitaudit show 42
      gitaudit show 01939f3e-8c1a
      gitaudit show HEAD~1
    """
    from gitaudit.usecases.query import check_one, find

    now, origin = session.clock.now(), session.config.origin
    checked = [
        (entry, check_one(session.store, session.verifier, session.schemas, now=now, entry=entry, origin=origin))
        for entry in find(session.store, session.head(), what, session.lookup)
    ]
    unpublished = session.unpublished_commits()
    if output.json:
        from gitaudit.cli.reading.fields import entry_fields, finding_fields

        fields = [
            {
                **entry_fields(entry, published=entry.commit not in unpublished),
                "good": not findings,
                "findings": [finding_fields(finding) for finding in findings],
            }
            for entry, findings in checked
        ]
        output.document({"records": fields})
    else:
        policy = session.position().policy
        for entry, findings in checked:
            _print(output, entry, findings, policy, published=entry.commit not in unpublished)
    return 1 if any(findings for _, findings in checked) else 0


def _print(
    output: Output, entry: Entry, findings: tuple[Finding, ...], policy: Policy | None, *, published: bool
) -> None:
    from gitaudit.cli.reading.record_text import record_lines
    from gitaudit.cli.reading.render import finding_lines, one_line

    output.text(one_line(entry, output, policy, published=published))
    if findings:
        output.text(output.style("bad", "red"))
    else:
        good = output.style("good", "green")
        output.text(f"{good}: signature, links, schema and grant are in order; `gitaudit verify` checks the whole log")
    for finding in findings:
        for line in finding_lines(finding, output):
            output.text(line)
    output.text()
    for line in record_lines(entry.record.document, output, entry.commit):
        output.text(line)
    output.text()
