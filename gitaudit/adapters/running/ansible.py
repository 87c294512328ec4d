"""Where ansible finds the callback that writes what it does to a file, beside the output that the user has chosen.

A callback that lies in one of Ansible's folders for them is used without being named. The list of folders can only be
set as a whole, so those that the user has are read first, from where Ansible reads them.
"""

from __future__ import annotations

from configparser import ConfigParser, Error
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).with_name("ansible_callbacks")
_VARIABLE = "ANSIBLE_CALLBACK_PLUGINS"
_USUAL = "{home}/plugins/callback:/usr/share/ansible/plugins/callback"
_WORLD_WRITABLE = 0o002


def callback_variables(variables: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return the variable that adds the callback's folder to those that ansible looks into.

    Args:
        variables: of the environment.
        directory: that ansible is started in.
    """
    folders = variables.get(_VARIABLE) or _configured(variables, directory)
    if folders is None:
        home = variables.get("ANSIBLE_HOME") or f"{variables.get('HOME', '')}/.ansible"
        folders = _USUAL.format(home=home)
    return {_VARIABLE: f"{folders}:{FOLDER}"}


def _configured(variables: Mapping[str, str], directory: Path) -> str | None:
    """Return the folders that the configuration names; Ansible reads the first file that it finds, and no other."""
    named, home = variables.get("ANSIBLE_CONFIG"), variables.get("HOME", "")
    places = [Path(named)] if named else []
    if not _is_for_all(directory):  # Ansible does not trust a file there either
        places.append(directory / "ansible.cfg")
    places += [Path(home) / ".ansible.cfg", Path("/etc/ansible/ansible.cfg")]
    for place in places:
        path = place / "ansible.cfg" if place.is_dir() else place
        if path.is_file():
            return _folders_in(path)
    return None


def _folders_in(path: Path) -> str | None:
    parser = ConfigParser(interpolation=None, inline_comment_prefixes=(";",), strict=False)
    try:
        parser.read(path, "utf-8")
    except (Error, UnicodeDecodeError):
        return None
    named = parser.get("defaults", "callback_plugins", fallback="")
    folders = [path.parent / Path(one.strip()).expanduser() for one in named.split(":") if one.strip()]
    return ":".join(map(str, folders)) or None


def _is_for_all(directory: Path) -> bool:
    try:
        return bool(directory.stat().st_mode & _WORLD_WRITABLE)
    except OSError:
        return True
