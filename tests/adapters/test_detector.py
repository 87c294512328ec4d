"""The library behind the port `SecretScanner`: what it is asked, and what it never does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gitaudit.adapters.detector import LibraryScanner
from tests.support.secrets import made_secrets

ROOT = Path(__file__).parents[2]
REACHING = {
    *("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"),
    *("socket.gethostbyaddr", "http.client.connect", "http.client.send", "urllib.Request"),
    *("os.system", "os.fork", "os.forkpty", "os.posix_spawn", "pty.spawn"),
}
"""How Python calls what leaves a process. The library's HTTP client binds a socket to this machine when it is imported,
to see whether there is IPv6; nothing is sent through it."""
WATCHED = """
import json, sys
events = []
sys.addaudithook(lambda event, arguments: events.append(event))
from gitaudit.adapters.detector import LibraryScanner
from tests.support.secrets import made_secrets
found = [LibraryScanner().find(secret) for seed in range(3) for secret in made_secrets(seed).values()]
print(json.dumps({"found": sum(one is not None for one in found), "events": sorted(set(events))}))
"""
ORDINARY = """
import sys
from gitaudit.adapters.detector import LibraryScanner
from gitaudit.model import Draft
from gitaudit.usecases.writing.redact import Redactor
from tests.schemas.examples import example
from tests.support.logs import LogMaker
document = example("deploy.finished", full=True)
Redactor(scanner=LibraryScanner()).clean(Draft(document=document))
LogMaker().add_example("freeze")
print("detect_secrets" in sys.modules, "requests" in sys.modules)
"""


def ran(program: str) -> str:
    """Return what a program prints that runs in a process of its own."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_no_secret_is_ever_shown_to_a_service() -> None:
    """Python itself reports every socket, name look-up and process: looking at secrets of all kinds makes none."""
    told = json.loads(ran(WATCHED))
    assert told["found"] > 30
    assert "import" in told["events"]
    assert [event for event in told["events"] if event in REACHING or event.startswith(("subprocess", "os.exec"))] == []


def test_ordinary_records_do_not_load_it() -> None:
    """It would add a tenth of a second to every push."""
    assert ran(ORDINARY).split() == ["False", "False"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("modules/aws/ssh/keys/production/europe/networking/primary/vpc.tf", None),
        ("aws secret key: " + made_secrets(3)["AWS secret key"].replace("/", "x").replace("+", "y"), "AWS Access Key"),
        ("key" + " " * 20_000, None),
        (made_secrets()["AWS key id"], "AWS Access Key"),
    ],
    ids=["a path of words", "a secret key", "a row of spaces", "a key id"],
)
def test_what_it_says(text: str, found: str | None) -> None:
    """A path is no key, and a row of spaces does not keep it busy."""
    assert LibraryScanner().find(text) == found
