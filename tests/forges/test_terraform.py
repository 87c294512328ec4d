"""The Terraform code: in the form of `terraform fmt`, and of what the providers know."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gitaudit.usecases.forges import bitbucket, gitea, github, gitlab
from gitaudit.usecases.forges.model import Wanted, parse_writer
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitaudit.usecases.forges.model import Forge

KINDS: dict[str, tuple[type[Forge], Mapping[str, str], str]] = {
    "github": (github.GitHub, github.WRITERS, "https://api.github.com"),
    "github-enterprise": (github.GitHub, github.WRITERS, "https://git.example.com/api/v3"),
    "gitlab": (gitlab.GitLab, gitlab.WRITERS, "https://gitlab.com/api/v4"),
    "gitlab-own": (gitlab.GitLab, gitlab.WRITERS, "https://git.example.com/api/v4"),
    "gitea": (gitea.Gitea, gitea.WRITERS, "https://git.example.com/api/v1"),
    "bitbucket": (bitbucket.BitbucketCloud, bitbucket.WRITERS, "https://api.bitbucket.org/2.0"),
}
WRITERS = {
    "github": ("app:12", "team:3", "deploy-keys:all"),
    "gitlab": ("user:2", "group:7"),
    "gitlab-own": ("role:maintainer",),
    "gitea": ("user:ci", "user:cd", "team:platform"),
}


def code(kind: str, *, writers: bool = False, branch: str = "audit") -> str:
    """Return the code for a forge."""
    make, kinds, base = KINDS[kind]
    named = tuple(parse_writer(one, kinds) for one in (WRITERS.get(kind, ()) if writers else ()))
    return make(Wanted(path="acme/infra", branch=branch, base=base, writers=named)).terraform()  # type: ignore[call-arg]  # a Protocol has no __init__


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("writers", [True, False])
def test_code_has_the_form_that_terraform_gives(kind: str, *, writers: bool, tmp_path: Path) -> None:
    """`terraform fmt -check` parses it and finds nothing to change, also with a branch of a strange name."""
    terraform = require_tool("terraform")
    for number, branch in enumerate(("audit", 'a"${x}%{b}\\')):
        (tmp_path / f"{number}.tf").write_text(code(kind, writers=writers, branch=branch), "utf-8")
    done = subprocess.run(
        [terraform, "fmt", "-check", "-diff", "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["github", "gitlab", "gitea", "bitbucket"])
def test_providers_take_the_code(kind: str, tmp_path: Path) -> None:
    """`terraform validate` compares every argument with the schema of the provider."""
    terraform = require_tool("terraform")
    (tmp_path / "main.tf").write_text(code(kind, writers=True), "utf-8")
    begun = subprocess.run(
        [terraform, "init", "-backend=false", "-input=false", "-no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if begun.returncode != 0:
        pytest.skip(f"the provider for {kind} cannot be installed from here, so `terraform validate` cannot run")
    done = subprocess.run(
        [terraform, "validate", "-no-color"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_github_has_the_two_rulesets() -> None:
    """The rules of the API's bodies stand in the code, and the second ruleset is there for writers alone."""
    text = code("github", writers=True)

    for rule in ("deletion", "non_fast_forward", "required_linear_history", "creation", "update"):
        assert f"{rule} " in text
    assert text.count('resource "github_repository_ruleset"') == 2
    assert text.count("bypass_actors {") == 3
    assert code("github").count("resource ") == 1


def test_servers_of_ones_own_are_named() -> None:
    """The provider is told where the forge is, where it is not the public one."""
    assert 'base_url = "https://git.example.com/"' in code("github-enterprise")
    assert 'base_url = "https://git.example.com/api/v4/"' in code("gitlab-own")
    assert "base_url" not in code("github") + code("gitlab")


def test_gitlab_names_users_or_a_role() -> None:
    """With users named, no role may push besides; without, a role may."""
    named, role = code("gitlab", writers=True), code("gitlab-own", writers=True)

    assert ('push_access_level      = "no one"' in named, "user_id = 2" in named, "group_id = 7" in named) == (
        True,
    ) * 3
    assert ('push_access_level      = "maintainer"' in role, "allowed_to_push" in role) == (True, False)
