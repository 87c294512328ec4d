"""What `gitaudit protect server --check` tries on a server: attacks, each of which names a value that no ref has.

So each is judged by hooks and settings like a real one, and moves nothing where they let it pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.iac.patterns import PathMatcher
from gitaudit.iac.source.commit import parse_source_commit
from gitaudit.log.commit import object_id
from gitaudit.log.tree import FILE_MODE, Entry, format_tree
from gitaudit.policy.change_records import enforces_records
from gitaudit.policy.config import BRANCH_PREFIX
from gitaudit.usecases.chain import parent_of
from gitaudit.usecases.position import read_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitaudit.model import Kind
    from gitaudit.policy.policy import Policy
    from gitaudit.ports import ObjectReader

_WHO = b"gitaudit check <check@gitaudit.invalid> 1700000000 +0000"
_SAMPLES = ("main.tf", "gitaudit-check.tf", "playbook.yml", "Chart.yaml", "Pulumi.yaml", "template.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One attack: what it is, the ref, the values that it names, and the objects that it sends; None for no object."""

    attack: str
    ref: str
    old: str | None
    new: str | None
    objects: tuple[tuple[Kind, bytes], ...] = ()


def name_probes(log: str) -> list[Probe]:
    """Return the attacks by names of refs, which need no log."""
    short = log.removeprefix(BRANCH_PREFIX)
    first = _commit(object_id("tree", b""), None)
    second = _commit(object_id("tree", b""), object_id("commit", first))
    sent: tuple[tuple[Kind, bytes], ...] = (("tree", b""), ("commit", first), ("commit", second))
    other = short.upper() if short.upper() != short else short.lower()
    names = [
        ("push a branch in another letter case", f"{BRANCH_PREFIX}{other}"),
        ("push a tag that is taken for the log", f"refs/tags/{short}"),
        ("push a branch named HEAD", f"{BRANCH_PREFIX}HEAD"),
        ("push replace refs", f"refs/replace/{object_id('commit', first)}"),
        ("push what only a clone is to have, as mirrors do", "refs/remotes/gitaudit-check/main"),
    ]
    old, new = object_id("commit", first), object_id("commit", second)
    return [Probe(attack=attack, ref=ref, old=old, new=new, objects=sent) for attack, ref in names]


def log_probes(store: ObjectReader, log: str, head: str) -> list[Probe]:
    """Return the attacks on the log itself; none where it has only its first record, and so no other true value."""
    raw = store.read(head)[1]
    parent = parent_of(raw)
    if parent is None:
        return []
    root, unsigned = _commit(raw[5:45].decode("ascii"), None), _without_signature(raw)
    unrelated, forged = object_id("commit", root), object_id("commit", unsigned)
    return [
        Probe(attack="force the log back", ref=log, old=parent, new=unrelated, objects=(("commit", root),)),
        Probe(attack="delete the log", ref=log, old=parent, new=None),
        Probe(
            attack="add a record without its signature",
            ref=log,
            old=parent,
            new=forged,
            objects=(("commit", unsigned),),
        ),
    ]


def unrecorded_probe(store: ObjectReader, policy: Policy | None, tips: Sequence[tuple[str, str]]) -> Probe | None:
    """Return the attack of a commit without a record; None where the policy allows it or no branch can be tried.

    Args:
        store: the repository.
        policy: in force.
        tips: name and head of the protected refs.
    """
    if policy is None or not enforces_records(policy):
        return None
    matcher = PathMatcher(policy.iac)
    name = next((one for one in _SAMPLES if matcher.matches(one.encode())), None)
    for ref, tip in tips:
        parents = parse_source_commit(store.read(tip)[1]).parents
        if name is None or not parents:
            continue
        base = parse_source_commit(store.read(parents[0])[1]).tree
        content = b"# tried by gitaudit protect server --check\n"
        entry = Entry(mode=FILE_MODE, oid=bytes.fromhex(object_id("blob", content)))
        tree = format_tree({**read_tree(store, base), name.encode(): entry})
        commit = _commit(object_id("tree", tree), parents[0])
        return Probe(
            attack="push a commit that has no record",
            ref=ref,
            old=parents[0],
            new=object_id("commit", commit),
            objects=(("blob", content), ("tree", tree), ("commit", commit)),
        )
    return None


def _without_signature(raw: bytes) -> bytes:
    """Return an audit commit without its header `gpgsig`, all else as it is."""
    head, _, rest = raw.partition(b"\ngpgsig ")
    return head + rest[rest.find(b"\n\n") :]


def _commit(tree: str, parent: str | None) -> bytes:
    above = b"" if parent is None else b"parent %s\n" % parent.encode()
    return b"tree %s\n%sauthor %s\ncommitter %s\n\ntried by gitaudit\n" % (tree.encode(), above, _WHO, _WHO)
