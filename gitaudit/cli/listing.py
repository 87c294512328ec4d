"""What `gitaudit log` does, in steps."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from gitaudit.cli.fields import entry_fields
from gitaudit.cli.render import block, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session
    from gitaudit.policy.policy import Policy
    from gitaudit.usecases.query import Entry, Filter

SAME = ("environment", "actor", "outcome", "path", "resource", "since", "until")


def list_records(session: Session, output: Output, options: Mapping[str, Any]) -> None:
    """Print the records that the options ask for, in the form that they ask for."""
    from gitaudit.usecases.query import entries

    policy = session.position().policy
    listed = islice(entries(session.store, session.head(), _filter(session, options), policy), options["max_count"])
    unpublished = session.unpublished_commits()
    if output.json:
        records = [entry_fields(one, published=one.commit not in unpublished) for one in listed]
        output.document({"origin": session.config.origin, "records": records})
    elif output.jsonl:
        for entry in listed:
            output.line(entry_fields(entry, published=entry.commit not in unpublished))
    else:
        output.page(_lines(listed, output, policy, unpublished, oneline=options["oneline"]), session.pager())


def _filter(session: Session, options: Mapping[str, Any]) -> Filter:
    from gitaudit.usecases.query import Filter, check_type

    for name in options["types"]:
        check_type(name)
    revision = options["revision"]
    return Filter(
        types=tuple(options["types"]),
        commit=None if revision is None else session.commit(revision),
        **{name: options[name] for name in SAME},
    )


def _lines(
    listed: Iterator[Entry], output: Output, policy: Policy | None, unpublished: set[str], *, oneline: bool
) -> Iterator[str]:
    width = 0
    for entry in listed:
        width = width or len(f"#{entry.record.index}")
        published = entry.commit not in unpublished
        if oneline:
            yield one_line(entry, output, policy, published=published, width=width)
        else:
            yield from block(entry, output, policy, published=published)
    if not width:
        output.note("no record fits")
