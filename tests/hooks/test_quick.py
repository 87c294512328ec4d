"""The short way: it imports next to nothing, and never misses what the long way would record."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitaudit.adapters.hooks import copy, places, scan
from gitaudit.adapters.hooks.command_line import PushOptions, parse_push
from gitaudit.errors import InputError
from gitaudit.iac.patterns import DEFAULT_PATTERNS, PathMatcher
from gitaudit.policy.policy import Key, Policy, first_policy, parse_policy
from gitaudit.usecases.changes.pushing import PushedRef, parse_pushed
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hooks.clones import Clone

MAIN = "refs/heads/main"
NONE = "0" * 40
LOG = b"refs/heads/audit"
HEAVY = ("pygit2", "click", "yaml", "gnupg", "pysequoia", "dataclasses", "subprocess", "json", "gitaudit.errors")
LONG_WAY = ("", ["click"])

_BEHIND_THE_DOOR = """
import sys
before = set(sys.modules)
sys.argv = ["gitaudit", "hook", *sys.argv[1:]]
from gitaudit.cli import main
try:
    main()
except SystemExit as done:
    print(done.code, *sorted(set(sys.modules) - before))
"""


def settle(clone: Clone, *arguments: str, stdin: bytes) -> tuple[str, list[str]]:
    """Run a hook as the program does; return exit code and the modules that it imported, or `LONG_WAY`."""
    done = subprocess.run(
        [sys.executable, "-c", _BEHIND_THE_DOOR, *arguments],
        cwd=clone.path,
        input=stdin,
        capture_output=True,
        check=True,
    )
    if not done.stdout:
        return LONG_WAY  # it ends without coming back
    code, *modules = done.stdout.decode().split()
    return code, modules


def test_push_of_application_files_imports_nothing_heavy(clone: Clone, remote: GitRepo) -> None:
    """Not even `typing`: each import is felt with every push. A change of infrastructure takes the long way."""
    clone.push()
    clone.commit("first.tf")
    clone.push()  # the long way, which makes the copy of the policy
    old = clone.repo.id_of("HEAD")
    app = clone.commit("app.py")
    infra = clone.commit("second.tf")
    code, modules = settle(
        clone, "pre-push", "origin", remote.url, stdin=clone.lines((MAIN, app, old), ("refs/heads/new", app, None))
    )
    other = settle(clone, "pre-push", "origin", remote.url, stdin=clone.lines((MAIN, infra, old)))

    assert code == "0"
    assert [name for name in modules if name.split(".")[0] in HEAVY or name in HEAVY] == []
    assert "typing" not in modules
    assert other == LONG_WAY


def test_amend_imports_nothing_heavy(clone: Clone) -> None:
    """The same for what links an amended commit."""
    code, modules = settle(clone, "post-rewrite", "amend", stdin=b"%040x %040x\n" % (1, 2))

    assert code == "0"
    assert [name for name in modules if name in HEAVY] == []


def test_change_of_the_policy_takes_the_long_way_once(clone: Clone, remote: GitRepo) -> None:
    """The copy is of one `policy.yml`: after another one the patterns are read anew."""
    clone.commit("first.tf")
    clone.push()
    old = clone.repo.id_of("HEAD")
    new = clone.commit("app.py")
    clone.gitaudit("policy", "set", "--iac", "*.py", "--quiet")
    done = settle(clone, "pre-push", "origin", remote.url, stdin=clone.lines((MAIN, new, old)))

    assert done == LONG_WAY
    assert clone.changes()[-1] == ("commit", MAIN, new)


def policy_of(patterns: tuple[str, ...]) -> Policy:
    """Return a policy with these path patterns."""
    key = Key(fingerprint="A" * 40, name="owner")
    document = first_policy(origin="example.com/x", key=key, environments=(), protected_refs=(MAIN,), iac=patterns)
    return parse_policy(document)


def known_of(patterns: tuple[str, ...]) -> places.Known:
    """Return the copy of a policy, as the hooks read it."""
    first, *lines = places.cache_bytes(copy.fields_of("refs/heads/audit", "1" * 40, policy_of(patterns))).split(b"\n")
    assert first.startswith(b"gitaudit.")
    return places.Known(lines)


def _usable(pattern: str) -> bool:
    try:
        PathMatcher((pattern,))
    except InputError:
        return False
    return True


PIECES = st.lists(st.sampled_from(["a", "b", "tf", ".", "*", "**", "?", "/", "é"]), min_size=1, max_size=7)
PATTERNS = PIECES.map("".join).filter(_usable)
PATHS = st.lists(st.sampled_from(["a", "b", "tf", ".", "é"]), min_size=1, max_size=4).map("".join)


@given(
    patterns=st.lists(st.tuples(st.sampled_from(["", "", "!"]), PATTERNS).map("".join), max_size=4).map(tuple),
    path=st.lists(PATHS, min_size=1, max_size=4).map("/".join),
)
@example(patterns=("a/**/tf/", "!*.a"), path="a/b/tf/a")
def test_copy_takes_in_what_the_policy_takes_in(patterns: tuple[str, ...], path: str) -> None:
    """The quick test and the exact one after it say what `PathMatcher` says, for every pattern and path."""
    assert known_of(patterns).matches(path.encode()) == PathMatcher(patterns).matches(path.encode())


@pytest.mark.parametrize("path", ["main.tf", "live/roles/web/tasks/x.yml", "values-eu.yaml", "src/roles.py", "x.html"])
def test_copy_of_the_usual_patterns(path: str) -> None:
    """The patterns that `init` writes, and what lies near them."""
    known = known_of(DEFAULT_PATTERNS)

    assert known.matches(path.encode()) == PathMatcher(DEFAULT_PATTERNS).matches(path.encode())
    assert (known.log, known.writer, known.protected) == (LOG, b"developer", [MAIN.encode()])


@pytest.mark.parametrize("content", [b"", b"gitaudit.hook-policy/2\n", b"gitaudit.hook-policy/1\nlog x\n", b"\xff"])
def test_copy_that_cannot_be_used_is_none(tmp_path: Path, content: bytes) -> None:
    """Of another version, cut off or damaged: the long way makes a new one."""
    (tmp_path / "gitaudit").mkdir()
    (tmp_path / "gitaudit" / places.CACHE).write_bytes(content)

    assert places.read_cache(str(tmp_path)) is None


@pytest.fixture
def looked_at() -> list[bytes]:
    """Give the list of paths that a scan looks at."""
    return []


def scanned(repo: GitRepo, monkeypatch: pytest.MonkeyPatch, seen: list[bytes], **push: str) -> list[str]:
    """Return the commits that a scan finds where every path counts; `push` has `tip`, and `old`, `name`, `address`."""
    monkeypatch.chdir(repo.path)

    def note(path: bytes) -> bool:
        seen.append(path)
        return True

    remote = scan.Remote(".git", push.get("name", "copy"), push.get("address", "nowhere"))
    return scan.commits([push["tip"].encode()], [push.get("old", NONE).encode()], remote, LOG, note)


def test_first_push_leaves_out_what_other_branches_of_the_remote_have(
    git_repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_at: list[bytes]
) -> None:
    """Of 5,000 commits that a new remote has on another branch, none is looked at; the new one is."""
    stream = b"".join(
        b"commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 1\nx\nM 100644 inline f%d.tf\ndata 1\n%d\n"
        % (1_700_000_000 + number, number % 50, number % 10)
        for number in range(5_000)
    )
    git_repo.run("fast-import", "--quiet", stdin=stream)
    other = GitRepo(tmp_path / "other.git")
    git_repo.run("clone", "--quiet", "--bare", str(git_repo.path), str(other.path))
    git_repo.run("switch", "--quiet", "--force-create", "topic", "main")
    new = git_repo.commit({"new.tf": b"\n"}, at=1_800_000_000)

    assert scanned(git_repo, monkeypatch, looked_at, tip=new, address=other.url) == [new]
    assert looked_at == [b"new.tf"]


def test_scan_gives_parents_first_and_every_kind_of_change(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, looked_at: list[bytes]
) -> None:
    """The first commit, a deletion, a merge that differs from both sides, names of any bytes; no empty commit."""
    first = git_repo.commit({b"a \xff\n": b"1\n", b"b" * 40: b"1\n"})
    git_repo.commit({})
    gone = git_repo.commit({b"a \xff\n": None})
    git_repo.run("switch", "--quiet", "-c", "side", "HEAD~1")
    side = git_repo.commit({"side": b"1\n"})
    git_repo.run("switch", "--quiet", "main")
    git_repo.run("merge", "--quiet", "--no-commit", "side")
    merge = git_repo.commit({"side": b"2\n"})

    found = scanned(git_repo, monkeypatch, looked_at, tip=merge)
    assert (found[0], found[-1], sorted(found)) == (first, merge, sorted([first, gone, side, merge]))
    assert {b"a \xff\n", b"side"} <= set(looked_at)


def test_scan_passes_over_submodules_and_unknown_objects(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, looked_at: list[bytes]
) -> None:
    """The content of a submodule is not here; what the remote has may not be here either."""
    git_repo.commit({"a": b"1\n"})
    git_repo.run("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git_repo.run("commit", "--quiet", "-m", "submodule")
    tip = git_repo.id_of("HEAD")

    assert scanned(git_repo, monkeypatch, looked_at, tip=tip, old="2" * 40) == [git_repo.id_of("HEAD~1")]


def test_scan_of_a_broken_repository_says_so(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, looked_at: list[bytes]
) -> None:
    """A commit whose tree is missing is an error, not a push without changes."""
    tip = git_repo.commit({"a": b"1\n"})
    tree = git_repo.id_of("HEAD^{tree}")
    (git_repo.path / f".git/objects/{tree[:2]}/{tree[2:]}").unlink()

    with pytest.raises(scan.ScanError):
        scanned(git_repo, monkeypatch, looked_at, tip=tip)


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ("git push", PushOptions()),
        ("git push origin main", PushOptions()),
        ("/usr/bin/git -C x -c a=b push --dry-run", PushOptions(dry_run=True)),
        ("git push -nf", PushOptions(dry_run=True, forced=True)),
        ("git push --force-with-lease=main origin", PushOptions(forced=True)),
        ("git push origin +main", PushOptions(forced=True)),
        ("git push --mirror", PushOptions(forced=True)),
        ("git push -o -n --push-option --dry-run origin", PushOptions()),
        ("git push -on origin", PushOptions()),
        ("git push --repo --force origin", PushOptions()),
        ("git push -- origin +a", PushOptions(forced=True)),
        ("git fetch --dry-run", None),
        ("git", None),
        ("sh -c push", None),
        ("git-push --force", PushOptions(forced=True)),
    ],
)
def test_command_line_of_a_push(typed: str, options: PushOptions | None) -> None:
    """What stands on it is told apart from the values of other options."""
    assert parse_push(typed.split()) == options


def test_lines_of_hooks() -> None:
    """Names of any bytes are kept; what is no line of git's is refused."""
    new, old = "1" * 40, "2" * 40
    pushed = (PushedRef(ref="refs/heads/\udcff", new=new, old=old), PushedRef(ref="refs/heads/x", new=None, old=old))

    assert (
        parse_pushed(
            f"HEAD~1 {new} ".encode() + b"refs/heads/\xff" + f" {old}\n(delete) {NONE} refs/heads/x {old}\n".encode()
        )
        == pushed
    )
    assert parse_pushed(b"") == ()
    with pytest.raises(InputError):
        parse_pushed(f"a {new} refs/heads/x\n".encode())
