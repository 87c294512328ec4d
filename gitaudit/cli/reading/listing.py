"""What `gitaudit log` does, in steps."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from gitaudit.cli.reading.arrivals import Arrivals
from gitaudit.cli.reading.fields import listed_fields
from gitaudit.cli.reading.render import block, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session
    from gitaudit.policy.policy import Policy
    from gitaudit.usecases.entry import Entry
    from gitaudit.usecases.query import Filter

SAME = ("environment", "actor", "outcome", "path", "resource", "since", "until")


def list_records(session: Session, output: Output, options: Mapping[str, Any]) -> None:
    """Print the records that the options ask for, in the form that they ask for."""
    from gitaudit.usecases.query import entries

    policy = session.position().policy
    listed = islice(entries(session.store, session.head(), _filter(session, options), policy), options["max_count"])
    unpublished, arrivals = session.unpublished_commits(), Arrivals(session)

    def fields(entry: Entry) -> dict[str, object]:
        published = entry.commit not in unpublished
        return listed_fields(entry, published=published, arrived=arrivals.of(entry.record))

    if output.json:
        output.document({"origin": session.config.origin, "records": [fields(one) for one in listed]})
    elif output.jsonl:
        for entry in listed:
            output.line(fields(entry))
    else:
        lines = _lines(listed, output, policy, unpublished, arrivals, oneline=options["oneline"])
        output.page(lines, session.pager())


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
    listed: Iterator[Entry],
    output: Output,
    policy: Policy | None,
    unpublished: set[str],
    arrivals: Arrivals,
    *,
    oneline: bool,
) -> Iterator[str]:
    width = 0
    for entry in listed:
        width = width or len(f"#{entry.record.index}")
        published, arrived = entry.commit not in unpublished, arrivals.of(entry.record)
        if oneline:
            yield one_line(entry, output, policy, published=published, arrived=arrived, width=width)
        else:
            yield from block(entry, output, policy, published=published, arrived=arrived)
    if not width:
        output.note("no record fits")
