"""The architecture, held by machine: which room imports what, and who may reach the world."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.layers import Source, faults, size_faults

ROOT = Path(__file__).parent.parent


def sources(*folders: str) -> list[Source]:
    """Return the Python files below folders of the checkout."""
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in files]


def test_every_file_keeps_to_its_room() -> None:
    """No file of the package imports from a room above it, a library past its door, or reaches the world unasked."""
    package = sources("gitaudit")

    assert len(package) > 10
    assert "\n".join(fault for source in package for fault in faults(source)) == ""


def test_files_and_functions_are_short() -> None:
    """No file of the program, its tests and its measurements has more than 400 lines, no function more than 50."""
    everything = sources("gitaudit", "hooks", "schemas", "tests", "bench")

    assert "\n".join(fault for source in everything for fault in size_faults(source)) == ""


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("gitaudit/errors.py", "from gitaudit.model import Draft", "errors imports model"),
        ("gitaudit/model.py", "import gitaudit.log.record", "model imports log"),
        ("gitaudit/log/record.py", "from gitaudit.policy.policy import Policy", "log imports policy"),
        ("gitaudit/log/record.py", "from gitaudit.iac import text", "log imports iac"),
        ("gitaudit/log/record.py", "from gitaudit import iac", "log imports iac"),
        ("gitaudit/log/record.py", "from ..ports import Clock", "log imports ports"),
        ("gitaudit/log/record.py", "from .. import usecases", "log imports usecases"),
        ("gitaudit/iac/names.py", "from gitaudit.policy.config import Config", "iac imports policy"),
        ("gitaudit/policy/config.py", "from gitaudit.iac.text import Document", "policy imports iac"),
        ("gitaudit/ports.py", "from gitaudit.usecases.verifying.check import Checker", "ports imports usecases"),
        ("gitaudit/usecases/append.py", "from gitaudit.adapters.clock import Clock", "usecases imports adapters"),
        ("gitaudit/usecases/append.py", "def f():\n    import gitaudit.adapters.outbox", "usecases imports adapters"),
        ("gitaudit/usecases/append.py", "from gitaudit.cli import main", "usecases imports cli"),
        ("gitaudit/adapters/outbox.py", "from gitaudit.usecases.append import append", "adapters imports usecases"),
        ("gitaudit/adapters/outbox.py", "from gitaudit.cli.output import emit", "adapters imports cli"),
        ("gitaudit/adapters/outbox.py", "import gitaudit.__main__", "adapters imports __main__"),
        ("gitaudit/iac/__init__.py", "LATE = 'gitaudit.adapters.clock'", "iac imports adapters"),
        ("gitaudit/extra/x.py", "import gitaudit.errors", "extra is no room of the architecture"),
        (
            "gitaudit/log/record.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gitaudit.adapters.clock import Clock",
            "log imports adapters",
        ),
    ],
)
def test_import_from_a_wrong_room_is_found(path: str, text: str, fault: str) -> None:
    """Each forbidden direction is named, in whatever form the import is written."""
    assert [found.split(": ", 1)[1] for found in faults(Source(path, text))] == [fault]


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("gitaudit/usecases/append.py", "import pygit2", "imports pygit2, whose door is gitaudit/adapters/git/*.py"),
        ("gitaudit/adapters/outbox.py", "from pygit2.enums import X", "imports pygit2, whose door is"),
        ("gitaudit/adapters/sequoia.py", "import gnupg", "imports gnupg, whose door is"),
        (
            "gitaudit/adapters/gnupg/signer.py",
            "import gnupg",
            "imports gnupg, whose door is gitaudit/adapters/gnupg/program.py",
        ),
        ("gitaudit/adapters/gnupg/signer.py", "import pysequoia", "imports pysequoia, whose door is"),
        ("gitaudit/cli/verify.py", "import jsonschema", "imports jsonschema, whose door is"),
        ("gitaudit/log/record.py", "def f():\n    import jsonschema_rs as fast", "imports jsonschema_rs, whose door"),
        ("gitaudit/policy/config.py", "import yaml", "imports yaml, whose door is gitaudit/policy/yaml_text.py"),
        ("gitaudit/usecases/append.py", "from click import echo", "imports click, whose door is gitaudit/cli/*"),
        ("gitaudit/cli/verify.py", "import requests", "imports requests, which has no door"),
        ("gitaudit/log/record.py", "import os.path", "imports os.path, and log is pure"),
        ("gitaudit/usecases/append.py", "import random", "imports random, and usecases is pure"),
        (
            "gitaudit/iac/text.py",
            "from urllib.request import urlopen",
            "imports urllib.request.urlopen, and iac is pure",
        ),
    ],
)
def test_library_past_its_door_is_found(path: str, text: str, fault: str) -> None:
    """A library is imported only by its door, and the core does without Python's ways to the world."""
    found = faults(Source(path, text))

    assert len(found) == 1
    assert fault in found[0]


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("gitaudit/log/x.py", "open('f')", "uses open"),
        ("gitaudit/usecases/x.py", "read = open", "uses open"),
        ("gitaudit/usecases/x.py", "def f(place):\n    return place.read_text()", "uses .read_text"),
        ("gitaudit/usecases/x.py", "from pathlib import Path\nPath('f').open()", "uses .open"),
        ("gitaudit/policy/x.py", "def f(place):\n    place.parent.write_bytes(b'')", "uses .write_bytes"),
        ("gitaudit/usecases/x.py", "from datetime import datetime\ndatetime.now()", "uses datetime.datetime.now"),
        ("gitaudit/cli/x.py", "import datetime as d\nd.datetime.now(d.UTC)", "uses datetime.datetime.now"),
        ("gitaudit/adapters/outbox.py", "import time\ntime.time()", "uses time.time"),
        ("gitaudit/adapters/outbox.py", "from time import time_ns", "uses time.time_ns"),
        (
            "gitaudit/adapters/clock.py",
            "from datetime import datetime\ndatetime.utcnow()",
            "uses datetime.datetime.utcnow",
        ),
        ("gitaudit/cli/x.py", "import os\nos.environ['A']", "uses os.environ"),
        ("gitaudit/cli/x.py", "import os as system\nsystem.environ.get('A')", "uses os.environ"),
        ("gitaudit/adapters/outbox.py", "from os import getenv", "uses os.getenv"),
        ("gitaudit/adapters/outbox.py", "from os import getenv as g", "uses os.getenv"),
        ("gitaudit/cli/x.py", "import subprocess\nsubprocess.run(['git'])", "uses subprocess"),
        ("gitaudit/cli/x.py", "from subprocess import run", "uses subprocess"),
        ("gitaudit/cli/x.py", "import os\nos.system('git')", "uses os.system"),
        ("gitaudit/usecases/x.py", "print('done')", "uses print"),
        ("gitaudit/adapters/x.py", "import sys\nsys.exit(1)", "uses sys.exit"),
        ("gitaudit/log/x.py", "raise SystemExit(1)", "uses SystemExit"),
        ("gitaudit/cli/x.py", "exit(1)", "uses exit"),
        ("gitaudit/log/x.py", "from importlib import import_module as late", "uses importlib.import_module"),
    ],
)
def test_way_to_the_world_is_found(path: str, text: str, fault: str) -> None:
    """Files, clocks, variables, programs, output and exits are found outside the rooms that may have them."""
    assert any(fault in found for found in faults(Source(path, text)))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gitaudit/log/record.py", "import json\nfrom gitaudit.errors import MalformedError\nfrom . import paths"),
        ("gitaudit/iac/text.py", "from gitaudit.log.canonical import encode"),
        ("gitaudit/log/record.py", "from datetime import datetime\ndatetime.fromisoformat('2026-01-01')"),
        ("gitaudit/log/record.py", "from gitaudit import __version__"),
        ("gitaudit/usecases/x.py", "A = ('gitaudit.verify/1', 'see gitaudit.cli', 'gitaudit.remote')"),
        ("gitaudit/ports.py", "from gitaudit.log.openpgp import Signature"),
        ("gitaudit/usecases/verify.py", "from gitaudit.ports import Clock\ndef f(clock: Clock):\n    clock.now()"),
        ("gitaudit/adapters/git/store.py", "import pygit2\nimport subprocess\nsubprocess.run(['git'])"),
        ("gitaudit/cli/output.py", "import gitaudit.adapters.pager"),
        ("gitaudit/adapters/environment.py", "import os\nos.environ.get('CI')"),
        ("gitaudit/adapters/clock.py", "from datetime import UTC, datetime\ndatetime.now(UTC)"),
        (
            "gitaudit/adapters/schemas.py",
            "from importlib.resources import files\nfiles('x').joinpath('y').read_bytes()",
        ),
        ("gitaudit/cli/wiring.py", "import os\nfrom gitaudit.adapters.clock import Clock\nos.environ['HOME']"),
        (
            "gitaudit/cli/verify.py",
            "import click\nimport sys\nfrom gitaudit.usecases.verifying.verify import verify\nsys.exit(1)",
        ),
        ("gitaudit/__main__.py", "from gitaudit.cli import main\nmain()"),
        ("gitaudit/log/record.py", "def f(value):\n    return value.opening, value.environ, value.print()"),
    ],
)
def test_what_is_allowed_passes(path: str, text: str) -> None:
    """The checker does not cry wolf."""
    assert faults(Source(path, text)) == []


def test_long_file_is_found() -> None:
    """A file of 401 lines is one line too long."""
    assert size_faults(Source("gitaudit/x.py", "pass\n" * 400)) == []
    assert size_faults(Source("gitaudit/x.py", "pass\n" * 401)) == ["gitaudit/x.py:1: 401 lines, expected at most 400"]


def test_long_function_is_found() -> None:
    """A function of 51 lines is one line too long; the lines of its docstring do not count."""
    longest = "def f():\n" + '    """One.\n\n    Two.\n    """\n' + "    pass\n" * 49

    assert size_faults(Source("gitaudit/x.py", longest)) == []
    assert size_faults(Source("gitaudit/x.py", "\nclass A:\n" + _indented(longest + "    pass\n"))) == [
        "gitaudit/x.py:3: f has 51 lines, expected at most 50"
    ]


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
