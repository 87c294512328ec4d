"""The client of a forge's API: it tries again, has patience but not endlessly, and tells nobody its token."""

from __future__ import annotations

import logging
import ssl
import subprocess
import sys
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.forge_access import access_to
from gitaudit.adapters.forge_http import ATTEMPTS, MAX_ANSWER_BYTES, MAX_PAGES, ForgeHttp
from gitaudit.errors import GitauditError, InputError, RemoteError
from tests.forges.client import NOW, Patience, client
from tests.forges.serving import Answer, Asked, Served, refused, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

TOKEN = "glpat-SECRET/secret+0123456789"
BODY = {"name": "audit"}


class Plain:
    """Answers everything with the same."""

    def __init__(self, answer: Answer | None = None) -> None:
        self._answer = answer or Answer(document={"fine": True})

    def answer(self, _asked: Asked) -> Answer:
        """Answer."""
        return self._answer


@pytest.fixture
def served() -> Iterator[Served]:
    """Give a server that says that all is fine."""
    with serving(Plain()) as found:
        yield found


@pytest.fixture
def patience() -> Patience:
    """Give a note of what would have been waited for."""
    return Patience()


@pytest.fixture
def api(served: Served, patience: Patience) -> Iterator[ForgeHttp]:
    """Give a client of it."""
    with client("gitlab", f"{served.url}/api", TOKEN, patience) as found:
        yield found


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


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(served: Served, api: ForgeHttp, status: int) -> None:
    """A token is not sent to where a redirect leads; the hint says that the name may be another one."""
    with serving(Plain()) as other:
        served.first.append(Answer(status=status, headers={"Location": f"{other.url}/y"}))
        with pytest.raises(RemoteError, match=f"elsewhere \\({status}\\)") as caught:
            api.get("/x")
    assert (other.asked, len(served.asked)) == ([], 1)
    assert "--repo" in str(caught.value.hint)


@pytest.mark.parametrize("where", ["elsewhere", "user", "outside"])
def test_next_pages_elsewhere_are_not_read(served: Served, api: ForgeHttp, where: str) -> None:
    """A listing cannot send the client, and its token, to another place: not even to a look-alike of the address."""
    with serving(Plain()) as other:
        url = {
            "elsewhere": f"{other.url}/api/x",
            "user": f"{served.url}@{other.url.removeprefix('http://')}/x",
            "outside": f"{served.url}/other",
        }[where]
        served.first.append(Answer(document=[{}], headers={"Link": f'<{url}>; rel="next"'}))
        with pytest.raises(RemoteError, match="next page outside its API"):
            api.pages("/x")
        served.first.append(Answer(document={"values": [], "next": url}))
        with pytest.raises(RemoteError, match="next page outside its API"):
            api.pages("/x")
    assert (other.asked, len(served.asked)) == ([], 2)


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


class TestToken:
    """The token is shown nowhere."""

    @pytest.mark.parametrize("variables", [{}, {"BITBUCKET_USERNAME": "ci"}], ids=["bearer", "basic"])
    @pytest.mark.parametrize("failure", ["echoed", "quoted", "dropped", "refused", "html", "tls"])
    def test_token_is_in_no_text(
        self, variables: Mapping[str, str], failure: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is in no message, hint, argument, cause, representation or log line, whatever goes wrong."""
        caplog.set_level(logging.DEBUG)
        with serving(Plain()) as served, _bitbucket(served, variables, tls=failure == "tls") as api:
            sent = api._access.value
            forms = {TOKEN, sent, sent.split()[-1], "SECRET%2Fsecret", "SECRET/secret"}
            served.first += {
                "echoed": [refused(401, f"the token {TOKEN} and {sent} are wrong")],
                "quoted": [refused(422, "see https://x/?t=glpat-SECRET%2Fsecret%2B0123456789")],
                "refused": [refused(403, "no")],
                "html": [Answer(document=f"<b>{TOKEN}</b>".encode())],
            }.get(failure, [Answer(drop=True)] * ATTEMPTS)
            with pytest.raises(GitauditError) as caught:
                api.send("PUT", "/x", BODY)
            shown = [*_texts(caught.value), repr(api), repr(api._access), repr(vars(api)), caplog.text]
            assert failure == "tls" or sent in served.asked[0].headers["authorization"]
        assert [text for text in shown for form in forms if form in text] == []

    @pytest.mark.parametrize("text", ["two words", "new\nline", "tab\there", "ümlaut", "\x7f", " ", ""])
    def test_token_of_another_form_is_not_quoted(self, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable that holds no token is told by its name alone, before anything is sent."""
        monkeypatch.setenv("GITEA_TOKEN", f"s3cret{text}s3cret" if text.strip() else text)
        with pytest.raises(InputError) as caught:
            access_to("gitea", "https://git.example/api/v1")
        assert "GITEA_TOKEN" in caught.value.message + str(caught.value.hint)
        assert not any("s3cret" in one for one in _texts(caught.value))

    def test_line_end_of_a_file_is_no_part_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A token that was read from a file with its line end is fine."""
        monkeypatch.setenv("GITLAB_TOKEN", "abc\n")
        assert access_to("gitlab", "https://gitlab.com/api/v4").value == "abc"

    def test_github_takes_the_variables_of_its_own_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """GH_TOKEN goes before GITHUB_TOKEN."""
        monkeypatch.setenv("GITHUB_TOKEN", "second")
        assert access_to("github", "https://api.github.com").value == "Bearer second"
        monkeypatch.setenv("GH_TOKEN", "first")
        assert access_to("github", "https://api.github.com").value == "Bearer first"

    def test_no_proxy_sees_it_in_the_clear(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        """Plain HTTP to this machine goes past a proxy that the environment names."""
        with serving(Plain()) as proxy:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            with client("gitlab", served.url, TOKEN) as api:
                assert api.get("/x") == {"fine": True}
        assert proxy.asked == []


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: Patience) -> None:
    """An unknown authority is refused at once and told as such; one that SSL_CERT_FILE names is taken."""
    authority, context = _tls(tmp_path)
    with serving(Plain(), context) as served:
        told = r"certificate of 127\.0\.0\.1 is not one to trust"
        with client("gitlab", served.url, TOKEN, patience) as api, pytest.raises(RemoteError, match=told) as caught:
            api.get("/x")
        assert (served.asked, patience.pauses) == ([], [])
        assert "SSL_CERT_FILE" in str(caught.value.hint)

        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        with client("gitlab", served.url, TOKEN) as api:
            assert api.get("/x") == {"fine": True}


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


@contextmanager
def _bitbucket(served: Served, variables: Mapping[str, str], *, tls: bool) -> Iterator[ForgeHttp]:
    base = served.url.replace("http://", "https://") if tls else served.url
    with client("bitbucket", base, TOKEN, variables=variables) as found:
        yield found


def _texts(error: BaseException) -> list[str]:
    """Return every text of an error and of what led to it."""
    found = [*traceback.format_exception(error)]
    chain: list[BaseException] = [error]
    while chain:
        one = chain.pop()
        found += [str(one), repr(one), str(one.args), str(getattr(one, "hint", ""))]
        chain += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
    return found


def _tls(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the file of an authority, and a context with a certificate by it for this machine."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = folder / "authority.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    place.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(private + place.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return place, context
