"""Secrets of many services, made up anew from a seed: none of them ever was one, and none stands in a file."""

from __future__ import annotations

import base64
import json
import random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

WORD = ascii_letters + digits
HEX = "0123456789abcdef"
BASE32 = ascii_uppercase + "234567"


class Some(Protocol):
    """Draws characters of an alphabet."""

    def __call__(self, number: int, alphabet: str = WORD) -> str:
        """Return so many characters."""


def made_secrets(seed: int = 7) -> dict[str, str]:
    """Return a secret of each kind by its name, some with the words that go before them."""
    chance = random.Random(seed)  # noqa: S311 - the same ones each time

    def some(number: int, alphabet: str = WORD) -> str:
        return "".join(chance.choice(alphabet) for _ in range(number))

    guid = "-".join(some(number, HEX) for number in (8, 4, 4, 4, 12))
    return {
        **_of_services(some),
        **_of_formats(some),
        **_of_infrastructure(some, guid),
        **_without_form(some, chance.randbytes),
    }


def _of_services(some: Some) -> dict[str, str]:
    """Return tokens of services, by the form that each gives its own."""
    openai = "T3Blbk" + "FJ"
    return {
        "AWS key id": "AK" + "IA" + some(16, BASE32),
        "AWS temporary key id": "AS" + "IA" + some(16, BASE32),
        "AWS secret key": some(40, WORD + "+/"),
        "AWS secret key, assigned": "aws_secret_access_key=" + some(40, WORD + "+/"),
        "GitHub token": "ghp_" + some(36),
        "GitHub app token": "ghs_" + some(36),
        "GitHub fine-grained token": f"github_pat_{some(22)}_{some(59)}",
        "GitLab token": "glpat-" + some(20),
        "GitLab runner token": "glrt-" + some(20),
        "Slack token": f"xoxb-{some(12, digits)}-{some(12, digits)}-{some(24)}",
        "Slack webhook": f"https://hooks.slack.com/services/T{some(8)}/B{some(10)}/{some(24)}",
        "Stripe key": "sk_live_" + some(24),
        "Google API key": "AIza" + some(35),
        "Google client secret": "GOCSPX-" + some(28),
        "OpenAI key": f"sk-{some(20)}{openai}{some(20)}",
        "Anthropic key": f"sk-ant-api03-{some(93)}AA",
        "npm token": "npm_" + some(36),
        "PyPI token": "pypi-AgEIcHlwaS5vcmc" + some(120),
        "SendGrid key": f"SG.{some(22)}.{some(43)}",
        "Twilio key": "SK" + some(32, HEX),
        "Mailgun key": "key-" + some(32, HEX),
    }


def _of_formats(some: Some) -> dict[str, str]:
    """Return what formats that many share make of a secret."""
    return {
        "JSON web token": f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part({'sub': '1234', 'name': 'x'})}.{some(43)}",
        "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
        "OpenSSH key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
        "OpenPGP key": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
        "password in a URL": f"https://deploy:{some(12)}@example.com/repo",
        "password of a database": f"postgres://app:{some(10)}@db.internal:5432/app",
    }


def _of_infrastructure(some: Some, guid: str) -> dict[str, str]:
    """Return tokens of what runs, stores and watches infrastructure."""
    return {
        "Vault token": "hvs." + some(95),
        "Vault token, old": "s." + some(24),
        "Terraform Cloud token": f"{some(14)}.atlasv1.{some(64)}",
        "DigitalOcean token": "dop_v1_" + some(64, HEX),
        "Azure storage key": f"AccountKey={some(86, WORD + '+/')}==",
        "Azure client secret": f"{some(3)}8Q~{some(34)}",
        "Databricks token": "dapi" + some(32, HEX),
        "Pulumi token": "pul-" + some(40, HEX),
        "Doppler token": "dp.pt." + some(43),
        "Linear key": "lin_api_" + some(40),
        "Datadog key, assigned": "dd_api_key=" + some(32, HEX),
        "Heroku key, assigned": "heroku_api_key=" + guid,
        "Discord token": f"M{some(23)}.{some(6)}.{some(27)}",
        "Telegram token": f"{some(10, digits)}:AA{some(33)}",
        "age key": "AGE-SECRET-" + "KEY-1" + some(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    }


def _without_form(some: Some, randbytes: Callable[[int], bytes]) -> dict[str, str]:
    """Return secrets of no form of their own, with and without a word that says what they are."""
    return {
        "password, assigned": "password=" + some(9) + "&3",
        "password of words, assigned": "password: " + some(24, ascii_lowercase),
        "token, assigned": "token=" + some(20),
        "bearer token": "Authorization: Bearer " + some(40),
        "32 hex digits": some(32, HEX),
        "64 hex digits": some(64, HEX),
        "24 bytes in Base64": base64.b64encode(randbytes(24)).decode(),
        "20 letters and digits": some(20),
        "password of 16 characters": some(16, WORD + "!#$%&*()-_=+[]{}<>:?"),
    }


def _part(value: object) -> str:
    """Return a part of a JSON web token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
