"""Loading a library without modules that it takes functions from and, as it is used here, has no need of."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

RARE = ("email.utils", "socket")
"""Both together take 4 ms to load, more than gpg takes to sign.

python-gnupg parses names of listings with the first, which gitaudit reads itself, and names keys that it makes after
the host by the second. jsonschema-rs parses the date of its own build, for its attribute `__build__`.
"""


@contextmanager
def deferred(*names: str) -> Iterator[None]:
    """Let libraries that are loaded meanwhile find modules that are only loaded when a function of them is called.

    A function that is called already meanwhile returns None.

    Args:
        names: of modules from which only functions are taken; one that is loaded already is left as it is.
    """
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = _Deferred(name)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


class _Deferred(ModuleType):
    """A module that has every function until one is called."""

    def __getattr__(self, function: str) -> object:
        if function.startswith("__"):  # the import system looks for such, and can do without
            raise AttributeError(function)

        def call(*arguments: Any, **named: Any) -> object:  # noqa: ANN401 - of any function
            if sys.modules.get(self.__name__) is self:
                return None
            return getattr(import_module(self.__name__), function)(*arguments, **named)

        return call
