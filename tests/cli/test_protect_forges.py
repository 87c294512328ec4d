"""`gitaudit protect` for forges, as it is typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.console import Console, words
from tests.cli.test_json_output import failed, good
from tests.forges.fake_bitbucket import CLOUD, SERVER, FakeCloud, FakeDataCenter
from tests.forges.fake_bitbucket import TOKEN as BITBUCKET
from tests.forges.fake_gitea import BASE as GITEA_BASE
from tests.forges.fake_gitea import GITEA, FakeGitea
from tests.forges.fake_gitea import TOKEN as GITEA_TOKEN
from tests.forges.fake_github import BASE as GITHUB_BASE
from tests.forges.fake_github import READ_ONLY, FakeGitHub
from tests.forges.fake_github import TOKEN as GITHUB
from tests.forges.fake_gitlab import BASE as GITLAB_BASE
from tests.forges.fake_gitlab import TOKEN as GITLAB
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.serving import Answer, Served, refused, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.forges.serving import FakeForge
    from tests.support.git import GitRepo

KINDS: dict[str, tuple[Callable[[], FakeForge], str, tuple[str, str], str]] = {
    "github": (FakeGitHub, GITHUB_BASE, ("GITHUB_TOKEN", GITHUB), "acme/infra"),
    "gitlab": (FakeGitLab, GITLAB_BASE, ("GITLAB_TOKEN", GITLAB), "acme/platform/infra"),
    "gitea": (lambda: FakeGitea(GITEA), GITEA_BASE, ("GITEA_TOKEN", GITEA_TOKEN), "acme/infra"),
    "bitbucket": (FakeCloud, CLOUD, ("BITBUCKET_TOKEN", BITBUCKET), "acme/infra"),
    "bitbucket-server": (FakeDataCenter, SERVER, ("BITBUCKET_TOKEN", BITBUCKET), "OPS/infra"),
}


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeGitHub, Served]]:
    """Give a GitHub with a repository acme/infra, and the token of an admin in the environment."""
    forge = FakeGitHub()
    monkeypatch.setenv("GITHUB_TOKEN", GITHUB)
    with serving(forge) as served:
        forge.url = served.url
        yield forge, served


def options(served: Served) -> list[str]:
    """Return what leads to a GitHub of one's own."""
    return ["--repo", "acme/infra", "--api", served.url + GITHUB_BASE]


@pytest.mark.parametrize("kind", KINDS)
def test_show_apply_check(kind: str, shelf: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every forge: bodies are shown, a check says 2, applying creates them, and then the check says 0."""
    make, base, (name, token), path = KINDS[kind]
    monkeypatch.setenv(name, token)
    with serving(make()) as served:
        typed = ["protect", kind.partition("-")[0], "--repo", path, "--api", served.url + base]
        shown = good(shelf.run(*typed, "--json"))
        assert served.asked == []
        before = good(shelf.run(*typed, "--check", "--json"), 2)
        planned = good(shelf.run(*typed, "--apply", "--dry-run", "--json"))
        applied = good(shelf.run(*typed, "--apply", "--json"))
        after = good(shelf.run(*typed, "--check", "--json"))
        again = good(shelf.run(*typed, "--apply", "--json"))

    assert (before["protected"], after["protected"]) == (False, True)
    assert [one["request"] for one in planned["changes"]] == shown["requests"]
    assert planned["changes"] == applied["changes"]
    assert {one["action"] for one in again["changes"]} == {"kept"}
    assert (shown["repository"], shown["branch"], shown["api"]) == (path, "audit", served.url + base)


def test_text(shelf: Console, github: tuple[FakeGitHub, Served]) -> None:
    """The same for people: what would be sent, what was done, which rules hold, and what to do."""
    _, served = github
    typed = ["protect", "github", *options(served)]

    shown = shelf.ok(*typed)
    assert shown.startswith(f"POST {served.url}{GITHUB_BASE}/repos/acme/infra/rulesets\n{{")
    assert json.loads(shown[shown.index("{") :])["name"] == "gitaudit: keep audit"
    missing = shelf.run(*typed, "--check")
    assert (missing.code, missing.out.splitlines()[-1]) == (2, "not protected: 3 rules missing")
    assert "gitaudit protect github --apply" in missing.err
    assert "would create gitaudit: keep audit\n    {" in shelf.ok(*typed, "--apply", "--dry-run")
    assert shelf.ok(*typed, "--apply") == "created gitaudit: keep audit\n"
    held = shelf.ok(*typed, "--check")
    assert held.splitlines()[0].startswith("holds    deletion: nobody may delete the branch")
    assert held.splitlines()[-1] == "protected"
    assert "advice   required_signatures" in held


def test_what_the_forge_does_not_tell_is_three(
    shelf: Console, github: tuple[FakeGitHub, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good, bad and cannot-tell have exit codes of their own."""
    _, served = github
    shelf.ok("protect", "github", *options(served), "--apply")
    monkeypatch.setenv("GITHUB_TOKEN", READ_ONLY)

    document = good(shelf.run("protect", "github", *options(served), "--check", "--json"), 3)
    text = shelf.run("protect", "github", *options(served), "--check")

    assert document["protected"] is None
    assert text.out.splitlines()[-1] == "cannot tell: 3 rules unclear"


def test_errors_of_the_forge(shelf: Console, github: tuple[FakeGitHub, Served]) -> None:
    """Whatever the forge refuses is exit code 3, in one JSON object, without the token."""
    _, served = github
    for answer in (refused(401, f"bad {GITHUB}"), refused(403, "no"), refused(404, "no"), refused(422, "no")):
        served.first.append(answer)
        error = failed(shelf.run("protect", "github", *options(served), "--check", "--json"), 3)
        assert error["kind"] == "remote"
        assert GITHUB not in json.dumps(error)


def test_limits_are_waited_for(shelf: Console, github: tuple[FakeGitHub, Served]) -> None:
    """A limit that the forge lifts at once does not end the command."""
    _, served = github
    served.first += [Answer(status=403, headers={"Retry-After": "0"}), Answer(status=429, headers={"Retry-After": "0"})]

    assert shelf.run("protect", "github", *options(served), "--check").code == 2
    assert len(served.asked) == 3


def test_repository_and_branch_come_from_the_clone(audited: Console, git_repo: GitRepo) -> None:
    """The remote's URL says where the repository is, and the pinned log which branch; credentials stay out."""
    git_repo.run("remote", "set-url", "origin", "https://me:s3cret@github.com/acme/infra.git")
    pin = audited.directory / ".gitaudit.yml"
    pin.write_text(pin.read_text("utf-8").replace("refs/heads/audit", "refs/heads/trail"), "utf-8")

    ran = audited.run("protect", "github", "--json")

    document = good(ran)
    assert (document["repository"], document["branch"]) == ("acme/infra", "trail")
    assert document["api"] == "https://api.github.com"
    assert document["requests"][0]["body"]["conditions"]["ref_name"]["include"] == ["refs/heads/trail"]
    assert "s3cret" not in ran.out


def test_a_token_goes_to_no_host_that_a_clone_names(
    audited: Console, git_repo: GitRepo, github: tuple[FakeGitHub, Served]
) -> None:
    """A remote on an unknown host is not asked, whatever its URL looks like, unless the user names the API."""
    _, served = github
    git_repo.run("remote", "set-url", "origin", f"{served.url}/acme/infra.git")

    ran = audited.run("protect", "github", "--check")

    assert ran.code == 2
    assert "name it with --api" in words(ran)
    assert served.asked == []


def test_outside_of_a_repository(console: Console, tmp_path: Path) -> None:
    """An administrator needs no clone where the repository is named."""
    outside = console.at(tmp_path)
    assert good(outside.run("protect", "gitlab", "--repo", "acme/infra", "--json"))["branch"] == "audit"
    assert outside.run("protect", "gitlab").code == 3


def test_terraform(shelf: Console) -> None:
    """The code is the same in the document and as text."""
    typed = ["protect", "gitlab", "--repo", "acme/infra", "--api", "https://gitlab.example.com/api/v4", "--terraform"]
    document = good(shelf.run(*typed, "--json"))

    assert document["terraform"] == shelf.ok(*typed)
    assert 'resource "gitlab_branch_protection" "gitaudit" {' in document["terraform"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("github --apply --check", "expected one of --terraform, --apply and --check, found apply and check"),
        ("github --dry-run", "expected --apply beside --dry-run, found none"),
        ("github", "expected a remote on a forge, found none"),
        ("github --repo acme", "expected a repository such as acme/infra, found 'acme'"),
        ("github --repo a/b --writer x", "expected --writer as KIND:VALUE, such as app:15368 or"),
        ("github --repo a/b --api http://example.com", "expected --api to begin with https://, found http"),
        ("github --repo a/b --check", "expected a token for the forge, found none"),
        ("gitea --repo a/b", "expected the address of the gitea API, found none"),
        ("bitbucket --repo a/b --api https://example.com", "expected --api to end in /2.0"),
        ("gitlab --repo a/b --require-signatures", "of the whole project only"),
    ],
)
def test_wrong_usage(shelf: Console, typed: str, told: str) -> None:
    """Exit code 2, and a message that says what was expected and what to do."""
    ran = shelf.run("protect", *typed.split())

    assert (ran.code, ran.out) == (2, "")
    assert told in words(ran)
    assert ran.err.count("gitaudit: hint: ") == 1
