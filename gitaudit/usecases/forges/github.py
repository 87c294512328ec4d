"""GitHub: two rulesets (https://docs.github.com/en/rest/repos/rules).

Who may bypass is said for a ruleset as a whole. In one ruleset, those who alone may write the log could also rewind
it; so one ruleset that nobody bypasses keeps the branch, and a second one says who writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gitaudit.errors import RemoteError
from gitaudit.usecases.forges import hcl
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
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitaudit.ports import ForgeApi

WRITERS = {
    "app": "app:15368",
    "team": "team:42",
    "role": "role:5",
    "user": "user:583231",
    "deploy-keys": "deploy-keys:all",
}
"""Kinds of writers: GitHub App, team, repository role (2 maintain, 4 write, 5 admin), user, all deploy keys."""
KEEP, WRITE = "keep", "write"
_ACTORS = {"app": "Integration", "team": "Team", "role": "RepositoryRole", "user": "User", "deploy-keys": "DeployKey"}
_KEEPING = {
    "deletion": "nobody may delete the branch",
    "non_fast_forward": "nobody may force-push it",
    "required_linear_history": "nobody may push a merge to it",
}
_SIGNED = {"required_signatures": "GitHub refuses commits whose signature it cannot verify"}
_WRITING = {"creation": "only the writers may create it", "update": "only the writers may push to it"}


class GitHub:
    """GitHub, or GitHub Enterprise Server."""

    def __init__(self, wanted: Wanted) -> None:
        """Check what is wanted. Raises `InputError`."""
        self._wanted = wanted
        owner, name = check_path(wanted.path, (2, 2), "acme/infra")
        self._owner, self._name = owner, name
        self._repository = f"/repos/{quote(owner)}/{quote(name)}"
        self._actors = [_actor(writer) for writer in wanted.writers]

    def requests(self) -> tuple[Request, ...]:
        """Return what makes the rulesets."""
        return tuple(Request(method="POST", path=f"{self._repository}/rulesets", body=one) for one in self._rulesets())

    def _rulesets(self) -> list[Document]:
        keeping = [*_KEEPING, *(_SIGNED if self._wanted.signed else ())]
        found = [self._ruleset(KEEP, keeping, [])]
        return [*found, self._ruleset(WRITE, list(_WRITING), self._actors)] if self._actors else found

    def _ruleset(self, purpose: str, rules: Sequence[str], actors: Sequence[Document]) -> Document:
        return {
            "name": self._ruleset_name(purpose),
            "target": "branch",
            "enforcement": "active",
            "bypass_actors": list(actors),
            "conditions": {"ref_name": {"include": [self._wanted.ref], "exclude": []}},
            "rules": [{"type": rule} for rule in rules],
        }

    def _ruleset_name(self, purpose: str) -> str:
        return f"gitaudit: {purpose} {self._wanted.branch}"

    def terraform(self) -> str:
        """Return resources `github_repository_ruleset` of the provider integrations/github."""
        server = self._wanted.base.removesuffix("/api/v3")
        where = {} if server == self._wanted.base else {"base_url": f"{server}/"}
        blocks = hcl.provider("github", "integrations/github", ">= 6.2", owner=self._owner, **where)
        blocks += [self._resource(purpose, one) for purpose, one in zip((KEEP, WRITE), self._rulesets(), strict=False)]
        return hcl.document("The token of the provider comes from the variable GITHUB_TOKEN.", blocks)

    def _resource(self, purpose: str, ruleset: Document) -> str:
        conditions = hcl.block("conditions", hcl.block("ref_name", ruleset["conditions"]["ref_name"]))
        actors = [
            hcl.block("bypass_actors", {name: value for name, value in actor.items() if value is not None})
            for actor in ruleset["bypass_actors"]
        ]
        rules = hcl.block("rules", {rule["type"]: True for rule in ruleset["rules"]})
        return hcl.block(
            "resource",
            {
                "name": ruleset["name"],
                "repository": self._name,
                "target": ruleset["target"],
                "enforcement": ruleset["enforcement"],
            },
            conditions,
            *actors,
            rules,
            labels=["github_repository_ruleset", f"gitaudit_{purpose}"],
        )

    def apply(self, api: ForgeApi, *, dry_run: bool) -> tuple[Change, ...]:
        """Create the rulesets, or bring those of the same names to what they should be; others are left alone."""
        listed = api.pages(f"{self._repository}/rulesets?includes_parents=false&per_page=100")
        if listed is None:
            raise _not_found(self._wanted.path)
        ids = {str(one.get("name")): one.get("id") for one in listed if one.get("target", "branch") == "branch"}
        changes = [self._change(api, body, ids.get(str(body["name"]))) for body in self._rulesets()]
        for change in changes:
            if change.request is not None and not dry_run:
                api.send(change.request.method, change.request.path, change.request.body)
        return tuple(changes)

    def _change(self, api: ForgeApi, body: Document, number: object) -> Change:
        name = str(body["name"])
        if number is None:
            created = Request(method="POST", path=f"{self._repository}/rulesets", body=body)
            return Change(name=name, action="created", request=created)
        path = f"{self._repository}/rulesets/{quote(str(number))}"
        now = mapping(api.get(path))
        if now.get("bypass_actors") is None:
            raise RemoteError(
                f"expected to see who may bypass the ruleset {name!r}, found the token not to be told",
                hint="use a token of somebody who administers the repository",
            )
        if _fits(now, body):
            return Change(name=name, action="kept")
        return Change(name=name, action="changed", request=Request(method="PUT", path=path, body=_merged(now, body)))

    def check(self, api: ForgeApi) -> tuple[Rule, ...]:
        """Judge the rules in force on the branch, of whatever ruleset they come, and who may bypass each."""
        listed = api.pages(f"{self._repository}/rules/branches/{quote(self._wanted.branch, safe='')}?per_page=100")
        if listed is None:
            raise _not_found(self._wanted.path)
        found = _Effective(api, self._repository, listed)
        rules = [found.judge(name, told, []) for name, told in _KEEPING.items()]
        rules += [found.judge(name, told, [], required=self._wanted.signed) for name, told in _SIGNED.items()]
        if self._actors:
            return (*rules, *(found.judge(name, told, self._actors) for name, told in _WRITING.items()))
        told = "everybody who may push to the repository may add to the log, also what is no record; see --writer"
        return (*rules, Rule(name="update", held=False, told=told, required=False))


class _Effective:
    """The rules in force on a branch, and what their rulesets let through."""

    def __init__(self, api: ForgeApi, repository: str, listed: Sequence[Mapping[str, Any]]) -> None:
        self._api = api
        self._repository = repository
        self._listed = listed
        self._rulesets: dict[str, Mapping[str, Any]] = {}

    def judge(self, name: str, told: str, allowed: Sequence[Document], *, required: bool = True) -> Rule:
        """Return whether one ruleset at least has a rule that nobody but `allowed` bypasses."""
        numbers = [str(one["ruleset_id"]) for one in self._listed if one.get("type") == name and "ruleset_id" in one]
        if not numbers:
            return Rule(name=name, held=False, told="no ruleset in force has this rule", required=required)
        reasons: list[str] = []
        unknown = False
        for number in dict.fromkeys(numbers):
            ruleset = self._ruleset(number)
            title = str(ruleset.get("name", number))
            actors = ruleset.get("bypass_actors")
            if actors is None:
                unknown = True
                reasons.append(f"the token is not told who may bypass the ruleset {title!r}")
                continue
            others = [one for one in map(_plain_actor, entries(actors)) if one not in map(_plain_actor, allowed)]
            if not others:
                return Rule(name=name, held=True, told=f"{told} (ruleset {title!r})", required=required)
            reasons.append(f"{', '.join(map(_actor_name, others))} may bypass the ruleset {title!r}")
        return Rule(name=name, held=None if unknown else False, told="; ".join(reasons), required=required)

    def _ruleset(self, number: str) -> Mapping[str, Any]:
        if number not in self._rulesets:
            found = self._api.get(f"{self._repository}/rulesets/{quote(number)}")
            self._rulesets[number] = {} if found is None else mapping(found)
        return self._rulesets[number]


def _actor(writer: Writer) -> Document:
    number = None if writer.kind == "deploy-keys" else number_of(writer)
    return {"actor_id": number, "actor_type": _ACTORS[writer.kind], "bypass_mode": "always"}


def _plain_actor(actor: Mapping[str, Any]) -> tuple[object, object]:
    kind = actor.get("actor_type")
    return (kind, None if kind == "DeployKey" else actor.get("actor_id"))  # deploy keys are allowed all together


def _actor_name(actor: tuple[object, object]) -> str:
    return f"{actor[0]} {'' if actor[1] is None else actor[1]}".strip()


def _fits(now: Mapping[str, Any], body: Document) -> bool:
    """Return whether a ruleset does all that `body` asks for; it may have more rules and more branches."""
    conditions = _ref_names(now)
    return (
        now.get("enforcement") == body["enforcement"]
        and set(body["conditions"]["ref_name"]["include"]) <= set(conditions["include"])
        and not conditions["exclude"]
        and sorted(map(str, map(_plain_actor, entries(now.get("bypass_actors")))))
        == sorted(map(str, map(_plain_actor, body["bypass_actors"])))
        and {one["type"] for one in body["rules"]} <= {one.get("type") for one in entries(now.get("rules"))}
    )


def _merged(now: Mapping[str, Any], body: Document) -> Document:
    """Return what to replace a ruleset by: rules and branches that somebody added to it stay."""
    wanted = {rule["type"] for rule in body["rules"]}
    added = [dict(one) for one in entries(now.get("rules")) if one.get("type") not in wanted]
    include = dict.fromkeys([*body["conditions"]["ref_name"]["include"], *_ref_names(now)["include"]])
    conditions = {"ref_name": {"include": list(include), "exclude": []}}
    return {**body, "conditions": conditions, "rules": [*body["rules"], *added]}


def _ref_names(ruleset: Mapping[str, Any]) -> dict[str, list[str]]:
    found = mapping(mapping(ruleset.get("conditions") or {}).get("ref_name") or {})
    return {name: texts(found.get(name)) for name in ("include", "exclude")}


def _not_found(path: str) -> RemoteError:
    return RemoteError(
        f"expected the repository {path} on GitHub, found none that the token may see",
        hint="check the name, and that the token is for this repository",
    )
