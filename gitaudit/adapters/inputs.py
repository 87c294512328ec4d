"""Reading the files that a user names, bounded."""

from __future__ import annotations

import sys
from pathlib import Path

from gitaudit.errors import ConfigError, InputError

MAX_BYTES = 200 * 1024 * 1024
MAX_SMALL_BYTES = 65_536


def read_input(name: str, option: str, directory: Path = Path()) -> bytes:
    """Return the content of a file, or of standard input for `-`.

    Args:
        name: path, or `-`.
        option: the option that named it, for messages.
        directory: what a relative path counts from.

    Raises:
        InputError: it cannot be read, or is longer than 200 MiB.
    """
    try:
        if name == "-":
            if sys.stdin is None or sys.stdin.isatty():
                raise InputError(
                    f"{option}: expected the content on standard input, found a terminal",
                    hint="pipe it in, or give the path of a file",
                )
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with (directory / name).open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        raise InputError(f"{option}: cannot read {name}: {reason}", hint="check the path") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{option}: expected at most {MAX_BYTES} bytes in {name}, found more")
    return data


def read_small(path: Path) -> bytes | None:
    """Return the content of a small regular file, None where there is none; a symbolic link is not followed.

    Raises:
        ConfigError: it is longer than 64 KiB.
    """
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as stream:
        data = stream.read(MAX_SMALL_BYTES + 1)
    if len(data) > MAX_SMALL_BYTES:
        raise ConfigError(
            f"{path.name}: expected at most {MAX_SMALL_BYTES} bytes, found more",
            hint=f"restore it with: git checkout HEAD -- {path.name}",
        )
    return data
