"""What a reviewer should look at: words for changes that may open something or switch a safeguard off.

Hints, not findings: they come from names and from a few well-known values, miss what is computed, and prove nothing.
No value is ever part of one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Flag = Literal["iam", "open-ingress", "encryption-off", "logging-off", "public-access"]
FLAGS: tuple[Flag, ...] = ("iam", "open-ingress", "encryption-off", "logging-off", "public-access")

MAX_FACTS = 20_000
MAX_DEPTH = 32
"""Names that lead to a fact; what lies deeper is not looked at, as each of them is compared."""


class Fact(NamedTuple):
    """Something that a file says: the names that lead to a value, lower case without `_` and `-`, and the value."""

    path: tuple[str, ...]
    value: str


_IAM_TYPE = re.compile(
    r"^(aws_iam_|aws_\w+_policy$|aws_lambda_permission$|aws_kms_grant$|aws_organizations_policy"
    r"|google_\w*iam_|google_service_account|azurerm_role_|azuread_|kubernetes_(cluster_)?role"
    r"|kubernetes_service_account|oci_identity_|vault_policy|aws::iam::|aws::\w+::\w*policy$|aws::lambda::permission$"
    r"|microsoft\.authorization/)"
)
_IAM_KIND = frozenset({"role", "clusterrole", "rolebinding", "clusterrolebinding", "serviceaccount"})
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0", "0::/0"})  # open to everybody, written as text: nothing is bound here
_ANYBODY = frozenset({"*", "any", "internet", *_ANYWHERE})
_SOURCES = frozenset({"sourceaddressprefix", "sourceaddressprefixes", "sourceranges", "loadbalancersourceranges"})
_CIDR = re.compile(r"cidr|source")
_EGRESS = re.compile(r"egress|outbound|destination|route")
_ENCRYPTED = re.compile(
    r"encrypt|^ssl|tlsenabled|enablehttps|httpsonly|securetransport|sslenforce|kmskey|customermanagedkey"
)
_LOGGED = re.compile(
    r"logging$|^accesslogs?$|^logs?enabled$|^enablelog|cloudwatchlogsexports|flowlog|auditlog|^log(configuration|config)$"
    r"|diagnosticsetting"
)
_LOG_TYPE = re.compile(
    r"cloudtrail|flow_?log|_logging|log_metric|logging_project|monitor_diagnostic|guardduty|aws_config_|::trail$"
)
_PUBLIC_ON = frozenset(
    {
        *("publiclyaccessible", "publicnetworkaccessenabled", "associatepublicipaddress", "mappubliciponlaunch"),
        *("allowblobpublicaccess", "allownesteditemstobepublic", "enablepublicip", "endpointpublicaccess"),
    }
)
_PUBLIC_OFF = frozenset(
    {
        *("blockpublicacls", "blockpublicpolicy", "ignorepublicacls", "restrictpublicbuckets"),
        *("enableprivatenodes", "internal"),
    }
)
_PUBLIC_ACL = frozenset({"public-read", "public-read-write", "publicread", "publicreadwrite", "authenticated-read"})
_EVERYBODY = frozenset({"allusers", "allauthenticatedusers", "system:anonymous", "system:unauthenticated"})
_ON, _OFF = "true", frozenset({"false", "disabled", "none", "0", "off"})


def flags_of(came: Iterable[Fact], went: Iterable[Fact], types: Iterable[str]) -> tuple[Flag, ...]:
    """Return the flags of a change, in the order of `FLAGS`.

    Args:
        came: what the file says now and did not before.
        went: what it said before and does not now.
        types: types of the resources that change, such as `aws_iam_role` or `AWS::IAM::Role`.
    """
    found: set[Flag] = set()
    came, went = list(came), list(went)
    now = {fact.path for fact in came}
    for kind in types:
        if _IAM_TYPE.match(kind.lower()):
            found.add("iam")
    for fact in came:
        found |= set(_of_came(fact))
    for fact in went:
        # An attribute that is still there with another value is judged by that value.
        if fact.path not in now:
            found |= set(_of_went(fact))
    return tuple(flag for flag in FLAGS if flag in found)


def removed(types: Iterable[str]) -> tuple[Flag, ...]:
    """Return the flags of resources that are taken away altogether, by their types."""
    return ("logging-off",) if any(_LOG_TYPE.search(kind.lower()) for kind in types) else ()


def facts(value: object, path: tuple[str, ...] = ()) -> Iterator[Fact]:
    """Yield what a parsed file says, at most `MAX_FACTS`; texts lower-case and without quotes; without recursion."""
    rest: list[tuple[tuple[str, ...], object]] = [(path, value)]
    for _ in range(MAX_FACTS):
        if not rest:
            return
        names, item = rest.pop()
        if len(names) > MAX_DEPTH:
            continue
        if isinstance(item, dict):
            rest += [((*names, plain(str(key))), inner) for key, inner in item.items()]
        elif isinstance(item, list):
            rest += [(names, inner) for inner in item]
        else:
            yield Fact(path=names, value=str(item).strip("\"' ").lower())


def plain(name: str) -> str:
    """Return a name in the spelling that is compared."""
    return name.strip("\"'").replace("_", "").replace("-", "").lower()


def _of_came(fact: Fact) -> Iterator[Flag]:
    name = fact.path[-1] if fact.path else ""
    if (name == "type" and _IAM_TYPE.match(fact.value)) or (name == "kind" and fact.value in _IAM_KIND):
        yield "iam"
    if _is_open(fact, name):
        yield "open-ingress"
    if fact.value in _OFF and _ENCRYPTED.search(name):
        yield "encryption-off"
    if fact.value in _OFF and any(map(_LOGGED.search, fact.path)):
        yield "logging-off"
    if (
        (name in _PUBLIC_ON and fact.value == _ON)
        or (name in _PUBLIC_OFF and fact.value in _OFF)
        or (name in ("acl", "accesscontrol", "cannedacl") and fact.value in _PUBLIC_ACL)
        or fact.value in _EVERYBODY
    ):
        yield "public-access"


def _of_went(fact: Fact) -> Iterator[Flag]:
    """Yield the flags of what is no longer said; what switched a safeguard off before is no loss."""
    if fact.value in _OFF:
        return
    if any(map(_ENCRYPTED.search, fact.path)):
        yield "encryption-off"
    if any(map(_LOGGED.search, fact.path)):
        yield "logging-off"


def _is_open(fact: Fact, name: str) -> bool:
    if any(map(_EGRESS.search, fact.path)):
        return False
    return (fact.value in _ANYWHERE and bool(_CIDR.search(name))) or (name in _SOURCES and fact.value in _ANYBODY)
