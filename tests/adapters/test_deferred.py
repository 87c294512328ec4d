"""Modules that are only loaded when somebody calls them: libraries that name them work, and nobody else is fooled."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent


def told(program: str) -> list[str]:
    """Return the lines that a fresh process prints."""
    ran = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_signing_and_judging_load_neither_mail_nor_network() -> None:
    """They take longer to load than a signature, and nothing here asks them for anything."""
    program = """
        import sys
        import gitaudit.adapters.gnupg.signer
        from gitaudit.adapters.schemas import SchemaSet
        SchemaSet().check_config({})
        SchemaSet()._accepts("config.v1.json", {})
        print([name for name in ("gnupg", "jsonschema_rs", "email.utils", "socket") if name in sys.modules])
    """
    assert told(program)[0].startswith("['gnupg', 'jsonschema_rs'")


def test_only_the_libraries_hold_deferred_functions() -> None:
    """A module of the standard library that took one would hold it for the rest of the process."""
    program = """
        import sys
        before = set(sys.modules)
        from gitaudit.adapters.schemas import SchemaSet
        from gitaudit.adapters.gnupg import signer as gnupg
        SchemaSet()._accepts("config.v1.json", {})
        holders = {
            module.__name__
            for name, module in sys.modules.items()
            for value in list(vars(module).values())
            if "_Deferred" in f"{type(value).__name__} {getattr(value, '__qualname__', '')}" and value is not type
        }
        print(sorted(holders - {"gitaudit.adapters.deferred"}))
    """
    assert told(program) == ["['gnupg']"]


def test_a_deferred_function_is_the_real_one() -> None:
    """Whoever calls it gets what the module gives, and a later import finds the module itself."""
    program = """
        import sys
        from gitaudit.adapters.deferred import deferred
        with deferred("email.utils", "json"):
            from email.utils import parseaddr
            import json
            print(parseaddr("A <a@example.invalid>"))
        print("email.utils" in sys.modules, parseaddr("A <a@example.invalid>"), json.dumps(obj=[1]))
        import email.utils
        import json
        print(email.utils.parseaddr is not parseaddr, json.loads("2"), type(json).__name__)
    """
    assert told(program) == ["None", "False ('A', 'a@example.invalid') [1]", "True 2 module"]


def test_a_module_that_is_there_is_left_alone() -> None:
    """It may hold what somebody put into it."""
    program = """
        import json
        from gitaudit.adapters.deferred import deferred
        with deferred("json"):
            import json as again
        import json as after
        print(again is json is after)
    """
    assert told(program) == ["True"]
