"""Programs that stand in for people and cards: a pinentry, a scdaemon, a wrapped gpg.

gpg, gpg-agent and the keys are real; only what would need a person's hands is a script that speaks the protocol of the
agent (Assuan: a greeting, then one line each way).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.gnupg.signer import GpgSigner
from gitaudit.errors import KeyProblemError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gpg import GpgHome

PAYLOAD = b"tree 0\nwhat is signed \xff\x00\n"
CANCELED, FULLY_CANCELED, TIMEOUT = 83886179, 83886278, 83886142
"""What a pinentry answers: libgpg-error's 99, 198 and 62, said by source 5."""
CARD_NOT_PRESENT, CARD_ERROR, BAD_PIN, PIN_BLOCKED = 100663408, 100663404, 100663383, 100663426
"""What a scdaemon answers: libgpg-error's 112, 108, 87 and 130, said by source 6."""

_SERIAL = "D2760001240102000005000011110000"


def program(path: Path, text: str) -> Path:
    """Write an executable file."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def wrapper(folder: Path, log: Path) -> Path:
    """Write a gpg that notes each of its command lines in `log`."""
    return program(folder / "wrapped-gpg", f'#!/bin/sh\necho "$*" >> {log}\nexec gpg "$@"\n')


def pinentry(folder: Path, **answers: str) -> str:
    """Write a pinentry and return the line of gpg-agent.conf that names it.

    Args:
        answers: lines of shell by command in lower case, such as `getpin`; every other command is answered with OK.
            Everything that it is told goes to `pinentry.log` in `folder`.
    """
    place = _assuan(folder, "pinentry", answers)
    return f"pinentry-program {place}"


def typing(passphrase: str) -> str:
    """Return the answer of a person who types."""
    return f"echo 'D {passphrase}'; echo OK"


def refusing(code: int) -> str:
    """Return the answer that fails with a code."""
    return f"echo 'ERR {code} refused'"


def scdaemon(folder: Path, *, card: bool = True, sign: str = "echo OK") -> str:
    """Write a scdaemon and return the line of gpg-agent.conf that names it; `card` is the one of `put_on_card`."""
    serial = f"echo 'S SERIALNO {_SERIAL}'; echo OK" if card else refusing(CARD_NOT_PRESENT)
    return f"scdaemon-program {_assuan(folder, 'scdaemon', {'serialno': serial, 'pksign': sign})}"


def _assuan(folder: Path, name: str, answers: dict[str, str]) -> Path:
    cases = "".join(f"    {command.upper()}) {answer};;\n" for command, answer in answers.items())
    text = (
        "#!/bin/sh\necho 'OK ready'\nwhile read -r command rest; do\n"
        f'  echo "$command $rest" >> {folder / name}.log\n'
        f'  case "$command" in\n{cases}    BYE) echo OK; exit 0;;\n    *) echo OK;;\n  esac\ndone\n'
    )
    return program(folder / name, text)


def tell_agent(home: GpgHome, *lines: str) -> None:
    """Give gpg-agent another configuration, and let it forget everything."""
    text = "\n".join(["default-cache-ttl 0", "max-cache-ttl 0", "s2k-count 65536", *lines, ""])
    (home.path / "gpg-agent.conf").write_text(text, encoding="utf-8")
    home.stop()


def tell_gpg(home: GpgHome, *lines: str) -> None:
    """Give gpg a gpg.conf."""
    (home.path / "gpg.conf").write_text("\n".join([*lines, ""]), encoding="utf-8")


def secret_file(home: GpgHome, fingerprint: str) -> Path:
    """Return the file that the agent keeps a secret key or subkey in."""
    listing = home.run("--list-keys", "--with-colons", "--with-keygrip", fingerprint).decode().splitlines()
    rows = [line.split(":") for line in listing if line.startswith(("fpr:", "grp:"))]
    at = next(at for at, row in enumerate(rows) if row[0] == "fpr" and row[9] == fingerprint)
    return home.path / "private-keys-v1.d" / f"{rows[at + 1][9]}.key"


def put_on_card(home: GpgHome, fingerprint: str) -> None:
    """Replace a secret Ed25519 key by what gpg-agent keeps of a key that is on a card."""
    place = secret_file(home, fingerprint)
    found = re.search(r"\(q\s+#([0-9A-F\s]+)#\)", place.read_text(encoding="ascii"))
    assert found is not None
    point = re.sub(r"\s", "", found[1])
    key = f"(ecc (curve Ed25519)(flags eddsa)(q #{point}#)\n  (shadowed t1-v1 (#{_SERIAL}# OPENPGP.1)\n ))"
    place.write_text(f"Key: (shadowed-private-key {key})\n", encoding="ascii")
    home.stop()


def problem(key: str | None, *, program: str = "gpg", passphrase: str | None = None) -> KeyProblemError:
    """Return the error of signing with a key that cannot; it always has a hint."""
    with pytest.raises(KeyProblemError) as caught:
        GpgSigner(key, program=program, passphrase=passphrase).sign(PAYLOAD)
    error = caught.value
    assert error.hint
    assert not error.message.endswith(".")
    assert error.message == error.message[0].lower() + error.message[1:]
    return error
