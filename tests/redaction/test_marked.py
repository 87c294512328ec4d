"""Values that a tool's file marks as sensitive are looked for; their unmarked copies are the same values."""

from __future__ import annotations

import pytest

from gitaudit.redaction.known import Known
from gitaudit.redaction.marked import marked_values
from tests.iac.documents import DATA, SAMPLES, encoded, plan, resource


def test_marks_of_terraform() -> None:
    """In resource changes, drift, outputs, prior state and planned values."""
    found = marked_values(
        plan(
            resource(
                change_before={"password": "before-value", "plain": "plain-value", "list": [{"a": "in-a-list"}]},
                change_before_sensitive={"password": True, "list": [{"a": True}]},
                change_after="whole-value",
                change_after_sensitive=True,
            ),
            resource_drift=[resource(change_before={"x": "drift-value"}, change_before_sensitive={"x": True})],
            output_changes={"o": {"actions": ["create"], "after": "output-value", "after_sensitive": True}},
            planned_values={"outputs": {"p": {"sensitive": True, "value": {"deep": "planned-value"}}}},
            prior_state={
                "values": {
                    "root_module": {
                        "resources": [{"values": {"k": "state-value"}, "sensitive_values": {"k": True}, "x": 1}]
                    }
                }
            },
        )
    )
    assert found.secret == {
        *("before-value", "in-a-list", "whole-value", "drift-value", "output-value", "planned-value", "state-value")
    }


def test_variables() -> None:
    """The flag stands far from the value; a secret-like name counts as much, any other value is given."""
    variables = {name: {"value": f"value-of-{name}"} for name in ("pin", "eph", "db_password", "region")}
    root = {
        "variables": {"pin": {"sensitive": True, "default": "default-pin"}, "eph": {"ephemeral": True}, "region": {}}
    }
    found = marked_values(plan(variables=variables, configuration={"root_module": root}))
    assert found.secret == {"value-of-pin", "value-of-eph", "value-of-db_password", "default-pin"}
    assert found.given == {"value-of-region"}


def test_literals_are_never_marked() -> None:
    """So what stands under a secret-like name is taken as given."""
    expressions = {"password": {"constant_value": "literal-value"}, "tokens": ["x"]}
    root = {"resources": [{"expressions": expressions, "provider_config_key": "registry"}]}
    found = marked_values(plan(resource(change_after={"api_key": "unmarked"}), configuration={"root_module": root}))
    assert found == Known(given=frozenset({"literal-value", "unmarked"}))


def test_pulumi() -> None:
    """Its secrets carry a magic key, and may be plain Base64."""
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "c2VjcmV0IQ=="}
    assert marked_values(encoded({"outputs": {"x": secret}})).secret == {"c2VjcmV0IQ=="}


def test_depth_is_bounded() -> None:
    """What is nested deeper than any plan is not looked into, and harms nobody."""
    deep: object = {"sensitive": True, "value": "bottom"}
    for _ in range(400):
        deep = {"x": deep}
    assert marked_values(encoded({"type": "x", "deep": deep})).secret == frozenset()


@pytest.mark.parametrize("name", ["plan_create.json", "plan_change.json", "plan_empty.json"])
def test_real_plans(name: str) -> None:
    """The sentinel of the sensitive variable is known, whatever else the plan holds."""
    assert "SENTINEL-variable" in marked_values((DATA / name).read_bytes()).secret


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples beside the checkout")
@pytest.mark.parametrize("name", ["generated/plan.json", "generated/plan2.json"])
def test_sample_plans(name: str) -> None:
    """The computed copy of a sensitive input has lost its mark; the value is known all the same."""
    assert "VARSECRET-SENTINEL" in marked_values((SAMPLES / name).read_bytes()).secret
