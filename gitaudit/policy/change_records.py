"""Whether change records are required: the part of a policy that a server enforces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from gitaudit.policy.policy import Policy

SERVER = "server"
"""The writer of change records that writes them itself after a push, so that none can be required before."""


def requires_records(policy: Policy | None) -> bool:
    """Return whether a protected ref takes a commit of infrastructure code only with a record, by its policy."""
    required: bool = change_fields(policy).get("required", False)
    return required


def enforces_records(policy: Policy | None) -> bool:
    """Return whether a server has to refuse such commits: they are required, and it does not write them itself."""
    return policy is not None and requires_records(policy) and policy.change_writer != SERVER


def change_fields(policy: Policy | None) -> dict[str, Any]:
    """Return the `change_records` of a policy as it states them; its schema has been checked."""
    return cast("dict[str, Any]", {} if policy is None else policy.document.get("change_records", {}))
