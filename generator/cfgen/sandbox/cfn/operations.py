"""CloudFormation's API: events by operation (DescribeEvents), as "View stack events by operation" tells them.

Asked by a stack's name it tells of the latest operation alone, and a rollback is an operation of its own.
"""

from __future__ import annotations

from typing import Any

from cfgen.sandbox.cfn.api import describable
from cfgen.sandbox.cfn.changesets import find_change_set
from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.cfn.state import ChangeSet, Event, Stack, store
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import Call

_PAGE = 100


@operation("cloudformation")
def describe_events(call: Call) -> Any:
    p = call.params
    if p.get("ChangeSetName"):
        rows = _of_change_set(*find_change_set(call, p["ChangeSetName"], p.get("StackName")))
    elif identifier := p.get("OperationId"):
        found = [
            one for one in list(store.stacks) if one.region == call.region and identifier in one.operations
        ]
        if not found:
            raise ValidationError(f"Operation [{identifier}] does not exist")
        rows = _of(found[0], identifier)
    elif p.get("StackName"):
        stack = describable(call, p["StackName"])
        rows = _of(stack, next(reversed(stack.operations), ""))
    else:
        raise ValidationError("One of ChangeSetName, OperationId or StackName must be specified")
    if (p.get("Filters") or {}).get("FailedEvents"):
        rows = [row for row in rows if _failed(row)]
    start = int(p.get("NextToken") or 0)
    more = {"NextToken": str(start + _PAGE)} if len(rows) > start + _PAGE else {}
    return {"OperationEvents": rows[start : start + _PAGE], **more}


def _failed(row: dict[str, Any]) -> bool:
    return str(row["EventType"]).endswith("_ERROR") or str(row.get("ResourceStatus")).endswith("_FAILED")


def _of(stack: Stack, identifier: str) -> list[dict[str, Any]]:
    """The events of one operation, newest first."""
    with stack.lock:
        events = [event for event in reversed(stack.events) if event.operation == identifier]
        latest = next(reversed(stack.operations), "") == identifier
        kind, going = stack.operations.get(identifier, ""), latest and stack.in_progress
    ends = [event.status for event in events if event.physical_id == stack.id]
    # what is followed by its rollback has failed without a status of its own that says so
    good = bool(ends) and ends[0].endswith("_COMPLETE")
    status = "IN_PROGRESS" if going else "SUCCEEDED" if good else "FAILED"
    shared = {
        "StackId": stack.id,
        "OperationId": identifier,
        "OperationType": kind,
        "OperationStatus": status,
    }
    return [{**shared, **_row(event, event.physical_id == stack.id)} for event in events]


def _row(event: Event, of_stack: bool) -> dict[str, Any]:
    failed = event.status.endswith("_FAILED")
    return {
        "EventId": event.id,
        "EventType": "STACK_EVENT" if of_stack else "PROVISIONING_ERROR" if failed else "PROGRESS_EVENT",
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
        **({"ResourceStatusReason": event.reason} if event.reason else {}),
    }


def _of_change_set(stack: Stack, change_set: ChangeSet) -> list[dict[str, Any]]:
    """The failed validations of a change set."""
    kinds = change_set.prepared.template["Resources"]
    return [
        {
            "EventId": f"{change_set.id.rsplit('/', 1)[-1]}-{name}-{index}",
            "StackId": stack.id,
            "OperationId": change_set.id.rsplit("/", 1)[-1],
            "OperationType": "CREATE_CHANGESET",
            "OperationStatus": "FAILED",
            "EventType": "VALIDATION_ERROR",
            "LogicalResourceId": name,
            "ResourceType": kinds[name]["Type"],
            "Timestamp": change_set.created,
            "ValidationFailureMode": "FAIL",
            "ValidationName": "PROPERTY_VALIDATION",
            "ValidationStatus": "FAILED",
            "ValidationStatusReason": text,
        }
        for name, found in change_set.problems.items()
        for index, text in enumerate(found)
    ]
