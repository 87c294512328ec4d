"""Options that the commands for forges share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.cli.options import dry_run_option, option, output_options, session_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitaudit.cli.options import Command


def forge_options(writers: str) -> Callable[[Command], Command]:
    """Add the options of a command for a forge; it gets `session`, `output` and the others in `options`.

    Args:
        writers: what `--writer` takes, for the help.
    """

    def decorate(function: Command) -> Command:
        layers = (
            option("--repo", metavar="PATH", help="Repository on the forge (default: from the remote's URL)."),
            option("--api", metavar="URL", help="Address of the forge's API (default: that of the public forge)."),
            option("--branch", metavar="NAME", help="Branch that has the log (default: as pinned, else audit)."),
            option(
                "--writer", "writers", multiple=True, metavar="KIND:VALUE", help=f"Only these may add to it: {writers}."
            ),
            option(
                "--require-signatures",
                "signed",
                is_flag=True,
                help="Let the forge refuse what it cannot verify itself, too.",
            ),
            option("--terraform", is_flag=True, help="Print code for Terraform."),
            option("--apply", is_flag=True, help="Ask the forge to do it, with a token from the environment."),
            option("--check", is_flag=True, help="Ask the forge what holds, and say what is missing."),
            dry_run_option,
            session_options(remote=True),
            output_options("protect"),
        )
        for layer in reversed(layers):
            function = layer(function)
        return function

    return decorate
