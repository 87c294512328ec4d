"""`gitaudit hooks install`: put the hooks beside those that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import option, output_options, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@option("--guard", is_flag=True, help="Also refuse to move the local log backwards, by a reference-transaction hook.")
@option("--config", is_flag=True, help="Name the hooks in git's configuration, which git runs from version 2.54 on.")
@option("--print", "only_print", is_flag=True, help="Write nothing; print the hooks, to put them in by hand.")
@session_options()
@output_options("hooks")
def command(session: Session, output: Output, *, guard: bool, config: bool, only_print: bool) -> None:
    """Install the hooks pre-push and post-rewrite in this clone, or bring them up to date.

    A hook that is there already is kept and runs first. With pre-commit, husky or lefthook, it goes where that calls
    it. Each clone and each submodule needs its own; the worktrees of a clone share them. A bare repository
    that others push to is set up with `gitaudit protect server`.

    \b
    Examples:
      gitaudit hooks install
      gitaudit hooks install --guard
      gitaudit hooks install --print
    """
    from gitaudit.cli.hooks.installing import install_hooks, print_hooks

    if only_print:
        print_hooks(session, output, guard=guard)
    else:
        install_hooks(session, output, guard=guard, config=config)
