"""The library that knows the secrets of many services by their form: the only door to `detect_secrets`.

Its detectors are called one by one with a text, so nothing of it that would ask a service whether a secret is good is
ever run; nor are its settings read, or files. Importing it takes some 90 ms, because it brings an HTTP client along,
and is put off until there is a text to look at.
"""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from gitaudit.redaction.shapes import is_wordy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    class Detector(Protocol):
        """A class of the library that finds one service's secrets."""

        secret_type: str

        def analyze_string(self, string: str) -> Iterable[str]:
            """Return the secrets in a text."""


DETECTORS = (
    ("artifactory", "ArtifactoryDetector"),
    ("aws", "AWSKeyDetector"),
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("basic_auth", "BasicAuthDetector"),
    ("cloudant", "CloudantDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("ibm_cloud_iam", "IbmCloudIamDetector"),
    ("ibm_cos_hmac", "IbmCosHmacDetector"),
    ("jwt", "JwtTokenDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("npm", "NpmDetector"),
    ("private_key", "PrivateKeyDetector"),
    ("sendgrid", "SendGridDetector"),
    ("slack", "SlackDetector"),
    ("softlayer", "SoftlayerDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"),
    ("twilio", "TwilioKeyDetector"),
)
"""All of the library's but those for entropy and keywords, which judge lines of source code by their quotes."""


class LibraryScanner:
    """Fits the port `SecretScanner`."""

    @cached_property
    def detectors(self) -> tuple[Detector, ...]:
        """Return an instance of each detector."""
        package = "detect_secrets.plugins"
        return tuple(getattr(import_module(f"{package}.{module}"), name)() for module, name in DETECTORS)

    def find(self, text: str) -> str | None:
        """Return the library's name for what a text holds; a path of words is no key, whatever its length.

        Spaces are looked at as one: the library's patterns try every way to divide a row of them.
        """
        text = " ".join(text.split())
        for detector in self.detectors:
            for value in detector.analyze_string(text):
                if not ("/" in value and "://" not in value and is_wordy(value)):
                    return detector.secret_type
        return None
