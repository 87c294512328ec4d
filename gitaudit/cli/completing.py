"""Completion: scripts for the shells, and the answers that they ask this program for.

A script gives the words of the command line in COMP_WORDS, quoted for a shell, and the number of the one that is
being typed in COMP_CWORD. An answer is a line for each completion: kind (plain, file, dir), value, help, tabs between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import ShellComplete, split_arg_string

from gitaudit.adapters.environment import variable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VARIABLE = "_GITAUDIT_COMPLETE"

_BASH = r"""# Completion of gitaudit, git-audit and git audit for bash: eval "$(gitaudit completion bash)"
_gitaudit_reply() { # NUMBER WORD...
    local cword=$1 kind value help
    shift
    COMPREPLY=()
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            plain) COMPREPLY+=("$value") ;;
            file) compopt -o default 2>/dev/null ;;
            dir) compopt -o dirnames 2>/dev/null ;;
        esac
    done < <(COMP_WORDS="$(printf '%q ' "$@")" COMP_CWORD=$cword _GITAUDIT_COMPLETE=lines gitaudit 2>/dev/null)
}
_gitaudit() {
    _gitaudit_reply "$COMP_CWORD" "${COMP_WORDS[@]}"
}
_git_audit() { # called by the completion of git
    local at=1
    while [[ $at -lt $COMP_CWORD && ${COMP_WORDS[at]} != audit ]]; do at=$((at + 1)); done
    _gitaudit_reply "$((COMP_CWORD - at))" "${COMP_WORDS[@]:at}"
}
complete -o nosort -F _gitaudit gitaudit git-audit 2>/dev/null || complete -F _gitaudit gitaudit git-audit
"""

_ZSH = r"""#compdef gitaudit git-audit
# Completion of gitaudit, git-audit and git audit for zsh: save it as _gitaudit in a folder of $fpath, or eval it.
_gitaudit() {
    local -a plain
    local line kind value help
    for line in "${(@f)$(COMP_WORDS="${(j: :)${(@q)words}}" COMP_CWORD=$((CURRENT - 1)) \
        _GITAUDIT_COMPLETE=lines gitaudit 2>/dev/null)}"; do
        IFS=$'\t' read -r kind value help <<< "$line"
        case $kind in
            plain) plain+=("${value//:/\\:}${help:+:$help}") ;;
            file) _files ;;
            dir) _path_files -/ ;;
        esac
    done
    (( $#plain )) && _describe -V gitaudit plain -U
}
_git-audit() { _gitaudit } # called by the completion of git
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
    _gitaudit "$@"
else
    compdef _gitaudit gitaudit git-audit
fi
"""

_FISH = r"""# Completion of gitaudit, git-audit and git audit for fish, for ~/.config/fish/completions/gitaudit.fish
function _gitaudit
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    if test "$words[1]" = git
        while test (count $words) -gt 1; and test "$words[1]" != audit
            set --erase words[1]
        end
    end
    set -l current (commandline --current-token --cut-at-cursor)
    set -lx COMP_CWORD (count $words)
    set -lx COMP_WORDS (string join ' ' -- (string escape --style=script -- $words "$current"))
    set -lx _GITAUDIT_COMPLETE lines
    for line in (gitaudit 2>/dev/null)
        set -l parts (string split \t -- $line)
        switch $parts[1]
            case plain
                printf '%s\t%s\n' $parts[2] $parts[3]
            case file
                __fish_complete_path "$current"
            case dir
                __fish_complete_directories "$current"
        end
    end
end
complete --no-files --command gitaudit --arguments '(_gitaudit)'
complete --no-files --command git-audit --arguments '(_gitaudit)'
complete --no-files --command git --condition '__fish_seen_subcommand_from audit' --arguments '(_gitaudit)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completion_script(shell: str) -> str:
    """Return the completion script for `bash`, `zsh` or `fish`."""
    return SCRIPTS[shell]


def answer(cli: click.Command, program: str) -> int:
    """Print what completes the command line that a script asks about."""
    told = _Lines(cli, {}, program, VARIABLE).complete()
    if told:
        click.echo(told)
    return 0


class _Lines(ShellComplete):
    """The one protocol of all our scripts; click has one for each shell, and changes them."""

    name = "lines"
    source_template = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        words = split_arg_string(variable("COMP_WORDS") or "")
        number = variable("COMP_CWORD") or "1"
        at = int(number) if number.isdecimal() else len(words)
        return words[1:at], words[at] if at < len(words) else ""

    def format_completion(self, item: CompletionItem) -> str:
        help_line = " ".join(str(item.help or "").split())
        return f"{item.type}\t{item.value}\t{help_line}"
