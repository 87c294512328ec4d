"""`gitaudit status`: what runs where, what has no end, what waits, what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitaudit.errors import RefusedError
from gitaudit.usecases.deploys.deployments import gap_findings, history_of
from gitaudit.usecases.executing.approvals import check_plan
from gitaudit.usecases.status import Overview, overview
from tests.cli.test_json_output import good
from tests.schemas.examples import example
from tests.support.logs import LogMaker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cli.console import Console
    from tests.support.git import GitRepo


def record(console: Console, *options: str) -> int:
    """Record a deployment and return its index."""
    index: int = console.json("record-deploy", *options)["recorded"][0]["index"]
    return index


def test_last_and_running(audited: Console, git_repo: GitRepo) -> None:
    """Per environment and stack: the last that ended, and where that went wrong, what runs since before."""
    first = record(audited, "--env", "prod", "--outcome", "succeeded")
    git_repo.commit({"two.tf": b"# two\n"})
    second = record(audited, "--env", "prod", "--outcome", "failed")
    other = record(audited, "--env", "prod", "--stack", "net", "--outcome", "partial")
    never = record(audited, "--env", "staging", "--outcome", "canceled")

    found = good(audited.run("status", "--json"))["deployments"]
    assert [(one["environment"], one["stack"], one["last"]["index"]) for one in found] == [
        ("prod", None, second),
        ("prod", "net", other),
        ("staging", None, never),
    ]
    assert [one["running"] and one["running"]["index"] for one in found] == [first, other, None]
    assert [one["environment"] for one in good(audited.run("status", "--env", "staging", "--json"))["deployments"]] == [
        "staging"
    ]
    text = audited.ok("status")
    assert f"prod: failed {git_repo.id_of('HEAD')[:12]}" in text
    assert f"runs: succeeded {git_repo.id_of('HEAD~1')[:12]}" in text
    assert "nothing is known to run" in text


def test_commit_that_did_not_arrive(audited: Console, git_repo: GitRepo) -> None:
    """A change that was recorded and whose commit is on no branch of the remote is told until it is pushed."""
    git_repo.run("push", "--quiet", "origin", "HEAD:refs/heads/main")
    commit = git_repo.commit({"two.tf": b"# two\n"})
    audited.ok("record-change", "HEAD")

    (told,) = good(audited.run("status", "--json"))["not_arrived"]
    assert (told["commit"], f"not arrived: commit {commit}" in audited.ok("status")) == (commit, True)

    git_repo.run("push", "--quiet", "origin", "HEAD:refs/heads/main")
    assert good(audited.run("status", "--json"))["not_arrived"] == []


def test_corrected_deployment_does_not_count(audited: Console) -> None:
    """A record that was corrected says nothing of what runs."""
    first = record(audited, "--env", "prod", "--outcome", "succeeded")
    wrong = record(audited, "--env", "prod", "--outcome", "failed")
    audited.ok("correct", str(wrong), "--reason", "it was another environment")

    assert good(audited.run("status", "--json"))["deployments"][0]["last"]["index"] == first


def test_what_waits(audited: Console) -> None:
    """Records that only this clone has are counted, without asking the remote."""
    record(audited, "--env", "prod", "--outcome", "succeeded", "--no-push")

    assert good(audited.run("status", "--json"))["unpublished"] == 1
    assert "unpublished: 1 record only here" in audited.ok("status")


def test_empty_log(audited: Console) -> None:
    """Before the first deployment there is nothing to tell."""
    assert audited.ok("status") == "no deployment has ended yet\n"


def maker() -> LogMaker:
    """Return a log that grows in memory."""
    return LogMaker(environments=("prod",))


def looked_at(log: LogMaker) -> Overview:
    """Return where things stand in a log, now."""
    return overview(log.store, log.head.commit, environment=None, now=log.clock.now())


def deploy(log: LogMaker, kind: str, **fields: object) -> str:
    """Append a record of a deployment and return its id."""
    body: Mapping[str, Any] = {"environment": {"id": "prod"}, **fields}
    return log.add_body(kind, body, example(kind)["subject"]).id


def state(serial: int, lineage: str = "a") -> dict[str, object]:
    """Return a STATE object."""
    return {"lineage": lineage, "serial": serial}


def test_overrides_and_reviews() -> None:
    """An override is in force until it ends, and its review is due until a record says that it was done."""
    log = maker()
    body = {
        "control": "approval",
        "reason": "database down",
        "expires_at": "2099-01-01T00:00:00Z",
        "review": {"due_at": "2000-01-01T00:00:00Z"},
    }
    override = log.add_body("override", body)
    before = looked_at(log)
    done = {**body, "expires_at": "2000-01-01T00:00:00Z"}
    done["review"] = {"due_at": "2000-01-01T00:00:00Z", "reviewed_at": "2000-01-02T00:00:00Z", "record": override.id}
    log.add_body("override", done)
    after = looked_at(log)

    assert [(one.what, one.overdue) for one in before.due] == [("expiry", False), ("review", True)]
    assert [one.what for one in after.due] == ["expiry"]


def test_starts_and_their_ends() -> None:
    """A start is open until an end names it, or a correction does."""
    log = maker()
    ended, corrected, left = (deploy(log, "deploy.started") for _ in range(3))
    deploy(log, "deploy.finished", outcome="failed", outcome_source="stated", started=ended)
    log.add_body("correction", {"corrects": corrected, "reason": "it never ran"})

    assert [one.record.id for one in looked_at(log).unfinished] == [left]
    findings = gap_findings(log.store, log.head.commit)
    assert [(one.rule, one.severity, one.id) for one in findings] == [("unfinished", "warning", left)]
    assert [one.record.id for one in history_of(log.store, log.head.commit, ("prod", "", "")).unfinished] == [left]


def finished(log: LogMaker, before: Mapping[str, object], after: Mapping[str, object], **fields: object) -> str:
    """Append the end of a deployment with states around it."""
    states = {"before": before, "after": after}
    return deploy(log, "deploy.finished", outcome="succeeded", outcome_source="stated", state=states, **fields)


def moved(log: LogMaker) -> list[str | None]:
    """Return the ids of the records that met a state which had moved."""
    return [one.id for one in gap_findings(log.store, log.head.commit) if one.rule == "state-moved"]


def test_states_that_follow_each_other() -> None:
    """What one run left is what the next one met, per stack."""
    log = maker()
    finished(log, state(1), state(3))
    finished(log, state(9), state(11), stack={"name": "net"})
    finished(log, state(3), state(5))

    assert moved(log) == []


def test_states_that_moved() -> None:
    """Another serial, forwards or backwards, or another lineage is an error, unless a drift record says so."""
    log = maker()
    finished(log, state(1), state(3))
    forward = finished(log, state(4), state(5))
    back = finished(log, state(2), state(6))
    other = finished(log, state(6, "b"), state(7, "b"))
    drift = {"environment": {"id": "prod"}, "detected": True, "source": "state"}
    log.add_body("drift", {**drift, "state": {"before": state(7, "b"), "after": state(8, "b")}})
    finished(log, state(8, "b"), state(9, "b"))
    met = deploy(log, "deploy.started", state={"before": state(99, "b")})

    assert moved(log) == [forward, back, other, met]


def approve(log: LogMaker, plan: str, decision: str = "approved", env: str = "prod") -> None:
    """Append a decision about a plan for the commit of the examples."""
    body = {"environment": {"id": env}, "decision": decision, "target": {"plan_sha256": plan}}
    log.add_body("approval", body, example("deploy.started")["subject"])


def is_refused(log: LogMaker, plan: str, commit: str | None = None) -> bool:
    """Return whether a plan must not be applied to prod."""
    about = commit or example("deploy.started")["subject"]["commit"]
    try:
        check_plan(log.store, log.head.commit, environment="prod", commit=about, sha256=plan)
    except RefusedError:
        return True
    return False


def test_approved_plans() -> None:
    """Where a plan of a commit was approved, that one is applied; a rejected one never; the last word counts."""
    log = maker()
    one, two, three = ("1" * 64, "2" * 64, "3" * 64)
    before = is_refused(log, one)
    approve(log, one)
    approve(log, three, env="staging")
    chosen = (is_refused(log, one), is_refused(log, two), is_refused(log, two, commit="f" * 40))
    approve(log, two)
    approve(log, one, "rejected")

    assert not before
    assert chosen == (False, True, False)
    assert (is_refused(log, one), is_refused(log, two), is_refused(log, one, commit="f" * 40)) == (True, False, True)


def test_a_run_whose_end_is_not_known_hides_what_it_did() -> None:
    """After a start without an end, the state may be any."""
    log = maker()
    finished(log, state(1), state(3))
    deploy(log, "deploy.started", state={"before": state(3)})
    finished(log, state(7), state(8))

    assert moved(log) == []
    assert history_of(log.store, log.head.commit, ("prod", "", "")).state == state(8)
