"""Hints of change records: what a reviewer sees of a commit beside its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.cli.console import Console, all_objects

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.git import GitRepo

SENTINEL = "s3cr3t-Sentinel-42"
ROLE = f'resource "aws_iam_role" "ci" {{\n  name = "{SENTINEL}"\n}}\n'


def hints(console: Console, repo: GitRepo, **files: str) -> dict[str, Any]:
    """Commit files, record the commit, and return the hints of its record."""
    for name, content in files.items():
        path = repo.path / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    repo.run("add", "--all")
    repo.run("commit", "--quiet", "-m", "change")
    document = console.json("record-change", "--no-push")
    found: dict[str, Any] = console.record(document["recorded"][0]["index"])["body"]["hints"]
    return found


def test_a_reviewer_sees_tool_blocks_and_flags(audited: Console, git_repo: GitRepo) -> None:
    """Names only: the values of the blocks are in the repository, and not in the log."""
    found = hints(audited, git_repo, net__iam_dot_tf=ROLE, k8s__app_dot_yaml="kind: Role\n")
    assert found == {
        "files": {
            "total": 2,
            "items": [
                {"path": "k8s/app.yaml", "tool": "kubernetes", "flags": ["iam"]},
                {"path": "net/iam.tf", "tool": "terraform", "blocks": ["resource.aws_iam_role.ci"], "flags": ["iam"]},
            ],
        },
        "flags": ["iam"],
    }
    assert audited.run("verify").code == 0
    assert "resource.aws_iam_role.ci" in audited.ok("show", "HEAD")


def test_no_value_of_a_file_is_in_the_log(audited: Console, git_repo: GitRepo, tmp_path: Path) -> None:
    """A clone of the log alone has none of what the files say."""
    hints(audited, git_repo, main_dot_tf=ROLE, prod_dot_tfvars=f'password = "{SENTINEL}"\n')
    git_repo.run(
        "clone",
        "--quiet",
        "--bare",
        "--single-branch",
        "--branch",
        "audit",
        git_repo.path.as_uri(),
        str(tmp_path / "l"),
    )
    content = all_objects(tmp_path / "l")
    assert b"resource.aws_iam_role.ci" in content
    assert SENTINEL.encode() not in content


def test_a_resource_leads_to_the_changes_of_its_block(audited: Console, git_repo: GitRepo) -> None:
    """By the address that plans give it."""
    hints(audited, git_repo, main_dot_tf=ROLE)
    for address in ("aws_iam_role.ci", "*.ci"):
        listed = audited.json("log", "--resource", address)["records"]
        assert [entry["record"]["index"] for entry in listed] == [2]
    assert audited.json("log", "--resource", "aws_iam_role.other")["records"] == []


def test_a_change_of_many_files_has_hints_of_the_first(audited: Console, git_repo: GitRepo) -> None:
    """Bounded, with the number of all and the digest of the whole list."""
    long = "x" * 80
    many = {f"d{number:03}__{long}_dot_tf": ROLE.replace('"ci"', f'"ci{number}"') for number in range(90)}
    found = hints(audited, git_repo, **many)["files"]
    assert 20 < len(found["items"]) < found["total"] == 90
    assert len(found["sha256"]) == 64
    assert audited.run("verify").code == 0


def test_a_file_that_no_parser_takes_is_recorded_all_the_same(audited: Console, git_repo: GitRepo) -> None:
    """With its tool; nothing that a file holds keeps its commit out of the log."""
    found = hints(audited, git_repo, broken_dot_tf="resource {", deep_dot_tf="a = " + "[" * 5_000)
    assert found["files"]["items"] == [
        {"path": "broken.tf", "tool": "terraform"},
        {"path": "deep.tf", "tool": "terraform"},
    ]


def test_a_file_that_is_too_large_to_look_at_has_its_tool_alone(audited: Console, git_repo: GitRepo) -> None:
    """Neither of its sides is taken for all that there is."""
    large = "# padding\n" * 30_000
    found = hints(audited, git_repo, main_dot_tf=ROLE + large, k8s__app_dot_yaml=large)
    assert found["files"]["items"] == [
        {"path": "k8s/app.yaml", "tool": "kubernetes"},
        {"path": "main.tf", "tool": "terraform"},
    ]
    found = hints(audited, git_repo, main_dot_tf=ROLE, k8s__app_dot_yaml="kind: Role\n")
    assert [sorted(item) for item in found["files"]["items"]] == [["path", "tool"]] * 2


def test_a_link_is_not_followed(audited: Console, git_repo: GitRepo) -> None:
    """What it leads to is not in the commit."""
    (git_repo.path / "link.tf").symlink_to("main.tf")
    found = hints(audited, git_repo, other_dot_tf=ROLE)
    assert found["files"]["items"][0] == {"path": "link.tf", "tool": "terraform"}
