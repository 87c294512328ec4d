"""The gpg program, driven through python-gnupg. The only importer of gnupg.

python-gnupg makes the command lines, hands over a passphrase by a file descriptor and keeps the pipes apart. What gpg
says is read here, from its raw status lines and listings: python-gnupg cuts lines also at U+0085, which a user id may
hold, and loses the answer where a line is not as it expects. Formats: doc/DETAILS of GnuPG.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from gitaudit.adapters.deferred import RARE, deferred

with deferred(*RARE):
    import gnupg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from subprocess import Popen
    from threading import Thread
    from typing import IO

    from gitaudit.errors import KeyProblemError, SetupError

_PREFIX = "[GNUPG:] "
_PLAIN = ("--no-emit-version", "--no-comments")
"""Against gpg.conf: an armor without headers."""
_SIGNING = (
    *("--digest-algo", "SHA512"),
    *("--default-sig-expire", "0"),
    "--no-ask-sig-expire",
    "--no-textmode",
)
"""Against gpg.conf: a signature over the very bytes, without end, of a hash that every key can sign.

NIST P-384, P-521 and the larger Brainpool curves refuse digests shorter than their order (gpg error 139), so SHA-256
would not do.
"""
_LISTING = ("--trust-model", "always")
"""Whom the user trusts plays no part, and gpg then neither rebuilds its trust database nor waits for who does."""
_EXPORTING = ("--export-options", "no-export-attributes")
"""No photographs."""


class Done(NamedTuple):
    """How a gpg process ended.

    Attributes:
        exit_code: 0 to 255, or minus the number of the signal that ended it; alone it proves nothing.
        output: what it wrote to standard output.
        statuses: its status lines in order, each cut at spaces: keyword, then arguments. User ids in them have
            their control characters escaped by gpg.
    """

    exit_code: int
    output: bytes
    statuses: tuple[tuple[str, ...], ...]

    def all(self, keyword: str) -> tuple[tuple[str, ...], ...]:
        """Return the arguments of each status line of a keyword."""
        return tuple(status[1:] for status in self.statuses if status[0] == keyword)

    def says(self, keyword: str) -> bool:
        """Return whether there is a status line of a keyword."""
        return any(status[0] == keyword for status in self.statuses)


class _Answer(gnupg.StatusHandler):  # type: ignore[misc]  # python-gnupg has no types
    """Keeps what a process wrote, and lets python-gnupg make nothing of it."""

    data = b""
    stderr = ""
    returncode = -1

    def handle_status(self, key: str, value: str) -> None:
        """Leave a status line to `Done`."""

    def row(self, fields: list[str]) -> None:
        """Leave a row of a listing to `parse_listing`."""

    pub = uid = sec = fpr = sub = ssb = sig = grp = row

    def __iter__(self) -> Iterator[dict[str, str]]:
        """Give no keys: python-gnupg would add to them."""
        return iter(())

    def done(self) -> Done:
        """Return what was kept."""
        lines = (line.rstrip("\r") for line in self.stderr.split("\n"))
        found = (tuple(line.removeprefix(_PREFIX).split(" ")) for line in lines if line.startswith(_PREFIX))
        return Done(exit_code=self.returncode, output=bytes(self.data), statuses=tuple(found))


class _Impatient(gnupg.GPG):  # type: ignore[misc]  # python-gnupg has no types
    """python-gnupg that tells a program at once where there is nothing to read, so that none waits for it.

    Attributes:
        meanwhile: done while the program is at work.
    """

    meanwhile: Callable[[], None] | None = None

    def _collect_output(
        self, process: Popen[bytes], result: _Answer, writer: Thread | None = None, stdin: IO[bytes] | None = None
    ) -> int:
        if writer is None and stdin is not None:
            stdin.close()
        if self.meanwhile is not None:
            self.meanwhile()
        return super()._collect_output(process, result, writer, stdin)  # type: ignore[no-any-return]


class _Gpg(_Impatient):
    """python-gnupg without the gpg process by which its own `__init__` asks for the version (about 4 ms)."""

    result_map: ClassVar[dict[str, type[_Answer]]] = dict.fromkeys(gnupg.GPG.result_map, _Answer)

    def __init__(self, program: str, home: Path | None, options: Sequence[str]) -> None:
        self.gpgbinary = program
        self.gnupghome = None if home is None else str(home)
        self.options = list(options)
        self.env = self.keyring = self.secret_keyring = self.on_data = None
        self.verbose = self.use_agent = self.check_fingerprint_collisions = False
        self.encoding = "latin-1"
        self.version = (2, 2)


class GpgProgram:
    """A gpg, and what gitaudit asks of it; each method is one process and raises what `fault` says.

    Agent, keyring and gpg.conf are the user's where no `home` is given. Batch mode and no terminal: gpg itself asks
    nothing; the agent's pinentry may.
    """

    def __init__(
        self,
        name: str,
        *,
        fault: type[KeyProblemError | SetupError],
        home: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self._name = name
        self._fault = fault
        self._gpg = _Gpg(str(Path(name).expanduser()), home, [*_PLAIN, *options])

    def sign(
        self,
        payload: bytes,
        selector: str,
        passphrase: str | None,
        options: Sequence[str] = (),
        meanwhile: Callable[[], None] | None = None,
    ) -> Done:
        """Sign with exactly the key that `selector` names (`FPR`, or `FPR!` for just that subkey).

        python-gnupg's own `keyid` would not do: gpg falls back to another key where that one cannot sign.

        Args:
            payload: any bytes.
            selector: fingerprint, with an exclamation mark to force it.
            passphrase: characters below 256, each a byte, without line ends; None leaves it to agent and pinentry.
            options: further ones.
            meanwhile: done while gpg is at work; its errors are raised when gpg is through.
        """
        problems: list[Exception] = []
        self._gpg.meanwhile = None if meanwhile is None else partial(_try, meanwhile, problems)
        with self._running():
            answer = self._gpg.sign(
                payload,
                detach=True,
                passphrase=passphrase,
                extra_args=[*_SIGNING, *options, "--local-user", selector],
            )
        self._gpg.meanwhile = None
        if problems:
            raise problems[0]
        return answer.done()  # type: ignore[no-any-return]

    def list_keys(self, names: Sequence[str], *, secret: bool = False, signatures: bool = False) -> Done:
        """List keys by fingerprint, id or user id, all of them without names; see `gnupg_listing`."""
        with self._running():
            answer = self._gpg.list_keys(secret=secret, sigs=signatures, keys=[*_LISTING, "--", *names])
        return answer.done()  # type: ignore[no-any-return]

    def export(self, name: str) -> bytes:
        """Return an armored public key without third-party signatures and photographs, empty where there is none."""
        with self._running():
            text = self._gpg.export_keys([*_EXPORTING, "--", name], minimal=True)
        return str(text).replace("\r\n", "\n").encode("latin-1")

    def receive(self, certificate: bytes) -> Done:
        """Import a public key; `import-show`, which would list it at once, fails for expired and revoked keys."""
        with self._running():
            answer = self._gpg.import_keys(certificate)
        return answer.done()  # type: ignore[no-any-return]

    def verify(self, payload: bytes, signature: Path, options: Sequence[str]) -> Done:
        """Judge a detached signature that stands in a file."""
        with self._running():
            answer = self._gpg.verify_data(str(signature), payload, extra_args=list(options))
        return answer.done()  # type: ignore[no-any-return]

    def version(self) -> tuple[int, ...] | None:
        """Return the version of gpg, None where the program is no gpg at all."""
        with self._running():
            try:
                found = _Impatient(gpgbinary=self._gpg.gpgbinary).version
            except ValueError:  # it ended badly
                return None
        return None if found is None else tuple(found)

    def check(self) -> None:
        """Raise where the program is no gpg at all: it has no version to tell."""
        if self.version() is None:
            raise self._fault(
                f"expected a gpg program, found {self._name!r} to be none",
                hint="correct it with: git config gpg.program gpg",
            )

    @contextmanager
    def _running(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise self._fault(
                f"expected a gpg program, found {self._name!r} not to be executable",
                hint="make it executable (chmod +x), or correct it with: git config gpg.program gpg",
            ) from error
        except OSError as error:
            raise self._fault(
                f"expected a working gpg program, found none as {self._name!r}",
                hint="install GnuPG 2.2 or later, or correct it with: git config gpg.program gpg",
            ) from error


def _try(work: Callable[[], None], problems: list[Exception]) -> None:
    """Do something and keep what it raises: gpg must be waited for all the same."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - raised by whoever looks into `problems`
        problems.append(error)
