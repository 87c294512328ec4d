"""What the hooks find in the Git directory without asking git, and the copy of the policy that they keep there.

The copy spares a push the reading of YAML, schemas and patterns. It is of one `policy.yml`, named by its blob, so it
is out of date as soon as the log has another; it decides nothing but whether the long way has to be gone.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.iac.patterns import PathMatcher

FOLDER = "gitaudit"
CACHE = "hook-policy"
_FORMAT = b"gitaudit.hook-policy/1"
_MAX_CACHE = 1_000_000
_MAX_SEEN = 100_000
_OWN = (b"refs/notes/", b"refs/gitaudit/")


class Known:
    """The copy of a policy.

    Attributes:
        log: full name of the ref that holds the log.
        policy: object id of the `policy.yml` that this is a copy of.
        writer: who writes change records.
        protected: patterns of protected refs.
    """

    __slots__ = ("_globs", "_matcher", "_seen", "_tails", "_within", "log", "policy", "protected", "writer")

    def __init__(self, lines: Sequence[bytes]) -> None:
        """Read the lines of the copy after the first. Raises `KeyError`, `ValueError` where they are none."""
        fields: dict[bytes, list[bytes]] = {}
        for line in lines:
            name, _, value = line.partition(b" ")
            fields.setdefault(name, []).append(value)
        self.log, self.policy, self.writer = (fields[name][0] for name in (b"log", b"policy", b"writer"))
        self.protected = fields.get(b"protect", [])
        self._globs = [value.decode("utf-8", "surrogateescape") for value in fields.get(b"glob", [])]
        pairs = [value.split(b"\t") for value in fields.get(b"name", [])]
        self._tails: dict[bytes, list[bytes]] = {}
        for head, tail in pairs:
            self._tails.setdefault(tail, []).append(head)
        self._within = [value.split(b"\t") if value else [] for value in fields.get(b"within", [])]
        self._seen: dict[bytes, bool] = {}
        self._matcher: PathMatcher | None = None

    def matches(self, path: bytes) -> bool:
        """Return whether a path is one of infrastructure as code: exactly what `PathMatcher` says."""
        found = self._seen.get(path)
        if found is None:
            if len(self._seen) > _MAX_SEEN:
                self._seen.clear()
            found = self._seen[path] = self._may_match(path) and self._exactly(path)
        return found

    def _may_match(self, path: bytes) -> bool:
        """Return False only for what no pattern takes in; few others pass."""
        name = path[path.rfind(b"/") + 1 :]
        if name.endswith(tuple(self._tails)):
            for tail, heads in self._tails.items():
                if name.endswith(tail) and any(name.startswith(head) for head in heads):
                    return True
        below = b"/" + path
        return any(all(needle in below for needle in needles) for needles in self._within)

    def _exactly(self, path: bytes) -> bool:
        if self._matcher is None:
            from gitaudit.iac.patterns import PathMatcher

            self._matcher = PathMatcher(self._globs)
        return self._matcher.matches(path)


def common_dir() -> str | None:
    """Return the Git directory that all worktrees share (gitrepository-layout(5)), None where it is not here."""
    try:
        named = os.environ.get("GIT_COMMON_DIR")
        if named:
            return named
        git_dir = os.environ.get("GIT_DIR") or _dot_git()
        try:
            return os.path.join(git_dir, _text(os.path.join(git_dir, "commondir")))  # noqa: PTH118 - pathlib is slow
        except FileNotFoundError:
            return git_dir if os.path.isdir(os.path.join(git_dir, "objects")) else None  # noqa: PTH112, PTH118
    except (OSError, ValueError):
        return None


def _dot_git() -> str:
    """Return what `.git` of the folder is or names: git runs hooks at the top of the work tree."""
    if os.path.isdir(".git"):  # noqa: PTH112 - pathlib is slow
        return ".git"
    return _text(".git").removeprefix("gitdir: ")


def _text(path: str) -> str:
    with open(path, "rb") as stream:  # noqa: PTH123 - pathlib is slow
        return os.fsdecode(stream.read(4096).rstrip(b"\r\n"))


def read_cache(common: str) -> Known | None:
    """Return the copy of the policy, None where there is none that can be used."""
    try:
        with open(f"{common}/{FOLDER}/{CACHE}", "rb") as stream:  # noqa: PTH123 - pathlib is slow
            first, *lines = stream.read(_MAX_CACHE).split(b"\n")
        return Known(lines) if first == _FORMAT else None
    except (OSError, KeyError, ValueError):
        return None


def cache_bytes(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the copy of a policy as it is stored: names and values, as `Known` reads them."""
    return b"\n".join([_FORMAT, *(name + b" " + value for name, value in fields)])


def has_log(common: str) -> bool:
    """Return whether this clone has ever written to a log or joined one."""
    return os.path.isdir(f"{common}/{FOLDER}")  # noqa: PTH112 - pathlib is slow


def is_waiting(common: str) -> bool:
    """Return whether records wait to be published."""
    try:
        return any(name.endswith(".json") for name in os.listdir(f"{common}/{FOLDER}/outbox"))  # noqa: PTH208
    except FileNotFoundError:
        return False


def has_tracking_refs(common: str, remote: str) -> bool:
    """Return whether anything has been fetched from, or pushed to, a remote of this name."""
    prefix = f"refs/remotes/{remote}/"
    try:
        if any(True for _ in os.scandir(f"{common}/{prefix}")):
            return True
    except OSError:
        pass  # none that is not packed
    try:
        with open(f"{common}/packed-refs", "rb") as stream:  # noqa: PTH123 - pathlib is slow
            return b" " + os.fsencode(prefix) in stream.read()
    except OSError:
        return False


def is_protected(ref: bytes, patterns: Sequence[bytes]) -> bool:
    """Return whether a ref is one that the policy protects, by its full name or by the start of one and `/*`."""
    return any(ref.startswith(pattern[:-1]) if pattern.endswith(b"/*") else ref == pattern for pattern in patterns)


def is_own(ref: bytes, log: bytes) -> bool:
    """Return whether a ref is the log's or notes: what is on it is about commits, and never audited itself."""
    return ref == log or ref.startswith(_OWN)
