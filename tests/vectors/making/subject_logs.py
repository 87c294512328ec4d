"""Log vectors about what a record says of a commit of the audited repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitaudit.log.canonical import encode
from gitaudit.log.commit import object_id
from tests.vectors.making.base_log import change_body, deploy_body, item, plain, source_commit, subject
from tests.vectors.making.forge import FPR, Forge, Json, digest
from tests.vectors.making.log_vectors import MOVED, NEXT, WHY, add_log, vector

if TYPE_CHECKING:
    from collections.abc import Callable

FILE, LINK, PROGRAM, SUBMODULE = b"100644", b"120000", b"100755", b"160000"


def first_commit(log: Forge, **how: Any) -> str:  # noqa: ANN401 - those of `source_commit`
    """Write a root commit with one IaC file."""
    return source_commit(log, plain(main_tf=b"x\n"), **how)


def change(log: Forge, commit: str, body: Json, **more: str) -> None:
    """Append a change record about a commit."""
    log.add("dev", "change", body, subject=subject(log, commit, **more))


def about_commit(about: str, rule: str, wrong: Callable[[Json], Json], name: str, **how: Any) -> None:  # noqa: ANN401 - those of `source_commit`
    """Add a log whose last record is about a root commit, with a body in which something is wrong."""

    def make(log: Forge) -> None:
        change(log, first_commit(log, **how), wrong(change_body([], [item("added", after=b"x\n")])))

    add_log(name, about, make, f"{rule} error {NEXT}", *MOVED)


def claimed(**values: object) -> Callable[[Json], Json]:
    """Return a change of a body: some fields set."""
    return lambda body: body | values


def signed_by(name: str) -> Json:
    """Return an actor who is proved by GPG."""
    return {"kind": "human", "id": f"openpgp:{FPR[name]}", "auth": "gpg"}


about_commit("parents that the commit does not have", "subject-parents", claimed(parents=["1" * 40]), "subject_parents")
about_commit("another author date", "subject-time", claimed(authored_at="2025-12-31T00:00:01Z"), "subject_time")
about_commit(
    "an author who is said to be proved, of an unsigned commit", "subject-author",
    claimed(author=signed_by("dev")), "subject_author",
)  # fmt: skip
about_commit(
    "a committer who is said to be another than the signer", "subject-committer",
    claimed(author=signed_by("dev"), committer=signed_by("ops")), "subject_committer", key="dev",
)  # fmt: skip
about_commit(
    "the signer as author of a commit that names another author", "subject-author",
    claimed(author=signed_by("dev"), committer=signed_by("dev")), "subject_author_another", key="dev",
    author="Somebody Else <else@example.invalid>",
)  # fmt: skip
about_commit(
    "a file that the commit does not change", "subject-files",
    claimed(files={"total": 1, "items": [item("added", b"other.tf", after=b"x\n")]}), "subject_files",
)  # fmt: skip
about_commit(
    "a file with another content", "subject-files",
    claimed(files={"total": 1, "items": [item("added", after=b"y\n")]}), "subject_files_content",
)  # fmt: skip
about_commit(
    "no file, where the commit changes one",
    "subject-files",
    claimed(files={"total": 0, "items": []}),
    "subject_files_none",
)


about_commit(
    "an author who is said to be proved and is not", "subject-author",
    claimed(author={"kind": "human", "id": "git:author", "auth": "gpg"}), "subject_author_auth",
)  # fmt: skip


@vector(f"subject-tree error {NEXT}", *MOVED)
def subject_tree(log: Forge) -> None:
    """Another tree than the commit has."""
    commit = first_commit(log)
    log.add("ci", "deploy.finished", deploy_body(), subject=subject(log, commit, tree="1" * 40))


@vector(f"subject-object error {NEXT}", *MOVED)
def subject_object(log: Forge) -> None:
    """A deployment of what is no commit but a tree."""
    commit = first_commit(log)
    tree = subject(log, commit)["tree"]
    log.add("ci", "deploy.finished", deploy_body(), subject={**subject(log, commit), "commit": tree})


@vector(f"subject-missing error {NEXT}", *MOVED)
def subject_missing(log: Forge) -> None:
    """A commit that the repository does not have, a day after its record."""
    lost(log)
    log.now += 86_400


@vector(f"subject-missing warning {NEXT}", *MOVED)
def good_under_way(log: Forge) -> None:
    """A commit that the repository does not have so far, less than a day after its change record."""
    lost(log)


def lost(log: Forge) -> str:
    """Append a change record about a commit, and remove the commit; return its id."""
    commit = first_commit(log, author="Gone <gone@example.invalid>")
    change(log, commit, change_body([], [item("added", after=b"x\n")]))
    del log.objects[commit]
    return commit


@vector()
def good_corrected(log: Forge) -> None:
    """A commit that is gone, and a correction that says so."""
    lost(log)
    log.add("dev", "correction", {"corrects": log.records[-1].id, **WHY})
    log.write_notes()


@vector()
def good_replaced(log: Forge) -> None:
    """A commit that is gone, and a change record that replaces it."""
    old = lost(log)
    body = change_body([], [item("added", after=b"x\n")])
    change(log, first_commit(log), {**body, "replaces": [old]})
    log.write_notes()


@vector()
def good_merge(log: Forge) -> None:
    """A merge: only what differs from both parents counts, against the first."""
    root = source_commit(log, plain(a_tf=b"1\n", b_tf=b"1\n", c_tf=b"1\n"))
    left = source_commit(log, plain(a_tf=b"2\n", b_tf=b"1\n", c_tf=b"2\n"), root)
    right = source_commit(log, plain(a_tf=b"1\n", b_tf=b"2\n", c_tf=b"3\n"), root)
    merge = source_commit(log, plain(a_tf=b"2\n", b_tf=b"2\n", c_tf=b"4\n", d_tf=b"5\n"), left, right)
    items = [item("modified", b"c.tf", b"2\n", b"4\n"), item("added", b"d.tf", None, b"5\n")]
    change(log, merge, change_body([left, right], items))
    log.write_notes()


@vector()
def good_files(log: Forge) -> None:
    """Every status, a submodule, a symbolic link, and paths that are not UTF-8 or hold control characters."""
    sub = object_id("commit", b"elsewhere").encode()
    before = {
        b"gone.tf": (FILE, b"1\n"), b"mode.tf": (FILE, b"2\n"), b"link.tf": (FILE, b"3\n"),
        b"module.tf": (FILE, b"4\n"), b"other.txt": (FILE, b"5\n"),
    }  # fmt: skip
    after = {
        b"mode.tf": (PROGRAM, b"2\n"), b"link.tf": (LINK, b"mode.tf"), b"module.tf": (SUBMODULE, sub),
        b"other.txt": (FILE, b"6\n"), b"caf\xe9.tf": (FILE, b"7\n"), b"a\x1b[1m.tf": (FILE, b"8\n"),
        b"\xe2\x80\xaegpj.tf": (FILE, b"9\n"), "\u00e9.tf".encode(): (FILE, b"10\n"),
    }  # fmt: skip
    root = source_commit(log, before)
    commit = source_commit(log, after, root, committer="Some One <one@example.invalid>", key="dev")
    escape, bidi = base64_item(b"a\x1b[1m.tf", b"8\n"), base64_item(b"\xe2\x80\xaegpj.tf", b"9\n")
    items = [
        escape, item("added", b"caf\xe9.tf", None, b"7\n"), item("deleted", b"gone.tf", b"1\n"),
        item("type-changed", b"link.tf", b"3\n", b"mode.tf"), item("modified", b"mode.tf", b"2\n", b"2\n"),
        item("deleted", b"module.tf", b"4\n"), item("added", "\u00e9.tf".encode(), None, b"10\n"), bidi,
    ]  # fmt: skip
    body = change_body([root], items)
    change(log, commit, {**body, "committer": signed_by("dev")})
    log.write_notes()


def base64_item(name: bytes, content: bytes) -> Json:
    """Return an item of an added file whose path must not reach a terminal."""
    import base64

    entry = item("added", b"x", None, content)
    return {"path_base64": base64.b64encode(name).decode("ascii"), **{k: v for k, v in entry.items() if k != "path"}}


@vector()
def good_long_list(log: Forge) -> None:
    """More files than a list holds: the first hundred, and the SHA-256 of all."""
    names = [f"{number:03d}.tf" for number in range(101)]
    commit = source_commit(log, {name.encode(): (FILE, b"x\n") for name in names})
    items = [item("added", name.encode(), None, b"x\n") for name in names]
    body = change_body([], [])
    change(log, commit, {**body, "files": {"total": 101, "items": items[:100], "sha256": digest(encode(items))}})
    log.write_notes()


@vector()
def good_odd_times(log: Forge) -> None:
    """A commit whose author line has no time that RFC 3339 could tell."""
    tree = log.put("tree", b"100644 main.tf\0" + bytes.fromhex(log.put("blob", b"x\n")))
    person = b"author Dev\ncommitter Dev <d@example.invalid> -1 +0000\n"
    commit = log.put("commit", b"tree " + tree.encode() + b"\n" + person + b"\nx")
    body = change_body([], [item("added", after=b"x\n")])
    del body["authored_at"], body["committed_at"]
    change(log, commit, body)
    log.write_notes()
