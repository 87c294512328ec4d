"""Keys that are locked or on a card: pinentry, terminals, passphrase files, and what is told where that fails."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.gnupg.signer import GpgSigner, passphrase_from
from gitaudit.errors import KeyProblemError
from gitaudit.log.openpgp import parse_armored
from tests.adapters.gnupg_helpers import (
    BAD_PIN,
    CANCELED,
    CARD_ERROR,
    FULLY_CANCELED,
    PAYLOAD,
    PIN_BLOCKED,
    TIMEOUT,
    pinentry,
    problem,
    put_on_card,
    refusing,
    scdaemon,
    tell_agent,
    tell_gpg,
    typing,
    wrapper,
)
from tests.support.gpg import PASSPHRASE, GpgHome
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gpg import GpgKeys
    from tests.support.isolation import Sandbox

LOCKED = "the key {} is locked, and gpg could not ask for the passphrase"
NOT_GIVEN = "the passphrase of the key {} was not given"
WRONG = "the passphrase of the key {} is wrong"


@pytest.fixture
def home(sandbox: Sandbox, gpg_keys: GpgKeys) -> GpgHome:
    """Give a home with a key that has a passphrase."""
    home = GpgHome(sandbox.gnupg)
    home.add(gpg_keys.with_passphrase)
    return home


@pytest.fixture
def locked(home: GpgHome, gpg_keys: GpgKeys) -> str:
    """Give the fingerprint of that key."""
    assert home.path.exists()
    return gpg_keys.with_passphrase.fingerprint


def in_a_session_without_terminal(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python as cron and build servers do: no controlling terminal, none at any descriptor."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )


class TestPinentry:
    """The agent asks a person."""

    def test_right_passphrase(self, home: GpgHome, locked: str, tmp_path: Path) -> None:
        """A passphrase typed into the pinentry unlocks the key."""
        tell_agent(home, pinentry(tmp_path, getpin=typing(PASSPHRASE)))

        assert parse_armored(GpgSigner(locked).sign(PAYLOAD), canonical=False).issuer == locked

    def test_a_person_may_take_long(self, home: GpgHome, locked: str, tmp_path: Path) -> None:
        """Nothing but the person ends the waiting: the pinentry answers when a file appears."""
        waiting, go = tmp_path / "waiting", tmp_path / "go"
        answer = f"touch {waiting}; until test -e {go}; do sleep 0.05; done; {typing(PASSPHRASE)}"
        tell_agent(home, pinentry(tmp_path, getpin=answer))
        code = f"from gitaudit.adapters.gnupg.signer import GpgSigner; print(len(GpgSigner('{locked}').sign(b'x')))"
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            while not waiting.exists():
                assert process.poll() is None
            assert process.poll() is None
            go.touch()
            assert process.communicate(timeout=60)[0]

        assert process.returncode == 0

    @pytest.mark.parametrize(
        ("answer", "message"),
        [
            (typing("wrong"), WRONG),
            (refusing(CANCELED), NOT_GIVEN),
            (refusing(FULLY_CANCELED), NOT_GIVEN),
            (refusing(TIMEOUT), LOCKED),
            ("exit 1", LOCKED),
        ],
        ids=["wrong", "cancelled", "fully", "timeout", "dies"],
    )
    def test_no_passphrase(self, home: GpgHome, locked: str, tmp_path: Path, answer: str, message: str) -> None:
        """A wrong passphrase, a cancelled dialogue and a pinentry that fails are told apart."""
        tell_agent(home, pinentry(tmp_path, getpin=answer))

        assert problem(locked).message == message.format(locked)

    @pytest.mark.parametrize("name", ["/nonexistent/pinentry", "/bin/false", "/etc/hostname"])
    def test_no_pinentry(self, home: GpgHome, locked: str, name: str) -> None:
        """A pinentry that is not there or no pinentry is told with what to do instead."""
        tell_agent(home, f"pinentry-program {name}")

        error = problem(locked)

        assert error.message == LOCKED.format(locked)
        assert error.hint is not None
        assert "GITAUDIT_PASSPHRASE_FILE" in error.hint
        assert "GPG_TTY" in error.hint

    @pytest.mark.parametrize(
        ("mode", "message"),
        [
            ("cancel", NOT_GIVEN),
            ("error", LOCKED),
            (
                "loopback",
                "the key {} is locked, and gpg.conf forbids asking for the passphrase (pinentry-mode loopback)",
            ),
        ],
    )
    def test_pinentry_mode_of_gpg_conf(
        self, home: GpgHome, locked: str, tmp_path: Path, mode: str, message: str
    ) -> None:
        """What gpg.conf forbids is told, with a pinentry at hand that would answer."""
        tell_agent(home, pinentry(tmp_path, getpin=typing(PASSPHRASE)))
        tell_gpg(home, f"pinentry-mode {mode}")

        assert problem(locked).message == message.format(locked)


class TestTerminal:
    """pinentry-curses needs a terminal, and must never wait for one that is not there."""

    def test_no_terminal(self, home: GpgHome, locked: str) -> None:
        """Without any terminal the real pinentry fails at once, and the hint names the ways out."""
        tell_agent(home, f"pinentry-program {require_tool('pinentry-curses')}")

        done = in_a_session_without_terminal(
            "from gitaudit.adapters.gnupg.signer import GpgSigner\nfrom gitaudit.errors import KeyProblemError\n"
            f"try: GpgSigner('{locked}').sign(b'x')\nexcept KeyProblemError as error: print(error.message, error.hint)"
        )

        assert done.stdout.startswith(LOCKED.format(locked))
        assert "export GPG_TTY" in done.stdout

    @pytest.mark.parametrize("tty", ["/dev/pts/nonexistent", "not a tty"])
    def test_terminal_that_is_none(self, home: GpgHome, locked: str, tty: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A GPG_TTY that names no terminal, as a shell without one sets it, is no reason to wait either."""
        tell_agent(home, f"pinentry-program {require_tool('pinentry-curses')}")
        monkeypatch.setenv("GPG_TTY", tty)

        assert problem(locked).message == LOCKED.format(locked)

    @pytest.mark.parametrize("gpg_tty", [None, "not a tty"])
    def test_terminal_of_a_hook_is_found(
        self, home: GpgHome, locked: str, tmp_path: Path, gpg_tty: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A hook has its terminal at standard error only; without a good GPG_TTY pinentry is told of it."""
        tell_agent(home, pinentry(tmp_path, getpin=typing(PASSPHRASE)))
        if gpg_tty is not None:
            monkeypatch.setenv("GPG_TTY", gpg_tty)
        mine, theirs = os.openpty()
        name = os.ttyname(theirs)
        code = f"from gitaudit.adapters.gnupg.signer import GpgSigner; GpgSigner('{locked}').sign(b'x')"

        done = subprocess.run(
            [sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, check=False
        )

        os.close(mine)
        os.close(theirs)
        assert done.returncode == 0
        assert f"OPTION ttyname={name}\n" in (tmp_path / "pinentry.log").read_text(encoding="utf-8")

    def test_terminal_that_the_user_names_counts(
        self, home: GpgHome, locked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A GPG_TTY that exists is the user's choice."""
        tell_agent(home, pinentry(tmp_path, getpin=typing(PASSPHRASE)))
        monkeypatch.setenv("GPG_TTY", "/dev/null")

        GpgSigner(locked).sign(PAYLOAD)

        assert "OPTION ttyname=/dev/null\n" in (tmp_path / "pinentry.log").read_text(encoding="utf-8")


class TestPassphraseFile:
    """A passphrase from a file, for machines without a person (loopback)."""

    @pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\nsecond line\n"])
    def test_right_passphrase(self, locked: str, tmp_path: Path, ending: str) -> None:
        """The first line counts, whatever ends it; the payload is signed whole."""
        place = tmp_path / "passphrase"
        place.write_bytes(PASSPHRASE.encode() + ending.encode())
        signer = GpgSigner(locked, passphrase=passphrase_from(str(place)))

        signature = signer.sign(PAYLOAD)

        assert _good(signer, signature)

    @pytest.mark.parametrize(
        "passphrase", ["schöne Grüße €", "a" * 255, "with 'quotes\" and $(spaces)"], ids=["utf8", "long", "shell"]
    )
    def test_any_passphrase(self, home: GpgHome, tmp_path: Path, passphrase: str) -> None:
        """Every passphrase that gpg-agent takes goes through, byte for byte."""
        place = tmp_path / "passphrase"
        place.write_text(passphrase, encoding="utf-8")
        fingerprint = home.generate("New <new@example.com>", passphrase=passphrase)

        signer = GpgSigner(fingerprint, passphrase=passphrase_from(str(place)))

        assert _good(signer, signer.sign(PAYLOAD))

    def test_unneeded_passphrase(self, home: GpgHome, gpg_keys: GpgKeys) -> None:
        """A passphrase for a key that has none does no harm: the payload is signed whole."""
        home.add(gpg_keys.plain)
        signer = GpgSigner(gpg_keys.plain.fingerprint, passphrase="whatever")

        assert _good(signer, signer.sign(PAYLOAD))

    def test_wrong_passphrase(self, locked: str) -> None:
        """A wrong passphrase is told without showing it."""
        error = problem(locked, passphrase="not the one")

        assert error.message == WRONG.format(locked)
        assert "not the one" not in repr(error)

    def test_agent_that_takes_none(self, home: GpgHome, locked: str) -> None:
        """An agent that forbids loopback is told with the line to remove."""
        tell_agent(home, "no-allow-loopback-pinentry")

        error = problem(locked, passphrase=PASSPHRASE)

        assert error.message == "gpg-agent takes no passphrase from GITAUDIT_PASSPHRASE_FILE"
        assert error.hint is not None
        assert "no-allow-loopback-pinentry" in error.hint

    def test_passphrase_of_gpg_conf(self, home: GpgHome, locked: str, tmp_path: Path) -> None:
        """A passphrase file that gpg.conf names works without gitaudit's."""
        place = tmp_path / "passphrase"
        place.write_text(PASSPHRASE, encoding="ascii")
        tell_gpg(home, "pinentry-mode loopback", f"passphrase-file {place}")
        signer = GpgSigner(locked)

        assert _good(signer, signer.sign(PAYLOAD))

    @pytest.mark.parametrize("content", [b"", b"\n", b"\nsecond", b"\r\n", b"a" * 256, b"a\0b\n", b"a\rb\n"])
    def test_file_without_a_passphrase(self, tmp_path: Path, content: bytes) -> None:
        """An empty first line, or one that no passphrase can be, is refused without showing it."""
        place = tmp_path / "passphrase"
        place.write_bytes(content)

        with pytest.raises(KeyProblemError) as caught:
            passphrase_from(str(place))

        assert (
            caught.value.message == f"expected a passphrase of 1 to 255 bytes in the first line of {place}, found none"
        )

    def test_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        """A folder, or nothing, in place of the file is an error that names it."""
        for place in (tmp_path, tmp_path / "missing"):
            with pytest.raises(KeyProblemError, match="cannot read the passphrase file") as caught:
                passphrase_from(str(place))
            assert caught.value.hint == "correct GITAUDIT_PASSPHRASE_FILE"

    def test_no_file_is_no_passphrase(self) -> None:
        """Without the variable there is none."""
        assert passphrase_from(None) is None

    def test_endless_file(self) -> None:
        """No more is read than a passphrase may have."""
        with pytest.raises(KeyProblemError, match="expected a passphrase of 1 to 255 bytes"):
            passphrase_from("/dev/zero")

    @pytest.mark.parametrize("passphrase", ["", "two\nlines", "a\0b"])
    def test_text_that_is_no_passphrase(self, passphrase: str) -> None:
        """A text that would spill into what is signed is refused."""
        with pytest.raises(KeyProblemError, match="expected a passphrase of one line"):
            GpgSigner(None, passphrase=passphrase)


def test_passphrase_is_shown_nowhere(
    locked: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """No argument of a process, no log of any level, no output and no error has the passphrase, right or wrong."""
    caplog.set_level(logging.DEBUG)
    log = tmp_path / "log"
    gpg = str(wrapper(tmp_path, log))
    wrong = "definitely not it"

    GpgSigner(locked, program=gpg, passphrase=PASSPHRASE).sign(PAYLOAD)
    error = problem(locked, program=gpg, passphrase=wrong)

    shown = log.read_text(encoding="utf-8") + caplog.text + "".join(capfd.readouterr()) + repr(error) + str(error.hint)
    assert "--passphrase-fd 0" in shown
    assert "--detach-sign" in caplog.text
    for secret in (PASSPHRASE, wrong):
        assert secret not in shown


class TestCard:
    """A key whose secret half is on a card; the scdaemon that reaches the card is a script."""

    @pytest.fixture
    def card(self, home: GpgHome, gpg_keys: GpgKeys) -> str:
        """Give the fingerprint of a key on a card."""
        home.add(gpg_keys.plain)
        put_on_card(home, gpg_keys.plain.fingerprint)
        return gpg_keys.plain.fingerprint

    def test_no_scdaemon(self, home: GpgHome, card: str) -> None:
        """Without the program that reaches cards, the hint says what to install."""
        tell_agent(home, "scdaemon-program /nonexistent/scdaemon")

        error = problem(card)

        assert error.message == f"the key {card} is on a card, and no program to reach it is installed"
        assert error.hint == "install scdaemon, then run `gpg --card-status`"

    def test_not_inserted_and_nobody_inserts_it(self, home: GpgHome, card: str, tmp_path: Path) -> None:
        """The agent asks for the card, and the person cancels."""
        tell_agent(home, scdaemon(tmp_path, card=False), pinentry(tmp_path, confirm=refusing(CANCELED)))

        error = problem(card)

        assert error.message == f"the key {card} is on a card that was not inserted, or its PIN was not given"
        assert "SETDESC Please insert the card" in (tmp_path / "pinentry.log").read_text(encoding="utf-8")

    def test_not_inserted_and_nobody_to_ask(self, home: GpgHome, card: str, tmp_path: Path) -> None:
        """Without a pinentry likewise, and with a passphrase file the card is just not there."""
        tell_agent(home, scdaemon(tmp_path, card=False), "pinentry-program /bin/false")

        assert problem(card).message == f"the key {card} is on a card that was not inserted, or its PIN was not given"
        assert problem(card, passphrase="123456").message == f"the key {card} is on a card that gpg could not use"

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            (BAD_PIN, "the PIN of the card with the key {} is wrong"),
            (PIN_BLOCKED, "the PIN of the card with the key {} is blocked"),
            (CARD_ERROR, "the key {} is on a card that gpg could not use"),
        ],
    )
    def test_card_that_refuses(self, home: GpgHome, card: str, tmp_path: Path, code: int, message: str) -> None:
        """A wrong PIN, a blocked one, and whatever else a card says are told apart."""
        tell_agent(home, scdaemon(tmp_path, sign=refusing(code)), pinentry(tmp_path, getpin=typing("123456")))

        assert problem(card).message == message.format(card)

    def test_cards_switched_off(self, home: GpgHome, card: str) -> None:
        """An agent that may not use cards is told as a card that could not be used."""
        tell_agent(home, "disable-scdaemon")

        assert problem(card).message == f"the key {card} is on a card that gpg could not use"


def _good(signer: GpgSigner, signature: bytes) -> bool:
    from gitaudit.adapters.sequoia import SequoiaVerifier

    parsed = parse_armored(signature, canonical=False)
    verdict = SequoiaVerifier().verify(PAYLOAD, parsed, {signer.fingerprint: signer.certificate()})
    return verdict.fingerprint == signer.fingerprint
