"""Reads Python sources and says where they leave the rooms that the architecture gives them.

Four tables are the architecture: which room imports which, behind which door each foreign library stands, which
modules of Python the core does without, and who may use the names by which a program reaches the world. Imports that
only serve types count like the others, and so do texts that name a module, which is how modules are imported late.
What is looked up while the program runs (`getattr`, a method of a value) is not seen.
"""

from __future__ import annotations

import ast
import builtins
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
"""Lines of a function from its `def` on, its docstring left out."""

_L0 = frozenset({"gitaudit", "errors", "model"})
_L1 = frozenset({"log", "policy", "iac", "redaction", "ports"})
MAY_IMPORT: dict[str, frozenset[str]] = {
    "gitaudit": frozenset(),
    "errors": frozenset(),
    "model": frozenset({"errors"}),
    "log": _L0,
    "policy": _L0 | {"log"},
    "iac": _L0 | {"log"},
    "redaction": _L0 | {"log", "iac"},
    "ports": _L0 | _L1,
    "usecases": _L0 | _L1,
    "adapters": _L0 | _L1 | {"schemas", "hooks"},
    "cli": _L0 | _L1 | {"usecases", "adapters"},
    "__main__": frozenset({"cli"}),
    "testing": _L0 | _L1,
    "schemas": frozenset(),
    "hooks": frozenset(),
}
"""Rooms, and the other rooms that they may import; `gitaudit` is the package's own `__init__.py`."""

DOORS: dict[str, str] = {
    "ansible": "gitaudit/adapters/running/ansible_callbacks/*",
    "click": "gitaudit/cli/*",
    "detect_secrets": "gitaudit/adapters/detector.py",
    "gnupg": "gitaudit/adapters/gnupg/program.py",
    "httpx": "gitaudit/adapters/network/forge_http.py",
    "jsonschema": "gitaudit/adapters/schemas.py",
    "jwt": "gitaudit/adapters/network/oidc.py",
    "jsonschema_rs": "gitaudit/adapters/schemas.py",
    "pygit2": "gitaudit/adapters/git/*.py",
    "pysequoia": "gitaudit/adapters/sequoia.py",
    "referencing": "gitaudit/adapters/schemas.py",
    "tree_sitter": "gitaudit/iac/source/hcl_tree.py",
    "tree_sitter_hcl": "gitaudit/iac/source/hcl_tree.py",
    "yaml": "gitaudit/policy/yaml_text.py",
}
"""Foreign libraries, and the files that may import them; a library that is not here may not be imported at all."""

PURE = frozenset({"gitaudit", "errors", "model", "log", "policy", "iac", "redaction", "ports", "usecases"})
"""Rooms that reach the world only through ports."""
IMPURE_MODULES = frozenset(
    {
        *("fileinput", "glob", "importlib.resources", "mmap", "os", "shelve", "shutil", "sqlite3", "tempfile"),
        *("asyncio", "multiprocessing", "pty", "signal", "subprocess", "threading", "webbrowser"),
        *("http", "select", "selectors", "socket", "ssl", "urllib.request"),
        *("random", "secrets", "time", "uuid"),
        *("getpass", "locale", "logging", "platform", "pwd", "resource", "sys"),
    }
)
"""Modules of Python that no pure room imports: files, programs, network, clocks, chance, surroundings."""

_ADAPTERS = ("gitaudit/adapters/*",)
_CLI = ("gitaudit/cli/*", "gitaudit/__main__.py")
_CLOCK = ("gitaudit/adapters/clock.py", "gitaudit/adapters/running/ansible_callbacks/*")
_SURROUNDINGS = (
    "gitaudit/cli/wiring.py",
    "gitaudit/adapters/environment.py",
    "gitaudit/adapters/hooks/*.py",  # what git gives its hooks, without the modules that a short run cannot afford
    "gitaudit/adapters/git/program.py",  # hands the user's environment on to git
    "gitaudit/adapters/pager.py",  # the same to the pager
    "gitaudit/adapters/running/ansible_callbacks/*",  # runs within Ansible, and imports nothing of the project
)
CALLS: dict[str, tuple[str, ...]] = {
    "builtins.open": _ADAPTERS + _CLI,
    "io.open": _ADAPTERS + _CLI,
    "os.open": _ADAPTERS + _CLI,
    "os.fdopen": _ADAPTERS + _CLI,
    "builtins.print": _CLI,
    "builtins.input": _CLI,
    "builtins.exit": (),
    "builtins.quit": (),
    "builtins.breakpoint": (),
    "builtins.eval": (),
    "builtins.exec": (),
    "builtins.__import__": (),
    "builtins.SystemExit": _CLI,
    "sys.exit": _CLI,
    "os._exit": (*_CLI, "gitaudit/adapters/running/signals.py"),  # ends a copy of this process
    "os.abort": (),
    "importlib.import_module": (*_ADAPTERS, *_CLI, "gitaudit/iac/__init__.py", "gitaudit/iac/commands/__init__.py"),
    "os.environ": _SURROUNDINGS,
    "os.environb": _SURROUNDINGS,
    "os.getenv": _SURROUNDINGS,
    "os.getenvb": _SURROUNDINGS,
    "os.putenv": (),
    "os.chdir": (),
    "datetime.datetime.now": _CLOCK,
    "datetime.datetime.utcnow": (),
    "datetime.datetime.today": (),
    "datetime.date.today": (),
    "time.time": (*_CLOCK, "gitaudit/adapters/files.py"),  # how old a left-over file is
    "time.time_ns": _CLOCK,
    "time.localtime": (),
    "time.gmtime": (),
    "subprocess": _ADAPTERS,
    "os.system": (),
    "os.popen": (),
    "os.fork": _ADAPTERS,
    "os.posix_spawn": (),
    "os.posix_spawnp": ("gitaudit/adapters/hooks/scan.py",),  # `subprocess` takes longer to import than git to run
    "pty": _ADAPTERS,
}
"""Names by which a program reaches the world, and the files that may use them; "a" also means all of "a.b"."""
FILE_METHODS = frozenset({"open", "read_text", "read_bytes", "write_text", "write_bytes"})
"""Methods of a `Path`; they may be used where `open` may, and for resources of a package."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of Python: `path` counts from the checkout, with slashes."""

    path: str
    text: str

    @property
    def room(self) -> str:
        """The room that the file belongs to: a folder of the package, or a module of its top."""
        first = self.path.split("/")[1]
        return "gitaudit" if first == "__init__.py" else first.removesuffix(".py")


def faults(source: Source) -> list[str]:
    """Return where a file of the package `gitaudit` breaks the four tables, as "path:line: what"."""
    tree = ast.parse(source.text)
    found = [*_import_faults(source, tree), *_call_faults(source, tree)]
    return [f"{source.path}:{line}: {what}" for line, what in sorted(set(found))]


def size_faults(source: Source) -> list[str]:
    """Return where a file or one of its functions is too long, as "path:line: what"."""
    found: list[tuple[int, str]] = []
    lines = source.text.count("\n")
    if lines > MAX_FILE_LINES:
        found.append((1, f"{lines} lines, expected at most {MAX_FILE_LINES}"))
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = _function_lines(node)
            if length > MAX_FUNCTION_LINES:
                found.append((node.lineno, f"{node.name} has {length} lines, expected at most {MAX_FUNCTION_LINES}"))
    return [f"{source.path}:{line}: {what}" for line, what in found]


def _function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is None:
        return whole
    text = node.body[0]
    return whole - ((text.end_lineno or text.lineno) - text.lineno + 1)


def _import_faults(source: Source, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, module in _imports(source, tree):
        top = module.split(".")[0]
        if top == "gitaudit":
            yield from ((line, what) for what in _room_faults(source, module))
        elif top not in sys.stdlib_module_names:
            door = DOORS.get(top)
            if door is None:
                yield line, f"imports {top}, which has no door"
            elif not fnmatchcase(source.path, door):
                yield line, f"imports {top}, whose door is {door}"
        elif source.room in PURE and _within(module, IMPURE_MODULES):
            yield line, f"imports {module}, and {source.room} is pure"


def _room_faults(source: Source, module: str) -> Iterator[str]:
    parts = module.split(".")
    target = parts[1] if len(parts) > 1 and parts[1] in MAY_IMPORT else "gitaudit"
    allowed = MAY_IMPORT.get(source.room)
    if allowed is None:
        yield f"{source.room} is no room of the architecture"
    elif target not in allowed | {source.room}:
        yield f"{source.room} imports {target}"


def _imports(source: Source, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Give line and full name of everything that is imported or named; `from a import b` gives "a.b"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(source, node)
            yield from ((node.lineno, f"{base}.{name.name}") for name in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _names_room(node.value):
            yield node.lineno, node.value


def _names_room(text: str) -> bool:
    """Return whether a text is the full name of a room or of a module in one."""
    parts = text.split(".")
    return len(parts) > 1 and parts[0] == "gitaudit" and parts[1] in MAY_IMPORT and all(map(str.isidentifier, parts))


def _base(source: Source, node: ast.ImportFrom) -> str:
    """Return what `from` names, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    package = source.path.split("/")[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _call_faults(source: Source, tree: ast.Module) -> Iterator[tuple[int, str]]:
    forbidden = frozenset(name for name, files in CALLS.items() if not _any_match(source.path, files))
    known = _known_names(source, tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        name = _full_name(node, known)
        if name is not None:
            yield from ((node.lineno, what) for what in _uses(name, forbidden))
        elif isinstance(node, ast.Attribute) and node.attr in FILE_METHODS and "builtins.open" in forbidden:
            yield node.lineno, f"uses .{node.attr}"
    for line, module in _imports(source, tree):
        yield from ((line, what) for what in _uses(module, forbidden))


def _uses(name: str, forbidden: frozenset[str]) -> Iterator[str]:
    yield from (f"uses {each.removeprefix('builtins.')}" for each in forbidden if _within(name, frozenset({each})))


def _known_names(source: Source, tree: ast.Module) -> dict[str, str]:
    """Return what bare names stand for: built-in functions, and what the file imports under any name."""
    known = {name: f"builtins.{name}" for name in dir(builtins)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                top = item.name.split(".")[0]
                known[item.asname or top] = item.name if item.asname else top
        elif isinstance(node, ast.ImportFrom):
            base = _base(source, node)
            known |= {item.asname or item.name: f"{base}.{item.name}" for item in node.names}
    return known


def _full_name(node: ast.expr, known: dict[str, str]) -> str | None:
    """Return the full dotted name of an expression, or None where its root is a value of the program."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        root = _full_name(node.value, known)
        return None if root is None else f"{root}.{node.attr}"
    return None


def _within(name: str, parents: frozenset[str]) -> bool:
    """Return whether a dotted name is one of `parents` or lies in one."""
    parts = name.split(".")
    return any(".".join(parts[:count]) in parents for count in range(1, len(parts) + 1))


def _any_match(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
