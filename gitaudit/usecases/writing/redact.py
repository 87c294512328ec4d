"""The last door before a draft is kept: fields that are to be left out, known values, then the scan that refuses.

Every draft passes here before it is written to the outbox, and every record once more before it is signed, whoever
made it. A secret that got into a branch that only grows could never be taken out again.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import InputError, RefusedError
from gitaudit.log import paths
from gitaudit.redaction.known import NOTHING, is_plain
from gitaudit.redaction.places import Text, replace_free, texts
from gitaudit.redaction.scrub import REDACTED, Scrubber
from gitaudit.redaction.shapes import Strictness, could_hold, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitaudit.model import Draft
    from gitaudit.ports import SecretScanner
    from gitaudit.redaction.known import Known

KNOWN_VALUE = "a value that is known to be secret"
MAX_SHOWN = 5
"""Places that an error names; it says how many more there are."""
_LEFT_OUT = ("body", "links", "subject")
_REQUIRED_IN_ITEMS = frozenset({"address", "name", "type"})
_FIELD = r"[a-z][a-z_]{0,31}(?:sha256|base64)?|[0-9]{1,5}|"
_APART = " ;\n; "
"""Between texts that are looked at together: no pattern reaches over it, so none finds less than in each alone."""
_FINGERPRINT = re.compile(r"\b[0-9A-F]{40}(?:[0-9A-F]{24})?\b")
_OWN_FILES = (f"{paths.SCHEMAS}/", paths.README)
"""Files that this program writes itself."""


class Found(NamedTuple):
    """A place that holds a secret, and what kind of; never the secret."""

    text: Text
    kind: str

    @property
    def pointer(self) -> str:
        """The place, with `*` for every part of it that is not like the name of a field, so that none is a value."""
        if not self.text.pointer.startswith("/"):
            return self.text.pointer  # a file and a line
        parts = self.text.pointer.split("/")
        return "/".join(part if re.fullmatch(_FIELD, part) else "*" for part in parts)


class Redactor:
    """Makes drafts fit to be kept; fits the port `Cleaner`."""

    def __init__(self, *, scanner: SecretScanner, known: Known = NOTHING, leave_out: tuple[str, ...] = ()) -> None:
        """Take what is looked for.

        Args:
            scanner: knows the secrets of many services.
            known: values that this run has met.
            leave_out: fields to go on without, as JSON pointers or as names such as `reason` or `body.reason`.
        """
        self.scanner = scanner
        self.known = known
        self.leave_out = leave_out

    def clean(self, draft: Draft) -> Draft:
        """Return a draft without the fields to leave out and without known values, with both counted.

        Raises:
            InputError: a field to leave out that the draft does not have, or cannot do without.
            RefusedError: it holds a secret all the same; the message names the fields.
        """
        document, dropped = _without(draft.document, self.leave_out)
        document, scrubbed = self._scrub(document)
        counts = document.get("redaction")
        if isinstance(counts, dict) and (dropped or scrubbed):
            more = {"dropped": counts["dropped"] + dropped, "scrubbed": counts["scrubbed"] + scrubbed}
            document = {**document, "redaction": more}
        self.check(document, draft.files)
        return draft._replace(document=document)

    def check(self, document: Mapping[str, object], files: Mapping[str, bytes]) -> None:
        """Refuse a record, or a file that comes with it, that holds a secret. Raises `RefusedError`."""
        found = [*self._found(texts(document)), *self._found(_lines(files))]
        if found:
            error = _refused(str(document.get("type")), found)
            error.message, _ = self._secret_values.scrub(error.message)
            error.args = (error.message,)
            raise error

    def _scrub(self, document: Mapping[str, object]) -> tuple[dict[str, object], int]:
        """Return a document without known values in its free texts, and how many pieces were replaced."""
        every = "\n".join(text.value for text in texts(document) if text.free)
        if not self._all_values.found_in(every):
            return dict(document), 0
        total = 0

        def scrub(text: str, is_link: bool) -> str:  # noqa: FBT001 - the only caller names neither
            nonlocal total
            text, count = (self._values_in_links if is_link else self._all_values).scrub(text)
            total += count
            return text

        changed = {name: replace_free(value, scrub, name) for name, value in document.items()}
        return changed, total

    def _found(self, every: Iterator[Text]) -> Iterator[Found]:
        """Yield what the texts hold; those of one strictness are first looked at together, which is faster."""
        looked_at: dict[Strictness, list[Text]] = {}
        for text in every:
            looked_at.setdefault(text.strictness, []).append(text)
        for strictness, group in looked_at.items():
            together = _APART.join(text.value for text in group)
            if tell(together, strictness) or could_hold(together) or self._secret_values.found_in(together):
                yield from (Found(text=text, kind=kind) for text in group if (kind := self._kind(text)) is not None)

    def _kind(self, text: Text) -> str | None:
        """Return what kind of secret a text holds, None where it holds none."""
        kind = tell(text.value, text.strictness)
        if kind is None and could_hold(text.value):
            kind = self.scanner.find(text.value)
        return KNOWN_VALUE if kind is None and self._secret_values.found_in(text.value) else kind

    @cached_property
    def _all_values(self) -> Scrubber:
        return Scrubber(self.known.secret | self.known.given)

    @cached_property
    def _values_in_links(self) -> Scrubber:
        """A link without the ordinary words in it, such as the name of an environment, would lead nowhere."""
        return Scrubber(self.known.secret | {value for value in self.known.given if not is_plain(value)})

    @cached_property
    def _secret_values(self) -> Scrubber:
        """Those that may not be in a name either; ordinary words are, whatever else they are the value of."""
        return Scrubber({value for value in self.known.secret if not is_plain(value)})


def _lines(files: Mapping[str, bytes]) -> Iterator[Text]:
    """Yield the lines of files that come with a record, but of those that this program writes by itself."""
    for path, content in files.items():
        if path.startswith(_OWN_FILES):
            continue
        is_key = path.startswith(f"{paths.KEYS}/")
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if not is_key or "PRIVATE" in line:  # the rest of a public key is Base64
                value = _FINGERPRINT.sub(" ", line)
                yield Text(f"{path}:{number}", value, free=False, strictness=Strictness.NAME)


def _refused(record_type: str, found: list[Found]) -> RefusedError:
    shown = ", ".join(f"{one.pointer} ({one.kind})" for one in found[:MAX_SHOWN])
    more = f" and {len(found) - MAX_SHOWN} more places" if len(found) > MAX_SHOWN else ""
    return RefusedError(
        f"the {record_type} record would hold a secret at {shown}{more}", hint=_hint(record_type, found[0])
    )


def _hint(record_type: str, first: Found) -> str:
    where = first.pointer
    if where == "/subject/ref":
        return "the name of the branch holds it: rename the branch, and replace the secret"
    if record_type == "change" and first.text.strictness is Strictness.PATH:
        return (
            "the path is a part of the commit: rename the file, rewrite the commit before it is pushed, "
            "and replace the secret"
        )
    if not where.startswith("/") or where.split("/")[1] not in _LEFT_OUT:
        return "write it without the secret; what was given is kept nowhere"
    if first.text.free:
        return f"write it without the secret, or go on without the field: --redact {where}"
    return (
        "the name itself holds it: rename that thing and replace the secret, which the tool's files show too; "
        f"or go on without the name: --redact {where}"
    )


def has_field(document: Mapping[str, object], name: str) -> bool:
    """Return whether a document has a field that `Redactor.leave_out` may name."""
    return _parts(dict(document), name) is not None


def _without(document: Mapping[str, object], fields: tuple[str, ...]) -> tuple[dict[str, object], int]:
    """Return a document without fields, and the number of them."""
    result = dict(document)
    for name in fields:
        parts = _parts(result, name)
        if parts is None or parts[0] not in _LEFT_OUT or len(parts) + (parts[0] == "links") < 2:  # noqa: PLR2004
            raise InputError(
                "expected --redact to name a field of the record's body or links, found another",
                hint="name it as the refusal does, such as --redact /body/reason",
            )
        result = {**result, parts[0]: _drop(result[parts[0]], parts[1:])} if len(parts) > 1 else _less(result, parts[0])
    return result, len(fields)


def _parts(document: Mapping[str, object], name: str) -> list[str] | None:
    """Return the parts of the pointer that a name stands for; None where the document has no such field."""
    given = name.removeprefix("/").replace(".", "/") if not name.startswith("/") else name[1:]
    for pointer in (given, f"body/{given}"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]
        if _has(document, parts):
            return parts
    return None


def _has(value: object, parts: list[str]) -> bool:
    if not parts:
        return True
    if isinstance(value, dict):
        return parts[0] in value and _has(value[parts[0]], parts[1:])
    at = int(parts[0]) if parts[0].isascii() and parts[0].isdigit() else -1
    return isinstance(value, list) and 0 <= at < len(value) and _has(value[at], parts[1:])


def _drop(value: object, parts: list[str], *, item: bool = False) -> object:
    """Return a value without what `parts` lead to; what a list needs to stay whole is replaced by a mark."""
    first, rest = parts[0], parts[1:]
    if isinstance(value, list):
        at = int(first)
        if rest == ["href"] or (not rest and isinstance(value[at], dict)):
            return value[:at] + value[at + 1 :]
        return [*value[:at], _drop(value[at], rest, item=True) if rest else REDACTED, *value[at + 1 :]]
    fields: dict[str, object] = dict(value) if isinstance(value, dict) else {}
    if rest:
        return {**fields, first: _drop(fields[first], rest)}
    return {**fields, first: REDACTED} if item and first in _REQUIRED_IN_ITEMS else _less(fields, first)


def _less(fields: Mapping[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in fields.items() if key != name}
