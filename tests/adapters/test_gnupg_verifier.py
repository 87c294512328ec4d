"""The second opinion by gpg: what is its own, besides the contract that it keeps with the other engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.gnupg.signer import GpgSigner
from gitaudit.adapters.gnupg.verifier import GpgVerifier
from gitaudit.errors import SetupError
from gitaudit.log.openpgp import parse_armored
from gitaudit.model import Verdict
from tests.adapters.gnupg_helpers import PAYLOAD, program, tell_gpg, wrapper
from tests.support.gpg import GpgHome
from tests.support.openpgp import TestKey

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.isolation import Sandbox

KEY = TestKey.from_seed(b"key", 1_600_000_000, "Key <key@example.com>")
SIGNATURE = parse_armored(KEY.sign(PAYLOAD, 1_700_000_000), canonical=False)
CERTIFICATES = {KEY.fingerprint: KEY.certificate()}
GOOD = Verdict(fingerprint=KEY.fingerprint)


@pytest.fixture
def rings(tmp_path: Path) -> Path:
    """Give an empty folder for keyrings, with a path that no agent's socket would fit in."""
    place = tmp_path / ("long" * 30)
    place.mkdir(mode=0o700)
    return place


def test_reader_plays_no_part(rings: Path, sandbox: Sandbox) -> None:
    """Neither the reader's keys nor gpg.conf count, and the reader's folder stays as it was."""
    home = GpgHome(sandbox.gnupg)
    home.receive(KEY.certificate())
    tell_gpg(home, "weak-digest SHA256", "no-such-option", "trust-model pgp")
    before = sorted((place.name, place.stat().st_mtime_ns) for place in sandbox.gnupg.iterdir())

    assert GpgVerifier(rings).verify(PAYLOAD, SIGNATURE, CERTIFICATES) == GOOD
    assert GpgVerifier(rings).verify(PAYLOAD, SIGNATURE, {}).problem == "unknown-key"
    assert sorted((place.name, place.stat().st_mtime_ns) for place in sandbox.gnupg.iterdir()) == before


def test_no_agent_and_no_secret_key(sandbox: Sandbox) -> None:
    """Certificates of strangers start no agent, not even one that holds a secret key, which is not kept."""
    place = sandbox.home / "rings"  # a path so short that an agent could have its socket there
    place.mkdir(mode=0o700)
    verifier = GpgVerifier(place)
    ended = KEY.expiring(1_650_000_000)

    assert verifier.verify(PAYLOAD, SIGNATURE, CERTIFICATES) == GOOD
    assert verifier.verify(PAYLOAD, SIGNATURE, {KEY.fingerprint: ended.certificate()}).problem == "expired"
    assert verifier.certificate_problem(KEY.secret_certificate(), KEY.fingerprint) is not None
    assert verifier.verify(PAYLOAD, SIGNATURE, {KEY.fingerprint: KEY.secret_certificate()}) == GOOD

    names = {found.name for found in place.rglob("*")}
    assert "pubring.kbx" in names
    assert not {name for name in names if name.startswith("S.") or name.endswith(".key")}


def test_nothing_is_left_but_keyrings(rings: Path) -> None:
    """The file that a signature is handed over in is gone afterwards."""
    verifier = GpgVerifier(rings)
    for _ in range(3):
        verifier.verify(PAYLOAD, SIGNATURE, CERTIFICATES)

    assert [place.is_dir() for place in rings.iterdir()] == [True]


def test_processes(rings: Path, tmp_path: Path) -> None:
    """A certificate costs two processes once, a signature one; keys that cannot have made it cost none."""
    log = tmp_path / "log"
    other = TestKey.from_seed(b"other", 1_600_000_000, "Other <other@example.com>").certificate()
    verifier = GpgVerifier(rings, program=str(wrapper(tmp_path, log)))

    for certificates in (CERTIFICATES, CERTIFICATES | {"other": other}, CERTIFICATES):
        assert verifier.verify(PAYLOAD, SIGNATURE, certificates) == GOOD

    calls = log.read_text(encoding="utf-8").splitlines()
    assert sum("--import" in call for call in calls) == 2
    assert sum("--list-sigs" in call for call in calls) == 2
    assert sum("--verify" in call for call in calls) == 3
    assert len(calls) == 7


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa3072", "nistp256", "nistp384", "nistp521", "dsa2048"])
def test_keys_of_gpg(rings: Path, sandbox: Sandbox, algorithm: str) -> None:
    """What the user's gpg signs with any kind of key, in the armor that a log keeps, gpg finds good."""
    home = GpgHome(sandbox.gnupg)
    home.run("--quick-generate-key", "Some <some@example.com>", algorithm, "sign", "never")
    signer = GpgSigner(None)
    signature = parse_armored(signer.sign(PAYLOAD), canonical=False)

    verdict = GpgVerifier(rings).verify(PAYLOAD, signature, {signer.fingerprint: signer.certificate()})

    assert verdict == Verdict(fingerprint=signer.fingerprint)


@pytest.mark.parametrize("name", ["/nonexistent/gpg", "true", "false"])
def test_no_gpg(rings: Path, name: str) -> None:
    """Without a gpg there is no verdict: that is a matter of the surroundings, not of the signature."""
    with pytest.raises(SetupError, match=r"expected a .*gpg program"):
        GpgVerifier(rings, program=name).verify(PAYLOAD, SIGNATURE, CERTIFICATES)


def test_gpg_that_only_says_so(rings: Path, tmp_path: Path) -> None:
    """Good status lines with a bad exit code are no good signature."""
    failing = '#!/bin/sh\ngpg "$@"\ncode=$?\ncase "$*" in *--verify*) exit 2;; esac\nexit $code\n'
    verifier = GpgVerifier(rings, program=str(program(tmp_path / "failing", failing)))

    assert verifier.verify(PAYLOAD, SIGNATURE, CERTIFICATES).fingerprint is None
