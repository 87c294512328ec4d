"""`gitaudit log` and `gitaudit show`: each filter, each way to name a record, and how it looks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.cli.console import Console, commit_iac, on_a_terminal, script, words
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from tests.support.gpg import GpgKeys


def listed(console: Console, *options: str) -> list[int]:
    """Return the indexes that a listing has."""
    return [one["record"]["index"] for one in console.json("log", *options)["records"]]


FILTERS: list[tuple[list[str], list[int]]] = [
    ([], [7, 6, 5, 4, 3, 2, 1, 0]),
    (["-n", "3"], [7, 6, 5]),
    (["--type", "change"], [2, 1]),
    (["--type", "deploy"], [6, 5, 4]),
    (["--type", "deploy.finished", "--type", "genesis"], [6, 5, 4, 0]),
    (["--type", "deploy.started"], []),
    (["--env", "prod"], [6, 4]),
    (["--env", "moon"], []),
    (["--outcome", "failed"], [5]),
    (["--outcome", "succeeded", "--env", "prod"], [4]),
    (["--actor", "pipeline"], [4]),
    (["--actor", "owner", "--type", "deploy"], [6, 5]),
    (["--actor", "nobody"], []),
    (["--commit", "HEAD"], [5, 4, 2]),
    (["--commit", "HEAD~1"], [6, 1]),
    (["--commit", "main", "--type", "change"], [2]),
    (["--path", "live/**/*.tf"], [2]),
    (["--path", "*.tf"], [2, 1]),
    (["--path", "main.tf"], [2, 1]),
    (["--path", "/main.tf"], [1]),
    (["--path", "*.md"], []),
    (["--resource", "terraform_data.database"], [4]),
    (["--resource", "terraform_data.*"], [4, 1]),
    (["--resource", 'terraform_data.each[[]"a"]'], [4]),
    (["--resource", "aws_instance.web"], []),
    (["--until", "2026-01-05T00:00:00Z"], [4]),
    (["--since", "2026-01-05T00:00:01Z", "--until", "2026-01-31"], [5]),
    (["--since", "2026-01-05", "--until", "2026-01-31"], [5, 4]),
    (["--since", "2026-01-07T13:00:00+01:00", "--until", "2026-01-08"], [5]),
    (["--env", "prod", "--type", "deploy", "-n", "1"], [6]),
]


def test_filters(busy: Console, gpg_keys: GpgKeys) -> None:
    """Every condition alone and some together; newest first."""
    by_key = [
        (["--actor", gpg_keys.second.fingerprint[-8:]], [4]),
        (["--actor", f"openpgp:{gpg_keys.second.fingerprint}"], [4]),
    ]

    assert [(options, listed(busy, *options)) for options, _ in FILTERS + by_key] == FILTERS + by_key


def test_listing_text(busy: Console) -> None:
    """A record a line with index, time, subject and signer; or a block with id, actor, commit and reasons."""
    lines = busy.ok("log", "--oneline").splitlines()
    blocks = busy.ok("log", "--type", "deploy", "-n", "1")

    assert re.fullmatch(r"#6 \S+Z deploy prod: partial \([0-9a-f]{8}\) by owner", lines[1])
    assert re.fullmatch(
        r"#4 2026-01-05T00:00:00Z deploy prod: succeeded, 7 added 0 changed 0 destroyed .* by pipeline", lines[3]
    )
    assert re.search(r"\n    by       owner, openpgp:[0-9A-F]{40}\n", blocks)
    assert "\n    ticket   OPS-7\n" in blocks
    assert busy.run("log", "--env", "moon").out == ""
    assert "no record fits" in words(busy.run("log", "--env", "moon"))
    assert words(busy.run("log", "--env", "moon", "--quiet")) == ""


def test_ways_to_name_a_record(busy: Console) -> None:
    """Index, id, the start of an id, the audit commit, and everything git takes for a commit that has records."""
    record, head = busy.record(5), GitRepo(busy.directory).id_of("HEAD")

    def shown(text: str) -> list[int]:
        return [one["record"]["index"] for one in busy.json("show", text)["records"]]

    assert [shown(text) for text in ("5", "#5", record["id"], record["id"].upper(), record["id"][:23])] == [[5]] * 5
    assert [shown(text) for text in ("HEAD", "main", head[:10], "@")] == [[2, 4, 5]] * 4
    assert shown("HEAD~1") == [1, 6]
    assert shown("refs/heads/audit~2") == [5]
    assert shown("0") == [0]


def test_start_of_an_id_that_fits_several(busy: Console) -> None:
    """Too little of an id is told with how many records it fits."""
    ran = busy.run("show", busy.record(5)["id"][:9])

    assert ran.code == 2
    assert re.search(r"expected one record whose id starts with .*, found [2-8]", words(ran))


def test_show_tells_what_happened_first(busy: Console) -> None:
    """The order is: what happened, to what, and the envelope at the end; no line has more than 100 columns."""
    out = busy.ok("show", "4")
    places = [
        out.index(f"\n  {name}")
        for name in ("type ", "occurred_at ", "actor ", "body", "subject", "id ", "prev", "schema ")
    ]
    inner = [out.index(f"\n    {name}") for name in ("environment", "outcome", "counts", "result")]

    assert places == sorted(places)
    assert inner == sorted(inner)
    assert places[3] < inner[0] < inner[-1] < places[4]
    assert max(map(len, out.splitlines())) <= 100
    assert "good: signature, links, schema and grant are in order" in out
    assert re.search(r"\n        - create terraform_data.database succeeded \(type terraform_data", out)


def test_every_type_fits_the_page(busy: Console) -> None:
    """Whatever the type, a record fits 100 columns and names its audit commit."""
    for index in range(8):
        out = busy.ok("show", str(index))
        assert max(map(len, out.splitlines())) <= 100
        assert re.search(r"\n  audit_commit +[0-9a-f]{40}\n", out)


def test_unpublished_records_are_marked(audited: Console) -> None:
    """What only this clone has is marked, until it is published."""
    audited.ok("record-deploy", "--env", "prod", "--outcome", "failed", "--no-push")

    assert [line.endswith(" (unpublished)") for line in audited.ok("log", "--oneline").splitlines()] == [
        True,
        False,
        False,
    ]
    assert "(unpublished)" in audited.ok("show", "2")
    audited.ok("sync")
    assert "unpublished" not in audited.ok("log")


def test_colours_are_for_terminals(reader: Console) -> None:
    """Colours appear on a terminal, not in a pipe, and not where NO_COLOR or a dumb terminal says so."""

    def seen(**env: str) -> str:
        return on_a_terminal(
            script(), "show", "1", cwd=reader.directory, env={"TERM": "xterm", "PAGER": "cat", **env}
        ).out

    assert "\x1b[33m#1\x1b[0m" in seen()
    assert "\x1b" not in seen(NO_COLOR="1")
    assert "\x1b" not in seen(TERM="dumb")
    assert "\x1b" not in reader.ok("show", "1")


def test_pager_that_does_not_start(reader: Console) -> None:
    """A pager that the shell cannot find is exit code 3 with what to correct, not an empty listing."""
    ran = on_a_terminal(script(), "log", cwd=reader.directory, env={"TERM": "xterm", "PAGER": "no-such-pager"})

    assert ran.code == 3
    assert "expected a pager, found that the shell cannot run 'no-such-pager'" in ran.out


def test_reader_leaves_the_pager(reader: Console) -> None:
    """Leaving the pager early is no error."""
    ran = on_a_terminal(script(), "log", cwd=reader.directory, env={"TERM": "xterm", "PAGER": "head -n 1"})

    assert (ran.code, ran.out.count("\n")) == (0, 1)


def test_late_records_say_so(audited: Console) -> None:
    """A record that was written long after what happened shows both times."""
    audited.ok("record-deploy", "--env", "prod", "--outcome", "failed", "--finished", "2026-01-01")

    assert re.search(r"#2 2026-01-01T00:00:00Z .*\n(.*\n)+    recorded \S+Z\n", audited.ok("log", "-n", "1"))


def test_many_records_line_up(audited: Console, git_repo: GitRepo) -> None:
    """Indexes of different width are lined up at the right."""
    for number in range(9):
        commit_iac(git_repo, f"# {number}\n".encode())
    audited.ok("record-change")

    lines = audited.ok("log", "--oneline").splitlines()

    assert [line[:4] for line in lines[:3]] == ["#10 ", " #9 ", " #8 "]
