"""Which pipeline runs this program, who started it, and what it belongs to, from the variables of its environment.

Anybody can set a variable, so nothing of this is proof: such actors have `auth` `unverified`. People are given by a
stable id or a login, never by name or e-mail address; where a system tells no more than those, nobody is named.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.usecases.pipelines.recognised import recognised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitaudit.usecases.pipelines.model import Pipeline

_TICKET = r"(?<![A-Za-z0-9])([A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,6})(?![A-Za-z0-9])"
_NO_TICKETS = frozenset({"CVE", "ISO", "RFC", "SHA", "UTF", "TLS", "HTTP", "RC"})
"""Words before a number that are no project."""


def detect_pipeline(variables: Mapping[str, str]) -> Pipeline | None:
    """Return the pipeline that an environment tells of, None where it tells of none."""
    system = recognised(variables)
    if system is None:
        return None
    from gitaudit.usecases.pipelines.hosted import HOSTED  # noqa: PLC0415 - where no pipeline runs, none is read
    from gitaudit.usecases.pipelines.operated import OPERATED  # noqa: PLC0415 - likewise

    return (HOSTED | OPERATED)[system](variables)


def ticket_in(branch: str | None) -> str | None:
    """Return the ticket that the name of a branch holds, such as OPS-7 of `feature/OPS-7-larger-db`; None for none."""
    found = (match[1] for match in re.finditer(_TICKET, branch or ""))
    return next((one for one in found if one.partition("-")[0] not in _NO_TICKETS), None)
