"""The best that somebody without a key can do: change a record and link everything after it anew.

Every id, SHA-256, Merkle root and message is put right; what remains of each commit is its old signature, or one by a
key of the forger's own. It uses git and the format's description alone, nothing of gitaudit. `scripts/demo` runs it:

    python forge.py LOG INDEX OLD NEW [KEY]    in a clone: write NEW for OLD in record INDEX of the log on branch LOG
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys


def git(*arguments: str, stdin: bytes = b"") -> bytes:
    """Run git here and return what it prints."""
    command = ["git", "-c", "core.quotePath=off", *arguments]
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def digest(data: bytes) -> bytes:
    """Return the SHA-256."""
    return hashlib.sha256(data).digest()


def hex_digest(data: bytes) -> bytes:
    """Return the SHA-256 as hex digits."""
    return digest(data).hex().encode()


def frontier(records: list[bytes]) -> list[bytes]:
    """Return the compact range of the Merkle tree over records (RFC 6962, section 2.1)."""
    hashes: list[bytes] = []
    for size, record in enumerate(records):
        node, rest = digest(b"\0" + record), size
        while rest & 1:
            node, rest = digest(b"\1" + hashes.pop() + node), rest >> 1
        hashes.append(node)
    return hashes


def root(hashes: list[bytes]) -> bytes:
    """Return the root that a compact range has."""
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = digest(b"\1" + left + result)
    return result


def tree_with(tree: str, files: dict[str, bytes]) -> str:
    """Return a tree with some files replaced."""
    entries = {}
    for line in git("ls-tree", "-z", tree).decode().split("\0")[:-1]:
        head, name = line.split("\t")
        entries[name] = head
    for name in {path.partition("/")[0] for path in files}:
        inner = {path.partition("/")[2]: data for path, data in files.items() if path.partition("/")[0] == name}
        if "" in inner:
            entries[name] = f"100644 blob {put('blob', inner[''])}"
        else:
            entries[name] = f"040000 tree {tree_with(entries[name].split()[2], inner)}"
    listing = "".join(f"{head}\t{name}\0" for name, head in entries.items())
    return git("mktree", "-z", stdin=listing.encode()).decode().strip()


def put(kind: str, data: bytes) -> str:
    """Write an object and return its id."""
    return git("hash-object", "-w", "--stdin", "-t", kind, stdin=data).decode().strip()


def signed(payload: bytes, key: str) -> bytes:
    """Return a commit with a signature by a key of one's own at the time that the commit says."""
    when = re.search(rb"\ncommitter .* ([0-9]+) \+0000\n", payload)
    time = when[1].decode() if when else "0"
    command = ["gpg", "--batch", "--quiet", "--armor", "--detach-sign", "--local-user", key]
    command += ["--faked-system-time", f"{time}!"]
    armored = subprocess.run(command, input=payload, stdout=subprocess.PIPE, check=True).stdout
    head, message = payload.split(b"\n\n", 1)
    return head + b"\ngpgsig " + armored.rstrip(b"\n").replace(b"\n", b"\n ") + b"\n \n\n" + message


def forge(log: str, index: int, old: bytes, new: bytes, key: str | None) -> str:
    """Change a record, link what follows anew, move the branch, and return its new head."""
    commits = git("rev-list", "--reverse", f"refs/heads/{log}").decode().split()
    records: list[bytes] = []
    forged: dict[str, bytes] = {}
    ids: dict[bytes, bytes] = {}
    parent = ""
    for number, commit in enumerate(commits):
        raw = git("cat-file", "commit", commit)
        names = git("diff-tree", "--root", "--no-commit-id", "-r", "--name-only", commit, "--", "records/")
        path = names.decode().strip()
        record = git("cat-file", "blob", f"{commit}:{path}")
        if number == index:
            record = record.replace(old, new)
        for before, after in ids.items():
            record = record.replace(before, after)
        records.append(record)
        if number >= index:
            forged[path] = record
            text = raw.replace(old, new) if number == index else raw
            made = relinked(text, parent, records, forged, key)
            ids |= {commit.encode(): made.encode(), hex_digest(raw): hex_digest(git("cat-file", "commit", made))}
            commit = made  # noqa: PLW2901 - the forged one takes its place
        parent = commit
    git("update-ref", f"refs/heads/{log}", parent)
    return parent


def relinked(raw: bytes, parent: str, records: list[bytes], forged: dict[str, bytes], key: str | None) -> str:
    """Write the commit that adds the last of `records` on top of `parent`, and return its id."""
    hashes = frontier(records)
    lines = b"".join(base64.b64encode(one) + b"\n" for one in hashes)
    tree = tree_with(raw[5:45].decode(), {**forged, "merkle/frontier": lines})
    head, message = raw.split(b"\n\n", 1)
    head = re.sub(rb"\Atree [0-9a-f]{40}", b"tree " + tree.encode(), head)
    head = re.sub(rb"\nparent [0-9a-f]{40}", b"\nparent " + parent.encode(), head, count=1)
    message = re.sub(rb"(?<=\nAudit-Root: )\S+", base64.b64encode(root(hashes)), message)
    if key is None:
        return put("commit", head + b"\n\n" + message)
    return put("commit", signed(re.sub(rb"\ngpgsig .*(\n .*)*", b"", head) + b"\n\n" + message, key))


if __name__ == "__main__":
    branch, number_of, was, shall_be, *own_key = sys.argv[1:]
    print(forge(branch, int(number_of), was.encode(), shall_be.encode(), own_key[0] if own_key else None))  # noqa: T201
