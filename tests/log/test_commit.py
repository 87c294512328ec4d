"""The raw commit object of a record, and Git's view of the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.commit import (
    MAX_COMMIT_BYTES,
    CommitText,
    format_commit,
    format_payload,
    object_id,
    parse_commit,
    sha256_hex,
)
from gitaudit.log.openpgp import parse_armored

if TYPE_CHECKING:
    from tests.support.git import GitRepo
    from tests.support.gpg import GpgHome

TEXT = CommitText(
    tree="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    parent=None,
    email="audit@gitaudit.invalid",
    authored=1_700_000_000,
    committed=1_700_000_100,
    message=b"genesis\n\nAudit-Size: 1\n",
)
CHILD = TEXT._replace(parent="ab" * 20)
ARMOR = b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"


@pytest.mark.parametrize("text", [TEXT, CHILD, TEXT._replace(email="é@x", message=b""), TEXT._replace(authored=0)])
def test_round_trip(text: CommitText) -> None:
    """A commit is read back as what it was made of, and the signed bytes are those without the signature."""
    raw = format_commit(text, ARMOR)
    parsed = parse_commit(raw)
    assert (parsed.text, parsed.armored, parsed.payload) == (text, ARMOR, format_payload(text))
    assert parsed.payload == raw.replace(b"gpgsig " + ARMOR.replace(b"\n", b"\n ")[:-1], b"")


def test_bytes() -> None:
    """Headers in the order of Git, the signature last and folded by a space."""
    assert format_commit(CHILD, ARMOR) == (
        b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
        b"parent abababababababababababababababababababab\n"
        b"author gitaudit <audit@gitaudit.invalid> 1700000000 +0000\n"
        b"committer gitaudit <audit@gitaudit.invalid> 1700000100 +0000\n"
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n"
        b"\ngenesis\n\nAudit-Size: 1\n"
    )


RAW = format_commit(CHILD, ARMOR)
FOLDED = b"gpgsig " + ARMOR.removesuffix(b"\n").replace(b"\n", b"\n ")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (format_payload(CHILD), "found no signature"),
        (b"", "found no signature"),
        (RAW.replace(b"\nauthor", b"\nparent " + b"cd" * 20 + b"\nauthor"), "found a merge commit"),
        (RAW.replace(b"gpgsig ", b"gpgsig-sha256 "), "the headers tree, parent"),
        (RAW.replace(b"\n\ngenesis", b"\nmergetag x\n\ngenesis"), "the headers tree, parent"),
        (RAW.replace(b"\n\ngenesis", b"\n" + FOLDED + b"\n\ngenesis"), "exactly one signature"),
        (RAW.replace(b"\ngpgsig", b"\nencoding latin-1\ngpgsig"), "the headers tree, parent"),
        (RAW.replace(b"author gitaudit", b"author Gitaudit"), "the headers tree, parent"),
        (RAW.replace(b"+0000", b"+0001", 1), "the headers tree, parent"),
        (RAW.replace(b"tree 4b", b"tree 4B"), "the headers tree, parent"),
        (RAW.replace(b"\nparent", b"\n\nparent"), "found no signature"),
        (RAW.replace(b"invalid> 1700000000", b"invalid> 01700000000"), "canonical commit headers"),
        (RAW.replace(b"invalid> 1700000000", b"invalid> -1"), "the headers tree, parent"),
        (RAW.replace(b"invalid> 1700000000", b"invalid> " + b"1" * 13), "the headers tree, parent"),
        (RAW.replace(b"audit@", b"x@", 1), "author and the committer to be the same"),
        (RAW.replace(b"audit@", b"\xff@"), "UTF-8 in the commit's e-mail"),
        (RAW.replace(b"audit@gitaudit.invalid", b""), "the headers tree, parent"),
        (RAW.replace(b"audit@gitaudit.invalid", b"x" * 255), "the headers tree, parent"),
        (RAW.replace(b"audit@", b"a\0@"), "the headers tree, parent"),
        (RAW.replace(b" AAAA", b"AAAA"), "the headers tree, parent"),
        (RAW.replace(b"\n -----END PGP SIGNATURE-----", b""), None),
        (RAW + b"x" * MAX_COMMIT_BYTES, "at most 32768 bytes"),
    ],
)  # fmt: skip
def test_refusals(raw: bytes, message: str | None) -> None:
    """What the writer would not have written is refused, and the reason is told."""
    if message is None:
        assert parse_commit(raw).armored.endswith(b"AAAA\n")  # the armor itself is judged by its own parser
        return
    with pytest.raises(MalformedError) as caught:
        parse_commit(raw)
    assert message in caught.value.message


def test_ids_are_those_of_git(git_repo: GitRepo) -> None:
    """Git gives every kind of object the id that is computed here."""
    for kind, content in (("blob", b"a\n"), ("tree", b""), ("commit", RAW)):
        assert object_id(kind, content) == git_repo.put(kind, content)
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_git_reads_and_verifies_it(git_repo: GitRepo, gpg_home: GpgHome, signing_key: str) -> None:
    """Plain git finds nothing wrong with a commit of ours and calls its gpg signature good."""
    git_repo.put("tree", b"")
    armored = parse_armored(gpg_home.sign(format_payload(TEXT), signing_key), canonical=False).armored
    commit = git_repo.put("commit", format_commit(TEXT, armored))
    git_repo.run("update-ref", "refs/heads/audit", commit)
    assert git_repo.run("fsck", "--strict", "--no-dangling") == ""
    assert f"VALIDSIG {signing_key}" in git_repo.attempt("verify-commit", "--raw", commit).stderr.decode()
    assert parse_commit(git_repo.raw_object("commit", commit)).text == TEXT
    assert git_repo.run("log", "-1", "--format=%an <%ae> %at %ct %T %s", commit) == (
        f"gitaudit <{TEXT.email}> {TEXT.authored} {TEXT.committed} {TEXT.tree} genesis"
    )
