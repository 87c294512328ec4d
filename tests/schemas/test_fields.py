"""What single fields take and refuse, and the rules that join fields; both libraries must say the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schemas.examples import (
    FINGERPRINT,
    FINGERPRINT_V6,
    OID,
    OID_SHA256,
    PIN,
    RECORD_ID,
    SHA256,
    build,
    config_example,
    example,
    policy_example,
    templates,
)
from tests.schemas.libraries import accepts, file_of
from tests.schemas.places import path_of, replaced

DOCUMENTS: dict[str, Any] = {name: build(template, full=True) for name, template in templates().items()}

GOOD: tuple[tuple[str, str, object], ...] = (
    ("waiver", "/id", "ffffffff-ffff-7fff-bfff-ffffffffffff"),
    ("waiver", "/origin", "example.com"),
    ("waiver", "/origin", "git.example.com/Acme/in_fra~2.git"),
    ("waiver", "/origin", "e" * 255),
    ("waiver", "/index", 1),
    ("waiver", "/index", 99_999_999),
    ("waiver", "/index", 7.0),  # JSON Schema takes it for an integer; canonical JSON refuses it
    ("waiver", "/prev/commit", OID_SHA256),
    ("waiver", "/recorded_by", f"openpgp:{FINGERPRINT_V6}"),
    ("waiver", "/occurred_at", "0001-01-01T00:00:00Z"),
    ("waiver", "/occurred_at", "9999-12-31T23:59:59Z"),
    ("waiver", "/actor/id", "日本 😀" + "x" * 251),
    ("waiver", "/subject/ref", "refs/heads/größe/1"),
    ("waiver", "/subject/repository", "git.example.com/acme/infra@v2"),
    ("waiver", "/links/0/href", "http://[2001:db8::1]:8080/@acme?q=1#x"),
    ("waiver", "/links/0/href", "https://example.com"),
    ("waiver", "/files/0/path", f"attachments/{SHA256}"),
    ("waiver", "/files/0/path", "schemas/deploy.finished.v1.json"),
    ("waiver", "/redaction/dropped", 2**53 - 1),
    ("waiver", "/body/reason", "x" * 500),
    ("waiver", "/body/reason", "naïve “quoted” <b>日本</b> 😀 \\n"),
    ("waiver", "/body/ticket", "x" * 128),
    ("change", "/body/files/items/0/path", "ü" * 4096),
    ("change", "/body/files/items/1/path_base64", "/w=="),
    ("change", "/body/files/items/1/path_base64", "/+8="),
    ("change", "/body/files/items", []),
    ("deploy.started", "/body/environment/id", "eu-west/prod_1.A"),
    ("deploy.started", "/body/environment/id", "p" * 64),
    ("deploy.started", "/body/argv", []),
    ("deploy.started", "/body/plan/counts", {}),
    ("deploy.finished", "/body/exit_code", 4_294_967_295),
    ("deploy.finished", "/body/evidence/0/stored", "attachment"),
    ("deploy.finished", "/body/evidence/0/media_type", "application/vnd.ms-excel"),
    ("policy.yml", "/keys/0/name", "ci@example.com eu-1 a+b_c"),
    ("policy.yml", "/keys/0/fingerprint", FINGERPRINT_V6),
    ("policy.yml", "/roles", []),
    ("policy.yml", "/roles/0/types", ["anchor", "erasure"]),
    ("policy.yml", "/roles/0/environments", ["p" * 64, "p" * 64 + "*", "p*"]),
    ("policy.yml", "/protected_refs", ["refs/heads/*", "refs/tags/v1"]),
    ("policy.yml", "/clock/tolerance_seconds", 0),
    ("policy.yml", "/clock/tolerance_seconds", 86_400),
    ("policy.yml", "/admins/threshold", 32),
    ("policy.yml", "/critical", []),
    (".gitaudit.yml", "/log", "refs/heads/ops/audit"),
    (".gitaudit.yml", "/remote", "o" * 128),
)

BAD: tuple[tuple[str, str, object], ...] = (
    ("waiver", "/id", RECORD_ID.upper()),
    ("waiver", "/id", RECORD_ID.replace("-7", "-4")),
    ("waiver", "/id", RECORD_ID.replace("-8", "-c")),
    ("waiver", "/id", RECORD_ID.replace("-", "")),
    ("waiver", "/origin", "https://example.com/infra"),
    ("waiver", "/origin", "user@example.com/infra"),
    ("waiver", "/origin", "Example.com/infra"),
    ("waiver", "/origin", "example.com//infra"),
    ("waiver", "/origin", "example.com/"),
    ("waiver", "/origin", "exämple.com"),
    ("waiver", "/origin", "e" * 256),
    ("waiver", "/index", 0),
    ("waiver", "/index", 100_000_000),
    ("waiver", "/prev", None),
    ("waiver", "/prev/commit", OID.upper()),
    ("waiver", "/prev/commit", OID + "0"),
    ("waiver", "/prev/commit", OID[:-1]),
    ("waiver", "/prev/sha256", SHA256.upper()),
    ("waiver", "/prev/sha256", SHA256[:-1]),
    ("waiver", "/prev/sha256", SHA256[:-1] + "\u0665"),  # a digit, but no ASCII one
    ("waiver", "/recorded_by", FINGERPRINT),
    ("waiver", "/recorded_by", f"openpgp:{FINGERPRINT.lower()}"),
    ("waiver", "/recorded_by", f"openpgp:{FINGERPRINT}0"),
    ("waiver", "/recorded_at", "2026-11-22T20:39:00+00:00"),
    ("waiver", "/recorded_at", "2026-11-22T20:39:00.5Z"),
    ("waiver", "/recorded_at", "2026-11-22 20:39:00Z"),
    ("waiver", "/recorded_at", "2026-11-22T20:39:00z"),
    ("waiver", "/recorded_at", "2026-13-22T20:39:00Z"),
    ("waiver", "/recorded_at", "2026-11-32T20:39:00Z"),
    ("waiver", "/recorded_at", "2026-11-22T24:00:00Z"),
    ("waiver", "/recorded_at", "2026-11-22T20:39:60Z"),
    ("waiver", "/recorded_at", "٢026-11-22T20:39:00Z"),
    ("waiver", "/actor/id", "x" * 256),
    ("waiver", "/actor/kind", "robot"),
    ("waiver", "/actor/auth", "GPG"),
    ("waiver", "/subject/ref", "main"),
    ("waiver", "/subject/ref", "refs/heads/a..b"),
    ("waiver", "/subject/ref", "refs/heads/a b"),
    ("waiver", "/subject/ref", "refs/heads/a.lock"),
    ("waiver", "/subject/ref", "refs/heads/.a"),
    ("waiver", "/subject/ref", "refs/heads/"),
    ("waiver", "/subject/ref", "refs/heads/*"),
    ("waiver", "/subject/ref", "refs/heads/a\\b"),
    ("waiver", "/subject/repository", "https://user:password@git.example.com/acme/infra.git"),
    ("waiver", "/subject/object_format", "sha256"),
    ("waiver", "/subject/tree", OID_SHA256),
    ("waiver", "/links/0/href", "javascript:alert(1)"),
    ("waiver", "/links/0/href", "https://user:password@example.com/"),
    ("waiver", "/links/0/href", 'https://example.com/"><script>'),
    ("waiver", "/links/0/href", "//example.com"),
    ("waiver", "/links/0/rel", "ci run"),
    ("waiver", "/files/0/path", "/etc/passwd"),
    ("waiver", "/files/0/path", "keys/../policy.yml"),
    ("waiver", "/files/0/path", ".git/config"),
    ("waiver", "/files/0/path", "keys//x.asc"),
    ("waiver", "/files/1", {"path": f"keys/{FINGERPRINT}.asc", "sha256": SHA256}),
    ("waiver", "/tool/name", "git audit"),
    ("waiver", "/body/reason", "x" * 501),
    ("waiver", "/body/ticket", "x" * 129),
    ("waiver", "/body/commits", []),
    ("waiver", "/body/commits", [OID, OID]),
    ("waiver", "/body/range", {"from": OID, "to": OID}),
    ("change", "/body/files/items/0/path", "ü" * 4097),
    ("change", "/body/files/items/0/path_base64", "/w=="),
    ("change", "/body/files/items/1/path_base64", "/w="),
    ("change", "/body/files/items/1/path_base64", "_w=="),
    ("change", "/body/files/items/1/path_base64", "/w==\n"),
    ("change", "/body/files/items/0/status", "renamed"),
    ("change", "/body/event", "push"),
    ("deploy.started", "/body/environment/id", "p" * 65),
    ("deploy.started", "/body/environment/id", "-prod"),
    ("deploy.started", "/body/environment/id", "prod*"),
    ("deploy.started", "/body/environment/tier", "prod"),
    ("deploy.started", "/body/environment/url", "ftp://example.com/"),
    ("deploy.started", "/body/attempt", 0),
    ("deploy.started", "/body/plan/resources/items/0/action", "remove"),
    ("deploy.started", "/body/plan/resources/items/0/changed", ["x"] * 65),
    ("deploy.finished", "/body/outcome", "success"),
    ("deploy.finished", "/body/outcome_source", "guess"),
    ("deploy.finished", "/body/exit_code", 4_294_967_296),
    ("deploy.finished", "/body/signal", 0),
    ("deploy.finished", "/body/evidence/0/stored", "inline"),
    ("deploy.finished", "/body/evidence/0/media_type", "text"),
    ("approval", "/body/target", {}),
    ("approval", "/body/target", {"commits": OID}),
    ("policy", "/body/change", "add"),
    ("policy", "/body/roles", ["CI"]),
    ("policy.yml", "/format", "gitaudit.policy/2"),
    ("policy.yml", "/admins/threshold", 0),
    ("policy.yml", "/admins/threshold", 33),
    ("policy.yml", "/admins/keys", []),
    ("policy.yml", "/admins/keys", [FINGERPRINT, FINGERPRINT]),
    ("policy.yml", "/keys/0/name", " Ann"),
    ("policy.yml", "/keys/0/name", "Ann <ann@example.com>"),
    ("policy.yml", "/keys/0/name", "A" * 65),
    ("policy.yml", "/keys/0/email", "ann"),
    ("policy.yml", "/keys/0/email", "ann@example.com>"),
    ("policy.yml", "/roles/0/name", "CI"),
    ("policy.yml", "/roles/0/name", "c" * 33),
    ("policy.yml", "/roles/0/types", []),
    ("policy.yml", "/roles/0/types", ["deploy"]),
    ("policy.yml", "/roles/0/environments", ["p" * 65]),
    ("policy.yml", "/roles/0/environments", ["**"]),
    ("policy.yml", "/roles/0/environments", ["*prod"]),
    ("policy.yml", "/protected_refs", ["main"]),
    ("policy.yml", "/protected_refs", ["refs/heads/*/x"]),
    ("policy.yml", "/protected_refs", ["refs/heads/**"]),
    ("policy.yml", "/clock/tolerance_seconds", 86_401),
    ("policy.yml", "/change_records/writer", "nobody"),
    ("policy.yml", "/revocations/0/reason", "lost"),
    ("policy.yml", "/critical", ["delegation", "delegation"]),
    (".gitaudit.yml", "/format", "gitaudit.config/2"),
    (".gitaudit.yml", "/log", "refs/tags/audit"),
    (".gitaudit.yml", "/log", "audit"),
    (".gitaudit.yml", "/log", "refs/heads/a..b"),
    (".gitaudit.yml", "/remote", "--upload-pack=x"),
    (".gitaudit.yml", "/remote", "ext::sh -c x"),
)


@pytest.mark.parametrize(("name", "pointer", "value"), GOOD)
def test_value_is_taken(name: str, pointer: str, value: object) -> None:
    """A value within the bounds of its field is accepted."""
    document = replaced(DOCUMENTS[name], path_of(pointer), value)
    assert accepts(file_of(DOCUMENTS[name]), document)


@pytest.mark.parametrize(("name", "pointer", "value"), BAD)
def test_value_is_refused(name: str, pointer: str, value: object) -> None:
    """A value outside of the bounds of its field is refused."""
    document = replaced(DOCUMENTS[name], path_of(pointer), value)
    assert not accepts(file_of(DOCUMENTS[name]), document)


def test_genesis_is_first_and_alone() -> None:
    """Genesis has index 0, nothing before it and no subject."""
    document = example("genesis")
    file = file_of(document)
    assert not accepts(file, document | {"index": 1})
    assert not accepts(file, document | {"prev": PIN})
    assert not accepts(file, document | {"subject": DOCUMENTS["change"]["subject"]})


@pytest.mark.parametrize("change", ["add-key", "remove-key", "revoke-key"])
def test_change_of_a_key_names_it(change: str) -> None:
    """A policy record that is about a key names the key."""
    document = example("policy") | {"body": {"change": change, "policy_sha256": SHA256}}
    assert not accepts(file_of(document), document)
    document["body"]["key"] = FINGERPRINT
    assert accepts(file_of(document), document)


def test_subject_of_a_sha256_repository() -> None:
    """Object ids have the length of the repository's hash."""
    subject = {"commit": OID_SHA256, "tree": OID_SHA256, "object_format": "sha256"}
    document = example("change") | {"subject": subject}
    assert accepts(file_of(document), document)
    assert not accepts(file_of(document), document | {"subject": subject | {"object_format": "sha1"}})


def test_policy_and_configuration_are_not_each_other() -> None:
    """A policy is no configuration, and the other way round."""
    assert not accepts("config.v1.json", policy_example())
    assert not accepts("policy.v1.json", config_example())
