"""A stranger's check: the commands of the audit branch's README.md, in a fresh clone, with plain tools alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import parse
from tests.docs.worlds import CHECKOUT, World, Worlds

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = (
    *("bash", "git", "gpg", "gpg-agent", "gpgconf", "sha256sum"),
    *("base64", "cut", "grep", "head", "mktemp", "rm", "sed", "tail", "tr"),
)
"""All programs that the stranger has: those that the README.md asks for, and what every Unix has."""
OWN_KEY = """
mkdir -m 700 ../mallory
export GNUPGHOME=$PWD/../mallory
gpg --batch --quiet --passphrase '' --faked-system-time 20200101T000000! --quick-generate-key Mallory ed25519 sign never
"$PYTHON" "$CHECKOUT/tests/e2e/forge.py" audit 5 partial succeeded Mallory
gpgconf --kill all
git push --quiet --force origin audit
"""


@pytest.fixture
def world(worlds: Worlds) -> World:
    """Give a repository with a log of six records."""
    return worlds.new("log")


@pytest.fixture
def shared_world(worlds: Worlds) -> World:
    """Give one whose log admits three keys, the last record being signed by the newest of them."""
    world = worlds.new("ci")
    world.run("gitaudit init --quiet && gitaudit record-deploy --quiet --env prod --outcome failed")
    return world


@pytest.fixture
def plain_path(tmp_path: Path) -> str:
    """Give a PATH that has the plain tools and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PLAIN:
        found = shutil.which(name)
        assert found is not None, f"{name} is missing"
        (folder / name).symlink_to(found)
    return str(folder)


def readme_of(world: World) -> str:
    """Return the README.md of the audit branch."""
    return world.run("git cat-file blob audit:README.md")


def check(world: World, path: str, commit: str | None = None) -> tuple[list[str], str]:
    """Follow the README.md in a fresh clone of the remote; return the lines of verdict, and all that was printed."""
    script = "".join(block.text for _, block in parse(readme_of(world)))
    if commit is not None:
        script = script.replace("COMMIT=$LOG\n", f"COMMIT={commit}\n")
    home = world.root / "nobody"
    home.mkdir(exist_ok=True)
    place = world.root / "fresh"
    if not place.exists():
        world.run(f"git clone --quiet {world.root}/origin.git {place}")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env={"PATH": path, "HOME": str(home), "TMPDIR": str(world.root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert not list(home.glob(".gnupg*")), "the stranger's own keyring was used"
    assert not list(world.root.glob("tmp.*")), "the temporary keyring was left behind"
    return [line for line in done.stdout.splitlines() if line.startswith(("good", "BAD"))], done.stdout


def forge(world: World, *arguments: str) -> None:
    """Change a record, link what follows anew, and let the remote have it."""
    command = " ".join([sys.executable, f"{CHECKOUT}/tests/e2e/forge.py", "audit", *arguments])
    world.run(f"{command}\ngit push --quiet --force origin audit")


@pytest.mark.slow
def test_every_record_of_a_good_log_is_confirmed(shared_world: World, plain_path: str) -> None:
    """Whatever record a stranger chooses, every check says good, and the first commit is the pinned one."""
    world = shared_world
    commits = world.run("git rev-list audit").split()
    assert len(commits) == 9
    printed = ""
    for commit in commits:
        verdicts, printed = check(world, plain_path, commit)
        assert [line for line in verdicts if line.startswith("BAD")] == []
        assert len(verdicts) >= 7
        assert f"commit: {commits[-1]}\n" in printed
        assert "GOODSIG" in printed
    genesis = world.run("grep -A 2 ^genesis: .gitaudit.yml | sed 1d")
    assert (
        "".join(f"  {line}\n" for line in printed.splitlines() if line.startswith(("commit: ", "sha256: "))) == genesis
    )


def test_the_newest_record_is_the_one_checked_by_default(world: World, plain_path: str) -> None:
    """Pasting the commands as they are checks the newest record and shows it."""
    verdicts, printed = check(world, plain_path)
    assert "good: the root over all records so far, 6 of them" in verdicts
    assert '"outcome": "partial"' in printed
    assert "A larger database, with a migration" in printed


def test_a_changed_record_with_the_old_signature_is_exposed(world: World, plain_path: str) -> None:
    """A record that was changed and linked anew without the key has no good signature."""
    forge(world, "5", "partial", "succeeded")
    verdicts, printed = check(world, plain_path)
    assert "BAD: not signed by a key of the policy before it" in verdicts
    assert "BADSIG" in printed
    assert "good: all signatures" not in verdicts


def test_a_changed_record_with_a_signature_of_another_key_is_exposed(world: World, plain_path: str) -> None:
    """A forger's own key is none of those that the log had admitted before."""
    world.run(OWN_KEY, PYTHON=sys.executable)
    verdicts, _ = check(world, plain_path)
    assert "BAD: not signed by a key of the policy before it" in verdicts
    assert "good: all signatures" not in verdicts


def test_a_change_to_an_older_record_is_exposed_by_the_root(world: World, plain_path: str) -> None:
    """Exchanging the bytes of an old record's object gives another root than the newest signature covers."""
    world.run(f"git clone --quiet {world.root}/origin.git {world.root}/fresh")
    place = world.root / "fresh/.git"
    swap = """
    path=$(git ls-tree -r --name-only origin/audit | grep 00000002-)
    old=$(git rev-parse origin/audit:$path)
    mkdir kept && mv objects/pack/* kept && for pack in kept/*.pack; do git unpack-objects -q <$pack; done
    new=$(git cat-file blob $old | sed 's/"staging"/"testing"/' | git hash-object -w --stdin)
    chmod u+w objects/${old:0:2}/${old:2}
    cp objects/${new:0:2}/${new:2} objects/${old:0:2}/${old:2}
    """
    world.run(f"cd {place}\n{swap}")
    verdicts, _ = check(world, plain_path)
    root = world.run("git cat-file commit audit | sed -n 's/^Audit-Root: //p'")
    assert [line for line in verdicts if line.startswith("BAD")] == [
        f"BAD: the records have another root than {root.strip()}"
    ]


def test_a_record_written_after_another_commit_is_exposed(world: World, plain_path: str) -> None:
    """Where the commit before was exchanged, `prev` of a genuine record does not fit it."""
    graft = """
    tip=$(git rev-parse audit)
    old=$(git rev-parse audit~1)
    git cat-file commit $old | sed 's/^deploy prod: succeeded/deploy prod: failed/;s/^change: 1/change: 9/' >commit.log
    new=$(git hash-object -t commit -w --stdin <commit.log)
    git cat-file commit $tip | sed "s/^parent $old/parent $new/" >commit.log
    git update-ref refs/heads/audit $(git hash-object -t commit -w --stdin <commit.log)
    git push --quiet --force origin audit
    """
    world.run(graft)
    verdicts, _ = check(world, plain_path)
    assert any(line.startswith("BAD: written after another commit") for line in verdicts)


def test_a_file_that_the_record_does_not_list_is_exposed(world: World, plain_path: str) -> None:
    """A policy that comes along with another record is told."""
    smuggle = """
    export GIT_INDEX_FILE=smuggled.log
    git read-tree audit
    git cat-file blob audit:policy.yml | sed 's/threshold: 1/threshold: 0/' >policy.log
    git update-index --cacheinfo 100644,$(git hash-object -w policy.log),policy.yml
    git cat-file commit audit | sed "s/^tree .*/tree $(git write-tree)/" >commit.log
    git update-ref refs/heads/audit $(git hash-object -t commit -w --stdin <commit.log)
    git push --quiet --force origin audit
    """
    world.run(smuggle)
    verdicts, _ = check(world, plain_path)
    assert "BAD: policy.yml is not what the record lists" in verdicts


def test_the_readme_of_another_branch_names_that_branch(worlds: Worlds, plain_path: str) -> None:
    """The commands fit the branch that the log is kept on."""
    world = worlds.new("new")
    world.run("gitaudit init --quiet --origin example.com/infra --branch trail && git branch audit trail")
    script = readme_of(world)
    assert "refs/heads/trail " in script
    assert "refs/heads/audit" not in script
    verdicts, _ = check(world, plain_path)
    assert not any(line.startswith("BAD") for line in verdicts)
    assert len(verdicts) > 7
