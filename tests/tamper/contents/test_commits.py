"""The frontier, the message and the headers of a commit, and where commits and refs point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.log import paths
from gitaudit.log.merkle import Frontier, format_frontier
from gitaudit.model import RefMove
from tests.support.logs import LOG, NOTES
from tests.tamper.forging import Forgery, again, drift, forge
from tests.tamper.judging import BAD, DONE, found, judge_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tamper.sample import Writer


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("merkle/frontier", b""),
        ("merkle/frontier", b"x" * 180),
        ("merkle/frontier", b"A" * 43 + b"=\n"),
    ],
    ids=["empty", "no-hashes", "too-few"],
)
def test_malformed_frontier(log: Writer, path: str, content: bytes) -> None:
    """A frontier of another form is found."""
    assert path == paths.FRONTIER
    found(log, forge(log, "ci", drift(log), Forgery(frontier=content)), "frontier")


def test_frontier_of_other_records(log: Writer) -> None:
    """A frontier of the right form over other records is found."""
    other = Frontier()
    for _ in range(31):
        other = other.append(b"another record")
    found(log, forge(log, "ci", drift(log), Forgery(frontier=format_frontier(other))), "frontier")


def test_frontier_of_before(log: Writer) -> None:
    """A commit that does not replace the frontier is found."""
    assert log.position.frontier is not None
    verdict = judge_log(
        log, forge(log, "ci", drift(log), Forgery(frontier=format_frontier(log.position.frontier))).commit
    )
    assert (verdict.code, [index for index, _ in verdict.named("frontier")]) == (BAD, [30])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace(b"drift", b"druft", 1), id="subject"),
        pytest.param(lambda text: text.replace(b"Audit-Size: 31", b"Audit-Size: 32"), id="size"),
        pytest.param(lambda text: text.replace(b"prod", b"test"), id="environment"),
        pytest.param(lambda text: text + b"Signed-off-by: me\n", id="trailer"),
        pytest.param(lambda text: text.removesuffix(b"\n"), id="no-line-end"),
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda text: text.replace(b"\n", b"\r\n"), id="cr-lf"),
    ],
)
def test_commit_message(log: Writer, change: Callable[[bytes], bytes]) -> None:
    """The message is the one that the record gives, byte for byte."""
    honest = forge(log, "ci", drift(log))
    message = log.store.read(honest.commit)[1].split(b"-----END PGP SIGNATURE-----\n\n")[1]
    forged = forge(log, "ci", again(log), Forgery(message=change(message)))
    found(log, forged, "message")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw.replace(b"\nauthor", b"\nparent " + b"1" * 40 + b"\nauthor", 1), id="merge"),
        pytest.param(lambda raw: raw.replace(b"\ngpgsig", b"\nencoding latin-1\ngpgsig", 1), id="encoding"),
        pytest.param(lambda raw: raw.replace(b"\ngpgsig", b"\nmergetag object 1\n type x\ngpgsig", 1), id="mergetag"),
        pytest.param(lambda raw: raw.replace(b"\ngpgsig", b"\nx-note secret\ngpgsig", 1), id="own-header"),
        pytest.param(lambda raw: raw.replace(b"+0000", b"+0100", 1), id="time-zone"),
        pytest.param(lambda raw: raw.replace(b"author gitaudit", b"author Gitaudit", 1), id="author"),
        pytest.param(lambda raw: raw.replace(b"committer gitaudit", b"committer Eve", 1), id="committer"),
        pytest.param(lambda raw: raw.replace(b"audit@", b"eve@", 1), id="two-identities"),
        pytest.param(lambda raw: raw.replace(b"> 1", b"> 01", 1), id="leading-zero"),
        pytest.param(lambda raw: raw.replace(b"tree ", b"TREE ", 1), id="upper-case"),
        pytest.param(lambda raw: raw.replace(b"\nauthor", b"\n\nauthor", 1), id="early-end"),
        pytest.param(lambda raw: raw.replace(b"\n", b"\r\n"), id="cr-lf"),
        pytest.param(lambda raw: raw[:50], id="cut"),
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda raw: raw + b"x" * 40_000, id="too-long"),
        pytest.param(lambda raw: raw.replace(b"audit@", b"\xff@"), id="no-utf-8"),
    ],
)
def test_commit_object(log: Writer, change: Callable[[bytes], bytes]) -> None:
    """Headers come in one order and form; a merge or a header more is found, without a look at the signature."""
    forged = forge(log, "ci", drift(log), Forgery(commit=change))
    verdict = judge_log(log, forged.commit)
    assert verdict.code == BAD
    assert verdict.rules[0] == "commit-form"
    assert verdict.errors[0].index == 30 or verdict.errors[0].commit == forged.commit


def test_commit_beside_the_chain(log: Writer) -> None:
    """A commit on another parent than its record names is found where it stands then."""
    forged = forge(log, "ci", drift(log), Forgery(parent=log.commits[-2]))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, {finding.index for finding in verdict.errors if finding.index}) == (BAD, {29})


@pytest.mark.parametrize("kind", ["blob", "tree", "tag"])
def test_ref_at_another_kind_of_object(log: Writer, kind: str) -> None:
    """A ref that points at something else than a commit is found, be it the bytes of a good commit."""
    oid = log.store.write(kind, log.store.read(log.head.commit)[1])  # type: ignore[arg-type]  # each is a kind
    assert judge_log(log, oid).code == BAD


def test_sizes_beyond_any_log(log: Writer) -> None:
    """A message that claims a hundred million records, on a parent that is missing, takes nothing down."""
    message = b"x\n\nAudit-Size: 99999999\nAudit-Root: " + b"A" * 43 + b"=\n"
    commit = forge(log, "ci", drift(log), Forgery(message=message, parent="1" * 40)).commit
    for _ in range(4):
        commit = forge(log, "ci", drift(log), Forgery(parent=commit)).commit
    assert judge_log(log, commit).code == BAD


def test_log_of_another_length_than_the_refs_say(log: Writer) -> None:
    """The ref alone says where the log ends: a head that lacks records is good in itself, and told by memory alone."""
    log.store.move_refs([RefMove(name=LOG, old=log.head.commit, new=log.commits[-2])], "rewind")
    del log.store.refs[NOTES]  # type: ignore[attr-defined]
    assert judge_log(log, log.commits[-2]).code == DONE
