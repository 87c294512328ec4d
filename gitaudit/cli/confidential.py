"""What one run of a command knows to be secret, for the records that it writes and for the errors that it prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.adapters.detector import LibraryScanner
from gitaudit.adapters.environment import variables
from gitaudit.redaction.arguments import from_environment
from gitaudit.redaction.known import Known, known
from gitaudit.redaction.scrub import Scrubber
from gitaudit.redaction.shapes import Strictness, could_hold, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.errors import GitauditError
    from gitaudit.model import Draft
    from gitaudit.ports import Cleaner, SecretScanner


class Confidential:
    """Values met so far, and the fields that the user wants to go without.

    Attributes:
        scanner: knows the secrets of many services.
        values: of secret-like variables at first.
        leave_out: what `--redact` names.
    """

    def __init__(self) -> None:
        """Begin with the environment."""
        self.scanner: SecretScanner = LibraryScanner()
        self.values = from_environment(variables())
        self.leave_out: tuple[str, ...] = ()

    def learn(self, values: Known) -> None:
        """Look for these values too from now on."""
        self.values |= values

    def where_there(self) -> Cleaner:
        """Return what cleans several records of one run: each goes without those of the fields that it has."""
        return _WhereThere(self)

    def clean(self, draft: Draft) -> Draft:
        """Return a draft as it may be kept or shown, by what is known by now; errors as of `Redactor.clean`."""
        from gitaudit.usecases.writing.redact import Redactor

        return Redactor(scanner=self.scanner, known=self.values, leave_out=self.leave_out).clean(draft)


class _WhereThere:
    """Cleans as a `Confidential` does, but for fields that a draft does not have."""

    def __init__(self, confidential: Confidential) -> None:
        self._confidential = confidential

    def clean(self, draft: Draft) -> Draft:
        from gitaudit.usecases.writing.redact import Redactor, has_field

        known = self._confidential
        fields = tuple(one for one in known.leave_out if has_field(draft.document, one))
        return Redactor(scanner=known.scanner, known=known.values, leave_out=fields).clean(draft)


def conceal(error: GitauditError, arguments: Sequence[str]) -> None:
    """Take secrets that the user typed, or that variables hold, out of the message and the hint of an error."""
    typed = typed_secrets(arguments)
    error.message, _ = typed.scrub(error.message)
    error.args = (error.message,)
    if error.hint:
        error.hint, _ = typed.scrub(error.hint)


def typed_secrets(arguments: Sequence[str]) -> Scrubber:
    """Return what finds the secrets of a command line and of the environment in what is to be printed."""
    surroundings = variables()
    own = [value for name, value in surroundings.items() if name.startswith("GITAUDIT_")]
    words = {piece for word in (*arguments, *own) for piece in (word, word.partition("=")[2])}
    typed = words | {piece for word in words for piece in re.split(r"[\s=,;'\"/]+", word)}
    scanner = LibraryScanner()
    secret = [piece for piece in typed if tell(piece, Strictness.LINK) or (could_hold(piece) and scanner.find(piece))]
    return Scrubber((from_environment(surroundings) | known(secret=secret)).secret)
