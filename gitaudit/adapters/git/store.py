"""Objects and refs of a repository. Reading goes through libgit2, which runs no program and knows no replace refs.

What is written is kept in memory until refs move to it: then few objects become loose ones, and many become a pack, so
that a command that fails half way leaves nothing behind. Refs are moved with `git update-ref`, so that hooks, reflog
and compare-and-swap work as for any other tool.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gitaudit.adapters.git.config import GitConfig
from gitaudit.adapters.git.core import core
from gitaudit.adapters.git.objects import HINT, ObjectFiles
from gitaudit.adapters.git.program import run_git
from gitaudit.errors import LogError, ObjectError, RefMovedError, SetupError
from gitaudit.log.commit import object_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pygit2.enums import SortMode

    from gitaudit.model import Kind, RefMove

NO_OBJECT = "0" * 40
TRACKING = "refs/gitaudit/remotes/"
"""What remotes last had, by name: outside `refs/remotes/`, whose refspec would force it."""
MAX_LOOSE = 200
MAX_PENDING = 20_000
MAX_SYMREFS = 5
"""Git itself follows no more."""
_TOPOLOGICAL, _BY_TIME, _REVERSE = 1, 2, 4
"""libgit2's orders of a walk (git2/revwalk.h)."""


def find_repository(start: Path, incoming: Sequence[Path] = ()) -> GitStore:
    """Return the repository that `start` lies in.

    Args:
        start: a folder of it.
        incoming: further folders of objects: what a push brings, while the server's hook looks at it.

    Raises:
        SetupError: there is none, or one of a kind that libgit2 cannot open.
    """
    try:
        found = core.discover_repository(str(start)) or ""
        if not found:
            raise SetupError(
                f"expected a Git repository at {start}, found none",
                hint="run gitaudit inside a repository, or name one with -C DIR",
            )
        _refuse_grafts(Path(found))
        return GitStore(found, incoming)
    except core.GitError as error:
        raise _cannot_open(start, str(error)) from error


def _refuse_grafts(git_dir: Path) -> None:
    """Refuse a repository with grafts: libgit2 walks along them, so commits that lack a record could be passed over."""
    place = _common_dir(git_dir) / "info" / "grafts"
    try:
        is_used = bool(place.read_bytes().strip())
    except OSError:
        return
    if is_used:
        import shlex

        raise SetupError(
            f"the repository has grafts, which hide commits from whoever walks along its history: {place}",
            hint=f"ask who made that file, then remove it with: {shlex.join(['rm', '--', str(place)])}",
        )


def _cannot_open(start: Path, reason: str) -> SetupError:
    if "object format" in reason or "objectformat" in reason:
        return SetupError(
            "the repository uses SHA-256 object ids, which gitaudit cannot read yet",
            hint="use a repository made with: git init --object-format=sha1",
        )
    if "refstorage" in reason:
        return SetupError(
            "the repository stores its refs as reftable, which gitaudit cannot read yet",
            hint="convert it with: git refs migrate --ref-format=files",
        )
    if "owned by" in reason or "owner" in reason:
        return SetupError(
            f"the repository at {start} belongs to another user",
            hint=f"if you trust it: git config --global --add safe.directory {start}",
        )
    return SetupError(f"cannot open the repository at {start}: {reason}", hint="check it with: git fsck")


class GitStore:
    """One repository; fits the ports `ObjectReader` and `ObjectStore`."""

    def __init__(self, path: str | Path, incoming: Sequence[Path] = ()) -> None:
        """Open a repository by its Git directory or its work tree, with further objects. Raises `pygit2.GitError`."""
        self._repository = repository = core.Repository(core.init_file_backend(str(path)))
        self._pending: dict[str, tuple[Kind, bytes]] = {}
        self.starts_programs = True
        """Whether git may be asked for its configuration; verification starts no program at all."""
        self.git_dir = Path(str(repository.path))
        self.common_dir = _common_dir(self.git_dir)
        self._objects = ObjectFiles(*incoming, self.common_dir / "objects")
        for folder in incoming:
            repository.odb.add_disk_alternate(str(folder.absolute()))
        self.work_tree = None if repository.workdir is None else Path(repository.workdir)

    def read(self, oid: str) -> tuple[Kind, bytes]:
        """Return the kind and content of an object, after comparing its SHA-1 with its id."""
        pending = self._pending.get(oid)
        if pending is not None:
            return pending
        try:
            kind, content = self._objects.read(oid)
        except KeyError as error:
            raise ObjectError(oid, "missing", hint=self._missing_hint()) from error
        if object_id(kind, content) != oid:
            raise ObjectError(oid, "damaged", hint=HINT)
        return kind, content

    def ref(self, name: str) -> str | None:
        """Return what a full ref name points at; a symbolic ref is refused, as it could name another branch."""
        try:
            reference = self._repository.lookup_reference(name)
        except (KeyError, core.InvalidSpecError):
            return None  # nothing can stand under a name that is none
        except (core.GitError, OSError, ValueError) as error:
            raise SetupError(f"cannot read the ref {name}: {error}", hint="check permissions and the disk") from error
        if isinstance(reference.target, str):
            raise LogError(
                f"expected {name} to be a branch, found a symbolic ref to {reference.target}",
                hint=f"remove it with: git symbolic-ref --delete {name}",
            )
        return str(reference.target)

    def resolved(self, name: str) -> str:
        """Return the name of the ref that a symbolic ref leads to in the end; the name itself where it is none."""
        for _ in range(MAX_SYMREFS):
            try:
                target = self._repository.lookup_reference(name).target
            except (KeyError, core.InvalidSpecError, core.GitError, OSError, ValueError):
                return name
            if not isinstance(target, str):
                return name
            name = target
        return name

    def is_packed(self, name: str, oid: str) -> bool:
        """Return whether `packed-refs` holds a ref at exactly this value."""
        try:
            lines = (self.common_dir / "packed-refs").read_bytes().split(b"\n")
        except OSError:
            return False
        return f"{oid} {name}".encode() in lines

    def is_cut(self, oid: str) -> bool:
        """Return whether a commit is a boundary of a shallow clone."""
        return oid in self._shallow

    def is_partial(self) -> bool:
        """Return whether the clone is shallow or partial."""
        return bool(self._shallow) or any(
            name.endswith((".promisor", ".partialclonefilter")) for name in self._config.names()
        )

    def write(self, kind: Kind, content: bytes) -> str:
        """Keep an object to be stored when refs move, and return its id."""
        oid = object_id(kind, content)
        self._pending[oid] = (kind, content)
        if len(self._pending) >= MAX_PENDING:
            self.flush()
        return oid

    def flush(self) -> None:
        """Store what is kept, synced to disk."""
        pending, self._pending = self._pending, {}
        if len(pending) > MAX_LOOSE:
            from gitaudit.adapters.git.pack import write_pack

            write_pack(self.git_dir, [item for oid, item in pending.items() if not self._objects.has(oid)])
            return
        try:
            self._objects.write(pending)
        except OSError as error:
            hint = "check free space and permissions, then run it again"
            raise SetupError(f"cannot write to {self.common_dir}: {error}", hint=hint) from error

    def move_refs(self, moves: Sequence[RefMove], reason: str) -> None:
        """Store what was written, then move all refs in one transaction of `git update-ref`."""
        self.flush()
        lines = "".join(f"update {move.name}\0{move.new}\0{move.old or NO_OBJECT}\0" for move in moves)
        command = ["-c", "core.fsync=committed,reference", "update-ref", "-m", f"gitaudit: {reason}"]
        result = run_git([*command, "--create-reflog", "--stdin", "-z"], git_dir=self.git_dir, stdin=lines.encode())
        if result.returncode == 0:
            return
        moved = [move.name for move in moves if self.ref(move.name) != move.old]
        if moved:
            raise RefMovedError(f"expected {moved[0]} to stay where it was, found it moved")
        raise SetupError(
            f"cannot move {', '.join(move.name for move in moves)}: {result.message}",
            hint="a branch below that name, a lock file, missing space or permission may stand in the way",
        )

    def resolve(self, revision: str) -> str:
        """Return the commit that a revision names (gitrevisions(7)), tags peeled. Raises `SetupError` for none."""
        try:
            return str(self._repository.revparse_single(revision).peel(core.Commit).id)
        except (KeyError, ValueError, core.GitError) as error:
            raise LookupError(revision) from error

    def commits_between(self, include: Sequence[str], exclude: Sequence[str]) -> Iterator[str]:
        """Yield the commits reachable from `include` and not from `exclude`, parents before children."""
        walker = self._repository.walk(None, cast("SortMode", _TOPOLOGICAL | _REVERSE))
        for oid in exclude:
            walker.hide(oid)
        for oid in include:
            walker.push(oid)
        for commit in walker:
            yield str(commit.id)

    def newest_first(self, tips: Sequence[str]) -> Iterator[str]:
        """Yield the commits reachable from `tips`, newest first by date, as far as they are asked for."""
        walker = self._repository.walk(None, cast("SortMode", _BY_TIME))
        for oid in tips:
            walker.push(oid)
        for commit in walker:
            yield str(commit.id)

    def refs(self, prefix: str) -> list[tuple[str, str]]:
        """Return name and target of the refs whose name starts with `prefix`, sorted; symbolic ones are left out.

        Raises:
            SetupError: the refs are damaged, or cannot be read.
        """
        found: list[tuple[str, str]] = []
        if not self._may_hold(prefix):
            return found
        try:
            for raw in sorted(self._repository.raw_listall_references()):
                name = raw.decode("utf-8", "surrogateescape")
                target = self._repository.lookup_reference(name).target if name.startswith(prefix) else ""
                if not isinstance(target, str):
                    found.append((name, str(target)))
        except (core.GitError, KeyError, OSError, ValueError) as error:
            raise SetupError(f"cannot list the refs: {error}", hint="git show-ref tells which is damaged") from error
        return found

    def _may_hold(self, prefix: str) -> bool:
        """Return whether there could be refs below a prefix; libgit2 lists all that there are, however many."""
        if (self.common_dir / prefix.rpartition("/")[0]).is_dir():
            return True
        try:
            return prefix.encode() in (self.common_dir / "packed-refs").read_bytes()
        except FileNotFoundError:
            return False
        except OSError:
            return True

    @property
    def fetched_at(self) -> datetime | None:
        """When this worktree was last fetched to by the user, None where that is not known."""
        try:
            return datetime.fromtimestamp((self.git_dir / "FETCH_HEAD").stat().st_mtime, UTC)
        except OSError:
            return None

    def head_ref(self) -> str | None:
        """Return the full name of the branch that HEAD is on, None where it is detached."""
        target = cast("object", self._repository.lookup_reference("HEAD").target)  # a name where HEAD is on a branch
        return target if isinstance(target, str) else None

    def is_dirty(self) -> bool:
        """Return whether tracked files differ from HEAD; False in a bare repository."""
        if self.work_tree is None:
            return False
        return any(self._repository.status(untracked_files="no").values())

    def config(self, name: str, *, trusted_only: bool = False) -> str | None:
        """Return a Git configuration value, None where it is not set.

        Args:
            name: such as `user.signingkey`.
            trusted_only: leave out the repository's own file, which a hostile archive could bring along.
        """
        return self._config.get(name, trusted_only=trusted_only)

    def remotes(self) -> dict[str, str]:
        """Return the URL of each remote by name; URLs may hold credentials and must not be shown."""
        return self._config.remotes()

    @cached_property
    def _config(self) -> GitConfig:
        return GitConfig.by_git(self.git_dir) if self.starts_programs else GitConfig.by_libgit2(self.git_dir)

    @cached_property
    def _shallow(self) -> frozenset[str]:
        """Commits whose parents a shallow clone left out (gitrepository-layout(5)), read once."""
        try:
            return frozenset((self.common_dir / "shallow").read_text("ascii").split())
        except (OSError, UnicodeDecodeError):
            return frozenset()

    def _missing_hint(self) -> str | None:
        if not self.is_partial():
            return None
        return "the clone is shallow or partial: git fetch --unshallow --refetch brings what is left out"


def _common_dir(git_dir: Path) -> Path:
    """Return the directory that a linked worktree shares with its repository (gitrepository-layout(5))."""
    try:
        named = (git_dir / "commondir").read_text("utf-8").strip()
    except OSError:
        return git_dir
    return Path(os.path.normpath(git_dir / named))
