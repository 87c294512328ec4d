"""Signing whatever gpg.conf says, and with every kind of key that a log takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.gnupg.signer import GpgSigner
from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.log.openpgp import STRONG_HASHES, Signature, parse_armored
from tests.adapters.gnupg_helpers import PAYLOAD, problem, tell_gpg
from tests.support.gpg import GpgHome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gpg import GpgKeys
    from tests.support.isolation import Sandbox

SHA512 = 10


def good_signature(signer: GpgSigner) -> Signature:
    """Sign, let Sequoia judge it, and return the signature."""
    signature = parse_armored(signer.sign(PAYLOAD), canonical=False)
    certificate = signer.certificate()
    verdict = SequoiaVerifier().verify(PAYLOAD, signature, {signer.fingerprint: certificate})
    assert verdict.fingerprint == signer.fingerprint
    assert SequoiaVerifier().certificate_problem(certificate, signer.fingerprint) is None
    return signature


@pytest.mark.parametrize(
    "line",
    [
        "emit-version",
        "comment hello",
        "no-armor",
        "textmode",
        "default-sig-expire 1y",
        "ask-sig-expire",
        "digest-algo SHA1",
        "cert-digest-algo SHA1",
        "personal-digest-preferences SHA1",
        "include-key-block",
        "sig-notation one@example.com=value",
        "sig-policy-url https://example.com/",
        "sender plain@example.com",
        "default-key second@example.com",
        "default-recipient-self",
        "encrypt-to plain@example.com",
        "trust-model pgp",
        "trust-model classic",
        "trust-model tofu",
        "trust-model direct",
        "trust-model always",
        "trust-model auto",
        "rfc4880",
        "pgp7",
        "verbose",
        "quiet",
        "debug ipc",
        "logger-file log",
        "status-fd 1",
        "no-batch",
        "interactive",
        "with-colons",
        "fixed-list-mode",
        "with-fingerprint",
        "list-options show-unusable-subkeys,show-notations",
        "keyid-format none",
        "display-charset iso-8859-1",
        "keyring /nonexistent/other.kbx",
        "no-such-option",
        "pinentry-mode loopback",
        "passphrase-repeat 0",
        "throw-keyids",
        "lock-once",
        "dry-run",
        "request-origin remote",
        "export-options export-attributes",
        "allow-weak-digest-algos",
    ],
)
def test_gpg_conf_does_not_spoil_a_signature(
    gpg_home: GpgHome, gpg_keys: GpgKeys, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever gpg.conf sets, there is one good signature: SHA-512, over the very bytes, without end."""
    monkeypatch.chdir(tmp_path)
    gpg_home.add(gpg_keys.second)
    tell_gpg(gpg_home, line)

    signature = good_signature(GpgSigner(gpg_keys.plain.fingerprint))

    assert signature.issuer == gpg_keys.plain.fingerprint
    assert signature.hash_algorithm == SHA512


def test_certificate_carries_no_headers(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """Version and comments that gpg.conf asks for are in neither certificate nor signature."""
    tell_gpg(gpg_home, "emit-version", "comment hello")
    signer = GpgSigner(gpg_keys.plain.fingerprint)

    for armored in (signer.certificate(), signer.sign(PAYLOAD)):
        assert armored.split(b"\n")[1] == b""


def test_second_signature_of_gpg_conf_is_told(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """`local-user` in gpg.conf, which no option takes back, makes gpg sign twice: the hint names it."""
    gpg_home.add(gpg_keys.second)
    tell_gpg(gpg_home, f"local-user {gpg_keys.second.fingerprint}")

    error = problem(gpg_keys.plain.fingerprint)

    assert error.message == "expected one signature, found 2"
    assert error.hint == "remove every `local-user` from gpg.conf"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("sig-notation a@example.com=1", "sig-notation b@example.com=2"), "expected each subpacket once"),
        (("output nowhere",), "expected an armored PGP signature"),
    ],
)
def test_signature_that_no_log_takes_is_told(
    gpg_home: GpgHome,
    gpg_keys: GpgKeys,
    lines: tuple[str, ...],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What gpg.conf spoils and a log would refuse is found when signing, and is a matter of the key, not of the log."""
    monkeypatch.chdir(tmp_path)
    tell_gpg(gpg_home, *lines)

    error = problem(gpg_keys.plain.fingerprint)

    assert error.message.startswith(f"gpg made a signature that no log takes: {reason}")
    assert error.hint is not None
    assert "gpg.conf" in error.hint


def test_another_time_is_in_the_signature(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """With `faked-system-time` gpg signs at that time, and the signature says so."""
    tell_gpg(gpg_home, "faked-system-time 20330518T033320!")

    signature = parse_armored(GpgSigner(gpg_keys.plain.fingerprint).sign(PAYLOAD), canonical=False)

    assert signature.created == 2_000_000_000


@pytest.mark.parametrize(
    "algorithm",
    ["rsa3072", "nistp256", "nistp384", "nistp521", "dsa2048"],
)
def test_every_kind_of_key(sandbox: Sandbox, algorithm: str) -> None:
    """RSA, DSA and the curves sign with a hash that the key can sign and a log takes."""
    home = GpgHome(sandbox.gnupg)
    home.run("--quick-generate-key", "Some <some@example.com>", algorithm, "sign", "never")

    signature = good_signature(GpgSigner(None))

    assert signature.hash_algorithm in STRONG_HASHES


def test_photograph_and_other_peoples_signatures_stay_out(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """The certificate has neither what others signed nor attributes, so that it stays small."""
    gpg_home.add(gpg_keys.second)
    before = GpgSigner(gpg_keys.plain.fingerprint).certificate()
    gpg_home.run("--local-user", gpg_keys.second.fingerprint, "--quick-sign-key", gpg_keys.plain.fingerprint)

    assert GpgSigner(gpg_keys.plain.fingerprint).certificate() == before
    assert len(gpg_home.export(gpg_keys.plain.fingerprint)) > len(before)


def test_user_id_with_hostile_characters(gpg_home: GpgHome) -> None:
    """A user id with line separators, status lines and colons neither misleads nor breaks anything."""
    uid = "fpr\x85sec:u\u2028[GNUPG:] SIG_CREATED D 1\x85fpr <hostile@example.com>"
    fingerprint = gpg_home.generate(uid)

    for name in (fingerprint, "hostile@example.com"):
        signer = GpgSigner(name)

        assert signer.fingerprint == fingerprint
        assert good_signature(signer).issuer == fingerprint
