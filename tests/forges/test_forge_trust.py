"""Whom the client of a forge's API trusts: it goes nowhere it is led, checks certificates, and shows no token."""

from __future__ import annotations

import logging
import ssl
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.network.forge_access import access_to
from gitaudit.adapters.network.forge_http import ATTEMPTS
from gitaudit.errors import GitauditError, InputError, RemoteError
from tests.forges.client import TOKEN, client
from tests.forges.serving import Answer, Plain, Served, refused, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitaudit.adapters.network.forge_http import ForgeHttp
    from tests.forges.client import Patience


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
                api.send("PUT", "/x", {"name": "audit"})
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
