"""A secret never gets as far as the outbox, and one that somebody put there gets no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import RefusedError
from gitaudit.redaction.scrub import forms
from tests.publish.worlds import World
from tests.support.secrets import made_secrets

if TYPE_CHECKING:
    from gitaudit.model import Draft
    from tests.publish.worlds import Clone

SECRET = made_secrets()["AWS key id"]


def with_reason(draft: Draft, reason: str = f"used {SECRET}") -> Draft:
    """Return a draft with a reason in its body."""
    body = draft.document["body"]
    assert isinstance(body, dict)
    return draft._replace(document={**draft.document, "body": {**body, "reason": reason}})


def everything(clone: Clone) -> bytes:
    """Return what a clone and its server hold, the outbox too."""
    objects = [*clone.store.objects.values(), *clone.world.server.objects.objects.values()]
    return b"\n".join(content for _, content in objects) + repr(clone.outbox.entries()).encode()


@pytest.fixture
def clone() -> Clone:
    """Give a clone of a log that was just started."""
    return World().clone()


def test_it_does_not_get_into_the_outbox(clone: Clone) -> None:
    """Nothing is recorded, and the remote is not even asked."""
    with pytest.raises(RefusedError, match=r"at /body/reason \(AWS Access Key\); nothing was recorded"):
        clone.append(with_reason(clone.deploy()))

    assert (clone.waiting, clone.world.ids(), clone.world.server.pushes) == ([], [], [])
    assert not [form for form in forms(SECRET) if form.encode() in everything(clone)]


def test_the_others_of_the_same_command_stand(clone: Clone) -> None:
    """As for every draft that is refused."""
    good = [clone.deploy(), clone.freeze()]
    with pytest.raises(RefusedError, match="; the 2 other records stand"):
        clone.append(good[0], with_reason(clone.deploy()), good[1])

    assert clone.world.ids() == [draft.id for draft in good]
    assert (clone.waiting, clone.world.findings()) == ([], [])
    assert not [form for form in forms(SECRET) if form.encode() in everything(clone)]


def test_one_in_the_outbox_is_not_signed(clone: Clone) -> None:
    """Whoever put it there: another version of this program, or somebody by hand. It is told and goes nowhere."""
    bad, good = with_reason(clone.deploy()), clone.freeze()
    clone.outbox.put(bad, None)

    result = clone.append(good)

    assert [(draft_id, type(error)) for draft_id, error in result.refused] == [(bad.id, RefusedError)]
    assert "at /body/reason (AWS Access Key)" in result.refused[0][1].message
    assert clone.world.ids() == [good.id]
    objects = [content for _, content in clone.store.objects.values()]
    assert not [form for form in forms(SECRET) if any(form.encode() in content for content in objects)]
