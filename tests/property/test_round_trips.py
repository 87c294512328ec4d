"""Whatever is written is read back as the same, and whatever is read is written back to the same bytes."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitaudit.errors import ConfigError, MalformedError
from gitaudit.iac.source.commit import parse_source_commit
from gitaudit.log.canonical import MAX_INTEGER, decode, encode
from gitaudit.log.commit import CommitText, format_commit, format_payload, parse_commit
from gitaudit.log.merkle import Frontier, format_frontier, format_hash, parse_frontier, parse_hash
from gitaudit.log.message import format_message, parse_size_and_root
from gitaudit.log.note import format_notes_message, notes_origin, parse_notes_message
from gitaudit.log.openpgp import armor, parse_armored
from gitaudit.log.record import Record, parse_record
from gitaudit.log.times import format_time, parse_time
from gitaudit.log.tree import Entry, format_tree, parse_tree
from gitaudit.log.uuid7 import is_uuid7, make_uuid7
from gitaudit.policy import yaml_text
from tests.log.test_merkle import tree_hash
from tests.support.logs import make_key

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-MAX_INTEGER, MAX_INTEGER), TEXT)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=6)
YAML_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 10**15 - 1), TEXT)
YAML_VALUES = st.recursive(
    YAML_SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=10,
)
OIDS = st.binary(min_size=20, max_size=20).map(bytes.hex)
EMAILS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<>"), min_size=1, max_size=60)
KEY = make_key()


@given(OBJECTS)
def test_canonical_json(value: dict[str, Any]) -> None:
    """Objects survive, whatever order their keys were made in."""
    data = encode(value)
    assert decode(data) == value
    assert encode(dict(reversed(value.items()))) == data


@given(st.binary(max_size=200) | TEXT.map(lambda text: text.encode()) | VALUES.map(encode))
def test_any_bytes_as_json(data: bytes) -> None:
    """What is read at all is written back to the same bytes; parsing never fails otherwise."""
    try:
        value = decode(data)
    except MalformedError:
        return
    assert encode(value) == data


@given(st.lists(st.binary(max_size=10), max_size=70))
def test_frontiers(leaves: list[bytes]) -> None:
    """A frontier survives as bytes and has the root of the definition."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    assert parse_frontier(format_frontier(frontier), len(leaves)) == frontier
    assert frontier.root() == tree_hash(leaves)


@given(st.binary(min_size=32, max_size=32))
def test_hashes(digest: bytes) -> None:
    """A hash survives as text."""
    assert parse_hash(format_hash(digest)) == digest


@given(
    st.builds(
        CommitText,
        tree=OIDS,
        parent=st.none() | OIDS,
        email=EMAILS,
        authored=st.integers(0, 999_999_999_999),
        committed=st.integers(0, 999_999_999_999),
        message=st.binary(max_size=200),
    )
)
def test_commits(text: CommitText) -> None:
    """A commit survives, and what is signed is what the signature header is left out of."""
    assume(len(text.email.encode()) <= 254)
    armored = armor(b"anything")
    parsed = parse_commit(format_commit(text, armored))
    assert (parsed.text, parsed.armored, parsed.payload) == (text, armored, format_payload(text))


@settings(max_examples=25)
@given(st.binary(max_size=50), st.integers(0, 2**32 - 1), st.sampled_from(["SHA256", "SHA384", "SHA512"]))
def test_signatures(data: bytes, at: int, name: str) -> None:
    """A signature has one canonical form, which is over the same bytes."""
    found = parse_armored(KEY.sign(data, at, hash=name), canonical=False)
    again = parse_armored(found.armored)
    assert (again.created, again.issuer, again.packet) == (at, KEY.fingerprint, found.packet)
    assert again.fits(data)


@given(OBJECTS, st.integers(1, 99_999_999), st.binary(min_size=32, max_size=32))
def test_messages(document: dict[str, Any], size: int, root: bytes) -> None:
    """Size and root are read back from the message of any record."""
    assert parse_size_and_root(format_message(Record(raw=b"", document=document), size, root)) == (size, root)


@given(OBJECTS)
def test_records(document: dict[str, Any]) -> None:
    """Any object is a record whose fields can be asked for."""
    record = parse_record(encode(document))
    assert record.document == document
    assert isinstance(record.index, int)
    assert isinstance(record.id + record.type, str)
    record.listed_files()


ORIGINS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1, max_size=60)


@given(ORIGINS, OIDS, st.integers(0, 999_999_999))
def test_notes_messages(origin: str, head: str, size: int) -> None:
    """What a notes commit covers is read back."""
    message = format_notes_message(origin, head, size)
    assert (parse_notes_message(message), notes_origin(message)) == ((head, size), origin)


NAMES = st.binary(min_size=1, max_size=6).filter(lambda name: not {0, 47} & set(name))
ENTRIES = st.builds(
    Entry, mode=st.sampled_from([b"100644", b"40000", b"120000", b"160000"]), oid=st.binary(min_size=20, max_size=20)
)


@given(st.dictionaries(NAMES, ENTRIES, max_size=8))
def test_trees(entries: dict[bytes, Entry]) -> None:
    """Trees survive, whatever order their entries come in."""
    assert parse_tree(format_tree(entries)) == entries
    assert list(parse_tree(format_tree(entries))) == list(parse_tree(format_tree(dict(reversed(entries.items())))))


@given(st.datetimes(timezones=st.timezones()))
def test_times(moment: Any) -> None:  # noqa: ANN401 - a datetime
    """A time survives but for fractions of a second; it is refused where UTC has no such year."""
    try:
        text = format_time(moment)
    except OverflowError:
        return
    assert parse_time(text) == moment.astimezone(UTC).replace(microsecond=0)


@given(st.text(max_size=25) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"))
def test_any_text_as_time(text: str) -> None:
    """What is read as a time is written back to the same text."""
    try:
        moment = parse_time(text)
    except MalformedError:
        return
    assert format_time(moment) == text


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_ids(milliseconds: int, random: bytes) -> None:
    """Every id that is made is one."""
    assert is_uuid7(make_uuid7(milliseconds, random))


@settings(max_examples=60)
@given(st.dictionaries(TEXT, YAML_VALUES, max_size=5))
def test_yaml(value: dict[str, Any]) -> None:
    """What can be written in the YAML subset is read back as the same."""
    assert yaml_text.load(yaml_text.dump(value), "x") == value


def read_by(loader: Any, data: bytes) -> object:  # noqa: ANN401 - a class of PyYAML
    """Return what a text is to one of the two parsers that PyYAML may have, or nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_text, "_Loader", loader)
        try:
            return yaml_text.load(data, "x")
        except ConfigError:
            return None


YAML_WORDS = (
    "a", "1", ": ", ":", " ", "\n", "\n  ", "\n- ", "- ", "[", "]", "{", "}", ",", "'", '"', "#", " #", "|", ">-", "?",
    "? ", "\t", "\r", "\r\n", "\u00e9", "%", "@", "!", "&", "*", "\\", "~", "=", "<<", ".", "\\u0041", "---", "...",
    "\ufeff", "1e5", "y",
)  # fmt: skip


@settings(max_examples=400)
@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from(YAML_WORDS), max_size=12).map(lambda words: "".join(words).encode())
)
def test_any_bytes_as_yaml(data: bytes) -> None:
    """Parsing fails in one way only, libyaml and PyYAML agree on what is taken, and that survives being written."""
    value = read_by(yaml.SafeLoader, data)
    assert read_by(getattr(yaml, "CSafeLoader", yaml.SafeLoader), data) == value
    if isinstance(value, dict):
        assert yaml_text.load(yaml_text.dump(value), "x") == value


PARSERS: tuple[Callable[[bytes], object], ...] = (
    parse_commit, parse_source_commit, parse_tree, parse_armored, parse_size_and_root, parse_notes_message, notes_origin
)  # fmt: skip


@given(st.binary(max_size=300))
def test_any_bytes_as_anything(data: bytes) -> None:
    """No parser fails in another way than by its own error."""
    for parse in PARSERS:
        with suppress(MalformedError):
            parse(data)
