"""The values that a command line carries, so that they can be looked for in everything that is recorded.

What of a command line may itself be recorded is decided by lists of allowed words, not here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from gitaudit.redaction.known import Known, from_variables, is_secret_name, known, strings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ASSIGNMENTS = frozenset(
    {
        *("-var", "--var", "-backend-config", "--backend-config"),  # Terraform, OpenTofu, Terragrunt
        *("--set", "--set-string", "--set-json", "--set-literal"),  # Helm
        *("-e", "--extra-vars", "--env", "--build-arg"),  # Ansible, Docker
        *("-c", "--context", "--config"),  # CDK, Pulumi
        *("-p", "--parameter", "--from-literal"),  # Argo CD, kubectl
    }
)
"""Options whose argument is `NAME=VALUE`, several of them, or a JSON object."""
LISTS = frozenset({"--parameter-overrides", "--parameters"})
"""Options of the AWS CLI and of CDK that take every following word up to the next option."""
_PAIR = r"(?P<name>[^\s=,\[\]{}\"']+?(?:\[[0-9]+\])?):?="
_AWS_PAIR = r"ParameterKey=(?P<name>[^,]+),ParameterValue=(?P<value>(?s:.*))"
_ENVIRONMENT = r"[A-Za-z_][A-Za-z0-9_]*=(?s:.*)"


def values_of(argv: Sequence[str]) -> Known:
    """Return the values in a command line: of variables, of options with a secret-like name, and of variables in front.

    Those whose name is like a secret's are secret, the others are given. Names of files are no values.
    """
    secret: list[str] = []
    given: list[str] = []
    for name, value in _pairs(argv):
        (secret if is_secret_name(name.lstrip("-")) else given).append(value)
    return known(secret=secret, given=given)


def from_environment(variables: Mapping[str, str]) -> Known:
    """Return what `from_variables` does, and the values in the arguments that variables add to Terraform's."""
    found = from_variables(variables)
    for name, line in variables.items():
        if name.startswith("TF_CLI_ARGS"):
            import shlex  # noqa: PLC0415 - few have such a variable

            try:
                words = shlex.split(line)
            except ValueError:  # quotes that do not close
                words = line.split()
            found |= values_of(words)
    return found


def _pairs(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names and values in a command line."""
    option, is_start = "", True
    for word in argv:
        is_start = is_start and re.fullmatch(_ENVIRONMENT, word) is not None
        name, equals, rest = word.partition("=")
        if word.startswith("-") and (not option or option in LISTS):
            option = ""
            if equals and name in ASSIGNMENTS | LISTS:
                yield from _assigned(rest)
            elif equals:
                yield from [(name, rest)] if is_secret_name(name.lstrip("-")) else []
            elif word in ASSIGNMENTS | LISTS or is_secret_name(word.lstrip("-")):
                option = word
        elif option in ASSIGNMENTS | LISTS or is_start:
            yield from _assigned(word)
            option = option if option in LISTS else ""
        elif option:
            yield option, word
            option = ""


def _assigned(word: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values in `NAME=VALUE`, `A=1,B=2`, `A=1 B=2` or a JSON object; a word without any is one."""
    aws = re.fullmatch(_AWS_PAIR, word)
    if aws is not None:
        yield aws["name"], aws["value"]
        return
    try:
        document = json.loads(word) if word.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        yield from ((str(key), text) for key, value in document.items() for text in strings_of(value))
        return
    marks = [match for match in re.finditer(_PAIR, word) if match.start() == 0 or word[match.start() - 1] in ", "]
    if not marks or marks[0].start() != 0:
        yield from [] if word.startswith("@") else [("", word)]  # a file of Ansible's
        return
    for match, end in zip(marks, [*(match.start() for match in marks[1:]), len(word) + 1], strict=True):
        yield match["name"], word[match.end() : end - 1].strip("\"'")
    # A comma may divide assignments or be a part of a value, so the whole rest counts as the first one's value too.
    yield marks[0]["name"], word[marks[0].end() :].strip("\"'")
