"""Log vectors about records, their place, and the files beside them."""

from __future__ import annotations

from tests.vectors.making import base_log as base
from tests.vectors.making.base_log import policy, set_policy
from tests.vectors.making.forge import FPR, START, Forge, digest
from tests.vectors.making.log_vectors import (
    MOVED,
    NEXT,
    fields,
    freeze,
    simple,
    vector,
)

simple("index", "a record with another index", "index", document=fields(index=7))
simple(
    "prev-commit",
    "prev names another commit",
    "prev",
    document=lambda one: {**one, "prev": {**one["prev"], "commit": "1" * 40}},
)
simple(
    "prev-sha256",
    "prev has another SHA-256",
    "prev",
    document=lambda one: {**one, "prev": {**one["prev"], "sha256": "1" * 64}},
)
simple("origin", "a record of another log", "origin", document=fields(origin="example.com/other"))
simple(
    "not-version-7",
    "an id that is a UUID of version 4",
    "record-id",
    "record-schema",
    document=fields(id="00000000-0000-4000-8000-000000000000"),
)
simple(
    "actor",
    "an actor who is said to be proved by GPG and is not the signer",
    "actor",
    document=fields(actor={"kind": "human", "id": "github:1", "auth": "gpg"}),
)
simple(
    "actor-another-key",
    "an actor who is named by another key",
    "actor",
    document=fields(actor={"kind": "human", "id": f"openpgp:{FPR['dev']}", "auth": "unverified"}),
)
simple(
    "actor-denied",
    "the signer as an actor who is not proved",
    "actor",
    document=lambda one: {**one, "actor": {**one["actor"], "auth": "unverified"}},
)
simple(
    "recorded-later",
    "recorded_at more than the tolerance after the signature",
    "time",
    document=fields(recorded_at="2026-01-01T00:16:01Z"),
    authored=START + 961,
)
simple(
    "occurred-later",
    "occurred_at more than the tolerance after recorded_at",
    "time",
    document=fields(occurred_at="2026-01-01T00:16:01Z"),
)
simple("no-such-day", "a time that does not exist", "time", document=fields(occurred_at="2026-02-30T00:00:00Z"))
simple(
    "schema",
    "a body without a field that its schema asks for",
    "record-schema",
    document=lambda one: {**one, "body": {"state": "begin"}},
)
simple("schema-number", "a schema of another number", "record-schema", document=fields(schema="gitaudit/freeze/2"))
simple(
    "not-canonical",
    "a record with CR LF line ends",
    "record-form",
    raw=lambda one: one.replace(b"\n", b"\r\n"),
    maybe=(f"frontier error {NEXT}",),
)
simple(
    "record-path",
    "a record in another folder",
    "record-path",
    "record-missing",
    path=lambda _: "records/00/00/01/00000006-freeze.json",
)
simple(
    "record-path-type",
    "a record whose name has another type",
    "record-path",
    path=lambda one: one.replace("freeze", "change"),
)
simple(
    "old-record-edited",
    "an old record edited in place",
    "record-path",
    tree=lambda files: {**files, "records/00/00/00/00000004-approval.json": (b"100644", b"{}\n")},
)
simple(
    "old-record-removed",
    "an old record removed",
    "tree",
    tree=lambda files: base.without(files, "records/00/00/00/00000004-approval.json"),
    maybe=(f"record-path error {NEXT}",),
)
simple(
    "two-records",
    "two records in one commit",
    "record-path",
    tree=lambda files: {**files, "records/00/00/00/00000007-freeze.json": (b"100644", b"{}\n")},
)
simple("frontier", "a frontier of other records", "frontier", frontier=lambda one: b"A" * 43 + b"=\n" + one[45:])
simple("frontier-short", "a frontier with a line too few", "frontier", frontier=lambda one: one[45:])
simple(
    "mode",
    "a record that is executable",
    "tree",
    tree=lambda files: {
        name: (b"100755" if "00000006" in name else mode, data) for name, (mode, data) in files.items()
    },
)
simple(
    "executor",
    "an executor who is said to be proved by GPG and is not the signer",
    "record-schema",
    document=lambda one: {
        **one,
        "body": {**one["body"], "executor": {"kind": "human", "id": f"openpgp:{FPR['dev']}", "auth": "gpg"}},
    },
)
simple(
    "no-such-day-in-body",
    "a time in the body that does not exist",
    "record-schema",
    document=lambda one: {**one, "body": {**one["body"], "from": "2026-02-30T00:00:00Z"}},
)
simple(
    "another-file",
    "a file that no record may add",
    "tree",
    tree=lambda files: {**files, "notes.txt": (b"100644", b"hello\n")},
)
simple(
    "readme-changed",
    "README.md changed with a record that does not govern",
    "tree",
    tree=lambda files: {**files, "README.md": (b"100644", b"Trust me.\n")},
)
simple(
    "policy-changed",
    "policy.yml changed with a record that does not govern",
    "tree",
    files={"policy.yml": policy(base.WITH_TEMP)},
    maybe=(f"files error {NEXT}",),
)
simple(
    "unlisted-attachment",
    "an attachment that the record does not list",
    "files",
    files={f"attachments/{digest(b'x')}": b"x"},
    listed=lambda _: [],
)
simple(
    "listed-digest",
    "an attachment with another SHA-256 than listed",
    "files",
    files={f"attachments/{digest(b'x')}": b"x"},
    listed=lambda one: [{**one[0], "sha256": digest(b"y")}],
)
simple(
    "files-order",
    "listed files out of order",
    "files",
    files={f"attachments/{digest(one)}": one for one in (b"x", b"y")},
    listed=lambda one: one[::-1],
)
simple(
    "attachment-name",
    "an attachment whose name is not its SHA-256",
    "files",
    files={f"attachments/{digest(b'y')}": b"x"},
)
simple(
    "listed-missing",
    "a listed attachment that is not there",
    "files",
    listed=lambda _: [{"path": f"attachments/{digest(b'x')}", "sha256": digest(b"x")}],
)


@vector("genesis error 6", "record-schema error 6", *MOVED)
def second_genesis(log: Forge) -> None:
    """A second genesis record."""
    log.add("owner", "genesis", {"policy_sha256": digest(log.files["policy.yml"][1])})


@vector("record-id error 6", *MOVED)
def repeated_id(log: Forge) -> None:
    """The id of an earlier record."""
    freeze(log, document=fields(id=log.records[2].id))


@vector("genesis-pin error 0")
def genesis_pin(log: Forge) -> None:
    """A log that begins with another commit than the pinned one."""
    other = Forge()
    base.genesis(other, policy(base.WITH_TEMP))
    log.objects |= other.objects
    log.genesis = other.head


@vector("index error 3", "prev error 3")
def record_dropped(log: Forge) -> None:
    """A record cut out of the middle, and one after it put on the one before."""
    dropped = Forge(objects=log.objects, genesis=log.genesis)
    base.genesis(dropped, policy(base.FIRST))
    fields_ = {"key": FPR["temp"], "roles": ["dev"]}
    set_policy(dropped, policy(base.WITH_TEMP), "add-key", fields=fields_, files=base.key_files("temp"))
    change = log.records[2].document
    dropped.add("dev", "change", change["body"], subject=change["subject"])  # type: ignore[arg-type]  # JSON objects
    old = log.records[4].document
    freeze(dropped, document=lambda one: {**one, "index": 4, "prev": old["prev"]})
    log.__dict__.update(dropped.__dict__)
