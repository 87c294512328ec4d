"""Which pipeline it is, and who started it: the variables that each system documents, and hostile ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitaudit.adapters.schemas import SchemaSet
from gitaudit.usecases.deploys.who import Who, find_out_who
from gitaudit.usecases.pipelines import detect_pipeline, ticket_in
from tests.schemas.examples import example

if TYPE_CHECKING:
    from collections.abc import Mapping

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "octo/infra",
    "GITHUB_WORKFLOW_REF": "octo/infra/.github/workflows/deploy.yml@refs/heads/main",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_REF": "refs/pull/12/merge",
    "GITHUB_HEAD_REF": "feature/OPS-7-larger-db",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_ACTOR_ID": "583231",
    "GITHUB_TRIGGERING_ACTOR": "octocat",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_SERVER_HOST": "git.example.com",
    "CI_PROJECT_PATH": "ops/infra",
    "CI_JOB_URL": "https://git.example.com/ops/infra/-/jobs/7",
    "CI_JOB_ID": "7",
    "CI_MERGE_REQUEST_PROJECT_URL": "https://git.example.com/ops/infra",
    "CI_MERGE_REQUEST_IID": "3",
    "CI_COMMIT_REF_NAME": "NET-12_vpc",
    "GITLAB_USER_ID": "42",
    "GITLAB_USER_EMAIL": "ada@example.com",
    "GITLAB_USER_NAME": "Ada Lovelace",
}
CASES: dict[str, tuple[Mapping[str, str], tuple[object, ...]]] = {
    "github-actions": (
        GITHUB,
        (
            "github-actions:octo/infra/.github/workflows/deploy.yml@refs/heads/main",
            "github:583231",
            "https://github.com/octo/infra/actions/runs/1658821493/attempts/2",
            "https://github.com/octo/infra/pull/12",
            "OPS-7",
            "1658821493",
            2,
        ),
    ),
    "gitlab-ci": (
        GITLAB,
        (
            "gitlab-ci:git.example.com/ops/infra",
            "gitlab:42@git.example.com",
            "https://git.example.com/ops/infra/-/jobs/7",
            "https://git.example.com/ops/infra/-/merge_requests/3",
            "NET-12",
            "7",
            None,
        ),
    ),
    "jenkins": (
        {
            "JENKINS_URL": "https://ci.example.com/",
            "JOB_NAME": "infra/main",
            "BUILD_TAG": "jenkins-infra-main-8",
            "BUILD_URL": "https://user:secret@ci.example.com/job/infra/8/",
            "CHANGE_URL": "https://git.example.com/pull/5",
            "BUILD_USER_ID": "ada",
        },
        (
            "jenkins:ci.example.com/infra/main",
            "jenkins:ada@ci.example.com",
            "https://ci.example.com/job/infra/8/",
            "https://git.example.com/pull/5",
            None,
            "jenkins-infra-main-8",
            None,
        ),
    ),
    "circleci": (
        {
            "CIRCLECI": "true",
            "CIRCLE_PROJECT_USERNAME": "octo",
            "CIRCLE_PROJECT_REPONAME": "infra",
            "CIRCLE_USERNAME": "ada",
            "CIRCLE_BUILD_URL": "https://circleci.com/gh/octo/infra/9",
            "CIRCLE_PULL_REQUEST": "https://github.com/octo/infra/pull/4",
            "CIRCLE_BUILD_NUM": "9",
        },
        (
            "circleci:octo/infra",
            "circleci:ada",
            "https://circleci.com/gh/octo/infra/9",
            "https://github.com/octo/infra/pull/4",
            None,
            "9",
            None,
        ),
    ),
    "azure-pipelines": (
        {
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": "https://dev.azure.com/octo/",
            "SYSTEM_TEAMPROJECT": "Infra Live",
            "BUILD_DEFINITIONNAME": "deploy",
            "BUILD_BUILDID": "77",
            "BUILD_REQUESTEDFORID": "d6245f20-2af8-44f4-9451-8107cb2767db",
            "BUILD_REQUESTEDFOREMAIL": "ada@example.com",
            "SYSTEM_JOBATTEMPT": "1",
            "BUILD_REPOSITORY_URI": "https://octo@dev.azure.com/octo/Infra/_git/infra",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "6",
        },
        (
            "azure-pipelines:Infra Live/deploy",
            "azure:d6245f20-2af8-44f4-9451-8107cb2767db",
            "https://dev.azure.com/octo/Infra%20Live/_build/results?buildId=77",
            "https://dev.azure.com/octo/Infra/_git/infra/pullrequest/6",
            None,
            "77",
            1,
        ),
    ),
    "buildkite": (
        {
            "BUILDKITE": "true",
            "BUILDKITE_ORGANIZATION_SLUG": "octo",
            "BUILDKITE_PIPELINE_SLUG": "infra",
            "BUILDKITE_BUILD_URL": "https://buildkite.com/octo/infra/builds/5",
            "BUILDKITE_PULL_REQUEST": "8",
            "BUILDKITE_REPO": "git@github.com:octo/infra.git",
            "BUILDKITE_JOB_ID": "0190-7",
            "BUILDKITE_RETRY_COUNT": "1",
            "BUILDKITE_UNBLOCKER_ID": "3d0ff5a2",
            "BUILDKITE_BUILD_CREATOR_EMAIL": "ada@example.com",
        },
        (
            "buildkite:octo/infra",
            "buildkite:3d0ff5a2",
            "https://buildkite.com/octo/infra/builds/5",
            "https://github.com/octo/infra/pull/8",
            None,
            "0190-7",
            2,
        ),
    ),
    "bitbucket-pipelines": (
        {
            "BITBUCKET_BUILD_NUMBER": "11",
            "BITBUCKET_REPO_FULL_NAME": "octo/infra",
            "BITBUCKET_STEP_TRIGGERER_UUID": "{5bd52b5f-1b2d}",
            "BITBUCKET_PR_ID": "2",
        },
        (
            "bitbucket-pipelines:octo/infra",
            "bitbucket:5bd52b5f-1b2d",
            "https://bitbucket.org/octo/infra/pipelines/results/11",
            "https://bitbucket.org/octo/infra/pull-requests/2",
            None,
            "11",
            None,
        ),
    ),
    "atlantis": (
        {
            "ATLANTIS_TERRAFORM_VERSION": "1.11.4",
            "PULL_NUM": "9",
            "BASE_REPO_OWNER": "octo",
            "BASE_REPO_NAME": "infra",
            "USER_NAME": "ada",
            "PULL_URL": "https://github.com/octo/infra/pull/9",
            "HEAD_BRANCH_NAME": "fix-UTF-8",
        },
        (
            "atlantis:octo/infra",
            "atlantis:ada@github.com",
            None,
            "https://github.com/octo/infra/pull/9",
            None,
            None,
            None,
        ),
    ),
    "spacelift": (
        {
            "TF_VAR_spacelift_run_id": "01HX",
            "TF_VAR_spacelift_account_name": "octo",
            "TF_VAR_spacelift_stack_id": "live",
            "TF_VAR_spacelift_run_trigger": "ada",
            "TF_VAR_spacelift_run_url": "https://octo.app.spacelift.io/stack/live/run/01HX",
        },
        (
            "spacelift:octo/live",
            "spacelift:ada",
            "https://octo.app.spacelift.io/stack/live/run/01HX",
            None,
            None,
            "01HX",
            None,
        ),
    ),
    "argo-workflows": (
        {"ARGO_NODE_ID": "deploy-x7-1", "ARGO_WORKFLOW_NAME": "deploy-x7", "ARGO_TEMPLATE": "{}"},
        ("argo-workflows:deploy-x7", None, None, None, None, "deploy-x7-1", None),
    ),
}


def told(who: Who) -> tuple[object, ...]:
    """Return what is known of a run, in one line."""
    links = {link["rel"]: link["href"] for link in who.links}
    return (
        who.executor.id if who.executor else None,
        who.triggered_by.id if who.triggered_by else None,
        links.get("ci-run"),
        links.get("pull-request"),
        who.ticket,
        who.deployment_id,
        who.attempt,
    )


@pytest.mark.parametrize("system", CASES)
def test_each_system(system: str) -> None:
    """Executor and trigger are two actors, unverified; links, ticket, number and try are read."""
    variables, expected = CASES[system]
    pipeline, who = detect_pipeline(variables), find_out_who(variables, None)

    assert pipeline is not None
    assert (pipeline.system, told(who)) == (system, expected)
    assert {one.auth for one in (who.executor, who.triggered_by) if one} == {"unverified"}
    assert who.executor is not None
    assert who.executor.kind == "workload"
    record = example("deploy.started")
    record["body"] |= who.to_body()
    record["links"] = [dict(link) for link in who.links]
    assert SchemaSet().check_record(record) == []


def test_no_name_and_no_address_of_a_person() -> None:
    """Names and e-mail addresses that a system tells are not read."""
    found = " ".join(str(find_out_who(variables, None)) for variables, _ in CASES.values())

    assert "ada@example" not in found
    assert "Lovelace" not in found
    assert "secret" not in found


def test_no_pipeline() -> None:
    """A person's own machine tells of none."""
    assert find_out_who({"HOME": "/home/ada", "USER": "ada"}, None) == Who()


@pytest.mark.parametrize(
    ("variables", "kind", "name"),
    [
        ({**GITHUB, "GITHUB_EVENT_NAME": "schedule", "GITHUB_RUN_ATTEMPT": "1"}, "system", "github-actions:schedule"),
        ({**GITHUB, "GITHUB_TRIGGERING_ACTOR": "hubot"}, "human", "github-login:hubot"),
        ({**GITHUB, "GITHUB_TRIGGERING_ACTOR": "renovate[bot]"}, "workload", "github-login:renovate[bot]"),
        ({**GITHUB, "GITHUB_SERVER_URL": "https://ghe.example.com"}, "human", "github:583231@ghe.example.com"),
        ({**GITLAB, "CI_PIPELINE_SOURCE": "schedule"}, "system", "gitlab-ci:schedule"),
        ({**GITLAB, "CI_SERVER_HOST": "gitlab.com"}, "human", "gitlab:42"),
    ],
)
def test_who_started_it(variables: Mapping[str, str], kind: str, name: str) -> None:
    """A clock, somebody who ran it again, a program, another server."""
    found = find_out_who(variables, None).triggered_by

    assert found is not None
    assert (found.kind, found.id) == (kind, name)


@pytest.mark.parametrize(
    ("branch", "ticket"),
    [
        ("feature/OPS-7-larger-db", "OPS-7"),
        ("OPS-7", "OPS-7"),
        ("ops-7", None),
        ("CVE-2024-1", None),
        ("fix-UTF-8-and-SHA-256", None),
        ("XOPS-7a", None),
        ("main", None),
        (None, None),
    ],
)
def test_ticket_of_a_branch(branch: str | None, ticket: str | None) -> None:
    """A project and a number; no words that only look like it."""
    assert ticket_in(branch) == ticket


@given(st.sampled_from(sorted(CASES)), st.data())
def test_hostile_variables(system: str, data: st.DataObject) -> None:
    """Whatever the variables hold, what comes of them fits into a record."""
    variables, _ = CASES[system]
    hostile = st.text(max_size=300) | st.sampled_from(["\x1b[31m", "https://a@b/\u202e", "x" * 5000, "-1", "0", " "])
    given_ = {name: data.draw(hostile) if data.draw(st.booleans()) else value for name, value in variables.items()}

    who = find_out_who(given_, None)

    record = example("deploy.started")
    record["body"] |= who.to_body()
    record["links"] = [dict(link) for link in who.links]
    assert SchemaSet().check_record(record) == []
