"""Clones in good health."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.doctor.patients import Patient

if TYPE_CHECKING:
    from tests.cli.console import Console
    from tests.support.git import GitRepo

HOOK = '#!/bin/sh\nexec gitaudit hook pre-push "$@"\n'


@pytest.fixture
def patient(audited: Console, git_repo: GitRepo, git_remote: GitRepo) -> Patient:
    """Give a clone that the doctor has nothing to say about: hook, refspec and a remote that is protected."""
    log = "refs/heads/audit:refs/gitaudit/remotes/origin/heads/audit"
    git_repo.run("config", "--add", "remote.origin.fetch", log)
    for name, value in (("receive.denyNonFastForwards", "true"), ("receive.denyDeletes", "true")):
        git_remote.run("config", name, value)
    git_remote.run("config", "core.useReplaceRefs", "false")
    hook = git_repo.path / ".git/hooks/pre-push"
    hook.write_text(HOOK, "utf-8")
    hook.chmod(0o755)
    return Patient(console=audited)
