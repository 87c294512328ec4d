"""The single vectors: bytes of one value, and whether a reader takes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gitaudit.log.canonical import encode
from gitaudit.log.commit import CommitText, format_commit, format_payload
from gitaudit.log.note import format_notes_message
from gitaudit.log.openpgp import armor as bare_armor
from gitaudit.log.openpgp import parse_armored
from tests.support.openpgp import packet, subpacket
from tests.vectors.making import base_log as base
from tests.vectors.making.forge import EMAIL, FPR, KEYS, ORIGIN, START, Forge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOOD, MALFORMED = "good", "malformed"
TREE, PARENT = "ab" * 20, "cd" * 20
MESSAGE = b"freeze: begin\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleVector:
    """One value.

    Attributes:
        kind: what it is; the folder of its file.
        name: of its file.
        expect: `good`, `malformed` (other bytes than a writer makes), `invalid` (its schema or the consistency rules
            refuse it) or `undecided`.
        reason: why, for people.
        body: the bytes.
        facts: what a reader must get out of a good one, or needs to read it.
    """

    kind: str
    name: str
    expect: str
    reason: str
    body: bytes
    facts: tuple[tuple[str, str], ...] = ()


def frontier_vectors() -> Iterator[SingleVector]:
    """`merkle/frontier` of some number of leaves, of which each is its number in ASCII digits."""
    from gitaudit.log.merkle import Frontier, format_frontier, format_hash

    made = {0: Frontier()}
    for number in range(130):
        made[number + 1] = made[number].append(f"{number}".encode())
    for size in (1, 2, 3, 7, 8, 127, 128, 130):
        facts = (("size", f"{size}"), ("root", format_hash(made[size].root())))
        reason = f"{size} leaves: 0, 1, 2 and so on in digits"
        body = format_frontier(made[size])
        yield SingleVector(kind="frontier", name=f"{size:03d}", expect=GOOD, reason=reason, body=body, facts=facts)
    three = format_frontier(made[3])
    bad = {
        "line-missing": (three[:45], "a line too few for 3 leaves"),
        "line-more": (three + three[:45], "a line too many for 3 leaves"),
        "no-final-lf": (three[:-1], "no LF at the end"),
        "cr-lf": (three.replace(b"\n", b"\r\n"), "CR LF"),
        "url-safe": (three[:-45] + b"-" * 43 + b"=\n", "the alphabet of URLs"),
        "no-padding": (three[:-3] + b"AA\n", "no padding"),
        "loose-bits": (three[:43] + b"=\n" + b"A" * 42 + b"B=\n", "bits behind the last byte that are not zero"),
        "space": (b" " + three[1:], "a space"),
    }
    for name, (body, reason) in bad.items():
        yield SingleVector(
            kind="frontier", name=f"bad-{name}", expect=MALFORMED, reason=reason, body=body, facts=(("size", "3"),)
        )


def signature_vectors() -> Iterator[SingleVector]:
    """Armored signatures over the word `payload`; what a good one says of itself."""
    at = START
    for name, who, how in (("plain", "owner", {}), ("subkey", "ci", {}), ("sha-512", "owner", {"hash": "SHA512"})):
        found = parse_armored(KEYS[who].sign(b"payload", at, **how), canonical=False)  # type: ignore[arg-type]  # those of `sign`
        facts = (("created", f"{found.created}"), ("issuer", f"{found.issuer}"), ("hash", found.hash_name))
        yield SingleVector(
            kind="signature", name=name, expect=GOOD, reason="canonical", body=found.armored, facts=facts
        )
    good = parse_armored(KEYS["owner"].sign(b"payload", at), canonical=False)
    body = good.packet[2:]
    area = 6 + int.from_bytes(body[4:6], "big")
    rest = body[area + 2 + int.from_bytes(body[area : area + 2], "big") :]
    key = KEYS["owner"]
    notation = subpacket(20, b"\x80\0\0\0\0\x01\0\x01ab")
    bad: dict[str, tuple[bytes, str]] = {
        "no-checksum": (re.sub(rb"\n=.{4}\n", b"\n", good.armored), "no checksum line"),
        "checksum": (re.sub(rb"\n=.{4}\n", b"\n=AAAA\n", good.armored), "another checksum"),
        "armor-header": (good.armored.replace(b"\n\n", b"\nVersion: 1\n\n", 1), "an armor header"),
        "cr-lf": (good.armored.replace(b"\n", b"\r\n"), "CR LF"),
        "line-length": (rewrapped(good.packet), "76 characters a line"),
        "not-base64": (good.armored.replace(b"i", b"!", 1), "a character that base64 does not have"),
        "two-packets": (bare_armor(good.packet * 2), "two signatures"),
        "new-header": (bare_armor(b"\xc2" + good.packet[1:]), "a packet header of the new form"),
        "long-header": (bare_armor(b"\x89\0" + good.packet[1:]), "more octets of length than needed"),
        "cut": (bare_armor(good.packet[:-1]), "a packet that ends too early"),
        "no-issuer-id": (bare_armor(packet(2, body[:area] + b"\0\0" + rest)), "an empty unhashed area"),
        "unhashed-notation": (
            bare_armor(packet(2, body[:area] + unhashed(notation, body, area) + rest)),
            "another subpacket in the unhashed area",
        ),
        "no-fingerprint": (bare_armor(key.signature(b"payload", at, issuer_fpr=False)), "no issuer fingerprint"),
        "expires": (bare_armor(key.signature(b"payload", at, expires=at + 60)), "a signature that expires"),
        "text": (bare_armor(key.signature(b"payload", at, kind=1)), "a signature over text"),
        "twice": (bare_armor(key.signature(b"payload", at, extra=notation * 2)), "a subpacket type twice"),
        "version-3": (bare_armor(packet(2, b"\x03" + body[1:])), "version 3"),
        "algorithm": (bare_armor(packet(2, body[:2] + b"\x63" + body[3:])), "a private algorithm"),
        "number-padded": (
            bare_armor(packet(2, body[: len(body) - len(rest)] + padded(rest))),
            "a number with leading zero bits",
        ),
        "public-key": (KEYS["owner"].certificate(), "a public key"),
    }
    for name, (armored, reason) in bad.items():
        yield SingleVector(kind="signature", name=f"bad-{name}", expect=MALFORMED, reason=reason, body=armored)


def rewrapped(data: bytes) -> bytes:
    """Return an armor with lines of 76 characters."""
    import base64

    text = base64.b64encode(data)
    lines = b"".join(text[at : at + 76] + b"\n" for at in range(0, len(text), 76))
    head, tail = bare_armor(data)[:31], bare_armor(data)[-34:]
    return head + lines + tail


def unhashed(extra: bytes, body: bytes, area: int) -> bytes:
    """Return an unhashed area with more in it."""
    size = int.from_bytes(body[area : area + 2], "big")
    return (size + len(extra)).to_bytes(2, "big") + body[area + 2 : area + 2 + size] + extra


def padded(rest: bytes) -> bytes:
    """Return the octets after the unhashed area with a first number that claims eight bits more."""
    bits = int.from_bytes(rest[2:4], "big") + 8
    return rest[:2] + bits.to_bytes(2, "big") + b"\0" + rest[4:]


def commit_vectors() -> Iterator[SingleVector]:
    """Raw commit objects, with what their headers say."""
    text = CommitText(tree=TREE, parent=PARENT, email=EMAIL, authored=START, committed=START + 5, message=MESSAGE)
    raw = signed(text)
    facts = (
        ("tree", TREE),
        ("parent", PARENT),
        ("authored", f"{START}"),
        ("committed", f"{START + 5}"),
        ("email", EMAIL),
    )
    payload = (("payload-sha256", sha256(format_payload(text)).hexdigest()),)
    yield SingleVector(kind="commit", name="plain", expect=GOOD, reason="canonical", body=raw, facts=facts + payload)
    root = CommitText(tree=TREE, parent=None, email="é@example.invalid", authored=0, committed=1, message=b"")
    facts = (("tree", TREE), ("parent", "none"), ("authored", "0"), ("committed", "1"), ("email", root.email))
    payload = (("payload-sha256", sha256(format_payload(root)).hexdigest()),)
    yield SingleVector(
        kind="commit", name="root", expect=GOOD, reason="canonical", body=signed(root), facts=facts + payload
    )
    edits: dict[str, tuple[Callable[[bytes], bytes], str]] = {
        "unsigned": (lambda _: format_payload(text), "no signature"),
        "sha256-header": (lambda one: one.replace(b"gpgsig ", b"gpgsig-sha256 "), "a signature for another hash"),
        "two-signatures": (lambda one: one.replace(b"\n\nfreeze", b"\ngpgsig x\n\nfreeze"), "a second gpgsig header"),
        "encoding": (lambda one: one.replace(b"\ngpgsig", b"\nencoding UTF-8\ngpgsig"), "an encoding header"),
        "merge": (lambda one: one.replace(b"\nauthor", b"\nparent " + PARENT.encode() + b"\nauthor"), "two parents"),
        "upper-case": (lambda one: one.replace(b"tree ab", b"tree AB"), "an object id in upper case"),
        "sha256-tree": (
            lambda one: one.replace(b"tree ab", b"tree " + b"ab" * 12 + b"ab"),
            "an object id of 64 digits",
        ),
        "order": (swapped, "headers in another order"),
        "name": (lambda one: one.replace(b"author gitaudit", b"author Gitaudit"), "another name"),
        "emails": (lambda one: one.replace(EMAIL.encode(), b"x@example.invalid", 1), "two different e-mail addresses"),
        "no-email": (lambda one: one.replace(EMAIL.encode(), b""), "an empty e-mail address"),
        "long-email": (lambda one: one.replace(EMAIL.encode(), b"x" * 255), "an e-mail address of 255 bytes"),
        "email-not-utf-8": (lambda one: one.replace(EMAIL.encode(), b"\xff@x"), "an e-mail address that is not UTF-8"),
        "zone": (lambda one: one.replace(b"+0000", b"-0000", 1), "another time zone"),
        "leading-zero": (lambda one: one.replace(b"> 1", b"> 01", 1), "a number with a leading zero"),
        "negative": (lambda one: one.replace(b"> 1", b"> -1", 1), "a time before 1970"),
        "not-folded": (lambda one: one.replace(b"\n \n", b"\n\n", 1), "a blank line in the signature, not folded"),
        "nul-in-header": (lambda one: one.replace(b"gitaudit <", b"gitaudit\0<", 1), "a NUL in a header"),
        "too-long": (lambda one: one + b"x" * 32_768, "more than 32,768 bytes"),
        "empty": (lambda _: b"", "no bytes"),
    }
    for name, (edit, reason) in edits.items():
        yield SingleVector(kind="commit", name=f"bad-{name}", expect=MALFORMED, reason=reason, body=edit(raw))


def signed(text: CommitText) -> bytes:
    """Return a commit object with the owner's signature."""
    found = parse_armored(KEYS["owner"].sign(format_payload(text), START), canonical=False)
    return format_commit(text, found.armored)


def swapped(raw: bytes) -> bytes:
    """Return a commit whose first two headers have changed places."""
    tree, parent, rest = raw.split(b"\n", 2)
    return b"\n".join([parent, tree, rest])


def tree_vectors() -> Iterator[SingleVector]:
    """Raw tree objects."""
    one, other = b"\1" * 20, b"\2" * 20

    def entries(*parts: tuple[bytes, bytes]) -> bytes:
        return b"".join(b"%b %b\0%b" % (mode, name, one) for mode, name in parts)

    file, folder = b"100644", b"40000"
    good = {
        "empty": b"",
        "folder-after-dot": entries((file, b"a.b"), (folder, b"a"), (file, b"a0")),
        "bytes": entries((file, b"\n"), (file, b"\xff")),
    }
    for name, body in good.items():
        yield SingleVector(kind="tree", name=name, expect=GOOD, reason="as git writes it", body=body)
    bad = {
        "order": (entries((file, b"b"), (file, b"a")), "names out of order"),
        "folder-order": (entries((folder, b"a"), (file, b"a.b")), "a folder sorts as if its name ended with a slash"),
        "twice": (entries((file, b"a"), (file, b"a")), "a name twice"),
        "file-and-folder": (entries((file, b"a"), (folder, b"a")), "a name twice, as file and folder"),
        "zero-padded": (entries((b"040000", b"a")), "a mode with a leading zero"),
        "slash": (entries((file, b"a/b")), "a slash in a name"),
        "no-name": (entries((file, b"")), "an empty name"),
        "cut": (entries((file, b"a"))[:-1], "an object id of 19 bytes"),
        "trailing": (entries((file, b"a")) + other[:3], "bytes behind the last entry"),
    }
    for name, (body, reason) in bad.items():
        yield SingleVector(kind="tree", name=f"bad-{name}", expect=MALFORMED, reason=reason, body=body)


def notes_message_vectors() -> Iterator[SingleVector]:
    """Messages of notes commits."""
    for size in (1, 2):
        body = format_notes_message(ORIGIN, "ab" * 20, size)
        facts = (("head", "ab" * 20), ("size", f"{size}"), ("origin", ORIGIN))
        yield SingleVector(
            kind="notes-message", name=f"{size}", expect=GOOD, reason="canonical", body=body, facts=facts
        )
    good = format_notes_message(ORIGIN, "ab" * 20, 2)
    bad = {
        "git-notes": (b"Notes added by 'git notes add'\n", "what git itself writes"),
        "two-numbers": (good.replace(b"of 2", b"of 3"), "two different sizes"),
        "leading-zero": (good.replace(b"of 2", b"of 02").replace(b": 2", b": 02"), "a leading zero"),
        "singular": (good.replace(b"records", b"record"), "the wrong number of the noun"),
        "more": (good + b"x\n", "another line"),
    }
    for name, (body, reason) in bad.items():
        yield SingleVector(kind="notes-message", name=f"bad-{name}", expect=MALFORMED, reason=reason, body=body)


def record_vectors() -> Iterator[SingleVector]:
    """Whole records: canonical JSON, schema and consistency."""
    log = Forge(size=6, head="x", objects={"x": ("commit", b"")})
    record = log.document("ci", "deploy.finished", base.deploy_body())
    about = {"commit": "ab" * 20, "tree": "cd" * 20, "object_format": "sha1"}
    record = {**record, "subject": about, "prev": {"commit": "ab" * 20, "sha256": "cd" * 32}}
    actor = {"kind": "workload", "id": f"openpgp:{FPR['dev']}", "auth": "unverified"}
    evidence = {"name": "a", "size": 1, "sha256": "ab" * 32, "stored": "attachment"}
    edits: dict[str, tuple[str, str, dict[str, object]]] = {
        "plain": (GOOD, "canonical", {}),
        "unknown-field": (GOOD, "an unknown field", {"x-more": [None]}),
        "sha256-repository": (
            GOOD, "ids of a SHA-256 repository, reserved",
            {"subject": {"commit": "ab" * 32, "tree": "cd" * 32, "object_format": "sha256"}},
        ),
        "bad-schema-number": ("invalid", "another number", {"schema": "gitaudit/deploy.finished/2"}),
        "bad-reserved-type": ("invalid", "a reserved type", {"schema": "gitaudit/anchor/1", "type": "anchor"}),
        "bad-schema-and-type": ("invalid", "a type that is not the schema's", {"type": "deploy.started"}),
        "bad-id": ("invalid", "a UUID of version 4", {"id": "00000000-0000-4000-8000-000000000000"}),
        "bad-time": ("invalid", "a time with a fraction", {"recorded_at": "2026-01-01T00:00:00.5Z"}),
        "bad-control": ("invalid", "a control character in text", {"origin": "example.com/\u0085"}),
        "bad-bidi": ("invalid", "a bidirectional control", {"actor": {**actor, "id": "a\u202eb"}}),
        "bad-object-format": ("invalid", "SHA-1 ids, not SHA-256", {"subject": {**about, "object_format": "sha256"}}),
        "bad-no-subject": ("invalid", "no subject, which a deployment has", {"subject": None}),
        "bad-files-order": ("invalid", "files out of order", {"files": [log_file("b"), log_file("a")]}),
        "bad-no-such-day": ("invalid", "a day that does not exist", body(started_at="2026-02-30T00:00:00Z")),
        "bad-list-total": ("invalid", "more items than in total", body(plan=plan(total=0))),
        "bad-list-digest": ("invalid", "all items, and the SHA-256 of a cut list", body(plan=plan(sha256="ab" * 32))),
        "bad-list-cut": ("invalid", "a cut list without SHA-256", body(plan=plan(total=2))),
        "bad-executor": ("invalid", "another actor who is said to be proved", body(executor={**actor, "auth": "gpg"})),
        "bad-evidence": ("invalid", "stored evidence that no attachment holds", body(evidence=[evidence])),
    }  # fmt: skip
    for name, (expect, reason, edit) in edits.items():
        document = {key: value for key, value in (record | edit).items() if value is not None}
        yield SingleVector(kind="record", name=name, expect=expect, reason=reason, body=encode(document))


def body(**fields: Any) -> dict[str, object]:  # noqa: ANN401 - JSON values
    """Return a body with more fields, as a field of a record."""
    return {"body": base.deploy_body(**fields)}


def log_file(path: str) -> dict[str, str]:
    """Return an entry of a record's `files`."""
    return {"path": path, "sha256": "ab" * 32}


def plan(**resources: object) -> dict[str, object]:
    """Return a plan with one resource; some fields of its list replaced."""
    items = [{"address": "a.b", "type": "a", "action": "create"}]
    listed = {"total": 1, "items": items, **resources}
    return {"tool": "terraform", "sha256": "ab" * 32, "size": 1, "counts": {"create": 1}, "resources": listed}


def all_singles() -> list[SingleVector]:
    """Return all single vectors."""
    from tests.vectors.making.json_values import json_vectors
    from tests.vectors.making.texts import config_vectors, policy_vectors

    makers = (
        json_vectors,
        record_vectors,
        frontier_vectors,
        signature_vectors,
        commit_vectors,
        tree_vectors,
        notes_message_vectors,
        policy_vectors,
        config_vectors,
    )
    return [vector for maker in makers for vector in maker()]
