"""CloudFormation's API: drift, for the types whose adapters can look at what is really there."""

from __future__ import annotations

import json
import uuid
from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox import adapters
from cfgen.sandbox.adapters.base import gone
from cfgen.sandbox.cfn.api import existing
from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.cfn.state import Resource, Stack, now
from cfgen.sandbox.cfn.values import made_of
from cfgen.sandbox.cfn.worker import Worker
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import Call

_detections: dict[str, tuple[Stack, Any]] = {}


def _look(stack: Stack, resource: Resource) -> None:
    adapter = adapters.find(resource.type)
    if adapter is None or not resource.physical_id:
        return
    worker = Worker(stack, stack.prepared, stack.operation.stop)
    try:
        actual = adapter.actual(worker.context(resource), made_of(resource), resource.properties)
    except ClientError as error:
        if not gone(error):
            raise
        resource.drift = {"status": "DELETED", "actual": {}, "differences": []}
        return
    if actual is None:
        resource.drift = {"status": "NOT_CHECKED", "actual": {}, "differences": []}
        return
    differences = [
        {
            "PropertyPath": f"/{key}",
            "ExpectedValue": _text(resource.properties.get(key)),
            "ActualValue": _text(value),
            "DifferenceType": "NOT_EQUAL" if key in resource.properties else "ADD",
        }
        for key, value in actual.items()
        if key in resource.properties and _normal(resource.properties[key]) != _normal(value)
    ]
    status = "MODIFIED" if differences else "IN_SYNC"
    resource.drift = {"status": status, "actual": actual, "differences": differences}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _normal(value: Any) -> Any:
    if isinstance(value, list):
        # policies are told apart by name only
        return sorted(str(item.get("PolicyName", item) if isinstance(item, dict) else item) for item in value)
    return value


@operation("cloudformation")
def detect_stack_drift(call: Call) -> Any:
    stack = existing(call, call.params["StackName"])
    wanted = call.params.get("LogicalResourceIds")
    for name, resource in list(stack.resources.items()):
        if not wanted or name in wanted:
            _look(stack, resource)
    drifted = [r for r in list(stack.resources.values()) if r.drift.get("status") in ("MODIFIED", "DELETED")]
    stack.drift_status = "DRIFTED" if drifted else "IN_SYNC"
    token = str(uuid.uuid4())
    _detections[token] = (stack, now())
    return {"StackDriftDetectionId": token}


@operation("cloudformation")
def describe_stack_drift_detection_status(call: Call) -> Any:
    token = call.params["StackDriftDetectionId"]
    if token not in _detections:
        raise ValidationError(f"StackDriftDetectionId {token} not found")
    stack, at = _detections[token]
    count = sum(r.drift.get("status") in ("MODIFIED", "DELETED") for r in list(stack.resources.values()))
    return {
        "StackId": stack.id,
        "StackDriftDetectionId": token,
        "StackDriftStatus": stack.drift_status,
        "DetectionStatus": "DETECTION_COMPLETE",
        "DriftedStackResourceCount": count,
        "Timestamp": at,
    }


def _view(stack: Stack, resource: Resource) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "ExpectedProperties": json.dumps(resource.properties, default=str),
        "ActualProperties": json.dumps(resource.drift.get("actual", {}), default=str),
        "PropertyDifferences": resource.drift.get("differences", []),
        "StackResourceDriftStatus": resource.drift.get("status", "NOT_CHECKED"),
        "Timestamp": now(),
    }


@operation("cloudformation")
def detect_stack_resource_drift(call: Call) -> Any:
    stack = existing(call, call.params["StackName"])
    resource = stack.resources.get(call.params["LogicalResourceId"])
    if resource is None:
        raise ValidationError(f"Resource {call.params['LogicalResourceId']} does not exist")
    _look(stack, resource)
    return {"StackResourceDrift": _view(stack, resource)}


@operation("cloudformation")
def describe_stack_resource_drifts(call: Call) -> Any:
    stack = existing(call, call.params["StackName"])
    wanted = call.params.get("StackResourceDriftStatusFilters")
    views = [_view(stack, resource) for resource in list(stack.resources.values()) if resource.drift]
    return {
        "StackResourceDrifts": [v for v in views if not wanted or v["StackResourceDriftStatus"] in wanted]
    }
