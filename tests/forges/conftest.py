"""A server that says that all is fine, and a client of it that never really waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.forges.client import TOKEN, Patience, client
from tests.forges.serving import Plain, Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.adapters.network.forge_http import ForgeHttp


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
