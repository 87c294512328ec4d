"""Keeps tests away from the home, keys, configuration and variables of whoever runs them.

A test sees the variables listed in `KEPT` and what `environment` sets, nothing else. The folders of one test are made
by `sandbox`; they lie right under /tmp because the path of a gpg-agent socket may have 107 bytes at most.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEPT = ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""Variables that reach a test as they are: what is needed to start programs."""
KEPT_PREFIXES = ("PYTHON", "PYTEST_", "COV_", "COVERAGE_", "HYPOTHESIS_")
"""Variables of Python and of the test tools, kept likewise."""

PRIVATE = (
    ".aws",
    ".cache/gitaudit",
    ".config/git",
    ".config/gitaudit",
    ".git-credentials",
    ".gitconfig",
    ".gnupg",
    ".kube",
    ".local/share/gitaudit",
    ".local/state/gitaudit",
    ".netrc",
    ".ssh",
)
"""What no test may open in the real home."""

GITCONFIG = """\
[user]
\tname = Test User
\temail = test@example.com
[init]
\tdefaultBranch = main
[gc]
\tauto = 0
[maintenance]
\tauto = false
[commit]
\tgpgSign = false
"""

_SHORT_ROOT = "/tmp"  # noqa: S108 - mkdtemp makes a private folder in it; the usual one is too long for gpg's sockets
_EVENTS = frozenset({"open", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir"})


class RealHomeError(RuntimeError):
    """A test was about to touch the home of whoever runs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The folders of one test.

    Attributes:
        home: HOME, with a `.gitconfig` that names a user.
        gnupg: GNUPGHOME, empty, mode 0700.
    """

    home: Path
    gnupg: Path


def real_homes() -> tuple[Path, ...]:
    """Return the homes of whoever runs the tests: HOME as it was at the start, and that of the user database."""
    try:
        return tuple(dict.fromkeys((_HOME_AT_START, Path(pwd.getpwuid(os.getuid()).pw_dir))))
    except KeyError:  # a container may run as a user that has no name
        return (_HOME_AT_START,)


_HOME_AT_START = Path.home()
_FORBIDDEN = tuple(f"{home}/{name}" for home in real_homes() for name in PRIVATE)


def guard_real_home() -> None:
    """Make every opening of a `PRIVATE` path of the real home raise `RealHomeError`, until Python ends."""
    sys.addaudithook(_refuse_private)


def _refuse_private(event: str, args: tuple[object, ...]) -> None:
    if event not in _EVENTS or not args or not isinstance(args[0], str | bytes):
        return
    path = os.fsdecode(args[0])
    for private in _FORBIDDEN:
        if path == private or path.startswith(private + "/"):
            message = f"a test reached for the real home: {private}"
            raise RealHomeError(message)


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """Give the folders of one test, and remove them and every gpg process in them afterwards."""
    root = Path(tempfile.mkdtemp(prefix="ga-", dir=_SHORT_ROOT))
    try:
        made = Sandbox(home=root / "home", gnupg=root / "gpg")
        made.home.mkdir(mode=0o700)
        made.gnupg.mkdir(mode=0o700)
        (made.home / ".gitconfig").write_text(GITCONFIG, encoding="ascii")
        yield made
    finally:
        for folder in root.iterdir():
            stop_gpg(folder)
        shutil.rmtree(root, ignore_errors=True)


def stop_gpg(home: Path) -> None:
    """End the gpg processes of a GNUPGHOME, if one can have been started there, and remove its sockets."""
    if not (home / "private-keys-v1.d").exists() and not any(home.glob("S.*")):
        return
    for action in ("--kill", "--remove-socketdir"):
        command = ["gpgconf", "--homedir", str(home), action]
        if action == "--kill":
            command.append("all")
        subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)


def environment(made: Sandbox, before: Mapping[str, str]) -> dict[str, str]:
    """Return all variables of a test, given those of whoever runs it."""
    kept = {name: value for name, value in before.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    return kept | {
        "HOME": str(made.home),
        "XDG_CACHE_HOME": str(made.home / ".cache"),
        "XDG_CONFIG_HOME": str(made.home / ".config"),
        "XDG_DATA_HOME": str(made.home / ".local/share"),
        "XDG_STATE_HOME": str(made.home / ".local/state"),
        "GNUPGHOME": str(made.gnupg),
        "GIT_CONFIG_GLOBAL": str(made.home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GITAUDIT_INIT_NO_HOOKS": "1",  # tests of hooks install them; the others push without
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
    }


def isolate_libgit2(made: Sandbox) -> None:
    """Point libgit2, which reads HOME only once and knows no GIT_CONFIG_GLOBAL, at the test's configuration."""
    import pygit2
    from pygit2.enums import ConfigLevel

    empty = str(made.home / "no-such-folder")
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.PROGRAMDATA):
        pygit2.settings.search_path[level] = empty
    pygit2.settings.search_path[ConfigLevel.GLOBAL] = str(made.home)
