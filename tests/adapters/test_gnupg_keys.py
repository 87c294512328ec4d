"""Which key signs: every way of naming one, with real gpg."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.gnupg.signer import GpgSigner
from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.log.openpgp import parse_armored
from tests.adapters.gnupg_helpers import PAYLOAD, problem, program, secret_file, tell_agent, tell_gpg, wrapper
from tests.support.gpg import GpgHome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.gpg import GpgKey, GpgKeys
    from tests.support.isolation import Sandbox

UID = "Plain Key <plain@example.com>"
DAY = 86_400
LONG_AGO = 1_577_836_800


def issuer(signer: GpgSigner) -> str | None:
    """Sign, let Sequoia judge it by the signer's own certificate, and return who the signature says made it."""
    signature = parse_armored(signer.sign(PAYLOAD), canonical=False)
    verdict = SequoiaVerifier().verify(PAYLOAD, signature, {signer.fingerprint: signer.certificate()})
    assert verdict.fingerprint == signer.fingerprint
    return signature.issuer


@pytest.fixture
def two_keys(gpg_home: GpgHome, gpg_keys: GpgKeys) -> GpgKey:
    """Give a keyring with the plain key, and the second one besides; return the plain one."""
    gpg_home.add(gpg_keys.second)
    return gpg_keys.plain


@pytest.mark.parametrize(
    "named",
    [
        lambda fpr: fpr,
        lambda fpr: fpr.lower(),
        lambda fpr: f"0x{fpr}",
        lambda fpr: f"{fpr}!",
        lambda fpr: " ".join(fpr[at : at + 4] for at in range(0, 40, 4)),
        lambda fpr: fpr[-16:],
        lambda fpr: f"0x{fpr[-16:]}!",
        lambda fpr: fpr[-8:],
        lambda fpr: f"0x{fpr[-8:].lower()}",
        lambda _: "plain@example.com",
        lambda _: "<plain@example.com>",
        lambda _: UID,
        lambda _: f"={UID}",
        lambda _: "  Plain Key ",
    ],
    ids=[
        "fpr",
        "lower",
        "0x",
        "forced",
        "spaced",
        "long",
        "0xlong!",
        "short",
        "0xshort",
        "mail",
        "<mail>",
        "uid",
        "=uid",
        "part",
    ],
)
def test_each_way_of_naming_a_key_finds_it(two_keys: GpgKey, named: Callable[[str], str]) -> None:
    """A fingerprint, id or user id in any of gpg's forms names the key, and its signature is by that key."""
    signer = GpgSigner(named(two_keys.fingerprint))

    assert signer.fingerprint == two_keys.fingerprint
    assert issuer(signer) == two_keys.fingerprint


def test_only_key_needs_no_name(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """Where there is one secret key, it is taken; public keys of others do not count."""
    gpg_home.receive(gpg_keys.second.public)

    assert GpgSigner(None).fingerprint == gpg_keys.plain.fingerprint


def test_only_key_that_can_sign_needs_no_name(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """Expired keys and keys for other uses do not make the choice ambiguous."""
    gpg_home.add(gpg_keys.expired)
    gpg_home.generate("Other <other@example.com>", usage="cert")

    assert issuer(GpgSigner(None)) == gpg_keys.plain.fingerprint


def test_several_keys_need_a_name(two_keys: GpgKey, gpg_keys: GpgKeys) -> None:
    """Which of several keys to use is never guessed: the error lists them."""
    for name in (None, "example.com"):
        error = problem(name)

        assert error.message.startswith("expected one key to sign with, found 2: ")
        assert two_keys.fingerprint in error.message
        assert gpg_keys.second.fingerprint in error.message
        assert error.hint is not None
        assert "git config gitaudit.key FPR" in error.hint


class TestSubkeys:
    """A primary key that certifies and two signing subkeys, the second of which is newer."""

    @pytest.fixture
    def parts(self, gpg_home: GpgHome) -> tuple[str, str, str]:
        """Return the fingerprints: primary key, older subkey, newer subkey."""
        primary = gpg_home.generate("Sub <sub@example.com>", usage="cert", at=LONG_AGO)
        gpg_home.run("--quick-add-key", primary, "ed25519", "sign", "never", at=LONG_AGO)
        gpg_home.run("--quick-add-key", primary, "ed25519", "sign", "never", at=LONG_AGO + DAY)
        found = gpg_home.fingerprints(primary)
        assert len(found) == 3
        return found[0], found[1], found[2]

    def test_newest_subkey_signs(self, parts: tuple[str, str, str]) -> None:
        """Without an exclamation mark gpg takes the newest subkey, whichever part is named."""
        primary, older, newer = parts
        for name in (primary, older, newer, older[-16:], "sub@example.com"):
            signer = GpgSigner(name)

            assert signer.fingerprint == primary
            assert issuer(signer) == newer

    def test_exclamation_mark_forces_the_subkey(self, parts: tuple[str, str, str]) -> None:
        """`FPR!` makes exactly that subkey sign; the fingerprint of the signer stays the primary one."""
        primary, older, newer = parts
        for name, expected in ((f"{older}!", older), (f"0x{older[-16:].lower()}!", older), (f"{newer}!", newer)):
            signer = GpgSigner(name)

            assert signer.fingerprint == primary
            assert issuer(signer) == expected

    def test_forced_primary_key_that_only_certifies_is_told(self, parts: tuple[str, str, str]) -> None:
        """`PRIMARY!` forces the primary key, which may not sign although a subkey may."""
        assert problem(f"{parts[0]}!").message == f"the key {parts[0]} may not sign: it is for other uses"

    def test_offline_primary_key_is_no_obstacle(self, gpg_home: GpgHome, parts: tuple[str, str, str]) -> None:
        """With only the subkeys' secret halves at hand (`sec#`), they sign."""
        secret_file(gpg_home, parts[0]).unlink()
        gpg_home.stop()

        assert issuer(GpgSigner(parts[0])) == parts[2]

    def test_subkey_that_is_not_here_is_passed_over(self, gpg_home: GpgHome, parts: tuple[str, str, str]) -> None:
        """The newest subkey whose secret half is at hand signs."""
        secret_file(gpg_home, parts[2]).unlink()
        gpg_home.stop()

        assert issuer(GpgSigner(parts[0])) == parts[1]

    def test_forced_subkey_that_is_not_here_is_told(self, gpg_home: GpgHome, parts: tuple[str, str, str]) -> None:
        """A forced subkey without its secret half is an error that names it; no other key steps in."""
        secret_file(gpg_home, parts[2]).unlink()
        gpg_home.stop()

        assert problem(f"{parts[2]}!").message == (
            f"the secret half of the subkey {parts[2]} of {parts[0]} is not here"
        )

    def test_expired_subkey_beside_a_good_one_is_no_obstacle(
        self, gpg_home: GpgHome, parts: tuple[str, str, str]
    ) -> None:
        """An older subkey that has ended does not matter, though gpg reports it with every signature."""
        gpg_home.run("--quick-set-expire", parts[0], "1d", parts[1], at=LONG_AGO + 2 * DAY)

        assert issuer(GpgSigner(parts[0])) == parts[2]


def test_subkeys_alone_from_another_home(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """What a build server gets, `--export-secret-subkeys`, is enough."""
    key = gpg_keys.with_subkey
    gpg_home.add(key)
    assert key.subkey is not None
    subkeys = gpg_home.run("--armor", "--export-secret-subkeys", f"{key.subkey}!")
    gpg_home.run("--delete-secret-and-public-key", key.fingerprint)
    gpg_home.receive(subkeys)

    signer = GpgSigner(key.fingerprint)

    assert signer.fingerprint == key.fingerprint
    assert issuer(signer) == key.subkey


def test_wrapped_gpg(gpg_keys: GpgKeys, gpg_home: GpgHome, tmp_path: Path) -> None:
    """A script as gpg.program is used for everything, with one process to find the key and one a signature."""
    log = tmp_path / "log"
    signer = GpgSigner(gpg_keys.plain.fingerprint, program=str(wrapper(tmp_path, log)))

    signer.sign(PAYLOAD)
    signer.sign(PAYLOAD)

    assert gpg_home.path.exists()
    calls = log.read_text(encoding="utf-8").splitlines()
    assert ["--list-secret-keys" in call for call in calls] == [True, False, False]


def test_program_in_the_home_folder(
    gpg_home: GpgHome, gpg_keys: GpgKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tilde before the path is the user's home, as in git's own configuration."""
    monkeypatch.setenv("HOME", str(tmp_path))
    program(tmp_path / "my-gpg", '#!/bin/sh\nexec gpg "$@"\n')

    assert gpg_home.path.exists()
    assert issuer(GpgSigner(None, program="~/my-gpg")) == gpg_keys.plain.fingerprint


def test_another_key_than_the_one_named_is_refused(two_keys: GpgKey, gpg_keys: GpgKeys, tmp_path: Path) -> None:
    """A gpg that signs with another key than it is told is found out, and its signature not used."""
    mine, other = two_keys.fingerprint, gpg_keys.second.fingerprint
    swap = (
        "#!/bin/sh\nfor word; do\n  shift\n"
        f'  [ "$last $word" = "--local-user {mine}" ] && word={other}\n'
        '  last=$word\n  set -- "$@" "$word"\ndone\nexec gpg "$@"\n'
    )

    error = problem(two_keys.fingerprint, program=str(program(tmp_path / "swapping", swap)))

    assert (
        error.message == f"expected a signature by {two_keys.fingerprint}, found one by {gpg_keys.second.fingerprint}"
    )


def test_key_that_goes_away_meanwhile_is_told(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """A key that was found and is gone when it shall sign is looked at again."""
    signer = GpgSigner(gpg_keys.plain.fingerprint)
    assert signer.fingerprint == gpg_keys.plain.fingerprint
    secret_file(gpg_home, gpg_keys.plain.fingerprint).unlink()
    tell_agent(gpg_home)

    with pytest.raises(Exception, match="found only its public half"):
        signer.sign(PAYLOAD)


@pytest.fixture
def far_away(gpg_home: GpgHome, gpg_keys: GpgKeys, sandbox: Sandbox) -> GpgHome:
    """Give a home on "another machine": public keys only, and the agent of `gpg_home` forwarded by its extra socket."""
    gpg_home.run("--list-secret-keys")
    place = sandbox.home / "far"
    place.mkdir(mode=0o700)
    far = GpgHome(place)
    far.receive(gpg_keys.plain.public)
    far.receive(gpg_keys.second.public)
    far.stop()
    (place / "S.gpg-agent").write_text(f"%Assuan%\nsocket={gpg_home.path}/S.gpg-agent.extra\n", encoding="ascii")
    tell_gpg(far, "no-autostart")
    return far


@pytest.mark.parametrize("named", [True, False], ids=["named", "only"])
def test_forwarded_agent(far_away: GpgHome, gpg_keys: GpgKeys, named: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a parameter of the test
    """An agent that is forwarded from another machine does not tell which secret keys it has, and signs."""
    monkeypatch.setenv("GNUPGHOME", str(far_away.path))
    listing = subprocess.run(["gpg", "--list-secret-keys", "--with-colons"], capture_output=True, text=True, check=True)
    assert [row.split(":")[14] for row in listing.stdout.splitlines() if row.startswith("sec")] == ["#"]

    assert far_away.path.exists()
    assert issuer(GpgSigner(gpg_keys.plain.fingerprint if named else None)) == gpg_keys.plain.fingerprint


def test_forwarded_agent_takes_no_passphrase(
    far_away: GpgHome, gpg_keys: GpgKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such an agent forbids loopback: the hint says where to unlock the key."""
    monkeypatch.setenv("GNUPGHOME", str(far_away.path))

    error = problem(gpg_keys.plain.fingerprint, passphrase="whatever")

    assert error.message.startswith("gpg-agent is forwarded from another machine")
    assert error.hint == "unset that, and unlock the key where the agent runs"
