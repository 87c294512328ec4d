"""Every attack on the log that a server is to refuse, by really pushing with stock Git, to real servers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gitaudit.iac.patterns import PathMatcher
from gitaudit.usecases.changes.record_change import ChangeRecorder
from gitaudit.usecases.position import position_at
from tests.servers.attacks import ATTACKS, Attack
from tests.support.logs import LOG, SCHEMAS, VERIFIER
from tests.tamper.forging import forge

if TYPE_CHECKING:
    from gitaudit.usecases.position import Position
    from tests.servers.conftest import Attacker

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_it_is_refused(attacker: Attacker, attack: Attack) -> None:
    """The push ends with an error that says what is wrong, and no ref of the server has moved."""
    pushes = attack.pushes(attacker)
    before, said = attacker.refs(), ""

    for arguments in pushes:
        done = attacker.push(*arguments)
        said = re.sub(r"^remote: |\s+$", "", done.stderr.decode("utf-8", "replace"), flags=re.MULTILINE)

        assert done.returncode != 0, attack.name
        assert "rejected]" in said, said
        assert "gitaudit: refused refs/" in said, said
        assert "gitaudit: hint: " in said, said
        assert "Traceback" not in said
        assert attacker.refs() == before
    assert attack.said in said, said


def test_what_is_recorded_is_accepted(attacker: Attacker) -> None:
    """A commit whose record comes in the same push, one whose record came before, and a forced update with a record."""
    log, main = attacker.log, "refs/heads/main"
    first = attacker.commit("same-push.tf")
    second = attacker.commit("record-first.tf", parent=first)
    sideways = attacker.commit("instead.tf", parent=first)
    one = recorded(attacker, log.position, first)
    two = recorded(attacker, position_at(log.store, SCHEMAS, one), second)

    together = attacker.push(f"{attacker.ref(one)}:{LOG}", f"{first}:{main}")
    record_alone = attacker.push(f"{attacker.ref(two)}:{LOG}")
    commit_alone = attacker.push(f"{second}:{main}")
    three = recorded(attacker, position_at(log.store, SCHEMAS, two), sideways)
    fields = {"event": "forced-update", "pushed_from": second, "pushed_to": sideways, "replaces": [second]}
    four = recorded(attacker, position_at(log.store, SCHEMAS, three), sideways, **fields)
    forced = attacker.push("--force", f"{attacker.ref(four)}:{LOG}", f"{sideways}:{main}")

    done = [together, record_alone, commit_alone, forced]
    assert [one.returncode for one in done] == [0] * 4, done
    assert (attacker.refs()[LOG], attacker.refs()[main]) == (four, sideways)


def recorded(attacker: Attacker, before: Position, commit: str, **fields: object) -> str:
    """Return the audit commit with the developer's change record of a commit, on top of a position."""
    log = attacker.log
    recorder = ChangeRecorder(store=log.store, verifier=VERIFIER, author=log.author("dev"), position=before)
    draft = recorder.draft(commit, "refs/heads/main", PathMatcher(("*.tf",)))
    assert draft is not None
    body = {**dict(draft.document["body"]), **fields}  # type: ignore[call-overload]  # a document's body is an object
    return forge(log, "dev", draft._replace(document={**draft.document, "body": body}), before=before).commit
