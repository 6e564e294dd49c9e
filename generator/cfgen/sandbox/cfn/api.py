"""CloudFormation's API: stacks and templates."""

from __future__ import annotations

import time
from typing import Any

from cfgen.sandbox.cfn import prepare as preparing
from cfgen.sandbox.cfn.engine import Operation
from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.cfn.plan import Plan, nothing_changes
from cfgen.sandbox.cfn.state import Stack, now, store
from cfgen.sandbox.clients import Credentials
from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import AwsError, Call

UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}


def caller_keys(call: Call) -> Credentials:
    """The operator's keys, or those of the role that called."""
    from cfgen.sandbox.iam.keys import keys_of

    return keys_of(call.access_key)


def stack_keys(call: Call, role_arn: str) -> Credentials:
    """The keys a stack works with: its service role's, or the caller's."""
    if not role_arn:
        return caller_keys(call)
    try:
        return principals.mint(role_arn, "cloudformation.amazonaws.com", "AWSCloudFormation", call.region)
    except AwsError:
        raise ValidationError(f"Role {role_arn} is invalid or cannot be assumed") from None


def existing(call: Call, name: str) -> Stack:
    """A living stack, or AWS's refusal."""
    stack = store.find(name, call.region)
    if stack is None:
        raise ValidationError(f"Stack [{name}] does not exist")
    return stack


def describable(call: Call, name: str) -> Stack:
    """A stack to describe: by name only living ones."""
    stack = store.find(name, call.region)
    if stack is None:
        raise ValidationError(f"Stack with id {name} does not exist")
    return stack


@operation("cloudformation")
def create_stack(call: Call) -> Any:
    p = call.params
    preparing.check_stack_name(p["StackName"])
    with store.lock:
        found = store.find(p["StackName"], call.region)
        if found is not None:
            raise AwsError("AlreadyExistsException", f"Stack [{p['StackName']}] already exists")
        if p.get("OnFailure") and p.get("DisableRollback") is not None:
            raise ValidationError("Either DisableRollback or OnFailure can be specified, not both.")
        role = p.get("RoleARN", "")
        keys = stack_keys(call, role)
        stack = Stack(p["StackName"], call.region, role_arn=role, keys=keys)
        prepared = preparing.prepare(
            preparing.body_of(p, call.region, caller_keys(call)),
            p,
            region=call.region,
            stack_name=stack.name,
            stack_id=stack.id,
            previous=None,
            keys=keys,
        )
        stack.description = prepared.template.get("Description", "")
        stack.capabilities = prepared.capabilities
        stack.termination_protection = bool(p.get("EnableTerminationProtection"))
        stack.disable_rollback = bool(p.get("DisableRollback"))
        stack.on_failure = p.get("OnFailure", "ROLLBACK")
        stack.timeout_minutes = int(p.get("TimeoutInMinutes") or 0)
        _check_imports(stack, prepared)
        work = Operation(stack)
        stack.record("CREATE_IN_PROGRESS", "User Initiated")
        store.stacks.append(stack)
    work.start(lambda: work.create(prepared))
    return {"StackId": stack.id}


def _check_imports(stack: Stack, prepared: Any) -> None:
    """Imports of names nobody exports are refused at once; template errors in values come out here too."""
    prepared.imports |= Plan(stack, prepared).imports


def check_updatable(stack: Stack) -> None:
    """Whether the stack's state allows an update."""
    if stack.status not in UPDATABLE and stack.status != "UPDATE_FAILED":
        raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def prepared_update(call: Call, stack: Stack, keys: Credentials) -> Any:
    """The prepared template of an update request."""
    p = call.params
    previous = stack.prepared
    if p.get("UsePreviousTemplate"):
        if previous is None:
            raise ValidationError("There is no previous template to use.")
        body = previous.body
    else:
        body = preparing.body_of(p, call.region, caller_keys(call))
    prepared = preparing.prepare(
        body,
        p,
        region=call.region,
        stack_name=stack.name,
        stack_id=stack.id,
        previous=previous,
        keys=keys,
    )
    kinds = {name: prepared.template["Resources"][name]["Type"] for name in prepared.graph}
    moved = [name for name, one in stack.resources.items() if kinds.get(name, one.type) != one.type]
    if moved:
        raise ValidationError(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(moved)}]"
        )
    return prepared


@operation("cloudformation")
def update_stack(call: Call) -> Any:
    p = call.params
    stack = existing(call, p["StackName"])
    if stack.status == "REVIEW_IN_PROGRESS":
        raise ValidationError(f"Stack [{stack.name}] does not exist")
    with stack.lock:
        check_updatable(stack)
        role = p.get("RoleARN") or stack.role_arn
        keys = stack_keys(call, role)
        prepared = prepared_update(call, stack, keys)
        plan = Plan(stack, prepared)
        prepared.imports |= plan.imports
        if nothing_changes(stack, plan) and stack.role_arn == role:
            raise ValidationError("No updates are to be performed.")
        stack.role_arn, stack.keys = role, keys
        stack.disable_rollback = bool(p.get("DisableRollback"))
        stack.capabilities = prepared.capabilities
        begin_update(stack, prepared)
    return {"StackId": stack.id}


def begin_update(stack: Stack, prepared: Any) -> Operation:
    """Start an update in the background."""
    stack.description = prepared.template.get("Description", "")
    work = Operation(stack)
    stack.record("UPDATE_IN_PROGRESS", "User Initiated")
    return work.start(lambda: work.update(prepared))


@operation("cloudformation")
def delete_stack(call: Call) -> Any:
    p = call.params
    stack = store.find(p["StackName"], call.region)
    if stack is None or stack.status == "DELETE_COMPLETE":
        return {}
    with stack.lock:
        if stack.termination_protection:
            raise ValidationError(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        for output in stack.outputs:
            name = output.get("ExportName")
            if name and (
                users := [item for item in store.importers(name, call.region) if item != stack.name]
            ):
                raise ValidationError(
                    f"Export {name} cannot be deleted as it is in use by {', '.join(users)}"
                )
        retain = list(p.get("RetainResources") or [])
        if retain and stack.status != "DELETE_FAILED":
            raise ValidationError(
                "The RetainResources parameter is only valid for a stack in the DELETE_FAILED state"
            )
        if stack.status == "DELETE_IN_PROGRESS":
            return {}
        if stack.status == "REVIEW_IN_PROGRESS":
            stack.deleted = now()
            stack.record("DELETE_COMPLETE")
            return {}
        if stack.status.startswith("UPDATE_") and stack.in_progress:
            raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be deleted.")
        if p.get("RoleARN"):
            stack.role_arn, stack.keys = p["RoleARN"], stack_keys(call, p["RoleARN"])
        else:
            # whoever deletes acts, not whoever updated last
            stack.keys = stack_keys(call, stack.role_arn)
        earlier = None
        if stack.in_progress and stack.operation is not None and not stack.operation.done.is_set():
            earlier = stack.operation
            earlier.supersede("Deletion of the stack was requested. ")
        work = Operation(stack)
        stack.record("DELETE_IN_PROGRESS", "User Initiated")
    work.start(lambda: work.delete(retain, earlier))
    return {}


@operation("cloudformation")
def cancel_update_stack(call: Call) -> Any:
    stack = existing(call, call.params["StackName"])
    with stack.lock:
        if stack.status != "UPDATE_IN_PROGRESS":
            raise ValidationError("CancelUpdateStack cannot be called from current stack status")
        stack.operation.cancel("User Initiated")
    return {}


@operation("cloudformation")
def continue_update_rollback(call: Call) -> Any:
    p = call.params
    stack = existing(call, p["StackName"])
    with stack.lock:
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise ValidationError(
                f"Stack:{stack.id} is in {stack.status} state and can not continue rollback."
            )
        unfinished = stack.operation.unfinished
        work = Operation(stack)
        # told before the answer: whoever looks next must not find the old failure and take it for the end
        stack.record("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
    work.start(lambda: unfinished.retry(list(p.get("ResourcesToSkip") or [])))
    return {}


@operation("cloudformation")
def describe_stacks(call: Call) -> Any:
    name = call.params.get("StackName")
    stacks = [describable(call, name)] if name else store.living(call.region)
    return {"Stacks": [stack_view(stack) for stack in stacks]}


def _root(stack: Stack) -> str:
    parent = store.find(stack.parent_id, stack.region) if stack.parent_id else None
    return stack.id if parent is None else _root(parent)


def stack_view(stack: Stack) -> dict[str, Any]:
    """A stack as DescribeStacks shows it."""
    status = stack.status
    view: dict[str, Any] = {
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": stack.description or None,
        "Parameters": [parameter.view() for parameter in stack.parameters.values()],
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": status,
        "StackStatusReason": stack.reason or None,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": stack.prepared.notification_arns if stack.prepared else [],
        "Capabilities": stack.capabilities,
        "Outputs": stack.outputs if status not in ("REVIEW_IN_PROGRESS",) else [],
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "EnableTerminationProtection": stack.termination_protection,
        "DriftInformation": {"StackDriftStatus": stack.drift_status},
        "LastOperations": [
            {"OperationType": kind, "OperationId": identifier}
            for identifier, kind in list(stack.operations.items())[:-3:-1]
        ],
    }
    if stack.parent_id:
        view |= {"ParentId": stack.parent_id, "RootId": _root(stack)}
    if stack.role_arn:
        view["RoleARN"] = stack.role_arn
    if stack.timeout_minutes:
        view["TimeoutInMinutes"] = stack.timeout_minutes
    return {key: value for key, value in view.items() if value is not None}


@operation("cloudformation")
def list_stacks(call: Call) -> Any:
    wanted = call.params.get("StackStatusFilter")
    return {
        "StackSummaries": [
            {
                "StackId": stack.id,
                "StackName": stack.name,
                "TemplateDescription": stack.description,
                "CreationTime": stack.created,
                **({"LastUpdatedTime": stack.updated} if stack.updated else {}),
                **({"DeletionTime": stack.deleted} if stack.deleted else {}),
                "StackStatus": stack.status,
                "StackStatusReason": stack.reason,
                "DriftInformation": {"StackDriftStatus": stack.drift_status},
            }
            for stack in reversed(list(store.stacks))
            if stack.region == call.region and (not wanted or stack.status in wanted)
        ]
    }


@operation("cloudformation")
def update_termination_protection(call: Call) -> Any:
    stack = existing(call, call.params["StackName"])
    stack.termination_protection = bool(call.params["EnableTerminationProtection"])
    return {"StackId": stack.id}


@operation("cloudformation")
def list_exports(call: Call) -> Any:
    return {
        "Exports": [
            {"ExportingStackId": stack.id, "Name": name, "Value": value}
            for name, (stack, value) in store.exports(call.region).items()
        ]
    }


@operation("cloudformation")
def list_imports(call: Call) -> Any:
    users = store.importers(call.params["ExportName"], call.region)
    if not users:
        raise ValidationError(f"Export '{call.params['ExportName']}' is not imported by any stack.")
    return {"Imports": users}


def hold(work: Operation, seconds: float) -> None:
    """Keep a client waiting for the end of an operation, within bounds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not work.done.wait(0.2):
        pass
