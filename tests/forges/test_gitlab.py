"""GitLab: what is asked of it protects the log, and what it answers is understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import InputError, RemoteError
from gitaudit.usecases.forges.gitlab import WRITERS, GitLab
from gitaudit.usecases.forges.model import Rule, Wanted, parse_writer
from tests.forges.client import client
from tests.forges.fake_gitlab import BASE, TOKEN, FakeGitLab
from tests.forges.serving import Answer, Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.adapters.network.forge_http import ForgeHttp


@pytest.fixture
def forge() -> FakeGitLab:
    """Give a project without any protected branch."""
    return FakeGitLab()


@pytest.fixture
def served(forge: FakeGitLab) -> Iterator[Served]:
    """Give its server."""
    with serving(forge) as found:
        forge.url = found.url
        yield found


@pytest.fixture
def api(served: Served) -> Iterator[ForgeHttp]:
    """Give its API, for a maintainer."""
    with client("gitlab", served.url + BASE, TOKEN) as found:
        yield found


def gitlab(*writers: str, base: str = "https://gitlab.example/api/v4", signed: bool = False) -> GitLab:
    """Return GitLab as it is wanted."""
    found = tuple(parse_writer(one, WRITERS) for one in writers)
    return GitLab(Wanted(path="acme/platform/infra", branch="audit", base=base, writers=found, signed=signed))


def held(rules: tuple[Rule, ...]) -> dict[str, bool | None]:
    """Return which of the required rules hold."""
    return {rule.name: rule.held for rule in rules if rule.required}


def body(*writers: str, base: str = "https://gitlab.example/api/v4") -> dict[str, object]:
    """Return the one body that is sent."""
    (request,) = gitlab(*writers, base=base).requests()
    assert (request.method, request.path) == ("POST", "/projects/acme%2Fplatform%2Finfra/protected_branches")
    assert request.body is not None
    return request.body


def test_bodies_are_those_of_the_documentation() -> None:
    """No force-push and no merge; pushes by developers, by a role, or by those who are named."""
    common = {"name": "audit", "allow_force_push": False, "merge_access_level": 0, "unprotect_access_level": 60}

    assert body() == common | {"push_access_level": 30}
    assert body("role:maintainer") == common | {"push_access_level": 40}
    assert body("user:2", "group:7", "deploy-key:3") == common | {
        "allowed_to_push": [{"user_id": 2}, {"group_id": 7}, {"deploy_key_id": 3}]
    }
    assert body(base="https://gitlab.com/api/v4")["unprotect_access_level"] == 40


@pytest.mark.parametrize("premium", [True, False])
def test_what_is_applied_protects_the_log(forge: FakeGitLab, api: ForgeHttp, *, premium: bool) -> None:
    """With or without a licence, maintainers alone may push, nobody may force-push or merge, and it can be repeated."""
    forge.premium = premium
    first = gitlab("role:maintainer").apply(api, dry_run=False)
    again = gitlab("role:maintainer").apply(api, dry_run=False)

    assert [change.action for change in (*first, *again)] == ["created", "kept"]
    assert forge.allows(level=40)
    assert not forge.allows(level=30)
    assert not forge.allows(level=40, force=True)
    rules = held(gitlab("role:maintainer").check(api))
    assert rules == dict.fromkeys(["deletion", "force-push", "merge", "push"], True)


def test_named_writers(forge: FakeGitLab, api: ForgeHttp) -> None:
    """Only the users who are named may push; somebody else who may is told."""
    gitlab("user:2").apply(api, dry_run=False)

    assert (forge.allows(user=2), forge.allows(level=60, user=3)) == (True, False)
    assert held(gitlab("user:2").check(api))["push"] is True
    assert held(gitlab("user:9").check(api))["push"] is False


def test_a_wildcard_that_is_looser_wins(forge: FakeGitLab, api: ForgeHttp) -> None:
    """A protected wildcard that lets force-pushes through undoes the protection of the branch, and is named."""
    gitlab().apply(api, dry_run=False)
    forge.protect("a*t", push=30, force=True)
    forge.protect("Audit", force=True)
    forge.protect("*x", force=True)

    rules = {rule.name: rule for rule in gitlab().check(api)}
    assert forge.allows(level=30, force=True)
    assert (rules["force-push"].held, rules["force-push"].told) == (False, "allowed by the protection of a*t")
    assert rules["merge"].held is False


def test_a_weaker_protection_is_put_right(forge: FakeGitLab, api: ForgeHttp) -> None:
    """Applying takes away force-pushes, merges and other writers from the branch's own protection."""
    forge.protect("audit", push=30, merge=30, force=True)
    before = held(gitlab("user:2").check(api))
    (change,) = gitlab("user:2").apply(api, dry_run=False)

    assert before == {"deletion": True, "force-push": False, "merge": False, "push": False}
    assert change.action == "changed"
    assert all(held(gitlab("user:2").check(api)).values())
    assert (forge.allows(level=40), forge.allows(user=2, force=True)) == (False, False)


def test_what_a_free_instance_cannot_change_is_told(forge: FakeGitLab, api: ForgeHttp) -> None:
    """GitLab without a licence answers 200 and changes nothing; that is no success."""
    forge.premium = False
    forge.protect("audit", push=30, merge=30)

    with pytest.raises(RemoteError, match="found it as it was before") as caught:
        gitlab("role:maintainer").apply(api, dry_run=False)
    assert "unprotect the branch" in str(caught.value.hint)


def test_a_stricter_protection_stays(forge: FakeGitLab, api: ForgeHttp) -> None:
    """Where maintainers alone may push already, applying without writers lets nobody else in."""
    forge.protect("audit", push=40, merge=0)
    (change,) = gitlab().apply(api, dry_run=False)

    assert (change.action, forge.allows(level=30)) == ("kept", False)


def test_dry_run_writes_nothing(served: Served, forge: FakeGitLab, api: ForgeHttp) -> None:
    """A dry run reads, and says what it would send."""
    forge.protect("audit", push=30, merge=0, force=True)
    (change,) = gitlab().apply(api, dry_run=True)

    assert change.request is not None
    assert (change.request.method, change.request.body) == ("PATCH", {"allow_force_push": False})
    assert {one.method for one in served.asked} == {"GET"}


def test_all_pages_are_read(forge: FakeGitLab, api: ForgeHttp) -> None:
    """A looser wildcard on the last page counts."""
    forge.page_size = 1
    gitlab().apply(api, dry_run=False)
    forge.protect("other")
    forge.protect("*", force=True)

    assert held(gitlab().check(api))["force-push"] is False


def test_no_protection_at_all(api: ForgeHttp) -> None:
    """Every rule is missing."""
    assert set(held(gitlab("user:1").check(api)).values()) == {False}


def test_a_project_that_is_not_there(served: Served) -> None:
    """404 is told as what it may be."""
    there = GitLab(Wanted(path="acme/other", branch="audit", base="https://gitlab.example"))
    with client("gitlab", served.url + BASE, TOKEN) as api, pytest.raises(RemoteError, match="project acme/other"):
        there.check(api)


def test_levels_of_another_form_are_no_permission(served: Served, api: ForgeHttp) -> None:
    """What the forge answers is judged against it where it cannot be understood."""
    served.first.append(
        Answer(document=[{"name": "audit", "push_access_levels": [{"access_level": "x"}], "merge_access_levels": [{}]}])
    )
    assert held(gitlab("user:1").check(api)) == {"deletion": True, "force-push": False, "merge": False, "push": False}


def test_what_gitlab_cannot_do_is_refused() -> None:
    """Signatures can be demanded of a whole project only."""
    with pytest.raises(InputError, match="whole project only"):
        gitlab(signed=True)
    with pytest.raises(InputError, match="role:developer or role:maintainer"):
        gitlab("role:owner")
    with pytest.raises(InputError, match="found a deploy key"):
        gitlab("deploy-key:1").terraform()
