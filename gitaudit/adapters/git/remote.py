"""The remote of a log, by the `git` program: its transports, credentials and hooks are the user's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.adapters.git.program import GitResult, run_git
from gitaudit.adapters.git.store import TRACKING
from gitaudit.errors import LogError, RemoteError, SetupError
from gitaudit.model import PushResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.adapters.git.store import GitStore

_BRANCHES = "refs/heads/"
_FETCH_OPTIONS = ("--refmap=", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-auto-maintenance")
_PUSH_OPTIONS = ("--no-verify", "--no-signed", "--no-follow-tags", "--atomic", "--porcelain")
_ALONE = "--no-recurse-submodules"
_LOST = ("fetch first", "non-fast-forward", "stale info", "incorrect old value", "reference already exists")
"""Statuses of a ref in a push that mean: another writer was faster."""
_LOCKED = ("failed to update ref", "atomic transaction failed", "cannot lock ref", "lock failure", "failed to lock")
"""Statuses that mean the same, unless the server tells another reason beside them."""
_ABORTED = "aborted by hook"
_LASTING = ("exists; cannot create", _ABORTED, "hook declined", "Permission denied", "No space left")
"""Reasons that another attempt would meet again."""
_FAILED_HERE = ("unable to update local ref", "failed to write object", "unable to write", "unable to create temporary")
_TOLD = ("fatal:", "error:", "remote:", "ssh:", "ERROR", "!")
_USER_PART = re.compile(r"(?<=://)\S*@|[^\s:@/'\"]+:(?!//)[^\s@]+@")
"""The user part of a URL, also where git tells host and user without the scheme."""
_LONGEST_REASON = 400
MAX_LOCKED_OUT = 5
"""A lock file on the server that so many pushes met one after the other belongs to no writer at work."""


class GitRemote:
    """One configured remote of a repository; fits the port `Remote`."""

    def __init__(self, store: GitStore, name: str) -> None:
        self._store = store
        self._name = name
        self._locked_out = 0

    @property
    def name(self) -> str:
        """Name of the remote."""
        return self._name

    def tracking(self, ref: str) -> str:
        """Return `refs/gitaudit/remotes/NAME/…`."""
        return f"{TRACKING}{self._name}/{ref.removeprefix('refs/')}"

    def fetch(self, refs: Sequence[str]) -> Mapping[str, str | None]:
        """Fetch what the remote has of `refs`; tracking refs of branches only ever move forward.

        Raises:
            RemoteError: it cannot be reached.
            SetupError: what it sends cannot be stored here, or a lock file lies in the way.
            LogError: a branch there lacks what its tracking ref has; the head there is kept as evidence.
        """
        if all(self._store.ref(self.tracking(ref)) is not None for ref in refs):
            # The usual case, in one connection: the remote has had them all before.
            result = self._fetch(refs)
            if result.returncode == 0:
                return {ref: self._store.ref(self.tracking(ref)) for ref in refs}
            if not any(text in result.stderr for text in ("couldn't find remote ref", "[rejected]")):
                raise self._failed(result)
        theirs = self._list(refs)
        wanted = [ref for ref, head in theirs.items() if head not in {None, self._store.ref(self.tracking(ref))}]
        result = self._fetch(wanted)
        if result.returncode == 0:
            return {ref: self._store.ref(self.tracking(ref)) if head else None for ref, head in theirs.items()}
        branches = [ref for ref in wanted if ref.startswith(_BRANCHES)]
        raise self._rewritten(branches) if branches and "[rejected]" in result.stderr else self._failed(result)

    def push(self, moves: Mapping[str, str]) -> PushResult:
        """Push with `--atomic --no-verify`, whatever else the configuration would have pushes do."""
        specs = [f"{commit}:{ref}" for ref, commit in moves.items()]
        result = self._run(
            ["-c", f"remote.{self._name}.mirror=false", "push", _ALONE, *_PUSH_OPTIONS, self._name, *specs]
        )
        if result.returncode == 0:
            return PushResult(accepted=True)
        told = result.stdout.decode("utf-8", "backslashreplace")
        statuses = [line.split("\t")[-1] for line in told.splitlines() if line.startswith("!")]
        if _ABORTED in result.stderr:  # git ends the connection where a reference-transaction hook says no
            return PushResult(accepted=False, reason=_one_line(_said(result.stderr)))
        if not statuses or any("[remote failure]" in status for status in statuses):
            raise self._unreachable(result)
        remote = [
            line.removeprefix("remote:").strip() for line in result.stderr.splitlines() if line.startswith("remote:")
        ]
        race = _is_race(statuses, remote)
        self._locked_out = self._locked_out + 1 if result.lock_file else 0
        if self._locked_out >= MAX_LOCKED_OUT:
            race = False
        return PushResult(accepted=False, race=race, reason=_refusal(statuses, remote))

    def _list(self, refs: Sequence[str]) -> dict[str, str | None]:
        listed = self._run(["ls-remote", "--refs", self._name, *refs])
        if listed.returncode != 0:
            raise self._unreachable(listed)
        lines = [line.split("\t") for line in listed.stdout.decode("ascii", "replace").splitlines()]
        theirs: dict[str, str | None] = dict.fromkeys(refs)
        theirs.update({line[1]: line[0] for line in lines if len(line) == 2 and line[1] in theirs})  # noqa: PLR2004 - id, name
        return theirs

    def _fetch(self, refs: Sequence[str]) -> GitResult:
        """Fetch into the tracking refs; branches without force, notes with it, as they may be rebuilt."""
        if not refs:
            return GitResult(returncode=0, stdout=b"", stderr="")
        specs = [f"{'' if ref.startswith(_BRANCHES) else '+'}{ref}:{self.tracking(ref)}" for ref in refs]
        return self._run(["fetch", _ALONE, *_FETCH_OPTIONS, self._name, *specs])

    def _rewritten(self, refs: Sequence[str]) -> LogError:
        """Return the error for a branch that was rewound or forked, after keeping the head that the remote has now."""
        kept = {ref: f"refs/gitaudit/rejected/{self._name}/{ref.removeprefix('refs/')}" for ref in refs}
        self._run(["fetch", _ALONE, *_FETCH_OPTIONS, self._name, *(f"+{ref}:{kept[ref]}" for ref in refs)])
        ref = refs[0]
        return LogError(
            f"the log on {self._name} was rewound or forked: expected {ref} to extend "
            f"{self._store.ref(self.tracking(ref))}, which this clone has seen, found {self._store.ref(kept[ref])}",
            hint=f"keep this clone as evidence (the head found is at {kept[ref]}), and ask who moved the branch",
        )

    def _run(self, arguments: list[str]) -> GitResult:
        return run_git(arguments, git_dir=self._store.git_dir)

    def _failed(self, result: GitResult) -> RemoteError | SetupError:
        """Return the error for a fetch that failed: here, or on the way."""
        if not any(text in result.stderr for text in _FAILED_HERE):
            return self._unreachable(result)
        return result.lock_error() or SetupError(
            f"cannot store what {self._name} sends: {self._told(result)}", hint="check free space and permissions"
        )

    def _unreachable(self, result: GitResult) -> RemoteError:
        return RemoteError(
            f"cannot reach the remote {self._name}: {self._told(result)}",
            hint="check the network and your access; records that wait here go out with `gitaudit sync`",
        )

    @staticmethod
    def _told(result: GitResult) -> str:
        said = _said(result.stderr)
        told = [line for line in said if line.startswith(_TOLD)] or said or [result.message]
        return _one_line(told[:3])


def _said(stderr: str) -> list[str]:
    return [line.strip() for line in stderr.splitlines() if line.strip()]


def _is_race(statuses: Sequence[str], remote: Sequence[str]) -> bool:
    """Return whether another attempt may succeed, from the statuses of the refs and what the server told beside them.

    What a hook prints is believed only where the status leaves the reason open.
    """
    if any(text in status for status in statuses for text in _LASTING):
        return False
    if any(text in status for status in statuses for text in _LOST):
        return True
    locked = any(text in status for status in statuses for text in _LOCKED)
    return locked and not any(text in line for line in remote for text in _LASTING)


def _refusal(statuses: Sequence[str], remote: Sequence[str]) -> str:
    """Return why the remote refused: what its hook or git said, and the status that is not about the other ref."""
    own = [status for status in statuses if "atomic push" not in status] or list(statuses)
    return _one_line([*[line for line in remote if line][:6], own[0]])


def _one_line(lines: Sequence[str]) -> str:
    text = _USER_PART.sub("", "; ".join(lines))
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)[:_LONGEST_REASON]
