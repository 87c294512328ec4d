"""What infrastructure-as-code tools planned and did: from their files to a names-only summary, one module a tool.

A module for another tool or file satisfies `Format` and adds a row to `FORMATS`; nothing else changes. Everything here
is pure: bytes in, values out. Only names that are on a list are taken out of a file, never values, so nothing has to
be recognised as a secret to stay out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, cast

from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.iac.model import Summary
    from gitaudit.iac.text import Document

AUTO = "auto"
OPTIONS = {"plan": "--plan", "result": "--result"}
"""The option of `record-deploy` and `exec` that takes a file of each kind."""


class Format(Protocol):
    """A module that reads one kind of file of one tool.

    Attributes:
        NAME: of the tool, as `--format` takes it.
        KIND: `plan` for what was to happen, `result` for what did.
        EXPECTED: what the file is, such as `the output of terraform show -json PLAN`.
        HINT: how to make one.
    """

    NAME: str
    KIND: Literal["plan", "result"]
    EXPECTED: str
    HINT: str

    def detect(self, document: Document) -> bool:
        """Return whether the document is of this kind, whether or not `parse` will find it in order."""

    def parse(self, document: Document) -> Summary:
        """Return the summary of the document.

        Raises:
            InputError: it is not of this kind, not in order, or of a version that is not known.
        """


class Entry(NamedTuple):
    """A row of `FORMATS`: name and kind of a format, and the module that reads it."""

    name: str
    kind: Literal["plan", "result"]
    module: str


FORMATS = (
    Entry("terraform", "plan", "gitaudit.iac.terraform_plan"),
    Entry("terraform", "result", "gitaudit.iac.terraform_apply"),
)
"""In the order in which `auto` tries them. `terraform` is for OpenTofu too."""


def format_names() -> tuple[str, ...]:
    """Return what `--format` takes: `auto`, then every tool once."""
    return (AUTO, *dict.fromkeys(entry.name for entry in FORMATS))


def summarize_plan(data: bytes, *, format: str = AUTO) -> Summary:  # noqa: A002 - named like the option
    """Return the names-only summary of a plan.

    Args:
        data: the file as it is, at most 200 MiB; its SHA-256 and size go into the summary.
        format: one of `format_names()`.

    Raises:
        InputError: no such format, no plan of it, or a result, with the option to use instead as the hint.
    """
    return _summarize(data, "plan", format)


def summarize_result(data: bytes, *, format: str = AUTO) -> Summary:  # noqa: A002 - named like the option
    """Return the names-only summary of what happened; `outcome` is set, to `unknown` where the file does not tell.

    Args:
        data: the file as it is, at most 200 MiB; its SHA-256 and size go into the summary.
        format: one of `format_names()`.

    Raises:
        InputError: no such format, no result of it, or a plan, with the option to use instead as the hint.
    """
    return _summarize(data, "result", format)


def _summarize(data: bytes, kind: Literal["plan", "result"], name: str) -> Summary:
    from gitaudit.iac import text  # noqa: PLC0415 - what reads files is loaded when there is one

    if name not in format_names():
        raise InputError(f"expected one of the formats {', '.join(format_names())}, found another")
    formats = [_load(entry) for entry in FORMATS if entry.kind == kind and name in (AUTO, entry.name)]
    if not formats:
        raise InputError(f"expected a format that has a {kind}, found {name}", hint=f"leave {OPTIONS[kind]} out")
    document = text.read(data, hint=formats[0].HINT)
    for candidate in formats:
        if candidate.detect(document):
            return candidate.parse(document)
    raise _mismatch(document, kind, formats)


def _mismatch(document: Document, kind: str, formats: Sequence[Format]) -> InputError:
    """Return the error that says what the document is instead."""
    from gitaudit.iac.lookalikes import describe  # noqa: PLC0415 - only on the way to an error

    expected = " or ".join(candidate.EXPECTED for candidate in formats)
    for entry in FORMATS:
        other = _load(entry)
        if entry.kind != kind and other.detect(document):
            hint = f"give it with {OPTIONS[entry.kind]}; for {OPTIONS[kind]}, {formats[0].HINT}"
            return InputError(f"this looks like {other.EXPECTED}, expected {expected}", hint=hint)
    return InputError(f"this looks like {describe(document)}, expected {expected}", hint=formats[0].HINT)


def _load(entry: Entry) -> Format:
    from importlib import import_module  # noqa: PLC0415 - this package is imported where no file is read

    return cast("Format", import_module(entry.module))
