"""What a JSON file is when it is not what was asked for: for error messages alone.

Judged by the names of the keys that every such file has; a wrong guess costs a confusing word, nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

_LABELS = (
    ({"lineage", "serial"}, "a state file"),
    ({"format_version", "values"}, "a state (terraform show -json without a plan file)"),
    ({"encrypted_data", "meta"}, "an encrypted plan or state of OpenTofu"),
    ({"provider_schemas"}, "the output of terraform providers schema -json"),
    ({"valid", "diagnostics"}, "the output of terraform validate -json"),
    ({"steps", "changeSummary"}, "a Pulumi preview"),
    ({"plays", "stats"}, "the output of an Ansible playbook"),
    ({"_event", "_timestamp"}, "the output of an Ansible playbook"),
    ({"StackEvents"}, "the events of a CloudFormation stack"),
    ({"Changes", "ChangeSetName"}, "a CloudFormation change set"),
    ({"terraform_version", "platform", "provider_selections"}, "the output of terraform version -json"),
)
_EMPTY_STATE = {"format_version", "terraform_version"}
_PULUMI_EVENT = {"sequence", "timestamp"}
_OUTPUT = {"sensitive", "value"}


def describe(document: Document) -> str:
    """Return what the document looks like, such as `a state file`; no word of it comes from the document."""
    if not document.objects:
        return "a list without JSON objects"
    first = document.objects[0]
    keys = set(first)
    for needed, label in _LABELS:
        if needed <= keys:
            return label
    if keys and keys <= _EMPTY_STATE:
        return "an empty state (terraform show -json without a plan file)"
    if keys >= _PULUMI_EVENT and any(key.endswith("Event") for key in keys):
        return "a Pulumi event log"
    if first and all(isinstance(value, dict) and set(value) >= _OUTPUT for value in first.values()):
        return "the output of terraform output -json"
    return "JSON of another kind"
