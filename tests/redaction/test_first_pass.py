"""The first pass lets no text pass that the library would find a secret in, so the library can stay unloaded.

Texts are made from the library's own patterns. A newer version of it that knows more fails here until the first pass
knows of that too.
"""

from __future__ import annotations

import base64
import json
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitaudit.adapters.detector import DETECTORS, LibraryScanner
from gitaudit.redaction.shapes import could_hold
from tests.support.secrets import made_secrets

if TYPE_CHECKING:
    import re

SCANNER = LibraryScanner()
PLUGINS = "detect_secrets.plugins"
NOT_USED = {"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector"}
"""They look for quotes and assignments in source code."""
JWT = "JwtTokenDetector"


def patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return every pattern of the library with the name of its detector."""
    found: list[tuple[str, re.Pattern[str]]] = []
    for detector in SCANNER.detectors:
        denylist: Any = getattr(detector, "denylist", ())
        found += [(type(detector).__name__, pattern) for pattern in denylist]
    return [(name, pattern) for name, pattern in found if name != JWT]


def library_finds(text: str) -> bool:
    """Return whether any detector finds anything in a text, told to it as it is."""
    return any(list(detector.analyze_string(text)) for detector in SCANNER.detectors)


@pytest.mark.parametrize(("name", "pattern"), patterns(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_pattern_matches_passes_on_to_the_library(name: str, pattern: re.Pattern[str]) -> None:  # noqa: ARG001 - the id of the test
    """Whatever is around it."""
    seen = 0

    @settings(max_examples=60, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern))
    def check(text: str) -> None:
        nonlocal seen
        if library_finds(text):
            seen += 1
            assert could_hold(text), text

    check()
    assert seen > 0


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()), st.binary())
def test_web_tokens_pass_on_to_the_library(header: dict[str, str], payload: dict[str, str], signature: bytes) -> None:
    """They are found by what their parts decode to, so they are made whole."""
    parts = [json.dumps({"a": 1, **header}).encode(), json.dumps({"b": 2, **payload}).encode(), signature]
    text = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    if library_finds(text):
        assert could_hold(text)


@pytest.mark.parametrize("seed", range(20))
def test_made_up_secrets_pass_on_to_the_library(seed: int) -> None:
    """The corpus of the measurements."""
    for secret in made_secrets(seed).values():
        assert could_hold(secret) or not library_finds(secret)


def test_every_detector_of_the_library_is_used() -> None:
    """But for those that are left out for a reason."""
    package = import_module(PLUGINS)
    modules = [
        import_module(f"{PLUGINS}.{found.name}") for found in pkgutil.iter_modules([str(Path(package.__path__[0]))])
    ]
    classes = {
        name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and isinstance(getattr(value, "secret_type", None), str)
    }
    assert {name for _, name in DETECTORS} == classes - NOT_USED
