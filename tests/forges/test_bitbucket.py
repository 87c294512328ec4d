"""Bitbucket, in the cloud and of one's own: what is asked of it, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import InputError, RemoteError
from gitaudit.usecases.forges import bitbucket, bitbucket_server
from gitaudit.usecases.forges.bitbucket import BitbucketCloud
from gitaudit.usecases.forges.bitbucket_server import BitbucketServer
from gitaudit.usecases.forges.model import Rule, Wanted, parse_writer
from tests.forges.client import client
from tests.forges.fake_bitbucket import CLOUD, SERVER, TOKEN, USER, FakeCloud, FakeDataCenter
from tests.forges.serving import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitaudit.adapters.network.forge_http import ForgeHttp

CI = "{6e2d4b5c-1c0f-4c7e-9a55-0c3f5b8a1d22}"
EVE = "{00000000-1c0f-4c7e-9a55-0c3f5b8a1d22}"


def held(rules: tuple[Rule, ...]) -> dict[str, bool | None]:
    """Return which of the required rules hold."""
    return {rule.name: rule.held for rule in rules if rule.required}


def cloud(*writers: str, signed: bool = False) -> BitbucketCloud:
    """Return the cloud as it is wanted."""
    found = tuple(parse_writer(one, bitbucket.WRITERS) for one in writers)
    base = "https://api.bitbucket.org/2.0"
    return BitbucketCloud(Wanted(path="acme/infra", branch="audit", base=base, writers=found, signed=signed))


def server(*writers: str, path: str = "OPS/infra") -> BitbucketServer:
    """Return Data Center as it is wanted."""
    found = tuple(parse_writer(one, bitbucket_server.WRITERS) for one in writers)
    return BitbucketServer(Wanted(path=path, branch="audit", base="https://bitbucket.example/rest", writers=found))


class TestCloud:
    """bitbucket.org."""

    @pytest.fixture
    def forge(self) -> FakeCloud:
        """Give a repository without restrictions."""
        return FakeCloud()

    @pytest.fixture
    def served(self, forge: FakeCloud) -> Iterator[Served]:
        """Give its server."""
        with serving(forge) as found:
            forge.url = found.url
            yield found

    @pytest.fixture
    def api(self, served: Served) -> Iterator[ForgeHttp]:
        """Give its API."""
        with client("bitbucket", served.url + CLOUD, TOKEN) as found:
            yield found

    def test_bodies_are_those_of_the_documentation(self) -> None:
        """One restriction a kind; only those of pushes and merges have lists."""
        bodies = [request.body for request in cloud(f"user:{CI}").requests()]
        common = {"branch_match_kind": "glob", "pattern": "audit"}

        assert bodies == [
            {"kind": "force", **common},
            {"kind": "delete", **common},
            {"kind": "restrict_merges", **common, "users": [], "groups": []},
            {"kind": "push", **common, "users": [{"uuid": CI}], "groups": []},
        ]
        assert len(cloud().requests()) == 3

    def test_what_is_applied_holds_and_can_be_repeated(self, api: ForgeHttp) -> None:
        """All kinds hold, and a second time changes nothing."""
        there = cloud(f"user:{CI}")
        assert set(held(there.check(api)).values()) == {False}
        first = there.apply(api, dry_run=False)
        again = there.apply(api, dry_run=False)

        assert [change.action for change in (*first, *again)] == ["created"] * 4 + ["kept"] * 4
        assert held(there.check(api)) == dict.fromkeys(["force", "delete", "restrict_merges", "push"], True)

    def test_other_writers_are_found_and_put_right(self, forge: FakeCloud, api: ForgeHttp) -> None:
        """Somebody else on the list is told by id, and taken off it."""
        there = cloud(f"user:{CI}")
        there.apply(api, dry_run=False)
        forge.restrictions[3].update({"users": [{"uuid": CI}, {"uuid": EVE}], "groups": [{"slug": "owners"}]})
        (push,) = [rule for rule in there.check(api) if rule.name == "push"]
        changes = there.apply(api, dry_run=False)

        assert (push.held, push.told) == (False, f"allowed to group owners, {EVE}")
        assert [change.action for change in changes] == ["kept", "kept", "kept", "changed"]
        assert all(held(there.check(api)).values())

    def test_patterns_and_pages(self, forge: FakeCloud, api: ForgeHttp) -> None:
        """A pattern that matches counts; one for a branching model, or for other branches, does not."""
        forge.page_size = 2
        for kind in ("force", "delete", "restrict_merges"):
            forge.add(kind=kind, branch_match_kind="glob", pattern="release/*")
            forge.add(kind=kind, branch_match_kind="branching_model", branch_type="feature", pattern="")
        assert set(held(cloud().check(api)).values()) == {False}
        for kind in ("force", "delete", "restrict_merges"):
            forge.add(kind=kind, branch_match_kind="glob", pattern="a*")

        assert set(held(cloud().check(api)).values()) == {True}

    def test_user_and_password(self, served: Served, forge: FakeCloud) -> None:
        """With a user, the token goes as the password."""
        with client("bitbucket", served.url + CLOUD, TOKEN, variables={"BITBUCKET_USERNAME": USER}) as api:
            cloud().apply(api, dry_run=False)

        assert len(forge.restrictions) == 3
        assert served.asked[0].headers["authorization"].startswith("Basic ")

    def test_dry_run_writes_nothing(self, forge: FakeCloud, api: ForgeHttp) -> None:
        """A dry run reads, and says what it would send."""
        assert [change.action for change in cloud().apply(api, dry_run=True)] == ["created"] * 3
        assert forge.restrictions == []

    def test_what_bitbucket_cannot_do_is_refused(self) -> None:
        """Signatures cannot be demanded, and Terraform's provider names users otherwise."""
        with pytest.raises(InputError, match="has no such rule"):
            cloud(signed=True)
        with pytest.raises(InputError, match="found one: its provider names users"):
            cloud(f"user:{CI}").terraform()


class TestDataCenter:
    """An instance of one's own."""

    @pytest.fixture
    def forge(self) -> FakeDataCenter:
        """Give a repository without restrictions."""
        return FakeDataCenter()

    @pytest.fixture
    def api(self, forge: FakeDataCenter) -> Iterator[ForgeHttp]:
        """Give its API."""
        with serving(forge) as served, client("bitbucket", served.url + SERVER, TOKEN) as found:
            yield found

    def test_what_is_applied_holds_and_can_be_repeated(self, forge: FakeDataCenter, api: ForgeHttp) -> None:
        """All types hold, a second time changes nothing, and the writers alone are exempt."""
        there = server("user:ci", "group:platform")
        assert set(held(there.check(api)).values()) == {False}
        first = there.apply(api, dry_run=False)
        again = there.apply(api, dry_run=False)

        assert [change.action for change in (*first, *again)] == ["created"] * 3 + ["kept"] * 3
        assert held(there.check(api)) == dict.fromkeys(["fast-forward-only", "no-deletes", "read-only"], True)
        read_only = forge.restrictions[2]
        assert ([user["name"] for user in read_only["users"]], read_only["groups"]) == (["ci"], ["platform"])

    def test_an_exemption_is_found_and_taken_away(self, forge: FakeDataCenter, api: ForgeHttp) -> None:
        """Somebody who may rewind all the same is named; the stricter restriction is there before the other goes."""
        matcher = server().requests()[0].body
        assert matcher is not None
        forge.add(type="fast-forward-only", matcher=matcher["matcher"], users=["eve"])
        (rule,) = [one for one in server().check(api) if one.name == "fast-forward-only"]
        changes = server().apply(api, dry_run=False)

        assert (rule.held, rule.told) == (False, "user eve may all the same")
        assert [change.action for change in changes] == ["changed", "created"]
        assert all(held(server().check(api)).values())
        assert [one["type"] for one in forge.restrictions] == ["fast-forward-only", "no-deletes"]

    def test_all_pages_are_read(self, forge: FakeDataCenter, api: ForgeHttp) -> None:
        """Restrictions beyond the first page count."""
        forge.page_size = 1
        forge.add(type="read-only", matcher={"id": "refs/heads/main", "type": {"id": "BRANCH"}})
        server().apply(api, dry_run=False)

        assert all(held(server().check(api)).values())

    def test_clone_addresses_over_http(self) -> None:
        """`scm/` of a clone address is no part of the project."""
        assert server(path="scm/ops/infra").requests()[0].path.startswith("/branch-permissions/2.0/projects/ops/repos/")

    def test_a_repository_that_is_not_there(self, api: ForgeHttp) -> None:
        """404 is told as what it may be."""
        with pytest.raises(RemoteError, match="expected OPS/other on Bitbucket, found none"):
            server(path="OPS/other").check(api)

    def test_no_terraform(self) -> None:
        """There is no provider to write code for."""
        with pytest.raises(InputError, match="no provider is known"):
            server().terraform()
