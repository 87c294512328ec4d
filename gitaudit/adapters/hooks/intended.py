"""What this clone's hook has recorded and not yet seen to arrive: commits and the ids of their records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.adapters.files import FOLDER, write_durably
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "intended"
MAX_ENTRIES = 10_000

_LINE = re.compile(r"([0-9a-f]{40}) ([0-9a-f-]{36})")


def read(common_dir: Path) -> dict[str, str]:
    """Return ids of records by commit, oldest first; a line of another form is passed over. Raises `SetupError`."""
    path = common_dir / FOLDER / NAME
    try:
        lines = path.read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SetupError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error
    return {match[1]: match[2] for line in lines if (match := _LINE.fullmatch(line))}


def write(common_dir: Path, entries: Mapping[str, str]) -> None:
    """Replace what is remembered by the newest entries; no file is left for none. Raises `SetupError`."""
    path = common_dir / FOLDER / NAME
    lines = [f"{commit} {record}\n" for commit, record in entries.items()][-MAX_ENTRIES:]
    if lines:
        write_durably(path, "".join(lines).encode("ascii"))
    else:
        path.unlink(missing_ok=True)
