"""Small files of a clone's own, in `gitaudit/` of the common Git directory: outbox, memory, lock."""

from __future__ import annotations

import binascii
import fcntl
import hashlib
import json
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from gitaudit.errors import ConflictError, SetupError
from gitaudit.model import Draft, Head, Remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

FOLDER = "gitaudit"
LOCK_SECONDS = 60.0
POLL_SECONDS = 0.05

TEMPORARY = ".tmp"
STALE_SECONDS = 3600.0
"""A temporary file this old was left by a command that was killed."""

_OUTBOX_FORMAT = "gitaudit.outbox/1"
_MEMORY_FORMAT = "gitaudit.memory/1"


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file in one step, synced to disk with its folder; only the owner may read it.

    Raises:
        SetupError: no space, no permission. The file may then be there all the same, if only its folder would not sync.
    """
    # Named by process: two commands that write the same file at once must not write into each other's.
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        _make_folder(path.parent)
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise SetupError(f"cannot write {path}: {error.strerror}", hint="check free space and permissions") from error


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each synced into the one that has it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def seal(document: dict[str, object]) -> bytes:
    """Return a document with its own digest, so that damage is told apart from another content."""
    body = json.dumps(document, sort_keys=True, indent=1).encode("ascii")
    return hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body + b"\n"


def unseal(path: Path, expected_format: str, hint: str) -> dict[str, object]:
    """Return a document that `seal` made. Raises `SetupError`: not readable, damaged, or of another format."""
    try:
        digest, _, rest = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise SetupError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error
    body = rest.removesuffix(b"\n")
    if hashlib.sha256(body).hexdigest().encode("ascii") != digest:
        raise SetupError(f"{path} is damaged: its content does not fit its digest", hint=hint)
    document = json.loads(body)
    found = document.get("format") if isinstance(document, dict) else None
    if found != expected_format:
        raise SetupError(
            f"{path}: expected format {expected_format}, found {found}",
            hint="it is from another version of gitaudit; run that one, or a newer one",
        )
    return cast("dict[str, object]", document)


@contextmanager
def _as_written(path: Path, hint: str) -> Iterator[None]:
    """Take a whole file with other fields than this program writes for a damaged one."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SetupError(f"{path} is damaged: it lacks what this version writes", hint=hint) from error


class FileOutbox:
    """Drafts as one file each, named by id, which sorts by time; fits the port `Outbox`."""

    def __init__(self, common_dir: Path) -> None:
        self._folder = common_dir / FOLDER / "outbox"

    def put(self, draft: Draft, base: str | None) -> None:
        """Keep a draft, synced to disk before this returns."""
        files = {path: _to_base64(content) for path, content in draft.files.items()}
        entry: dict[str, object] = {
            "format": _OUTBOX_FORMAT,
            "base": base,
            "document": dict(draft.document),
            "files": files,
        }
        path = self._folder / f"{draft.id}.json"
        self._clean()
        try:
            write_durably(path, seal(entry))
        except SetupError:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise

    def entries(self) -> Sequence[tuple[Draft, str | None]]:
        """Return the drafts and their bases, by id, that is by the time they were made."""
        return [self._read(path) for path in self._paths()]

    def unreadable(self) -> Sequence[Path]:
        """Return the files of drafts that cannot be read; one of them keeps all records from being written."""
        found = []
        for path in self._paths():
            try:
                self._read(path)
            except SetupError:
                found.append(path)
        return found

    def _paths(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if path.suffix == ".json")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SetupError(f"cannot read {self._folder}: {error.strerror}", hint="check its permissions") from error

    def remove(self, ids: Iterable[str]) -> None:
        """Forget drafts by id."""
        for draft_id in ids:
            path = self._folder / f"{draft_id}.json"
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise SetupError(
                    f"cannot remove {path}: {error.strerror}", hint="check permissions; it is not recorded twice"
                ) from error

    def _clean(self) -> None:
        """Remove what killed commands have left half written; a draft that was kept never has that name."""
        with suppress(OSError):
            for path in self._folder.parent.glob(f"**/*{TEMPORARY}"):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink(missing_ok=True)

    def _read(self, path: Path) -> tuple[Draft, str | None]:
        hint = "if it cannot be restored, move the file away; its record is then lost"
        with _as_written(path, hint):
            entry = cast("dict[str, Any]", unseal(path, _OUTBOX_FORMAT, hint))
            files = {str(name): binascii.a2b_base64(text, strict_mode=True) for name, text in entry["files"].items()}
            return Draft(document=dict(entry["document"]), files=files), entry["base"]


def _to_base64(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode("ascii")


class FileMemory:
    """What the clone remembers, in `memory.json`; fits the port `Memory`."""

    def __init__(self, common_dir: Path) -> None:
        self.path = common_dir / FOLDER / "memory.json"

    def load(self) -> Remembered | None:
        """Return what is remembered."""
        if not self.path.exists():
            return None
        hint = "remove it, then pin the log anew with: gitaudit verify --full"
        with _as_written(self.path, hint):
            fields = unseal(self.path, _MEMORY_FORMAT, hint)
            verified = fields["verified"]
            return Remembered(
                origin=str(fields["origin"]),
                log=str(fields["log"]),
                genesis=_head(fields["genesis"]),
                seen=_head(fields["seen"]),
                verified=None if verified is None else _head(verified),
                root=str(fields["root"]),
                governed=str(fields["governed"]),
            )

    def save(self, remembered: Remembered) -> None:
        """Replace what is remembered."""
        verified = remembered.verified
        document: dict[str, object] = {
            "format": _MEMORY_FORMAT,
            "origin": remembered.origin,
            "log": remembered.log,
            "genesis": _head_fields(remembered.genesis),
            "seen": _head_fields(remembered.seen),
            "verified": None if verified is None else _head_fields(verified),
            "root": remembered.root,
            "governed": remembered.governed,
        }
        write_durably(self.path, seal(document))


def _head(value: object) -> Head:
    fields = cast("dict[str, str | int]", value)
    return Head(commit=str(fields["commit"]), sha256=str(fields["sha256"]), size=int(fields["size"]))


def _head_fields(head: Head) -> dict[str, object]:
    return {"commit": head.commit, "sha256": head.sha256, "size": head.size}


class FileLock:
    """An advisory lock that the kernel drops when its holder dies; fits the port `Lock`."""

    def __init__(self, common_dir: Path, seconds: float = LOCK_SECONDS, name: str = "lock") -> None:
        self._path = common_dir / FOLDER / name
        self._seconds = seconds

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock, waiting for another process to end."""
        try:
            _make_folder(self._path.parent)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SetupError(
                f"cannot write {self._path}: {error.strerror}", hint="check free space and permissions"
            ) from error
        try:
            self._wait(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _wait(self, descriptor: int) -> None:
        deadline = time.monotonic() + self._seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise ConflictError(
                        f"another gitaudit has been writing to this clone for {self._seconds:.0f} seconds",
                        hint=f"wait for it to end, or find it with: fuser {self._path}",
                    ) from error
                time.sleep(POLL_SECONDS)
            else:
                return


def write_plainly(path: Path, content: bytes) -> None:
    """Write a file of the working tree; a symbolic link there is replaced, not followed. Raises `SetupError`."""
    try:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise SetupError(f"cannot write {path}: {error.strerror}", hint="check free space and permissions") from error
