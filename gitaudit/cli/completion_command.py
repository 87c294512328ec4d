"""`gitaudit completion`: the completion script for a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import output_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@output_options("completion")
def command(output: Output, shell: str) -> None:
    """Print the completion script for SHELL; it completes gitaudit, git-audit and git audit.

    \b
    Examples:
      eval "$(gitaudit completion bash)"
      gitaudit completion zsh > "${fpath[1]}/_gitaudit"
      gitaudit completion fish > ~/.config/fish/completions/gitaudit.fish
    """
    from gitaudit.cli.completing import completion_script

    script = completion_script(shell)
    if output.json:
        output.document({"shell": shell, "script": script})
    else:
        output.text(script.rstrip("\n"))
