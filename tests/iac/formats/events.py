"""Files of other tools for tests, built from the fields that a test is about."""

from __future__ import annotations

from tests.iac.documents import SENTINEL, encoded, stream

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/app/5b8a1f30-0000-11ee-be56-0242ac120002"
STACK_TYPE = "AWS::CloudFormation::Stack"


def urn(name: str, kind: str = "aws:s3/bucket:Bucket") -> str:
    """Return the URN of a resource."""
    return f"urn:pulumi:prod::shop::{kind}::{name}"


def step(operation: str, name: str, kind: str = "aws:s3/bucket:Bucket", **fields: object) -> dict[str, object]:
    """Return the metadata of a Pulumi event, with states before and after that are full of values."""
    state = {
        "type": kind,
        "urn": urn(name, kind),
        "custom": True,
        "inputs": {"password": SENTINEL},
        "outputs": {"password": SENTINEL},
        "id": SENTINEL,
    }
    provider = "urn:pulumi:prod::shop::pulumi:providers:aws::default::04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    here: dict[str, object] = {"op": operation, "urn": urn(name, kind), "type": kind, "provider": provider}
    return here | {"old": state, "new": state, "detailedDiff": None} | fields


def event(kind: str, sequence: int = 1, time: int = 1_700_000_000, **fields: object) -> dict[str, object]:
    """Return an engine event of Pulumi."""
    return {"sequence": sequence, "timestamp": time, kind: fields}


def done(operation: str, name: str, *, end: str = "resOutputsEvent", **fields: object) -> list[dict[str, object]]:
    """Return the two events of a step that took three seconds."""
    metadata = step(operation, name, **fields)  # type: ignore[arg-type]
    return [
        event("resourcePreEvent", metadata=metadata),
        event(end, time=1_700_000_003, metadata=metadata),
    ]


def update(*events: object, result: str | None = "succeeded") -> bytes:
    """Return the log of an update: a prelude, some events, a summary and the end."""
    summary = {"isPreview": False, "resourceChanges": {}} | ({} if result is None else {"result": result})
    return stream(
        event("preludeEvent", config={"shop:password": SENTINEL}),
        *events,
        {"sequence": 8, "timestamp": 1_700_000_009, "summaryEvent": summary},
        event("cancelEvent"),
    )


def stack_event(status: str, logical: str = "app", kind: str = STACK_TYPE, **fields: object) -> dict[str, object]:
    """Return an event of a CloudFormation stack: about the stack itself unless another resource is named."""
    own = {"PhysicalResourceId": STACK_ID} if logical == "app" else {"PhysicalResourceId": f"{SENTINEL}-{logical}"}
    here: dict[str, object] = {
        "StackId": STACK_ID,
        "StackName": "app",
        "LogicalResourceId": logical,
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": SENTINEL,
        "ResourceProperties": f'{{"Password":"{SENTINEL}"}}',
    }
    return here | own | fields


def topic(status: str, logical: str = "Topic", **fields: object) -> dict[str, object]:
    """Return an event of a resource."""
    return stack_event(status, logical, "AWS::SNS::Topic", **fields)


def stack_events(*events: dict[str, object], **fields: object) -> bytes:
    """Return events, given oldest first, as the tool prints them: newest first, a second apart."""
    timed = [
        {"Timestamp": f"2026-11-22T10:{number // 60:02}:{number % 60:02}.000Z"} | one
        for number, one in enumerate(events)
    ]
    return encoded({"StackEvents": timed[::-1]} | fields)


def change(action: str, logical: str = "Topic", **fields: object) -> dict[str, object]:
    """Return a change of a change set."""
    here = {
        "Action": action,
        "LogicalResourceId": logical,
        "PhysicalResourceId": SENTINEL,
        "ResourceType": "AWS::SNS::Topic",
        "BeforeContext": SENTINEL,
        "AfterContext": SENTINEL,
    }
    return {"Type": "Resource", "ResourceChange": here | fields}


def change_set(*changes: dict[str, object], **fields: object) -> bytes:
    """Return a change set; one of its parameters is not hidden."""
    here = {
        "ChangeSetName": "release-7",
        "StackName": "app",
        "StackId": STACK_ID,
        "Status": "CREATE_COMPLETE",
        "Parameters": [{"ParameterKey": "Password", "ParameterValue": SENTINEL}],
        "Changes": list(changes),
    }
    return encoded(here | fields)


def application(phase: str, *resources: dict[str, object], **status: object) -> bytes:
    """Return an application of Argo CD after a sync."""
    state = {
        "phase": phase,
        "message": SENTINEL,
        "startedAt": "2026-11-22T10:00:00Z",
        "finishedAt": "2026-11-22T10:00:09Z",
        "syncResult": {"revision": "3f2a9c14", "resources": list(resources)},
    }
    return encoded(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "shop", "annotations": {"a": SENTINEL}},
            "spec": {"source": {"helm": {"parameters": [{"name": "password", "value": SENTINEL}]}}},
            "status": {"operationState": state} | status,
        }
    )


def synced(kind: str, status: str, ending: str = "", **fields: object) -> dict[str, object]:
    """Return what became of one object in a sync."""
    message = f"{kind.lower()}/web {ending}" if ending else SENTINEL
    here = {"group": "apps", "version": "v1", "kind": kind, "namespace": "prod", "name": "web"}
    return here | {"status": status, "message": message} | fields
