"""Make a log of any size in a new bare repository: `python -m bench.make_log PATH RECORDS`.

Every second record is a change of a real commit, the others are deployments of it. Signed with a key made for the
purpose, in process, so that 20,000 records take a minute; the certificate is written to PATH/key.asc for gpg.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gitaudit.adapters.git.store import find_repository
from gitaudit.adapters.sequoia import SequoiaVerifier
from gitaudit.iac import summarize_result
from gitaudit.iac.patterns import PathMatcher
from gitaudit.log.tree import FILE_MODE, Entry, format_tree
from gitaudit.model import RefMove
from gitaudit.usecases.changes.record_change import ChangeRecorder
from gitaudit.usecases.deploys.record_deploy import Deployment, deploy_body
from gitaudit.usecases.writing.drafts import subject_of
from tests.support.logs import ORIGIN, LogMaker

RESULT = (
    b'{"@level":"info","@message":"","@module":"terraform.ui","terraform":"1.11.4","type":"version","ui":"1.2"}\n'
    b'{"@level":"info","@message":"","@module":"terraform.ui","type":"apply_complete","hook":{"resource":{"addr":'
    b'"terraform_data.web","module":"","resource":"terraform_data.web","implied_provider":"terraform","resource_type":'
    b'"terraform_data","resource_name":"web","resource_key":null},"action":"create","elapsed_seconds":1}}\n'
    b'{"@level":"info","@message":"","@module":"terraform.ui","type":"change_summary","changes":{"add":1,"import":0,'
    b'"change":0,"remove":0,"operation":"apply"}}\n'
)


def make_log(path: Path, records: int) -> LogMaker:
    """Make the repository with its log, notes and audited commits, and return what made it."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(path)], check=True)
    store = find_repository(path)
    maker = LogMaker(store=store)
    result = summarize_result(RESULT)
    verifier = SequoiaVerifier()
    commit: str | None = None
    while len(maker.records) < records:
        commit = _commit(maker, commit)
        recorder = ChangeRecorder(store=store, verifier=verifier, author=maker.author, position=maker.position)
        change = recorder.draft(commit, "refs/heads/main", PathMatcher(maker.iac))
        assert change is not None
        maker.add(change)
        if len(maker.records) < records:
            deployment = Deployment(environment="prod", result=result, exit_code=0)
            tree = store.read(commit)[1][5:45].decode()
            policy = maker.position.policy
            assert policy is not None
            draft = maker.author.draft(
                "deploy.finished", deploy_body(deployment, policy), subject=subject_of(ORIGIN, commit, tree, None)
            )
            maker.add(draft)
    if commit is not None:
        store.move_refs([RefMove(name="refs/heads/main", old=None, new=commit)], "made")
    maker.finish()
    (path / "key.asc").write_bytes(maker.key.certificate())
    (path / "secret.asc").write_bytes(maker.key.secret_certificate())
    (path / "fingerprint").write_text(maker.key.fingerprint)
    return maker


def _commit(maker: LogMaker, parent: str | None) -> str:
    """Write a commit that changes one Terraform file, and return its id."""
    number = len(maker.records)
    blob = maker.store.write("blob", b"# number %d\n" % number)
    tree = maker.store.write("tree", format_tree({b"main.tf": Entry(FILE_MODE, bytes.fromhex(blob))}))
    when = 1_767_225_600 + number
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else [])]
    who = f"Ada <ada@example.invalid> {when} +0000"
    text = "\n".join([*lines, f"author {who}", f"committer {who}", "", f"change {number}", ""])
    return maker.store.write("commit", text.encode())


if __name__ == "__main__":
    made = make_log(Path(sys.argv[1]), int(sys.argv[2]))
    print(made.genesis.commit)
