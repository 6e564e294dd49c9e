"""CloudFormation's API: change sets."""

from __future__ import annotations

import json
import uuid
from typing import Any

from cfgen.sandbox.cfn import api
from cfgen.sandbox.cfn import prepare as preparing
from cfgen.sandbox.cfn.engine import Operation
from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.cfn.plan import Plan, nothing_changes
from cfgen.sandbox.cfn.state import Change, ChangeSet, Stack, store
from cfgen.sandbox.registry import operation
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import AwsError, Call, partition_of

# the AWS CLI names change sets by the second; here two deployments may fall into one
_CLI_NAME = "awscli-cloudformation-package-deploy-"
_EMPTY = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)


@operation("cloudformation")
def create_change_set(call: Call) -> Any:
    p = call.params
    kind = p.get("ChangeSetType", "UPDATE")
    if kind == "IMPORT":
        raise ValidationError("Importing resources is not imitated by the cfgen sandbox")
    with store.lock:
        stack = store.find(p["StackName"], call.region)
        if kind == "CREATE":
            if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
                raise ValidationError(
                    f"Stack [{stack.name}] already exists and cannot be created again with the changeSet "
                    f"[{p['ChangeSetName']}]."
                )
            if stack is None:
                preparing.check_stack_name(p["StackName"])
                stack = Stack(p["StackName"], call.region)
            role = p.get("RoleARN", "")
        else:
            if stack is None or stack.status == "REVIEW_IN_PROGRESS":
                raise ValidationError(f"Stack [{p['StackName']}] does not exist")
            api.check_updatable(stack)
            role = p.get("RoleARN") or stack.role_arn
        same = stack.change_sets.get(p["ChangeSetName"])
        if same is not None and not (same.name.startswith(_CLI_NAME) and same.execution != "AVAILABLE"):
            raise AwsError("AlreadyExistsException", f"ChangeSet {p['ChangeSetName']} already exists")
        keys = api.stack_keys(call, role)
        prepared = api.prepared_update(call, stack, keys)
        partition = partition_of(call.region)
        change_set = ChangeSet(
            p["ChangeSetName"],
            f"arn:{partition}:cloudformation:{call.region}:{call.account}:changeSet/{p['ChangeSetName']}/{uuid.uuid4()}",
            kind,
            prepared,
            {**p, "RoleARN": role},
        )
        _fill(stack, change_set)
        stack.change_sets[change_set.name] = change_set
        if kind == "CREATE" and stack not in store.stacks:
            store.stacks.append(stack)
            stack.record("REVIEW_IN_PROGRESS", "User Initiated")
    return {"Id": change_set.id, "StackId": stack.id}


def _fill(stack: Stack, change_set: ChangeSet) -> None:
    prepared = change_set.prepared
    plan = Plan(stack, prepared)
    prepared.imports |= plan.imports
    change_set.changes = list(plan.changes.values())
    change_set.problems = plan.problems
    if plan.problems:
        change_set.status, change_set.execution = "FAILED", "UNAVAILABLE"
        change_set.reason = (
            "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot "
            "Early Validation errors, use the DescribeEvents API for detailed failure information."
        )
    elif change_set.type == "UPDATE" and nothing_changes(stack, plan):
        change_set.status, change_set.execution = "FAILED", "UNAVAILABLE"
        change_set.reason = _EMPTY if not plan.changes else "No updates are to be performed."


def find_change_set(call: Call, name: str, stack_name: str | None) -> tuple[Stack, ChangeSet]:
    """A change set by ARN, or by name within a stack."""
    for stack in reversed(list(store.stacks)):
        if stack.region != call.region or (stack_name and stack_name not in (stack.name, stack.id)):
            continue
        for change_set in list(stack.change_sets.values()):
            if name in (change_set.id, change_set.name) and (stack_name or name == change_set.id):
                return stack, change_set
    if stack_name and store.find(stack_name, call.region) is None:
        raise ValidationError(f"Stack [{stack_name}] does not exist")
    raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)


def _change_view(change: Change, with_values: bool) -> dict[str, Any]:
    view: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "ResourceType": change.type,
        "Scope": change.scope,
        "Details": [
            {
                **detail,
                "Target": {
                    key: value
                    for key, value in detail["Target"].items()
                    if with_values or key not in ("Path", "BeforeValue", "AfterValue")
                },
            }
            for detail in change.details
        ],
    }
    if change.physical_id:
        view["PhysicalResourceId"] = change.physical_id
    if change.replacement:
        view["Replacement"] = change.replacement
    if change.policy_action:
        view["PolicyAction"] = change.policy_action
    elif change.replacement == "True":
        view["PolicyAction"] = "ReplaceAndDelete"
    if with_values:
        for key, properties in (("BeforeContext", change.before), ("AfterContext", change.after)):
            if properties is not None:
                view[key] = json.dumps({"Properties": properties}, default=repr)
    return {"Type": "Resource", "ResourceChange": view}


@operation("cloudformation")
def describe_change_set(call: Call) -> Any:
    p = call.params
    stack, change_set = find_change_set(call, p["ChangeSetName"], p.get("StackName"))
    prepared = change_set.prepared
    return {
        "ChangeSetName": change_set.name,
        "ChangeSetId": change_set.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": change_set.request.get("Description", ""),
        "Parameters": [parameter.view() for parameter in prepared.parameters.values()],
        "CreationTime": change_set.created,
        "ExecutionStatus": change_set.execution,
        "Status": change_set.status,
        **({"StatusReason": change_set.reason} if change_set.reason else {}),
        "NotificationARNs": prepared.notification_arns,
        "Capabilities": prepared.capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in prepared.tags.items()],
        "Changes": [
            _change_view(change, bool(p.get("IncludePropertyValues"))) for change in change_set.changes
        ],
        "IncludeNestedStacks": False,
        "OnStackFailure": change_set.request.get("OnStackFailure"),
    }


@operation("cloudformation")
def list_change_sets(call: Call) -> Any:
    stack = api.existing(call, call.params["StackName"])
    return {
        "Summaries": [
            {
                "StackId": stack.id,
                "StackName": stack.name,
                "ChangeSetId": item.id,
                "ChangeSetName": item.name,
                "ExecutionStatus": item.execution,
                "Status": item.status,
                "StatusReason": item.reason,
                "CreationTime": item.created,
                "Description": item.request.get("Description", ""),
            }
            for item in list(stack.change_sets.values())
        ]
    }


@operation("cloudformation")
def delete_change_set(call: Call) -> Any:
    p = call.params
    stack, change_set = find_change_set(call, p["ChangeSetName"], p.get("StackName"))
    if change_set.execution == "EXECUTE_IN_PROGRESS":
        raise AwsError(
            "InvalidChangeSetStatus", f"ChangeSet {change_set.id} cannot be deleted in its current status"
        )
    del stack.change_sets[change_set.name]
    return {}


@operation("cloudformation")
def execute_change_set(call: Call) -> Any:
    p = call.params
    stack, change_set = find_change_set(call, p["ChangeSetName"], p.get("StackName"))
    request = change_set.request
    with stack.lock:
        if change_set.execution != "AVAILABLE":
            raise AwsError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{change_set.id}] cannot be executed in its current status of [{change_set.status}]",
            )
        if stack.status == "DELETE_COMPLETE":
            raise AwsError("ChangeSetNotFound", f"ChangeSet [{change_set.id}] does not exist", 404)
        if change_set.type == "UPDATE":
            api.check_updatable(stack)
        stack.role_arn = request.get("RoleARN") or stack.role_arn
        stack.keys = api.stack_keys(call, stack.role_arn)
        stack.capabilities = change_set.prepared.capabilities
        stack.disable_rollback = bool(p.get("DisableRollback"))
        failure = request.get("OnStackFailure")
        stack.on_failure = failure or "ROLLBACK"
        if failure == "DO_NOTHING":
            stack.disable_rollback = True
        change_set.execution = "EXECUTE_COMPLETE"
        # AWS drops the other change sets of a stack once one of them is executed
        stack.change_sets = {change_set.name: change_set}
        if change_set.type == "CREATE":
            stack.description = change_set.prepared.template.get("Description", "")
            work = Operation(stack)
            stack.record("CREATE_IN_PROGRESS", "User Initiated")
            work.start(lambda: work.create(change_set.prepared))
        else:
            work = api.begin_update(stack, change_set.prepared)
    if waits_for_the_end(call):
        api.hold(work, settings.hold_seconds)
    return {}


def waits_for_the_end(call: Call) -> bool:
    """Whether the client is ``aws cloudformation deploy``, which otherwise looks again only after 30 s.

    Version 2 of the AWS CLI names its command in the user agent; of version 1, deploy alone always sends
    DisableRollback.
    """
    agent = call.headers.get("user-agent", "")
    if "aws-cli" not in agent:
        return False
    if "command#" in agent:
        return "command#cloudformation.deploy" in agent
    return "DisableRollback" in call.params
