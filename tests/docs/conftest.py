"""Scratch repositories in which the commands of the documentation run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.worlds import Worlds
from tests.docs.worlds import worlds as make_worlds
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def worlds() -> Iterator[Worlds]:
    """Give a maker of scratch repositories."""
    for tool in ("git", "gpg", "bash"):
        require_tool(tool)
    with make_worlds() as made:
        yield made
