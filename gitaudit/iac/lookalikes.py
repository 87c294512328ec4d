"""What a JSON file is when it is not what was asked for: for error messages alone.

Judged by the names of the keys that every such file has; a wrong guess costs a confusing word, nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitaudit.iac.text import Document

_LABELS = (
    ({"encrypted_data", "meta"}, "an encrypted plan or state of OpenTofu"),
    ({"provider_schemas"}, "the output of terraform providers schema -json"),
    ({"valid", "diagnostics"}, "the output of terraform validate -json"),
    ({"version", "deployment"}, "a checkpoint of Pulumi: a state, which holds secrets"),
    ({"changeSummary", "result"}, "the summary of pulumi --output json, which has counts only"),
    ({"StackDriftDetectionId"}, "the status of a drift detection; its drifts are in describe-stack-resource-drifts"),
    ({"terraform_version", "platform", "provider_selections"}, "the output of terraform version -json"),
)
_OUTPUT = {"sensitive", "value"}


def describe(document: Document) -> str:
    """Return what the document looks like, such as `a state file`; no word of it comes from the document."""
    if not document.head:
        return "a list without JSON objects"
    first = document.head[0]
    keys = set(first)
    for needed, label in _LABELS:
        if needed <= keys:
            return label
    if first and all(isinstance(value, dict) and set(value) >= _OUTPUT for value in first.values()):
        return "the output of terraform output -json"
    return "JSON of another kind"
