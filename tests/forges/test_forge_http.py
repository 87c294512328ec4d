"""The client of a forge's API: it tries again, has patience but not endlessly, and takes no answer for granted."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.network.forge_http import ATTEMPTS, MAX_ANSWER_BYTES, MAX_PAGES
from gitaudit.errors import RemoteError
from tests.forges.client import NOW, TOKEN, client
from tests.forges.serving import Answer, Plain, Served, refused, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitaudit.adapters.network.forge_http import ForgeHttp
    from tests.forges.client import Patience

BODY = {"name": "audit"}
METHODS: dict[str, Callable[[ForgeHttp], object]] = {
    "GET": lambda api: api.get("/x"),
    "PUT": lambda api: api.send("PUT", "/x", BODY),
    "PATCH": lambda api: api.send("PATCH", "/x", BODY),
    "DELETE": lambda api: api.send("DELETE", "/x", None),
    "POST": lambda api: api.send("POST", "/x", BODY),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_failures_are_tried_again(
    served: Served, api: ForgeHttp, patience: Patience, method: str, status: int
) -> None:
    """What may be repeated is, with pauses that grow; a POST that may have been carried out is not."""
    served.first += [refused(status, "later"), refused(status, "later")]
    if method == "POST" and status in {500, 502, 504}:
        with pytest.raises(RemoteError, match=rf"the forge fails \({status}\): later"):
            METHODS[method](api)
        assert len(served.asked) == 1
        return

    assert METHODS[method](api) == {"fine": True}
    assert (patience.pauses, len(served.asked)) == ([1, 2], 3)


@pytest.mark.parametrize("method", METHODS)
def test_lost_connections_are_tried_again(served: Served, api: ForgeHttp, patience: Patience, method: str) -> None:
    """The same holds where the forge ends the connection without an answer."""
    served.first.append(Answer(drop=True))
    if method == "POST":
        with pytest.raises(RemoteError, match=r"cannot reach 127\.0\.0\.1"):
            METHODS[method](api)
        assert len(served.asked) == 1
        return

    assert METHODS[method](api) == {"fine": True}
    assert patience.pauses == [1]


def test_trying_ends(served: Served, api: ForgeHttp, patience: Patience) -> None:
    """A forge that never answers well is given up, and the hint says that nothing is lost."""
    served.first += [refused(503, "<h1>maintenance</h1>")] * ATTEMPTS

    with pytest.raises(RemoteError, match=r"the forge fails \(503\)") as caught:
        api.get("/x")
    assert len(served.asked) == ATTEMPTS
    assert patience.pauses == list(range(1, ATTEMPTS))
    assert caught.value.exit_code == 3


def test_nobody_answers(patience: Patience) -> None:
    """Where no server is, every method is tried again, then the host is named."""
    with serving(Plain()) as gone:
        url = gone.url
    with client("gitlab", url, TOKEN, patience) as api:
        for work in METHODS.values():
            with pytest.raises(RemoteError, match=r"cannot reach 127\.0\.0\.1"):
                work(api)
    assert patience.pauses == list(range(1, ATTEMPTS)) * len(METHODS)


@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [
        (429, {"Retry-After": "7"}, [7.0]),
        (429, {"Retry-After": "Sun, 22 Nov 2026 12:00:09 GMT"}, [9.0]),
        (429, {"Retry-After": "Sun, 22 Nov 2020 12:00:09 GMT"}, [0.0]),
        (403, {"Retry-After": "3"}, [3.0]),
        (503, {"Retry-After": "4"}, [4.0]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 30)}, [30.0]),
        (429, {"X-RateLimit-Reset": str(int(NOW.timestamp()) - 30)}, [0.0]),
        (429, {"Retry-After": "soon"}, []),
    ],
)
def test_the_forge_says_how_long(
    served: Served, api: ForgeHttp, patience: Patience, status: int, headers: dict[str, str], waits: list[float]
) -> None:
    """A limit is waited for as long as the forge says, in seconds, as a date, or as GitHub says it."""
    served.first.append(Answer(status=status, document={"message": "limit"}, headers=headers))

    assert api.send("POST", "/x", BODY) == {"fine": True}
    assert (patience.waits, patience.pauses) == (waits, [] if waits else [1])


@pytest.mark.parametrize("headers", [{"Retry-After": "3600"}, {"Retry-After": "9" * 400}])
def test_patience_ends(served: Served, api: ForgeHttp, patience: Patience, headers: dict[str, str]) -> None:
    """A limit of an hour is told instead of waited for."""
    served.first.append(Answer(status=429, headers=headers))

    with pytest.raises(RemoteError, match=r"allows no more requests for [0-9]{4,9} seconds"):
        api.get("/x")
    assert patience.waits == []


def test_patience_is_for_the_whole_command(served: Served, api: ForgeHttp, patience: Patience) -> None:
    """Many small waits end, too."""
    served.first += [Answer(status=429, headers={"Retry-After": "25"})] * 4

    with pytest.raises(RemoteError, match="allows no more requests"):
        api.get("/x")
    assert patience.waits == [25.0, 25.0]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, r"refuses the request \(400\): because"),
        (401, r"refuses the token \(401\): because"),
        (403, r"does not allow it \(403\): because"),
        (409, r"refuses the request \(409\): because"),
        (422, r"refuses the request \(422\): because"),
    ],
)
def test_refusals_are_told_and_not_repeated(served: Served, api: ForgeHttp, status: int, told: str) -> None:
    """What the forge refuses for good is told in its own words, with what the token needs."""
    served.first.append(refused(status, "because"))

    with pytest.raises(RemoteError, match=told) as caught:
        api.send("PATCH", "/x", BODY)
    assert len(served.asked) == 1
    assert caught.value.hint


def test_no_such_thing(served: Served, api: ForgeHttp) -> None:
    """404 is an answer when reading, and an error when changing something."""
    served.first += [refused(404, "nope")] * 3

    assert api.get("/x") is None
    assert api.pages("/x") is None
    with pytest.raises(RemoteError, match=r"does not know /x \(404\)"):
        api.send("PUT", "/x", BODY)


def test_endless_listing_ends(served: Served) -> None:
    """A listing that always has another page is an error, not a loop."""
    link = {"Link": f'<{served.url}/api/x?page=2>; rel="next"'}
    with serving(Plain(Answer(document=[{}], headers=link))) as endless:
        link["Link"] = f'<{endless.url}/api/x?page=2>; rel="next"'
        with (
            client("gitlab", f"{endless.url}/api", TOKEN) as api,
            pytest.raises(RemoteError, match="found it to go on"),
        ):
            api.pages("/x")
        assert len(endless.asked) == MAX_PAGES


@pytest.mark.parametrize(
    "answer",
    [
        Answer(document=b"<html>sign in</html>"),
        Answer(document=b"[" * 200_000),
        Answer(document=b"\xff\xfe"),
        Answer(document=b" " * (MAX_ANSWER_BYTES + 1)),
        Answer(document=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["html", "deep", "bytes", "huge", "packed"],
)
def test_hostile_answers_are_errors(served: Served, api: ForgeHttp, answer: Answer) -> None:
    """What is no JSON, or too much of it, is an error with exit code 3."""
    served.first.append(answer)

    with pytest.raises(RemoteError, match="expected the forge to answer"):
        api.get("/x")


def test_words_of_the_forge_are_short_and_plain(served: Served, api: ForgeHttp) -> None:
    """An error holds no control characters, and not all that a forge may say."""
    served.first.append(refused(422, "a\x1b[2Jb\n" + "x" * 5000, errors=[{"message": {"deep": "y"}}] * 9))

    with pytest.raises(RemoteError) as caught:
        api.send("PUT", "/x", BODY)
    assert len(caught.value.message) < 400
    assert caught.value.message.isprintable()


def test_without_httpx(tmp_path: Path) -> None:
    """Where httpx is not installed, commands that need it say how to get it; all others work."""
    script = (
        "import sys; sys.modules['httpx'] = None\nfrom gitaudit.cli.boundary import run\nsys.exit(run(sys.argv[1:]))\n"
    )
    base = ["protect", "github", "--repo", "acme/infra"]
    environment = {"GH_TOKEN": "x", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    shown, asked = (
        subprocess.run(
            [sys.executable, "-c", script, "-C", str(tmp_path), *base, *more],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for more in ([], ["--check"])
    )
    assert shown.returncode == 0
    assert (asked.returncode, asked.stdout) == (3, "")
    assert "pip install 'gitaudit[forges]'" in asked.stderr
