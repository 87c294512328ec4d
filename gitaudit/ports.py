"""What the use cases need of the world, as small Protocols; `gitaudit/adapters/` implements them.

`gitaudit/cli/wiring.py` joins the two. Object ids are 40 lower-case hex digits and refs are full names throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from gitaudit.log.openpgp import Signature
    from gitaudit.model import Answer, Draft, Ended, Kind, PushResult, RefMove, Remembered, Verdict


class ObjectReader(Protocol):
    """Read access to a repository's objects and refs, blind to replace refs and grafts."""

    def read(self, oid: str) -> tuple[Kind, bytes]:
        """Return the kind and content of an object, its hash checked. Raises `ObjectError`."""

    def ref(self, name: str) -> str | None:
        """Return what a full ref name points at, None where it does not exist."""

    def is_cut(self, oid: str) -> bool:
        """Return whether a commit's parents are left out because the clone is shallow."""

    def is_partial(self) -> bool:
        """Return whether objects may rightly be missing: a shallow or a partial clone."""


class ObjectStore(ObjectReader, Protocol):
    """Write access as well."""

    def write(self, kind: Kind, content: bytes) -> str:
        """Return the id of an object that is stored when refs move, or before."""

    def flush(self) -> None:
        """Store all that was written, durably. Raises `SetupError`: no space, no permission."""

    def move_refs(self, moves: Sequence[RefMove], reason: str) -> None:
        """Move all refs or none, each compared with its old value. Raises `RefMovedError`, `SetupError`."""


class Verifier(Protocol):
    """Judges OpenPGP signatures against given certificates only, at the time of the signature."""

    def verify(self, payload: bytes, signature: Signature, certificates: Mapping[str, bytes]) -> Verdict:
        """Judge a signature over `payload`; `certificates` holds armored keys by primary fingerprint."""

    def certificate_problem(self, certificate: bytes, fingerprint: str) -> str | None:
        """Return why an armored text is not the one public key of that fingerprint, None where it is."""


class SchemaProblem(Protocol):
    """One way in which a document breaks its schema: where (a JSON pointer), what was expected, what kind is there."""

    @property
    def pointer(self) -> str:
        """JSON pointer (RFC 6901) of the place."""

    @property
    def expected(self) -> str:
        """What the schema asks for."""

    @property
    def found(self) -> str:
        """The kind of value that stands there, never the value."""


class Schemas(Protocol):
    """The JSON schemas of the format."""

    def check_record(self, document: object) -> Sequence[SchemaProblem]:
        """Return how a record breaks the schema of its type; empty where it does not."""

    def read_policy(self, data: bytes) -> Mapping[str, object]:
        """Return the content of `policy.yml`.

        Raises:
            ConfigError: not YAML of the subset that the format takes, or not as the schema says.
        """

    def read_config(self, data: bytes) -> Mapping[str, object]:
        """Return the content of `.gitaudit.yml`. Raises `ConfigError` likewise."""

    def keep(self) -> None:
        """Keep what was read for the next command that writes."""


class SecretScanner(Protocol):
    """Knows what the secrets of many services look like; never asks any of them."""

    def find(self, text: str) -> str | None:
        """Return what kind of secret a text holds, None where it holds none that is known."""


class Cleaner(Protocol):
    """Makes drafts fit to be kept."""

    def clean(self, draft: Draft) -> Draft:
        """Return a draft as it may be kept.

        Raises:
            RefusedError: it holds a secret.
            InputError: a field to leave out that the draft does not have, or cannot do without.
        """


class Signer(Protocol):
    """Makes signatures with one key of the user."""

    @property
    def fingerprint(self) -> str:
        """Primary fingerprint of the key, upper-case hex. Raises `KeyProblemError`."""

    def sign(self, payload: bytes, meanwhile: Callable[[], None] | None = None) -> bytes:
        """Return a detached, armored signature over `payload`.

        Args:
            payload: any bytes.
            meanwhile: done while a program is at work on the signature, or before; its errors are raised.

        Raises:
            KeyProblemError: no signature.
        """

    def certificate(self) -> bytes:
        """Return the armored public key, without third-party signatures. Raises `KeyProblemError`."""


class Clock(Protocol):
    """The time of day and fresh identities."""

    def now(self) -> datetime:
        """Return the current time, aware, UTC."""

    def new_id(self) -> str:
        """Return a fresh UUIDv7."""

    def pause(self, attempt: int) -> None:
        """Wait a random time before the next attempt, growing with `attempt` (0, 1, 2, …)."""

    def wait(self, shortest: float, longest: float) -> None:
        """Wait a random time between two bounds, in seconds."""


class Remote(Protocol):
    """The repository that a log is shared through."""

    @property
    def name(self) -> str:
        """Name of the remote, such as `origin`."""

    def tracking(self, ref: str) -> str:
        """Return the name of the local ref that remembers what the remote had under `ref`."""

    def fetch(self, refs: Sequence[str]) -> Mapping[str, str | None]:
        """Fetch refs by full name into their tracking refs; return what the remote has. Raises `RemoteError`."""

    def push(self, moves: Mapping[str, str]) -> PushResult:
        """Push commits to refs in one atomic, never forced push, without hooks. Raises `RemoteError`."""


class Outbox(Protocol):
    """Drafts that are not yet known to be in the log, on disk, in the order they were made."""

    def put(self, draft: Draft, base: str | None) -> None:
        """Keep a draft durably; `base` is the published head when it was made. Raises `SetupError`."""

    def entries(self) -> Sequence[tuple[Draft, str | None]]:
        """Return the drafts and their bases, oldest first. Raises `SetupError` for one that cannot be read."""

    def remove(self, ids: Iterable[str]) -> None:
        """Forget drafts by id; ids that are not there are no error."""


class Memory(Protocol):
    """Keeps what a clone remembers."""

    def load(self) -> Remembered | None:
        """Return what is remembered, None where nothing was. Raises `SetupError` where it is damaged."""

    def save(self, remembered: Remembered) -> None:
        """Replace what is remembered, in one step. Raises `SetupError`."""


class Lock(Protocol):
    """One writer at a time in a clone."""

    def held(self) -> AbstractContextManager[None]:
        """Hold the lock while in the context. Raises `ConflictError` after waiting in vain."""


class ForgeApi(Protocol):
    """A forge's HTTP API; paths count from its address, answers are JSON. Every method raises `RemoteError`."""

    def get(self, path: str) -> object:
        """Return an answer, None where there is no such thing."""

    def pages(self, path: str) -> Sequence[Mapping[str, object]] | None:
        """Return the objects of a listing, of all its pages; None where there is no such listing."""

    def send(self, method: str, path: str, body: Mapping[str, object] | None) -> object:
        """Change something, and return the answer."""


class Machine(Protocol):
    """Runs the commands of a user, and has a private folder for their files; arguments are lists, never a shell."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment that commands see."""

    def is_on_terminal(self) -> bool:
        """Return whether standard input is a terminal."""

    def real_name(self, program: str) -> str | None:
        """Return the name of the file that a program leads to, links followed; None where there is no such program."""

    def run(self, words: Sequence[str], *, variables: Mapping[str, str], silent_input: bool = False) -> Ended:
        """Run a command with the terminal, files and signals of this process, and wait for its end.

        Args:
            words: the command line.
            variables: to set besides those of this process.
            silent_input: standard input is empty.
        """

    def ask(self, words: Sequence[str], *, variables: Mapping[str, str]) -> Answer:
        """Run a command that only reads, without input, what it says on standard error thrown away."""

    def confirm(self, question: str) -> str | None:
        """Print a question on standard output and return the line that answers it, None where there is none."""

    def interrupted(self) -> tuple[int, ...]:
        """Return the signals to stop that this program was sent since it began to run commands."""

    def new_file(self, name: str) -> str:
        """Return the path of a file in a private folder, which is not there yet and is removed at the end."""

    def keep(self, path: str, name: str) -> str | None:
        """Copy a file of the user into the private folder; return its path there, None where it cannot be read."""

    def digest(self, path: str) -> tuple[str, int] | None:
        """Return SHA-256 and size of a file, None where it cannot be read."""

    def content(self, path: str) -> bytes | None:
        """Return the content of a file, None where it cannot be read or is longer than 200 MiB."""
