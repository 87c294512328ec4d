"""Real programs that tests need: missing ones are a skip for a newcomer, an error where the tools are promised."""

from __future__ import annotations

import os
import shutil

import pytest

REQUIRED = os.environ.get("GITAUDIT_REQUIRE_TOOLS") == "1"
"""Read once: the tests themselves do not see this variable."""


def require_tool(name: str, *, required: bool = REQUIRED) -> str:
    """Return the path of a program, or end the test.

    Args:
        name: as on PATH, such as "terraform".
        required: a missing program fails the test instead of skipping it; by default, whether
            GITAUDIT_REQUIRE_TOOLS=1 was set when the tests started.
    """
    path = shutil.which(name)
    if path is not None:
        return path
    if required:
        pytest.fail(f"{name} is not on PATH, and GITAUDIT_REQUIRE_TOOLS=1 says that every tool is there", pytrace=False)
    pytest.skip(f"{name} is not on PATH")
