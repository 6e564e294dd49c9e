"""CloudFormation's API: what a stack consists of and what happened to it."""

from __future__ import annotations

import json
from typing import Any

from cfgen.sandbox.cfn.api import describable
from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.cfn.state import Resource, Stack, store
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import Call

_PAGE = 100


@operation("cloudformation")
def describe_stack_events(call: Call) -> Any:
    stack = describable(call, call.params["StackName"])
    with stack.lock:
        events = list(reversed(stack.events))
    start = int(call.params.get("NextToken") or 0)
    page = events[start : start + _PAGE]
    more = {"NextToken": str(start + _PAGE)} if len(events) > start + _PAGE else {}
    return {
        "StackEvents": [
            {
                "StackId": stack.id,
                "EventId": event.id,
                "StackName": stack.name,
                "OperationId": event.operation,
                "LogicalResourceId": event.logical_id,
                "PhysicalResourceId": event.physical_id,
                "ResourceType": event.type,
                "Timestamp": event.at,
                "ResourceStatus": event.status,
                **({"ResourceStatusReason": event.reason} if event.reason else {}),
                **({"ClientRequestToken": event.token} if event.token else {}),
            }
            for event in page
        ],
        **more,
    }


def _resource_view(stack: Stack, resource: Resource) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "Timestamp": resource.updated,
        "LastUpdatedTimestamp": resource.updated,
        "ResourceStatus": resource.status,
        **({"ResourceStatusReason": resource.reason} if resource.reason else {}),
        "DriftInformation": {"StackResourceDriftStatus": resource.drift.get("status", "NOT_CHECKED")},
    }


@operation("cloudformation")
def describe_stack_resources(call: Call) -> Any:
    p = call.params
    if p.get("StackName"):
        stack = describable(call, p["StackName"])
    elif physical := p.get("PhysicalResourceId"):
        found = [
            s
            for s in store.living(call.region)
            for r in list(s.resources.values())
            if r.physical_id == physical
        ]
        if not found:
            raise ValidationError(f"Stack for {physical} does not exist")
        stack = found[0]
    else:
        raise ValidationError("StackName or PhysicalResourceId must be specified")
    wanted = p.get("LogicalResourceId")
    return {
        "StackResources": [
            _resource_view(stack, resource)
            for resource in list(stack.resources.values())
            if wanted in (None, resource.logical_id)
        ]
    }


@operation("cloudformation")
def list_stack_resources(call: Call) -> Any:
    stack = describable(call, call.params["StackName"])
    return {
        "StackResourceSummaries": [
            _resource_view(stack, resource) for resource in list(stack.resources.values())
        ]
    }


@operation("cloudformation")
def describe_stack_resource(call: Call) -> Any:
    stack = describable(call, call.params["StackName"])
    name = call.params["LogicalResourceId"]
    resource = stack.resources.get(name)
    if resource is None:
        raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")
    view = _resource_view(stack, resource)
    if resource.metadata is not None:
        view["Metadata"] = json.dumps(resource.metadata, default=str)
    return {"StackResourceDetail": view}


@operation("cloudformation")
def set_stack_policy(call: Call) -> Any:
    stack = describable(call, call.params["StackName"])
    stack.policy = call.params.get("StackPolicyBody", "")
    return {}


@operation("cloudformation")
def get_stack_policy(call: Call) -> Any:
    return {"StackPolicyBody": describable(call, call.params["StackName"]).policy}


@operation("cloudformation")
def describe_account_limits(_call: Call) -> Any:
    return {
        "AccountLimits": [{"Name": "StackLimit", "Value": 2000}, {"Name": "StackOutputsLimit", "Value": 200}]
    }
