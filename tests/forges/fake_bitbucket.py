"""Bitbucket's branch restrictions: those of the cloud, and those of Data Center."""

from __future__ import annotations

import base64
from typing import Any

from tests.forges.serving import Answer, Asked

TOKEN = "ATCTT3x" + "Ff0" * 9
USER = "ci@example.com"
CLOUD, SERVER = "/2.0", "/rest"
_KINDS = {"push", "force", "delete", "restrict_merges"}
_TYPES = {"read-only", "no-deletes", "fast-forward-only", "pull-request-only"}


def _let_in(asked: Asked) -> bool:
    basic = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
    return asked.headers.get("authorization") in {f"Bearer {TOKEN}", f"Basic {basic}"}


def _error(status: int, message: str) -> Answer:
    return Answer(status=status, document={"type": "error", "error": {"message": message}})


class FakeCloud:
    """One repository, acme/infra (https://developer.atlassian.com/cloud/bitbucket/rest/)."""

    def __init__(self) -> None:
        self.restrictions: list[dict[str, Any]] = []
        self.url = ""
        self.page_size = 10

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        root = f"{CLOUD}/repositories/acme/infra/branch-restrictions"
        if not _let_in(asked):
            return _error(401, "Token is invalid, expired, or not supported for this endpoint.")
        if not asked.path.startswith(root):
            return _error(404, "Repository not found")
        if asked.method == "GET":
            at, size = int(asked.query.get("page", "1")), min(int(asked.query["pagelen"]), self.page_size)
            document: dict[str, Any] = {"values": self.restrictions[(at - 1) * size : at * size], "pagelen": size}
            if at * size < len(self.restrictions):
                document["next"] = f"{self.url}{root}?pagelen={size}&page={at + 1}"
            return Answer(document=document)
        problem = self._problem(asked.body)
        if problem:
            return _error(400, problem)
        if asked.method == "PUT":
            number = int(asked.path.removeprefix(f"{root}/"))
            self.restrictions[number].update(asked.body)
            return Answer(document=self.restrictions[number])
        self.add(**asked.body)
        return Answer(status=201, document=self.restrictions[-1])

    @staticmethod
    def _problem(body: dict[str, Any]) -> str | None:
        lists = {"users", "groups"} if body["kind"] in {"push", "restrict_merges"} else set()
        if body["kind"] not in _KINDS or set(body) != {"kind", "branch_match_kind", "pattern", *lists}:
            return "There are errors in your request"
        return None if all(set(user) == {"uuid"} for user in body.get("users", [])) else "users: expected a uuid"

    def add(self, **restriction: Any) -> None:  # noqa: ANN401 - a JSON document
        """Add a restriction."""
        self.restrictions.append(
            {"id": len(self.restrictions), "type": "branchrestriction", "users": [], "groups": []} | restriction
        )


class FakeDataCenter:
    """One repository, OPS/infra (branch-permissions 2.0)."""

    def __init__(self) -> None:
        self.restrictions: list[dict[str, Any]] = []
        self.page_size = 25
        self._ids = 0

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        root = f"{SERVER}/branch-permissions/2.0/projects/OPS/repos/infra/restrictions"
        if not _let_in(asked):
            return Answer(status=401, document={"errors": [{"context": None, "message": "Authentication failed."}]})
        if not asked.path.startswith(root):
            return Answer(status=404, document={"errors": [{"message": "Repository OPS/other does not exist."}]})
        if asked.method == "GET":
            start, limit = int(asked.query.get("start", "0")), min(int(asked.query["limit"]), self.page_size)
            last = start + limit >= len(self.restrictions)
            values = self.restrictions[start : start + limit]
            more = {} if last else {"nextPageStart": start + limit}
            return Answer(document={"values": values, "isLastPage": last, **more})
        if asked.method == "DELETE":
            number = int(asked.path.removeprefix(f"{root}/"))
            self.restrictions = [one for one in self.restrictions if one["id"] != number]
            return Answer(status=204)
        assert set(asked.body) == {"type", "matcher", "users", "groups", "accessKeys"}
        assert asked.body["type"] in _TYPES
        assert asked.body["matcher"]["type"]["id"] == "BRANCH"
        return Answer(document=self.add(**asked.body))

    def add(self, **restriction: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON document
        """Add a restriction; users are answered as objects."""
        self._ids += 1
        users = [{"name": name, "slug": name, "id": 7} for name in restriction.pop("users", [])]
        self.restrictions.append({"id": self._ids, "groups": [], "accessKeys": [], **restriction, "users": users})
        return self.restrictions[-1]
