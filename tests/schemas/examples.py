"""Example documents of every record type, of a policy and of a configuration, for any test that needs one.

In the templates a name that ends in `?` is an optional field: the minimal example leaves it out, the full one has it.
"""

from __future__ import annotations

from typing import Any

FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
FINGERPRINT_V6 = "0123456789ABCDEF" * 4
OID = "3f2a9c14" * 5
OID_SHA256 = "3f2a9c14" * 8
SHA256 = "5c" * 32
RECORD_ID = "019a5f0e-3c00-7abc-8def-0123456789ab"
OTHER_ID = "019a5f0e-3c01-7abc-9def-0123456789ab"
TIME = "2026-11-22T20:39:00Z"
LATER = "2027-02-28T23:59:59Z"

Template = dict[str, Any]

ACTOR: Template = {"kind": "human", "id": "github:583231", "auth": "unverified"}
PIN: Template = {"commit": OID, "sha256": SHA256}
ENVIRONMENT: Template = {"id": "prod", "tier?": "production", "url?": "https://app.example.com/health?full=1"}
STACK: Template = {"name": "default", "tool?": "terraform", "path?": "stacks/net work"}
RESOURCE: Template = {
    "address": 'module.net["ä"].aws_subnet.a[0]',
    "type": "aws_subnet",
    "provider?": "registry.example.com/hashicorp/aws",
    "action": "replace",
    "reason?": "replace_because_cannot_update",
    "changed?": ["cidr_block", "tags.Name"],
    "replace?": ["cidr_block"],
    "previous_address?": "aws_subnet.old",
    "deposed?": "a1b2c3d4",
    "result?": "failed",
    "elapsed_s?": 12,
}
RESOURCES: Template = {"total": 2, "items": [RESOURCE], "sha256?": SHA256}
OUTPUTS: Template = {
    "total": 1,
    "items": [{"name": "url", "sensitive?": False, "action?": "create"}],
    "sha256?": SHA256,
}
COUNTS: Template = {
    f"{name}?": number
    for number, name in enumerate(
        ("create", "update", "replace", "delete", "read", "forget", "move", "import", "no-op")
    )
}
STATE: Template = {
    "lineage?": "8d2f4b0e-0f5c-4a39",
    "serial?": 9,
    "sha256?": SHA256,
    "size?": 1671,
    "tool?": "terraform",
    "tool_version?": "1.11.4",
    "format_version?": "4",
    "counts?": COUNTS,
    "resources?": RESOURCES,
    "outputs?": OUTPUTS,
}
HINTS: list[Template] = [
    {"path": "net/main.tf", "tool?": "terraform", "blocks?": ["resource.aws_iam_role.ci"], "flags?": ["iam"]},
    {"path_base64": "bmV0L23kaW4udGY=", "tool?": "terraform"},
]
PLAN: Template = {
    "tool": "terraform",
    "tool_version?": "1.11.4",
    "format_version?": "1.2",
    "sha256": SHA256,
    "size": 4374,
    "counts": COUNTS,
    "resources": RESOURCES,
    "outputs?": OUTPUTS,
    "drift?": RESOURCES,
    "errored?": False,
    "applied?": True,
    "complete?": True,
}
RESULT: Template = {
    "tool": "opentofu",
    "tool_version?": "1.10.0",
    "format_version?": "1.2",
    "sha256": SHA256,
    "size": 0,
    "counts": COUNTS,
    "resources": RESOURCES,
    "outputs?": OUTPUTS,
    "errors?": 1,
    "warnings?": 0,
    "unknown_messages?": 3,
}
DEPLOY: Template = {
    "state?": {"before?": {"serial?": 8, "sha256?": SHA256}, "after?": STATE},
    "environment": ENVIRONMENT,
    "stack?": STACK,
    "action?": "apply",
    "argv?": ["terraform", "apply", "-auto-approve", ""],
    "dirty?": False,
    "plan?": PLAN,
    "reason?": "release 1.4: größere Knoten",
    "ticket?": "OPS-1234",
    "deployment_id?": "1234567890",
    "attempt?": 1,
    "retries?": OTHER_ID,
    "supersedes?": OTHER_ID,
    "rolls_back?": OTHER_ID,
    "executor?": {"kind": "workload", "id": "github:acme/infra:deploy.yml", "auth": "oidc"},
    "triggered_by?": ACTOR,
}
FILE: Template = {
    "path": "stacks/network/main.tf",
    "status": "modified",
    "tool?": "terraform",
    "before?": {"blob": OID, "sha256": SHA256},
    "after?": {"blob": OID_SHA256, "sha256": SHA256},
}
FILE_BASE64: Template = {"path_base64": "c3RhY2tzL/8udGY=", "status": "deleted"}

BODIES: dict[str, tuple[Template, ...]] = {
    "genesis": ({"policy_sha256": SHA256, "note?": "The log of the network team."},),
    "policy": (
        {
            "change": "add-key",
            "key": FINGERPRINT,
            "roles?": ["ci", "release-2"],
            "reason?": "new build server",
            "revocation?": {"reason": "compromised", "since_index?": 0},
            "policy_sha256": SHA256,
            "signatures?": [{"key": FINGERPRINT_V6, "signature": "iHUEABYKAB0="}],
        },
        {"change": "set", "policy_sha256": SHA256},
        {"change": "revoke-key", "key": FINGERPRINT, "policy_sha256": SHA256},
    ),
    "change": (
        {
            "parents": [OID],
            "author": ACTOR,
            "committer": {"kind": "human", "id": f"openpgp:{FINGERPRINT}", "auth": "gpg"},
            "authored_at?": TIME,
            "committed_at?": TIME,
            "files": {"total": 3, "items": [FILE, FILE_BASE64], "sha256?": SHA256},
            "hints?": {"files": {"total": 3, "items": HINTS, "sha256?": SHA256}, "flags?": ["iam", "open-ingress"]},
            "event?": "forced-update",
            "replaces?": [OID],
            "reason?": "smaller subnets",
            "ticket?": "OPS-1234",
            "pushed_from?": OID,
            "pushed_to?": OID,
        },
        {"parents": [], "author": ACTOR, "committer": ACTOR, "files": {"total": 0, "items": []}},
    ),
    "deploy.started": (DEPLOY,),
    "deploy.finished": (
        {
            **DEPLOY,
            "outcome": "partial",
            "outcome_source": "result",
            "started?": OTHER_ID,
            "started_at?": TIME,
            "finished_at?": LATER,
            "exit_code?": 1,
            "signal?": 15,
            "result?": RESULT,
            "counts?": COUNTS,
            "artifacts?": [{"name": "registry.example.com/app:1.4", "sha256": SHA256}],
            "evidence?": [
                {
                    "name": "apply.jsonl",
                    "media_type?": "application/jsonl",
                    "size": 6755,
                    "sha256": SHA256,
                    "stored": "none",
                }
            ],
        },
    ),
    "approval": (
        {
            "environment?": ENVIRONMENT,
            "decision": "approved",
            "target": {"commit": OID},
            "reason?": "plan reviewed",
            "self?": False,
            "stale?": False,
        },
        {"decision": "rejected", "target": {"record": OTHER_ID}},
        {"decision": "rejected", "target": {"plan_sha256": SHA256}},
    ),
    "override": (
        {
            "environment?": ENVIRONMENT,
            "control": "two approvals",
            "reason": "database down, see ticket",
            "ticket?": "INC-7",
            "expires_at": LATER,
            "review": {"due_at": LATER, "reviewed_at?": LATER, "verdict?": "upheld", "record?": OTHER_ID},
        },
    ),
    "drift": (
        {
            "environment?": ENVIRONMENT,
            "stack?": STACK,
            "detected": True,
            "source": "terraform plan -refresh-only",
            "resources?": RESOURCES,
            "state?": {
                "before": {"lineage?": "8d2f4b0e-0f5c-4a39", "serial?": 7, "sha256?": SHA256},
                "after": STATE,
            },
        },
    ),
    "freeze": (
        {
            "environment?": ENVIRONMENT,
            "state": "begin",
            "from?": TIME,
            "until?": LATER,
            "window?": "year end",
            "reason": "closing of the books",
        },
    ),
    "waiver": (
        {
            "commits": [OID, OID_SHA256],
            "reason": "imported history",
            "ticket?": "OPS-1",
            "expires_at?": LATER,
        },
        {"range": {"from": OID, "to": OID_SHA256}, "reason": "imported history"},
    ),
    "correction": ({"corrects": OTHER_ID, "reason": "wrong ticket", "fields?": ["/body/ticket"]},),
}
"""The bodies of each record type; the first is the one that `example` shows."""

SUBJECT: Template = {
    "repository?": "https://git.example.com/acme/infra.git",
    "ref?": "refs/heads/main",
    "commit": OID,
    "tree": OID,
    "object_format": "sha1",
}
POLICY: Template = {
    "format": "gitaudit.policy/1",
    "origin": "example.com/infra",
    "admins": {"threshold": 1, "keys": [FINGERPRINT]},
    "keys": [{"fingerprint": FINGERPRINT, "name": "Ann Owner", "email?": "ann@example.com"}],
    "roles": [
        {
            "name": "ci",
            "types": ["change", "deploy.finished"],
            "environments": ["*", "prod", "eu/*"],
            "keys": [FINGERPRINT],
        },
        {"name": "release", "types": ["approval"], "environments": [], "keys": []},
    ],
    "environments": [
        {"name": "prod", "tier?": "production", "unpublished_start?": "block", "approvals?": {"required": 2}}
    ],
    "protected_refs": ["refs/heads/main", "refs/heads/release/*"],
    "iac": ["**/*.tf", "playbooks/**"],
    "clock": {"tolerance_seconds": 600},
    "change_records?": {"writer": "developer", "on_failure": "block"},
    "revocations?": [{"key": FINGERPRINT_V6, "reason": "superseded", "since_index?": 3}],
    "critical": ["delegation"],
}
CONFIG: Template = {
    "format": "gitaudit.config/1",
    "log": "refs/heads/audit",
    "origin": "example.com/infra",
    "genesis": PIN,
    "remote?": "origin",
}


def templates() -> dict[str, Template]:
    """Return every template by a name that starts with the record type, `policy.yml` or `.gitaudit.yml`."""
    records = {
        f"{kind}-{number}" if number else kind: _record(kind, body)
        for kind, bodies in BODIES.items()
        for number, body in enumerate(bodies)
    }
    return {**records, "policy.yml": POLICY, ".gitaudit.yml": CONFIG}


def build(template: Any, *, full: bool = False) -> Any:  # noqa: ANN401 -- any JSON value
    """Return the document that a template describes, all of it made anew: a test may change it."""
    if isinstance(template, dict):
        names = [name for name in template if full or not name.endswith("?")]
        return {name.removesuffix("?"): build(template[name], full=full) for name in names}
    if isinstance(template, list):
        return [build(item, full=full) for item in template]
    return template


def example(record_type: str, *, full: bool = False) -> dict[str, Any]:
    """Return a valid record of a type: the least that it may hold, or every field."""
    return build(_record(record_type, BODIES[record_type][0]), full=full)  # type: ignore[no-any-return]


def policy_example(*, full: bool = False) -> dict[str, Any]:
    """Return a valid policy."""
    return build(POLICY, full=full)  # type: ignore[no-any-return]


def config_example(*, full: bool = False) -> dict[str, Any]:
    """Return a valid configuration."""
    return build(CONFIG, full=full)  # type: ignore[no-any-return]


def _record(kind: str, body: Template) -> Template:
    genesis = kind == "genesis"
    record: Template = {
        "schema": f"gitaudit/{kind}/1",
        "id": RECORD_ID,
        "origin": "example.com/infra",
        "index": 0 if genesis else 42,
        "prev": None if genesis else PIN,
        "type": kind,
        "occurred_at": TIME,
        "recorded_at": LATER,
        "recorded_by": f"openpgp:{FINGERPRINT}",
        "actor": ACTOR,
        "body": body,
        "links?": [{"rel": "ci-run", "href": "https://ci.example.com/runs/1", "sha256?": SHA256}],
        "files?": [{"path": f"keys/{FINGERPRINT}.asc", "sha256": SHA256}, {"path": "policy.yml", "sha256": SHA256}],
        "redaction": {"dropped": 3, "scrubbed": 0},
        "tool": {"name": "gitaudit", "version": "0.1.0"},
    }
    if not genesis:
        record["subject" if kind in {"change", "deploy.started", "deploy.finished"} else "subject?"] = SUBJECT
    return record
