"""`gitaudit notes check`: whether the notes say what the log says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@session_options()
@output_options("notes")
def command(session: Session, output: Output) -> int:
    """Compare the notes with the log; exit code 1 where they say something else.

    \b
    Examples:
      gitaudit notes check
      gitaudit notes check --json
    """
    from gitaudit.cli.reading.fields import finding_fields
    from gitaudit.cli.reading.render import counted, finding_lines
    from gitaudit.usecases.verifying.check_notes import check_notes

    findings = check_notes(session.store, session.verifier, session.config, session.position())
    good = all(finding.severity != "error" for finding in findings)
    if output.json:
        output.document({"action": "check", "good": good, "findings": [finding_fields(one) for one in findings]})
        return 0 if good else 1
    for finding in findings:
        for line in finding_lines(finding, output):
            output.text(line)
    if findings:
        output.text(f"{counted(len(findings), 'finding')}; mend the notes with: gitaudit notes rebuild")
    else:
        output.text(f"{output.style('good', 'green')}: the notes say what the log says")
    return 0 if good else 1
