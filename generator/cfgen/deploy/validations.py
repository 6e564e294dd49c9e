"""What CloudFormation's early validation has against a template: the change set itself says only that it failed.

"Validate stack deployments": the reasons are events of the change set's own, told by DescribeEvents alone.
"""

from __future__ import annotations

from typing import Any

from cfgen.deploy import errors, events
from cfgen.deploy.session import Aws, pages

_MARK = "EarlyValidation"


def explain(error: errors.ChangeSetFailed, aws: Aws, stack_name: str) -> errors.ChangeSetFailed:
    """The error with the reasons, a line each; as it was where they cannot be read or are not of this kind."""
    if _MARK not in error.message:
        return error
    told = [
        f"\n  {event.logical_id or stack_name}{f' ({event.type})' if event.type else ''}: {event.reason}"
        for event in _failed(aws, stack_name)
        if event.reason not in error.message
    ]
    return errors.ChangeSetFailed(f"{error.message}{''.join(told)}", hint=error.hint)


def _failed(aws: Aws, stack_name: str) -> list[events.Event]:
    """The failed validations of the stack's latest change set that failed, oldest first."""
    client = aws.client("cloudformation")
    try:
        sets = [
            one
            for one in pages(client.list_change_sets, "Summaries", StackName=stack_name)
            if one.get("Status") == "FAILED" and _MARK in one.get("StatusReason", "")
        ]
        if not sets:
            return []
        newest: dict[str, Any] = max(sets, key=lambda one: one["CreationTime"])
        rows = list(pages(client.describe_events, "OperationEvents", ChangeSetName=newest["ChangeSetId"]))
    except Exception as error:
        # no right to it, an older botocore, no such call in this region: the failure itself is told all the same
        if not (isinstance(error, AttributeError) or type(error).__module__.startswith("botocore")):
            raise
        return []
    found = [events.from_operation_event(row) for row in rows if row.get("EventType") == "VALIDATION_ERROR"]
    return sorted((event for event in found if event.failed), key=lambda event: event.at)
