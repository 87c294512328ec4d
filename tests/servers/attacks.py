"""What is pushed at a protected server, row by row of the threat model, and what the server says to it.

Every attack is a sequence of pushes by stock Git, all of which must be refused with its text, and move no ref.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.log import paths
from gitaudit.log.commit import sha256_hex
from gitaudit.log.times import epoch, format_time, from_epoch
from gitaudit.policy import yaml_text
from gitaudit.policy.policy import Key
from gitaudit.usecases.governing.change_policy import add_key_draft, current_policy
from tests.support.git import GitRepo
from tests.support.logs import LOG, NOTES
from tests.tamper.forging import HONEST, Forgery, forge, redated, two_packets
from tests.tamper.sample import ENVIRONMENT, Writer, about

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.model import Draft
    from tests.servers.conftest import Attacker

FINISHED = {"environment": ENVIRONMENT, "outcome": "succeeded", "outcome_source": "stated"}


@dataclass(frozen=True)
class Attack:
    """An attack: its name, what the server must say, and what makes the pushes from a clone."""

    name: str
    said: str
    pushes: Callable[[Attacker], list[list[str]]]


def drift(log: Writer, who: str = "ci", **more: object) -> Draft:
    """Return the draft of a record that the pipeline may sign."""
    body = {"environment": ENVIRONMENT, "detected": False, "source": "terraform plan", **more}
    return log.author(who).draft("drift", body)


def record(
    who: str, make: Callable[[Writer], Draft] = drift, how: Callable[[Writer], Forgery] = lambda _: HONEST
) -> Callable[[Attacker], list[list[str]]]:
    """Return what pushes a forged record on top of the log, without force."""

    def pushes(one: Attacker) -> list[list[str]]:
        forged = forge(one.log, who, make(one.log), how(one.log))
        return [[f"{one.ref(forged.commit)}:{LOG}"]]

    return pushes


def to(*arguments: str) -> Callable[[Attacker], list[list[str]]]:
    """Return what pushes with these arguments."""
    return lambda _: [list(arguments)]


def unsigned(raw: bytes) -> bytes:
    """Return a commit without its signature."""
    head, _, rest = raw.partition(b"\ngpgsig ")
    return head + rest[rest.index(b"\n\n") :]


def signed_twice(raw: bytes) -> bytes:
    """Return a commit with its signature in two headers."""
    start = raw.index(b"gpgsig ")
    header = raw[start : raw.index(b"\n\n", start) + 1]
    return raw.replace(header, header + header)


def replace_trick(one: Attacker) -> list[list[str]]:
    """Two pushes: first a replace ref by which another commit seems to come after the log, then that commit."""
    head = one.repo.id_of(LOG)
    tree = one.repo.id_of(f"{LOG}^{{tree}}")
    seems = one.repo.run("commit-tree", tree, "-p", head, "-m", "replaced")
    stands = one.repo.run("commit-tree", tree, "-m", "stands")
    return [[f"{seems}:refs/replace/{stands}"], ["--force", f"{stands}:{LOG}"]]


def mirror(one: Attacker) -> list[list[str]]:
    """Everything that a clone has, as `git push --mirror` sends it, and deletes what the clone has not."""
    one.repo.run("update-ref", "refs/remotes/origin/main", "refs/heads/main")
    return [["--mirror"]]


def alias(one: Attacker) -> list[list[str]]:
    """Another name of the log, made by an admin of the server."""
    server = GitRepo(one.server.repository)
    server.run("symbolic-ref", "refs/heads/alias", LOG)
    return [["--force", f"{LOG}~1:refs/heads/alias"]]


def fork(one: Attacker) -> list[list[str]]:
    """A good record, signed by one who may, on top of an older one."""
    before = one.log.before[-1]
    forged = forge(one.log, "ci", drift(one.log), before=before)
    return [["--force", f"{one.ref(forged.commit)}:{LOG}"]]


def from_elsewhere(one: Attacker) -> list[list[str]]:
    """A genuine record of another log, put on top of this one by somebody who may sign such records."""
    forged = forge(one.log, "ci", drift(one.log), Forgery(fields={"origin": "example.com/other"}))
    return [[f"{one.ref(forged.commit)}:{LOG}"]]


def again(one: Attacker) -> list[list[str]]:
    """A genuine audit commit, the last one, put on top of itself with another parent."""
    raw = one.repo.raw_object("commit", one.repo.id_of(LOG))
    head = one.repo.id_of(LOG)
    parent = one.repo.id_of(f"{LOG}~1")
    moved = one.repo.put("commit", raw.replace(parent.encode(), head.encode(), 1))
    return [[f"{moved}:{LOG}"]]


def another_tree(log: Writer) -> Draft:
    """Return a deployment of a commit that exists, with the tree of another one."""
    commits = [str(each.subject["commit"]) for each in log.records if each.type == "change"]
    subject = {**about(log, commits[-1]), "tree": about(log, commits[0])["tree"]}
    return log.author("ci").draft("deploy.finished", FINISHED, subject=subject)


def backdated(log: Writer) -> Forgery:
    """Return a signature from before the one that it comes after."""
    at = epoch(log.clock.now()) - 86_400
    return Forgery(authored=at, committed=at)


def of_long_ago(log: Writer) -> Draft:
    """Return a draft that fits `backdated`."""
    at = epoch(log.clock.now()) - 86_400
    when = format_time(from_epoch(at))
    return redated(drift(log), recorded_at=when, occurred_at=when)


def by_no_admin(log: Writer) -> Draft:
    """Return the policy record by which a developer makes himself an admin."""
    policy, base = current_policy(log.store, log.position)
    key = Key(fingerprint=log.keys["dev"].fingerprint, name="dev")
    return add_key_draft(log.author("dev"), policy, base, key, log.keys["dev"].certificate(), (), admin=True)


def after_expiry(log: Writer) -> Forgery:
    """Return a signature from after the key has expired."""
    at = epoch(log.clock.now()) + 7_200
    return Forgery(authored=at, committed=at)


def of_two_admins(log: Writer) -> Draft:
    """Return the policy record by which one admin asks for two from now on, which this version cannot judge."""
    policy, base = current_policy(log.store, log.position)
    text = yaml_text.dump({**policy.document, "admins": {"threshold": 2, "keys": list(policy.admins)}})
    body = {"change": "set", "policy_sha256": sha256_hex(text), "previous_sha256": sha256_hex(base)}
    return log.author("carol").draft("policy", body, files={paths.POLICY: text})


def in_anothers_name(log: Writer) -> Forgery:
    """Return a record that says that the release manager acted, signed by the pipeline."""
    actor = {"kind": "human", "id": f"openpgp:{log.keys['release'].fingerprint}", "auth": "gpg"}
    return Forgery(fields={"actor": actor})


def forged_notes(one: Attacker) -> list[list[str]]:
    """Notes that anybody can write with `git notes`: unsigned."""
    tree = one.repo.id_of(f"{NOTES}^{{tree}}")
    made = one.repo.run("commit-tree", tree, "-p", one.repo.id_of(NOTES), "-m", "notes")
    return [[f"{made}:{NOTES}"]]


def without_record(one: Attacker) -> list[list[str]]:
    """A commit of infrastructure code that no hook has recorded."""
    return [["--no-verify", f"{one.commit('unrecorded.tf')}:refs/heads/main"]]


def by_an_alias(one: Attacker) -> list[list[str]]:
    """The same, to another name of the protected branch, made by an admin of the server."""
    GitRepo(one.server.repository).run("symbolic-ref", "refs/heads/trunk", "refs/heads/main")
    return [["--no-verify", f"{one.commit('trunk.tf')}:refs/heads/trunk"]]


def backdated_commit(one: Attacker) -> list[list[str]]:
    """The same, hidden below a harmless commit and dated before the log began."""
    env = {"GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2001-01-01T00:00:00Z"}
    tree = one.repo.id_of(f"{one.commit('old.tf')}^{{tree}}")
    old = one.repo.run("commit-tree", tree, "-p", one.repo.id_of("refs/heads/main"), "-m", "old", env=env)
    new = one.repo.run("commit-tree", tree, "-p", old, "-m", "new")
    return [["--no-verify", f"{new}:refs/heads/main"]]


def by_a_feature_branch(one: Attacker) -> list[list[str]]:
    """The same, merged from a branch that needs no records."""
    feature = one.commit("feature.tf")
    main = one.repo.id_of("refs/heads/main")
    tree = one.repo.id_of(f"{feature}^{{tree}}")
    merge = one.repo.run("commit-tree", tree, "-p", main, "-p", feature, "-m", "merge")
    return [["--no-verify", f"{merge}:refs/heads/main"]]


ATTACKS = (
    Attack("force the log back", "the log only grows: this push would take it back", to("--force", f"{LOG}~3:{LOG}")),
    Attack("delete the log", "the log cannot be deleted", to(f":{LOG}")),
    Attack("fork the log", "the log only grows: this push lacks records", fork),
    Attack("put another branch there", "only gitaudit writes to this branch", to("--force", f"refs/heads/main:{LOG}")),
    Attack("push another letter case", "another spelling", to("refs/heads/main:refs/heads/Audit")),
    Attack("push another composition", "another spelling", to("refs/heads/main:refs/heads/au\u200bdit")),
    Attack("push a branch below", "nothing may stand above or below", to("refs/heads/main:refs/heads/audit/x")),
    Attack("push a tag", "git may take this name", to("refs/heads/main:refs/tags/audit")),
    Attack("push HEAD", "taken for another one", to("refs/heads/main:refs/heads/HEAD")),
    Attack("push what clones have", "only a clone is to have", to("refs/heads/main:refs/remotes/origin/main")),
    Attack("mirror", "refused refs/remotes/origin/main", mirror),
    Attack("replace refs", "refused refs/", replace_trick),
    Attack("use an alias", f"is an alias of {LOG}", alias),
    Attack("delete the notes", "the notes of the log cannot be deleted", to(f":{NOTES}")),
    Attack("take notes back", "the notes of the log only grow", to("--force", f"refs/heads/main:{NOTES}")),
    Attack("forge notes", "notes: refs/notes/audit: ", forged_notes),
    Attack("sign with an unknown key", "signature: ", record("mallory", lambda log: drift(log, "mallory"))),
    Attack("sign with a removed key", "signature: ", record("alice", lambda log: drift(log, "alice"))),
    Attack("sign what the key may not", "grant: ", record("dev", lambda log: drift(log, "dev"))),
    Attack("sign for another environment", "grant: ", record("ci", lambda log: drift(log, environment={"id": "dev"}))),
    Attack("sign with an expired key", "expired", record("brief", lambda log: drift(log, "brief"), after_expiry)),
    Attack("set a policy that one admin cannot", "threshold 2", record("carol", of_two_admins)),
    Attack("push a huge record", "record-form: ", record("ci", how=lambda _: Forgery(record=b"[" * 70_000))),
    Attack("do not sign", "no signature", record("ci", how=lambda _: Forgery(commit=unsigned))),
    Attack("sign twice", "commit-form: ", record("ci", how=lambda _: Forgery(commit=signed_twice))),
    Attack(
        "two signatures in one",
        "signature: ",
        record("ci", how=lambda log: Forgery(sign=two_packets(log.keys["ci"], epoch(log.clock.now())))),
    ),
    Attack("use a weak hash", "signature-hash: ", record("ci", how=lambda _: Forgery(how={"hash": "SHA1"}))),
    Attack("act in another's name", "actor: ", record("ci", how=in_anothers_name)),
    Attack("become an admin", "grant: ", record("dev", by_no_admin)),
    Attack("replay from another log", "origin: ", from_elsewhere),
    Attack("replay at another place", "record-missing: ", again),
    Attack("claim another tree", "subject-tree: ", record("ci", another_tree)),
    Attack("date back", "time: ", record("ci", of_long_ago, backdated)),
    Attack(
        "plant terminal escapes",
        "record-schema: ",
        record("ci", lambda log: drift(log, source="\u202eplan"), lambda _: HONEST),
    ),
    Attack("skip the client's hook", "changes infrastructure as code and has no record", without_record),
    Attack("skip it by another name", "changes infrastructure as code and has no record", by_an_alias),
    Attack("skip it and date back", "changes infrastructure as code and has no record", backdated_commit),
    Attack("skip it on a feature branch", "changes infrastructure as code and has no record", by_a_feature_branch),
    Attack(
        "take the branch back",
        "taking commits away from a protected branch",
        to("--force", "refs/heads/main~1:refs/heads/main"),
    ),
    Attack("delete the branch", "deleting a protected branch", to(":refs/heads/main")),
)
