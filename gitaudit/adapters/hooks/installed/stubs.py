"""The texts that call `gitaudit hook`: stubs for hook files, blocks for the files of hook managers."""

from __future__ import annotations

import shlex
import sys
from importlib.resources import files
from pathlib import Path

NAMES = ("pre-push", "post-rewrite")
"""The hooks that `gitaudit hooks install` installs in a clone."""
GUARD = "reference-transaction"
"""The hook that refuses to move the local log backwards; installed where it is asked for."""

MARK = b"gitaudit hook stub"
BEFORE = ".before-gitaudit"
"""What the name of a hook that was there before ends with while the stub stands in its place."""

_PROGRAM = b"\nprogram=gitaudit\n"
_LOG = b"\nlog=refs/heads/audit\n"
_OPEN, _CLOSE = b"# >>> gitaudit >>>\n", b"# <<< gitaudit <<<\n"

_HUSKY = """\
# Put here by `gitaudit hooks install`; `gitaudit hooks uninstall` takes it out again. It passes its input on.
gitaudit_input=$(cat)
gitaudit_feed() { [ -z "$gitaudit_input" ] || printf '%s\\n' "$gitaudit_input"; }
gitaudit_feed | gitaudit hook NAME "$@" || exit $?
[ -n "$gitaudit_input" ] || exec </dev/null
[ -z "$gitaudit_input" ] || exec <<GITAUDIT_END
$gitaudit_input
GITAUDIT_END
"""
_LEFTHOOK = """\
# Put here by `gitaudit hooks install`; `gitaudit hooks uninstall` takes it out again.
"""
_LEFTHOOK_HOOK = """\
NAME:
  commands:
    gitaudit:
      run: PROGRAM hook NAME {0}
      use_stdin: true
"""


def program() -> str:
    """Return the path of the program that hooks shall call, or its name where it is not known."""
    beside = Path(sys.executable).with_name("gitaudit")
    return str(beside) if beside.is_file() else "gitaudit"


def stub(name: str, log: str = "refs/heads/audit") -> bytes:
    """Return the stub of a hook, calling the program that runs now; `log` is the ref that the guard looks at."""
    text = files("gitaudit.hooks").joinpath(name).read_bytes()
    text = text.replace(_PROGRAM, f"\nprogram={shlex.quote(program())}\n".encode())
    return text.replace(_LOG, f"\nlog={shlex.quote(log)}\n".encode())


def is_ours(content: bytes | None) -> bool:
    """Return whether a file is a stub, of this version or another."""
    return content is not None and MARK in content


def husky_block(name: str) -> bytes:
    """Return what goes into a hook script of husky."""
    return _OPEN + _HUSKY.replace("NAME", name).encode() + _CLOSE


def lefthook_block() -> bytes:
    """Return what goes into `lefthook-local.yml`."""
    hooks = "".join(_LEFTHOOK_HOOK.replace("NAME", name) for name in NAMES)
    return _OPEN + (_LEFTHOOK + hooks.replace("PROGRAM", shlex.quote(program()))).encode() + _CLOSE


def with_block(content: bytes, block: bytes) -> bytes:
    """Return a script with a block as its first commands, in the place of an older one."""
    content = without_block(content)
    first, end, rest = content.partition(b"\n")
    if first.startswith(b"#!"):
        return first + (end or b"\n") + block + rest
    return block + content


def without_block(content: bytes) -> bytes:
    """Return a text as it was before a block was put into it."""
    before, begins, rest = content.partition(_OPEN)
    _, ends, after = rest.partition(_CLOSE)
    return before + after if begins and ends else content


def has_block(content: bytes | None) -> bool:
    """Return whether a text has a block."""
    return content is not None and without_block(content) != content
