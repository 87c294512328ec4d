"""Scratch repositories in which the documentation's commands run, each made once and then copied.

A world is a folder with `home` (HOME), `gpg` (GNUPGHOME), `origin.git` (a bare remote) and `infra` (a clone of it).
Nothing of the test's own environment is seen in it but PATH, with the programs of this Python in front.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.isolation import stop_gpg

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
IDENTITY = """
git config --global user.name Ada
git config --global user.email ada@example.com
git config --global init.defaultBranch main
git config --global gc.auto 0
"""
NEW = (
    IDENTITY
    + """
gpg --batch --quiet --passphrase '' --quick-generate-key 'Infra audit' ed25519 sign 1y
git init --quiet --bare origin.git
git clone --quiet origin.git infra
cd infra
cp "$CHECKOUT/tests/e2e/data/first.tf" main.tf
printf '%s\\n' '.terraform*' '*.tfstate*' 'plan.*' 'apply.jsonl' '*.log' >.gitignore
git add .
git commit --quiet -m 'Add network and database'
git push --quiet origin main
gpg --list-keys --with-colons | sed -n 's/^fpr:*/FPR=/p' | tr -d : | head -n 1 >../variables
cp "$CHECKOUT/tests/e2e/data/second-plan.json" plan.json
cp "$CHECKOUT/tests/e2e/data/second-apply.jsonl" apply.jsonl
"""
)
LOG = """
cd infra
gitaudit init --quiet --origin example.com/infra --env staging --env prod
git add .gitaudit.yml
git commit --quiet -m 'Pin the audit log'
git push --quiet origin main
gitaudit record-change --quiet main~1
plan="$CHECKOUT/tests/e2e/data/first-plan.json" apply="$CHECKOUT/tests/e2e/data/first-apply.jsonl"
gitaudit record-deploy --quiet --env staging --plan "$plan" --result "$apply" --exit-code 0
gitaudit record-deploy --quiet --env prod --plan "$plan" --result "$apply" --exit-code 0 --ticket OPS-1
cp "$CHECKOUT/tests/e2e/data/second.tf" main.tf
git commit --quiet -a -m 'A larger database, with a migration'
gitaudit record-change --quiet
git push --quiet origin main
gitaudit record-deploy --quiet --env prod --plan plan.json --result apply.jsonl --exit-code 1 --ticket OPS-2
"""
TEAM = """
cd infra
for who in developer ci; do
    mkdir -m 700 ../$who
    export GNUPGHOME=$PWD/../$who
    gpg --batch --quiet --passphrase '' --quick-generate-key "infra $who" ed25519 cert 1y
    fingerprint=$(gpg --list-keys --with-colons | sed -n 's/^fpr:*//p' | tr -d : | head -n 1)
    gpg --batch --quiet --passphrase '' --quick-add-key "$fingerprint" ed25519 sign 1y
    gpg --armor --export "$fingerprint" >../$who.asc
    gpg --batch --armor --passphrase '' --pinentry-mode loopback --export-secret-subkeys >../$who/subkey.asc
    gpgconf --kill all
    GNUPGHOME=$PWD/../gpg gitaudit policy add-key --quiet ../$who.asc --role $who --name "$who"
done
"""
COLLEAGUE = f"""
gpgconf --kill all
rm -rf infra gpg home
mkdir -m 700 gpg home
{IDENTITY}
git clone --quiet origin.git infra
cd infra
"""
DEVELOPER = """
rm -rf gpg
mv developer gpg
cd infra
gpg --list-keys --with-colons | sed -n 's/^fpr:*/FPR=/p' | tr -d : | head -n 1 >../variables
printf 'variable "zone" {}\n' >zone.tf
git add zone.tf
git commit --quiet -m 'Choose a zone'
"""
CI = """
rm -rf gpg home/.gitconfig
mkdir -m 700 gpg
cd infra
gpg --batch --quiet --import ../ci/subkey.asc 2>/dev/null
cp ../ci/subkey.asc ../audit-key.asc
printf 'TF_VAR_password=correct-horse\nCI_AUDIT_KEY=%s\nCI_JOB_URL=https://ci.example.com/7\n' \
    "$PWD/../audit-key.asc" >../variables
"""
BASES: dict[str, tuple[str | None, str]] = {
    "empty": (None, ""),
    "new": ("empty", NEW),
    "log": ("new", LOG),
    "team": ("log", TEAM),
    "colleague": ("team", COLLEAGUE),
    "auditor": ("colleague", "cd infra\ngitaudit init --quiet\n"),
    "developer": ("colleague", DEVELOPER),
    "ci": ("colleague", CI),
}
"""Worlds by name: the one that each is made from, and how.

- empty: nothing but the empty HOME and GNUPGHOME.
- new: a key, a remote, a clone with Terraform files; plan and result of a deployment lie there, ignored by git.
- log: the same with a log of six records and everything pushed.
- team: the same with the keys of a developer and of a pipeline admitted, each with a signing subkey; `../developer.asc`
  and `../ci.asc` are their public keys.
- colleague: a fresh clone of that, by somebody without a key.
- auditor: the same, joined to the log.
- developer: a fresh clone, the developer's key, and a commit that is not pushed yet.
- ci: a fresh clone in a pipeline: no git identity, the secret subkey imported and in the file of `$CI_AUDIT_KEY`.

`$REPO` is the bare remote as its administrator knows it. A file `variables` beside the clone holds more variables for
the commands.
"""


class World:
    """A copy of one of `BASES`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.start = root / "infra" if (root / "infra").is_dir() else root

    def environment(self, **more: str) -> dict[str, str]:
        """Return all variables of a command in it."""
        return {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": str(self.root / "home"),
            "GNUPGHOME": str(self.root / "gpg"),
            "GIT_CONFIG_GLOBAL": str(self.root / "home/.gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "CHECKPOINT_DISABLE": "1",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "CHECKOUT": str(CHECKOUT),
            "REPO": str(self.root / "origin.git"),
            **dict(line.split("=", 1) for line in self._variables()),
            **more,
        }

    def _variables(self) -> list[str]:
        place = self.root / "variables"
        return place.read_text("utf-8").splitlines() if place.exists() else []

    def attempt(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script of bash and return how it ended; what it prints on both streams comes as one text."""
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.start,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            timeout=300,
            check=False,
        )

    def run(self, script: str, **variables: str) -> str:
        """Run a script of bash, every command of which must succeed, and return what it printed."""
        done = self.attempt(f"set -euo pipefail\n{script}", **variables)
        if done.returncode != 0:
            message = f"exit code {done.returncode} in {self.start}:\n{done.stdout}"
            raise AssertionError(message)
        return done.stdout


class Worlds:
    """Makes worlds below a folder, each kind once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made: dict[str, Path] = {}
        self._copies = 0

    def new(self, name: str) -> World:
        """Return a fresh copy of a world. Raises `KeyError` for a name that is none of `BASES`."""
        if name not in self._made:
            parent, script = BASES[name]
            if parent is None:
                root = self._next()
                for folder in ("home", "gpg"):
                    (root / folder).mkdir(mode=0o700, parents=True)
                world = World(root)
            else:
                world = self.new(parent)
            world.start = world.root
            world.run(script)
            world.run(
                "for place in origin.git infra; do test ! -d $place || git -C $place gc --quiet --prune=now; done"
            )
            stop_gpg(world.root / "gpg")
            self._made[name] = world.root
        return self._copy(self._made[name])

    def _copy(self, made: Path) -> World:
        root = self._next()
        shutil.copytree(made, root, symlinks=True, ignore=shutil.ignore_patterns("S.*"))
        world = World(root)
        if (root / "infra").is_dir():
            world.run(f"git remote set-url origin {root}/origin.git")
        return world

    def _next(self) -> Path:
        self._copies += 1
        return self._root / f"w{self._copies}"

    def stop(self) -> None:
        """End every agent that was started in a world."""
        for number in range(1, self._copies + 1):
            stop_gpg(self._root / f"w{number}" / "gpg")


@contextmanager
def worlds() -> Iterator[Worlds]:
    """Give a maker of worlds in a folder with a short path, for gpg's sockets, removed afterwards."""
    root = Path(tempfile.mkdtemp(prefix="ga-w-", dir="/tmp"))
    made = Worlds(root)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(root, ignore_errors=True)
