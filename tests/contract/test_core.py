"""The compiled half of pygit2 alone: all that the store does works without the other half, which can still come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.git import GitRepo

PROGRAM = """
    import json, sys
    from gitaudit.adapters.git.store import find_repository
    from gitaudit.model import RefMove

    {before}
    store = find_repository(sys.argv[1])
    head = store.ref("refs/heads/main")
    blob = store.write("blob", b"new")
    store.flush()
    found = {{
        "head": head,
        "none": store.ref("refs/heads/none"),
        "no name": store.ref("refs/heads/a..b"),
        "kinds": [store.read(oid)[0] for oid in (head, blob, store.read(head)[1][5:45].decode())],
        "walk": list(store.commits_between([head], [])),
        "resolved": store.resolve("main~1"),
        "refs": store.refs("refs/"),
        "on": store.head_ref(),
        "dirty": store.is_dirty(),
        "name": store.config("user.name"),
        "remotes": store.remotes(),
        "whole": "pygit2" in sys.modules,
    }}
    print(json.dumps(found))
    import pygit2
    repository = pygit2.Repository(sys.argv[1])
    assert repository.status()["main.tf"] is pygit2.enums.FileStatus.WT_MODIFIED
    assert repository[repository.head.target].message.strip() == "second"
"""


def told(repo: GitRepo, before: str) -> dict[str, object]:
    """Return what a fresh process finds in a repository."""
    program = dedent(PROGRAM).format(before=before)
    ran = subprocess.run([sys.executable, "-c", program, str(repo.path)], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def test_the_store_needs_only_the_compiled_half(git_repo: GitRepo) -> None:
    """Loose and packed objects, refs, walks, a changed work tree: the same with half of pygit2 as with all of it."""
    git_repo.commit({"main.tf": b"one"}, "first")
    git_repo.run("gc", "--quiet")
    git_repo.commit({"main.tf": b"two"}, "second")
    (git_repo.path / "main.tf").write_bytes(b"changed")

    half, whole = told(git_repo, ""), told(git_repo, "import pygit2")

    assert (half.pop("whole"), whole.pop("whole")) == (False, True)
    assert half == whole
    assert half["kinds"] == ["commit", "blob", "tree"]
    assert half["dirty"] is True


@pytest.mark.parametrize("value", [None, "/some/authorities.crt"])
def test_the_environment_is_as_before(value: str | None) -> None:
    """What the library is told while it is loaded is not handed on to git and gpg."""
    told = {} if value is None else {"SSL_CERT_FILE": value}
    program = "import os; import gitaudit.adapters.git.core; print(os.environ.get('SSL_CERT_FILE'))"
    kept = {name: each for name, each in os.environ.items() if name != "SSL_CERT_FILE"}
    ran = subprocess.run([sys.executable, "-c", program], env=kept | told, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(value)
