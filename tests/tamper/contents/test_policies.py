"""What governs a log: its genesis, the pin of it, and policies that are set by record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import RefusedError
from gitaudit.log import paths
from gitaudit.log.commit import sha256_hex
from gitaudit.policy import yaml_text
from gitaudit.policy.policy import Key
from gitaudit.usecases.governing.change_policy import add_key_draft, current_policy, remove_key_draft, set_draft
from tests.tamper.forging import Forgery, drift, forge, tree_of
from tests.tamper.judging import BAD, UNDECIDED, accepted, found, judge, judge_log
from tests.tamper.sample import Writer, sample_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.model import Draft, Head
    from gitaudit.policy.config import Config


def test_second_genesis(log: Writer) -> None:
    """A genesis record stands first and nowhere else."""
    digest = sha256_hex(current_policy(log.store, log.position)[1])
    draft = log.author("carol").draft("genesis", {"policy_sha256": digest})
    found(log, forge(log, "carol", draft), "genesis", "record-schema")


def test_log_without_genesis(log: Writer) -> None:
    """A log that begins with another record than genesis is found, pinned or not."""
    fresh = Writer(keys=log.keys)
    policy = yaml_text.dump(fresh.first_policy("alice"))
    files = {
        paths.POLICY: policy,
        paths.key_path(log.keys["alice"].fingerprint): log.keys["alice"].certificate(),
    }
    body = {"change": "set", "policy_sha256": sha256_hex(policy)}
    forged = forge(fresh, "alice", fresh.author("alice").draft("policy", body, files=files))
    config = log.config._replace(
        genesis_commit=forged.commit, genesis_sha256=sha256_hex(fresh.store.read(forged.commit)[1])
    )
    verdict = judge(fresh.store, config, log.now, forged.commit)
    assert (verdict.code, verdict.named("genesis")) == (BAD, [forged.place])


def test_other_genesis_than_the_pinned(log: Writer) -> None:
    """A perfect log that begins with another commit than the pinned one is not this log."""
    log.clock.step(3600)
    other = sample_log(Writer(clock=log.clock))
    verdict = judge(other.store, log.config, other.now, other.head.commit)
    assert (verdict.code, verdict.rules, verdict.named("genesis-pin")) == (BAD, ["genesis-pin"], [(0, None)])


def test_pinned_commit_with_another_sha256(log: Writer) -> None:
    """The pin holds the SHA-256 of the first commit, as its id proves little."""
    config = log.config._replace(genesis_sha256="0" * 64)
    verdict = judge(log.store, config, log.now, log.head.commit)
    assert (verdict.code, verdict.rules) == (BAD, ["genesis-pin"])


def policy_draft(log: Writer, change: Callable[[dict[str, object]], object]) -> Draft:
    """Return the draft by which an admin sets a policy of any content."""
    policy, base = current_policy(log.store, log.position)
    document = dict(policy.document)
    change(document)
    data = yaml_text.dump(document)
    body = {"change": "set", "policy_sha256": sha256_hex(data), "previous_sha256": sha256_hex(base)}
    return log.author("carol").draft("policy", body, files={paths.POLICY: data})


def test_policy_record_about_another_policy(log: Writer) -> None:
    """A policy record names the `policy.yml` that it sets and the one that it was made against."""
    draft = set_draft(log.author("carol"), *current_policy(log.store, log.position), {"environments": ("x",)})
    body = draft.document["body"]
    assert isinstance(body, dict)
    for name in ("policy_sha256", "previous_sha256"):
        found(log, forge(log, "carol", draft, Forgery(fields={"body": {**body, name: "0" * 64}})), "policy")


def test_policy_record_that_changes_nothing(log: Writer) -> None:
    """A policy record that claims a change and brings no `policy.yml` is found."""
    body = {"change": "set", "policy_sha256": "0" * 64}
    found(log, forge(log, "carol", log.author("carol").draft("policy", body)), "policy")


def honest(log: Writer, change: str) -> Draft:
    """Return the draft of a change as this program makes it: of the key `mallory`, or `dev` where it is removed."""
    author, (policy, base) = log.author("carol"), current_policy(log.store, log.position)
    if change == "remove-key":
        return remove_key_draft(author, policy, base, log.keys["dev"].fingerprint, "left")
    if change == "set":
        return set_draft(author, policy, base, {"environments": ("x",)})
    key = log.keys["mallory"]
    entry = Key(fingerprint=key.fingerprint, name="mallory")
    return add_key_draft(author, policy, base, entry, key.certificate(), ("dev",), admin=True)


LIES: list[tuple[str, dict[str, object]]] = [
    ("add-key", {"change": "set"}),
    ("add-key", {"change": "remove-key"}),
    ("add-key", {"change": "revoke-key"}),
    ("add-key", {"key": "dev"}),
    ("add-key", {"roles": ["dev"]}),
    ("add-key", {"roles": ["dev", "ci", "admin"]}),
    ("remove-key", {"change": "set"}),
    ("remove-key", {"change": "add-key"}),
    ("remove-key", {"key": "ci"}),
    ("set", {"change": "add-key", "key": "dev"}),
    ("set", {"change": "remove-key", "key": "mallory"}),
    ("set", {"key": "dev"}),
]
"""A change, and the fields of its record that say something else; keys by name."""


@pytest.mark.parametrize("change", ["add-key", "remove-key", "set"])
def test_policy_record_that_says_what_it_does(log: Writer, change: str) -> None:
    """What this program writes is accepted: each test below changes one field of it."""
    accepted(log, forge(log, "carol", honest(log, change)))


@pytest.mark.parametrize(("change", "said"), LIES)
def test_policy_record_that_says_something_else(log: Writer, change: str, said: dict[str, object]) -> None:
    """A record that says something else than it does is found, and not written in the first place."""
    draft = honest(log, change)
    if "key" in said:
        said = {**said, "key": log.keys[str(said["key"])].fingerprint}
    body = draft.document["body"]
    assert isinstance(body, dict)
    lie = draft._replace(document={**draft.document, "body": {**body, **said}})
    verdict = judge_log(log, forge(log, "carol", lie).commit)
    assert (verdict.code, {*verdict.rules}) == (BAD, {"policy"})
    with pytest.raises(RefusedError, match=r"the record says .*: expected .*, found .*"):
        log.add("carol", lie)


def test_policy_record_after_one_that_cannot_be_used(log: Writer) -> None:
    """A policy that cannot be used is found once: the record that puts it right says what it does."""
    broken = b"x: 1\n"
    _, base = current_policy(log.store, log.position)
    digests = {"policy_sha256": sha256_hex(broken), "previous_sha256": sha256_hex(base)}
    author = log.author("carol")
    bad = forge(log, "carol", author.draft("policy", {"change": "set", **digests}, files={paths.POLICY: broken}))
    position = log.position._replace(size=31, head=_head(log, bad.commit), tree=tree_of(log, bad.commit))
    draft = honest(log, "add-key")
    body = {**draft.document["body"], "previous_sha256": sha256_hex(broken)}  # type: ignore[dict-item]  # a mapping
    right = draft._replace(document={**draft.document, "body": body})
    verdict = judge_log(log, forge(log, "carol", right, before=position).commit)
    assert (verdict.code, verdict.named("policy")) == (BAD, [bad.place])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"a: &a [x]\nb: *a\n", id="alias"),
        pytest.param(
            b"a: &a [x,x,x]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 120)),
            id="alias-bomb",
        ),
        pytest.param(b"[" * 200_000, id="deep"),
        pytest.param(b"- " * 100_000, id="deep-block"),
        pytest.param(b"? " * 100_000, id="deep-keys"),
        pytest.param(b"{a: " * 100_000, id="deep-flow"),
        pytest.param(b"a: 1\na: 2\n", id="key-twice"),
        pytest.param(b"a: !!python/object/apply:os.system [id]\n", id="tag"),
        pytest.param(b"a: 1.5\n", id="float"),
        pytest.param(b"\xff\xfe", id="no-utf-8"),
        pytest.param(b"a: \x00\n", id="nul"),
        pytest.param(b"", id="empty"),
        pytest.param(b"---\na: 1\n---\nb: 1\n", id="two-documents"),
        pytest.param(b"x" * 300_000, id="long"),
        pytest.param(b"a: " + b"9" * 100_000, id="long-number"),
        pytest.param(b"format: gitaudit.policy/1\n", id="fields-missing"),
        pytest.param(b"%YAML 9.9\n---\na: 1\n", id="version"),
        pytest.param(b"a: 2001-02-30\n", id="date"),
        pytest.param(b"<<: {a: 1}\n", id="merge-key"),
    ],
)
def test_hostile_policy(log: Writer, text: bytes) -> None:
    """A `policy.yml` that is no policy is found at the record that sets it, in bounded time and memory."""
    body = {"change": "set", "policy_sha256": sha256_hex(text)}
    draft = log.author("carol").draft("policy", body, files={paths.POLICY: text})
    found(log, forge(log, "carol", draft), "policy")


def test_policy_that_needs_a_newer_version(log: Writer) -> None:
    """What this version cannot judge by is neither good nor bad: exit code 3."""
    draft = policy_draft(log, lambda document: document.update(critical=["delegation"]))
    assert judge_log(log, forge(log, "carol", draft).commit).code == UNDECIDED


@pytest.mark.parametrize("who", ["dev", "mallory"])
def test_policy_that_needs_a_newer_version_by_an_outsider(log: Writer, who: str) -> None:
    """A forged policy does not turn "bad" into "cannot tell"."""
    draft = policy_draft(log, lambda document: document.update(critical=["delegation"]))
    verdict = judge_log(log, forge(log, who, draft).commit)
    assert verdict.code == BAD
    assert "policy" in verdict.rules


def test_newer_policy_after_a_fault(log: Writer) -> None:
    """A log that is bad stays bad, whatever a later policy asks for."""
    forged = forge(log, "ci", drift(log), Forgery(authored=1))
    position = log.position._replace(size=31, head=_head(log, forged.commit), tree=tree_of(log, forged.commit))
    position = position._replace(frontier=log.position.frontier)
    draft = policy_draft(log, lambda document: document.update(critical=["delegation"]))
    verdict = judge_log(log, forge(log, "carol", draft, before=position).commit)
    assert (verdict.code, verdict.errors[0].index) == (BAD, 30)


def test_newer_policy_of_another_log(log: Writer) -> None:
    """Another log than the pinned one is that, whatever its policy asks for."""
    other = Writer(keys=log.keys)
    policy = yaml_text.dump({**other.first_policy("alice"), "critical": ["delegation"]})
    key = paths.key_path(log.keys["alice"].fingerprint)
    files = {paths.POLICY: policy, key: log.keys["alice"].certificate()}
    draft = other.author("alice").draft("genesis", {"policy_sha256": sha256_hex(policy)}, files=files)
    forged = forge(other, "alice", draft)
    assert judge(other.store, other_pin(other, forged.commit, log), log.now, forged.commit).code == UNDECIDED
    assert judge(other.store, log.config, log.now, forged.commit).rules == ["genesis-pin"]


def other_pin(other: Writer, commit: str, log: Writer) -> Config:
    """Return the configuration that pins another genesis."""
    return log.config._replace(genesis_commit=commit, genesis_sha256=sha256_hex(other.store.read(commit)[1]))


def _head(log: Writer, commit: str) -> Head:
    return log.head._replace(commit=commit, sha256=sha256_hex(log.store.read(commit)[1]), size=31)
