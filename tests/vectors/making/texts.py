"""Single vectors of texts that people may edit: `policy.yml` and `.gitaudit.yml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.vectors.making import base_log as base
from tests.vectors.making.forge import FPR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.vectors.making.singles import SingleVector

PIN = b"""\
format: gitaudit.config/1
log: refs/heads/audit
origin: example.com/infra
genesis:
  commit: 0123456789abcdef0123456789abcdef01234567
  sha256: "%s"
""" % (b"ab" * 32)

YAML_GOOD = {
    "comments": b"# one\nx-more: 1 # two\n",
    "markers": b"---\nx-more: 1\n...\n",
    "cr-lf": b"x-more: 1\r\n",
    "quoted": b"x-more:\n- '1'\n- \"2\"\n- 'yes'\n- \"1e5\"\n- 'null'\n- \"\\u0041\\n\\t\"\n",
    "folded": b"x-more: 'a\n  b\n\n  c'\n",
    "plain-lines": b"x-more: a\n  b\n",
    "nested": b"x-more:\n  a:\n  - b: 1\n    c:\n  -\n    - 2\n",
    "empty": b"x-more:\n- []\n- {}\n- [ ]\n",
    "words": b"x-more:\n- true\n- false\n- null\n- ~\n-\n",
    "integers": b"x-more:\n- 0\n- 1\n- 999999999999999\n",
    "plain-text": b"x-more:\n- 1.2.3\n- 0x\n- 10-20\n- a1\n- refs/heads/main\n- v1e5\n- a?\n",
    "key-with-mark": b"? x-more\n: 1\n",
    "key-in-quotes": b"'x-more': 1\n\"x-again\": 2\n",
}
YAML_BAD = {
    "anchor": (b"x-more: &a 1\n", "an anchor"),
    "alias": (b"x-more: &a 1\nx-again: *a\n", "an alias"),
    "merge-key": (b"x-more:\n  <<: {}\n", "a merge key"),
    "list-in-brackets": (b"x-more: [a]\n", "brackets with something in them"),
    "mapping-in-brackets": (b"x-more: {a: 1}\n", "brackets with something in them"),
    "tag": (b"x-more: !!str 1\n", "a tag"),
    "tag-of-quoted": (b'x-more: !!int "1"\n', "a tag"),
    "tag-local": (b"x-more: ! a\n", "a tag"),
    "tag-python": (b"x-more: !!python/object/apply:os.system [true]\n", "a tag"),
    "float": (b"x-more: 1.0\n", "a float"),
    "exponent": (b"x-more: 1e5\n", "a float to YAML 1.2"),
    "infinity": (b"x-more: .inf\n", "a float"),
    "octal": (b"x-more: 017\n", "octal to YAML 1.1"),
    "octal-1-2": (b"x-more: 0o17\n", "octal to YAML 1.2"),
    "leading-zero": (b"x-more: 08\n", "a number to YAML 1.2"),
    "hexadecimal": (b"x-more: 0x1f\n", "hexadecimal"),
    "sexagesimal": (b"x-more: 1:30\n", "to base 60 in YAML 1.1"),
    "underscore": (b"x-more: 1_000\n", "an underscore"),
    "negative": (b"x-more: -1\n", "a negative number"),
    "too-large": (b"x-more: 1000000000000000\n", "16 digits"),
    "yes": (b"x-more: yes\n", "a boolean to YAML 1.1"),
    "y": (b"x-more: y\n", "a boolean to YAML 1.1"),
    "capital-true": (b"x-more: True\n", "another spelling"),
    "capital-null": (b"x-more: NULL\n", "another spelling"),
    "time": (b"x-more: 2026-01-01\n", "a time to YAML 1.1"),
    "key-twice": (b"x-more: 1\nx-more: 1\n", "a key twice"),
    "key-boolean": (b"true: 1\n", "a key that is no text"),
    "key-list": (b"? []\n: 1\n", "a key that is no text"),
    "directive": (b"%YAML 1.2\n---\nx-more: 1\n", "a directive"),
    "two-documents": (b"x-more: 1\n---\n", "two documents"),
    "block-text": (b"x-more: |\n  1\n", "a block of text"),
    "block-folded": (b"x-more: >-\n  1\n", "a block of text"),
    "tab": (b"x-more:\t1\n", "a tab"),
    "cr": (b"x-more: 1\rx-again: 2\n", "a line end of CR alone"),
    "inner-mark": (b"x-more: 'a\xef\xbb\xbfb'\n", "a byte order mark within"),
    "no-character": (b"x-more: 'a\xef\xbf\xbe'\n", "a code point that is no character"),
    "not-utf-8": (b"x-more: \xff\n", "a byte that is not UTF-8"),
    "control": (b"x-more: a\x01\n", "a control character"),
    "next-line": (b"x-more: a\xc2\x85b\n", "a line break to YAML 1.1 alone"),
    "line-separator": (b"x-more: 'a\xe2\x80\xa8b'\n", "a line break to YAML 1.1 alone"),
    "surrogate": (b'x-more: "\\ud800"\n', "half a character"),
    "deep": (b"x-more:\n" + b"- " * 15 + b"1\n", "17 levels"),
}
"""What stands before or behind a good text; the mark of the order of bytes must come first."""


def yaml_vectors(kind: str, good: bytes) -> Iterator[SingleVector]:
    """The YAML subset, by an unknown field that is added to a good text."""
    from tests.vectors.making.singles import GOOD, MALFORMED, SingleVector

    for name, extra in YAML_GOOD.items():
        body = b"---\n" + good + extra[4:] if extra.startswith(b"---") else good + extra
        yield SingleVector(kind=kind, name=f"yaml-{name}", expect=GOOD, reason="within the subset", body=body)
    for name, (extra, reason) in YAML_BAD.items():
        body = extra + good if extra.startswith(b"%") else good + extra
        yield SingleVector(kind=kind, name=f"bad-yaml-{name}", expect=MALFORMED, reason=reason, body=body)
    whole = {
        "empty": (b"", "no bytes"),
        "list": (b"- a\n", "a list at the top"),
        "byte-order-mark": (b"\xef\xbb\xbf" + good, "a byte order mark"),
        "too-long": (good + b"#" + b"x" * 262_144, "more than 262,144 bytes"),
    }
    for name, (body, reason) in whole.items():
        if name != "too-long":  # a quarter of a megabyte; the unit tests have it
            yield SingleVector(kind=kind, name=f"bad-yaml-{name}", expect=MALFORMED, reason=reason, body=body)


def config_vectors() -> Iterator[SingleVector]:
    """`.gitaudit.yml`."""
    from tests.vectors.making.singles import GOOD, MALFORMED, SingleVector

    yield SingleVector(kind="config", name="plain", expect=GOOD, reason="all that there must be", body=PIN)
    yield from yaml_vectors("config", PIN)
    bad = {
        "number": (PIN.replace(b"config/1", b"config/2"), "another number"),
        "tag-as-log": (PIN.replace(b"refs/heads/", b"refs/tags/"), "a log that is no branch"),
        "short-log": (PIN.replace(b"refs/heads/", b""), "a short ref name"),
        "digits": (PIN.replace(b"4567\n", b"456\n", 1), "a commit id of 39 digits"),
        "bare-digits": (PIN.replace(b"abcdef", b"012345"), "a commit id that is a number without quotation marks"),
        "number-for-text": (PIN.replace(b"example.com/infra", b"123"), "a number where text belongs"),
        "no-genesis": (PIN.partition(b"genesis")[0], "no genesis"),
    }
    for name, (body, reason) in bad.items():
        yield SingleVector(kind="config", name=f"bad-{name}", expect=MALFORMED, reason=reason, body=body)


def policy_vectors() -> Iterator[SingleVector]:
    """`policy.yml`; the YAML subset is the same as that of `.gitaudit.yml`."""
    from tests.vectors.making.singles import GOOD, MALFORMED, SingleVector

    good = base.policy(base.FIRST)
    owner, dev = FPR["owner"].encode(), FPR["dev"].encode()
    email = good.replace(b"  name: dev\n", b"  name: dev\n  email: dev@example.invalid\n")
    yield SingleVector(kind="policy", name="plain", expect=GOOD, reason="all that there must be", body=good)
    yield SingleVector(kind="policy", name="email", expect=GOOD, reason="an e-mail address for commits", body=email)
    yield SingleVector(
        kind="policy", name="unknown-field", expect=GOOD, reason="unknown fields", body=good + b"x-more:\n  a: 1\n"
    )
    bad = {
        "number": (good.replace(b"policy/1", b"policy/2"), "another number"),
        "no-critical": (good.replace(b"critical: []\n", b""), "no critical"),
        "key-twice": (
            good.replace(b"roles:\n", b"- fingerprint: " + dev + b"\n  name: again\nroles:\n"),
            "a key twice",
        ),
        "role-twice": (good.replace(b"- name: ci\n  types", b"- name: dev\n  types"), "a role twice"),
        "environment-twice": (good.replace(b"- name: eu/west", b"- name: prod\n  tier: other"), "an environment twice"),
        "unknown-key-in-role": (good.replace(b"  - " + dev, b"  - " + b"A" * 40), "a role with an unknown key"),
        "unknown-admin": (good.replace(b"  - " + owner, b"  - " + b"A" * 40, 1), "an admin with an unknown key"),
        "no-admin": (good.replace(b"  keys:\n  - " + owner, b"  keys: []", 1), "no admin"),
        "lower-case-key": (good.replace(owner, owner.lower()), "a fingerprint in lower case"),
        "tolerance": (good.replace(b": 600", b": 86401"), "a tolerance of more than a day"),
        "type": (good.replace(b"  - waiver", b"  - gossip"), "an unknown record type in a role"),
        "email-space": (email.replace(b"dev@", b"d ev@"), "a space in an e-mail address"),
        "email-angle": (email.replace(b"dev@", b"<dev@"), "an angle bracket in an e-mail address"),
        "email-bytes": (email.replace(b"dev@", "é".encode() * 122 + b"@"), "an e-mail address of 260 bytes"),
        "pattern-class": (good.replace(b'"*.tf"', b'"[a-z].tf"'), "a character class in a path pattern"),
        "pattern-parent": (good.replace(b'"*.tf"', b'"../*.tf"'), "a path pattern that no path can match"),
    }
    for name, (body, reason) in bad.items():
        yield SingleVector(kind="policy", name=f"bad-{name}", expect=MALFORMED, reason=reason, body=body)
    newer = {
        "threshold": (good.replace(b"threshold: 1", b"threshold: 2"), "more than one admin has to sign"),
        "critical": (good.replace(b"critical: []", b"critical:\n- anchors"), "a feature that a reader must know"),
        "revocations": (
            good + b"revocations:\n- key: " + dev + b"\n  reason: compromised\n  since_index: 2\n",
            "revocations",
        ),
    }
    for name, (body, reason) in newer.items():
        yield SingleVector(kind="policy", name=f"undecided-{name}", expect="undecided", reason=reason, body=body)
