"""Identity tokens: an issuer that the test runs itself, good tokens, and every way in which one can be bad."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.cli.console import Console, all_objects, program, words
from tests.cli.executing.certificates import self_signed
from tests.cli.executing.running import ENV, exec_, last, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.git import GitRepo

AUDIENCE = "audit.example.com"
OUTCOME = ("--outcome", "succeeded")
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class Issuer:
    """An issuer of tokens: its keys are published on loopback, by https with a certificate of its own."""

    def __init__(self, folder: Path) -> None:
        self.keys: dict[str, Key] = {
            "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        }
        certificate, secret = self_signed(folder)
        self.certificate = certificate
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages = {"/.well-known/openid-configuration": {"jwks_uri": f"{issuer.url}/keys"}, "/keys": issuer.jwks}
                if self.path == "/elsewhere":
                    self.send_response(302)
                    self.send_header("Location", f"{issuer.url}/keys")
                    self.end_headers()
                    return
                self.send_response(200 if self.path in pages else 404)
                self.end_headers()
                self.wfile.write(json.dumps(pages.get(self.path)).encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, secret)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        algorithms = jwt.algorithms.get_default_algorithms()
        return {
            "keys": [
                {**json.loads(algorithms[name].to_jwk(key.public_key())), "kid": name, "use": "sig"}
                for name, key in self.keys.items()
            ]
        }

    def token(self, algorithm: str = "RS256", key: Any = None, kid: str | None = None, **claims: object) -> str:  # noqa: ANN401 - any key
        """Return a token that is good but for what is asked otherwise; a claim that is None is left out."""
        now = int(time.time())
        usual = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "repo:octo/infra:environment:prod",
            "iat": now,
            "exp": now + 300,
        }
        chosen = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(chosen, key or self.keys[algorithm], algorithm=algorithm, headers={"kid": kid or algorithm})


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """Give an issuer that runs."""
    made = Issuer(tmp_path_factory.mktemp("issuer"))
    yield made
    made.server.shutdown()
    made.server.server_close()


def deploy(console: Console, issuer: Issuer, token: str, **more: str) -> Any:  # noqa: ANN401 - a completed process
    """Record a deployment with a token and return how that ended."""
    env = {
        "GITAUDIT_ID_TOKEN": token,
        "GITAUDIT_OIDC_ISSUER": issuer.url,
        "GITAUDIT_OIDC_AUDIENCE": AUDIENCE,
        "SSL_CERT_FILE": str(issuer.certificate),
        **more,
    }
    return program("record-deploy", *ENV, *OUTCOME, cwd=console.directory, env=env)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_good_token(audited: Console, issuer: Issuer, git_repo: GitRepo, algorithm: str) -> None:
    """The executor is proved by its issuer; the token itself is nowhere."""
    token = issuer.token(algorithm)
    ran = deploy(audited, issuer, token)

    assert ran.returncode == 0, ran
    record = records(audited)[0]
    assert record["body"]["executor"] == {
        "kind": "workload",
        "id": f"{issuer.url}#repo:octo/infra:environment:prod",
        "auth": "oidc",
    }
    assert record["actor"]["kind"] == "workload"
    objects = all_objects(git_repo.path)
    assert all(part.encode() not in objects for part in token.split(".")[1:])


def test_exec_takes_it_too(audited: Console, issuer: Issuer, tmp_path: Path) -> None:
    """From a file, with the issuer's keys from a file; variables give the rest, unverified."""
    (tmp_path / "token").write_text(issuer.token() + "\n")
    (tmp_path / "keys.json").write_text(json.dumps(issuer.jwks))
    options = (
        *("--oidc-token", str(tmp_path / "token"), "--oidc-issuer", issuer.url, "--oidc-audience", AUDIENCE),
        *("--oidc-jwks", str(tmp_path / "keys.json")),
    )
    variables = {"GITLAB_CI": "true", "GITLAB_USER_ID": "42", "CI_SERVER_HOST": "gitlab.com", "CI_JOB_ID": "7"}
    ran = exec_(audited, "true", options=(*ENV, *options), env=variables)

    assert ran.code == 0, ran
    for record in records(audited):
        assert record["body"]["executor"]["auth"] == "oidc"
        assert record["body"]["triggered_by"] == {"kind": "human", "id": "gitlab:42", "auth": "unverified"}
        assert record["body"]["deployment_id"] == "7"
    assert last(audited)["outcome"] == "succeeded"


def test_claims_that_name_who_started_it(issuer: Issuer) -> None:
    """Known issuers say in their claims who it was; that is proved as well."""
    from gitaudit.usecases.deploys.who import find_out_who
    from gitaudit.usecases.pipelines.claimed import GITHUB_ISSUER

    github = find_out_who({}, {"iss": GITHUB_ISSUER, "sub": "repo:octo/infra", "actor_id": "583231"})
    gitlab = find_out_who(
        {}, {"iss": "https://gitlab.com", "sub": "p", "user_id": "42", "project_path": "a/b", "pipeline_source": "push"}
    )
    forged = find_out_who({}, {"iss": issuer.url, "sub": "x", "actor_id": "583231"})

    assert github.triggered_by is not None
    assert (github.triggered_by.id, github.triggered_by.auth) == ("github:583231", "oidc")
    assert gitlab.triggered_by is not None
    assert (gitlab.triggered_by.id, gitlab.triggered_by.auth) == ("gitlab:42", "oidc")
    assert forged.triggered_by is None


def unsigned(issuer: Issuer) -> str:
    """Return a token of the algorithm `none`."""
    return jwt.encode(jwt.decode(issuer.token(), options={"verify_signature": False}), key="", algorithm="none")


def symmetric(issuer: Issuer) -> str:
    """Return a token that is signed by the public key, taken as a secret: the classic confusion."""
    parts = [{"alg": "HS256", "kid": "RS256"}, jwt.decode(issuer.token(), options={"verify_signature": False})]
    head = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    secret = json.dumps(issuer.jwks["keys"][0]).encode()
    return (head + b"." + base64.urlsafe_b64encode(hmac.digest(secret, head, hashlib.sha256)).rstrip(b"=")).decode()


BAD: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "expired": (lambda issuer: issuer.token(exp=int(time.time()) - 120), "has expired"),
    "not yet": (lambda issuer: issuer.token(nbf=int(time.time()) + 600), "not valid yet"),
    "from the future": (lambda issuer: issuer.token(iat=int(time.time()) + 600), "not valid yet"),
    "another issuer": (lambda issuer: issuer.token(iss="https://evil.example.com"), "another issuer"),
    "almost the issuer": (lambda issuer: issuer.token(iss=issuer.url + "/"), "another issuer"),
    "another audience": (lambda issuer: issuer.token(aud="other"), "another audience"),
    "no audience": (lambda issuer: issuer.token(aud=None), "lacks a claim"),
    "no expiry": (lambda issuer: issuer.token(exp=None), "lacks a claim"),
    "no subject": (lambda issuer: issuer.token(sub=None), "lacks a claim"),
    "long subject": (lambda issuer: issuer.token(sub="x" * 300), "at most 255 characters"),
    "another key": (
        lambda issuer: issuer.token(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        "signature is wrong",
    ),
    "unknown key": (lambda issuer: issuer.token(kid="other"), "found 0"),
    "unsigned": (unsigned, "signed by none of"),
    "symmetric": (symmetric, "signed by none of"),
    "cut": (lambda issuer: issuer.token()[:-10], "is wrong"),
    "nonsense": (lambda _issuer: "not-a-token", "malformed"),
    "huge": (lambda _issuer: "x" * 20_000, "at most 16384 characters"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_token(audited: Console, issuer: Issuer, name: str) -> None:
    """Nothing is recorded; the message says what is wrong and holds no part of the token."""
    make, reason = BAD[name]
    token = make(issuer)
    ran = deploy(audited, issuer, token)

    assert (ran.returncode, reason in ran.stderr.decode()) == (2, True), ran.stderr
    assert records(audited) == []
    assert all(part not in ran.stderr.decode() for part in token.split(".") if len(part) > 12)


@pytest.mark.parametrize(
    ("variables", "code", "told"),
    [
        ({"GITAUDIT_OIDC_ISSUER": ""}, 2, "found one missing"),
        ({"GITAUDIT_OIDC_AUDIENCE": ""}, 2, "found one missing"),
        ({"GITAUDIT_OIDC_JWKS": "http://127.0.0.1:1/keys"}, 2, "use https"),
        ({"GITAUDIT_OIDC_JWKS": "https://127.0.0.1:1/keys"}, 3, "cannot fetch"),
        ({"GITAUDIT_OIDC_ISSUER": "http://127.0.0.1"}, 2, "https URL"),
        ({"SSL_CERT_FILE": "/dev/null"}, 3, "cannot fetch"),
        ({"GITAUDIT_OIDC_JWKS": "missing.json"}, 2, "cannot read"),
    ],
)
def test_what_the_token_is_checked_by(
    audited: Console, issuer: Issuer, variables: dict[str, str], code: int, told: str
) -> None:
    """No token vouches for itself, and keys come from a file or by https from somebody whose certificate is trusted."""
    ran = deploy(audited, issuer, issuer.token(), **variables)

    assert (ran.returncode, told in ran.stderr.decode()) == (code, True), ran.stderr
    assert records(audited) == []


def test_redirected_keys_are_not_taken(audited: Console, issuer: Issuer) -> None:
    """An address that leads elsewhere is refused."""
    ran = deploy(audited, issuer, issuer.token(), GITAUDIT_OIDC_JWKS=f"{issuer.url}/elsewhere")

    assert ran.returncode == 3


def test_no_command_runs_with_a_bad_token(audited: Console, issuer: Issuer, tmp_path: Path) -> None:
    """`exec` refuses before it starts anything."""
    env = {"GITAUDIT_ID_TOKEN": "x.y.z", "GITAUDIT_OIDC_ISSUER": issuer.url, "GITAUDIT_OIDC_AUDIENCE": AUDIENCE}
    (tmp_path / "keys.json").write_text(json.dumps(issuer.jwks))
    ran = exec_(audited, "touch", str(tmp_path / "ran"), env={**env, "GITAUDIT_OIDC_JWKS": str(tmp_path / "keys.json")})

    assert (ran.code, (tmp_path / "ran").exists()) == (2, False)
    assert "not good" in words(ran)
