"""Real gpg with throw-away keys: each kind of key is made once a session and copied into the homes of tests.

All keys are ed25519. No home has a pinentry, and no agent remembers a passphrase, so a test never waits for a person
and never works only because of what an earlier one typed.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tests.support.isolation import stop_gpg

if TYPE_CHECKING:
    from pathlib import Path

EXPIRED_KEY_FROM = 1_577_836_800
"""2020-01-01T00:00:00Z: when the expired key was made, in seconds since 1970."""
EXPIRED_KEY_UNTIL = EXPIRED_KEY_FROM + 86_400
"""When it expired."""
PASSPHRASE = "correct horse battery staple"
"""Of `GpgKeys.with_passphrase`, which lives as long as the test session."""


class GpgError(AssertionError):
    """Gpg ended with another exit code than 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpgKey:
    """A key pair made by gpg.

    Attributes:
        fingerprint: of the primary key, 40 upper-case hex digits.
        subkey: fingerprint of the signing subkey, or None where the primary key signs.
        passphrase: of the secret key, or "".
        public: armored public key.
        home: where it was made; its files are copied by `GpgHome.add`.
    """

    fingerprint: str
    subkey: str | None
    passphrase: str
    public: bytes
    home: Path


class GpgHome:
    """A GNUPGHOME at `path`, which must exist with mode 0700 and have a short path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # The least s2k-count: gpg else takes seconds to measure how slow it can make the guessing of a passphrase.
        no_pinentry = shutil.which("false") or "/bin/false"
        agent = f"default-cache-ttl 0\nmax-cache-ttl 0\npinentry-program {no_pinentry}\ns2k-count 65536\n"
        (path / "gpg-agent.conf").write_text(agent, encoding="ascii")

    def attempt(
        self, *args: str, stdin: bytes = b"", at: int | None = None, passphrase: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run gpg here, in batch mode, and return how it ended; status lines go to standard error with gpg's own.

        Args:
            at: what gpg shall take for the present, seconds since 1970.
            passphrase: for the secret key.
        """
        command = ["gpg", "--homedir", str(self.path), "--batch", "--no-tty", "--yes", "--status-fd", "2"]
        command += ["--pinentry-mode", "loopback", "--passphrase", passphrase]
        if at is not None:
            command += ["--faked-system-time", f"{at}!"]
        return subprocess.run([*command, *args], input=stdin, capture_output=True, check=False)

    def run(self, *args: str, stdin: bytes = b"", at: int | None = None, passphrase: str = "") -> bytes:
        """Run gpg as `attempt` does and return its standard output.

        Raises:
            GpgError: the exit code was not 0; the message has what gpg wrote to standard error.
        """
        done = self.attempt(*args, stdin=stdin, at=at, passphrase=passphrase)
        if done.returncode != 0:
            message = f"gpg ended with exit code {done.returncode}:\n{done.stderr.decode(errors='replace')}"
            raise GpgError(message)
        return done.stdout

    def generate(
        self, uid: str, *, usage: str = "sign", expires: str = "never", at: int | None = None, passphrase: str = ""
    ) -> str:
        """Make a primary key and return its fingerprint; `usage` and `expires` as of `gpg --quick-generate-key`."""
        self.run("--quick-generate-key", uid, "ed25519", usage, expires, at=at, passphrase=passphrase)
        return self.fingerprints(f"={uid}")[0]

    def fingerprints(self, user: str = "") -> tuple[str, ...]:
        """Return fingerprints of the public keys that match `user`: each primary key, then its subkeys."""
        listing = self.run("--list-keys", "--with-colons", *([user] if user else [])).decode()
        return tuple(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))

    def export(self, fingerprint: str) -> bytes:
        """Return an armored public key."""
        return self.run("--armor", "--export", fingerprint)

    def export_secret(self, fingerprint: str, *, passphrase: str = "") -> bytes:
        """Return an armored secret key."""
        return self.run("--armor", "--export-secret-keys", fingerprint, passphrase=passphrase)

    def receive(self, key: bytes) -> None:
        """Import a public or secret key, armored or not."""
        self.run("--import", stdin=key)

    def add(self, key: GpgKey) -> None:
        """Copy a key pair into this home, owner-trusted as one's own key is, without asking its passphrase."""
        shutil.copytree(key.home / "private-keys-v1.d", self.path / "private-keys-v1.d", dirs_exist_ok=True)
        self.receive(key.public)
        self.run("--import-ownertrust", stdin=f"{key.fingerprint}:6:\n".encode())

    def sign(self, data: bytes, key: str, *, at: int | None = None, passphrase: str = "") -> bytes:
        """Return an armored detached signature; end a subkey's fingerprint with "!" to have exactly that one."""
        return self.run("--armor", "--local-user", key, "--detach-sign", stdin=data, at=at, passphrase=passphrase)

    def verify(self, data: bytes, signature: bytes, *, at: int | None = None) -> tuple[str, ...]:
        """Return gpg's status lines about a detached signature, without `[GNUPG:] `; a bad one is no error here."""
        place = self.path / "verify.sig"
        place.write_bytes(signature)
        done = self.attempt("--verify", str(place), "-", stdin=data, at=at)
        lines = done.stderr.decode(errors="replace").splitlines()
        return tuple(line.removeprefix("[GNUPG:] ") for line in lines if line.startswith("[GNUPG:] "))

    def stop(self) -> None:
        """End the agent and whatever else gpg started here."""
        stop_gpg(self.path)


class GpgKeys:
    """The kinds of keys that tests need, each made when first asked for, in a home of its own below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def plain(self) -> GpgKey:
        """One key that certifies and signs, without end and passphrase."""
        return self._make("plain", "Plain Key <plain@example.com>")

    @cached_property
    def second(self) -> GpgKey:
        """Another one, of somebody else."""
        return self._make("second", "Second Key <second@example.com>")

    @cached_property
    def with_subkey(self) -> GpgKey:
        """A primary key that only certifies, with a signing subkey."""
        return self._make("subkey", "Subkey Key <subkey@example.com>", usage="cert")

    @cached_property
    def with_passphrase(self) -> GpgKey:
        """A key that signs only with `PASSPHRASE`."""
        return self._make("secret", "Secret Key <secret@example.com>", passphrase=PASSPHRASE)

    @cached_property
    def expired(self) -> GpgKey:
        """A key that was good from `EXPIRED_KEY_FROM` for one day; sign with `at=` in that day."""
        uid = "Expired Key <expired@example.com>"
        return self._make("expired", uid, expires="1d", at=EXPIRED_KEY_FROM)

    def _make(
        self,
        name: str,
        uid: str,
        *,
        usage: str = "sign",
        expires: str = "never",
        at: int | None = None,
        passphrase: str = "",
    ) -> GpgKey:
        place = self._root / name
        place.mkdir(mode=0o700)
        home = GpgHome(place)
        fingerprint = home.generate(uid, usage=usage, expires=expires, at=at, passphrase=passphrase)
        if usage == "cert":
            home.run("--quick-add-key", fingerprint, "ed25519", "sign", "never", passphrase=passphrase)
        subkey = next(iter(home.fingerprints(fingerprint)[1:]), None)
        public = home.export(fingerprint)
        home.stop()
        return GpgKey(fingerprint=fingerprint, subkey=subkey, passphrase=passphrase, public=public, home=place)
