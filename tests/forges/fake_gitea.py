"""Gitea's and Forgejo's branch protections, as their own sources declare them (modules/structs/repo_branch.go)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.forges.serving import Answer, Asked, refused

TOKEN = "a1b2c3d4e5" * 4
BASE = "/api/v1"
COMMON: dict[str, Any] = {
    "enable_push": False,
    "enable_push_whitelist": False,
    "push_whitelist_usernames": [],
    "push_whitelist_teams": [],
    "push_whitelist_deploy_keys": False,
    "enable_merge_whitelist": False,
    "merge_whitelist_usernames": [],
    "merge_whitelist_teams": [],
    "require_signed_commits": False,
}
GITEA = {"enable_force_push": False, "block_admin_merge_override": False, "priority": 0}
FORGEJO = {"apply_to_admins": False}


class FakeGitea:
    """One repository, acme/infra; fields that a program does not know are ignored, as Go's JSON does."""

    def __init__(self, own: dict[str, Any]) -> None:
        self._fields = {**COMMON, **own}
        self.rules: dict[str, dict[str, Any]] = {}
        self.branches = {"main", "audit"}

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        if asked.headers.get("authorization") != f"token {TOKEN}":
            return refused(401, "token is required", url="https://gitea.example/api/swagger")
        root = f"{BASE}/repos/acme/infra"
        if not asked.path.startswith(root):
            return refused(404, "The target couldn't be found.")
        kind, _, name = asked.path.removeprefix(f"{root}/").partition("/")
        name = unquote(name)
        if kind == "branches" and name in self.branches:
            rule = self.effective(name)
            return Answer(
                document={
                    "name": name,
                    "protected": rule is not None,
                    "effective_branch_protection_name": "" if rule is None else rule["rule_name"],
                }
            )
        if kind != "branch_protections" or (name and name not in self.rules):
            return refused(404, "The target couldn't be found.")
        if asked.method == "GET":
            return Answer(document=list(self.rules.values()))
        return self._write(asked, name)

    def _write(self, asked: Asked, name: str) -> Answer:
        known = {field: value for field, value in asked.body.items() if field in self._fields}
        if asked.method == "PATCH":
            self.rules[name].update(known)
            return Answer(document=self.rules[name])
        if asked.body["rule_name"] in self.rules:
            return refused(403, "Branch protection already exist")
        return Answer(status=201, document=self.protect(asked.body["rule_name"], **known))

    def protect(self, name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON document
        """Protect a branch or a pattern as an admin would in the web interface."""
        self.rules[name] = {**self._fields, **fields, "rule_name": name}
        return self.rules[name]

    def effective(self, branch: str) -> dict[str, Any] | None:
        """Return the rule in force: by priority, then by age."""
        found = [one for name, one in self.rules.items() if _matches(name, branch)]
        return min(found, key=lambda one: one.get("priority", 0)) if found else None

    def allows(self, user: str, *, force: bool = False) -> bool:
        """Return whether a push to audit by a user who may write would be taken."""
        rule = self.effective("audit")
        if rule is None:
            return True
        may = rule["enable_push"] and (not rule["enable_push_whitelist"] or user in rule["push_whitelist_usernames"])
        return bool(may and (not force or rule.get("enable_force_push", False)))


def _matches(pattern: str, name: str) -> bool:
    return re.fullmatch("[^/]*".join(map(re.escape, pattern.split("*"))), name) is not None
