"""Command lines of `aws cloudformation` and `cdk`. CloudFormation keeps its events; it is asked for the new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.iac.commands.model import Arguments, Invocation, Question, split, stack_name

if TYPE_CHECKING:
    from gitaudit.iac.commands.wrappers import Unwrapped

_GLOBAL = frozenset(
    {
        *("--region", "--profile", "--endpoint-url", "--output", "--query", "--ca-bundle", "--cli-read-timeout"),
        *("--cli-connect-timeout", "--color"),
    }
)
_CALLED = frozenset({"--region", "--profile", "--endpoint-url", "--ca-bundle", "--no-verify-ssl", "--no-sign-request"})
"""Options that the question after the command needs too: where and as whom."""
_AWS_VALUED = _GLOBAL | {
    *("--stack-name", "--template-file", "--template-body", "--template-url", "--parameters", "--parameter-overrides"),
    *("--capabilities", "--role-arn", "--s3-bucket", "--s3-prefix", "--kms-key-id", "--tags", "--change-set-name"),
    *("--notification-arns", "--stack-policy-body", "--stack-policy-url", "--client-request-token", "--on-failure"),
    *("--retain-resources", "--change-set-type", "--deployment-mode"),
}
_AWS_SHOWN = _AWS_VALUED | {"--no-execute-changeset", "--no-fail-on-empty-changeset", "--disable-rollback"}
_CHANGING = frozenset(
    {
        *("deploy", "create-stack", "update-stack", "delete-stack", "execute-change-set", "create-stack-set"),
        *("update-stack-set", "delete-stack-set", "create-stack-instances", "update-stack-instances"),
        *("delete-stack-instances", "cancel-update-stack", "continue-update-rollback", "rollback-stack"),
        *("create-change-set", "delete-change-set", "set-stack-policy", "update-termination-protection"),
    }
)
_ASKED = frozenset({"deploy", "create-stack", "update-stack", "delete-stack", "execute-change-set", "rollback-stack"})

_CDK_VALUED = frozenset(
    {
        *("--app", "--context", "--profile", "--parameters", "--outputs-file", "--tags", "--role-arn", "--output"),
        *("--require-approval", "--toolkit-stack-name", "--change-set-name", "--method", "--concurrency", "--region"),
        *("--exclude", "--progress", "--plugin", "--notification-arns"),
    }
)
_CDK_ALIASES = {"-a": "--app", "-c": "--context", "-O": "--outputs-file", "-t": "--tags", "-o": "--output"}
_CDK_SHOWN = _CDK_VALUED | {"--all", "--hotswap", "--force", "--rollback", "--no-rollback", "--no-execute", "--watch"}
_CDK_CHANGING = frozenset({"deploy", "destroy", "import", "bootstrap", "rollback", "watch", "gc", "refactor"})
_CDK_READING = frozenset({"diff", "synth", "synthesize", "list", "ls", "docs", "doctor", "metadata", "notices"})
_SERVICE = "cloudformation"


def read(command: Unwrapped) -> Invocation:
    """Return what a command line of aws or cdk will do."""
    return _read_cdk(command) if command.tool == "cdk" else _read_aws(command)


def _read_aws(command: Unwrapped) -> Invocation:
    arguments = split(command.arguments, _AWS_VALUED)
    service, name = (*arguments.positional, "", "")[:2]
    if service != _SERVICE:
        return Invocation(command=command, tool="aws", shown=("aws",))
    reading = name.startswith(("describe-", "list-", "get-", "validate-", "detect-", "estimate-", "wait", "package"))
    known = name in _CHANGING or reading
    return Invocation(
        command=command,
        tool=_SERVICE,
        action=name if known else None,
        shown=("aws", _SERVICE, *([name] if known else []), *arguments.names(_AWS_SHOWN)),
        stack=stack_name(arguments.value("--stack-name")),
        reads_only=reading,
        question=_question(arguments) if name in _ASKED and arguments.value("--stack-name") else None,
    )


def _question(arguments: Arguments) -> Question:
    """Return the command that lists the events of the stack, the newest first."""
    same: list[str] = []
    for option in arguments.options:
        if option.name in _CALLED:
            same += [option.name] if option.value is None else [option.name, option.value]
    stack = arguments.value("--stack-name") or ""
    words = (_SERVICE, "describe-stack-events", "--stack-name", stack, *same, "--output", "json")
    return Question(format=_SERVICE, arguments=words, twice=True)


def _read_cdk(command: Unwrapped) -> Invocation:
    arguments = split(command.arguments, _CDK_VALUED, aliases=_CDK_ALIASES)
    name, *stacks = arguments.positional or ("",)
    known = name in _CDK_CHANGING | _CDK_READING
    return Invocation(
        command=command,
        tool="cdk",
        action=name if known else None,
        shown=("cdk", *([name] if known else []), *arguments.names(_CDK_SHOWN)),
        stack=stack_name(stacks[0]) if len(stacks) == 1 else None,
        reads_only=name in _CDK_READING,
    )
