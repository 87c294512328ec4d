"""Commits of the audited repository: whatever git makes or lets pass is read as git reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import MalformedError
from gitaudit.iac.source.commit import MAX_SECONDS, parse_source_commit
from gitaudit.log.openpgp import parse_armored

if TYPE_CHECKING:
    from tests.support.git import GitRepo
    from tests.support.gpg import GpgHome

TREE, ONE, OTHER = "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "ab" * 20, "cd" * 20
PERSON = b"A U Thor <author@example.com>"


def raw(*lines: bytes, message: bytes = b"\nchange\n") -> bytes:
    """Return a commit object of header lines."""
    return b"\n".join([b"tree " + TREE.encode(), *lines]) + b"\n" + message


def test_plain_commit_of_git(git_repo: GitRepo) -> None:
    """A commit that git made is read as git shows it."""
    first = git_repo.commit({"a": b"1"})
    commit = git_repo.commit(
        {"a": b"2"}, "subject\n\ntext", env={"GIT_AUTHOR_NAME": "Jörg \u00df", "TZ": "Asia/Kolkata"}
    )
    found = parse_source_commit(git_repo.raw_object("commit", commit))
    shown = git_repo.run("log", "-1", "--format=%T%n%P%n%an <%ae>%n%at%n%cn <%ce>%n%ct", commit).splitlines()
    assert [found.tree, *found.parents] == shown[:2]
    assert (found.author.decode(), f"{found.authored}") == (shown[2], shown[3])
    assert (found.committer.decode(), f"{found.committed}") == (shown[4], shown[5])
    assert found.parents == (first,)
    assert (found.armored, found.payload) == (None, git_repo.raw_object("commit", commit))


def test_merges_and_roots(git_repo: GitRepo) -> None:
    """A root has no parents, an octopus has all of them in order."""
    root = git_repo.commit({"a": b"1"})
    sides = []
    for name in ("x", "y", "z"):
        git_repo.run("checkout", "-q", "-b", name, root)
        sides.append(git_repo.commit({name: b"1"}))
    git_repo.run("checkout", "-q", "main")
    git_repo.run("merge", "-q", "-m", "octopus", "x", "y", "z")
    found = parse_source_commit(git_repo.raw_object("commit", "HEAD"))
    assert parse_source_commit(git_repo.raw_object("commit", root)).parents == ()
    assert " ".join(found.parents) == git_repo.run("log", "-1", "--format=%P")
    assert set(sides) <= set(found.parents)


def test_other_encoding(git_repo: GitRepo) -> None:
    """An encoding header and bytes that are not UTF-8 are no obstacle."""
    git_repo.run("config", "i18n.commitEncoding", "latin-1")
    commit = git_repo.commit({}, "caf\u00e9", env={"GIT_AUTHOR_NAME": "caf\udce9"})
    content = git_repo.raw_object("commit", commit)
    assert b"\nencoding latin-1\n" in content
    assert parse_source_commit(content).author == b"caf\xe9 <test@example.com>"


def test_gpg_signature(git_repo: GitRepo, gpg_home: GpgHome, signing_key: str) -> None:
    """The signature of a commit that git signed, and the bytes that it covers, are what gpg verifies."""
    commit = git_repo.commit({}, "signed", f"-S{signing_key}")
    found = parse_source_commit(git_repo.raw_object("commit", commit))
    assert found.armored is not None
    assert parse_armored(found.armored, canonical=False).issuer == signing_key
    assert any(line.startswith("GOODSIG") for line in gpg_home.verify(found.payload, found.armored))


def test_merge_of_a_signed_tag(git_repo: GitRepo, signing_key: str) -> None:
    """A merge that embeds a signed tag has the tag's signature in its own header, and none of its own."""
    root = git_repo.commit({"a": b"1"})
    git_repo.run("checkout", "-q", "-b", "side")
    git_repo.commit({"b": b"1"})
    git_repo.run("tag", "-s", "-u", signing_key, "-m", "v1", "v1")
    git_repo.run("checkout", "-q", "-b", "other", root)
    git_repo.run("merge", "-q", "--no-ff", "-m", "merge", "v1")
    content = git_repo.raw_object("commit", "HEAD")
    found = parse_source_commit(content)
    assert b"\nmergetag " in content
    assert (found.armored, found.payload) == (None, content)
    assert len(found.parents) == 2


def test_signature_that_is_no_openpgp() -> None:
    """An SSH signature is kept as it is; nothing can be proved by it."""
    ssh = b"gpgsig -----BEGIN SSH SIGNATURE-----\n AAAA\n -----END SSH SIGNATURE-----"
    found = parse_source_commit(raw(b"author x 1 +0000", b"committer x 1 +0000", ssh))
    assert found.armored == b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
    assert b"SSH" not in found.payload
    assert found.payload == raw(b"author x 1 +0000", b"committer x 1 +0000")


def test_sha256_signature_is_signed_text() -> None:
    """A signature for SHA-256 repositories is no gpgsig header, and part of what is signed."""
    header = b"gpgsig-sha256 -----BEGIN PGP SIGNATURE-----\n x"
    found = parse_source_commit(raw(b"author x 1 +0000", header))
    assert (found.armored, found.payload) == (None, raw(b"author x 1 +0000", header))


@pytest.mark.parametrize(
    ("value", "person", "seconds"),
    [
        (PERSON + b" 1700000000 +0000", PERSON, 1_700_000_000),
        (PERSON + b" 0 -0130", PERSON, 0),
        (PERSON + b" 1700000000 +051800", PERSON, 1_700_000_000),
        (PERSON + b" %d +0000" % MAX_SECONDS, PERSON, MAX_SECONDS),
        (PERSON + b" %d +0000" % (MAX_SECONDS + 1), PERSON, None),
        (PERSON + b" 9999999999999999999 +0000", PERSON, None),
        (PERSON + b" 99999999999999999999 +0000", PERSON + b" 99999999999999999999 +0000", None),
        (PERSON + b" -1 +0000", PERSON, None),
        (b"no address 5 +0000", b"no address", 5),
        (b" <> 5 +0000", b" <>", 5),
        (b"a <b> c <d> 5 +0000", b"a <b> c <d>", 5),
        (b"two 5 +0000 6 +0000", b"two 5 +0000", 6),
        (PERSON, PERSON, None),
        (PERSON + b" 5", PERSON + b" 5", None),
        (PERSON + b" 5 UTC", PERSON + b" 5 UTC", None),
        (b"", b"", None),
    ],
)
def test_people_and_times(value: bytes, person: bytes, seconds: int | None) -> None:
    """Name and address are kept byte for byte; a time that RFC 3339 cannot tell is none."""
    for content in (
        raw(b"author " + value, b"committer " + value),
        raw(b"author " + value, b"committer " + value, b"x-more 1"),
    ):
        found = parse_source_commit(content)
        assert (found.author, found.authored) == (person, seconds)
        assert (found.committer, found.committed) == (person, seconds)


def test_neither_author_nor_committer() -> None:
    """Even a commit without people is read."""
    found = parse_source_commit(raw())
    assert (found.author, found.authored, found.committer, found.committed) == (b"", None, b"", None)


def test_headers_at_odd_places() -> None:
    """Parents behind other headers, folded headers and a message that looks like headers are read as git does."""
    found = parse_source_commit(
        raw(
            b"x-first one",
            b" two",
            b"parent " + ONE.encode(),
            b"author x 1 +0000",
            b"parent " + OTHER.encode(),
            message=b"\nparent " + b"ef" * 20 + b"\ngpgsig x\n",
        )
    )
    assert (found.parents, found.armored) == ((ONE, OTHER), None)


def test_no_message() -> None:
    """A commit that ends with its headers is read."""
    content = raw(b"parent " + ONE.encode(), b"author x 1 +0000", b"committer y 2 +0000", message=b"")
    found = parse_source_commit(content)
    assert (found.parents, found.authored, found.committed, found.payload) == ((ONE,), 1, 2, content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"tree x\n\n",
        b"tree " + TREE.upper().encode() + b"\n\n",
        raw(b"parent x"),
        raw(b"parent " + b"ab" * 32),
    ],
)
def test_what_is_no_commit(content: bytes) -> None:
    """Without a tree, or with ids of another form, there is nothing to hold a record against."""
    with pytest.raises(MalformedError, match=re.escape("40 hex digits")):
        parse_source_commit(content)
