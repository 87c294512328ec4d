"""The good log that most log vectors go on from: six records about a repository of six commits, and notes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.vectors.making.forge import FPR, KEYS, ORIGIN, START, Files, Forge, Json, digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROLES = (
    ("dev", ("change", "waiver", "correction"), ("*",)),
    ("ci", ("deploy.started", "deploy.finished", "drift", "approval"), ("prod", "eu/*")),
    ("ops", ("approval", "override", "freeze"), ("*",)),
)
DEV = "Dev Eloper <dev@example.invalid>"
PROD = {"id": "prod"}


def policy(
    keys: Mapping[str, Sequence[str]],
    *,
    admins: Sequence[str] = ("owner",),
    threshold: int = 1,
    origin: str = ORIGIN,
    iac: Sequence[str] = ("*.tf",),
    more: str = "critical: []\n",
) -> bytes:
    """Return the text of `policy.yml`; `keys` are the roles of each signer, by name."""
    lines = ["format: gitaudit.policy/1", f"origin: {origin}", "admins:", f"  threshold: {threshold}", "  keys:"]
    lines += [f"  - {FPR[name]}" for name in admins]
    lines += ["keys:"]
    lines += [f"- fingerprint: {FPR[name]}\n  name: {name}" for name in keys]
    lines += ["roles:"]
    for role, types, environments in ROLES:
        members = [f"  - {FPR[name]}" for name, roles in keys.items() if role in roles]
        lines += [f"- name: {role}", "  types:", *(f"  - {one}" for one in types)]
        lines += ["  environments:", *(f'  - "{one}"' for one in environments)]
        lines += ["  keys:", *members] if members else ["  keys: []"]
    lines += ["environments:", "- name: prod", "- name: eu/west", "protected_refs:", "- refs/heads/main"]
    lines += ["iac:", *(f'- "{pattern}"' for pattern in iac), "clock:", "  tolerance_seconds: 600"]
    return "\n".join(lines).encode() + b"\n" + more.encode()


FIRST = {"owner": (), "dev": ("dev",), "ci": ("ci",), "ops": ("ops",)}
WITH_TEMP = {**FIRST, "temp": ("dev",)}


def key_files(*names: str) -> dict[str, bytes]:
    """Return the certificates of signers, by path in the tree."""
    return {f"keys/{FPR[name]}.asc": KEYS[name].certificate() for name in names}


def policy_body(change: str, text: bytes, before: bytes, **fields: object) -> Json:
    """Return the body of a policy record."""
    return {"change": change, "policy_sha256": digest(text), "previous_sha256": digest(before), **fields}


def genesis(log: Forge, text: bytes, **wrong: object) -> None:
    """Write the first record."""
    files = {
        "README.md": b"An audit log.\n",
        "policy.yml": text,
        "schemas/genesis.v1.json": b"{}\n",
        **key_files("owner", "dev", "ci", "ops"),
    }
    log.add("owner", "genesis", {"policy_sha256": digest(text)}, files=files, **wrong)  # type: ignore[arg-type]  # those of `add`


def set_policy(log: Forge, text: bytes, change: str = "set", **how: object) -> None:
    """Write a policy record by the owner; `files` come along besides the policy."""
    before = log.files["policy.yml"][1]
    fields = how.pop("fields", {})
    files = {"policy.yml": text, **how.pop("files", {})}  # type: ignore[dict-item]  # files by path
    body = policy_body(change, text, before, **fields)  # type: ignore[arg-type]  # further fields by name
    log.add(str(how.pop("who", "owner")), "policy", body, files=files, **how)  # type: ignore[arg-type]  # those of `add`


def source_commit(
    log: Forge,
    files: Mapping[bytes, tuple[bytes, bytes]],
    *parents: str,
    author: str = DEV,
    committer: str = DEV,
    key: str | None = None,
) -> str:
    """Write a commit of the audited repository and return its id.

    Args:
        log: whose objects it goes to.
        files: mode and content by name, at the top of the repository.
        parents: ids.
        author: name and e-mail.
        committer: the same.
        key: signs the commit.
    """
    entries = []
    for name in sorted(files):
        mode, content = files[name]
        oid = content.decode() if mode == b"160000" else log.put("blob", content)
        entries.append(b"%b %b\0%b" % (mode, name, bytes.fromhex(oid)))
    moment = START - 86_400
    lines = [f"tree {log.put('tree', b''.join(entries))}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {author} {moment} +0100", f"committer {committer} {moment + 60} -0130"]
    head, message = "\n".join(lines).encode() + b"\n", b"\nchange\n"
    if key is not None:
        armored = KEYS[key].sign(head + message, moment + 60)
        head += b"gpgsig " + armored.rstrip(b"\n").replace(b"\n", b"\n ") + b"\n"
    return log.put("commit", head + message)


def subject(log: Forge, commit: str, **more: str) -> Json:
    """Return the subject of a record about a commit."""
    tree = log.objects[commit][1][5:45].decode()
    return {
        "repository": ORIGIN, "commit": commit, "tree": tree, "object_format": "sha1", "ref": "refs/heads/main", **more
    }  # fmt: skip


def item(status: str, name: bytes = b"main.tf", before: bytes | None = None, after: bytes | None = None) -> Json:
    """Return an item of `files` of a change record."""
    from gitaudit.log.commit import object_id

    try:
        entry: Json = {"path": name.decode("utf-8"), "status": status}
    except UnicodeDecodeError:
        entry = {"path_base64": base64.b64encode(name).decode("ascii"), "status": status}
    for side, content in (("before", before), ("after", after)):
        if content is not None:
            entry[side] = {"blob": object_id("blob", content), "sha256": digest(content)}
    return entry


def change_body(parents: Sequence[str], items: Sequence[Json], *, signer: str | None = None) -> Json:
    """Return the body of a change record about a commit that `source_commit` made."""
    proved = None if signer is None else {"kind": "human", "id": f"openpgp:{FPR[signer]}", "auth": "gpg"}
    return {
        "event": "commit",
        "parents": list(parents),
        "author": proved or {"kind": "human", "id": "git:author", "auth": "unverified"},
        "committer": proved or {"kind": "human", "id": "git:committer", "auth": "unverified"},
        "authored_at": "2025-12-31T00:00:00Z",
        "committed_at": "2025-12-31T00:01:00Z",
        "files": {"total": len(items), "items": list(items)},
    }


def deploy_body(outcome: str = "succeeded", environment: str = "prod", **more: object) -> Json:
    """Return the body of a `deploy.finished` record."""
    return {"environment": {"id": environment}, "outcome": outcome, "outcome_source": "stated", **more}


def plain(**contents: bytes) -> dict[bytes, tuple[bytes, bytes]]:
    """Return files of mode 100644: `main_tf=b"x"` is `main.tf`."""
    return {name.replace("_", ".").encode(): (b"100644", content) for name, content in contents.items()}


class Sources:
    """Commits of the audited repository; the first two are what the base log speaks of."""

    def __init__(self, log: Forge) -> None:
        self.first = source_commit(log, plain(main_tf=b"a\n", notes_txt=b"n\n"))
        self.second = source_commit(log, plain(main_tf=b"b\n", notes_txt=b"n\n"), self.first, key="dev")


def base_log() -> Forge:
    """Return the good log."""
    log = Forge()
    sources = Sources(log)
    genesis(log, policy(FIRST))
    fields = {"key": FPR["temp"], "roles": ["dev"]}
    set_policy(log, policy(WITH_TEMP), "add-key", fields=fields, files=key_files("temp"))
    log.add(
        "dev",
        "change",
        change_body([sources.first], [item("modified", before=b"a\n", after=b"b\n")], signer="dev"),
        subject=subject(log, sources.second),
    )
    evidence = b"Apply complete!\n"
    stored = {"name": "apply.log", "size": len(evidence), "sha256": digest(evidence), "stored": "attachment"}
    log.add(
        "ci",
        "deploy.finished",
        deploy_body(counts={"create": 3, "replace": 1, "update": 2}, evidence=[stored]),
        subject=subject(log, sources.second),
        files={f"attachments/{digest(evidence)}": evidence},
    )
    target = {"commit": sources.second}
    log.add("ops", "approval", {"decision": "approved", "environment": PROD, "target": target})
    set_policy(log, policy(FIRST), "remove-key", fields={"key": FPR["temp"], "reason": "left"})
    log.write_notes()
    return log


def without(files: Files, path: str) -> Files:
    """Return files less one."""
    return {name: entry for name, entry in files.items() if name != path}
