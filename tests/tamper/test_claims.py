"""What records claim of the audited repository is held against it, and no hostile claim takes verification down."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from gitaudit.errors import ObjectError
from gitaudit.log import paths
from gitaudit.log.canonical import encode
from gitaudit.log.record import Record
from gitaudit.model import GOVERNING_TYPES, RECORD_TYPES
from gitaudit.usecases.changes.record_change import uncovered_commits
from gitaudit.usecases.position import position_at
from tests.support.logs import NOTES
from tests.tamper.forging import Forgery, drift, forge, seconds
from tests.tamper.judging import BAD, DONE, TERSE, accepted, found, judge, judge_log, remember_policies
from tests.tamper.sample import ENVIRONMENT, SCHEMAS, Repository, about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitaudit.model import Draft
    from tests.support.git import GitRepo
    from tests.tamper.counting import Tally
    from tests.tamper.sample import Writer

STARTED = {"environment": ENVIRONMENT}


@pytest.fixture
def commit(log: Writer) -> str:
    """Give a commit on top of the audited history that has no record yet."""
    repository = Repository(log.store, moment=1_770_000_000)
    first = repository.commit({"main.tf": b"one\n"})
    return repository.commit({"main.tf": b"two\n", "notes.txt": b"text\n"}, first)


def change(log: Writer, commit: str) -> Draft:
    """Return the true change record about a commit."""
    from gitaudit.usecases.changes.record_change import ChangeRecorder
    from tests.tamper.sample import VERIFIER

    recorder = ChangeRecorder(store=log.store, verifier=VERIFIER, author=log.author("dev"), position=log.position)
    (draft,) = recorder.drafts([commit], "refs/heads/main")
    return draft


def test_true_claims(log: Writer, commit: str) -> None:
    """The change record that gitaudit writes about a commit is accepted: each test below changes one claim."""
    accepted(log, forge(log, "dev", change(log, commit)))


def test_commit_that_does_not_exist(log: Writer) -> None:
    """A record about a commit that is not there is found."""
    subject = {**about(log, _tip(log)), "commit": "1" * 40}
    forged = forge(log, "ci", log.author("ci").draft("deploy.started", STARTED, subject=subject))
    found(log, forged, "subject-missing")


def _tip(log: Writer) -> str:
    return str([record.subject["commit"] for record in log.records if record.subject][-1])


def test_commit_that_does_not_exist_and_is_corrected(log: Writer) -> None:
    """A correction of the record explains a commit that was lost: it never reached the repository."""
    subject = {**about(log, _tip(log)), "commit": "1" * 40}
    lost = log.write("ci", "deploy.started", STARTED, subject)
    body = {"corrects": lost.id, "reason": "never pushed"}
    accepted(log, forge(log, "dev", log.author("dev").draft("correction", body)))


def test_object_that_is_no_commit(log: Writer) -> None:
    """A record about a tree or a file that calls itself a commit is found."""
    tree = str(about(log, _tip(log))["tree"])
    subject = {**about(log, _tip(log)), "commit": tree}
    found(log, forge(log, "ci", log.author("ci").draft("deploy.started", STARTED, subject=subject)), "subject-object")


def test_another_tree(log: Writer) -> None:
    """A record names the tree of its commit."""
    subject = {**about(log, _tip(log)), "tree": "1" * 40}
    found(log, forge(log, "ci", log.author("ci").draft("deploy.started", STARTED, subject=subject)), "subject-tree")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("parents", [], "subject-parents"),
        ("parents", ["1" * 40], "subject-parents"),
        ("authored_at", "2020-01-01T00:00:00Z", "subject-time"),
        ("committed_at", "2020-01-01T00:00:00Z", "subject-time"),
        ("author", {"kind": "human", "id": "github:1", "auth": "unverified"}, "subject-author"),
        ("author", {"kind": "human", "id": "git:author", "auth": "gpg"}, "subject-author"),
        ("author", {"kind": "human", "id": "git:author", "auth": "oidc"}, "subject-author"),
        ("committer", {"kind": "human", "id": "openpgp:{dev}", "auth": "gpg"}, "subject-committer"),
        ("files", {"total": 0, "items": []}, "subject-files"),
        ("files", {"total": 2, "items": [], "sha256": "0" * 64}, "subject-files"),
        ("files", {"total": 1, "items": [{"path": "other.tf", "status": "added"}]}, "subject-files"),
        ("files", {"total": 1, "items": [{"path": "main.tf", "status": "deleted"}]}, "subject-files"),
    ],
)
def test_claim_of_a_change_record(log: Writer, commit: str, name: str, value: object, rule: str) -> None:
    """Parents, times, author, committer and files of a change record are those of its commit."""
    if isinstance(value, dict) and "id" in value:
        value = {**value, "id": value["id"].format(dev=log.keys["dev"].fingerprint)}
    draft = change(log, commit)
    body = draft.document["body"]
    assert isinstance(body, dict)
    found(log, forge(log, "dev", draft, Forgery(fields={"body": {**body, name: value}})), rule)


@pytest.mark.parametrize("event", ["forced-update", "deletion"])
def test_event_of_a_ref_that_lies_about_its_commit(log: Writer, commit: str, event: str) -> None:
    """A record about a ref says who made the commit that it names, too: an event is no way around that."""
    draft = change(log, commit)
    body = draft.document["body"]
    assert isinstance(body, dict)
    files = {"total": 0, "items": []}
    accepted(log, forge(log, "dev", draft, Forgery(fields={"body": {**body, "event": event, "files": files}})))
    lie = {**body, "event": event, "files": files, "parents": ["1" * 40]}
    found(log, forge(log, "dev", draft, Forgery(fields={"body": lie})), "subject-parents")


def test_event_of_a_ref_accounts_for_no_commit(log: Writer, commit: str) -> None:
    """Completeness asks for the record of a commit: one that is about a ref leaves what the commit changes untold."""
    draft = change(log, commit)
    body = draft.document["body"]
    assert isinstance(body, dict)
    event = forge(log, "dev", draft, Forgery(fields={"body": {**body, "event": "deletion"}}))
    honest = forge(log, "dev", draft)

    assert uncovered_commits(log.store, [commit], position_at(log.store, SCHEMAS, event.commit)) == [commit]
    assert uncovered_commits(log.store, [commit], position_at(log.store, SCHEMAS, honest.commit)) == []


def test_files_that_the_commit_does_not_touch(log: Writer, commit: str) -> None:
    """A change record that leaves a file out, adds one, or names another content is found."""
    draft = change(log, commit)
    body = draft.document["body"]
    assert isinstance(body, dict)
    (item,) = body["files"]["items"]
    for items in ([], [item, {**item, "path": "other.tf"}], [{**item, "after": {**item["after"], "sha256": "0" * 64}}]):
        files = {"total": len(items), "items": items}
        found(log, forge(log, "dev", draft, Forgery(fields={"body": {**body, "files": files}})), "subject-files")


@pytest.mark.parametrize(
    "hints",
    [
        None,
        {"files": {"total": 1, "items": [{"path": "other.tf", "tool": "cobol", "blocks": ["a"], "flags": ["iam"]}]}},
        {"files": {"total": 0, "items": []}, "flags": ["invented"], "more": {"of": "that"}},
    ],
)
def test_hints_are_the_writers_word(log: Writer, commit: str, hints: object) -> None:
    """Nothing is judged by them: another version of the writer may see the same files differently."""
    draft = change(log, commit)
    body = draft.document["body"]
    assert isinstance(body, dict)
    body |= {"hints": hints}
    if hints is None:
        del body["hints"]
    accepted(log, forge(log, "dev", draft))


@pytest.mark.parametrize(
    "hints",
    [
        {},
        {"files": {"total": 1, "items": [{"tool": "terraform"}]}},
        {"files": {"total": 1, "items": [{"path": "a.tf", "blocks": ["a\u202eb"]}]}},
        {"files": {"total": 0, "items": [{"path": "a.tf"}]}},
        {"files": {"total": 2, "items": [{"path": "a.tf"}]}},
    ],
)
def test_hints_have_a_form(log: Writer, commit: str, hints: object) -> None:
    """What a reader is shown is text that is fit to show, and a LIST is one."""
    draft = change(log, commit)
    body = draft.document["body"]
    assert isinstance(body, dict)
    body["hints"] = hints
    found(log, forge(log, "dev", draft), "record-schema")


def test_damaged_commit(log: Writer, commit: str) -> None:
    """A record whose commit, tree or file is damaged in the repository is found."""
    draft = change(log, commit)
    forged = forge(log, "dev", draft)
    raw = log.store.read(commit)[1]
    tree = raw[5:45].decode()
    blob = log.store.read(tree)[1].split(b"main.tf\0")[1][:20].hex()
    for oid in (commit, tree, blob):
        kind, content = log.store.objects[oid]  # type: ignore[attr-defined]  # the store is in memory
        log.store.objects[oid] = (kind, content[:-1])  # type: ignore[attr-defined]
        found(log, forged, "subject-object")
        log.store.objects[oid] = (kind, content)  # type: ignore[attr-defined]
    accepted(log, forged)


TEXTS = {
    "bidi": "abc\u202ecba",
    "nul": "a\u0000b",
    "escape": "\u001b[2Jgone",
    "c1": "a\u009bb",
    "line end": "a\nAudit-Size: 1",
    "carriage return": "a\rb",
    "delete": "a\u007f",
    "long": "x" * 5_000,
    "isolate": "\u2066x",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("place", ["source", "environment", "tool", "actor", "href", "unknown"])
def test_text_that_no_terminal_should_see(log: Writer, text: str, place: str) -> None:
    """Control and bidirectional characters are refused by the schema wherever it names a field."""
    fields: dict[str, dict[str, object]] = {
        "source": {"body": {"environment": ENVIRONMENT, "detected": False, "source": text}},
        "environment": {"body": {"environment": {"id": text}, "detected": False, "source": "x"}},
        "tool": {"tool": {"name": text, "version": "1"}},
        "actor": {"actor": {"kind": "human", "id": text, "auth": "unverified"}},
        "href": {"links": [{"rel": "ci-run", "href": text}]},
        "unknown": {"unheard_of": text},
    }
    verdict = judge_log(log, forge(log, "ci", drift(log), Forgery(fields=fields[place])).commit)
    if place == "unknown":
        assert (verdict.code, verdict.errors) == (DONE, ())  # kept and never shown unescaped; no room for a rule
    else:
        assert (verdict.code, [index for index, _ in verdict.named("record-schema")][:1]) == (BAD, [30])


def test_markup_is_text(log: Writer) -> None:
    """Markup has no place in names and ids; in free text it is text, for whoever shows it to escape."""
    body = {"environment": {"id": "<b>"}, "detected": False, "source": "x"}
    verdict = judge_log(log, forge(log, "ci", drift(log), Forgery(fields={"body": body})).commit)
    assert verdict.named("record-schema")
    accepted(log, forge(log, "ci", drift(log, source="<script>alert(1)</script>")))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: b"[" * 60_000, id="deep-lists"),
        pytest.param(lambda _: b'{"a":' * 10_000, id="deep-objects"),
        pytest.param(
            lambda raw: raw.replace(b'"body": {', b'"a": ' + b"[" * 33 + b"]" * 33 + b',\n  "body": {'), id="33-deep"
        ),
        pytest.param(lambda raw: raw.replace(b'"origin"', b'"origin": "x",\n  "origin"'), id="key-twice"),
        pytest.param(lambda raw: raw.replace(b'"index": 30', b'"index": 30.0'), id="float"),
        pytest.param(lambda raw: raw.replace(b'"index": 30', b'"index": 3e1'), id="exponent"),
        pytest.param(lambda raw: raw.replace(b'"index": 30', b'"index": NaN'), id="nan"),
        pytest.param(lambda raw: raw.replace(b'"index": 30', b'"index": -0'), id="minus-zero"),
        pytest.param(lambda raw: raw.replace(b'"index": 30', b'"index": 030'), id="octal"),
        pytest.param(lambda raw: raw.replace(b'"index": 30', b'"index": ' + b"9" * 5_000), id="long-number"),
        pytest.param(lambda raw: raw.replace(b'"index": 30', b'"index": 9007199254740992'), id="2^53"),
        pytest.param(lambda raw: raw.replace(b"drift", b"dr\xffft", 1), id="no-utf-8"),
        pytest.param(lambda raw: raw.replace(b"drift", b"dr\xed\xa0\x80ft", 1), id="surrogate-bytes"),
        pytest.param(lambda raw: raw.replace(b'"example', b'"\\ud800example', 1), id="surrogate-escape"),
        pytest.param(lambda raw: raw.replace(b'"example', b'"\\u0065xample', 1), id="escaped-letter"),
        pytest.param(lambda raw: raw.replace(b"/", b"\\/", 1), id="escaped-slash"),
        pytest.param(lambda raw: b"\xef\xbb\xbf" + raw, id="byte-order-mark"),
        pytest.param(lambda raw: raw.replace(b"\n", b"\r\n"), id="cr-lf"),
        pytest.param(lambda raw: raw + b"\n", id="line-end-twice"),
        pytest.param(lambda raw: raw.removesuffix(b"\n"), id="no-line-end"),
        pytest.param(lambda raw: raw + raw, id="two-documents"),
        pytest.param(lambda raw: raw.replace(b"  ", b"\t"), id="tabs"),
        pytest.param(lambda raw: raw.replace(b": ", b":"), id="no-spaces"),
        pytest.param(lambda _: b"[\n]\n", id="list"),
        pytest.param(lambda _: b"null\n", id="null"),
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"\0" * 1000, id="zeros"),
        pytest.param(lambda raw: raw.replace(b'"id"', b'"\xc2\xadid"'), id="out-of-order"),
        pytest.param(lambda raw: b" " * 5_000_000 + raw, id="huge"),
    ],
)
def test_record_in_another_form(log: Writer, change: Callable[[bytes], bytes]) -> None:
    """A record has one form: bytes that the writer would not have written are found, and never crash the reader."""
    honest = forge(log, "ci", drift(log))
    raw = next(
        content
        for _, content in reversed(log.memory.objects.values())
        if honest.id.encode() in content and content[:1] == b"{"
    )
    assert change(raw) != raw
    log.clock._made -= 1
    forged = forge(log, "ci", drift(log), Forgery(record=change(raw)))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, verdict.named("record-form")) == (BAD, [(30, None)])


VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**53 - 1, "", "é", "x", "1" * 40, "a/../b", "\u2028", "x" * 300, "9999-12-31T23:59:59Z"),
    *([], {}, [[]], [{}], ["x"], {"id": []}, {"total": 1, "items": 5}, {"total": 1, "items": [{"path": []}]}),
)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in items:
        yield (*path, name)
        yield from places(below, (*path, name))


def with_value(document: Any, path: tuple[str | int, ...], value: object) -> Any:  # noqa: ANN401 - any JSON
    """Return a document with the value at a path replaced."""
    changed = copy.deepcopy(document)
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return changed


def kinds(log: Writer) -> dict[str, int]:
    """Return the index of one record of each type."""
    return {record.type: record.index for record in log.records}


@pytest.mark.slow
@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_every_field_with_hostile_values(
    log: Writer, record_type: str, count: Callable[[str], Tally], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every field of every type of record, set to values of other kinds by its rightful signer: never a crash."""
    remember_policies(monkeypatch)
    tally = count("fields of records, hostile values")
    record = log.records[kinds(log)[record_type]]
    who = log.signers[record.index]
    who = "carol" if who == "alice" else who
    del log.store.refs[NOTES]  # type: ignore[attr-defined]  # the store is in memory
    document = {name: value for name, value in record.document.items() if name not in {"index", "prev"}}
    for path in places(document):
        for value in VALUES:
            changed = with_value(document, path, value)
            _judge_changed(log, who, record_type, changed, tally, (path, value))
    assert tally.missed == []
    assert (tally.void > 0) == (record_type not in GOVERNING_TYPES)


def _judge_changed(
    log: Writer, who: str, record_type: str, document: dict[str, Any], tally: Tally, place: object
) -> None:
    document = {**document, "index": 30, "prev": {"commit": log.head.commit, "sha256": log.head.sha256}}
    record = Record(raw=encode(document), document=document)
    path = paths.record_path(30, record.type if record.type.isascii() and "/" not in record.type else "x")
    recorded = seconds(log.records[kinds(log)[record_type]].text("recorded_at"))
    forged = forge(log, who, drift(log), Forgery(record=record.raw, path=path, fields=document, authored=recorded))
    verdict = judge(log.store, log.config, log.now, forged.commit, log.position, schemas=TERSE)
    if verdict.code == DONE and not TERSE.check_record(document):
        tally.add_void()  # the field may have this value
    else:
        tally.add(verdict.code, place)


@pytest.mark.parametrize(
    "oid", ["", "é", "x" * 40, "1" * 39, "1" * 41, "1" * 64, "../../x", "\0", "HEAD", "-1", "1" * 10_000]
)
def test_store_reads_no_id_that_is_none(git_repo: GitRepo, oid: str) -> None:
    """An id that a hostile record makes up is missing from a real repository, whatever it looks like."""
    from gitaudit.adapters.git.store import find_repository

    git_repo.commit({"a": b"a"})
    with pytest.raises(ObjectError) as caught:
        find_repository(git_repo.path).read(oid)
    assert caught.value.problem == "missing"
