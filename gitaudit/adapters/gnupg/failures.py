"""One message with a hint for each way that gpg makes no signature.

Decided by status keywords and error codes, never by prose, which is translated. A code is the last number of a status
`FAILURE` or `ERROR`: in its low 16 bits what happened, in the byte above 24 bits who says so (2 gpg, 4 gpg-agent,
5 pinentry, 6 scdaemon, 8 the keybox). Each of these was provoked with gpg 2.2.40, those with an asterisk excepted:

| code | name of libgpg-error | provoked by |
|---|---|---|
| 4 | PUBKEY_ALGO | `compliance de-vs` in gpg.conf, a key of Ed25519 |
| 11 | BAD_PASSPHRASE | a wrong passphrase: pinentry gives it up after three, loopback at once |
| 13 | KEYRING_OPEN | a keyring, or its folder, without permission; a GNUPGHOME that is not there; comes before a 17 |
| 14 | INV_PACKET | a keyring of other bytes |
| 17 | NO_SECKEY | no such key; its public half alone |
| 54 | UNUSABLE_SECKEY | a key expired, revoked, not for signing, or forced (`!`) and not here; see below |
| 60 | NOT_SUPPORTED | with `ERROR set_pinentry_mode`: `no-allow-loopback-pinentry`; for a card: `disable-scdaemon` |
| 62 from 5 | TIMEOUT | a pinentry that nobody answers |
| 77 | NO_AGENT | a socket's path too long, an unwritable GNUPGHOME, `no-autostart`, an `agent-program` that fails |
| 78 * | AGENT | an agent that cannot be talked to |
| 85 | NO_PIN_ENTRY | a pinentry that is not there or fails; `pinentry-mode error` |
| 86 * | PIN_ENTRY | a pinentry that cannot be talked to |
| 87 from 6 | BAD_PIN | a scdaemon that says so |
| 99, 198 | CANCELED, FULLY_CANCELED | cancelled in pinentry; `pinentry-mode cancel`; a card not inserted when asked |
| 108 from 6 | CARD | a scdaemon that says so |
| 112 | CARD_NOT_PRESENT | a card not inserted, and nobody to ask for it (loopback) |
| 119 | NO_SCDAEMON | a key on a card, scdaemon not installed |
| 130 from 6 | PIN_BLOCKED | a scdaemon that says so |
| 177 | NO_PASSPHRASE | an empty passphrase |
| 251 | FORBIDDEN | with `ERROR set_pinentry_mode`: an agent forwarded from another machine by its extra socket |
| 16383 from 5 | EOF | a pinentry that ends before it answers |
| 32849, 32870 from 5 | ENOENT, ENOTTY | pinentry-curses with a GPG_TTY that is none; without one |
| 32849 from 8 | ENOENT | a keyring cut short |
| none | | `pinentry-mode loopback` in gpg.conf without a passphrase: `NEED_PASSPHRASE` and no `FAILURE` |

Of a 54 gpg does not say why (`INV_SGNR 9` in every case), so the key is then looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import KeyProblemError

if TYPE_CHECKING:
    from gitaudit.adapters.gnupg.program import Done

NO_SECRET_KEY, UNUSABLE_KEY, NO_AGENT = 17, 54, 77
_KEYRING_OPEN, _NOT_SUPPORTED, _FORBIDDEN = 13, 60, 251

_SOURCES = {2: "gpg", 4: "gpg-agent", 5: "pinentry", 6: "scdaemon", 8: "the keybox"}

_ASK_AGAIN = "run the command again and give it"
_KEYRING = "run `gpg --list-keys` to see why; check GNUPGHOME, and owner and permissions of the files in it"
_AGENT = (
    "run `gpg-connect-agent /bye` to see why; the path of GNUPGHOME must be short (80 characters), the folder your own"
)
_CONFIGURATION = "run `gpg --local-user {selector} --clearsign </dev/null` to see why; look into gpg.conf"
_PINENTRY = (
    "install a pinentry program, run `export GPG_TTY=$(tty)` in a terminal, or name a file that holds the passphrase "
    "in GITAUDIT_PASSPHRASE_FILE"
)
_CARD = "insert the card and run `gpg --card-status` to see whether gpg reaches it"

_Text = tuple[str, str]
_NOT_ASKED: _Text = ("the key {key} is locked, and gpg could not ask for the passphrase", _PINENTRY)
_NO_CARD: _Text = ("the key {key} is on a card that gpg could not use", _CARD)
_CARD_SKIPPED: _Text = ("the key {key} is on a card that was not inserted, or its PIN was not given", _CARD)
_BAD_KEYRING: _Text = ("expected a keyring that gpg can read, found a damaged one", _KEYRING)
_NO_KEYRING: _Text = ("expected a keyring that gpg can open, found none", _KEYRING)
_NOT_ALLOWED: _Text = (
    "gpg-agent takes no passphrase from GITAUDIT_PASSPHRASE_FILE",
    "remove `no-allow-loopback-pinentry` from gpg-agent.conf and run `gpgconf --reload gpg-agent`",
)
_FAR_AWAY: _Text = (
    "gpg-agent is forwarded from another machine and takes no passphrase from GITAUDIT_PASSPHRASE_FILE",
    "unset that, and unlock the key where the agent runs",
)
_NOTHING_GIVEN: _Text = (
    "the key {key} is locked, and gpg.conf forbids asking for the passphrase (pinentry-mode loopback)",
    "name a file that holds it in GITAUDIT_PASSPHRASE_FILE, or remove that line from gpg.conf",
)
_UNUSABLE: _Text = ("gpg will not sign with the key {key}, although it is valid", _CONFIGURATION)
_NO_KEY: _Text = ("expected the secret key {key}, found none", "run `gpg --list-secret-keys` to see which there are")
_ABSENT = (_NO_KEY, _UNUSABLE)

_MESSAGES: dict[int, _Text] = {
    4: ("gpg.conf forbids the algorithm of the key {key}", "sign with another key: --key FPR"),
    11: ("the passphrase of the key {key} is wrong", _ASK_AGAIN),
    14: _BAD_KEYRING,
    NO_SECRET_KEY: _NO_KEY,
    UNUSABLE_KEY: _UNUSABLE,
    NO_AGENT: ("expected a gpg-agent that answers, found none", _AGENT),
    78: ("expected a gpg-agent that answers, found none", _AGENT),
    85: _NOT_ASKED,
    86: _NOT_ASKED,
    87: ("the PIN of the card with the key {key} is wrong", _ASK_AGAIN),
    99: ("the passphrase of the key {key} was not given", _ASK_AGAIN),
    112: _NO_CARD,
    119: (
        "the key {key} is on a card, and no program to reach it is installed",
        "install scdaemon, then run `gpg --card-status`",
    ),
    130: ("the PIN of the card with the key {key} is blocked", "run `gpg --card-edit`, then `passwd`, to unblock it"),
    177: ("the passphrase of the key {key} is wrong", _ASK_AGAIN),
    198: ("the passphrase of the key {key} was not given", _ASK_AGAIN),
}
"""By code, whoever says so."""
_ON_CARD: dict[int, _Text] = {_NOT_SUPPORTED: _NO_CARD, 85: _CARD_SKIPPED, 99: _CARD_SKIPPED, 198: _CARD_SKIPPED}
"""By code, for a key on a card; these come before `_MESSAGES`."""
_BY_SOURCE: dict[int, _Text] = {5: _NOT_ASKED, 6: _NO_CARD, 8: _BAD_KEYRING}
"""By who says so, for every other code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpgCode:
    """An error code of gpg.

    Attributes:
        place: the step that failed, such as `sign`.
        source: who failed.
        number: what happened.
    """

    place: str
    source: int
    number: int


def failure_code(done: Done) -> GpgCode | None:
    """Return the code that says why a process failed: the last `FAILURE`, else the last `ERROR`; None without any.

    A keyring that cannot be opened goes before: gpg then only finds no key in those that it can open.
    """
    errors, failures = _codes(done, "ERROR"), _codes(done, "FAILURE")
    found = (failures or errors)[-1:]
    if found and found[0].number == NO_SECRET_KEY:
        found = [code for code in errors if code.number == _KEYRING_OPEN] or found
    return found[0] if found else None


def _codes(done: Done, keyword: str) -> list[GpgCode]:
    lines = [line for line in done.all(keyword) if len(line) > 1 and line[1].isdecimal()]
    return [GpgCode(place=line[0], source=int(line[1]) >> 24 & 0x7F, number=int(line[1]) & 0xFFFF) for line in lines]


def failure(
    done: Done, fingerprint: str, selector: str, *, on_card: bool = False, absent: KeyProblemError | None = None
) -> KeyProblemError:
    """Return what to tell of a process that should have signed or shown a secret key and did not.

    Args:
        done: how it ended.
        fingerprint: or whatever else names the key.
        selector: what gpg is told to use.
        on_card: its secret half is on a card.
        absent: what to tell instead where the code may come from a secret half that is not here.
    """
    code = failure_code(done)
    text = _text(done, code, on_card=on_card)
    if absent is not None and (text is None or text in _ABSENT):
        return absent
    message, hint = text or _unknown(code)
    return KeyProblemError(message.format(key=fingerprint), hint=hint.format(selector=selector))


def _text(done: Done, code: GpgCode | None, *, on_card: bool) -> _Text | None:
    if code is None:
        return _NOTHING_GIVEN if done.says("NEED_PASSPHRASE") else None
    if any(error.place == "set_pinentry_mode" for error in _codes(done, "ERROR")):
        return _FAR_AWAY if code.number == _FORBIDDEN else _NOT_ALLOWED
    if code.number == _KEYRING_OPEN:
        return _NO_KEYRING
    card = _ON_CARD.get(code.number) if on_card else None
    return card or _MESSAGES.get(code.number) or _BY_SOURCE.get(code.source)


def _unknown(code: GpgCode | None) -> _Text:
    if code is None:
        return ("gpg made no signature with the key {key} and did not say why", _CONFIGURATION)
    who = _SOURCES.get(code.source, "gpg")
    return (f"gpg made no signature with the key {{key}}: error {code.number} of {who} ({code.place})", _CONFIGURATION)
