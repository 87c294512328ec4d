"""The tree of a commit: what it brings, names, modes and folders, and trees made to wear a verifier out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tamper.forging import FILE, FOLDER, Forgery, again, drift, forge, tree_of, with_files
from tests.tamper.judging import BAD, found, judge_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.model import Finding
    from tests.tamper.sample import Writer


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
    forged = forge(log, "ci", again(log), Forgery(entries={path: (mode, log.store.write("blob", content))}))
    verdict = judge_log(log, forged.commit)
    assert verdict.code == BAD
    assert forged.index in {index for index, _ in verdict.named("tree")}


def _blob_at(log: Writer, commit: str, path: str) -> bytes:
    from gitaudit.usecases.position import find_entry, read_blob

    entry = find_entry(log.store, tree_of(log, commit), path)
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


def test_names_that_no_checkout_may_have(log: Writer, blob: str) -> None:
    """`.git`, dots, slashes, line ends and bytes that are no UTF-8 in names of trees are found."""
    for name in (b".git", b".GIT", b"..", b".", b"a\nb", b"\xff", b"\xe2\x80\xae", b"\x1b[2J", b"a\\b", b"x" * 5000):
        raw = log.store.read(tree_of(log, forge(log, "ci", drift(log)).commit))[1]
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
    raw = log.store.read(tree_of(log, forge(log, "ci", drift(log)).commit))[1]
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
