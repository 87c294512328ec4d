"""Hooks that git's configuration names, as git 2.54 and later read them: what they run, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitaudit.adapters.git.config import GitConfig
from gitaudit.adapters.git.facts import configured_hooks
from tests.support.git import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

NEW = (2, 54)


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """Give a repository without hooks."""
    return GitRepo.init(tmp_path / "repo")


def commands(repo: GitRepo, event: str = "pre-push", version: tuple[int, ...] = NEW) -> dict[str, str]:
    """Return what the configuration makes git run."""
    return configured_hooks(GitConfig.by_git(repo.path / ".git").everything(), event, version)


def write(repo: GitRepo, text: str) -> None:
    """Write a configuration file, as a person would."""
    with (repo.path / ".git/config").open("a", encoding="utf-8") as config:
        config.write(text)


@pytest.mark.parametrize(("version", "runs"), [((2, 39, 5), False), ((2, 53, 9), False), ((2, 54), True), ((3,), True)])
def test_older_git_ignores_them(repo: GitRepo, version: tuple[int, ...], runs: bool) -> None:  # noqa: FBT001 - a case
    """Git runs them from 2.54 on; before, it passes them over without a word."""
    write(repo, '[hook "audit"]\n\tcommand = x\n\tevent = pre-push\n')

    assert bool(commands(repo, version=version)) is runs


@pytest.mark.parametrize("event", ["pre-push", "post-rewrite", "reference-transaction"])
def test_one_hook_may_have_several_events(repo: GitRepo, event: str) -> None:
    """Each of them counts, in whatever order they stand."""
    write(
        repo, '[hook "a"]\n\tevent = pre-push\n\tevent = reference-transaction\n\tevent = post-rewrite\n\tcommand = x\n'
    )

    assert commands(repo, event) == {"a": "x"}
    assert commands(repo, "pre-commit") == {}


@pytest.mark.parametrize(
    ("events", "runs"),
    [
        (["pre-push", ""], False),
        (["pre-push", "", "post-rewrite"], False),
        (["post-rewrite", "", "pre-push"], True),
        (["", "pre-push"], True),
        (["pre-push", "", "pre-push", "post-rewrite"], True),
    ],
)
def test_an_empty_event_takes_back_those_before(repo: GitRepo, events: list[str], runs: bool) -> None:  # noqa: FBT001
    """So does one in the repository with those of the user's own configuration."""
    write(repo, '[hook "a"]\n\tcommand = x\n' + "".join(f"\tevent = {event}\n" for event in events))

    assert bool(commands(repo)) is runs


@pytest.mark.parametrize("value", ["true", "TRUE", "yes", "Yes", "on", "1", "2", "-1", "0x10", "1k"])
def test_true_values(repo: GitRepo, value: str) -> None:
    """All that git-config(1) takes for true, in any case; git itself is asked for each."""
    write(repo, f'[hook "a"]\n\tcommand = x\n\tevent = pre-push\n\tenabled = false\n\tenabled = {value}\n')

    assert repo.run("config", "--type=bool", "hook.a.enabled").strip() == "true"
    assert commands(repo) == {"a": "x"}


@pytest.mark.parametrize("value", ["false", "False", "no", "NO", "off", "0", "00", "0x0", "0k", "", '""'])
def test_false_values(repo: GitRepo, value: str) -> None:
    """All that git-config(1) takes for false, in any case, an empty value among them."""
    write(repo, f'[hook "a"]\n\tcommand = x\n\tevent = pre-push\n\tenabled = {value}\n')

    assert repo.run("config", "--type=bool", "hook.a.enabled").strip() == "false"
    assert commands(repo) == {}


def test_no_value_is_true(repo: GitRepo) -> None:
    """As for every boolean of git-config(1)."""
    write(repo, '[hook "a"]\n\tcommand = x\n\tevent = pre-push\n\tenabled = no\n\tenabled\n')

    assert commands(repo) == {"a": "x"}


@pytest.mark.parametrize(("before", "runs"), [("off", False), ("on", True)])
def test_what_is_no_boolean_changes_nothing(repo: GitRepo, before: str, runs: bool) -> None:  # noqa: FBT001 - a case
    """Git passes such a value over, so the one before it counts."""
    write(repo, f'[hook "a"]\n\tcommand = x\n\tevent = pre-push\n\tenabled = {before}\n\tenabled = perhaps\n')

    assert bool(commands(repo)) is runs


@pytest.mark.parametrize("name", ["Audit", "a.event", "a.b.enabled", "with space", "ä=ö", "", "x.command", "]"])
def test_names_of_any_characters(repo: GitRepo, name: str) -> None:
    """What stands between section and variable is a name as it is: dots, upper case, none at all."""
    for field, value in (("command", "first"), ("command", "last"), ("event", "pre-push")):
        write(repo, f'[hook "{name}"]\n\t{field.upper()} = {value}\n')
    write(repo, f'[hook "{name.swapcase()}x"]\n\tenabled = false\n')

    assert commands(repo) == {name: "last"}


def test_one_without_a_command_runs_nothing(repo: GitRepo) -> None:
    """Git then refuses to go on, and says so itself."""
    write(repo, '[hook "a"]\n\tevent = pre-push\n[hook]\n\tevent = pre-push\n\tcommand = x\n')

    assert commands(repo) == {}


@pytest.mark.parametrize(("version", "runs"), [((2, 54, 1), True), ((2, 55), False)])
def test_all_hooks_of_an_event_off(repo: GitRepo, version: tuple[int, ...], runs: bool) -> None:  # noqa: FBT001
    """From 2.55 on, `hook.<event>.enabled` switches off what the configuration names for that event."""
    write(repo, '[hook "a"]\n\tcommand = x\n\tevent = pre-push\n\tevent = post-rewrite\n')
    write(repo, '[hook "pre-push"]\n\tenabled = no\n')

    assert bool(commands(repo, version=version)) is runs
    assert commands(repo, "post-rewrite", version) == {"a": "x"}
