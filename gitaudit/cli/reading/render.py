"""Records, findings and results as text for people, the same in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.cli.output import Output, escape
from gitaudit.cli.reading.fields import published_fields
from gitaudit.errors import RefusedError
from gitaudit.log.message import subject_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitaudit.cli.wiring import Session
    from gitaudit.log.record import Record
    from gitaudit.model import Draft, Finding
    from gitaudit.policy.policy import Policy
    from gitaudit.usecases.entry import Entry
    from gitaudit.usecases.writing.publish import Published

COLORS = {"succeeded": "green", "failed": "red", "partial": "yellow", "canceled": "yellow", "unknown": "yellow"}
BRANCH = "refs/heads/"
COLUMNS = 100


def one_line(
    entry: Entry,
    output: Output,
    policy: Policy | None,
    *,
    published: bool,
    arrived: bool | None = None,
    width: int = 0,
) -> str:
    """Return a record in one line: index, time, what it says, who signed it, and whether the remote lacks something.

    Args:
        entry: the record.
        output: knows about colours.
        policy: gives keys their names.
        published: the remote is known to have it, or there is none.
        arrived: whether the commit that it is about is known to be on the remote, None where that is not asked.
        width: of the index with its sign, to line up the records of a listing.
    """
    record = entry.record
    index = output.style(f"#{record.index}".rjust(width), "yellow")
    time = output.style(escape(record.text("occurred_at")), "dim")
    mark = "" if published else output.style(" (unpublished)", "magenta")
    mark += output.style(" (not arrived)", "magenta") if arrived is False else ""
    signer = key_name(record.text("recorded_by"), policy)
    by = output.style(f" by {escape(signer)}", "dim") if signer else ""
    return f"{index} {time} {_subject(record, output)}{by}{mark}"


def _subject(record: Record, output: Output) -> str:
    text, outcome = escape(subject_line(record)), escape(record.outcome or "")
    color = COLORS.get(outcome)
    if color is None:
        return text
    before, mark, after = text.partition(f": {outcome}")
    return f"{before}: {output.style(outcome, color)}{after}" if mark else text


def block(
    entry: Entry, output: Output, policy: Policy | None, *, published: bool, arrived: bool | None = None
) -> Iterator[str]:
    """Yield the lines of a record in a listing."""
    from textwrap import wrap

    record = entry.record
    yield one_line(entry, output, None, published=published, arrived=arrived)
    rows = [("id", record.id), ("by", who(record, policy))]
    if record.text("recorded_at") != record.text("occurred_at"):
        rows.append(("recorded", record.text("recorded_at")))
    if record.subject:
        ref = str(record.subject.get("ref", "")).removeprefix(BRANCH)
        rows.append(("commit", f"{record.subject.get('commit')}{f' on {ref}' if ref else ''}"))
    rows += [(name, str(record.body[name])) for name in ("reason", "ticket") if name in record.body]
    for name, text in rows:
        label = output.style(f"{name:<8}", "dim")
        for number, line in enumerate(wrap(escape(text), COLUMNS - 13) or [""]):
            yield f"    {' ' * 8 if number else label} {line}"
    yield ""


def key_name(actor: str, policy: Policy | None) -> str | None:
    """Return what the policy calls a key, None where it does not know it."""
    key = None if policy is None else policy.keys.get(actor.removeprefix("openpgp:"))
    return None if key is None else key.name


def who(record: Record, policy: Policy | None) -> str:
    """Return who acted: the name of the key and its fingerprint, or what else is said and how it is known."""
    actor = record.mapping("actor")
    text = str(actor.get("id"))
    name = key_name(text, policy)
    proof = "" if actor.get("auth") == "gpg" else f" ({actor.get('auth')})"
    return f"{name}, {text}{proof}" if name else f"{text}{proof}"


def finding_lines(finding: Finding, output: Output) -> Iterator[str]:
    """Yield the lines that tell a finding: severity, rule, place, what was expected and found."""
    color = "red" if finding.severity == "error" else "yellow"
    place = "" if finding.index is None else f" record {finding.index}"
    name = f" {escape(finding.id)}" if finding.id else ""
    where = f"{place}{name}:" if place or name else ""
    yield f"{output.style(finding.severity, color)}: {finding.rule}:{where} {escape(finding.message)}"
    if finding.commit:
        yield f"    commit    {escape(finding.commit)}"
    if finding.expected is not None:
        yield f"    expected  {escape(finding.expected)}"
    if finding.found is not None:
        yield f"    found     {escape(finding.found)}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def write(
    session: Session, output: Output, draft: Draft, *, push: bool, dry_run: bool, action: str | None = None
) -> None:
    """Append one draft and print what came of it, or print the draft alone; errors as of `report_published`."""
    if dry_run:
        show_drafts(session, output, [draft], action)
    else:
        report_published(output, session.log().append([draft], push=push), push=push, action=action)


def show_drafts(session: Session, output: Output, drafts: Sequence[Draft], action: str | None = None) -> None:
    """Print the drafts that would become records, after the checks that they would meet; errors as of `check_draft`."""
    from gitaudit.usecases.writing.build import check_draft

    drafts = [session.confidential.clean(draft) for draft in drafts]
    for draft in drafts:
        check_draft(session.tools, session.position(), draft)
    if output.json:
        more = {} if action is None else {"action": action}
        output.document({**more, "dry_run": True, "records": [dict(draft.document) for draft in drafts]})
        return
    from gitaudit.cli.reading.record_text import record_lines

    for draft in drafts:
        for line in record_lines(draft.document, output):
            output.text(line)
        output.text()
    output.note(f"dry run: {counted(len(drafts), 'record')} would be written; nothing was")


def report_published(output: Output, result: Published, *, push: bool, action: str | None = None) -> None:
    """Print what was recorded, and raise what keeps it from being shared.

    Raises:
        Unfinished: the records are here, but the remote does not have them.
    """
    for draft_id, error in result.refused:
        kept = "; it stays in the outbox" if isinstance(error, RefusedError) else ""
        output.warn(f"record {draft_id} cannot be written: {error.message}{kept}", error.hint)
    if output.json:
        fields = {**({} if action is None else {"action": action}), **published_fields(result)}
        if result.problem is not None:
            output.unfinished(result.problem, fields)
        output.document(fields)
        return
    for record in result.records:
        verb = "recorded" if result.shared else "kept as unpublished"
        output.text(f"{verb} #{record.index} {escape(subject_line(record))} {record.id}")
    if result.problem is not None:
        raise result.problem
    if not push and result.unpublished:
        output.note(f"{counted(result.unpublished, 'record')} unpublished; `gitaudit sync` publishes them")
