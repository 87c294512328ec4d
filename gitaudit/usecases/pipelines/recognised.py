"""By which of its variables each system that runs pipelines is recognised; reading them is another matter.

Most runs are at somebody's desk and end here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TRUE = frozenset({"true", "True", "1"})

SYSTEMS: dict[str, Callable[[Mapping[str, str]], bool]] = {
    "atlantis": lambda variables: "ATLANTIS_TERRAFORM_VERSION" in variables and "PULL_NUM" in variables,
    "spacelift": lambda variables: "TF_VAR_spacelift_run_id" in variables,
    "github-actions": lambda variables: variables.get("GITHUB_ACTIONS") in TRUE,
    "gitlab-ci": lambda variables: variables.get("GITLAB_CI") in TRUE,
    "circleci": lambda variables: variables.get("CIRCLECI") in TRUE,
    "azure-pipelines": lambda variables: variables.get("TF_BUILD") in TRUE,
    "buildkite": lambda variables: variables.get("BUILDKITE") in TRUE,
    "bitbucket-pipelines": lambda variables: "BITBUCKET_BUILD_NUMBER" in variables,
    "argo-workflows": lambda variables: "ARGO_NODE_ID" in variables or "ARGO_TEMPLATE" in variables,
    "jenkins": lambda variables: "JENKINS_URL" in variables and "BUILD_TAG" in variables,
}
"""In the order in which they are looked for: what drives Terraform first, as it may itself run within another."""


def recognised(variables: Mapping[str, str]) -> str | None:
    """Return the system whose pipeline an environment tells of, None where it tells of none."""
    return next((name for name, is_here in SYSTEMS.items() if is_here(variables)), None)
