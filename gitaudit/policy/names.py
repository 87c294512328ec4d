"""The names that a policy may hold, as its schema has them, so that a bad one is told before anything is written."""

from __future__ import annotations

import re

from gitaudit.errors import InputError

_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", re.ASCII)
_KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,63}", re.ASCII)


def check_environment_name(name: str) -> None:
    """Refuse a name that no environment of a policy may have. Raises `InputError`."""
    if _ENVIRONMENT.fullmatch(name) is None:
        raise InputError(
            "expected --env as a name such as prod or eu/prod, found another form",
            hint="letters, digits and . _ / - only, at most 64, beginning with a letter or digit",
        )


def check_key_name(name: str) -> None:
    """Refuse a name that no key of a policy may have. Raises `InputError`."""
    if _KEY_NAME.fullmatch(name) is None:
        raise InputError(
            "expected --name of at most 64 letters, digits, spaces and . _ @ + -, found another form",
            hint="a role or a team is better than a person: it stays in the log for good",
        )
