"""Command lines of helm, kubectl and argocd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.iac.commands.model import Arguments, Invocation, Question, split, stack_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitaudit.iac.commands.wrappers import Unwrapped

_CLUSTER = frozenset(
    {
        *("--namespace", "--kube-context", "--kubeconfig", "--context", "--cluster", "--server", "--kube-apiserver"),
        *(
            "--kube-as-user",
            "--as",
            "--kube-token",
            "--token",
            "--kube-ca-file",
            "--auth-token",
            "--grpc-web-root-path",
        ),
        *("--argocd-context", "--config", "--app-namespace", "--user"),
    }
)
"""Options that say which cluster, and as whom: what is asked afterwards needs them too."""
_SECRET = frozenset({"--token", "--kube-token", "--auth-token"})
_ALIASES = {"-n": "--namespace", "-f": "--values", "-s": "--server", "-o": "--output", "-l": "--selector"}
_HELM_VALUED = _CLUSTER | {
    *("--values", "--set", "--set-string", "--set-file", "--set-json", "--set-literal", "--version", "--timeout"),
    *("--history-max", "--repo", "--username", "--password", "--cert-file", "--key-file", "--ca-file", "--keyring"),
    *(
        "--description",
        "--post-renderer",
        "--output",
        "--burst-limit",
        "--labels",
        "--revision",
        "--post-renderer-args",
    ),
}
_HELM_SHOWN = (_HELM_VALUED | {"--install", "--atomic", "--wait", "--wait-for-jobs", "--reuse-values", "--force"}) | {
    *("--reset-values", "--create-namespace", "--dry-run", "--cleanup-on-fail", "--no-hooks", "--rollback-on-failure"),
}
_HELM_CHANGING = {"install": "install", "upgrade": "upgrade", "rollback": "rollback", "uninstall": "uninstall"}
_HELM_CHANGING |= {"delete": "uninstall", "un": "uninstall", "del": "uninstall"}
_HELM_READING = frozenset({"diff", "get", "history", "lint", "list", "ls", "status", "template", "test", "show"})

_KUBECTL_VALUED = _CLUSTER | {
    *("--values", "--output", "--selector", "--field-manager", "--prune-allowlist", "--request-timeout", "--timeout"),
    *("--kustomize", "--grace-period", "--from-literal", "--from-file", "--from-env-file", "--patch", "--type"),
    *("--field-selector", "--replicas", "--image", "--subresource"),
}
_KUBECTL_SHOWN = (_KUBECTL_VALUED - {"--values"}) | {
    *("--filename", "--prune", "--server-side", "--force-conflicts", "--dry-run", "--recursive", "--force", "--wait"),
    *("--all", "--all-namespaces", "--record", "--validate"),
}
_KUBECTL_CHANGING = frozenset(
    {
        *("apply", "annotate", "autoscale", "cordon", "create", "delete", "drain", "edit", "expose", "label", "patch"),
        *("replace", "rollout", "run", "scale", "set", "taint", "uncordon"),
    }
)
_KUBECTL_READING = frozenset({"api-resources", "describe", "diff", "explain", "get", "logs", "top", "version", "wait"})

_ARGO_VALUED = _CLUSTER | {
    *("--revision", "--timeout", "--prune", "--resource", "--label", "--selector", "--local", "--strategy", "--output"),
    *(
        "--parameter",
        "--helm-set",
        "--values",
        "--values-literal-file",
        "--kustomize-image",
        "--project",
        "--sync-option",
    ),
    *("--retry-limit", "--revisions", "--source-positions", "--plugin-env", "--env", "--path", "--dest-namespace"),
}
_ARGO_SHOWN = _ARGO_VALUED | {
    "--force",
    "--dry-run",
    "--async",
    "--apply-out-of-sync-only",
    "--replace",
    "--server-side",
}
_ARGO_CHANGING = frozenset(
    {"sync", "rollback", "set", "create", "delete", "terminate-op", "unset", "patch", "edit", "delete-resource"}
)
_ARGO_READING = frozenset({"diff", "get", "history", "list", "logs", "manifests", "resources", "wait"})
_CLIENT_SIDE = ("none", "false")
"""Values of `--dry-run` that mean a real run."""


def read(command: Unwrapped) -> Invocation:
    """Return what a command line of helm, kubectl or argocd will do."""
    readers = {"helm": _read_helm, "kubectl": _read_kubectl, "argocd": _read_argocd}
    return readers[command.tool or "kubectl"](command)


def _read_helm(command: Unwrapped) -> Invocation:
    arguments = split(command.arguments, _HELM_VALUED, aliases=_ALIASES)
    word, release = (*arguments.positional, "", "")[:2]
    action = _HELM_CHANGING.get(word) or (word if word in _HELM_READING else None)
    stack = stack_name(release) if word in _HELM_CHANGING else None
    dry = _is_dry(arguments)
    question = None
    if stack is not None and not dry and action in {"install", "upgrade", "rollback"}:
        asked = ("history", stack, *_same(arguments), "--max", "1", "--output", "json")
        question = Question(format="helm", arguments=asked)
    return Invocation(
        command=command,
        tool="helm",
        action=action,
        shown=("helm", *([word] if action else []), *arguments.names(_HELM_SHOWN)),
        stack=stack,
        reads_only=dry or word in _HELM_READING,
        question=question,
    )


def _read_kubectl(command: Unwrapped) -> Invocation:
    aliases = _ALIASES | {"-f": "--filename", "-k": "--kustomize", "-R": "--recursive"}
    arguments = split(command.arguments, _KUBECTL_VALUED | {"--filename"}, aliases=aliases)
    word = arguments.positional[0] if arguments.positional else ""
    known = word in _KUBECTL_CHANGING | _KUBECTL_READING
    return Invocation(
        command=command,
        tool="kubectl",
        action=word if known else None,
        shown=("kubectl", *([word] if known else []), *arguments.names(_KUBECTL_SHOWN)),
        reads_only=word in _KUBECTL_READING or _is_dry(arguments),
        # `kubectl diff` says with 1 that there are differences, and with more than 1 that it failed.
        good_codes=frozenset({0, 1}) if word == "diff" else frozenset({0}),
    )


def _read_argocd(command: Unwrapped) -> Invocation:
    arguments = split(command.arguments, _ARGO_VALUED, aliases=_ALIASES)
    group, word, name = (*arguments.positional, "", "", "")[:3]
    known = group == "app" and word in _ARGO_CHANGING | _ARGO_READING
    stack = stack_name(name) if known else None
    question = None
    if stack is not None and word in {"sync", "rollback"} and not _is_dry(arguments):
        question = Question(format="argocd", arguments=("app", "get", stack, *_same(arguments), "--output", "json"))
    return Invocation(
        command=command,
        tool="argocd",
        action=word if known else None,
        shown=("argocd", *(["app", word] if known else []), *arguments.names(_ARGO_SHOWN)),
        stack=stack,
        reads_only=known and (word in _ARGO_READING or _is_dry(arguments)),
        question=question,
    )


def _same(arguments: Arguments, names: Collection[str] = _CLUSTER - _SECRET) -> list[str]:
    """Return the options that say which cluster; a token is left to the environment and the configuration."""
    return [f"{one.name}={one.value}" for one in arguments.options if one.name in names and one.value is not None]


def _is_dry(arguments: Arguments) -> bool:
    return arguments.has("--dry-run") and arguments.value("--dry-run") not in _CLIENT_SIDE
