"""Pipelines of the forges, and of services beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitaudit.usecases.pipelines.model import (
    Actor,
    Pipeline,
    host,
    joined,
    person,
    schedule,
    text,
    url,
    whole,
    workload,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PULL_REF = re.compile(r"refs/pull/([1-9][0-9]*)/(?:merge|head)")
_SSH_URL = re.compile(r"(?:ssh://)?git@([A-Za-z0-9.-]+)[:/](.+?)(?:\.git)?/?")
_BOT = "[bot]"


def _github(variables: Mapping[str, str]) -> Pipeline:
    server = url(variables.get("GITHUB_SERVER_URL")) or "https://github.com"
    repository = text(variables, "GITHUB_REPOSITORY")
    home = None if host(server) == "github.com" else host(server)
    pull = _PULL_REF.fullmatch(variables.get("GITHUB_REF", ""))
    run = text(variables, "GITHUB_RUN_ID")
    attempt = whole(text(variables, "GITHUB_RUN_ATTEMPT"))
    again = ("attempts", str(attempt)) if attempt is not None else ()
    return Pipeline(
        system="github-actions",
        executor=workload("github-actions", text(variables, "GITHUB_WORKFLOW_REF", "GITHUB_REPOSITORY")),
        triggered_by=_github_actor(variables, home),
        run=joined(server, repository, "actions/runs", run, *again) if repository and run else None,
        pull_request=joined(server, repository, "pull", pull[1]) if repository and pull else None,
        branch=text(variables, "GITHUB_HEAD_REF", "GITHUB_REF_NAME"),
        deployment_id=run,
        attempt=attempt,
    )


def _github_actor(variables: Mapping[str, str], home: str | None) -> Actor | None:
    """Return who started the run: for a second try, whoever asked for it, of whom only the login is told."""
    if variables.get("GITHUB_EVENT_NAME") == "schedule" and variables.get("GITHUB_RUN_ATTEMPT") in {None, "1"}:
        return schedule("github-actions")
    first, now = variables.get("GITHUB_ACTOR"), variables.get("GITHUB_TRIGGERING_ACTOR")
    if now and now != first:
        found = person("github-login", text(variables, "GITHUB_TRIGGERING_ACTOR"), home)
    else:
        found = person("github", text(variables, "GITHUB_ACTOR_ID"), home)
        found = found or person("github-login", text(variables, "GITHUB_ACTOR"), home)
    if found is not None and (now or first or "").endswith(_BOT):
        return Actor(kind="workload", id=found.id)
    return found


def _gitlab(variables: Mapping[str, str]) -> Pipeline:
    home = text(variables, "CI_SERVER_HOST") or host(variables.get("CI_SERVER_URL"))
    project = text(variables, "CI_PROJECT_PATH")
    started = person("gitlab", text(variables, "GITLAB_USER_ID"), None if home == "gitlab.com" else home)
    if variables.get("CI_PIPELINE_SOURCE") == "schedule":
        started = schedule("gitlab-ci")
    request = text(variables, "CI_MERGE_REQUEST_IID")
    base = url(variables.get("CI_MERGE_REQUEST_PROJECT_URL") or variables.get("CI_PROJECT_URL"))
    return Pipeline(
        system="gitlab-ci",
        executor=workload("gitlab-ci", f"{home}/{project}" if home and project else project),
        triggered_by=started,
        run=url(variables.get("CI_JOB_URL")) or url(variables.get("CI_PIPELINE_URL")),
        pull_request=joined(base, "-/merge_requests", request) if base and request else None,
        branch=text(variables, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"),
        deployment_id=text(variables, "CI_JOB_ID"),
    )


def _circleci(variables: Mapping[str, str]) -> Pipeline:
    owner, name = text(variables, "CIRCLE_PROJECT_USERNAME"), text(variables, "CIRCLE_PROJECT_REPONAME")
    return Pipeline(
        system="circleci",
        executor=workload("circleci", f"{owner}/{name}" if owner and name else text(variables, "CIRCLE_PROJECT_ID")),
        triggered_by=person("circleci", text(variables, "CIRCLE_USERNAME")),
        run=url(variables.get("CIRCLE_BUILD_URL")),
        pull_request=url(variables.get("CIRCLE_PULL_REQUEST")),
        branch=text(variables, "CIRCLE_BRANCH"),
        deployment_id=text(variables, "CIRCLE_WORKFLOW_JOB_ID", "CIRCLE_BUILD_NUM"),
    )


def _azure(variables: Mapping[str, str]) -> Pipeline:
    base = url(variables.get("SYSTEM_COLLECTIONURI") or variables.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"))
    project, build = text(variables, "SYSTEM_TEAMPROJECT"), text(variables, "BUILD_BUILDID")
    run = joined(base, project, "_build/results") if base and project else None
    request = text(variables, "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_PULLREQUESTID")
    repository = url(variables.get("SYSTEM_PULLREQUEST_SOURCEREPOSITORYURI") or variables.get("BUILD_REPOSITORY_URI"))
    part = "pull" if host(repository) == "github.com" else "pullrequest"
    started = person("azure", text(variables, "BUILD_REQUESTEDFORID"))
    if variables.get("BUILD_REASON") == "Schedule":
        started = schedule("azure-pipelines")
    return Pipeline(
        system="azure-pipelines",
        executor=workload("azure-pipelines", _azure_name(variables, project)),
        triggered_by=started,
        run=f"{run}?buildId={build}" if run and whole(build) else None,
        pull_request=joined(repository, part, request) if repository and request else None,
        branch=text(variables, "SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCHNAME"),
        deployment_id=build,
        attempt=whole(text(variables, "SYSTEM_JOBATTEMPT")),
    )


def _azure_name(variables: Mapping[str, str], project: str | None) -> str | None:
    definition = text(variables, "BUILD_DEFINITIONNAME", "SYSTEM_DEFINITIONID")
    return f"{project}/{definition}" if project and definition else project


def _buildkite(variables: Mapping[str, str]) -> Pipeline:
    owner, name = text(variables, "BUILDKITE_ORGANIZATION_SLUG"), text(variables, "BUILDKITE_PIPELINE_SLUG")
    number = text(variables, "BUILDKITE_PULL_REQUEST")
    remote = variables.get("BUILDKITE_REPO", "")
    found = _SSH_URL.fullmatch(remote)
    web = url(f"https://{found[1]}/{found[2]}") if found else url(remote.removesuffix(".git"))
    by = schedule("buildkite") if variables.get("BUILDKITE_SOURCE") == "schedule" else None
    return Pipeline(
        system="buildkite",
        executor=workload("buildkite", f"{owner}/{name}" if owner and name else name),
        # Of whoever made the build, only name and e-mail address are told; of whoever unblocked it, an id.
        triggered_by=by or person("buildkite", text(variables, "BUILDKITE_UNBLOCKER_ID")),
        run=url(variables.get("BUILDKITE_BUILD_URL")),
        pull_request=joined(web, "pull", number) if web and whole(number) else None,
        branch=text(variables, "BUILDKITE_BRANCH"),
        deployment_id=text(variables, "BUILDKITE_JOB_ID", "BUILDKITE_BUILD_ID"),
        attempt=whole(text(variables, "BUILDKITE_RETRY_COUNT"), plus=1),
    )


def _bitbucket(variables: Mapping[str, str]) -> Pipeline:
    full = text(variables, "BITBUCKET_REPO_FULL_NAME")
    base = url(variables.get("BITBUCKET_GIT_HTTP_ORIGIN")) or (joined("https://bitbucket.org", full) if full else None)
    build, request = text(variables, "BITBUCKET_BUILD_NUMBER"), text(variables, "BITBUCKET_PR_ID")
    who = variables.get("BITBUCKET_STEP_TRIGGERER_UUID", "").strip("{}")
    return Pipeline(
        system="bitbucket-pipelines",
        executor=workload("bitbucket-pipelines", full),
        triggered_by=person("bitbucket", text({"id": who}, "id")),
        run=joined(base, "pipelines/results", build) if base and build else None,
        pull_request=joined(base, "pull-requests", request) if base and request else None,
        branch=text(variables, "BITBUCKET_BRANCH"),
        deployment_id=build,
    )


HOSTED: dict[str, Callable[[Mapping[str, str]], Pipeline]] = {
    "github-actions": _github,
    "gitlab-ci": _gitlab,
    "circleci": _circleci,
    "azure-pipelines": _azure,
    "buildkite": _buildkite,
    "bitbucket-pipelines": _bitbucket,
}
"""How the variables of each of them are read."""
