"""Turning drafts into signed commits on top of a position. Nothing is moved here: refs are the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import ConfigError, ConflictError, KeyProblemError, LogError, RefusedError, SetupError
from gitaudit.log import paths
from gitaudit.log.commit import CommitText, format_commit, format_payload, object_id, sha256_hex
from gitaudit.log.merkle import Frontier, format_frontier
from gitaudit.log.message import format_message
from gitaudit.log.openpgp import Signature, parse_armored
from gitaudit.log.record import Record, link
from gitaudit.log.times import epoch, format_time, from_epoch, parse_time
from gitaudit.log.tree import FILE_MODE, FOLDER_MODE, Entries, Entry, format_tree, parse_tree
from gitaudit.model import Head
from gitaudit.usecases.position import Position, certificates_at, find_entry, load_policy
from gitaudit.usecases.writing.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitaudit.model import Draft
    from gitaudit.policy.policy import Policy
    from gitaudit.ports import Clock, ObjectStore, Schemas, SecretScanner, Signer, Verifier

MAX_SIGNING_ATTEMPTS = 10


class Tools(NamedTuple):
    """What building commits needs of the world."""

    store: ObjectStore
    signer: Signer
    clock: Clock
    schemas: Schemas
    verifier: Verifier
    scanner: SecretScanner


def add_record(
    tools: Tools, before: Position, draft: Draft, meanwhile: Callable[[], None] | None = None
) -> tuple[Position, Record]:
    """Write the commit that `draft` becomes after `before`, and return the position after it with its record.

    Costs a signature and about ten objects, however long the log is. `meanwhile` is done while the signature is made.

    Raises:
        RefusedError: as `check_draft`.
        KeyProblemError: no signature to be had.
        SetupError: the objects cannot be written, or as `check_draft`.
    """
    record, policy = check_draft(tools, before, draft)
    files = dict(draft.files)
    judge = before.policy or policy
    frontier = (before.frontier or Frontier()).append(record.raw)
    files[paths.record_path(record.index, record.type)] = record.raw
    files[paths.FRONTIER] = format_frontier(frontier)
    tree = write_files(tools.store, before.tree, files)
    message = format_message(record, frontier.size, frontier.root())
    parent = None if before.head is None else before.head.commit
    authored = epoch(parse_time(record.text("recorded_at")))
    raw = sign_commit(
        tools,
        tree=tree,
        parent=parent,
        email=judge.email_of(tools.signer.fingerprint),
        message=message,
        authored=authored,
        certificates=before.certificates or _certificates(files),
        meanwhile=meanwhile,
    )
    head = Head(commit=tools.store.write("commit", raw.content), sha256=sha256_hex(raw.content), size=frontier.size)
    after = before._replace(size=head.size, head=head, tree=tree, frontier=frontier, signed_at=raw.signed_at)
    if policy is not judge or before.policy is None:
        after = after._replace(policy=policy, certificates=certificates_at(tools.store, tree, policy))
    return after, record


def check_draft(tools: Tools, before: Position, draft: Draft) -> tuple[Record, Policy]:
    """Return the record that a draft becomes after `before`, and the policy that then holds; nothing is written.

    Raises:
        RefusedError: the record breaks its schema, holds a secret, happens later than it is recorded, is not granted
            to the signer's key, or says of the policy what is not so.
        SetupError: this machine's clock does not fit the record before.
    """
    record = _linked(draft, before, tools.signer.fingerprint)
    problems = tools.schemas.check_record(record.document)
    if problems:
        place = f"{problems[0].pointer or 'the top'}: expected {problems[0].expected}, found {problems[0].found}"
        raise RefusedError(f"the {record.type} record breaks its schema at {place}")
    Redactor(scanner=tools.scanner).check(record.document, draft.files)
    policy = _policy_after(tools, before, draft.files)
    judge = before.policy or policy
    _check_grant(judge, record, tools.signer.fingerprint)
    if record.type == "policy":
        _check_truth(tools.store, before, record, policy, draft.files)
    _check_times(tools, before, record, judge.tolerance_seconds)
    return record, policy


def _check_truth(
    store: ObjectStore, before: Position, record: Record, policy: Policy, files: Mapping[str, bytes]
) -> None:
    """Refuse a policy record that says something else than it does (docs/format.md, "policy")."""
    from gitaudit.policy.truth import untruths  # noqa: PLC0415 - few records change the policy
    from gitaudit.usecases.verifying.check_policy import changed_keys  # noqa: PLC0415 - likewise

    tree = before.tree
    if before.policy is None or tree is None:
        return
    changed = [path for path, data in files.items() if find_entry(store, tree, path) != object_id("blob", data)]
    for untruth in untruths(record.body, before.policy, policy, changed_keys(changed)):
        raise RefusedError(
            f"{untruth.message}: expected {untruth.expected}, found {untruth.found}",
            hint="a policy record says one thing and does it: make a record of each with `gitaudit policy`",
        )


def _check_times(tools: Tools, before: Position, record: Record, tolerance: int) -> None:
    """Refuse what a reader would find out of time for good (docs/format.md, "Times")."""
    now = epoch(tools.clock.now())
    recorded, occurred = (epoch(parse_time(record.text(name))) for name in ("recorded_at", "occurred_at"))
    if occurred > recorded + tolerance:
        raise RefusedError(
            f"expected it to have happened by now, {record.text('recorded_at')}, found {record.text('occurred_at')}",
            hint="correct the time, or record it when it has happened",
        )
    latest = max(before.signed_at, recorded)
    if now < latest - tolerance:
        told = "the last record was signed" if latest == before.signed_at else "this record was made"
        raise SetupError(
            f"expected the clock of this machine to be past {_moment(latest)}, when {told}, found {_moment(now)}",
            hint="set the clock; if it is right, that of whoever signed the last record was fast: wait, or tell them",
        )


def _moment(seconds: int) -> str:
    return format_time(from_epoch(seconds))


class SignedBytes(NamedTuple):
    """A raw commit object and the time of its signature, seconds since 1970."""

    content: bytes
    signed_at: int


def sign_commit(
    tools: Tools,
    *,
    tree: str,
    parent: str | None,
    email: str,
    message: bytes,
    authored: int | None,
    certificates: Mapping[str, bytes],
    meanwhile: Callable[[], None] | None = None,
) -> SignedBytes:
    """Return a signed commit whose committer date is the time of its signature; `authored` None takes that too.

    The time stands in what is signed, so it is set before; where the clock's second turns meanwhile, it is signed anew.
    The signature is checked against the `certificates` in force before it is used: what the log would never accept is
    not written to it. `meanwhile` is done while the signature is made.
    """
    for _ in range(MAX_SIGNING_ATTEMPTS):
        now = epoch(tools.clock.now())
        text = CommitText(
            tree=tree,
            parent=parent,
            email=email,
            authored=now if authored is None else authored,
            committed=now,
            message=message,
        )
        signature = parse_armored(tools.signer.sign(format_payload(text), meanwhile), canonical=False)
        if signature.created == now:
            _check_verifies(tools, format_payload(text), signature, certificates)
            return SignedBytes(content=format_commit(text, signature.armored), signed_at=now)
    raise KeyProblemError(
        "expected the signature to carry the current time, found another in every attempt",
        hint="check that gpg is not told another time (faked-system-time in gpg.conf), and the clock of this machine",
    )


def _check_verifies(tools: Tools, payload: bytes, signature: Signature, certificates: Mapping[str, bytes]) -> None:
    verdict = tools.verifier.verify(payload, signature, certificates)
    fingerprint = tools.signer.fingerprint
    if verdict.fingerprint != fingerprint or not signature.fits(payload):
        raise KeyProblemError(
            f"the signature that gpg made does not verify by the key {fingerprint} as the log holds it"
            f" ({verdict.problem or 'made by another key'})",
            hint="sign with a part of the key that the log knows (--key SUBKEY!); or, if the key was extended or has a "
            "new subkey, another admin admits it again: gitaudit policy add-key FPR --role ROLE",
        )


def _certificates(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the keys that the first record brings along, by fingerprint."""
    prefix, suffix = f"{paths.KEYS}/", ".asc"
    return {path[len(prefix) : -len(suffix)]: data for path, data in files.items() if path.startswith(prefix)}


def write_files(store: ObjectStore, tree: str | None, files: Mapping[str, bytes]) -> str:
    """Write blobs and the trees above them, and return the id of the tree that has `files` besides what was there."""
    entries: Entries = {} if tree is None else parse_tree(store.read(tree)[1])
    below: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = content
        else:
            entries[name.encode()] = Entry(FILE_MODE, bytes.fromhex(store.write("blob", content)))
    for name, inner in below.items():
        old = entries.get(name.encode())
        new = write_files(store, old.oid.hex() if old is not None and old.is_folder else None, inner)
        entries[name.encode()] = Entry(FOLDER_MODE, bytes.fromhex(new))
    return store.write("tree", format_tree(entries))


def file_digests(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    """Return the `files` field of a record that brings these files along, sorted by path."""
    return [{"path": path, "sha256": sha256_hex(files[path])} for path in sorted(files)]


def _linked(draft: Draft, before: Position, fingerprint: str) -> Record:
    """Return the record of a draft; one that waited while the user changed keys names the key that signs it now."""
    document = dict(draft.document)
    signer, actor = f"openpgp:{fingerprint}", document.get("actor")
    if isinstance(actor, dict) and actor.get("id") == document.get("recorded_by"):
        document["actor"] = {**actor, "id": signer}
    document["recorded_by"] = signer
    try:
        return link(draft._replace(document=document), before.head)
    except LogError as error:
        raise RefusedError(f"the record cannot be written: {error.message}") from error


def _policy_after(tools: Tools, before: Position, files: Mapping[str, bytes]) -> Policy:
    """Return the policy that holds after a commit with these files."""
    data = files.get(paths.POLICY)
    if data is None:
        if before.policy is None:
            raise RefusedError("expected the first record to bring a policy, found none")
        return before.policy
    try:
        return load_policy(data, tools.schemas)
    except ConfigError as error:
        raise RefusedError(error.message, hint=error.hint) from error


def check_policy_base(draft: Draft, current: bytes) -> None:
    """Refuse a policy change that was made against another `policy.yml` than the `current` one.

    Raises:
        ConflictError: somebody else changed the policy in between.
    """
    body = draft.document.get("body")
    base = body.get("previous_sha256") if isinstance(body, dict) else None
    if draft.document.get("type") == "policy" and base != sha256_hex(current):
        raise ConflictError(
            "somebody else changed the policy meanwhile; this change is dropped",
            hint="look at it with `gitaudit policy show`, then make the change again",
        )


def _check_grant(policy: Policy, record: Record, fingerprint: str) -> None:
    """Refuse what a reader would find not granted."""
    if policy.may_sign(fingerprint, record.type, record.environment):
        return
    where = f" of environment {record.environment}" if record.environment else ""
    known = "is not in the policy" if fingerprint not in policy.keys else "may not sign it"
    raise RefusedError(
        f"a {record.type} record{where} needs a key that the policy grants it to, and {fingerprint} {known}",
        hint="an admin of the log can admit it: gitaudit policy add-key KEY --role ROLE",
    )
