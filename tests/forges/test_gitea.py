"""Gitea and Forgejo: what is asked of them protects the log, and what they answer is understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitaudit.errors import RemoteError
from gitaudit.usecases.forges.gitea import WRITERS, Gitea
from gitaudit.usecases.forges.model import Rule, Wanted, parse_writer
from tests.forges.client import client
from tests.forges.fake_gitea import BASE, FORGEJO, GITEA, TOKEN, FakeGitea
from tests.forges.serving import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.adapters.network.forge_http import ForgeHttp


@pytest.fixture(params=[GITEA, FORGEJO], ids=["gitea", "forgejo"])
def forge(request: pytest.FixtureRequest) -> FakeGitea:
    """Give a repository without any protection."""
    return FakeGitea(request.param)


@pytest.fixture
def served(forge: FakeGitea) -> Iterator[Served]:
    """Give its server."""
    with serving(forge) as found:
        yield found


@pytest.fixture
def api(served: Served) -> Iterator[ForgeHttp]:
    """Give its API, for somebody who administers it."""
    with client("gitea", served.url + BASE, TOKEN) as found:
        yield found


def gitea(*writers: str, signed: bool = False, path: str = "acme/infra") -> Gitea:
    """Return Gitea as it is wanted."""
    found = tuple(parse_writer(one, WRITERS) for one in writers)
    return Gitea(Wanted(path=path, branch="audit", base="https://git.example/api/v1", writers=found, signed=signed))


def held(rules: tuple[Rule, ...]) -> dict[str, bool | None]:
    """Return which of the required rules hold."""
    return {rule.name: rule.held for rule in rules if rule.required}


def test_body_is_that_of_the_documentation() -> None:
    """Pushes by the writers alone, no force-push, no merge, no exception for admins."""
    (request,) = gitea("user:ci", "team:platform", signed=True).requests()

    assert (request.method, request.path) == ("POST", "/repos/acme/infra/branch_protections")
    assert request.body == {
        "rule_name": "audit",
        "enable_push": True,
        "enable_push_whitelist": True,
        "push_whitelist_usernames": ["ci"],
        "push_whitelist_teams": ["platform"],
        "push_whitelist_deploy_keys": False,
        "enable_force_push": False,
        "enable_merge_whitelist": True,
        "merge_whitelist_usernames": [],
        "merge_whitelist_teams": [],
        "require_signed_commits": True,
        "block_admin_merge_override": True,
        "apply_to_admins": True,
    }


def test_what_is_applied_protects_the_log(forge: FakeGitea, api: ForgeHttp) -> None:
    """The writer may push and not force-push, nobody else may push, and it can be repeated."""
    first = gitea("user:ci").apply(api, dry_run=False)
    again = gitea("user:ci").apply(api, dry_run=False)

    assert [change.action for change in (*first, *again)] == ["created", "kept"]
    assert (forge.allows("ci"), forge.allows("ci", force=True), forge.allows("eve")) == (True, False, False)
    rules = held(gitea("user:ci").check(api))
    assert rules == dict.fromkeys(["deletion", "force-push", "merge", "admins", "push"], True)


def test_without_writers_everybody_may_add(forge: FakeGitea, api: ForgeHttp) -> None:
    """Everybody who may write may add to the log; nobody may rewind it."""
    gitea().apply(api, dry_run=False)

    assert (forge.allows("eve"), forge.allows("eve", force=True)) == (True, False)
    assert all(held(gitea().check(api)).values())


@pytest.mark.parametrize(
    ("rule", "weaker"),
    [
        ("push", {"enable_push_whitelist": False}),
        ("push", {"push_whitelist_usernames": ["ci", "eve"]}),
        ("push", {"push_whitelist_deploy_keys": True}),
        ("push", {"enable_push": False}),
        ("merge", {"enable_merge_whitelist": False}),
        ("merge", {"merge_whitelist_teams": ["owners"]}),
        ("signatures", {"require_signed_commits": False}),
    ],
)
def test_each_field_that_is_weaker_is_found_and_put_right(
    forge: FakeGitea, api: ForgeHttp, rule: str, weaker: dict[str, Any]
) -> None:
    """The rule that a field belongs to is missing, and applying puts it right."""
    there = gitea("user:ci", signed=True)
    there.apply(api, dry_run=False)
    forge.rules["audit"].update(weaker)
    missing = [name for name, holds in held(there.check(api)).items() if not holds]
    (change,) = there.apply(api, dry_run=False)

    assert (missing, change.action) == ([rule], "changed")
    assert all(held(there.check(api)).values())


@pytest.mark.parametrize(
    ("own", "rule", "weaker"),
    [
        (GITEA, "force-push", {"enable_force_push": True}),
        (GITEA, "admins", {"block_admin_merge_override": False}),
        (FORGEJO, "admins", {"apply_to_admins": False}),
    ],
)
def test_fields_of_one_program_alone(own: dict[str, Any], rule: str, weaker: dict[str, Any]) -> None:
    """A field that only Gitea or only Forgejo has is asked for there, and nowhere else."""
    forge = FakeGitea(own)
    with serving(forge) as served, client("gitea", served.url + BASE, TOKEN) as api:
        gitea().apply(api, dry_run=False)
        forge.rules["audit"].update(weaker)
        assert [name for name, holds in held(gitea().check(api)).items() if not holds] == [rule]
        assert [change.action for change in gitea().apply(api, dry_run=False)] == ["changed"]
        assert all(held(gitea().check(api)).values())


def test_the_rule_in_force_is_judged(api: ForgeHttp, forge: FakeGitea) -> None:
    """Where a pattern goes before the branch's own rule, the pattern counts, as the forge itself says."""
    gitea().apply(api, dry_run=False)
    forge.rules["audit"]["priority"] = 2
    forge.protect("a*", priority=1, enable_push=True)

    assert held(gitea().check(api))["merge"] is False


def test_before_the_branch_is_there(api: ForgeHttp, forge: FakeGitea) -> None:
    """A log that is not pushed yet can be protected and checked."""
    forge.branches.clear()
    assert set(held(gitea().check(api)).values()) == {False}
    gitea().apply(api, dry_run=False)

    assert all(held(gitea().check(api)).values())


def test_a_stricter_protection_stays(api: ForgeHttp, forge: FakeGitea) -> None:
    """Applying without writers and signatures takes neither away where they are asked for already."""
    gitea("user:ci", signed=True).apply(api, dry_run=False)
    (change,) = gitea().apply(api, dry_run=False)

    assert (change.action, forge.allows("eve")) == ("kept", False)
    assert forge.rules["audit"]["require_signed_commits"] is True


def test_a_repository_that_is_not_there(api: ForgeHttp) -> None:
    """404 is told as what it may be."""
    with pytest.raises(RemoteError, match="expected the repository acme/other on the forge, found none"):
        gitea(path="acme/other").apply(api, dry_run=False)
