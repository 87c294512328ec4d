"""How gpg is run: by few processes, read by its status lines alone, without waiting, and imported only when needed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import gnupg
import pytest

from gitaudit.adapters.gnupg.failures import GpgCode, failure_code
from gitaudit.adapters.gnupg.listing import parse_listing
from gitaudit.adapters.gnupg.program import Done, GpgProgram, _Gpg
from gitaudit.adapters.gnupg.signer import GpgSigner
from gitaudit.errors import KeyProblemError, SetupError
from tests.adapters.gnupg_helpers import PAYLOAD, problem, program, tell_gpg, wrapper

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gpg import GpgHome, GpgKeys

FPR = "0123456789ABCDEF0123456789ABCDEF01234567"


def processes(log: Path) -> list[str]:
    """Return what each gpg process was told to do."""
    commands = (
        "--list-secret-keys",
        "--list-keys",
        "--detach-sign",
        "--export",
        "--list-config",
        "--import",
        "--verify",
    )
    lines = log.read_text(encoding="utf-8").splitlines()
    return [next(command for command in commands if command in line.split(" ")) for line in lines]


class TestProcesses:
    """Every gpg process is felt by whoever commits."""

    @pytest.fixture
    def log(self, tmp_path: Path) -> Path:
        """Give the place that the wrapped gpg notes its processes in."""
        return tmp_path / "log"

    @pytest.fixture
    def signer(self, gpg_home: GpgHome, gpg_keys: GpgKeys, tmp_path: Path, log: Path) -> GpgSigner:
        """Give a signer whose gpg is wrapped."""
        assert gpg_home.path.exists()
        return GpgSigner(gpg_keys.plain.fingerprint, program=str(wrapper(tmp_path, log)))

    def test_making_a_signer_costs_none(self, signer: GpgSigner, log: Path) -> None:
        """A command that never signs never starts gpg."""
        assert signer is not None
        assert not log.exists()

    def test_a_record_costs_three(self, signer: GpgSigner, log: Path) -> None:
        """A record and its note are two signatures, and one look at the key; its fingerprint is asked for often."""
        for _ in range(2):
            assert signer.fingerprint
            signer.sign(PAYLOAD)

        assert processes(log) == ["--list-secret-keys", "--detach-sign", "--detach-sign"]

    def test_a_certificate_costs_one_more(self, signer: GpgSigner, log: Path) -> None:
        """The first record of a log needs the public key as well."""
        assert signer.certificate()

        assert processes(log) == ["--list-secret-keys", "--export"]

    def test_a_refusal_costs_few(self, gpg_home: GpgHome, tmp_path: Path, log: Path) -> None:
        """Telling exactly why there is no key may cost two more."""
        assert gpg_home.path.exists()

        problem("nobody@example.com", program=str(wrapper(tmp_path, log)))

        assert processes(log) == ["--list-secret-keys", "--list-keys"]


def test_python_gnupg_finds_all_that_its_own_constructor_sets(gpg_home: GpgHome) -> None:
    """Leaving out the constructor of python-gnupg, for the process it costs, leaves nothing unset."""
    real = gnupg.GPG(gnupghome=str(gpg_home.path))

    assert set(vars(_Gpg("gpg", gpg_home.path, []))) == set(vars(real))


@pytest.mark.parametrize("text", ["cat >/dev/null", "read line", "cat"])
def test_program_that_reads_is_not_waited_for(gpg_home: GpgHome, tmp_path: Path, text: str) -> None:
    """A program that waits for input where there is none comes to an end, and is no gpg."""
    place = program(tmp_path / "reading", f"#!/bin/sh\n{text}\n")

    assert gpg_home.path.exists()
    assert "to be none" in problem(None, program=str(place)).message


def test_gpg_conf_that_makes_gpg_read_is_not_waited_for(gpg_home: GpgHome, gpg_keys: GpgKeys) -> None:
    """`passphrase-fd 0` in gpg.conf lets every gpg read a line first; none waits for one."""
    tell_gpg(gpg_home, "passphrase-fd 0")

    assert GpgSigner(None).fingerprint == gpg_keys.plain.fingerprint
    assert GpgSigner(None).certificate()


@pytest.mark.parametrize("fault", [KeyProblemError, SetupError])
def test_missing_gpg_is_told_as_its_user_wants(fault: type[KeyProblemError | SetupError]) -> None:
    """No gpg is a matter of the key for who signs, and of the surroundings for who verifies."""
    gpg = GpgProgram("/nonexistent/gpg", fault=fault)

    with pytest.raises(fault):
        gpg.list_keys([])
    with pytest.raises(fault):
        gpg.check()


def row(kind: str, **fields: str) -> str:
    """Return a row of a colon listing; fields by their number of doc/DETAILS, such as `f10`."""
    row = [""] * 21
    row[0] = kind
    for name, text in fields.items():
        row[int(name[1:]) - 1] = text
    return ":".join(row)


class TestListing:
    """What is read of `--with-colons`."""

    def test_key_with_subkeys(self) -> None:
        """Each part has its own fingerprint, times, usage and place; rows of user ids are skipped."""
        text = "\n".join(
            [
                row("tru", f2="o"),
                row("sec", f2="u", f6="5", f7="", f12="scESC", f15="#"),
                row("fpr", f10=FPR),
                row("grp", f10="0" * 40),
                row("uid", f10="fpr", f2="u"),
                row("ssb", f2="e", f6="6", f7="7", f12="s", f15="+"),
                row("fpr", f10=FPR[::-1]),
                "",
            ]
        )

        (key,) = parse_listing(text.encode())

        assert key.fingerprint == FPR
        assert [part.fingerprint for part in key.parts] == [FPR, FPR[::-1]]
        assert [(part.created, part.expires) for part in key.parts] == [(5, None), (6, 7)]
        assert [(part.validity, part.usage, part.held) for part in key.parts] == [("u", "sc", "#"), ("e", "s", "+")]

    def test_revocations(self) -> None:
        """Those of the key or subkey count, not those of user ids; superseded and retired are soft."""
        reasons = ["20x,01", "20x,02", "20x,03", "20x", "20x,00", "30x,01", "13x"]
        lines = [row("pub"), row("fpr", f10=FPR), *(row("rev", f6="9", f11=reason) for reason in reasons)]

        (key,) = parse_listing("\n".join(lines).encode())

        assert [(one.at, one.soft) for one in key.parts[0].revocations] == [
            (9, True),
            (9, False),
            (9, True),
            (9, False),
            (9, False),
        ]

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\n",
            b"fpr:::",
            b"sec",
            b"sec:u:255:22:0000:17::::sc",
            b"pub:::\nuid:::",
            b"\x85fpr:\xe2\x80\xa8",
            b"sec:::::x:y",
        ],
    )
    def test_part_of_a_listing(self, data: bytes) -> None:
        """A listing that ends anywhere has no key without a fingerprint, and never breaks."""
        assert parse_listing(data) == ()

    def test_times_of_another_form(self) -> None:
        """A time that is no number of seconds counts as none."""
        lines = [row("pub", f6="20260101T000000", f7="20270101T000000"), row("fpr", f10=FPR)]

        (key,) = parse_listing("\r\n".join(lines).encode())

        assert (key.parts[0].created, key.parts[0].expires) == (0, None)

    def test_separators_in_user_ids(self) -> None:
        """Only a line feed ends a row: gpg escapes that in user ids, and lets U+0085 and U+2028 through."""
        lines = [row("pub"), row("fpr", f10=FPR), row("uid", f10="a\x85pub\u2028fpr"), row("sub"), row("fpr", f10=FPR)]

        (key,) = parse_listing("\n".join(lines).encode())

        assert len(key.parts) == 2


def done(*lines: str) -> Done:
    """Return a process that wrote these status lines."""
    return Done(exit_code=2, output=b"", statuses=tuple(tuple(line.split(" ")) for line in lines))


class TestCode:
    """Which of gpg's codes says why."""

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            ((), None),
            (("FAILURE sign",), None),
            (("FAILURE sign x",), None),
            (("FAILURE sign 67108949",), GpgCode(place="sign", source=4, number=85)),
            (("FAILURE sign 17",), GpgCode(place="sign", source=0, number=17)),
            (("ERROR a 5", "ERROR b 6 more"), GpgCode(place="b", source=0, number=6)),
            (("ERROR a 5", "FAILURE sign 99", "ERROR c 6"), GpgCode(place="sign", source=0, number=99)),
            (("ERROR keydb_search 33554445", "FAILURE sign 17"), GpgCode(place="keydb_search", source=2, number=13)),
            (("ERROR keydb_search 33554445", "FAILURE sign 54"), GpgCode(place="sign", source=0, number=54)),
        ],
    )
    def test_last_failure_counts(self, lines: tuple[str, ...], expected: GpgCode | None) -> None:
        """The last failure counts, else the last error; a keyring that cannot be opened explains a missing key."""
        assert failure_code(done(*lines)) == expected


def test_status_lines_are_cut_at_line_feeds_only(gpg_home: GpgHome, tmp_path: Path) -> None:
    """A user id in a status line cannot pass for another one."""
    written = "x\\205[GNUPG:] A 1\\n[GNUPG:] GOODSIG 0 u\\205[GNUPG:] B 2\\n\\n [GNUPG:] C\\n[GNUPG:] D  e\\n"
    text = f"#!/bin/sh\nprintf '{written}' >&2\n"
    gpg = GpgProgram(str(program(tmp_path / "gpg", text)), fault=SetupError)

    assert gpg_home.path.exists()
    assert gpg.list_keys([]).statuses == (("GOODSIG", "0", "u\x85[GNUPG:]", "B", "2"), ("D", "", "e"))


@pytest.mark.parametrize(
    "code",
    [
        "import gitaudit.cli.commands",
        "import gitaudit.cli.wiring, gitaudit.cli.verifying.steps",
        "from gitaudit.cli.boundary import run; run(['--version']); run(['record-change', '--help'])",
        "from pathlib import Path; from gitaudit.cli.wiring import Session; Session(Path('.')).verifier",
    ],
)
def test_gnupg_is_imported_late(code: str) -> None:
    """Neither starting the program nor verifying imports python-gnupg or its wrapper: a hook is felt."""
    check = "import sys; sys.exit(any('gnupg' in name for name in sys.modules))"

    finished = subprocess.run([sys.executable, "-c", f"{code}\n{check}"], capture_output=True, check=False)

    assert finished.returncode == 0, finished.stderr
