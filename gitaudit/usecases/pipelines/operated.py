"""Pipelines that people operate themselves, and programs that drive Terraform for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.usecases.pipelines.model import Pipeline, host, person, schedule, text, url, whole, workload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _jenkins(variables: Mapping[str, str]) -> Pipeline:
    home, job = host(variables.get("JENKINS_URL")), text(variables, "JOB_NAME")
    started = person("jenkins", text(variables, "BUILD_USER_ID"), home)
    if variables.get("BUILD_USER_ID") == "timer":
        started = schedule("jenkins")
    return Pipeline(
        system="jenkins",
        executor=workload("jenkins", f"{home}/{job}" if home and job else job),
        triggered_by=started,
        run=url(variables.get("BUILD_URL")),
        pull_request=url(variables.get("CHANGE_URL")),
        branch=text(variables, "CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH"),
        deployment_id=text(variables, "BUILD_TAG", "BUILD_NUMBER"),
    )


def _atlantis(variables: Mapping[str, str]) -> Pipeline:
    owner, name = text(variables, "BASE_REPO_OWNER"), text(variables, "BASE_REPO_NAME")
    address = url(variables.get("PULL_URL"))
    return Pipeline(
        system="atlantis",
        executor=workload("atlantis", f"{owner}/{name}" if owner and name else name),
        triggered_by=person("atlantis", text(variables, "USER_NAME"), host(address)),
        pull_request=address,
        branch=text(variables, "HEAD_BRANCH_NAME"),
    )


def _spacelift(variables: Mapping[str, str]) -> Pipeline:
    account, stack = text(variables, "TF_VAR_spacelift_account_name"), text(variables, "TF_VAR_spacelift_stack_id")
    return Pipeline(
        system="spacelift",
        executor=workload("spacelift", f"{account}/{stack}" if account and stack else stack),
        triggered_by=person("spacelift", text(variables, "TF_VAR_spacelift_run_trigger")),
        run=url(variables.get("TF_VAR_spacelift_run_url")),
        branch=text(variables, "TF_VAR_spacelift_commit_branch"),
        deployment_id=text(variables, "TF_VAR_spacelift_run_id"),
    )


def _argo_workflows(variables: Mapping[str, str]) -> Pipeline:
    space = text(variables, "ARGO_WORKFLOW_NAMESPACE", "POD_NAMESPACE")
    name = text(variables, "ARGO_WORKFLOW_NAME", "ARGO_NODE_ID")
    return Pipeline(
        system="argo-workflows",
        executor=workload("argo-workflows", f"{space}/{name}" if space and name else name),
        deployment_id=text(variables, "ARGO_NODE_ID", "ARGO_WORKFLOW_UID"),
        attempt=whole(text(variables, "ARGO_RETRY_ATTEMPT"), plus=1),
    )


OPERATED: dict[str, Callable[[Mapping[str, str]], Pipeline]] = {
    "jenkins": _jenkins,
    "atlantis": _atlantis,
    "spacelift": _spacelift,
    "argo-workflows": _argo_workflows,
}
"""How the variables of each of them are read."""
