"""GitHub's rulesets, as https://docs.github.com/en/rest/repos/rules describes them, and what they do to pushes."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from tests.forges.serving import Answer, Asked, page, refused

TOKEN = "ghp_" + "a1B2" * 9
READ_ONLY = "ghp_" + "r0R0" * 9
BASE = "/api/v3"
_ACTORS = {"Integration", "Team", "RepositoryRole", "User", "DeployKey", "OrganizationAdmin"}
_RULES = {"creation", "update", "deletion", "non_fast_forward", "required_linear_history", "required_signatures"}


class FakeGitHub:
    """One repository, acme/infra."""

    def __init__(self) -> None:
        self.rulesets: dict[int, dict[str, Any]] = {}
        self.url = ""
        self.page_size = 30

    def add(self, **ruleset: Any) -> int:  # noqa: ANN401 - a JSON document
        """Add a ruleset as an admin would in the web interface."""
        number = 100 + len(self.rulesets)
        self.rulesets[number] = {
            "id": number,
            "name": "theirs",
            "target": "branch",
            "source_type": "Repository",
            "source": "acme/infra",
            "enforcement": "active",
            "bypass_actors": [],
            "conditions": {"ref_name": {"include": ["refs/heads/audit"], "exclude": []}},
            "rules": [],
            **ruleset,
        }
        return number

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        root = f"{BASE}/repos/acme/infra"
        if token not in {TOKEN, READ_ONLY}:
            return refused(401, "Bad credentials", documentation_url="https://docs.github.com/rest")
        assert "x-github-api-version" in asked.headers
        if not asked.path.startswith(root):
            return refused(404, "Not Found")
        if asked.method != "GET" and token == READ_ONLY:
            return refused(403, "Resource not accessible by personal access token")
        return self._known(asked, asked.path.removeprefix(root), token)

    def _known(self, asked: Asked, rest: str, token: str) -> Answer:
        if rest.startswith("/rules/branches/") and asked.method == "GET":
            return page(asked, self.effective(unquote(rest.rpartition("/")[2])), self.url, size=self.page_size)
        if rest == "/rulesets" and asked.method == "GET":
            listed = [
                {name: value for name, value in one.items() if name not in {"rules", "conditions", "bypass_actors"}}
                for one in self.rulesets.values()
                if one["source_type"] == "Repository" or asked.query.get("includes_parents") != "false"
            ]
            return page(asked, listed, self.url, size=self.page_size)
        if rest == "/rulesets" and asked.method == "POST":
            return self._create(asked.body)
        return self._one(asked, rest.removeprefix("/rulesets/"), token)

    def _one(self, asked: Asked, number: str, token: str) -> Answer:
        if not number.isdecimal() or int(number) not in self.rulesets:
            return refused(404, "Not Found")
        ruleset = self.rulesets[int(number)]
        if asked.method == "PUT":
            problem = self._problem(asked.body)
            if problem:
                return problem
            ruleset.update(asked.body)
        hidden = {"bypass_actors"} if token == READ_ONLY else set()
        return Answer(document={name: value for name, value in ruleset.items() if name not in hidden})

    def _create(self, body: dict[str, Any]) -> Answer:
        problem = self._problem(body)
        if problem:
            return problem
        if body["name"] in {one["name"] for one in self.rulesets.values()}:
            return refused(422, "Validation Failed", errors=["Name must be unique"])
        return Answer(status=201, document=self.rulesets[self.add(**body)])

    @staticmethod
    def _problem(body: dict[str, Any]) -> Answer | None:
        fields = {"name", "target", "enforcement", "bypass_actors", "conditions", "rules"}
        good = (
            set(body) == fields
            and body["target"] == "branch"
            and body["enforcement"] in {"active", "disabled"}
            and set(body["conditions"]) == {"ref_name"}
            and set(body["conditions"]["ref_name"]) == {"include", "exclude"}
            and all(one.startswith(("refs/heads/", "~")) for one in body["conditions"]["ref_name"]["include"])
            and all(one["type"] in _RULES for one in body["rules"])
            and all(
                set(one) == {"actor_id", "actor_type", "bypass_mode"}
                and one["actor_type"] in _ACTORS
                and one["bypass_mode"] in {"always", "pull_request"}
                and (one["actor_id"] is None) == (one["actor_type"] == "DeployKey")
                for one in body["bypass_actors"]
            )
        )
        return None if good else refused(422, "Invalid request.", errors=["Invalid rule"])

    def effective(self, branch: str) -> list[dict[str, Any]]:
        """Return the rules in force on a branch."""
        ref = f"refs/heads/{branch}"
        return [
            {
                **rule,
                "ruleset_id": number,
                "ruleset_source": one["source"],
                "ruleset_source_type": one["source_type"],
            }
            for number, one in self.rulesets.items()
            if one["enforcement"] == "active" and _matches(one["conditions"]["ref_name"], ref)
            for rule in one["rules"]
        ]

    def allows(self, actor: tuple[str, int | None], *kinds: str, branch: str = "audit") -> bool:
        """Return whether a push of these kinds by an actor would be taken; bypass is said by ruleset."""
        for rule in self.effective(branch):
            passes = [
                (one["actor_type"], one["actor_id"]) for one in self.rulesets[rule["ruleset_id"]]["bypass_actors"]
            ]
            if rule["type"] in kinds and actor not in passes:
                return False
        return True


def _matches(names: dict[str, list[str]], ref: str) -> bool:
    def among(patterns: list[str]) -> bool:
        return any(one == "~ALL" or fnmatchcase(ref, one) for one in patterns)

    return among(names["include"]) and not among(names["exclude"])
