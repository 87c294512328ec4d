"""libgit2 by the compiled half of pygit2 alone.

`import pygit2` takes some 45 ms, five times as long as a `git commit -S`, nearly all of it for Python classes that are
not needed here (index, remotes, submodules, TLS, enumerations). Its extension module takes 7. That is only found in its
package and asks for its enumerations, so a package without content and plain integers stand in for both while it is
loaded; so does an empty file for the certificates of authorities, as libgit2 speaks to no server here. A later
`import pygit2` finds everything as ever and puts the enumerations in place.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING

from gitaudit.adapters.environment import variable_as
from gitaudit.errors import SetupError

if TYPE_CHECKING:
    from pygit2 import _pygit2 as core

__all__ = ["core", "tune_for_long_reading"]

CACHE_BYTES = 4 * 1024 * 1024
"""libgit2 would keep up to 256 MiB of objects that a walk through the log never reads again."""
PACK_WINDOW_BYTES = 1024 * 1024
PACK_MAPPED_BYTES = 8 * 1024 * 1024


def _load() -> ModuleType:
    if "pygit2" in sys.modules:
        return import_module("pygit2._pygit2")
    found = PathFinder.find_spec("pygit2")
    if found is None or found.submodule_search_locations is None:
        raise SetupError("expected the Python package pygit2, found none", hint="install it: pip install gitaudit")
    package, enums = ModuleType("pygit2"), ModuleType("pygit2.enums")
    package.__path__ = found.submodule_search_locations
    enums.__getattr__ = lambda _: int  # type: ignore[method-assign]  # a function of the module, as in PEP 562
    sys.modules |= {"pygit2": package, "pygit2.enums": enums}
    try:
        with variable_as("SSL_CERT_FILE", os.devnull):  # libgit2 reads all that are there, which takes another 4 ms
            module = import_module("pygit2._pygit2")
        module._cache_enums()  # noqa: SLF001 - what pygit2's own __init__ does once it has loaded both
    finally:
        del sys.modules["pygit2"], sys.modules["pygit2.enums"]
    return module


if not TYPE_CHECKING:
    core = _load()


def tune_for_long_reading() -> None:
    """Let libgit2 read packs fast and in little memory, however large they are; loads all of pygit2."""
    import pygit2

    pygit2.settings.cache_max_size(CACHE_BYTES)
    pygit2.settings.mwindow_size = PACK_WINDOW_BYTES
    pygit2.settings.mwindow_mapped_limit = PACK_MAPPED_BYTES
    # Every object that is read is compared with its id here; libgit2's collision-detecting SHA-1 is several times
    # slower, and what counts is hashed with SHA-256 besides.
    pygit2.settings.enable_strict_hash_verification(False)  # noqa: FBT003 - pygit2's own signature
