"""Gitea and Forgejo: a branch protection (`/repos/{owner}/{repo}/branch_protections`).

A protected branch is never deleted by a push. The two programs have drifted apart: Gitea has fields for force-pushes
and for what an admin may override, Forgejo has `apply_to_admins`. Each ignores fields that it does not know, so all are
sent, and what an answer lacks is not asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gitaudit.errors import RemoteError
from gitaudit.usecases.forges import hcl
from gitaudit.usecases.forges.globs import matches_stars
from gitaudit.usecases.forges.model import Change, Document, Request, Rule, Wanted, check_path, mapping, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.ports import ForgeApi

WRITERS = {"user": "user:ci", "team": "team:platform", "deploy-keys": "deploy-keys:all"}
"""Kinds of writers: user, team of the organization, all deploy keys that may write."""


class Gitea:
    """Gitea or Forgejo."""

    def __init__(self, wanted: Wanted) -> None:
        """Check what is wanted. Raises `InputError`."""
        self._wanted = wanted
        self._owner, self._name = check_path(wanted.path, (2, 2), "acme/infra")
        self._repository = f"/repos/{quote(self._owner)}/{quote(self._name)}"
        self._users = [writer.value for writer in wanted.writers if writer.kind == "user"]
        self._teams = [writer.value for writer in wanted.writers if writer.kind == "team"]
        self._keys = any(writer.kind == "deploy-keys" for writer in wanted.writers)

    def requests(self) -> tuple[Request, ...]:
        """Return what protects the branch."""
        body = {"rule_name": self._wanted.branch, **self._fields()}
        return (Request(method="POST", path=f"{self._repository}/branch_protections", body=body),)

    def _fields(self) -> Document:
        return {
            "enable_push": True,
            "enable_push_whitelist": bool(self._wanted.writers),
            "push_whitelist_usernames": self._users,
            "push_whitelist_teams": self._teams,
            "push_whitelist_deploy_keys": self._keys,
            "enable_force_push": False,
            "enable_merge_whitelist": True,
            "merge_whitelist_usernames": [],
            "merge_whitelist_teams": [],
            "require_signed_commits": self._wanted.signed,
            "block_admin_merge_override": True,
            "apply_to_admins": True,
        }

    def terraform(self) -> str:
        """Return a resource `gitea_repository_branch_protection` of the provider go-gitea/gitea.

        It has no argument for force-pushes, which a protected branch refuses unless it is told otherwise, and none for
        a list of mergers that is empty.
        """
        arguments: dict[str, hcl.Value] = {
            "username": self._owner,
            "name": self._name,
            "rule_name": self._wanted.branch,
            "enable_push": True,
            "require_signed_commits": self._wanted.signed,
        }
        if self._wanted.writers:
            arguments["push_whitelist_users"] = self._users
            arguments["push_whitelist_teams"] = self._teams
            arguments["push_whitelist_deploy_keys"] = self._keys
        server = self._wanted.base.removesuffix("/api/v1")
        blocks = hcl.provider("gitea", "go-gitea/gitea", ">= 0.6", base_url=server)
        blocks.append(
            hcl.block("resource", arguments, labels=["gitea_repository_branch_protection", "gitaudit"]),
        )
        comment = (
            "The token of the provider comes from the variable GITEA_TOKEN.\n"
            "It cannot keep pull requests from being merged into the branch; `gitaudit protect gitea --apply` can."
        )
        return hcl.document(comment, blocks)

    def apply(self, api: ForgeApi, *, dry_run: bool) -> tuple[Change, ...]:
        """Protect the branch, or make the protection of that very name as strict as it should be."""
        own = next((one for one in self._listed(api) if _name_of(one) == self._wanted.branch), None)
        body = self._fields()
        if own is None:
            change = Change(name=self._wanted.branch, action="created", request=self.requests()[0])
        else:
            wrong = self._wrong(own, body)
            path = f"{self._repository}/branch_protections/{quote(self._wanted.branch, safe='')}"
            request = Request(method="PATCH", path=path, body=wrong) if wrong else None
            change = Change(name=self._wanted.branch, action="changed" if wrong else "kept", request=request)
        if change.request is not None and not dry_run:
            api.send(change.request.method, change.request.path, change.request.body)
        return (change,)

    def _wrong(self, own: Mapping[str, Any], body: Document) -> Document:
        """Return the fields that are looser than they should be; stricter ones stay."""
        wrong = {name: value for name, value in body.items() if name in own and _plain(own[name]) != _plain(value)}
        if own.get("require_signed_commits") is True:
            wrong.pop("require_signed_commits", None)
        if not self._wanted.writers:  # whoever restricted it further had a reason
            wrong = {name: value for name, value in wrong.items() if "push_whitelist" not in name}
        return wrong

    def check(self, api: ForgeApi) -> tuple[Rule, ...]:
        """Judge the one protection that is in force on the branch, as the forge itself names it."""
        listed = self._listed(api)
        branch = api.get(f"{self._repository}/branches/{quote(self._wanted.branch, safe='')}")
        named = "" if branch is None else str(mapping(branch).get("effective_branch_protection_name") or "")
        rule = next((one for one in listed if _name_of(one) == (named or self._wanted.branch)), None)
        if rule is None and branch is None:
            rule = next((one for one in listed if matches_stars(_name_of(one), self._wanted.branch)), None)
        names = ["deletion", "force-push", "merge", "admins"]
        names += (["push"] if self._wanted.writers else []) + (["signatures"] if self._wanted.signed else [])
        if rule is None:
            return tuple(Rule(name=name, held=False, told="the branch is not protected") for name in names)
        return self._judged(rule)

    def _judged(self, rule: Mapping[str, Any]) -> tuple[Rule, ...]:
        title = f"protection {_name_of(rule)!r}"
        merging = [*texts(rule.get("merge_whitelist_usernames")), *texts(rule.get("merge_whitelist_teams"))]
        nobody_merges = rule.get("enable_merge_whitelist") is True and not merging
        overridden = rule.get("block_admin_merge_override") is False or rule.get("apply_to_admins") is False
        signed = rule.get("require_signed_commits") is True
        return (
            Rule(name="deletion", held=True, told=f"nobody may delete it ({title})"),
            _rule(
                "force-push",
                rule.get("enable_force_push") is not True,
                "nobody may force-push it",
                f"allowed by the {title}",
            ),
            _rule("merge", nobody_merges, "nobody may merge into it", "merging pull requests into it is allowed"),
            _rule("admins", not overridden, "admins are held to it, too", "admins may override it"),
            self._judged_pushing(rule),
            Rule(
                name="signatures",
                held=signed,
                told="unsigned commits are refused" if signed else "commits without a signature are taken",
                required=self._wanted.signed,
            ),
        )

    def _judged_pushing(self, rule: Mapping[str, Any]) -> Rule:
        if rule.get("enable_push") is not True:
            return Rule(name="push", held=False, told="nobody may push to it, so the log cannot be written")
        listed = rule.get("enable_push_whitelist") is True
        users, teams = (set(texts(rule.get(f"push_whitelist_{kind}"))) for kind in ("usernames", "teams"))
        if not self._wanted.writers:
            told = "those on its list may push to it" if listed else "everybody who may push to the repository may add"
            return Rule(name="push", held=listed, told=f"{told}; see --writer", required=False)
        others = [*sorted(users - set(self._users)), *sorted(teams - set(self._teams))]
        keys = rule.get("push_whitelist_deploy_keys") is True and not self._keys
        if listed and not others and not keys:
            return Rule(name="push", held=True, told="only the writers may push to it")
        who = ", ".join([*others, *(["deploy keys"] if keys else [])]) if listed else "everybody who may push"
        return Rule(name="push", held=False, told=f"allowed to {who}")

    def _listed(self, api: ForgeApi) -> Sequence[Mapping[str, Any]]:
        found = api.pages(f"{self._repository}/branch_protections")
        if found is None:
            raise RemoteError(
                f"expected the repository {self._wanted.path} on the forge, found none that the token may administer",
                hint="check the name, and that the token has the scope write:repository and its owner administers it",
            )
        return [mapping(one) for one in found]


def _rule(name: str, held: bool, told: str, otherwise: str) -> Rule:  # noqa: FBT001 - one verdict, two wordings
    return Rule(name=name, held=held, told=told if held else otherwise)


def _name_of(rule: Mapping[str, Any]) -> str:
    return str(rule.get("rule_name") or rule.get("branch_name") or "")


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, list) else ([] if value is None else value)
