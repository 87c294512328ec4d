"""What a commit of the log holds: its record, its files, its tree, its message, its parent. Signed all by insiders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.log import paths
from gitaudit.log.canonical import encode
from gitaudit.log.commit import sha256_hex
from gitaudit.log.merkle import Frontier, format_frontier
from gitaudit.model import RefMove
from gitaudit.policy import yaml_text
from gitaudit.usecases.change_policy import current_policy, set_draft
from tests.support.logs import LOG, NOTES
from tests.tamper.forging import MISSING, Forgery, forge, with_files
from tests.tamper.judging import BAD, DONE, UNDECIDED, judge, judge_log
from tests.tamper.sample import Writer, attachment, sample_log
from tests.tamper.test_signers import accepted, drift, found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitaudit.model import Draft, Finding, Head
    from gitaudit.policy.config import Config

FILE, FOLDER = b"100644", b"40000"


@pytest.fixture
def blob(log: Writer) -> str:
    """Give the id of a blob that may stand anywhere."""
    return log.store.write("blob", b"planted\n")


@pytest.mark.parametrize(
    "path",
    [
        "planted",
        "records/planted.json",
        "records/00/00/00/planted.json",
        "records/00/00/00/00000031-drift.json",
        "records/00/00/01/00000130-drift.json",
        "merkle/planted",
        "keys/planted.asc",
        "schemas/drift.v1.json",
        "attachments/planted",
        "attachments/00/planted",
        "README.MD",
        "a/b/c/d/e/f/g/planted",
    ],
)
def test_file_that_the_record_does_not_list(log: Writer, blob: str, path: str) -> None:
    """A commit brings its record, the frontier and what the record lists, and nothing else anywhere."""
    forged = forge(log, "ci", drift(log), Forgery(entries={path: (FILE, blob)}))
    found(log, forged, "record-path" if path.startswith("records/") else "tree")


@pytest.mark.parametrize("path", ["policy.yml", "README.md", "keys/{dev}.asc", "schemas/deploy.started.v1.json"])
def test_governed_file_changed_with_another_record(log: Writer, blob: str, path: str) -> None:
    """Policy, keys, schemas and the README change with a policy record alone, whatever another one lists."""
    path = path.format(dev=log.keys["dev"].fingerprint)
    draft = with_files(drift(log), {path: b"planted\n"})
    verdict = judge_log(log, forge(log, "ci", draft).commit)
    assert (verdict.code, "tree" in verdict.rules) == (BAD, True)
    found(log, forge(log, "ci", drift(log), Forgery(entries={path: (FILE, blob)})), "tree")


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "policy.yml",
        "schemas",
        "keys",
        "records/00/00/00/00000004-change.json",
        "records/00/00/00/00000000-genesis.json",
    ],
)
def test_deleted_file(log: Writer, path: str) -> None:
    """Nothing ever goes from the tree."""
    forged = forge(log, "ci", drift(log), Forgery(entries={path: None}))
    verdict = judge_log(log, forged.commit)
    assert verdict.code == BAD
    assert forged.place in [*verdict.named("tree"), *verdict.named("record-path")]


def test_two_records_in_one_commit(log: Writer, blob: str) -> None:
    """One commit is one record: of two at the same index, at least one is told."""
    forged = forge(log, "ci", drift(log), Forgery(entries={"records/00/00/00/00000030-change.json": (FILE, blob)}))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, [index for index, _ in verdict.named("record-path")]) == (BAD, [30])


@pytest.mark.parametrize("path", ["records", "merkle"])
def test_deleted_folder_with_the_record(log: Writer, path: str) -> None:
    """Taking away the folder that the record itself stands in is found too, and takes nothing down."""
    forged = forge(log, "ci", drift(log), Forgery(entries={path: None}))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, {finding.index for finding in verdict.errors if finding.index is not None}) == (BAD, {30})


@pytest.mark.parametrize("mode", [b"100755", b"100664", b"120000", b"160000", b"100600", b"40755"])
@pytest.mark.parametrize("path", ["README.md", "records/00/00/00/00000030-drift.json", "merkle/frontier"])
def test_file_mode(log: Writer, path: str, mode: bytes) -> None:
    """Every file has mode 100644: no program, no link, no submodule."""
    content = _blob_at(log, forge(log, "ci", drift(log)).commit, path)
    forged = forge(log, "ci", _again(log), Forgery(entries={path: (mode, log.store.write("blob", content))}))
    verdict = judge_log(log, forged.commit)
    assert verdict.code == BAD
    assert forged.index in {index for index, _ in verdict.named("tree")}


def _again(log: Writer) -> Draft:
    """Return the same draft as the last one, so that the bytes of its record are known."""
    log.clock._made -= 1
    return drift(log)


def _blob_at(log: Writer, commit: str, path: str) -> bytes:
    from gitaudit.usecases.position import find_entry, read_blob

    entry = find_entry(log.store, log.store.read(commit)[1][5:45].decode(), path)
    assert entry is not None
    return read_blob(log.store, entry)


@pytest.mark.parametrize("path", ["policy.yml", "records/00/00/00/00000004-change.json", "merkle/frontier"])
def test_folder_in_place_of_a_file(log: Writer, blob: str, path: str) -> None:
    """A folder where a file was is found."""
    folder = log.store.write("tree", b"100644 x\0" + bytes.fromhex(blob))
    forged = forge(log, "ci", drift(log), Forgery(entries={path: (FOLDER, folder)}))
    verdict = judge_log(log, forged.commit)
    assert verdict.code == BAD
    assert {index for index, _ in map(_place, verdict.errors) if index is not None} == {30}


def _place(finding: Finding) -> tuple[int | None, str | None]:
    return (finding.index, finding.id)


@pytest.mark.parametrize("path", ["planted", "records/planted", "attachments/planted", "keys/00"])
def test_empty_folder(log: Writer, path: str) -> None:
    """An empty folder, which git itself never writes, would be room for a name that nobody checks."""
    empty = log.store.write("tree", b"")
    forged = forge(log, "ci", drift(log), Forgery(entries={path: (FOLDER, empty)}))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, forged.index in {index for index, _ in verdict.named("tree")}) == (BAD, True)


def test_record_at_the_place_of_another_type(log: Writer) -> None:
    """A record's path names its type."""
    path = "records/00/00/00/00000030-change.json"
    found(log, forge(log, "ci", drift(log), Forgery(path=path)), "record-path")


@pytest.mark.parametrize("path", ["records/00/00/00/00000031-drift.json", "records/00000030-drift.json", "drift.json"])
def test_record_at_another_place(log: Writer, path: str) -> None:
    """A record that stands elsewhere counts as missing, and as a file too many."""
    verdict = judge_log(log, forge(log, "ci", drift(log), Forgery(path=path)).commit)
    assert (verdict.code, verdict.named("record-missing")) == (BAD, [(30, None)])


def test_changed_record(log: Writer) -> None:
    """No record is edited, not even beside a new one."""
    planted = log.store.write("blob", log.records[5].raw.replace(b"prod", b"prud"))
    path = paths.record_path(5, log.records[5].type)
    found(log, forge(log, "ci", drift(log), Forgery(entries={path: (FILE, planted)})), "record-path")


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        pytest.param({"index": 29}, ["index"], id="index-before"),
        pytest.param({"index": 31}, ["index"], id="index-after"),
        pytest.param({"prev": None}, ["prev"], id="no-prev"),
        pytest.param({"prev": {"commit": "0" * 40, "sha256": "0" * 64}}, ["prev"], id="prev-of-nothing"),
        pytest.param({"origin": "example.com/other"}, ["origin"], id="origin"),
        pytest.param({"type": "freeze"}, ["record-schema"], id="type"),
        pytest.param({"schema": "gitaudit/freeze/1"}, ["record-schema"], id="schema"),
        pytest.param({"schema": "gitaudit/drift/2"}, ["record-schema"], id="schema-number"),
        pytest.param({"schema": "gitaudit/anchor/1"}, ["record-schema"], id="reserved-type"),
        pytest.param({"tool": MISSING}, ["record-schema"], id="field-missing"),
        pytest.param({"id": "00000000-0000-4000-8000-000000000000"}, ["record-id", "record-schema"], id="uuid4"),
    ],
)
def test_field_of_the_record(log: Writer, fields: Mapping[str, object], rules: list[str]) -> None:
    """The fields that bind a record to its log, its place and its schema are held to them."""
    forged = forge(log, "ci", drift(log), Forgery(fields=fields))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, {finding.index for finding in verdict.errors}) == (BAD, {30})
    assert set(rules) <= set(verdict.rules)


def test_prev_names_a_commit_with_other_bytes(log: Writer) -> None:
    """`prev` holds the SHA-256 of the whole predecessor, its signature included."""
    prev = {"commit": log.head.commit, "sha256": sha256_hex(b"another")}
    found(log, forge(log, "ci", drift(log), Forgery(fields={"prev": prev})), "prev")


def test_id_of_an_earlier_record(log: Writer) -> None:
    """An id stands in the log once: a replayed record is found even where it is linked and signed properly."""
    forged = forge(log, "ci", drift(log), Forgery(fields={"id": log.records[5].id}))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, verdict.named("record-id")) == (BAD, [(30, None)])


def test_genuine_record_again(log: Writer) -> None:
    """A genuine record, byte for byte, at the next index is found."""
    genuine = log.records[12]
    assert genuine.type == "drift"
    verdict = judge_log(log, forge(log, "ci", drift(log), Forgery(record=genuine.raw)).commit)
    assert verdict.code == BAD
    assert {"index", "prev", "message", "record-id"} <= set(verdict.rules)


def test_record_of_another_log(log: Writer) -> None:
    """A genuine commit of another log of the same people is found: its origin is in it, and its predecessor."""
    other = sample_log(Writer(origin="example.com/other"))
    for oid, item in other.store.objects.items():  # type: ignore[attr-defined]  # both are in memory
        log.store.objects.setdefault(oid, item)  # type: ignore[attr-defined]
    verdict = judge_log(log, other.head.commit)
    assert (verdict.code, verdict.named("genesis-pin")) == (BAD, [(0, None)])
    assert {index for index, _ in verdict.named("origin")} == set(range(30))


def test_second_genesis(log: Writer) -> None:
    """A genesis record stands first and nowhere else."""
    digest = sha256_hex(current_policy(log.store, log.position)[1])
    draft = log.author("carol").draft("genesis", {"policy_sha256": digest})
    found(log, forge(log, "carol", draft), "genesis", "record-schema")


def test_log_without_genesis(log: Writer) -> None:
    """A log that begins with another record than genesis is found, pinned or not."""
    fresh = Writer(keys=log.keys)
    policy = yaml_text.dump(fresh.first_policy("alice"))
    files = {
        paths.POLICY: policy,
        paths.key_path(log.keys["alice"].fingerprint): log.keys["alice"].certificate(),
    }
    body = {"change": "set", "policy_sha256": sha256_hex(policy)}
    forged = forge(fresh, "alice", fresh.author("alice").draft("policy", body, files=files))
    config = log.config._replace(
        genesis_commit=forged.commit, genesis_sha256=sha256_hex(fresh.store.read(forged.commit)[1])
    )
    verdict = judge(fresh.store, config, log.now, forged.commit)
    assert (verdict.code, verdict.named("genesis")) == (BAD, [forged.place])


def test_other_genesis_than_the_pinned(log: Writer) -> None:
    """A perfect log that begins with another commit than the pinned one is not this log."""
    log.clock.step(3600)
    other = sample_log(Writer(clock=log.clock))
    verdict = judge(other.store, log.config, other.now, other.head.commit)
    assert (verdict.code, verdict.rules, verdict.named("genesis-pin")) == (BAD, ["genesis-pin"], [(0, None)])


def test_pinned_commit_with_another_sha256(log: Writer) -> None:
    """The pin holds the SHA-256 of the first commit, as its id proves little."""
    config = log.config._replace(genesis_sha256="0" * 64)
    verdict = judge(log.store, config, log.now, log.head.commit)
    assert (verdict.code, verdict.rules) == (BAD, ["genesis-pin"])


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
    forged = forge(log, "ci", _again(log), Forgery(message=change(message)))
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


def test_files_field(log: Writer) -> None:
    """What a record lists is what the commit brings: digests, names, order."""
    content = attachment(b"evidence\n")
    ((path, data),) = content.items()
    good = {"path": path, "sha256": sha256_hex(data)}
    draft = with_files(drift(log), content)
    accepted(log, forge(log, "ci", draft))
    other = attachment(b"other\n")
    wrong = [
        [],
        [{**good, "sha256": "0" * 64}],
        [good, {"path": next(iter(other)), "sha256": "0" * 64}],
        [good, {"path": paths.FRONTIER, "sha256": "0" * 64}],
        [{**good, "sha256": "0" * 64}, good],
        [good, {"path": "README.md", "sha256": sha256_hex(b"An audit log.\n")}],
    ]
    for files in wrong:
        found(log, forge(log, "ci", draft, Forgery(fields={"files": files})), "files")


def test_attachment_by_another_name(log: Writer) -> None:
    """An attachment is named by its SHA-256."""
    found(log, forge(log, "ci", with_files(drift(log), {"attachments/" + "0" * 64: b"evidence\n"})), "files")


def test_attachment_that_was_there_before(log: Writer) -> None:
    """The same evidence twice is listed twice and stored once."""
    content = attachment(b"applied\n")
    assert content.keys() <= set(log.records[6].listed_files())
    accepted(log, forge(log, "ci", with_files(drift(log), content)))


def policy_draft(log: Writer, change: Callable[[dict[str, object]], object]) -> Draft:
    """Return the draft by which an admin sets a policy of any content."""
    policy, base = current_policy(log.store, log.position)
    document = dict(policy.document)
    change(document)
    data = yaml_text.dump(document)
    body = {"change": "set", "policy_sha256": sha256_hex(data), "previous_sha256": sha256_hex(base)}
    return log.author("carol").draft("policy", body, files={paths.POLICY: data})


def test_policy_record_about_another_policy(log: Writer) -> None:
    """A policy record names the `policy.yml` that it sets and the one that it was made against."""
    draft = set_draft(log.author("carol"), *current_policy(log.store, log.position), {"environments": ("x",)})
    body = draft.document["body"]
    assert isinstance(body, dict)
    for name in ("policy_sha256", "previous_sha256"):
        found(log, forge(log, "carol", draft, Forgery(fields={"body": {**body, name: "0" * 64}})), "policy")


def test_policy_record_that_changes_nothing(log: Writer) -> None:
    """A policy record that claims a change and brings no `policy.yml` is found."""
    body = {"change": "set", "policy_sha256": "0" * 64}
    found(log, forge(log, "carol", log.author("carol").draft("policy", body)), "policy")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"a: &a [x]\nb: *a\n", id="alias"),
        pytest.param(
            b"a: &a [x,x,x]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 120)),
            id="alias-bomb",
        ),
        pytest.param(b"[" * 200_000, id="deep"),
        pytest.param(b"- " * 100_000, id="deep-block"),
        pytest.param(b"? " * 100_000, id="deep-keys"),
        pytest.param(b"{a: " * 100_000, id="deep-flow"),
        pytest.param(b"a: 1\na: 2\n", id="key-twice"),
        pytest.param(b"a: !!python/object/apply:os.system [id]\n", id="tag"),
        pytest.param(b"a: 1.5\n", id="float"),
        pytest.param(b"\xff\xfe", id="no-utf-8"),
        pytest.param(b"a: \x00\n", id="nul"),
        pytest.param(b"", id="empty"),
        pytest.param(b"---\na: 1\n---\nb: 1\n", id="two-documents"),
        pytest.param(b"x" * 300_000, id="long"),
        pytest.param(b"a: " + b"9" * 100_000, id="long-number"),
        pytest.param(b"format: gitaudit.policy/1\n", id="fields-missing"),
        pytest.param(b"%YAML 9.9\n---\na: 1\n", id="version"),
        pytest.param(b"a: 2001-02-30\n", id="date"),
        pytest.param(b"<<: {a: 1}\n", id="merge-key"),
    ],
)
def test_hostile_policy(log: Writer, text: bytes) -> None:
    """A `policy.yml` that is no policy is found at the record that sets it, in bounded time and memory."""
    body = {"change": "set", "policy_sha256": sha256_hex(text)}
    draft = log.author("carol").draft("policy", body, files={paths.POLICY: text})
    found(log, forge(log, "carol", draft), "policy")


def test_policy_that_needs_a_newer_version(log: Writer) -> None:
    """What this version cannot judge by is neither good nor bad: exit code 3."""
    draft = policy_draft(log, lambda document: document.update(critical=["delegation"]))
    assert judge_log(log, forge(log, "carol", draft).commit).code == UNDECIDED


@pytest.mark.parametrize("who", ["dev", "mallory"])
def test_policy_that_needs_a_newer_version_by_an_outsider(log: Writer, who: str) -> None:
    """A forged policy does not turn "bad" into "cannot tell"."""
    draft = policy_draft(log, lambda document: document.update(critical=["delegation"]))
    verdict = judge_log(log, forge(log, who, draft).commit)
    assert verdict.code == BAD
    assert "policy" in verdict.rules


def test_newer_policy_after_a_fault(log: Writer) -> None:
    """A log that is bad stays bad, whatever a later policy asks for."""
    forged = forge(log, "ci", drift(log), Forgery(authored=1))
    position = log.position._replace(size=31, head=_head(log, forged.commit), tree=_tree(log, forged.commit))
    position = position._replace(frontier=log.position.frontier)
    draft = policy_draft(log, lambda document: document.update(critical=["delegation"]))
    verdict = judge_log(log, forge(log, "carol", draft, before=position).commit)
    assert (verdict.code, verdict.errors[0].index) == (BAD, 30)


def test_newer_policy_of_another_log(log: Writer) -> None:
    """Another log than the pinned one is that, whatever its policy asks for."""
    other = Writer(keys=log.keys)
    policy = yaml_text.dump({**other.first_policy("alice"), "critical": ["delegation"]})
    key = paths.key_path(log.keys["alice"].fingerprint)
    files = {paths.POLICY: policy, key: log.keys["alice"].certificate()}
    draft = other.author("alice").draft("genesis", {"policy_sha256": sha256_hex(policy)}, files=files)
    forged = forge(other, "alice", draft)
    assert judge(other.store, other_pin(other, forged.commit, log), log.now, forged.commit).code == UNDECIDED
    assert judge(other.store, log.config, log.now, forged.commit).rules == ["genesis-pin"]


def other_pin(other: Writer, commit: str, log: Writer) -> Config:
    """Return the configuration that pins another genesis."""
    return log.config._replace(genesis_commit=commit, genesis_sha256=sha256_hex(other.store.read(commit)[1]))


def _head(log: Writer, commit: str) -> Head:
    return log.head._replace(commit=commit, sha256=sha256_hex(log.store.read(commit)[1]), size=31)


def _tree(log: Writer, commit: str) -> str:
    return log.store.read(commit)[1][5:45].decode()


def test_sizes_beyond_any_log(log: Writer) -> None:
    """A message that claims a hundred million records, on a parent that is missing, takes nothing down."""
    message = b"x\n\nAudit-Size: 99999999\nAudit-Root: " + b"A" * 43 + b"=\n"
    commit = forge(log, "ci", drift(log), Forgery(message=message, parent="1" * 40)).commit
    for _ in range(4):
        commit = forge(log, "ci", drift(log), Forgery(parent=commit)).commit
    assert judge_log(log, commit).code == BAD


def test_names_that_no_checkout_may_have(log: Writer, blob: str) -> None:
    """`.git`, dots, slashes, line ends and bytes that are no UTF-8 in names of trees are found."""
    for name in (b".git", b".GIT", b"..", b".", b"a\nb", b"\xff", b"\xe2\x80\xae", b"\x1b[2J", b"a\\b", b"x" * 5000):
        raw = log.store.read(_tree(log, forge(log, "ci", drift(log)).commit))[1]
        entries = sorted([*_entries(raw), (name, b"100644 %b\0%b" % (name, bytes.fromhex(blob)))])
        tree = log.store.write("tree", b"".join(entry for _, entry in entries))
        forged = forge(log, "ci", drift(log), Forgery(commit=lambda raw, tree=tree: raw[:5] + tree.encode() + raw[45:]))  # type: ignore[misc]
        verdict = judge_log(log, forged.commit)
        assert (verdict.code, [index for index, _ in verdict.named("tree")]) == (BAD, [30]), name


def _entries(raw: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 0
    while at < len(raw):
        end = raw.index(b"\0", at)
        mode, name = raw[at:end].split(b" ", 1)
        found.append((name + b"/" * (mode == FOLDER), raw[at : end + 21]))
        at = end + 21
    return found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw[:-1], id="cut"),
        pytest.param(lambda raw: raw + b"100644 a", id="part"),
        pytest.param(lambda raw: b"".join(entry for _, entry in reversed(_entries(raw))), id="disorder"),
        pytest.param(lambda raw: raw + _entries(raw)[-1][1], id="twice"),
        pytest.param(lambda raw: raw.replace(b"100644 ", b"0100644 ", 1), id="leading-zero"),
        pytest.param(lambda raw: raw.replace(b"README.md", b"READ/E.md", 1), id="slash"),
        pytest.param(lambda raw: raw.replace(b"100644 README.md", b"100644 ", 1), id="no-name"),
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"\0" * 60, id="zeros"),
    ],
)
def test_malformed_tree(log: Writer, change: Callable[[bytes], bytes]) -> None:
    """A tree that git would not write is found, not followed."""
    raw = log.store.read(_tree(log, forge(log, "ci", drift(log)).commit))[1]
    tree = log.store.write("tree", change(raw))
    forged = forge(log, "ci", drift(log), Forgery(commit=lambda raw: raw[:5] + tree.encode() + raw[45:]))
    verdict = judge_log(log, forged.commit)
    assert verdict.code == BAD
    assert 30 in {index for index, _ in verdict.named("tree")}


def test_huge_tree(log: Writer, blob: str) -> None:
    """A folder of 200,000 files is found after a thousand of them."""
    entries = b"".join(b"100644 %06d\0%b" % (number, bytes.fromhex(blob)) for number in range(200_000))
    folder = log.store.write("tree", entries)
    forged = forge(log, "ci", drift(log), Forgery(entries={"planted": (FOLDER, folder)}))
    verdict = judge_log(log, forged.commit)
    assert (verdict.code, verdict.named("tree")) == (BAD, [(30, None)])


@pytest.mark.parametrize("bottom", [b"", b"100644 x\0" + b"\1" * 20], ids=["folders-alone", "files"])
def test_tree_bomb(log: Writer, bottom: bytes) -> None:
    """Ten folders that each hold the next one a thousand times end at the first thousand, not at 10^30 paths."""
    tree = log.store.write("tree", bottom)
    for _ in range(10):
        names = (b"40000 %03d\0%b" % (number, bytes.fromhex(tree)) for number in range(1000))
        tree = log.store.write("tree", b"".join(names))
    forged = forge(log, "ci", drift(log), Forgery(entries={"planted": (FOLDER, tree)}))
    assert [index for index, _ in judge_log(log, forged.commit).named("tree")] == [30]


def test_deep_tree(log: Writer, blob: str) -> None:
    """Ten thousand folders in each other are found at the ninth."""
    tree = log.store.write("tree", b"100644 x\0" + bytes.fromhex(blob))
    for _ in range(10_000):
        tree = log.store.write("tree", b"40000 x\0" + bytes.fromhex(tree))
    forged = forge(log, "ci", drift(log), Forgery(entries={"planted": (FOLDER, tree)}))
    assert [index for index, _ in judge_log(log, forged.commit).named("tree")] == [30]


def test_tree_that_holds_itself(log: Writer) -> None:
    """A tree that claims to hold itself, in a store that does not compare ids, cannot be: its id is another one."""
    tree = "1" * 40
    log.store.objects[tree] = ("tree", b"40000 x\0" + bytes.fromhex(tree))  # type: ignore[attr-defined]
    forged = forge(log, "ci", drift(log), Forgery(entries={"planted": (FOLDER, tree)}))
    assert [index for index, _ in judge_log(log, forged.commit).named("tree")] == [30]


def test_log_of_another_length_than_the_refs_say(log: Writer) -> None:
    """The ref alone says where the log ends: a head that lacks records is good in itself, and told by memory alone."""
    log.store.move_refs([RefMove(name=LOG, old=log.head.commit, new=log.commits[-2])], "rewind")
    del log.store.refs[NOTES]  # type: ignore[attr-defined]
    assert judge_log(log, log.commits[-2]).code == DONE


def test_record_of_65_536_bytes(log: Writer) -> None:
    """A record has at most 65,535 bytes."""
    document = {**drift(log).document, "index": 30, "prev": {"commit": log.head.commit, "sha256": log.head.sha256}}
    filler = 65_535 - len(encode({**document, "note": ""}))
    good = encode({**document, "note": "x" * filler})
    assert len(good) == 65_535
    accepted(log, forge(log, "ci", _again(log), Forgery(record=good)))
    verdict = judge_log(
        log, forge(log, "ci", _again(log), Forgery(record=encode({**document, "note": "x" * (filler + 1)}))).commit
    )
    assert (verdict.code, verdict.named("record-form")) == (BAD, [(30, None)])
