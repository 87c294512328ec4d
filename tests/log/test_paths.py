"""Where things stand in the tree of a log."""

from __future__ import annotations

import pytest

from gitaudit.log import paths
from gitaudit.model import RECORD_TYPES


def test_record_paths() -> None:
    """A path is a function of index and type, with two digits a folder."""
    assert paths.record_path(0, "genesis") == "records/00/00/00/00000000-genesis.json"
    assert paths.record_path(99_999_998, "freeze") == "records/99/99/99/99999998-freeze.json"
    assert "/".join((*paths.record_folder(123_456), paths.record_name(123_456, "change"))) == paths.record_path(
        123_456, "change"
    )


def test_no_folder_has_more_than_a_hundred_entries() -> None:
    """A hundred records share a folder, the next one opens another."""
    folders = [paths.record_folder(index) for index in range(201)]
    assert [folders.count(folder) for folder in dict.fromkeys(folders)] == [100, 100, 1]


@pytest.mark.parametrize("index", [-1, paths.MAX_INDEX + 1])
def test_indexes_out_of_bounds(index: int) -> None:
    """There is no folder for an index that eight digits cannot tell."""
    with pytest.raises(ValueError, match=str(index)):
        paths.record_folder(index)


@pytest.mark.parametrize(
    ("path", "governed", "attachment"),
    [
        ("README.md", True, False),
        ("policy.yml", True, False),
        (paths.key_path("A" * 40), True, False),
        (paths.key_path("0" * 64), True, False),
        (paths.schema_path("record.policy.v1.json"), True, False),
        *((paths.schema_path(f"{kind}.v1.json"), True, False) for kind in RECORD_TYPES),
        (f"attachments/{'a0' * 32}", False, True),
        (f"attachments/{'A0' * 32}", False, False),
        (f"attachments/{'a0' * 32}\n", False, False),
        (f"attachments/x/{'a0' * 32}", False, False),
        (f"attachments/{'a0' * 31}", False, False),
        ("keys/" + "A" * 41 + ".asc", False, False),
        ("keys/" + "a" * 40 + ".asc", False, False),
        ("keys/" + "A" * 40 + ".ASC", False, False),
        ("schemas/change.v0.json", False, False),
        ("schemas/change.v1.json\n", False, False),
        ("schemas/a/b.v1.json", False, False),
        ("readme.md", False, False),
        ("merkle/frontier", False, False),
        ("records/00/00/00/00000000-genesis.json", False, False),
        ("", False, False),
    ],
)
def test_what_may_change(path: str, governed: bool, attachment: bool) -> None:  # noqa: FBT001 - the case
    """Only these files may come with a governing record, and only attachments with any record."""
    assert (paths.is_governed(path), paths.is_attachment(path)) == (governed, attachment)
