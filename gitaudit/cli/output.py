"""What commands print: data on stdout, messages on stderr, everything from outside escaped.

With `--json`, a run prints one JSON document in all: the command's own on stdout, or, where it fails, one error object
on stderr. Notes and progress are silent then, and warnings stand in the document under `notices`.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, ClassVar, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitaudit.errors import GitauditError

JSON_WANTED = "gitaudit.json"
"""Key in click's `Context.meta`: errors are to be JSON."""

ARGUMENTS = "gitaudit.arguments"
"""Key in click's `Context.meta`: the words of the command line."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_BEYOND = 0x10000


class Unfinished(Exception):  # noqa: N818 - it carries an error and what was done before it
    """A command that did a part of its work: the error, and the document that tells the part."""

    def __init__(self, error: GitauditError, document: Mapping[str, object]) -> None:
        super().__init__(error.message)
        self.error = error
        self.document = document


def escape(text: object) -> str:
    """Return a text in which nothing can move a cursor, hide or reorder what follows."""
    return "".join(char if _is_plain(char) else f"\\u{{{ord(char):x}}}" for char in str(text))


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON text that is also safe to look at in a terminal, in what stdout can encode."""
    separators = (",", ":") if indent is None else None
    ascii_only = "utf" not in (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, separators=separators)
    return "".join(char if _is_plain(char) or char == "\n" else _unit(char) for char in text)


def _is_plain(char: str) -> bool:
    return char.isprintable() and char not in _BIDI


def _unit(char: str) -> str:
    """Return a character as JSON escapes it: in UTF-16 code units."""
    data = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))


class Output:
    """How one command prints."""

    def __init__(
        self, command: str, *, json: bool = False, jsonl: bool = False, quiet: bool = False, color: bool = False
    ) -> None:
        """Take what the user wants.

        Args:
            command: its name, as in the format of its JSON document.
            json: print one JSON document instead of text.
            jsonl: print one JSON document a line.
            quiet: no messages but errors and warnings.
            color: colours are welcome.
        """
        self.command = command
        self.json = json
        self.jsonl = jsonl
        self.quiet = quiet
        self.color = color
        self.notices: list[dict[str, object]] = []
        """Warnings that wait for the JSON document."""

    def document(self, fields: Mapping[str, object], *, to_stderr: bool = False) -> None:
        """Print the command's JSON document; nothing may be printed after it.

        Args:
            fields: of the document.
            to_stderr: print it there, where stdout belongs to a command that was run.
        """
        text = to_json(self._whole(fields), indent=2)
        if to_stderr:
            _to_stderr(f"{text}\n")
        else:
            _to_stdout(text)

    def unfinished(self, error: GitauditError, fields: Mapping[str, object]) -> NoReturn:
        """End the command with an error; in JSON, the document that it would have printed goes with it.

        Raises:
            Unfinished: always.
        """
        raise Unfinished(error, self._whole(fields))

    def _whole(self, fields: Mapping[str, object]) -> dict[str, object]:
        return {"format": f"gitaudit.{self.command}/1", **fields, "notices": self.notices}

    def line(self, fields: Mapping[str, object]) -> None:
        """Print one JSON document on a line of its own."""
        _to_stdout(to_json({"format": f"gitaudit.{self.command}-line/1", **fields}))

    def text(self, text: str = "") -> None:
        """Print a line of data that is already escaped."""
        _to_stdout(text)

    def note(self, text: str) -> None:
        """Tell the user something on stderr, unless quiet or JSON."""
        if not (self.quiet or self.json or self.jsonl):
            _message("", text)

    def warn(self, text: str, hint: str | None = None) -> None:
        """Warn on stderr, or in the JSON document; quiet does not silence it, and no secret is repeated."""
        text, hint = _concealed(text), hint and _concealed(hint)
        if self.json:
            self.notices.append({"message": text, "hint": hint})
            return
        if self.jsonl:
            return
        _message("warning: ", text)
        if hint:
            _message("hint: ", hint)

    def style(self, text: str, name: str) -> str:
        """Return a text in a colour, or `bold` or `dim`, where colours are welcome."""
        if not self.color:
            return text
        from click import style

        return style(text, **({name: True} if name in {"bold", "dim"} else {"fg": name}))

    def page(self, lines: Iterable[str], pager: str | None) -> None:
        """Print lines through a pager where there is one, which ends quietly when the reader leaves it."""
        if pager is None:
            for line in lines:
                _to_stdout(line)
            return
        from gitaudit.adapters.pager import run_pager

        run_pager((f"{line}\n" for line in lines), pager)

    def progress(self, label: str) -> Callable[[int, int], None]:
        """Return a function that draws a progress bar on stderr; nothing is drawn unless that is a terminal."""
        if self.quiet or self.json or self.jsonl or sys.stderr is None or not sys.stderr.isatty():
            return _no_progress
        return _Bar(label).show


def _concealed(text: str) -> str:
    """Return a text without the secrets that the user typed."""
    from gitaudit.cli.confidential import typed_secrets

    click = sys.modules.get("click")  # a hook does not load it, and nobody types what git gives a hook
    context = None if click is None else click.get_current_context(silent=True)
    return typed_secrets(() if context is None else context.meta.get(ARGUMENTS, ())).scrub(text)[0]


def _message(kind: str, text: str) -> None:
    _Bar.clear()
    _to_stderr(f"gitaudit: {kind}{escape(text)}\n")


def _to_stdout(text: str) -> None:
    """Print a line; click, which a hook does not load, knows about terminals and readers that go away."""
    from click import echo

    echo(text)


def _to_stderr(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _no_progress(done: int, total: int) -> None:
    """Draw nothing."""


class _Bar:
    """A progress bar of one line that erases itself at the end, and before any message."""

    WIDTH = 30
    drawn: ClassVar[bool] = False

    def __init__(self, label: str) -> None:
        self._label = label
        self._last = -1

    def show(self, done: int, total: int) -> None:
        filled = self.WIDTH * done // max(total, 1)
        if filled == self._last and done != total:
            return
        self._last = filled
        bar = "#" * filled + "-" * (self.WIDTH - filled)
        _Bar.drawn = True
        _to_stderr(f"\r{self._label} [{bar}] {done}/{total}")
        if done == total:
            self.clear()

    @staticmethod
    def clear() -> None:
        if _Bar.drawn:
            _to_stderr("\r\x1b[K")
        _Bar.drawn = False


def print_error(error: GitauditError, *, as_json: bool, document: Mapping[str, object] | None = None) -> None:
    """Print an error on stderr: two lines of text, or one JSON object."""
    if not as_json:
        _message("error: ", error.message)
        if error.hint:
            _message("hint: ", error.hint)
        return
    fields = {
        "format": "gitaudit.error/1",
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
        "document": document,
    }
    _to_stderr(f"{to_json(fields)}\n")
