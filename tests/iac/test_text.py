"""From bytes to JSON objects, whoever wrote the file."""

from __future__ import annotations

import hashlib
from collections import deque
from itertools import islice

import pytest

from gitaudit.errors import InputError
from gitaudit.iac import text
from gitaudit.iac.compare import holds_true, same
from gitaudit.iac.text import Number, read

OBJECT = b'{"a":1}'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_object_is_read_in_every_encoding(encoding: str) -> None:
    """UTF-8 with and without a mark, and UTF-16 with one."""
    assert read('{"ä":"鍵"}\r\n'.encode(encoding)).objects == ({"ä": "鍵"},)


def test_big_endian_utf16_is_read() -> None:
    """The byte order mark decides."""
    assert read(b"\xfe\xff" + '{"a":1}'.encode("utf-16-be")).objects == ({"a": 1},)


def test_digest_and_size_are_of_the_bytes_as_given() -> None:
    """The mark and the line ends count."""
    data = '{"a":1}\r\n'.encode("utf-16")
    document = read(data)
    assert (document.sha256, document.size) == (hashlib.sha256(data).hexdigest(), len(data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected JSON, found an empty file of 0 bytes"),
        (b" \n", "expected JSON, found an empty file of 2 bytes"),
        (b"\xef\xbb\xbf", "expected JSON, found an empty file of 3 bytes"),
        (b'{"a":"\xff"}', "expected UTF-8, found another byte at offset 6"),
        (b"\xff\xfe{\x00\x00", "expected UTF-16-LE, found another byte at offset 4"),
        (b"{\x00}\x00", "expected UTF-8, found zero bytes"),
        (b"PK\x03\x04rest", "this looks like a binary plan file (a zip archive), expected JSON"),
        (b"Apply complete!\n", "expected JSON, found other text, such as a log for people"),
        (b'{"a":', "expected JSON, found a fault at line 1, column 6"),
        (b'{\n  "a": 1\n}\n"b"\n', "expected JSON, found a fault at line 4, column 1"),
        (b"[1, 2", "expected JSON, found a fault at line 1, column 6"),
        (b"1", "expected a JSON object or lines of them, found a single JSON value"),
        (b'{"a":1,"a":1}', "expected different keys in a JSON object, found one twice"),
        (b'{"a":NaN}', "expected JSON numbers, found NaN or infinity"),
        (b'{"a":-Infinity}', "expected JSON numbers, found NaN or infinity"),
        (b'{"a":' * 100_000, "expected JSON of a usual depth, found it nested too deeply"),
        (b"[" * 100_000, "expected JSON of a usual depth, found it nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused(data: bytes, message: str) -> None:
    """The message names the place and never the content."""
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.message == message


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what was found and what is allowed."""
    monkeypatch.setattr(text, "MAX_BYTES", 10)
    read(b" " * 3 + OBJECT)
    with pytest.raises(InputError, match="expected at most 10 bytes, found 11"):
        read(b" " * 4 + OBJECT)


def test_the_bound_is_200_mebibytes() -> None:
    """The documented bound."""
    assert text.MAX_BYTES == 209_715_200


def test_a_binary_plan_gets_the_command_that_shows_it() -> None:
    """The hint is for plans whatever was expected."""
    with pytest.raises(InputError) as caught:
        read(b"PK\x03\x04", hint="another")
    assert caught.value.hint == "run: terraform show -json PLAN > plan.json"


def test_the_hint_of_the_caller_is_given_where_there_is_no_json() -> None:
    """What to do depends on what was expected."""
    with pytest.raises(InputError) as caught:
        read(b"Apply complete!", hint="run: this")
    assert caught.value.hint == "run: this"


def test_lines_are_read_as_objects_and_others_counted() -> None:
    """Noise between objects is passed over; blank lines are nothing."""
    document = read(b'noise\n{"a":1}\r\n\n42\n{"b":2}\n')
    assert tuple(document.objects) == ({"a": 1}, {"b": 2})
    assert (document.other, document.cut) == (2, False)


def test_half_a_line_is_noticed() -> None:
    """A writer that was killed leaves a line that only begins like an object."""
    document = read(b'{"a":1}\n{"b":\nError: signal: killed\n')
    assert tuple(document.objects) == ({"a": 1},)
    assert (document.other, document.cut) == (2, True)


def test_an_array_is_read_as_its_objects() -> None:
    """Some tools collect their messages in one list."""
    document = read(b'[{"a":1}, 2, {"b":2}]')
    assert tuple(document.objects) == ({"a": 1}, {"b": 2})
    assert document.other == 1


def test_objects_inside_an_indented_document_are_no_lines() -> None:
    """A broken document is not taken apart into the small objects that have a line of their own."""
    with pytest.raises(InputError, match="a fault at line 3, column 1"):
        read(b'{\n  "a":\n}\n  {}\n')


def test_the_wrapper_around_the_object_is_passed_over() -> None:
    """What the setup-terraform action prints before and after."""
    wrapped = (
        b"[command]/usr/bin/terraform-bin show -json plan\n"
        b'{"a":"%0A"}\n'
        b"::debug::Terraform exited with code 0.\n"
        b'::debug::stdout: {"a":"%250A"}%0A\n'
        b'::set-output name=stdout::{"a":"%250A"}%0A\n'
        b"::set-output name=exitcode::0\n"
    )
    document = read(wrapped)
    assert tuple(document.objects) == ({"a": "%0A"},)
    assert document.cut is False


def test_the_wrapper_may_write_on_in_the_same_line() -> None:
    """Output without a final line feed is followed at once by the wrapper's own."""
    assert tuple(read(b"[command]x\n" + OBJECT + b"::debug::Terraform exited with code 0.").objects) == ({"a": 1},)


@pytest.mark.parametrize("prefix", [b"::set-output name=stdout::", b"::debug::stdout: "])
def test_what_only_the_wrapper_repeats_is_unescaped(prefix: bytes) -> None:
    """Line feeds, carriage returns and per cent signs come back, in the one order that is right."""
    document = read(b"::debug::x\n" + prefix + b'%0D%0A{"a":"100%25 %250A"}%0D%0A{"b":2}%0A\n::debug::stderr: \n')
    assert tuple(document.objects) == ({"a": "100% %0A"}, {"b": 2})


def test_numbers_are_kept_as_they_are_written() -> None:
    """No fraction is rounded and no long integer costs time to convert."""
    document = read(b'{"a":1.10,"b":1e999,"c":123456789012345,"d":' + b"9" * 100_000 + b"}")
    assert document.head[0] == {
        "a": Number("1.10"),
        "b": Number("1e999"),
        "c": 123456789012345,
        "d": Number("9" * 100_000),
    }


def test_lines_are_read_one_at_a_time() -> None:
    """A fault in a later one is found when it comes, every time, and what comes before is there."""
    document = read(b'{"a":1}\n{"b":{"c":1,"c":2}}')
    for _ in range(2):
        objects = iter(document.objects)
        assert next(objects) == {"a": 1}
        with pytest.raises(InputError, match="expected different keys in a JSON object, found one twice"):
            next(objects)


def test_what_is_counted_does_not_depend_on_who_has_looked() -> None:
    """Before the lines were gone through, half-way, and after."""
    data = b'{"a":1}\nnoise\n{"b":\n' * 3
    for look in (0, 1, 99):
        document = read(data)
        deque(islice(document.objects, look), maxlen=0)
        assert (document.other, document.cut, len(document.head)) == (6, True, 3)


def test_the_head_is_bounded() -> None:
    """A file is recognised without being read to its end."""
    assert len(read(b'{"a":1}\n' * 5000).head) == text.HEAD
    assert len(read(b"[" + b'{"a":1},' * 5000 + b"1]").head) == text.HEAD


@pytest.mark.parametrize("data", [b'{"a":1}{"b":2}', b'{"a":1} {"b":2}\n', b'{\n "a": 1\n}\n{\n "b": 2\n}\n'])
def test_objects_one_after_the_other_are_read(data: bytes) -> None:
    """Files that were put together, and commands that were run twice."""
    document = read(data)
    assert (tuple(document.objects), document.other) == (({"a": 1}, {"b": 2}), 0)


@pytest.mark.parametrize("data", [b'{"a":1}{"b":', b'{"a":1}1', b'{\n "a": 1\n}\n{\n "b":\n}\n', b'{\n "a": 1\n}\n1\n'])
def test_a_broken_one_among_them_is_not_passed_over(data: bytes) -> None:
    """Nothing is taken of a file of which a part would be lost."""
    with pytest.raises(InputError, match="a fault at line"):
        read(data)


def test_lines_in_front_of_an_indented_document_are_passed_over() -> None:
    """What a tool says before it prints its report."""
    document = read(b'No config file found; using defaults\n\n{\n  "plays": [\n    {}\n  ]\n}\n')
    assert (tuple(document.objects), document.other) == (({"plays": [{}]},), 1)
    with pytest.raises(InputError, match="other text"):
        read(b'No config file found\n{\n  "plays": [\n    {}\n  ]\n}\nERROR\n')


@pytest.mark.parametrize("part", [b"{},", b"[],", b'"a",', b"1,", b"\n\n"])
def test_more_values_than_any_real_file_has_are_refused(part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their memory would be many times that of the file."""
    monkeypatch.setattr(text, "MAX_VALUES", 1000)
    read(b"[" + part * 300 + b"1]")
    with pytest.raises(InputError, match="expected at most 1000 JSON values and lines, found more"):
        read(b"[" + part * 1001 + b"1]")


def test_a_lone_surrogate_is_read() -> None:
    """JSON can hold it; showing it is another matter."""
    assert read(b'{"a":"\\ud800"}').objects == ({"a": "\ud800"},)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, None, True),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, True),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": 0}]}, False),
        ({"a": 1}, {"b": 1}, False),
        ([1], [1, 1], False),
        ([True], [1], False),
        ({}, [], False),
    ],
)
def test_equality_minds_types(left: object, right: object, *, expected: bool) -> None:
    """`true` is not 1, at any depth."""
    assert same(left, right) is expected
    assert same(right, left) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        (1, False),
        ("true", False),
        ({}, False),
        ({"a": {"b": [False, {"c": True}]}}, True),
        ({"a": {"b": [False, {"c": False}]}}, False),
    ],
)
def test_true_is_found_at_any_depth(value: object, *, expected: bool) -> None:
    """Markers follow the structure of the value they mark."""
    assert holds_true(value) is expected


def test_depth_does_not_matter() -> None:
    """A value nested deeper than any stack is compared."""
    left: object = True
    right: object = True
    for _ in range(100_000):
        left, right = [left], [right]
    assert same(left, right)
    assert holds_true(left)
