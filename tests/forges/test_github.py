"""GitHub: what is asked of it protects the log, and what it answers is understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import InputError, RemoteError
from gitaudit.usecases.forges.github import WRITERS, GitHub
from gitaudit.usecases.forges.model import Rule, Wanted, parse_writer
from tests.forges.client import client
from tests.forges.fake_github import BASE, READ_ONLY, TOKEN, FakeGitHub
from tests.forges.serving import Answer, Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.adapters.network.forge_http import ForgeHttp

APP = ("Integration", 12)
SOMEBODY = ("User", 5)
PUSH, FORCE, DELETE, MERGE = "update", "non_fast_forward", "deletion", "required_linear_history"


@pytest.fixture
def forge() -> FakeGitHub:
    """Give a repository without any ruleset."""
    return FakeGitHub()


@pytest.fixture
def served(forge: FakeGitHub) -> Iterator[Served]:
    """Give its server."""
    with serving(forge) as found:
        forge.url = found.url
        yield found


@pytest.fixture
def api(served: Served) -> Iterator[ForgeHttp]:
    """Give its API, for somebody who administers it."""
    with client("github", served.url + BASE, TOKEN) as found:
        yield found


def github(*writers: str, signed: bool = False, branch: str = "audit", path: str = "acme/infra") -> GitHub:
    """Return GitHub as it is wanted."""
    found = tuple(parse_writer(one, WRITERS) for one in writers)
    return GitHub(Wanted(path=path, branch=branch, base="https://github.example/api/v3", writers=found, signed=signed))


def held(rules: tuple[Rule, ...]) -> dict[str, bool | None]:
    """Return which of the required rules hold."""
    return {rule.name: rule.held for rule in rules if rule.required}


def test_bodies_are_those_of_the_documentation() -> None:
    """Two rulesets: one without bypass, and one for who may write; the second only where writers are named."""
    keep, write = (request.body for request in github("app:12", signed=True).requests())

    assert keep == {
        "name": "gitaudit: keep audit",
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": ["refs/heads/audit"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "required_linear_history"},
            {"type": "required_signatures"},
        ],
    }
    assert write is not None
    assert write["rules"] == [{"type": "creation"}, {"type": "update"}]
    assert write["bypass_actors"] == [{"actor_id": 12, "actor_type": "Integration", "bypass_mode": "always"}]
    assert len(github().requests()) == 1


def test_what_is_applied_protects_the_log(forge: FakeGitHub, api: ForgeHttp) -> None:
    """The writer may add to the log, not rewind or delete it; nobody else may anything, and other branches are free."""
    changes = github("app:12").apply(api, dry_run=False)

    assert [change.action for change in changes] == ["created", "created"]
    assert forge.allows(APP, PUSH)
    assert not any(forge.allows(APP, PUSH, kind) for kind in (FORCE, DELETE, MERGE))
    assert not forge.allows(SOMEBODY, PUSH)
    assert forge.allows(SOMEBODY, PUSH, FORCE, DELETE, branch="main")
    assert held(github("app:12").check(api)) == dict.fromkeys([DELETE, FORCE, MERGE, "creation", PUSH], True)


def test_without_writers_everybody_may_add_and_nobody_rewind(forge: FakeGitHub, api: ForgeHttp) -> None:
    """The log may still be written by every developer's hook; that this lets junk in is told as advice."""
    github().apply(api, dry_run=False)

    assert forge.allows(SOMEBODY, PUSH)
    assert not forge.allows(SOMEBODY, PUSH, FORCE)
    rules = github().check(api)
    assert all(held(rules).values())
    assert next(rule.told for rule in rules if rule.name == "update").endswith("see --writer")


def test_applying_again_changes_nothing(served: Served, api: ForgeHttp) -> None:
    """What is there already is kept, and nothing is written."""
    github("app:12").apply(api, dry_run=False)
    served.asked.clear()

    changes = github("app:12").apply(api, dry_run=False)

    assert [change.action for change in changes] == ["kept", "kept"]
    assert {one.method for one in served.asked} == {"GET"}


def test_dry_run_writes_nothing(served: Served, forge: FakeGitHub, api: ForgeHttp) -> None:
    """A dry run reads, and says what it would send."""
    changes = github().apply(api, dry_run=True)

    assert [change.action for change in changes] == ["created"]
    assert changes[0].request == github().requests()[0]
    assert ({one.method for one in served.asked}, forge.rulesets) == ({"GET"}, {})


@pytest.mark.parametrize("weaker", ["disabled", "bypassed", "fewer", "elsewhere", "excluded"])
def test_a_weakened_ruleset_is_found_and_put_right(forge: FakeGitHub, api: ForgeHttp, weaker: str) -> None:
    """However the ruleset was weakened, the check says so, applying puts it right, and other rulesets stay."""
    other = forge.add(name="of the team", rules=[{"type": "required_signatures"}])
    github().apply(api, dry_run=False)
    ways: dict[str, dict[str, object]] = {
        "disabled": {"enforcement": "disabled"},
        "bypassed": {"bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]},
        "fewer": {"rules": [{"type": DELETE}, {"type": MERGE}]},
        "elsewhere": {"conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}}},
        "excluded": {"conditions": {"ref_name": {"include": ["refs/heads/audit"], "exclude": ["refs/heads/a*"]}}},
    }
    forge.rulesets[other + 1].update(ways[weaker])
    before = held(github().check(api))

    changes = github().apply(api, dry_run=False)

    assert before[FORCE] is False
    assert [change.action for change in changes] == ["changed"]
    assert all(held(github().check(api)).values())
    assert forge.rulesets[other]["rules"] == [{"type": "required_signatures"}]


def test_rules_and_branches_that_somebody_added_stay(forge: FakeGitHub, api: ForgeHttp) -> None:
    """Putting a ruleset right takes nothing away that makes it stricter."""
    forge.add(
        name="gitaudit: keep audit",
        rules=[{"type": "required_signatures"}],
        conditions={"ref_name": {"include": ["refs/heads/audit", "refs/heads/main"], "exclude": []}},
    )
    github().apply(api, dry_run=False)

    assert {one["type"] for one in forge.effective("main")} == {DELETE, FORCE, MERGE, "required_signatures"}


def test_rules_of_any_ruleset_count(forge: FakeGitHub, api: ForgeHttp) -> None:
    """What an organization demands of all branches protects the log as well."""
    forge.add(
        name="all",
        source_type="Organization",
        source="acme",
        conditions={"ref_name": {"include": ["~ALL"], "exclude": []}},
        rules=[{"type": one} for one in (DELETE, FORCE, MERGE)],
    )

    assert all(held(github().check(api)).values())
    assert held(github(signed=True).check(api))["required_signatures"] is False


def test_another_writer_than_wanted_is_told(forge: FakeGitHub, api: ForgeHttp) -> None:
    """Whoever else may bypass the second ruleset is named."""
    github("app:12", "deploy-keys:all").apply(api, dry_run=False)
    rules = github("app:12").check(api)

    assert [rule.told for rule in rules if rule.name == PUSH] == [
        "DeployKey may bypass the ruleset 'gitaudit: write audit'"
    ]
    assert forge.allows(("DeployKey", None), PUSH)


def test_who_may_bypass_is_not_told_to_every_token(served: Served, forge: FakeGitHub) -> None:
    """A token without rights of an admin cannot tell, and does not say that all is well; it cannot apply either."""
    forge.add(name="gitaudit: keep audit", rules=[{"type": one} for one in (DELETE, FORCE, MERGE)])
    with client("github", served.url + BASE, READ_ONLY) as api:
        assert set(held(github().check(api)).values()) == {None}
        with pytest.raises(RemoteError, match="expected to see who may bypass"):
            github().apply(api, dry_run=False)
        with pytest.raises(RemoteError, match=r"does not allow it \(403\): Resource not accessible") as caught:
            github("app:1").apply(_Blind(api), dry_run=False)
    assert "Administration" in str(caught.value.hint)


class _Blind:
    """An API that shows no rulesets."""

    def __init__(self, api: ForgeHttp) -> None:
        self._api = api
        self.get, self.send = api.get, api.send

    def pages(self, path: str) -> list[dict[str, object]]:
        """Return nothing, after asking."""
        self._api.pages(path)
        return []


def test_all_pages_are_read(forge: FakeGitHub, api: ForgeHttp) -> None:
    """A rule on the second page counts, and a ruleset on the second page is not made twice."""
    forge.page_size = 2
    for number in range(5):
        forge.add(name=f"other {number}", rules=[{"type": "required_signatures"}])
    github().apply(api, dry_run=False)

    assert [change.action for change in github().apply(api, dry_run=False)] == ["kept"]
    assert all(held(github().check(api)).values())


def test_a_branch_with_a_slash(forge: FakeGitHub, served: Served, api: ForgeHttp) -> None:
    """The name of a branch is one part of the path."""
    there = github(branch="logs/audit")
    there.apply(api, dry_run=False)

    assert all(held(there.check(api)).values())
    assert f"GET {BASE}/repos/acme/infra/rules/branches/logs%2Faudit" in served.calls()
    assert forge.effective("audit") == []


def test_a_repository_that_is_not_there(served: Served, api: ForgeHttp) -> None:
    """404 is told as what it may be: a wrong name, or a token for something else."""
    for work in (github(path="acme/other").check, lambda one: github(path="acme/other").apply(one, dry_run=False)):
        with pytest.raises(RemoteError, match="expected the repository acme/other on GitHub, found none"):
            work(api)
    assert {one.method for one in served.asked} == {"GET"}


def test_what_the_forge_says_of_a_body_is_told(served: Served, api: ForgeHttp) -> None:
    """422 comes with GitHub's own words."""
    served.first += [Answer(document=[]), Answer(status=422, document={"message": "Failed", "errors": ["Invalid X"]})]

    with pytest.raises(RemoteError, match=r"refuses the request \(422\): Failed; Invalid X"):
        github().apply(api, dry_run=False)


def test_an_answer_of_another_form_is_no_verdict(served: Served, api: ForgeHttp) -> None:
    """Where the forge answers something else, that is an error and neither good nor bad."""
    for strange in ({"a": 1}, "x", 7, b"<html>", [[1], {"type": "deletion"}]):
        served.first.append(Answer(document=strange))
        try:
            found = held(github().check(api))
        except RemoteError:
            continue
        assert set(found.values()) == {False}


@pytest.mark.parametrize("text", ["app:x", "app:", "nobody:1", "app", "app:1 2", "role:admin"])
def test_writers_of_another_form_are_refused(text: str) -> None:
    """A writer is a kind and a number."""
    with pytest.raises(InputError):
        github(text)


@pytest.mark.parametrize("path", ["acme", "acme/infra/x", "acme/..", "acme/in fra", "acme/", "/infra", "ac?me/x"])
def test_paths_of_another_form_are_refused(path: str) -> None:
    """A repository is an owner and a name, and cannot lead elsewhere in the API."""
    with pytest.raises(InputError, match="expected a repository such as acme/infra"):
        github(path=path)
