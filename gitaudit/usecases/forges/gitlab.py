"""GitLab: a protected branch (https://docs.gitlab.com/api/protected_branches/).

Of all protected branches and wildcards that match a branch, the most permissive one wins, so all of them are judged.
Deleting the branch with git is refused for every protected branch; whoever may unprotect it may still delete it in the
web interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gitaudit.errors import InputError, RemoteError
from gitaudit.usecases.forges import hcl
from gitaudit.usecases.forges.globs import matches_stars
from gitaudit.usecases.forges.model import (
    Change,
    Document,
    Request,
    Rule,
    Wanted,
    Writer,
    check_path,
    entries,
    mapping,
    number_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.ports import ForgeApi

WRITERS = {"role": "role:maintainer", "user": "user:42", "group": "group:7", "deploy-key": "deploy-key:3"}
"""Kinds of writers; users, groups and deploy keys need GitLab Premium."""
NO_ONE, DEVELOPER, MAINTAINER, ADMIN = 0, 30, 40, 60
_ROLES = {"developer": DEVELOPER, "maintainer": MAINTAINER}
_FIELDS = {"user": "user_id", "group": "group_id", "deploy-key": "deploy_key_id"}
_PUBLIC = "https://gitlab.com/"


class GitLab:
    """GitLab.com, or an instance of one's own."""

    def __init__(self, wanted: Wanted) -> None:
        """Check what is wanted. Raises `InputError`."""
        self._wanted = wanted
        self._path = "/".join(check_path(wanted.path, (2, 20), "acme/platform/infra"))
        self._branches = f"/projects/{quote(self._path, safe='')}/protected_branches"
        self._allowed = [_grant(writer) for writer in wanted.writers]
        # On GitLab.com nobody of the project is an administrator, so that rule could never be put right again.
        self._unprotect = MAINTAINER if wanted.base.startswith(_PUBLIC) else ADMIN
        if wanted.signed:
            raise InputError(
                "expected no --require-signatures for GitLab, found it: GitLab demands them of the whole project only",
                hint="leave it out; `gitaudit verify` checks the signatures of the log itself",
            )

    def requests(self) -> tuple[Request, ...]:
        """Return what protects the branch."""
        return (Request(method="POST", path=self._branches, body=self._body()),)

    def _body(self) -> Document:
        roles = [grant["access_level"] for grant in self._allowed if "access_level" in grant]
        if not self._allowed or (len(self._allowed) == 1 and roles):
            pushing: Document = {"push_access_level": roles[0] if roles else DEVELOPER}
        else:
            pushing = {"allowed_to_push": self._allowed}
        return {
            "name": self._wanted.branch,
            "allow_force_push": False,
            **pushing,
            "merge_access_level": NO_ONE,
            "unprotect_access_level": self._unprotect,
        }

    def terraform(self) -> str:
        """Return a resource `gitlab_branch_protection` of the provider gitlabhq/gitlab."""
        if any("deploy_key_id" in grant for grant in self._allowed):
            raise InputError(
                "expected users, groups or a role as writers for Terraform, found a deploy key",
                hint="use --apply, or --json for the body of the API",
            )
        named = [grant for grant in self._allowed if "access_level" not in grant]
        roles = [grant["access_level"] for grant in self._allowed if "access_level" in grant]
        level = min(roles) if roles else (NO_ONE if named else DEVELOPER)
        names = {NO_ONE: "no one", DEVELOPER: "developer", MAINTAINER: "maintainer", ADMIN: "admin"}
        where = {} if self._wanted.base.startswith(_PUBLIC) else {"base_url": f"{self._wanted.base}/"}
        project = hcl.block("data", {"path_with_namespace": self._path}, labels=["gitlab_project", "audited"])
        resource = hcl.block(
            "resource",
            {
                "project": hcl.Raw("data.gitlab_project.audited.id"),
                "branch": self._wanted.branch,
                "allow_force_push": False,
                "push_access_level": names[level],
                "merge_access_level": "no one",
                "unprotect_access_level": names[self._unprotect],
            },
            *(hcl.block("allowed_to_push", grant) for grant in named),
            labels=["gitlab_branch_protection", "gitaudit"],
        )
        provider = hcl.provider("gitlab", "gitlabhq/gitlab", ">= 17.0", **where)
        return hcl.document(
            "The token of the provider comes from the variable GITLAB_TOKEN.", [*provider, project, resource]
        )

    def apply(self, api: ForgeApi, *, dry_run: bool) -> tuple[Change, ...]:
        """Protect the branch, or make the protection of that very name as strict as it should be."""
        own = next((one for one in self._listed(api) if one.get("name") == self._wanted.branch), None)
        if own is None:
            change = Change(name=self._wanted.branch, action="created", request=self.requests()[0])
        else:
            change = self._stricter(own)
        if change.request is not None and not dry_run:
            api.send(change.request.method, change.request.path, change.request.body)
            if change.action == "changed":
                self._check_changed(api)
        return (change,)

    def _stricter(self, own: Mapping[str, Any]) -> Change:
        body: Document = {"allow_force_push": False} if own.get("allow_force_push") is not False else {}
        merging = [one for one in entries(own.get("merge_access_levels")) if one.get("access_level") != NO_ONE]
        if merging:
            body["allowed_to_merge"] = [{"id": one.get("id"), "_destroy": True} for one in merging]
            body["allowed_to_merge"].append({"access_level": NO_ONE})
        if self._allowed:
            pushing = entries(own.get("push_access_levels"))
            surplus = [{"id": one.get("id"), "_destroy": True} for one in pushing if not self._is_allowed(one)]
            lacking = [grant for grant in self._allowed if not any(_same(grant, one) for one in pushing)]
            if surplus or lacking:
                body["allowed_to_push"] = [*surplus, *lacking]
        if not body:
            return Change(name=self._wanted.branch, action="kept")
        path = f"{self._branches}/{quote(self._wanted.branch, safe='')}"
        return Change(name=self._wanted.branch, action="changed", request=Request(method="PATCH", path=path, body=body))

    def _check_changed(self, api: ForgeApi) -> None:
        """GitLab without a licence for it takes a change of who may push or merge, and does nothing."""
        own = next((one for one in self._listed(api) if one.get("name") == self._wanted.branch), {})
        if self._stricter(own).action != "kept":
            raise RemoteError(
                f"expected GitLab to change the protection of {self._wanted.branch}, found it as it was before",
                hint="who may push or merge can be changed later only with GitLab Premium: unprotect the branch in the "
                "project's settings, then run this again at once",
            )

    def check(self, api: ForgeApi) -> tuple[Rule, ...]:
        """Judge every protected branch and wildcard that matches, as the most permissive one wins."""
        found = [one for one in self._listed(api) if matches_stars(str(one.get("name")), self._wanted.branch)]
        if not found:
            return tuple(
                Rule(name=name, held=False, told="the branch is not protected")
                for name in ("deletion", "force-push", "merge", *(["push"] if self._allowed else []))
            )
        names = ", ".join(repr(str(one.get("name"))) for one in found)
        pushing = [level for one in found for level in entries(one.get("push_access_levels"))]
        return (
            Rule(name="deletion", held=True, told=f"nobody may delete it with git (protected by {names})"),
            _judge(
                "force-push",
                [str(one.get("name")) for one in found if one.get("allow_force_push") is not False],
                "nobody may force-push it",
                "allowed by the protection of",
            ),
            _judge(
                "merge",
                [_who(one) for each in found for one in entries(each.get("merge_access_levels")) if _may(one)],
                "nobody may merge into it",
                "allowed to",
            ),
            self._judge_pushing(pushing),
            _judge_unprotecting(found),
        )

    def _judge_pushing(self, pushing: Sequence[Mapping[str, Any]]) -> Rule:
        if not self._allowed:
            told = f"allowed to {', '.join(map(_who, pushing)) or 'nobody'}; see --writer"
            return Rule(name="push", held=False, told=told, required=False)
        others = [_who(one) for one in pushing if not self._is_allowed(one)]
        return _judge("push", others, "only the writers may push to it", "allowed to")

    def _is_allowed(self, level: Mapping[str, Any]) -> bool:
        if not _may(level):
            return True
        least = min((grant["access_level"] for grant in self._allowed if "access_level" in grant), default=None)
        if _is_role(level):
            return least is not None and _number(level) >= least
        return any(_same(grant, level) for grant in self._allowed)

    def _listed(self, api: ForgeApi) -> Sequence[Mapping[str, Any]]:
        found = api.pages(f"{self._branches}?per_page=100")
        if found is None:
            raise RemoteError(
                f"expected the project {self._path} on GitLab, found none that the token may see",
                hint="check the name, and that the token has the scope api and the role of a maintainer",
            )
        return [mapping(one) for one in found]


def _grant(writer: Writer) -> Document:
    if writer.kind != "role":
        return {_FIELDS[writer.kind]: number_of(writer)}
    if writer.value not in _ROLES:
        raise InputError(
            f"expected --writer role:developer or role:maintainer, found {writer.text!r}",
            hint="or name users and groups by their number, which needs GitLab Premium",
        )
    return {"access_level": _ROLES[writer.value]}


def _is_role(level: Mapping[str, Any]) -> bool:
    return all(level.get(field) is None for field in _FIELDS.values())


def _number(level: Mapping[str, Any]) -> int:
    found = level.get("access_level")
    return found if isinstance(found, int) else NO_ONE


def _may(level: Mapping[str, Any]) -> bool:
    return not _is_role(level) or level.get("access_level") != NO_ONE


def _same(grant: Document, level: Mapping[str, Any]) -> bool:
    if "access_level" in grant:
        return _is_role(level) and level.get("access_level") == grant["access_level"]
    return all(level.get(field) == value for field, value in grant.items())


def _who(level: Mapping[str, Any]) -> str:
    return str(level.get("access_level_description") or level.get("access_level"))


def _judge(name: str, against: Sequence[str], held: str, otherwise: str) -> Rule:
    if not against:
        return Rule(name=name, held=True, told=held)
    return Rule(name=name, held=False, told=f"{otherwise} {', '.join(dict.fromkeys(against))}")


def _judge_unprotecting(found: Sequence[Mapping[str, Any]]) -> Rule:
    levels = [one for each in found for one in entries(each.get("unprotect_access_levels"))]
    held = bool(levels) and all(_number(one) >= ADMIN for one in levels)
    who = ", ".join(dict.fromkeys(map(_who, levels))) or "maintainers"
    return Rule(name="unprotect", held=held, told=f"{who} may unprotect and then delete it", required=False)
