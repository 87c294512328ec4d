"""The policy as text for people, and what people type of it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from gitaudit.cli.output import escape
from gitaudit.errors import InputError
from gitaudit.policy.change_records import requires_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitaudit.cli.output import Output
    from gitaudit.policy.policy import Policy

COLUMNS = 100


def policy_lines(policy: Policy, output: Output) -> Iterator[str]:
    """Yield the policy: keys with their roles, then roles, then the lists."""
    yield f"log of {escape(policy.origin)}"
    yield ""
    yield output.style("keys", "bold")
    for key in policy.keys.values():
        roles = [role.name for role in policy.roles if key.fingerprint in role.keys]
        roles += ["admin"] if key.fingerprint in policy.admins else []
        yield f"  {output.style(escape(key.fingerprint), 'yellow')}  {escape(key.name)}: {_listed(roles, 'nothing')}"
    yield ""
    yield output.style("roles", "bold")
    for role in policy.roles:
        where = "" if role.environments == ("*",) else f" in {_listed(role.environments, 'no environment')}"
        yield from _titled(f"  {role.name}", f"{_listed(role.types, 'nothing')}{where}")
    yield ""
    places = [f"{one} (blocks)" if policy.blocks_unpublished(one) else one for one in policy.environments]
    yield from _titled("environments", _listed(places, "any"))
    yield from _titled("protected branches", _listed(policy.protected_refs, "none"))
    yield from _titled("infrastructure as code", _listed(policy.iac, "none"))
    required = ", required on protected branches" if requires_records(policy) else ""
    rules = f"written by {policy.change_writer}, {policy.on_failure} on failure{required}"
    yield from _titled("change records", rules)
    yield from _titled("clock tolerance", f"{policy.tolerance_seconds} s")


def parse_start(text: str) -> tuple[str, str]:
    """Return environment and word of `ENV=warn` or `ENV=block`. Raises `InputError` for another form."""
    name, _, word = text.partition("=")
    if word not in {"warn", "block"}:
        raise InputError(
            "expected --unpublished-start as ENV=warn or ENV=block, found another form",
            hint="for example: gitaudit policy set --unpublished-start prod=block",
        )
    return name, word


def _listed(values: Sequence[str], nothing: str) -> str:
    return ", ".join(escape(value) for value in values) or nothing


def _titled(title: str, text: str) -> Iterator[str]:
    indent = " " * (len(title) - len(title.lstrip()) + 2)
    yield from wrap(f"{escape(title.strip())}: {text}", COLUMNS, initial_indent=indent[2:], subsequent_indent=indent)
