"""Every record dropped, swapped with every other, repeated, and joined by others: told at its place.

Each change is made in four ways: commits linked anew as they are; on trees of what they bring; the same with records
renamed to fit; and with records, frontiers and messages written anew, so that nothing but signatures tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.model import Remembered
from gitaudit.usecases.verifying.trust import rewind_finding
from tests.tamper.judging import BAD, DONE, TERSE, judge, remember_policies
from tests.tamper.relinking import Objects, Overlay, relink, steps
from tests.tamper.rewriting import Piece, Pieces, put, with_parent
from tests.tamper.sample import Writer, sample_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.tamper.counting import Tally

RECORDS = 30
WAYS: dict[str, Callable[[Pieces, list[Piece]], tuple[Overlay, list[str]]]] = {
    "spliced": lambda pieces, order: pieces.spliced(order),
    "rebuilt": lambda pieces, order: pieces.rebuilt(order, renamed=False),
    "renamed": lambda pieces, order: pieces.rebuilt(order, renamed=True),
    "rewritten": lambda pieces, order: pieces.rewritten(order),
    "by-an-insider": lambda pieces, order: pieces.rewritten(order, insider="ci"),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS)


@pytest.fixture(autouse=True)
def _policies(monkeypatch: pytest.MonkeyPatch) -> None:
    remember_policies(monkeypatch)


@pytest.fixture(scope="module")
def pieces(good_log: Writer) -> Pieces:
    """Give the commits of the log."""
    return Pieces(log=good_log)


@pytest.fixture(scope="module")
def other_log() -> Writer:
    """Give a log of the same people and length with another origin, and so with another genesis."""
    return sample_log(Writer(origin="example.com/other"))


@pytest.fixture(scope="module")
def forked_log() -> Writer:
    """Give a log that shares its first four records with the log, and then goes on a minute later."""
    return sample_log(Writer(), pause=60)


def code(log: Writer, store: Overlay, commits: list[str], at: int, latest: int | None = None) -> int:
    """Return the exit code of verifying a log from genesis; 0 where the first record it names is not `at`, or later.

    Args:
        latest: the last record that may be named first, where that is not `at`.
    """
    verdict = judge(store, log.config, log.now, commits[-1], schemas=TERSE)
    # Of a head that cannot be read nothing but its id is known.
    named = [
        len(commits) - 1 if one.commit == commits[-1] and one.index is None else one.index for one in verdict.errors
    ]
    first = min((index for index in named if index is not None), default=-1)
    return verdict.code if verdict.code != BAD or at <= first <= (at if latest is None else latest) else DONE


def told_at(order: list[Piece], at: int, way: str) -> int:
    """Return where a change must be told at the latest: an insider can sign his own records anew, but nobody else's."""
    if way != "by-an-insider":
        return at
    return next(place for place in range(at, len(order)) if order[place].signer != "ci")


def test_pieces_make_the_log_again(good_log: Writer, pieces: Pieces) -> None:
    """Put together in order, each way gives the log itself: what the tests below find is their own change."""
    for way, put_together in WAYS.items():
        if way != "by-an-insider":
            assert put_together(pieces, pieces.all)[1] == good_log.commits, way


@EVERY_WAY
def test_every_record_dropped(good_log: Writer, pieces: Pieces, way: str, count: Callable[[str], Tally]) -> None:
    """A log that lacks a record is found at its index; one that lacks the last, by a clone that has seen it."""
    tally = count("records dropped")
    for at in range(RECORDS):
        order = pieces.all[:at] + pieces.all[at + 1 :]
        store, commits = WAYS[way](pieces, order)
        if at < RECORDS - 1:
            tally.add(code(good_log, store, commits, at, told_at(order, at, way)), at)
        else:
            tally.add(code_of_memory(good_log, store, commits[-1]), at)
    assert tally.missed == []
    assert tally.tried == RECORDS


def code_of_memory(log: Writer, store: Overlay, head: str) -> int:
    """Return the exit code of a clone that has seen the head of `log`, and now finds another."""
    seen = Remembered(origin=log.origin, log=log.config.log, genesis=log.genesis, seen=log.head)
    found = rewind_finding(store, seen, head)
    return BAD if found is not None and found.rule in {"rollback", "fork"} else DONE


@EVERY_WAY
@pytest.mark.slow
def test_every_two_records_swapped(good_log: Writer, pieces: Pieces, way: str, count: Callable[[str], Tally]) -> None:
    """Two records in each other's place are found at the first of them."""
    tally = count("records swapped")
    for first in range(RECORDS):
        for second in range(first + 1, RECORDS):
            order = list(pieces.all)
            order[first], order[second] = order[second], order[first]
            place = told_at(order, first, way)
            store, commits = WAYS[way](pieces, order[: place + 1])
            tally.add(code(good_log, store, commits, first, place), (first, second))
    assert tally.missed == []
    assert tally.tried == RECORDS * (RECORDS - 1) // 2


@EVERY_WAY
def test_every_record_repeated(good_log: Writer, pieces: Pieces, way: str, count: Callable[[str], Tally]) -> None:
    """A record that stands twice, at once or in the end, is found at its second place."""
    tally = count("records repeated")
    for at in range(RECORDS):
        for place in {at + 1, RECORDS}:
            order = [*pieces.all[:place], pieces.all[at], *pieces.all[place:]]
            store, commits = WAYS[way](pieces, order)
            tally.add(code(good_log, store, commits, place), (at, place))  # its id tells, whoever signs
    assert tally.missed == []
    assert tally.tried == 2 * RECORDS - 1


@EVERY_WAY
@pytest.mark.parametrize("source", ["other", "forked"])
def test_records_of_another_log_inserted(
    good_log: Writer,
    pieces: Pieces,
    request: pytest.FixtureRequest,
    way: str,
    source: str,
    count: Callable[[str], Tally],
) -> None:
    """A genuine record of another log of the same people, put before every record and after the last, is found."""
    tally = count("records inserted")
    foreign = Pieces(log=request.getfixturevalue(f"{source}_log"))
    # What an insider signs anew at the very end is simply the next record.
    for at in range(RECORDS if way == "by-an-insider" else RECORDS + 1):
        stranger = foreign.all[4 + at * 7 % (RECORDS - 4)]
        order = [*pieces.all[:at], stranger, *pieces.all[at:]]
        store, commits = WAYS[way](pieces, order)
        store.objects.update(foreign.log.store.objects)  # type: ignore[attr-defined]  # both are in memory
        tally.add(code(good_log, store, commits, at, told_at(order, at, way)), at)
    assert tally.missed == []


def test_outsiders_record_inserted(good_log: Writer, pieces: Pieces, count: Callable[[str], Tally]) -> None:
    """A well-made record by a key that nobody admitted, before every record and after the last, is found."""
    tally = count("records inserted")
    maker = Writer(keys=good_log.keys)
    piece = _outsiders_piece(maker, good_log)
    for at in range(1, RECORDS + 1):
        store, commits = pieces.rewritten([*pieces.all[:at], piece, *pieces.all[at:]], insider="mallory")
        tally.add(code(good_log, store, commits, at), at)
    assert tally.missed == []


def _outsiders_piece(maker: Writer, log: Writer) -> Piece:
    draft = maker.author("mallory").draft("freeze", {"state": "begin", "reason": "mine"})
    record = type(log.records[0])(raw=b"", document={**draft.document, "index": 1, "prev": None})
    raw = next(piece for piece in Pieces(log=log).all if piece.record.type == "freeze").raw
    return Piece(raw=raw, record=record, brought={}, signer="mallory")


def test_insider_rewrites_what_others_built_on(good_log: Writer, pieces: Pieces, count: Callable[[str], Tally]) -> None:
    """Whoever holds one key can rewrite his own records; the first one of anybody else after it tells."""
    tally = count("own records rewritten and signed anew by an insider")
    for at, piece in enumerate(pieces.all):
        if piece.signer in {"alice", "carol"} or at == RECORDS - 1:
            continue
        body = {**piece.record.body, "unheard_of": "added"}
        changed = Piece(
            raw=piece.raw,
            record=type(piece.record)(raw=b"", document={**piece.record.document, "body": body}),
            brought=piece.brought,
            signer=piece.signer,
        )
        order = [*pieces.all[:at], changed, *pieces.all[at + 1 :]]
        store, commits = pieces.rewritten(order, insider=piece.signer)
        others = next(n for n in range(at + 1, RECORDS) if pieces.all[n].signer != piece.signer)
        tally.add(code(good_log, store, commits, others), at)
    assert tally.missed == []
    assert tally.tried == sum(name not in {"alice", "carol"} for name in good_log.signers)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["other", "forked"])
def test_parts_of_another_log(
    good_log: Writer, request: pytest.FixtureRequest, source: str, count: Callable[[str], Tally]
) -> None:
    """Each object that a record brings, exchanged for that of another log at the same place: ids kept, or anew."""
    tally = count("parts swapped between two logs")
    foreign: Writer = request.getfixturevalue(f"{source}_log")
    mine, theirs = (
        steps(log.store.objects, log.commits)  # type: ignore[attr-defined]  # both are in memory
        for log in (good_log, foreign)
    )
    objects = {**foreign.store.objects, **good_log.store.objects}  # type: ignore[attr-defined]
    for index in range(RECORDS):
        for own, stranger in _pairs(objects, mine[index].new, theirs[index].new):
            if own == stranger:
                tally.add_void()
                continue
            above = {own: objects[stranger]}
            tally.add(code(good_log, Overlay(objects, above, {}), good_log.commits, index), (index, own, "kept"))
            if own == good_log.commits[index]:
                continue  # a whole commit brings its own history along: see the test of joined logs
            above = {}
            commits = relink(objects, {own: stranger}, above, mine[index:])
            store = Overlay(objects, above, {})
            tally.add(code(good_log, store, commits, index), (index, own, "anew"))
    assert tally.missed == []


def _pairs(objects: Objects, mine: Iterable[str], theirs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pair the objects of two commits by kind, in order."""
    for kind in ("blob", "tree", "commit"):
        own = [oid for oid in mine if objects[oid][0] == kind]
        strange = [oid for oid in theirs if objects[oid][0] == kind]
        yield from zip(own, strange, strict=False)


@pytest.mark.parametrize("source", ["other", "forked"])
def test_pieces_of_two_logs_joined(
    good_log: Writer,
    pieces: Pieces,
    request: pytest.FixtureRequest,
    source: str,
    count: Callable[[str], Tally],
) -> None:
    """The beginning of one log with the end of another is found where they meet."""
    tally = count("logs joined")
    foreign = Pieces(log=request.getfixturevalue(f"{source}_log"))
    for way, put_together in WAYS.items():
        for at in range(5, RECORDS):
            order = [*pieces.all[:at], *foreign.all[at:]]
            store, commits = put_together(pieces, order)
            store.objects.update(foreign.log.store.objects)  # type: ignore[attr-defined]  # both are in memory
            tally.add(code(good_log, store, commits, at, told_at(order, at, way)), (way, at))
    assert tally.missed == []


def test_head_of_a_forked_log(good_log: Writer, forked_log: Writer) -> None:
    """Another log that is good in itself and shares the beginning is found by a clone that has seen this one."""
    assert judge(forked_log.store, good_log.config, forked_log.now, forked_log.head.commit).code == DONE
    both = Overlay({**good_log.store.objects, **forked_log.store.objects}, {}, {})  # type: ignore[attr-defined]
    assert code_of_memory(good_log, both, forked_log.head.commit) == BAD


def test_signatures_of_other_records(good_log: Writer, pieces: Pieces, count: Callable[[str], Tally]) -> None:
    """A genuine signature by the right key, taken from every other record of that key, is found."""
    tally = count("signatures swapped")
    for at, piece in enumerate(pieces.all):
        for donor in pieces.all:
            if donor.signer != piece.signer or donor is piece:
                continue
            raw = piece.raw.replace(_signature(piece.raw), _signature(donor.raw))
            above: dict[str, tuple[str, bytes]] = {}
            changed = put(above, "commit", raw)  # type: ignore[arg-type]
            rest = steps(good_log.store.objects, good_log.commits)[at:]  # type: ignore[attr-defined]
            store = Overlay(good_log.store.objects, above, {})  # type: ignore[arg-type, attr-defined]
            commits = relink(good_log.store.objects, {rest[0].commit: changed}, above, rest[:2])  # type: ignore[arg-type, attr-defined]
            store.objects.update(above)  # type: ignore[arg-type]
            tally.add(code(good_log, store, commits, at), at)
    assert tally.missed == []


def _signature(raw: bytes) -> bytes:
    return raw[raw.index(b"gpgsig ") : raw.index(b"\n\n")]


def test_genesis_with_a_parent(good_log: Writer, pieces: Pieces) -> None:
    """A log that something comes before is found: genesis is the first commit."""
    above: dict[str, tuple[str, bytes]] = {}
    commits = [put(above, "commit", with_parent(pieces.all[0].raw, good_log.commits[3]))]  # type: ignore[arg-type]
    store = Overlay(good_log.store.objects, above, {})  # type: ignore[arg-type, attr-defined]
    verdict = judge(store, good_log.config, good_log.now, commits[-1])
    assert (verdict.code, {finding.index for finding in verdict.errors}) == (BAD, {4})
