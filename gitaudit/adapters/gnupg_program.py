"""The gpg program, driven through python-gnupg. The only importer of gnupg.

python-gnupg makes the command lines, hands over a passphrase by a file descriptor and keeps the pipes apart. What gpg
says is read here, from its raw status lines and listings: python-gnupg cuts lines also at U+0085, which a user id may
hold, and loses the answer where a line is not as it expects. Formats: doc/DETAILS of GnuPG.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import gnupg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
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
    """python-gnupg that tells a program at once where there is nothing to read, so that none waits for it."""

    def _collect_output(
        self, process: Popen[bytes], result: _Answer, writer: Thread | None = None, stdin: IO[bytes] | None = None
    ) -> int:
        if writer is None and stdin is not None:
            stdin.close()
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

    def sign(self, payload: bytes, selector: str, passphrase: str | None, options: Sequence[str] = ()) -> Done:
        """Sign with exactly the key that `selector` names (`FPR`, or `FPR!` for just that subkey).

        python-gnupg's own `keyid` would not do: gpg falls back to another key where that one cannot sign.

        Args:
            payload: any bytes.
            selector: fingerprint, with an exclamation mark to force it.
            passphrase: characters below 256, each a byte, without line ends; None leaves it to agent and pinentry.
            options: further ones.
        """
        with self._running():
            answer = self._gpg.sign(
                payload,
                detach=True,
                passphrase=passphrase,
                extra_args=[*_SIGNING, *options, "--local-user", selector],
            )
        return answer.done()  # type: ignore[no-any-return]

    def list_keys(self, names: Sequence[str], *, secret: bool = False, signatures: bool = False) -> Done:
        """List keys by fingerprint, id or user id, all of them without names; see `parse_listing`."""
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

    def check(self) -> None:
        """Raise where the program is no gpg at all: it has no version to tell."""
        with self._running():
            try:
                version = _Impatient(gpgbinary=self._gpg.gpgbinary).version
            except ValueError:  # it ended badly
                version = None
        if version is None:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """When a key was revoked, seconds since 1970, and whether what it signed before still counts."""

    at: int
    soft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPart:
    """A primary key or a subkey as gpg lists it.

    Attributes:
        fingerprint: 40 upper-case hex digits; empty where gpg listed none.
        created: seconds since 1970.
        expires: likewise, None where it does not expire.
        validity: `e` expired, `r` revoked, `i` invalid; other letters tell of trust.
        usage: what it may do: `s` sign, `c` certify, `e` encrypt, `a` authenticate.
        held: where its secret half is: `+` here, the serial number of a card, or `#` not here as far as the agent
            tells: one that is forwarded from another machine does not. Empty if not asked.
        revocations: of this part; only of listings with signatures.
    """

    fingerprint: str
    created: int
    expires: int | None
    validity: str
    usage: str
    held: str
    revocations: tuple[Revocation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """A key with its subkeys; the primary key is the first part."""

    parts: tuple[KeyPart, ...]

    @property
    def fingerprint(self) -> str:
        """Primary fingerprint."""
        return self.parts[0].fingerprint


_FIELDS = 21
_SOFT_REASONS = frozenset({"01", "03"})
"""Superseded, and no longer used (RFC 9580, section 5.2.3.31); every other reason takes all signatures back."""


def parse_listing(output: bytes) -> tuple[ListedKey, ...]:
    """Return the keys of a colon listing (doc/DETAILS of GnuPG) that it tells the fingerprint of.

    A listing ends in the middle of a row where gpg failed.
    """
    keys: list[list[list[str]]] = []
    for line in output.decode("latin-1").split("\n"):
        row = line.rstrip("\r").split(":")
        if row[0] in {"sec", "pub"}:
            keys.append([])
        if keys:
            keys[-1].append(row + [""] * (_FIELDS - len(row)))
    found = (_listed(rows) for rows in keys)
    return tuple(key for key in found if key.fingerprint)


def _listed(rows: list[list[str]]) -> ListedKey:
    starts = [at for at, row in enumerate(rows) if row[0] in {"sec", "pub", "ssb", "sub"}]
    ends = [*starts[1:], len(rows)]
    parts = tuple(_part(rows[start:end]) for start, end in zip(starts, ends, strict=True))
    return ListedKey(parts=parts)


def _part(rows: list[list[str]]) -> KeyPart:
    first = rows[0]
    return KeyPart(
        fingerprint=next((row[9] for row in rows if row[0] == "fpr"), ""),
        created=_seconds(first[5]) or 0,
        expires=_seconds(first[6]),
        validity=first[1],
        usage="".join(letter for letter in first[11] if letter.islower()),
        held=first[14],
        revocations=tuple(
            Revocation(at=_seconds(row[5]) or 0, soft=row[10].partition(",")[2] in _SOFT_REASONS)
            for row in rows
            if row[0] == "rev" and row[10][:2] in {"20", "28"}
        ),
    )


def _seconds(field: str) -> int | None:
    return int(field) if field.isdecimal() else None
