"""Which commits of a push change files of a kind: two git processes, one after the other's output, for the whole push.

The processes are started by hand because `subprocess` takes longer to import than they take to run. They read objects
only: plumbing commands, without replace refs, that no configuration of the repository can make run a program.
"""

from __future__ import annotations

import os

from gitaudit.adapters.hooks import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Process = tuple[int, int]
    """Process id, and the descriptor that its output is read from."""

NO_OBJECT = b"0" * 40
_SUBMODULE = b"160000"
_BLOCK = 65_536
_DIFF = ("diff-tree", "--stdin", "--raw", "-r", "-c", "--root", "-z", "--no-renames", "--no-abbrev")
_ENVIRONMENT = {"GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}


class ScanError(Exception):
    """Git ended with an error; the arguments are the exit codes of both processes."""


class Remote:
    """Where a push goes: the Git directory it comes from, and name and address as git gives them to its hook.

    Without an address it is the repository itself, which has received the push.
    """

    __slots__ = ("address", "common", "name")

    def __init__(self, common: str, name: str, address: str) -> None:
        self.common = common
        self.name = name
        self.address = address

    @property
    def is_tracked(self) -> bool:
        """Whether this clone has ever seen what the remote has."""
        return self.name != self.address and places.has_tracking_refs(self.common, self.name)


def commits(
    tips: Sequence[bytes],
    old: Sequence[bytes],
    remote: Remote,
    log: bytes,
    wanted: Callable[[bytes], bool],
) -> list[str]:
    """Return the commits that a push would publish and that change a wanted file, parents first.

    What the remote has already is left out: by its tracking refs, by the values of the pushed refs that it told, or,
    where this clone has never seen anything of it, by asking it, which costs a connection. A merge changes what differs
    from every parent.

    Args:
        tips: objects that are pushed; tags count as the commits that they name, `NO_OBJECT` as nothing.
        old: what the remote has under the pushed refs; objects that are not here are passed over.
        remote: where it goes.
        log: ref of the log, which is never audited itself.
        wanted: says whether a path counts.

    Raises:
        ScanError: git ended with an error.
    """
    there = [value for value in old if value != NO_OBJECT]
    if len(there) < len(old) and remote.address and not remote.is_tracked:
        there += _heads_of(remote)
    asked = [tip for tip in tips if tip != NO_OBJECT]
    question = b"".join(b"%s\n" % one for one in [*asked, b"^" + log, *(b"^" + one for one in there)])
    listing = ["rev-list", "--ignore-missing", "--topo-order", "--reverse", "--stdin"]
    if remote.name != remote.address:
        listing += ["--not", f"--remotes={remote.name}"]
    return _changing(question, listing, wanted)


def _changing(question: bytes, listing: Sequence[str], wanted: Callable[[bytes], bool]) -> list[str]:
    """Return the listed commits that change a wanted file."""
    question_out, question_in = os.pipe()
    listed_out, listed_in = os.pipe()
    lister = _start(listing, question_out, listed_in)
    os.close(question_out)
    os.close(listed_in)
    differ, output = begin(_DIFF, listed_out)
    os.close(listed_out)
    _feed(question_in, question)
    found: list[str] = []
    try:
        for commit, path in _changes(output):
            if commit not in found[-1:] and wanted(path):
                found.append(commit)
    finally:
        os.close(output)  # git ends by itself when nobody reads on
        codes = [_wait(lister), _wait(differ)]
    if any(codes):
        raise ScanError(*codes)
    return found


def _changes(output: int) -> Iterator[tuple[str, bytes]]:
    """Yield commit and path of each change in the output of `git diff-tree`; submodules are left out."""
    commit, rest, counts, is_path = "", b"", False, False
    while block := os.read(output, _BLOCK):
        *tokens, rest = (rest + block).split(b"\0")
        for token in tokens:
            if is_path:
                is_path = False
                if counts:
                    yield commit, token
            elif token.startswith(b":"):
                is_path = True
                parents = len(token) - len(token.lstrip(b":"))
                modes = token[parents:].split(b" ")[: parents + 1]
                counts = any(mode not in (_SUBMODULE, b"000000") for mode in modes)
            else:
                commit = token.decode("ascii")


def is_overwritten(new: bytes, old: bytes) -> bool:
    """Return whether a push from `old` to `new` deletes the ref or leaves commits behind, or may do so."""
    if new == NO_OBJECT:
        return True
    process = begin(["merge-base", "--is-ancestor", old.decode("ascii"), new.decode("ascii")])
    os.close(process[1])
    return _wait(process[0]) != 0


def policy_id(log: bytes) -> bytes:
    """Return the object id of `policy.yml` at the head of the log, empty where there is none."""
    return end(begin_policy_id(log))


def begin_policy_id(log: bytes) -> Process:
    """Begin to look for `policy.yml`; `end` gives its object id."""
    return begin(["rev-parse", "--quiet", "--verify", "--end-of-options", f"{os.fsdecode(log)}:policy.yml"])


def value_of(ref: bytes) -> bytes:
    """Return the object id that a full ref name points at, empty where it does not exist."""
    return end(begin(["rev-parse", "--quiet", "--verify", "--end-of-options", os.fsdecode(ref)]))


def values_below(prefix: str, suffix: bytes) -> list[bytes]:
    """Return the object ids of the refs whose names begin and end so."""
    listed = end(begin(["for-each-ref", "--format=%(objectname) %(refname)", prefix])).split(b"\n")
    return [line.partition(b" ")[0] for line in listed if line.endswith(suffix)]


def _heads_of(remote: Remote) -> list[bytes]:
    """Return what branches and tags of a remote point at; none where it cannot be asked."""
    told = end(begin(["ls-remote", "--quiet", "--heads", "--tags", remote.address]))
    return [line.partition(b"\t")[0] for line in told.split(b"\n") if line]


def begin(arguments: Sequence[str], stdin: int | None = None) -> Process:
    """Start git; its output waits to be read."""
    out, into = os.pipe()
    process = _start(arguments, stdin, into)
    os.close(into)
    return process, out


def end(process: Process) -> bytes:
    """Return what git printed, without the last line end; empty where it ended with an error."""
    parts = []
    while block := os.read(process[1], _BLOCK):
        parts.append(block)
    os.close(process[1])
    return b"" if _wait(process[0]) else b"".join(parts).rstrip(b"\n")


def _start(arguments: Sequence[str], stdin: int | None, stdout: int) -> int:
    null = os.devnull
    actions: list[tuple[object, ...]] = [
        (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0) if stdin is None else (os.POSIX_SPAWN_DUP2, stdin, 0),
        (os.POSIX_SPAWN_DUP2, stdout, 1),
        (os.POSIX_SPAWN_OPEN, 2, null, os.O_WRONLY, 0),
    ]
    return os.posix_spawnp("git", ["git", *arguments], os.environ | _ENVIRONMENT, file_actions=actions)


def _feed(stdin: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(stdin, data) :]
    except BrokenPipeError:
        pass  # its exit code says why
    finally:
        os.close(stdin)


def _wait(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
