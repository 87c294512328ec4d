"""The error tree: few classes, one base, a stable `kind` and an exit code for each.

A verdict about a log is never an exception: verification returns findings as values. Only `LogError` says "the log
is bad" where a command needs one particular record and cannot go on without it.
"""

from __future__ import annotations

from typing import ClassVar, Literal


class GitauditError(Exception):
    """An expected failure, with what to do about it.

    Attributes:
        kind: stable slug, part of the JSON contract.
        exit_code: what the process exits with (0 to 4, see `docs/cli.md`).
        message: lower case, no full stop, says what was expected and what was found.
        hint: what to do next, or None.
    """

    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class LogError(GitauditError):
    """The log itself is bad: malformed, broken or forged."""

    kind = "log"
    exit_code = 1


class MalformedError(LogError):
    """Bytes that the writer of this format would not have written."""

    kind = "malformed"


class ObjectError(LogError):
    """An object that is missing or damaged; `oid` names it."""

    kind = "object"

    def __init__(self, oid: str, problem: Literal["missing", "damaged"], hint: str | None = None) -> None:
        super().__init__(f"object {oid} is {problem}", hint=hint)
        self.oid = oid
        self.problem = problem


class InputError(GitauditError):
    """Wrong usage, configuration or input."""

    kind = "input"
    exit_code = 2


class ConfigError(InputError):
    """A configuration or policy text that cannot be used."""

    kind = "config"


class RefusedError(InputError):
    """A record that must not be written: it breaks its schema, holds a secret, or is not granted to its signer."""

    kind = "refused"


class SetupError(GitauditError):
    """The surroundings do not allow it: no repository, no log, no program, no space, no permission."""

    kind = "setup"


class KeyProblemError(GitauditError):
    """No key to sign with, or a key that gpg will not sign with."""

    kind = "key"


class RemoteError(GitauditError):
    """The remote could not be reached, or refused."""

    kind = "remote"


class ConflictError(GitauditError):
    """Somebody else holds the lock or moved the ref, and retrying was given up."""

    kind = "conflict"


class RefMovedError(ConflictError):
    """A compare-and-swap on a ref failed because its value was another one; the caller may retry."""

    kind = "ref-moved"
