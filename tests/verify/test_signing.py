"""What the log would never accept is not written to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gitaudit.errors import KeyProblemError
from tests.support.logs import KeySigner, LogMaker, make_key

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class OtherBytesSigner(KeySigner):
    """Signs something else than it was given, as a broken wrapper around gpg would."""

    def sign(self, payload: bytes, meanwhile: Callable[[], None] | None = None) -> bytes:
        """Return a signature over other bytes."""
        return super().sign(payload + b"x", meanwhile)


def test_a_signature_over_other_bytes_is_refused() -> None:
    """A signer that signs other bytes gets an error, and nothing is added."""
    maker = LogMaker()
    maker.signer = OtherBytesSigner(maker.key, maker.clock)
    before = maker.position

    with pytest.raises(KeyProblemError, match="does not verify by the key"):
        maker.add_example("freeze")

    assert maker.position == before


def test_a_key_that_expired_as_the_log_holds_it_is_refused() -> None:
    """A key extended at home alone gets an error that says how to admit it again."""
    key = make_key("carol", expires=1_767_225_600 + 90)
    maker = LogMaker(key=key)
    maker.add_example("freeze")
    maker.clock.step(3600)

    with pytest.raises(KeyProblemError, match="expired") as caught:
        maker.add_example("freeze")

    assert "gitaudit policy add-key" in (caught.value.hint or "")
