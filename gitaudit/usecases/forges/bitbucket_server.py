"""Bitbucket Data Center: branch permissions (`/branch-permissions/2.0/projects/{key}/repos/{slug}/restrictions`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gitaudit.errors import InputError, RemoteError
from gitaudit.usecases.forges.bitbucket import refuse_signed
from gitaudit.usecases.forges.model import Change, Document, Request, Rule, Wanted, check_path, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.ports import ForgeApi

WRITERS = {"user": "user:ci", "group": "group:platform"}
"""Kinds of writers."""
_TYPES = {
    "fast-forward-only": "nobody may force-push it",
    "no-deletes": "nobody may delete it",
    "read-only": "only the writers may change it",
}


class BitbucketServer:
    """An instance of Bitbucket Data Center."""

    def __init__(self, wanted: Wanted) -> None:
        """Check what is wanted. Raises `InputError`."""
        self._wanted = wanted
        path = wanted.path.removeprefix("scm/")  # clone addresses over HTTP have it, the API has not
        self._key, self._slug = check_path(path, (2, 2), "PROJECT/infra")
        self._path = f"/branch-permissions/2.0/projects/{quote(self._key)}/repos/{quote(self._slug)}/restrictions"
        refuse_signed(wanted)

    def requests(self) -> tuple[Request, ...]:
        """Return what restricts the branch."""
        return tuple(Request(method="POST", path=self._path, body=self._body(kind)) for kind in self._types())

    def _types(self) -> list[str]:
        return [kind for kind in _TYPES if kind != "read-only" or self._wanted.writers]

    def _body(self, kind: str) -> Document:
        exempt = self._wanted.writers if kind == "read-only" else ()
        return {
            "type": kind,
            "matcher": {
                "id": self._wanted.ref,
                "displayId": self._wanted.branch,
                "type": {"id": "BRANCH", "name": "Branch"},
                "active": True,
            },
            "users": [writer.value for writer in exempt if writer.kind == "user"],
            "groups": [writer.value for writer in exempt if writer.kind == "group"],
            "accessKeys": [],
        }

    def terraform(self) -> str:
        """Refuse: no provider that is known to be kept. Raises `InputError`."""
        raise InputError(
            "expected another forge for Terraform, found Bitbucket Data Center, for which no provider is known",
            hint="use --apply, or --json for the bodies of the API",
        )

    def apply(self, api: ForgeApi, *, dry_run: bool) -> tuple[Change, ...]:
        """Add the restrictions that the branch lacks, then take away those that let others through."""
        own = [one for one in self._listed(api) if _ref_of(one) == self._wanted.ref]
        changes: list[Change] = []
        for kind in self._types():
            same = [one for one in own if one.get("type") == kind]
            if any(_exempt(one) == _exempt(self._body(kind)) for one in same):
                changes.append(Change(name=kind, action="kept"))
                continue
            create = Request(method="POST", path=self._path, body=self._body(kind))
            changes.append(Change(name=kind, action="changed" if same else "created", request=create))
            requests = [create, *(self._removal(one) for one in same)]
            for request in [] if dry_run else requests:
                api.send(request.method, request.path, request.body)
        return tuple(changes)

    def _removal(self, restriction: Mapping[str, Any]) -> Request:
        return Request(method="DELETE", path=f"{self._path}/{quote(str(restriction.get('id')))}", body=None)

    def check(self, api: ForgeApi) -> tuple[Rule, ...]:
        """Judge the restrictions on exactly this branch; patterns and branching models are left aside."""
        own = [one for one in self._listed(api) if _ref_of(one) == self._wanted.ref]
        return tuple(self._judge(kind, [one for one in own if one.get("type") == kind]) for kind in _TYPES)

    def _judge(self, kind: str, found: Sequence[Mapping[str, Any]]) -> Rule:
        required = kind != "read-only" or bool(self._wanted.writers)
        if not found:
            missing = (
                "no restriction of this kind" if required else "everybody who may push may add to it; see --writer"
            )
            return Rule(name=kind, held=False, told=missing, required=required)
        # Users and groups of several restrictions of one kind are exempt where any of them says so.
        others = sorted(frozenset().union(*map(_exempt, found)) - _exempt(self._body(kind)))
        if not others or not required:
            return Rule(name=kind, held=True, told=_TYPES[kind], required=required)
        return Rule(name=kind, held=False, told=f"{', '.join(others)} may all the same", required=required)

    def _listed(self, api: ForgeApi) -> Sequence[Mapping[str, Any]]:
        found = api.pages(f"{self._path}?limit=100")
        if found is None:
            raise RemoteError(
                f"expected {self._key}/{self._slug} on Bitbucket, found none that the token may administer",
                hint="check the name, and that the token has the permission of a repository admin",
            )
        return [mapping(one) for one in found]


def _ref_of(restriction: Mapping[str, Any]) -> str:
    matcher = restriction.get("matcher")
    return str(matcher.get("id")) if isinstance(matcher, dict) else ""


def _exempt(restriction: Mapping[str, Any]) -> frozenset[str]:
    found: list[str] = []
    for field, label in (("users", "user"), ("groups", "group"), ("accessKeys", "access key")):
        listed = restriction.get(field)
        for one in listed if isinstance(listed, list) else []:
            name = one.get("name") or one.get("id") if isinstance(one, dict) else one
            found.append(f"{label} {name}")
    return frozenset(found)
