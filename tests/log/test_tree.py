"""Raw trees, held against what git itself writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import MalformedError
from gitaudit.log.tree import FILE_MODE, FOLDER_MODE, Entry, format_tree, is_plain_name, parse_tree

if TYPE_CHECKING:
    from tests.support.git import GitRepo

ONE = bytes(range(1, 21))


def raw(*entries: tuple[bytes, bytes]) -> bytes:
    """Return tree bytes of modes and names, as they are."""
    return b"".join(b"%b %b\0%b" % (mode, name, ONE) for mode, name in entries)


def test_as_git_writes_it(git_repo: GitRepo) -> None:
    """Names that sort differently as files and as folders, and names that are no text, come as git orders them."""
    names = (b"a.b", b"a/x", b"a0", b"a-b", b"\xff", b"\n", b"B", b"ab/c", b"ab.c")
    files: dict[bytes, bytes | None] = dict.fromkeys(names, b"x")
    git_repo.commit(files)
    content = git_repo.raw_object("tree", "HEAD^{tree}")
    entries = parse_tree(content)
    assert format_tree(entries) == content
    assert format_tree(dict(reversed(entries.items()))) == content
    assert {name for name, entry in entries.items() if entry.is_folder} == {b"a", b"ab"}


def test_round_trip_of_odd_modes() -> None:
    """Links, programs and submodules are read as well; who may have them is for others to say."""
    for mode in (b"100755", b"120000", b"160000", b"100664"):
        assert parse_tree(raw((mode, b"a"))) == {b"a": Entry(mode, ONE)}
        assert not Entry(mode, ONE).is_folder


def test_empty() -> None:
    """A tree without entries is no bytes."""
    assert parse_tree(b"") == {}
    assert format_tree({}) == b""


@pytest.mark.parametrize(
    "content",
    [
        raw((FILE_MODE, b"b"), (FILE_MODE, b"a")),
        raw((FILE_MODE, b"a"), (FILE_MODE, b"a")),
        raw((FOLDER_MODE, b"a"), (FILE_MODE, b"a.b")),
        raw((FILE_MODE, b"a"), (FOLDER_MODE, b"a")),
        raw((FILE_MODE, b"a"), (FILE_MODE, b"a.b"), (FOLDER_MODE, b"a")),
        raw((b"040000", b"a")),
        raw((b"100648", b"a")),
        raw((b"1", b"a")),
        raw((FILE_MODE, b"")),
        raw((FILE_MODE, b"a/b")),
        raw((FILE_MODE, b"a"))[:-1],
        raw((FILE_MODE, b"a")) + b"1",
        b"x" + raw((FILE_MODE, b"a")),
        b"\0" * 30,
    ],
)
def test_refusals(content: bytes) -> None:
    """Entries out of order, twice or in part are refused."""
    with pytest.raises(MalformedError):
        parse_tree(content)


@pytest.mark.parametrize("name", [b"a", b".gitaudit.yml", b"..a", b".gitx", b"\xff", b"git"])
def test_plain_names(name: bytes) -> None:
    """Names that a checkout may have."""
    assert is_plain_name(name)


@pytest.mark.parametrize("name", [b"", b".", b"..", b".git", b".GIT", b".Git"])
def test_names_that_no_checkout_may_have(name: bytes) -> None:
    """Names that would leave the work tree or reach into the repository."""
    assert not is_plain_name(name)
