"""Deployment records: what was deployed where, with what result, from a tool's own output where there is one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import InputError
from gitaudit.log.commit import sha256_hex
from gitaudit.log.times import format_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gitaudit.iac.model import Summary
    from gitaudit.policy.policy import Policy
    from gitaudit.usecases.deploys.who import Who

OUTCOMES = ("succeeded", "failed", "partial", "canceled", "unknown")
_ARTIFACT = r"(?a:(?P<name>[^\s@]{1,255})@sha256:(?P<digest>[0-9a-f]{64}))"
_LINK = r"(?a:(?P<rel>[a-z][a-z0-9-]{0,63})=(?P<href>https?://[^\s]{1,2000}))"
_USERINFO = r"^(https?://)[^/@]*@"


class Evidence(NamedTuple):
    """A file that supports a record: its name, its size in bytes, and its SHA-256 in lower-case hex."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, content: bytes) -> Evidence:
        """Return the evidence that a content is."""
        return cls(name=name, size=len(content), sha256=sha256_hex(content))

    def to_item(self) -> dict[str, object]:
        """Return the evidence item of the record schemas."""
        return {"name": self.name, "size": self.size, "sha256": self.sha256, "stored": "none"}


class Deployment(NamedTuple):
    """What the user says of a deployment; None and empty where nothing is said."""

    environment: str
    outcome: str | None = None
    plan: Summary | None = None
    result: Summary | None = None
    state: Summary | None = None
    stack: str | None = None
    started: datetime | None = None
    finished: datetime | None = None
    reason: str | None = None
    ticket: str | None = None
    artifacts: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    supersedes: str | None = None
    rolls_back: str | None = None
    retries: str | None = None
    exit_code: int | None = None
    dirty: bool | None = None
    finishes: str | None = None
    who: Who | None = None


def deploy_body(deployment: Deployment, policy: Policy) -> dict[str, object]:
    """Return the body of a `deploy.finished` record.

    Raises:
        InputError: an environment that the policy does not have, no outcome, or facts that contradict each other.
    """
    check_environment(deployment.environment, policy)
    outcome, source = derive_outcome(deployment)
    body: dict[str, object] = {
        "environment": {"id": deployment.environment},
        "outcome": outcome,
        "outcome_source": source,
    }
    body |= stated_fields(deployment)
    if deployment.started and deployment.finished and deployment.started > deployment.finished:
        raise InputError(
            "expected --started to lie before --finished, found it after",
            hint="both take RFC 3339 times such as 2026-11-22T20:39:00Z",
        )
    if deployment.plan is not None:
        body["plan"] = deployment.plan.to_body()
    if deployment.result is not None:
        body["result"] = result = deployment.result.to_body()
        body["counts"] = result["counts"]
    if deployment.state is not None:
        body["state"] = {"after": deployment.state.to_body()}
    return body


def derive_outcome(deployment: Deployment) -> tuple[str, str]:
    """Return the outcome and what it was derived from: `stated`, `result` or `exit-code`.

    Raises:
        InputError: nothing tells it, or two sources contradict each other.
    """
    told = None if deployment.result is None else deployment.result.outcome
    code = deployment.exit_code
    if code is not None and told is not None and told != "unknown" and (code == 0) != (told == "succeeded"):
        raise InputError(
            f"expected --result and --exit-code of the same run, found {told} and {code}",
            hint="an exit code of 0 is a success; leave out the one that is wrong",
        )
    from_code = None if code is None else "succeeded" if code == 0 else "failed"
    stated = deployment.outcome
    if stated is None:
        if told is not None and (told != "unknown" or from_code is None):
            return told, "result"
        if from_code is not None:
            return from_code, "exit-code"
        raise InputError(
            "expected an outcome, found nothing that tells it",
            hint=f"give --result FILE, --exit-code N, or --outcome {'|'.join(OUTCOMES)}",
        )
    for option, other in (("--result", told), ("--exit-code", from_code)):
        if not _fits(stated, other):
            raise InputError(
                f"expected --outcome to agree with {option}, found {stated} and {other}",
                hint="leave --outcome out, or correct it",
            )
    return stated, "stated"


def parse_artifact(text: str) -> dict[str, str]:
    """Return an artifact given as `NAME@sha256:HEX`. Raises `InputError`."""
    match = re.fullmatch(_ARTIFACT, text)
    if match is None:
        raise InputError(
            "expected --artifact as NAME@sha256:HEX, found another form",
            hint="for an image: docker inspect --format '{{index .RepoDigests 0}}' IMAGE",
        )
    return {"name": match["name"], "sha256": match["digest"]}


def parse_link(text: str) -> dict[str, str]:
    """Return a link given as `REL=URL`; user names and passwords in the URL are left out. Raises `InputError`."""
    match = re.fullmatch(_LINK, text)
    if match is None:
        raise InputError(
            "expected --link as REL=URL, found another form", hint="for example: --link run=https://ci.example.com/7"
        )
    return {"rel": match["rel"], "href": re.sub(_USERINFO, r"\1", match["href"])}


def _fits(stated: str, other: str | None) -> bool:
    """Return whether a stated outcome can be true beside another source; a cancelled run looks like a failed one."""
    if other in {None, "unknown", stated}:
        return True
    return (stated, other) in {("partial", "failed"), ("canceled", "failed"), ("canceled", "partial")}


def check_environment(name: str, policy: Policy) -> None:
    """Refuse an environment that the policy does not have. Raises `InputError`, with the one that may be meant."""
    if not policy.environments or name in policy.environments:
        return
    from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

    close = next(iter(get_close_matches(name.lower(), policy.environments, n=1, cutoff=0.5)), None)
    meant = f"did you mean {close}? " if close else ""
    every = " ".join(f"--env {one}" for one in policy.environments)
    raise InputError(
        f"expected an environment of the policy, found {name!r}",
        hint=f"{meant}there are: {', '.join(policy.environments)}; an admin adds one with: "
        f"gitaudit policy set {every} --env NAME",
    )


def stated_fields(deployment: Deployment, *, ended: bool = True) -> dict[str, object]:
    """Return the fields of what was given; without those that only the end of a deployment has, where it begins."""
    fields: dict[str, object] = {
        "stack": {"name": deployment.stack} if deployment.stack else None,
        "reason": deployment.reason,
        "ticket": deployment.ticket,
        "supersedes": deployment.supersedes,
        "rolls_back": deployment.rolls_back,
        "retries": deployment.retries,
    }
    if deployment.who is not None:
        fields |= deployment.who.to_body()
        fields["ticket"] = deployment.ticket or deployment.who.ticket
    if ended:
        fields |= {
            "started": deployment.finishes,
            "started_at": format_time(deployment.started) if deployment.started else None,
            "finished_at": format_time(deployment.finished) if deployment.finished else None,
            "exit_code": deployment.exit_code,
            "dirty": deployment.dirty,
            "artifacts": [parse_artifact(text) for text in deployment.artifacts] or None,
            "evidence": [one.to_item() for one in deployment.evidence] or None,
        }
    return {name: value for name, value in fields.items() if value is not None}


def all_links(given: Sequence[str], who: Who | None) -> list[dict[str, str]]:
    """Return the links that were given, then those that the pipeline tells and nobody gave. Raises `InputError`."""
    links = [parse_link(text) for text in given]
    relations = {link["rel"] for link in links}
    return links + [dict(link) for link in (who.links if who else ()) if link["rel"] not in relations]
