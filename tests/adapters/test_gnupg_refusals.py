"""What the user is told for each way that a key or gpg itself makes no signature; each is really provoked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.gnupg.signer import GpgSigner
from gitaudit.errors import KeyProblemError
from tests.adapters.gnupg_helpers import PAYLOAD, problem, program, secret_file, tell_agent, tell_gpg
from tests.support.gpg import EXPIRED_KEY_FROM, GpgHome

if TYPE_CHECKING:
    from tests.support.gpg import GpgKeys
    from tests.support.isolation import Sandbox

NOBODY = "0123456789ABCDEF0123456789ABCDEF01234567"


@pytest.fixture
def empty(sandbox: Sandbox) -> GpgHome:
    """Give the test's GNUPGHOME without any key."""
    return GpgHome(sandbox.gnupg)


class TestNoGpg:
    """gpg.program is not what it should be."""

    def test_not_there(self) -> None:
        """A program that does not exist is named, with what to install."""
        error = problem(None, program="/nonexistent/gpg")

        assert error.message == "expected a working gpg program, found none as '/nonexistent/gpg'"
        assert error.hint is not None
        assert "install GnuPG" in error.hint
        assert "gpg.program" in error.hint

    def test_not_on_path(self) -> None:
        """The same for a bare name."""
        assert (
            problem(None, program="no-such-gpg").message
            == "expected a working gpg program, found none as 'no-such-gpg'"
        )

    def test_not_executable(self, tmp_path: Path) -> None:
        """A file without permission to run is told apart."""
        place = tmp_path / "gpg"
        place.write_text("#!/bin/sh\n", encoding="ascii")

        assert (
            problem(None, program=str(place)).message
            == f"expected a gpg program, found {str(place)!r} not to be executable"
        )

    def test_no_program(self, tmp_path: Path) -> None:
        """An executable text without an interpreter cannot be run."""
        place = program(tmp_path / "gpg", "just a text\n")

        assert (
            problem(None, program=str(place)).message == f"expected a working gpg program, found none as {str(place)!r}"
        )

    @pytest.mark.parametrize("name", ["true", "false", "cat", "git"])
    def test_another_program(self, name: str) -> None:
        """A program that is no gpg is told as such, whatever it answers."""
        error = problem(NOBODY, program=name)

        assert error.message == f"expected a gpg program, found {name!r} to be none"
        assert problem(None, program=name).message == error.message

    def test_another_program_for_export(self) -> None:
        """The same where only a public key is wanted."""
        with pytest.raises(KeyProblemError, match="expected a gpg program, found 'true' to be none"):
            GpgSigner(None, program="true").export("somebody")


class TestNoKey:
    """There is no such key, or not all of it."""

    @pytest.mark.usefixtures("empty")
    def test_empty_keyring(self) -> None:
        """Without any secret key the hint says how to make one."""
        error = problem(None)

        assert error.message == "expected a secret key to sign with, found none in the keyring"
        assert error.hint is not None
        assert "--quick-gen-key" in error.hint

    def test_only_public_keys(self, empty: GpgHome, gpg_keys: GpgKeys) -> None:
        """Keys of others are none to sign with."""
        empty.receive(gpg_keys.plain.public)

        assert problem(None).message == "expected a secret key to sign with, found none in the keyring"

    @pytest.mark.usefixtures("gpg_home")
    @pytest.mark.parametrize("name", [NOBODY, NOBODY[-16:], "nobody@example.com", "--version", "", "!", "x!"])
    def test_wanted_key_is_not_there(self, name: str, gpg_keys: GpgKeys) -> None:
        """A key that the keyring lacks is named; a name is never taken for an option of gpg."""
        if not name:
            assert GpgSigner(name).fingerprint == gpg_keys.plain.fingerprint
            return

        assert problem(name).message == f"expected a secret key {name!r} in the keyring, found none"

    def test_only_the_public_half(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """A public key without its secret half is told apart: on another machine, or on a card."""
        gpg_home.receive(gpg_keys.second.public)

        error = problem(gpg_keys.second.fingerprint)

        assert (
            error.message == f"expected the secret key of {gpg_keys.second.fingerprint!r}, found only its public half"
        )
        assert error.hint is not None
        assert "--card-status" in error.hint

    def test_damaged_secret_key(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """The file of the secret key has other bytes: it counts as not here."""
        secret_file(gpg_home, gpg_keys.plain.fingerprint).write_bytes(b"garbage")
        gpg_home.stop()

        assert (
            problem(gpg_keys.plain.fingerprint).message
            == f"the secret half of the key {gpg_keys.plain.fingerprint} is not here"
        )

    @pytest.mark.usefixtures("gpg_home")
    @pytest.mark.parametrize("name", [NOBODY, "--version", "nobody@example.com"])
    def test_public_key_to_export_is_not_there(self, name: str) -> None:
        """The export of a key that the keyring lacks names it, with what to do."""
        with pytest.raises(KeyProblemError, match=r"expected a public key .* found none") as caught:
            GpgSigner(None).export(name)

        assert caught.value.hint == "import it with `gpg --import FILE`, or give the file itself"


class TestUnusableKey:
    """The key is there, and must not or cannot sign; gpg gives one code (54) for all of these."""

    def test_expired(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """An expired key is told, with the command that extends it."""
        key = gpg_keys.expired
        gpg_home.add(key)

        error = problem(key.fingerprint)

        assert error.message == f"the key {key.fingerprint} has expired"
        assert error.hint == f"extend it with: gpg --quick-set-expire {key.fingerprint} 1y"

    def test_expired_subkey(self, empty: GpgHome) -> None:
        """A key whose only signing subkey has expired is told by that subkey."""
        primary = empty.generate("Sub <sub@example.com>", usage="cert", at=EXPIRED_KEY_FROM)
        empty.run("--quick-add-key", primary, "ed25519", "sign", "1d", at=EXPIRED_KEY_FROM)
        subkey = empty.fingerprints(primary)[1]

        for name in (primary, f"{subkey}!", None):
            error = problem(name)

            assert error.message == f"the subkey {subkey} of {primary} has expired"
            assert error.hint == f"extend it with: gpg --quick-set-expire {primary} 1y {subkey}"

    def test_hint_for_an_expired_subkey_works(self, empty: GpgHome) -> None:
        """After the command of the hint, the key signs."""
        primary = empty.generate("Sub <sub@example.com>", usage="cert", at=EXPIRED_KEY_FROM)
        empty.run("--quick-add-key", primary, "ed25519", "sign", "1d", at=EXPIRED_KEY_FROM)
        hint = problem(primary).hint
        assert hint is not None

        empty.run(*hint.partition("gpg ")[2].split(" "))

        assert GpgSigner(primary).sign(PAYLOAD)

    def test_revoked(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """A revoked key is told."""
        fingerprint = gpg_home.generate("Gone <gone@example.com>")
        certificate = (gpg_home.path / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text(encoding="utf-8")
        gpg_home.receive(certificate.replace(":-----BEGIN", "-----BEGIN").encode())

        error = problem(fingerprint)

        assert error.message == f"the key {fingerprint} is revoked"
        assert error.hint is not None
        assert "another key" in error.hint
        assert GpgSigner(None).fingerprint == gpg_keys.plain.fingerprint

    def test_only_certifies(self, empty: GpgHome) -> None:
        """A key that may only certify is told, with the command that gives it a signing subkey."""
        fingerprint = empty.generate("Root <root@example.com>", usage="cert")

        error = problem(fingerprint)

        assert error.message == f"the key {fingerprint} may not sign: it is for other uses"
        assert error.hint == f"give it a subkey that may: gpg --quick-add-key {fingerprint} ed25519 sign"
        empty.run(*error.hint.partition("gpg ")[2].split(" "))
        assert GpgSigner(fingerprint).sign(PAYLOAD)

    def test_only_encrypts(self, empty: GpgHome) -> None:
        """An encryption subkey does not help, and forced, it is named."""
        primary = empty.generate("Mail <mail@example.com>", usage="cert")
        empty.run("--quick-add-key", primary, "cv25519", "encr", "never")
        subkey = empty.fingerprints(primary)[1]

        assert problem(primary).message == f"the key {primary} may not sign: it is for other uses"
        assert problem(f"{subkey}!").message == f"the subkey {subkey} of {primary} may not sign: it is for other uses"

    def test_none_of_several_can_sign(self, empty: GpgHome, gpg_keys: GpgKeys) -> None:
        """Where all keys of a name are of no use, they are listed."""
        root = empty.generate("Root <root@example.com>", usage="cert")
        empty.add(gpg_keys.expired)

        error = problem("example.com")

        assert error.message.startswith("expected a key that can sign, found none among 2: ")
        assert root in error.message
        assert gpg_keys.expired.fingerprint in error.message

    def test_key_from_the_future(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """A clock before the key's time is told with a hint to clock and gpg.conf."""
        tell_gpg(gpg_home, "faked-system-time 20200101T000000!")

        error = problem(gpg_keys.plain.fingerprint)

        assert error.message == f"the key {gpg_keys.plain.fingerprint} is not valid for gpg"
        assert error.hint is not None
        assert "faked-system-time" in error.hint

    def test_gpg_refuses_a_good_key(self, gpg_home: GpgHome, gpg_keys: GpgKeys, tmp_path: Path) -> None:
        """Where gpg will not sign with a key that it lists as good, the hint leads to gpg.conf."""
        past = "--faked-system-time 20200101T000000!"
        text = f'#!/bin/sh\ncase "$*" in *--detach-sign*) set -- {past} "$@";; esac\nexec gpg "$@"\n'
        assert gpg_home.path.exists()

        error = problem(gpg_keys.plain.fingerprint, program=str(program(tmp_path / "gpg", text)))

        assert error.message == f"gpg will not sign with the key {gpg_keys.plain.fingerprint}, although it is valid"
        assert error.hint is not None
        assert "gpg.conf" in error.hint

    def test_expired_meanwhile(self, empty: GpgHome) -> None:
        """A key that was found good and then ended is told as expired, not by gpg's one code."""
        fingerprint = empty.generate("Old <old@example.com>", at=EXPIRED_KEY_FROM)
        signer = GpgSigner(fingerprint)
        assert signer.fingerprint == fingerprint
        empty.run("--quick-set-expire", fingerprint, "1d", at=EXPIRED_KEY_FROM + 3600)

        with pytest.raises(KeyProblemError, match="has expired"):
            signer.sign(PAYLOAD)


class TestNoAgent:
    """gpg-agent keeps the secret keys, and does not answer."""

    def test_not_started(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """An agent that must not be started is told, for a named key and for the only one."""
        tell_gpg(gpg_home, "no-autostart")
        gpg_home.stop()

        for name in (gpg_keys.plain.fingerprint, None):
            error = problem(name)

            assert error.message == "expected a gpg-agent that answers, found none"
            assert error.hint is not None
            assert "gpg-connect-agent" in error.hint

    @pytest.mark.parametrize("agent", ["/nonexistent/agent", "/bin/false"])
    def test_cannot_be_started(self, gpg_home: GpgHome, gpg_keys: GpgKeys, agent: str) -> None:
        """The same for an agent that is not installed, and one that ends at once."""
        tell_gpg(gpg_home, f"agent-program {agent}")
        gpg_home.stop()

        assert problem(gpg_keys.plain.fingerprint).message == "expected a gpg-agent that answers, found none"

    def test_home_too_long_for_the_socket(
        self, gpg_home: GpgHome, gpg_keys: GpgKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A GNUPGHOME whose path the agent's socket does not fit in is told, with the limit in the hint."""
        long = gpg_home.path / ("x" * 100)
        gpg_home.stop()
        # The agent takes its sockets along when it ends, which may be in the middle of the copy.
        shutil.copytree(gpg_home.path, long, ignore=shutil.ignore_patterns(long.name, "S.*", ".#lk*", "*.lock"))
        if Path(f"/run/user/{os.getuid()}").is_dir():
            pytest.skip("gpg puts its sockets into /run/user here, which is short")
        monkeypatch.setenv("GNUPGHOME", str(long))

        error = problem(gpg_keys.plain.fingerprint)

        assert error.message == "expected a gpg-agent that answers, found none"
        assert error.hint is not None
        assert "80 characters" in error.hint


class TestKeyring:
    """The keyring cannot be read."""

    def test_no_home(self, sandbox: Sandbox) -> None:
        """A GNUPGHOME that does not exist is told."""
        sandbox.gnupg.rmdir()

        for name in (NOBODY, None):
            assert problem(name).message == "expected a keyring that gpg can open, found none"

    @pytest.mark.parametrize("size", [0.5, 0.9])
    def test_cut_short(self, gpg_home: GpgHome, gpg_keys: GpgKeys, size: float) -> None:
        """A keyring that ends too early is told as damaged."""
        place = gpg_home.path / "pubring.kbx"
        whole = place.read_bytes()
        place.write_bytes(whole[: int(len(whole) * size)])

        assert (
            problem(gpg_keys.plain.fingerprint).message == "expected a keyring that gpg can read, found a damaged one"
        )

    def test_other_bytes(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """A keyring of other bytes likewise; without a name gpg says nothing but its exit code."""
        (gpg_home.path / "pubring.kbx").write_bytes(b"garbage" * 1000)

        assert (
            problem(gpg_keys.plain.fingerprint).message == "expected a keyring that gpg can read, found a damaged one"
        )
        assert problem(None).message == "gpg could not list the secret keys and did not say why (exit code 2)"

    @pytest.mark.parametrize(
        ("path", "mode"), [("pubring.kbx", 0), (".", 0), (".", 0o500)], ids=["keyring", "folder", "read-only"]
    )
    def test_no_permission(self, gpg_home: GpgHome, gpg_keys: GpgKeys, tmp_path: Path, path: str, mode: int) -> None:
        """A keyring or folder that the user may not read, or write, is told with what to check."""
        gpg_home.stop()
        as_nobody = _as_nobody(gpg_home, tmp_path)
        (gpg_home.path / path).chmod(mode)

        try:
            error = problem(gpg_keys.plain.fingerprint, program=as_nobody)
        finally:
            (gpg_home.path / path).chmod(0o700)

        assert error.message in {
            "expected a keyring that gpg can open, found none",
            "expected a gpg-agent that answers, found none",
        }
        assert error.hint is not None
        assert "GNUPGHOME" in error.hint

    def test_damaged_trust(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """A damaged trust database, by which gpg ends in the middle of its answer, is told with what shows why."""
        (gpg_home.path / "trustdb.gpg").write_bytes(b"garbage" * 100)

        error = problem(gpg_keys.plain.fingerprint)

        assert error.message == "gpg could not list the secret keys and did not say why (exit code 2)"
        assert error.hint == "run `gpg --list-secret-keys` to see why"

    def test_locked_trust_is_not_waited_for(self, gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
        """A trust database that another process holds, which gpg would wait for, is not needed."""
        (gpg_home.path / "trustdb.gpg").unlink()
        lock = f"{os.getpid():10d}\n{os.uname().nodename}\n"
        for name in ("trustdb.gpg.lock", "pubring.kbx.lock"):
            (gpg_home.path / name).write_text(lock, encoding="ascii")

        assert GpgSigner(gpg_keys.plain.fingerprint).sign(PAYLOAD)


def _as_nobody(home: GpgHome, folder: Path) -> str:
    """Return a gpg that permissions count for: the superuser's is one of another user, who then owns the home."""
    if os.getuid() != 0:
        return "gpg"
    if shutil.which("setpriv") is None:
        pytest.skip("the tests run as superuser, and setpriv is not there to be another one")
    nobody = 65_534
    home.path.parent.chmod(0o755)
    for place in (home.path, *home.path.rglob("*")):
        os.chown(place, nobody, nobody, follow_symlinks=False)
    options = f"--reuid={nobody} --regid={nobody} --clear-groups"
    return str(program(folder / "gpg-of-nobody", f'#!/bin/sh\nexec setpriv {options} gpg "$@"\n'))


def test_code_without_a_message_of_its_own(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """A code that has no message is told by its number, who says so, and where."""
    tell_gpg(gpg_home, "multifile")

    message = problem(gpg_keys.plain.fingerprint).message

    assert message == (
        f"gpg made no signature with the key {gpg_keys.plain.fingerprint}: error 1 of gpg (option-postprocessing)"
    )


def test_algorithm_that_gpg_conf_forbids(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """A compliance mode that forbids the key's algorithm is told as such."""
    tell_gpg(gpg_home, "compliance de-vs")
    tell_agent(gpg_home)

    assert (
        problem(gpg_keys.plain.fingerprint).message
        == f"gpg.conf forbids the algorithm of the key {gpg_keys.plain.fingerprint}"
    )
