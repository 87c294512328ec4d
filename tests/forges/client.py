"""The real client of a forge's API, without real pauses."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.network.forge_access import access_to
from gitaudit.adapters.network.forge_http import ForgeHttp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN = "glpat-SECRET/secret+0123456789"
VARIABLES = {"github": "GH_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN", "bitbucket": "BITBUCKET_TOKEN"}


@dataclass(kw_only=True)
class Patience:
    """What a client would have waited for: attempts with random pauses, and seconds that the forge named."""

    pauses: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


@contextmanager
def client(
    forge: str,
    base: str,
    token: str,
    patience: Patience | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[ForgeHttp]:
    """Give a client that sends a token."""
    waited = patience or Patience()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {VARIABLES[forge]: token, **(variables or {})}.items():
            patch.setenv(name, value)
        access = access_to(forge, base)
    found = ForgeHttp(access, now=lambda: NOW, pause=waited.pauses.append, wait=waited.waits.append)
    try:
        yield found
    finally:
        found.close()
