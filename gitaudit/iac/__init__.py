"""What infrastructure-as-code tools planned and did: from their files to a names-only summary, one module a file.

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
OPTIONS = {"plan": "--plan", "result": "--result", "state": "--state"}
"""The option of `record-deploy` that takes a file of each kind."""

FileKind = Literal["plan", "result", "state"]


class Format(Protocol):
    """A module that reads one kind of file of one tool.

    Attributes:
        NAME: of the tool, as `--format` takes it.
        KIND: `plan` for what was to happen, `result` for what did, `state` for what there is.
        EXPECTED: what the file is, such as `the output of terraform show -json PLAN`.
        HINT: how to make one.
    """

    NAME: str
    KIND: FileKind
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
    kind: FileKind
    module: str


FORMATS = (
    Entry("terraform", "plan", "gitaudit.iac.formats.terraform.plan"),
    Entry("terraform", "result", "gitaudit.iac.formats.terraform.apply"),
    Entry("terraform", "state", "gitaudit.iac.formats.terraform.state"),
    Entry("pulumi", "plan", "gitaudit.iac.formats.pulumi.preview"),
    Entry("pulumi", "result", "gitaudit.iac.formats.pulumi.events"),
    Entry("ansible", "plan", "gitaudit.iac.formats.ansible.check"),
    Entry("ansible", "result", "gitaudit.iac.formats.ansible.events"),
    Entry("cloudformation", "plan", "gitaudit.iac.formats.cloudformation.change_set"),
    Entry("cloudformation", "plan", "gitaudit.iac.formats.cloudformation.drift"),
    Entry("cloudformation", "result", "gitaudit.iac.formats.cloudformation.events"),
    Entry("helm", "result", "gitaudit.iac.formats.kubernetes.helm"),
    Entry("argocd", "result", "gitaudit.iac.formats.kubernetes.argocd"),
    Entry("kubectl", "result", "gitaudit.iac.formats.kubernetes.kubectl"),
)
"""In the order in which `auto` tries them: an application of Argo CD is an object of Kubernetes too.

`terraform` is for OpenTofu too, `cloudformation` for CDK and SAM.
"""


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


def summarize_state(data: bytes, *, format: str = AUTO) -> Summary:  # noqa: A002 - named like the option
    """Return the names-only summary of a state: what there is, not what was done.

    Args:
        data: the file as it is, at most 200 MiB; its SHA-256 and size go into the summary.
        format: one of `format_names()`.

    Raises:
        InputError: no such format, no state of it, or a plan or result, with the option to use instead as the hint.
    """
    return _summarize(data, "state", format)


def _summarize(data: bytes, kind: FileKind, name: str) -> Summary:
    from gitaudit.iac import text  # noqa: PLC0415 - what reads files is loaded when there is one

    if name not in format_names():
        raise InputError(f"expected one of the formats {', '.join(format_names())}, found another")
    entries = [entry for entry in FORMATS if entry.kind == kind and name in (AUTO, entry.name)]
    if not entries:
        raise InputError(f"expected a format that has a {kind}, found {name}", hint=f"leave {OPTIONS[kind]} out")
    first = _load(entries[0])
    document = text.read(data, hint=_hint(entries, first))
    for entry in entries:
        candidate = _load(entry)
        if candidate.detect(document):
            return candidate.parse(document)
    raise _mismatch(document, kind, entries)


def _hint(entries: Sequence[Entry], first: Format) -> str:
    """Return how to make a file that one of `entries` reads."""
    names = dict.fromkeys(entry.name for entry in entries)
    return first.HINT if len(names) == 1 else f"for {first.NAME}, {first.HINT}; --format NAME tells it for another tool"


def _mismatch(document: Document, kind: FileKind, entries: Sequence[Entry]) -> InputError:
    """Return the error that says what the document is instead."""
    from gitaudit.iac.lookalikes import describe  # noqa: PLC0415 - only on the way to an error

    formats = [_load(entry) for entry in entries]
    names = dict.fromkeys(entry.name for entry in entries)
    expected = f"a {kind} of {', '.join(names)}" if len(names) > 1 else " or ".join(one.EXPECTED for one in formats)
    hint = _hint(entries, formats[0])
    for entry in FORMATS:
        other = _load(entry)
        if entry not in entries and other.detect(document):
            found = f"this looks like {other.EXPECTED}, expected {expected}"
            if entry.kind == kind:
                return InputError(found, hint=f"give it with --format {entry.name}, or without --format")
            return InputError(found, hint=f"give it with {OPTIONS[entry.kind]}; for {OPTIONS[kind]}: {hint}")
    return InputError(f"this looks like {describe(document)}, expected {expected}", hint=hint)


def _load(entry: Entry) -> Format:
    from importlib import import_module  # noqa: PLC0415 - this package is imported where no file is read

    return cast("Format", import_module(entry.module))
