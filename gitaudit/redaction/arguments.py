"""Command lines without the values that they carry, and those values, so that they can be looked for elsewhere."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.redaction.known import Known, from_variables, is_secret_name, known, strings_of
from gitaudit.redaction.scrub import REDACTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ASSIGNMENTS = frozenset(
    {
        *("-var", "--var", "-backend-config", "--backend-config"),  # Terraform, OpenTofu, Terragrunt
        *("--set", "--set-string", "--set-json", "--set-literal", "--set-file", "--post-renderer-args"),  # Helm
        *("-e", "--extra-vars"),  # Ansible; docker's --env too
        *("--env-var", "--env", "--build-arg"),
        *("-c", "--context", "--config", "--config-file-value"),  # CDK, Pulumi
        *("--from-literal", "--parameter", "-p"),  # kubectl, Argo CD
    }
)
"""Options whose argument is `NAME=VALUE`, several of them, or a JSON object."""
LISTS = frozenset({"--parameter-overrides", "--parameters", "--tags"})
"""Options of the AWS CLI and of CDK that take every following word up to the next option."""
_PAIR = r"(?P<name>[^\s=,\[\]{}\"']+?(?:\[[0-9]+\])?):?="
_AWS_PAIR = r"ParameterKey=(?P<name>[^,]+),ParameterValue=(?P<value>(?s:.*))"
_ENVIRONMENT = r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>(?s:.*))"


class Cleaned(NamedTuple):
    """A command line without values, the values, and how many were left out."""

    argv: tuple[str, ...]
    values: Known
    dropped: int


def clean_argv(argv: Sequence[str]) -> Cleaned:
    """Return a command line that may be recorded, and the values that were in it.

    Names of variables stay, their values do not. Values of options with a secret-like name go too, and so do those of
    variables in front of the command. File names, such as of `-var-file` and `--values`, stay.
    """
    words: list[str] = []
    secret: list[str] = []
    given: list[str] = []
    dropped = 0
    option, in_list, is_start = "", False, True
    for word in argv:
        taken = _Taken()
        is_start = is_start and re.fullmatch(_ENVIRONMENT, word) is not None
        name, equals, rest = word.partition("=")
        if word.startswith("-") and word != "-" and not (option and option not in LISTS):
            in_list, option = False, ""
            if equals and name in ASSIGNMENTS | LISTS:
                taken = _assignments(rest)
                words.append(f"{name}={taken.text}")
            elif equals and is_secret_name(name.lstrip("-")):
                taken = _Taken(REDACTED, ((name, rest),))
                words.append(f"{name}={REDACTED}")
            else:
                words.append(word)
                in_list = word in LISTS
                wanted = word in ASSIGNMENTS or in_list or is_secret_name(word.lstrip("-"))
                option = word if wanted and not equals else ""
        elif option or is_start:
            by_name = bool(option) and option not in ASSIGNMENTS | LISTS
            taken = _Taken(REDACTED, ((option, word),)) if by_name else _assignments(word)
            words.append(taken.text)
            option = option if in_list else ""
        else:
            words.append(word)
        dropped += len(taken.pairs)
        for one, value in taken.pairs:
            (secret if is_secret_name(one.lstrip("-")) else given).append(value)
    return Cleaned(tuple(words), known(secret=secret, given=given), dropped)


def values_in(lines: Iterable[str]) -> Known:
    """Return the values in command lines that stand in one text each, such as in the variable `TF_CLI_ARGS`."""
    found = Known()
    for line in lines:
        try:
            found |= clean_argv(shlex.split(line)).values
        except ValueError:  # quotes that do not close
            found |= clean_argv(line.split()).values
    return found


def from_environment(variables: Mapping[str, str]) -> Known:
    """Return what `from_variables` does, and the values in the arguments that variables add to Terraform's."""
    return from_variables(variables) | values_in(
        value for name, value in variables.items() if name.startswith("TF_CLI_ARGS")
    )


class _Taken(NamedTuple):
    """What is left of a word, and the names and values that were in it."""

    text: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


def _assignments(word: str) -> _Taken:
    """Take the values out of `NAME=VALUE`, `A=1,B=2`, `A=1 B=2` or a JSON object; a word without any goes whole."""
    aws = re.fullmatch(_AWS_PAIR, word)
    if aws is not None:
        text = f"ParameterKey={aws['name']},ParameterValue={REDACTED}"
        return _Taken(text, ((aws["name"], aws["value"]),))
    if word.startswith("@"):
        return _Taken(word)  # a file of Ansible's
    try:
        document = json.loads(word) if word.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        pairs = tuple((str(key), text) for key, value in document.items() for text in strings_of(value))
        return _Taken("{" + ",".join(f"{key}={REDACTED}" for key in document) + "}", pairs)
    marks = [match for match in re.finditer(_PAIR, word) if match.start() == 0 or word[match.start() - 1] in ", "]
    if not marks or marks[0].start() != 0:
        return _Taken(REDACTED, (("", word),))
    ends = [*(match.start() for match in marks[1:]), len(word) + 1]
    pairs = tuple(
        (match["name"], word[match.end() : end - 1].strip("\"'")) for match, end in zip(marks, ends, strict=True)
    )
    # A comma may be part of a value, so the whole rest counts as the first one's value too.
    pairs += ((marks[0]["name"], word[marks[0].end() :].strip("\"'")),) if len(marks) > 1 else ()
    return _Taken(",".join(f"{match['name']}={REDACTED}" for match in marks), pairs)
