"""GitLab's protected branches, as https://docs.gitlab.com/api/protected_branches/ describes them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.forges.serving import Answer, Asked, page, refused

TOKEN = "glpat-" + "Zz9_" * 5
BASE = "/api/v4"
_LEVELS = {0: "No one", 30: "Developers + Maintainers", 40: "Maintainers", 60: "Instance admins"}
_FIELDS = ("user_id", "group_id", "deploy_key_id")
_KNOWN = {
    *("name", "allow_force_push", "push_access_level", "merge_access_level", "unprotect_access_level"),
    *("allowed_to_push", "allowed_to_merge", "allowed_to_unprotect", "code_owner_approval_required"),
}


class FakeGitLab:
    """One project, acme/platform/infra; `premium` says whether it has the licence for users and groups."""

    def __init__(self, *, premium: bool = True) -> None:
        self.premium = premium
        self.branches: dict[str, dict[str, Any]] = {}
        self.url = ""
        self.page_size = 20
        self._ids = 1000

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        if asked.headers.get("private-token") != TOKEN:
            return refused(401, "401 Unauthorized")
        root = f"{BASE}/projects/acme%2Fplatform%2Finfra/protected_branches"
        if not asked.path.startswith(root):
            return refused(404, "404 Project Not Found")
        name = unquote(asked.path.removeprefix(root).removeprefix("/"))
        if asked.method == "GET" and not name:
            return page(asked, list(self.branches.values()), self.url, size=self.page_size)
        if set(asked.body or {}) - _KNOWN:
            return Answer(status=400, document={"error": "unknown attribute"})
        if asked.method == "POST":
            return self._create(asked.body)
        assert asked.method == "PATCH"
        return self._change(self.branches[name], asked.body) if name in self.branches else refused(404, "404 Not found")

    def protect(self, name: str, push: int = 40, merge: int = 40, *, force: bool = False) -> dict[str, Any]:
        """Protect a branch or a wildcard as a maintainer would in the web interface."""
        self.branches[name] = {
            "id": len(self.branches),
            "name": name,
            "push_access_levels": [self._level({"access_level": push})],
            "merge_access_levels": [self._level({"access_level": merge})],
            "unprotect_access_levels": [self._level({"access_level": 40})],
            "allow_force_push": force,
            "inherited": False,
        }
        return self.branches[name]

    def _create(self, body: dict[str, Any]) -> Answer:
        if body["name"] in self.branches:
            return refused(409, f"Protected branch '{body['name']}' already exists")
        levels = {name: body.get(f"{name}_access_level", 40) for name in ("push", "merge", "unprotect")}
        if any(level not in _LEVELS for level in levels.values()) or levels["unprotect"] == 0:
            return Answer(status=400, document={"error": "push_access_level does not have a valid value"})
        made = self.protect(body["name"], levels["push"], levels["merge"], force=body.get("allow_force_push", False))
        made["unprotect_access_levels"] = [self._level({"access_level": levels["unprotect"]})]
        if self.premium:
            for kind in ("push", "merge"):
                if f"allowed_to_{kind}" in body:
                    made[f"{kind}_access_levels"] = [self._level(one) for one in body[f"allowed_to_{kind}"]]
        return Answer(status=201, document=made)

    def _change(self, branch: dict[str, Any], body: dict[str, Any]) -> Answer:
        branch["allow_force_push"] = body.get("allow_force_push", branch["allow_force_push"])
        for kind in ("push", "merge") if self.premium else ():
            for one in body.get(f"allowed_to_{kind}", []):
                levels = branch[f"{kind}_access_levels"]
                if one.get("_destroy") is True:
                    assert set(one) == {"id", "_destroy"}
                    levels[:] = [level for level in levels if level["id"] != one["id"]]
                else:
                    levels.append(self._level(one))
        return Answer(document=branch)

    def _level(self, grant: dict[str, Any]) -> dict[str, Any]:
        assert len(grant) == 1
        self._ids += 1
        (name, value), *_ = grant.items()
        level: dict[str, Any] = {"id": self._ids, "access_level": 40, "access_level_description": f"{name} {value}"}
        level |= dict.fromkeys(_FIELDS)
        if name == "access_level":
            return level | {"access_level": value, "access_level_description": _LEVELS[value]}
        assert name in _FIELDS
        return level | {name: value}

    def allows(self, *, level: int = 30, user: int | None = None, force: bool = False, branch: str = "audit") -> bool:
        """Return whether a push by somebody would be taken: of all that match, the most permissive one wins."""
        matching = [one for name, one in self.branches.items() if _matches(name, branch)]
        if not matching:
            return True
        granted = any(
            one["user_id"] == user
            if one["user_id"] or one["deploy_key_id"]
            else one["access_level"] != 0 and level >= one["access_level"]
            for branch_ in matching
            for one in branch_["push_access_levels"]
        )
        return granted and (not force or any(one["allow_force_push"] for one in matching))


def _matches(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None
