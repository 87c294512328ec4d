"""Bitbucket Cloud: branch restrictions, one a kind (`/repositories/{workspace}/{repo}/branch-restrictions`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gitaudit.errors import InputError, RemoteError
from gitaudit.usecases.forges import hcl
from gitaudit.usecases.forges.globs import matches_stars
from gitaudit.usecases.forges.model import Change, Document, Request, Rule, Wanted, check_path, entries, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.ports import ForgeApi

WRITERS = {"user": "user:{6e2d4b5c-1c0f-4c7e-9a55-0c3f5b8a1d22}"}
"""Kinds of writers: users by UUID, in braces."""
_KINDS = {
    "force": "nobody may force-push it",
    "delete": "nobody may delete it",
    "restrict_merges": "nobody may merge into it",
    "push": "only the writers may push to it",
}
_LISTING = frozenset({"restrict_merges", "push"})
"""Kinds that have lists of those who may all the same."""


class BitbucketCloud:
    """bitbucket.org."""

    def __init__(self, wanted: Wanted) -> None:
        """Check what is wanted. Raises `InputError`."""
        self._wanted = wanted
        self._workspace, self._name = check_path(wanted.path, (2, 2), "acme/infra")
        self._path = f"/repositories/{quote(self._workspace)}/{quote(self._name)}/branch-restrictions"
        refuse_signed(wanted)

    def requests(self) -> tuple[Request, ...]:
        """Return what restricts the branch."""
        return tuple(Request(method="POST", path=self._path, body=self._body(kind)) for kind in self._kinds())

    def _kinds(self) -> list[str]:
        return [kind for kind in _KINDS if kind != "push" or self._wanted.writers]

    def _body(self, kind: str) -> Document:
        body: Document = {"kind": kind, "branch_match_kind": "glob", "pattern": self._wanted.branch}
        users = [{"uuid": writer.value} for writer in self._wanted.writers] if kind == "push" else []
        return {**body, "users": users, "groups": []} if kind in _LISTING else body

    def terraform(self) -> str:
        """Return resources `bitbucket_branch_restriction` of the provider DrFaust92/bitbucket."""
        if self._wanted.writers:
            raise InputError(
                "expected no --writer for Terraform, found one: its provider names users by what they call themselves",
                hint="use --apply, or --json for the bodies of the API",
            )
        blocks = hcl.provider("bitbucket", "DrFaust92/bitbucket", ">= 2.40")
        for kind in self._kinds():
            arguments = {
                "owner": self._workspace,
                "repository": self._name,
                "kind": kind,
                "pattern": self._wanted.branch,
            }
            blocks.append(hcl.block("resource", arguments, labels=["bitbucket_branch_restriction", f"gitaudit_{kind}"]))
        return hcl.document(
            "User and token of the provider come from BITBUCKET_USERNAME and BITBUCKET_PASSWORD.", blocks
        )

    def apply(self, api: ForgeApi, *, dry_run: bool) -> tuple[Change, ...]:
        """Add the restrictions that the branch lacks, and correct those that let more people through."""
        own = [one for one in self._listed(api) if _is_glob(one) and one.get("pattern") == self._wanted.branch]
        changes = [self._change(kind, own) for kind in self._kinds()]
        for change in changes:
            if change.request is not None and not dry_run:
                api.send(change.request.method, change.request.path, change.request.body)
        return tuple(changes)

    def _change(self, kind: str, own: Sequence[Mapping[str, Any]]) -> Change:
        found = [one for one in own if one.get("kind") == kind]
        body = self._body(kind)
        if not found:
            return Change(name=kind, action="created", request=Request(method="POST", path=self._path, body=body))
        if kind not in _LISTING or any(_allowed(one) == _allowed(body) for one in found):
            return Change(name=kind, action="kept")
        path = f"{self._path}/{quote(str(found[0].get('id')))}"
        return Change(name=kind, action="changed", request=Request(method="PUT", path=path, body=body))

    def check(self, api: ForgeApi) -> tuple[Rule, ...]:
        """Judge the restrictions whose pattern matches the branch."""
        found = [
            one
            for one in self._listed(api)
            if _is_glob(one) and matches_stars(str(one.get("pattern")), self._wanted.branch)
        ]
        return tuple(self._judge(kind, [one for one in found if one.get("kind") == kind]) for kind in _KINDS)

    def _judge(self, kind: str, found: Sequence[Mapping[str, Any]]) -> Rule:
        required = kind != "push" or bool(self._wanted.writers)
        if not found:
            missing = (
                "no restriction of this kind" if required else "everybody who may push may add to it; see --writer"
            )
            return Rule(name=kind, held=False, told=missing, required=required)
        allowed = _allowed(self._body(kind)) if required else frozenset()
        # Where several restrictions match, whoever one of them lets through is taken to be let through.
        others = sorted(frozenset().union(*map(_allowed, found)) - allowed)
        if kind not in _LISTING or not others:
            return Rule(name=kind, held=True, told=_KINDS[kind], required=required)
        return Rule(name=kind, held=False, told=f"allowed to {', '.join(others)}", required=required)

    def _listed(self, api: ForgeApi) -> Sequence[Mapping[str, Any]]:
        found = api.pages(f"{self._path}?pagelen=100")
        if found is None:
            raise RemoteError(
                f"expected the repository {self._wanted.path} on Bitbucket, found none that the token may administer",
                hint="check the name, and that the token has the scope repository:admin",
            )
        return [mapping(one) for one in found]


def refuse_signed(wanted: Wanted) -> None:
    """Refuse what no Bitbucket can do. Raises `InputError`."""
    if wanted.signed:
        raise InputError(
            "expected no --require-signatures for Bitbucket, found it: Bitbucket has no such rule",
            hint="leave it out; `gitaudit verify` checks the signatures of the log itself",
        )


def _is_glob(restriction: Mapping[str, Any]) -> bool:
    return str(restriction.get("branch_match_kind", "glob")) == "glob"


def _allowed(restriction: Mapping[str, Any]) -> frozenset[str]:
    users = [str(one.get("uuid") or one.get("account_id")) for one in entries(restriction.get("users"))]
    groups = [f"group {one.get('slug') or one.get('name')}" for one in entries(restriction.get("groups"))]
    return frozenset([*users, *groups])
